//! What is registered.

use std::cmp::Reverse;
use std::ops::Bound;
use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use gto::name::{ArtifactName, StageName};
use gto::reference::{Reference, Selector};
use gto::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::place::{in_repository, repository};
use crate::api::query;
use crate::app::App;
use crate::failure::{Failure, Problem};
use crate::pages::asked::{Asked, json};
use crate::state::picture::Failing;
use crate::state::repository::ServedRepository;
use crate::state::row::Row;
use crate::view::artifact::find;
use crate::view::health::Health;
use crate::view::moment::Moment;
use crate::view::overview::{Rows, Selection, Sort};
use crate::view::params::Params;
use crate::view::stage::StagePage;

/// The repositories that are served, and their stages.
#[utoipa::path(get, path = "/api/v1/repos", responses(
    (status = 200, body = Repositories),
    (status = 400, body = Problem, content_type = "application/problem+json")
))]
pub async fn repos(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            Moment::none(&asked.params)?;
            let repos = asked.app.repositories.iter().map(|served| Repository::new(served)).collect();
            json(&Repositories { repos })
        })
        .await
}

/// The repositories.
#[derive(Debug, Serialize, ToSchema)]
struct Repositories {
    repos: Vec<Repository>,
}

/// A repository, and since when it cannot be read: what is shown is its last good state.
#[derive(Debug, Serialize, ToSchema)]
struct Repository {
    #[schema(value_type = String)]
    id: Arc<str>,
    /// Where it is, without passwords.
    source: String,
    artifacts: usize,
    #[schema(value_type = Vec<String>)]
    stages: Vec<StageName>,
    /// When it was last seen.
    #[schema(required, value_type = Option<String>)]
    seen_at: Option<Timestamp>,
    #[schema(required)]
    failing: Option<Failing>,
    /// Without them, an earlier state is shown for the present one.
    unreadable_tags: Vec<String>,
}

impl Repository {
    fn new(repository: &ServedRepository) -> Self {
        let picture = repository.picture();
        Self {
            id: Arc::clone(&repository.id),
            source: repository.shown_source(),
            artifacts: picture.rows.len(),
            stages: picture.stages.clone(),
            seen_at: picture.seen_at,
            failing: repository.failing(),
            unreadable_tags: repository.unreadable_tags(),
        }
    }
}

/// Whether the repositories can be read, and what `gto doctor` finds in them.
#[utoipa::path(get, path = "/api/v1/health", responses(
    (status = 200, body = Health),
    (status = 400, body = Problem, content_type = "application/problem+json")
))]
pub async fn health(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            Moment::none(&asked.params)?;
            json(&Health::new(&asked.app))
        })
        .await
}

/// The artifacts of all repositories, or those that the filters leave.
#[utoipa::path(
    get,
    path = "/api/v1/artifacts",
    params(
        ("q" = Option<String>, Query, description = "Words of the name, type, labels or description"),
        ("repo" = Option<String>, Query), ("stage" = Option<String>, Query), ("type" = Option<String>, Query),
        ("label" = Option<String>, Query), ("sort" = Option<Sort>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000), ("cursor" = Option<String>, Query),
        ("at" = Option<String>, Query, description = "A time, or a commit of a branch or tag")
    ),
    responses(
        (status = 200, body = Page),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn artifacts(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let (artifacts, next_cursor) = page(&asked.app, &asked.params)?;
            json(&Page { artifacts, next_cursor })
        })
        .await
}

