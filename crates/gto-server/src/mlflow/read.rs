//! What MLflow asks for: models, versions, aliases and files.

use std::cmp::Reverse;
use std::sync::Arc;

use gto::name::{ArtifactName, StageName};
use gto::state::{Artifact, VersionView};
use gto::time::Timestamp;
use gto::{CommitContent, CommitFile, CommitFileKind};
use serde_json::{Value, json};

use crate::api::query;
use crate::failure::Failure;
use crate::mlflow::answer::{self, Error, Result};
use crate::mlflow::filter::Filter;
use crate::mlflow::names;
use crate::mlflow::order::{By, Order, Value as Sorted};
use crate::state::picture::Picture;
use crate::state::repository::ServedRepository;
use crate::state::row::Row;
use crate::view::params::Params;

/// A larger file is left to `gto get`.
const LARGEST: usize = 256 << 20;

/// What models can be sorted by.
const MODELS: [(&str, By); 4] = [
    ("name", By::Name),
    ("creation_timestamp", By::Created),
    ("last_updated_timestamp", By::Updated),
    ("timestamp", By::Updated),
];
/// What versions can be sorted by.
const VERSIONS: [(&str, By); 4] = [
    ("name", By::Name),
    ("version_number", By::Version),
    ("creation_timestamp", By::Created),
    ("last_updated_timestamp", By::Updated),
];

/// A model, and its versions.
pub struct Model {
    pub row: Arc<Row>,
    pub artifact: Artifact,
}

impl Model {
    /// The model of a row; `None` for what is only annotated, or deprecated.
    fn of(picture: &Picture, row: &Arc<Row>) -> Option<Self> {
        let artifact = picture.artifact(&row.name, None).filter(|_| row.active && row.registered)?;
        Some(Self { row: Arc::clone(row), artifact })
    }
}

/// What a parameter says.
pub fn needed<'p>(params: &'p Params, name: &str) -> Result<&'p str> {
    params.get(name).ok_or_else(|| Error::invalid(format!("Missing value for required parameter '{name}'")))
}

/// The model of this name.
pub fn model(picture: &Picture, name: &str) -> Result<Model> {
    let missing = || Error::missing(format!("Registered Model with name={} not found", name.escape_debug()));
    find(picture, name)?.and_then(|row| Model::of(picture, row)).ok_or_else(missing)
}

/// The artifact with this name, unless that is two.
fn find<'p>(picture: &'p Picture, name: &str) -> Result<Option<&'p Arc<Row>>> {
    names::find(picture, name).map_err(|[one, other]| {
        Error::invalid(format!(
            "'{}' is two artifacts here, '{one}' and '{other}', which MLflow cannot tell apart: ask the API of gto serve, or rename one",
            name.escape_debug()
        ))
    })
}

/// The version with this number.
pub fn version<'a>(artifact: &'a Artifact, number: &str) -> Result<VersionView<'a>> {
    names::version(artifact, number).ok_or_else(|| {
        Error::missing(format!(
            "Model Version (name={}, version={}) not found",
            names::name(artifact.name()),
            number.escape_debug()
        ))
    })
}

/// `registered-models/get`
pub fn get_model(repository: &ServedRepository, params: &Params) -> Result {
    let found = model(&repository.picture(), needed(params, "name")?)?;
    Ok(json!({ "registered_model": answer::model(&found.row, &found.artifact) }))
}