/// Some artifacts, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Artifacts)]
struct Page {
    #[schema(value_type = Vec<Row>)]
    artifacts: Vec<Arc<Row>>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// After which artifact to go on: what it is sorted by, its repository and its name.
type Cursor = (i64, String, String);

fn page(app: &App, params: &Params) -> Result<(Vec<Arc<Row>>, Option<String>), Failure> {
    let limit = query::limit(params)?;
    let after: Option<Cursor> = query::cursor(params, "cursor")?;
    let moment = Moment::read(app, params.get("at"))?;
    let selection = Selection::new(params)?;
    if let Some(id) = params.get("repo") {
        repository(app, id)?;
    }
    let sort = Sort::of(params.get("sort"))?;
    let mut rows = if sort == Sort::Name {
        by_name(app, &selection, &moment, limit + 1, after.as_ref())?
    } else {
        by_value(app, &selection, &moment, (sort, limit + 1), after.as_ref())?
    };
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    let cursor = last.map(|row| query::to_text(&(sort.value(row), &row.repo, row.name.as_str())));
    Ok((rows, cursor))
}

/// The place of a cursor's repository, and the artifact after which to go on.
fn place(app: &App, (_, repo, name): &Cursor) -> Result<(usize, ArtifactName), Failure> {
    let place = app.repositories.iter().position(|repository| *repository.id == **repo);
    place.zip(ArtifactName::from_user(name).ok()).ok_or_else(query::is_gone)
}

/// At most `most` artifacts by repository and name: looks at no more than it needs.
fn by_name(
    app: &App,
    selection: &Selection,
    moment: &Moment,
    most: usize,
    after: Option<&Cursor>,
) -> Result<Vec<Arc<Row>>, Failure> {
    let after = after.map(|cursor| place(app, cursor)).transpose()?;
    let first = after.as_ref().map_or(0, |(place, _)| *place);
    let mut found = Vec::new();
    for (place, repository) in app.repositories.iter().enumerate().skip(first) {
        if !selection.has_repo(&repository.id) {
            continue;
        }
        let picture = repository.picture();
        let name = after.as_ref().filter(|(first, _)| *first == place).map(|(_, name)| name);
        let is_wanted = |row: &&Arc<Row>| selection.has(row);
        let missing = most - found.len();
        if moment.seconds().is_some() {
            let rows = Rows::at(repository, &picture, moment);
            let rows = rows.iter().filter(|row| name.is_none_or(|name| row.name > *name));
            found.extend(rows.filter(is_wanted).take(missing).cloned());
        } else {
            let from = name.map_or(Bound::Unbounded, Bound::Excluded);
            let rows = picture.rows.range::<ArtifactName, _>((from, Bound::Unbounded));
            found.extend(rows.map(|(_, row)| row).filter(is_wanted).take(missing).cloned());
        }
        if found.len() >= most {
            break;
        }
    }
    Ok(found)
}

/// At most `most` artifacts behind the cursor, the highest value first.
fn by_value(
    app: &App,
    selection: &Selection,
    moment: &Moment,
    (sort, most): (Sort, usize),
    after: Option<&Cursor>,
) -> Result<Vec<Arc<Row>>, Failure> {
    let repositories = app.repositories.iter().enumerate();
    let wanted = repositories.filter(|(_, repository)| selection.has_repo(&repository.id));
    let all: Vec<(usize, Rows)> = wanted
        .map(|(place, repository)| (place, Rows::at(repository, &repository.picture(), moment)))
        .collect();
    let after = after.map(|cursor| place(app, cursor).map(|from| (Reverse(cursor.0), from))).transpose()?;
    let is_behind = |place: usize, row: &Row| {
        let key = (Reverse(sort.value(row)), place, &row.name);
        after.as_ref().is_none_or(|(value, (from, name))| key > (*value, *from, name))
    };
    let rows = all.iter().flat_map(|(place, rows)| rows.iter().map(move |row| (*place, row)));
    let rows = rows.filter(|(place, row)| selection.has(row) && is_behind(*place, row));
    let first = sort.first(rows.map(|(_, row)| row).collect(), most);
    Ok(first.into_iter().map(Arc::clone).collect())
}

/// One artifact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArtifactDetail)]
struct Detail {
    #[serde(flatten)]
    row: Row,
    #[schema(required)]
    path: Option<String>,
    #[schema(required)]
    custom: Option<serde_json::Value>,
    /// The file that says so.
    #[schema(required)]
    annotated_in: Option<String>,
}

/// One artifact: what it is, its latest version, and what is in its stages.
#[utoipa::path(
    get,
    path = "/api/v1/repos/{repo}/artifacts/{name}",
    params(("repo" = String, Path), ("name" = String, Path, description = "Percent-encoded"), ("at" = Option<String>, Query)),
    responses(
        (status = 200, body = Detail),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn artifact(Path((repo, name)): Path<(String, String)>, asked: Asked) -> Response {
    in_repository(asked, repo, move |_, repository, moment| {
        let picture = repository.picture();
        let (row, sourced) =
            match ArtifactName::from_user(&name).ok().and_then(|name| picture.rows.get(&name)) {
                Some(row) if moment.at.is_none() => {
                    (Row::clone(row), picture.annotations.get(&row.name).cloned())
                }
                _ => {
                    let found = find(&picture, &name, &moment)?;
                    let sourced = moment.annotation_of(&picture, found.name());
                    let annotation = sourced.as_ref().map(|sourced| &sourced.annotation);
                    (Row::new(&repository.id, &found, annotation), sourced)
                }
            };
        let annotation = sourced.as_ref().map(|sourced| &sourced.annotation);
        json(&Detail {
            path: annotation.and_then(|annotation| annotation.path.clone()),
            custom: annotation.map(|annotation| annotation.custom.clone()).filter(|custom| !custom.is_null()),
            annotated_in: sourced.as_ref().map(|sourced| sourced.file.to_string()),
            row,
        })
    })
    .await
}

/// What a name, a version or a stage stands for.
#[derive(Debug, Serialize, ToSchema)]
struct Resolved {
    repo: String,
    artifact: String,
    version: String,
    commit: String,
    /// The tag that registered it, or the commit.
    #[serde(rename = "ref")]
    reference: String,
}

/// Resolves a name, version or stage to one version.
#[utoipa::path(
    get,
    path = "/api/v1/resolve",
    params(
        ("repo" = Option<String>, Query, description = "May be left out if there is one repository"),
        ("ref" = String, Query, description = "NAME, NAME@latest, NAME@v1.0.0 or NAME#STAGE"),
        ("at" = Option<String>, Query)
    ),
    responses(
        (status = 200, body = Resolved),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn resolve(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let all = &asked.app.repositories;
            let served = match (asked.params.get("repo"), &all[..]) {
                (Some(id), _) => repository(&asked.app, id)?,
                (None, [alone]) => repository(&asked.app, &alone.id)?,
                (None, _) => {
                    return Err(Failure::invalid("This server has several repositories")
                        .hint("say which one with `repo`; `/api/v1/repos` lists them"));
                }
            };
            let missing = || {
                Failure::invalid("`ref` is missing")
                    .hint("as in `ref=NAME%23prod`, `ref=NAME@v1.0.0` or `ref=NAME`")
            };
            let text = asked.params.get("ref").ok_or_else(missing)?;
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            let reference = Reference::parse(text);
            let artifact = find(&served.picture(), &reference.name, &moment)?;
            let found = match &reference.selector {
                None | Some(Selector::Latest) => artifact.latest(),
                Some(Selector::Stage(stage)) => gto::query::shown_in(&artifact, stage),
                Some(Selector::Version(number)) => artifact
                    .versions()
                    .find(|version| version.label().number() == Some(number) && version.is_active()),
            };
            // As for `gto resolve`: of what is deprecated nothing is in use.
            let version = found.filter(|_| artifact.is_active()).ok_or_else(|| {
                let shown = text.escape_debug();
                let why = if artifact.is_active() { "" } else { ": it is deprecated" };
                Failure::not_found(format!("Nothing is at '{shown}'{why}")).hint(format!(
                    "`/api/v1/repos/{}/artifacts/{}` shows what is",
                    served.id,
                    crate::view::link::part(&reference.name)
                ))
            })?;
            json(&Resolved {
                repo: served.id.to_string(),
                artifact: artifact.name().to_string(),
                version: version.label().to_string(),
                commit: version.commit().to_string(),
                reference: version
                    .authoring()
                    .map_or_else(|| version.commit().to_string(), |from| from.reference()),
            })
        })
        .await
}

/// What is in a stage over all repositories, and how it got there.
#[utoipa::path(
    get,
    path = "/api/v1/stages/{stage}",
    params(("stage" = String, Path), ("at" = Option<String>, Query)),
    responses(
        (status = 200, body = StagePage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn stage(Path(stage): Path<String>, asked: Asked) -> Response {
    asked
        .answer(move |asked| {
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            json(&StagePage::new(&asked.app, &stage, moment)?)
        })
        .await
}