/// `registered-models/search`
pub fn search_models(repository: &ServedRepository, params: &Params, orders: &[String]) -> Result {
    let filter = Filter::read(params.get("filter").unwrap_or_default())?;
    let most = most(params, 100)?;
    let order = Order::read(orders.iter().map(String::as_str), &MODELS)?;
    let after: Option<(Vec<Sorted>, String)> = query::cursor(params, "page_token").map_err(Error::from)?;
    let picture = repository.picture();
    let time = |row: &Row| row.newest.as_ref().map_or(0, |newest| newest.at.seconds());
    let key = |row: &Row| {
        let values = order.values(|by| match by {
            By::Name => Sorted::Text(row.name.as_str().to_owned()),
            By::Created => Sorted::Number(picture.artifact(&row.name, None).map_or(0, |it| oldest(&it))),
            By::Updated | By::Version => Sorted::Number(time(row)),
        });
        (values, row.name.as_str().to_owned())
    };
    let compare = |one: &(Vec<Sorted>, String), other: &(Vec<Sorted>, String)| {
        order.compare(&one.0, &other.0).then_with(|| one.1.cmp(&other.1))
    };
    let fits = |row: &&Arc<Row>| {
        let tag = |key: &str| match key {
            "gto.type" => row.kind.clone(),
            "gto.name" => Some(row.name.to_string()),
            _ => {
                let label = key.strip_prefix("gto.label.")?;
                row.labels.iter().any(|found| found == label).then(|| "true".to_owned())
            }
        };
        row.active
            && row.registered
            && filter.fits(&names::name(&row.name), tag)
            && names::twin(&picture, &row.name).is_none()
    };
    let is_behind = |row: &&Arc<Row>| after.as_ref().is_none_or(|after| compare(&key(row), after).is_gt());
    let exact = filter.exact_name().map(|name| find(&picture, name)).transpose()?;
    let mut rows: Vec<&Arc<Row>> = match exact {
        Some(row) => row.into_iter().filter(fits).filter(is_behind).collect(),
        None if order.is_default() => {
            picture.rows.values().filter(is_behind).filter(fits).take(most + 1).collect()
        }
        None => picture.rows.values().filter(fits).filter(is_behind).collect(),
    };
    if !order.is_default() {
        let mut keyed: Vec<_> = rows.into_iter().map(|row| (key(row), row)).collect();
        keyed.sort_by(|(one, _), (other, _)| compare(one, other));
        rows = keyed.into_iter().map(|(_, row)| row).collect();
    }
    let has_more = rows.len() > most;
    rows.truncate(most);
    let models: Vec<Value> =
        rows.iter().filter_map(|row| Some(answer::model(row, &picture.artifact(&row.name, None)?))).collect();
    let next = rows.last().filter(|_| has_more).map(|row| query::to_text(&key(row)));
    Ok(with_next(json!({ "registered_models": models }), next))
}

/// When the first thing happened to an artifact.
fn oldest(artifact: &Artifact) -> i64 {
    artifact.events().iter().map(|event| event.tagger.time.seconds()).min().unwrap_or_default()
}

fn with_next(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["next_page_token"] = next.into();
    }
    answer
}

fn most(params: &Params, default: usize) -> Result<usize> {
    let Some(text) = params.get("max_results") else { return Ok(default) };
    let number: usize = text.parse().map_err(|_| Error::invalid("Invalid value for max_results"))?;
    if number == 0 {
        return Err(Error::invalid("Invalid value for max_results: it must be positive"));
    }
    Ok(number.min(query::MOST))
}

/// `registered-models/get-latest-versions`
pub fn latest_versions(repository: &ServedRepository, body: &Value) -> Result {
    let name =
        body["name"].as_str().ok_or_else(|| Error::invalid("Missing value for required parameter 'name'"))?;
    let found = model(&repository.picture(), name)?;
    let stages = body["stages"].as_array();
    let is_wanted = stages.is_none_or(|stages| {
        stages.is_empty()
            || stages
                .iter()
                .any(|stage| stage.as_str().is_some_and(|stage| stage.eq_ignore_ascii_case("none")))
    });
    let latest = found.artifact.latest().filter(|latest| is_wanted && names::is_shown(latest));
    let versions: Vec<Value> = latest.iter().map(|latest| answer::version(&found.artifact, latest)).collect();
    Ok(json!({ "model_versions": versions }))
}

/// `registered-models/alias`
pub fn get_alias(repository: &ServedRepository, params: &Params) -> Result {
    let found = model(&repository.picture(), needed(params, "name")?)?;
    let alias = needed(params, "alias")?;
    let missing = || Error::invalid(format!("Registered model alias {} not found.", alias.escape_debug()));
    if alias.eq_ignore_ascii_case("latest") {
        let latest = found.artifact.latest().filter(names::is_shown).ok_or_else(missing)?;
        return Ok(json!({ "model_version": answer::version(&found.artifact, &latest) }));
    }
    let stage: StageName = alias.parse().map_err(|_| missing())?;
    let version =
        gto::query::shown_in(&found.artifact, &stage).filter(names::is_shown).ok_or_else(missing)?;
    Ok(json!({ "model_version": answer::version(&found.artifact, &version) }))
}

/// `model-versions/get`
pub fn get_version(repository: &ServedRepository, params: &Params) -> Result {
    let found = model(&repository.picture(), needed(params, "name")?)?;
    let version = version(&found.artifact, needed(params, "version")?)?;
    Ok(json!({ "model_version": answer::version(&found.artifact, &version) }))
}

/// `model-versions/get-download-uri`
pub fn download_uri(repository: &ServedRepository, params: &Params) -> Result {
    let found = model(&repository.picture(), needed(params, "name")?)?;
    let version = version(&found.artifact, needed(params, "version")?)?;
    let number = version.label().number().map(names::number).unwrap_or_default();
    Ok(json!({ "artifact_uri": answer::source(found.artifact.name(), number) }))
}

/// `model-versions/search`
pub fn search_versions(repository: &ServedRepository, params: &Params, orders: &[String]) -> Result {
    let filter = Filter::read(params.get("filter").unwrap_or_default())?;
    let most = most(params, query::MOST)?;
    let order = Order::read(orders.iter().map(String::as_str), &VERSIONS)?;
    if !order.is_default() {
        return sorted_versions(repository, params, (&filter, &order, most));
    }
    let after: Option<(String, u64)> = query::cursor(params, "page_token").map_err(Error::from)?;
    let picture = repository.picture();
    let rows = candidates(&picture, &filter)?;
    let (mut versions, mut last, mut has_more) = (Vec::new(), None, false);
    'models: for row in rows {
        let name = &row.name;
        if after.as_ref().is_some_and(|(last, _)| name.as_str() < last.as_str()) {
            continue;
        }
        let Some(found) = Model::of(&picture, row) else { continue };
        let listed: Vec<VersionView<'_>> =
            found.artifact.versions_listed().into_iter().filter(names::is_shown).collect();
        let is_last = |view: &VersionView<'_>| {
            after.as_ref().is_some_and(|(model, last)| {
                model == name.as_str() && view.label().number().is_some_and(|one| names::number(one) == *last)
            })
        };
        let first = listed.iter().position(is_last).map_or(0, |place| place + 1);
        for view in &listed[first..] {
            let number = view.label().number().map(names::number).unwrap_or_default();
            if !fits(&filter, name, view) {
                continue;
            }
            if versions.len() == most {
                has_more = true;
                break 'models;
            }
            last = Some((name.as_str().to_owned(), number));
            versions.push(answer::version(&found.artifact, view));
        }
    }
    let next = last.filter(|_| has_more).map(|last| query::to_text(&last));
    Ok(with_next(json!({ "model_versions": versions }), next))
}

/// The artifacts whose versions a filter can find.
fn candidates<'p>(picture: &'p Picture, filter: &Filter) -> Result<Vec<&'p Arc<Row>>> {
    Ok(match filter.exact_name().map(|name| find(picture, name)).transpose()? {
        Some(row) => row.into_iter().collect(),
        None => picture.rows.values().filter(|row| names::twin(picture, &row.name).is_none()).collect(),
    })
}

/// Whether a filter finds a version.
fn fits(filter: &Filter, name: &ArtifactName, view: &VersionView<'_>) -> bool {
    let tag = |key: &str| match key {
        "gto.version" => Some(view.label().to_string()),
        "gto.commit" => Some(view.commit().to_string()),
        _ => None,
    };
    filter.fits(&names::name(name), tag)
}

/// The versions in an order that was asked for; of equal ones the first by name, and of one model the highest.
fn sorted_versions(
    repository: &ServedRepository,
    params: &Params,
    (filter, order, most): (&Filter, &Order, usize),
) -> Result {
    type Key = (Vec<Sorted>, String, Reverse<u64>);
    let compare = |one: &Key, other: &Key| {
        order.compare(&one.0, &other.0).then_with(|| (&one.1, &one.2).cmp(&(&other.1, &other.2)))
    };
    let after: Option<(Vec<Sorted>, String, u64)> =
        query::cursor(params, "page_token").map_err(Error::from)?;
    let after: Option<Key> = after.map(|(values, name, number)| (values, name, Reverse(number)));
    let picture = repository.picture();
    let mut found: Vec<(Key, &Arc<Row>)> = Vec::new();
    for row in candidates(&picture, filter)? {
        let Some(model) = Model::of(&picture, row) else { continue };
        let listed = model.artifact.versions_listed().into_iter();
        for view in listed.filter(names::is_shown).filter(|view| fits(filter, &row.name, view)) {
            let number = view.label().number().map(names::number).unwrap_or_default();
            let (created, updated) = answer::times(&view);
            let seconds = |time: Option<Timestamp>| Sorted::Number(time.map_or(0, Timestamp::seconds));
            let values = order.values(|by| match by {
                By::Name => Sorted::Text(row.name.as_str().to_owned()),
                By::Version => Sorted::Number(i64::try_from(number).unwrap_or(i64::MAX)),
                By::Created => seconds(created),
                By::Updated => seconds(updated),
            });
            let key = (values, row.name.as_str().to_owned(), Reverse(number));
            if after.as_ref().is_none_or(|after| compare(&key, after).is_gt()) {
                found.push((key, row));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| compare(one, other));
    let has_more = found.len() > most;
    found.truncate(most);
    let versions = found.iter().filter_map(|((_, _, Reverse(number)), row)| {
        let model = Model::of(&picture, row)?;
        let view = names::version(&model.artifact, &number.to_string())?;
        Some(answer::version(&model.artifact, &view))
    });
    let versions: Vec<Value> = versions.collect();
    let last = found.last().filter(|_| has_more);
    let next = last.map(|((values, name, Reverse(number)), _)| query::to_text(&(values, name, number)));
    Ok(with_next(json!({ "model_versions": versions }), next))
}

/// The files of a version that Git has, below the artifact's path. DVC and LFS are left to `gto get`.
struct Files {
    path: String,
    all: Vec<CommitFile>,
    registry: Arc<gto::Registry>,
}

/// `gto/NAME/NUMBER/REST` of an address.
fn files<'p>(repository: &ServedRepository, path: &'p str) -> Result<(Files, String, &'p str)> {
    let nothing = || Error::missing("There are no files at this address");
    let rest = path.trim_matches('/').strip_prefix("gto/").ok_or_else(nothing)?;
    let (name, rest) = rest.split_once('/').ok_or_else(nothing)?;
    let (number, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let picture = repository.picture();
    let found = model(&picture, name)?;
    let version = version(&found.artifact, number)?;
    let registry = picture.registry.clone().ok_or_else(nothing)?;
    let annotations = registry.annotations_of(found.artifact.name(), Some(version.commit()));
    let path = gto::annotation::nearest(&annotations).and_then(|sourced| sourced.annotation.path.clone());
    let path = path.filter(|path| !path.contains("://") && !path.starts_with('/')).ok_or_else(|| {
        Error::missing(format!(
            "The annotation of '{}' has no path in the repository at {}, so its files are not known",
            found.artifact.name(),
            version.label()
        ))
    })?;
    let path = path.trim_end_matches('/').to_owned();
    let all = match registry.files_at(version.commit(), &path)?.content {
        CommitContent::File(file) => vec![file],
        CommitContent::Folder(files) => files,
        CommitContent::Absent | CommitContent::Submodule => {
            return Err(Error::missing(format!(
                "Git does not have '{path}': type `gto get {}@{}`",
                found.artifact.name(),
                version.label()
            )));
        }
    };
    Ok((Files { path, all, registry }, format!("gto/{name}/{number}"), rest))
}

impl Files {
    /// The files, with their paths from the artifact's.
    fn below(&self) -> impl Iterator<Item = (&str, &CommitFile)> {
        let of = |file: &'_ CommitFile| matches!(file.kind, CommitFileKind::Regular { .. });
        self.all.iter().filter(move |file| of(file)).map(|file| {
            let rest = file.path.strip_prefix(&self.path).map(|rest| rest.trim_start_matches('/'));
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            (rest.filter(|rest| !rest.is_empty()).unwrap_or(name), file)
        })
    }
}

/// The entries of a folder, as MLflow lists them.
pub fn list_files(repository: &ServedRepository, params: &Params) -> Result {
    let (files, _, folder) = files(repository, params.get("path").unwrap_or_default())?;
    let mut entries: std::collections::BTreeMap<String, Value> = std::collections::BTreeMap::new();
    for (path, file) in files.below() {
        let Some(rest) = (if folder.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'))
        }) else {
            continue;
        };
        if let Some((name, _)) = rest.split_once('/') {
            entries.insert(name.to_owned(), json!({ "path": name, "is_dir": true }));
        } else {
            let size = files.registry.blob_size(file.id);
            entries.insert(rest.to_owned(), json!({ "path": rest, "is_dir": false, "file_size": size }));
        }
    }
    Ok(json!({ "files": entries.into_values().collect::<Vec<_>>() }))
}

/// The content of a file.
pub fn read_file(repository: &ServedRepository, path: &str) -> Result<Vec<u8>> {
    let (files, _, wanted) = files(repository, path)?;
    let found = files.below().find(|(path, _)| *path == wanted).map(|(_, file)| file.id);
    let id = found.ok_or_else(|| Error::missing(format!("There is no file '{}'", wanted.escape_debug())))?;
    let content = files.registry.read_blob(id, LARGEST)?;
    if gto_files::Pointer::parse(&content).is_some() {
        let failure = Failure::new(
            axum::http::StatusCode::NOT_IMPLEMENTED,
            "Git LFS keeps this file: this server has only its pointer",
        );
        return Err(failure.hint("type `gto get`").into());
    }
    Ok(content)
}
