//! Questions about a registry.

use std::str::FromStr;

use gto::compat::{EventJson, HistoryJson, Ids, Places, RegistryJson, VersionJson};
use gto::event::EventKind;
use gto::name::ArtifactName;
use gto::query::{AnnotatedAt, HistoryOptions, ShowOptions, StageSort, shown_stages};
use gto::reference::{Reference, Selector};
use gto::report::{EventReport, History, RegistryReport, VersionsReport};
use gto::rules::Refusal;
use gto::tag::TagName;
use gto::{Answer, CheckedRef, Detail, Registry, StagesWanted};
use pyo3::prelude::*;
use pyo3::types::PyString;
use serde::{Serialize, Serializer};

use crate::call::{Asides, Place, Value, Work, ask, ask_all};
use crate::error::Problem;
use crate::repository::ByName;

/// A limit in Python's form: `None` and -1 mean all.
struct Limits<'a> {
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: Option<i64>,
    versions_per_stage: Option<i64>,
    sort: &'a str,
}

impl Limits<'_> {
    fn options(&self) -> Work<ShowOptions> {
        let limit = |number: Option<i64>, complaint: &str| match number {
            None | Some(-1) => Ok(None),
            Some(number) => {
                usize::try_from(number).map(Some).map_err(|_| Problem::Arguments(complaint.to_owned()))
            }
        };
        Ok(ShowOptions {
            registered_only: self.registered_only,
            deprecated: self.deprecated,
            // The words of the Python tool, a blank less included.
            assignments_per_version: limit(
                self.assignments_per_version,
                "'assignments_per_version' must be >= -1",
            )?,
            versions_per_stage: limit(self.versions_per_stage, "'versions_per_stage' must be >=-1")?,
            sort: match self.sort {
                "timestamp" => StageSort::Timestamp,
                "semver" => StageSort::SemVer,
                other => {
                    let complaint = format!("`sort` must be 'timestamp' or 'semver', not '{other}'");
                    return Err(Problem::Arguments(complaint));
                }
            },
            ..ShowOptions::default()
        })
    }
}

/// Parses the name of an artifact in a query: an invalid name is not in the registry.
fn asked(name: &str) -> Work<ArtifactName> {
    ArtifactName::from_user(name).map_err(|_| Refusal::ArtifactNotFound { name: name.to_owned() }.into())
}

/// Says, where nothing is registered, that the tags may never have been fetched: a clone that has none of any kind, or
/// is shallow, as those are that CI makes.
fn if_unfetched(registry: &Registry, asides: &mut Asides) {
    let Some(fetch) = gto_frontend::advice::fetch_tags(registry) else { return };
    let lacks = registry.tag_names().is_ok_and(|tags| {
        tags.is_empty() && registry.is_clone()
            || registry.is_shallow() && !tags.iter().any(|tag| tag.parse::<TagName>().is_ok())
    });
    if lacks {
        asides.say(&format!("no tag of a registry is here: `{fetch}` fetches those of the remote"));
    }
}

/// The rows of a registry.
fn shown(registry: &Registry, asides: &mut Asides, options: &ShowOptions) -> Work<RegistryReport> {
    let report = asides.take(registry.show(options)?);
    if !report.artifacts.iter().any(|artifact| artifact.registered) {
        if_unfetched(registry, asides);
    }
    Ok(report)
}

#[pyfunction]
#[pyo3(signature = (
    repo=None, *, registered_only=false, deprecated=false, assignments_per_version=None, versions_per_stage=1,
    sort="timestamp", truncate_hexsha=false
))]
pub fn show<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: Option<i64>,
    versions_per_stage: i64,
    sort: &str,
    truncate_hexsha: bool,
) -> Value<'py> {
    let limits = Limits {
        registered_only,
        deprecated,
        assignments_per_version,
        versions_per_stage: Some(versions_per_stage),
        sort,
    };
    ask(py, repo, move |registry, asides| {
        let report = shown(registry, asides, &limits.options()?)?;
        Ok(Rows { report, ids: ids(truncate_hexsha) })
    })
}

/// The registry as the Python tool's `show` has it.
struct Rows {
    report: RegistryReport,
    ids: Ids,
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RegistryJson(&self.report, self.ids).serialize(serializer)
    }
}

fn ids(truncate: bool) -> Ids {
    if truncate { Ids::Short } else { Ids::Full }
}

#[pyfunction]
#[pyo3(signature = (
    repo=None, *, registered_only=false, deprecated=false, assignments_per_version=None, versions_per_stage=1,
    sort="timestamp"
))]
pub fn registry<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: Option<i64>,
    versions_per_stage: i64,
    sort: &str,
) -> Value<'py> {
    let limits = Limits {
        registered_only,
        deprecated,
        assignments_per_version,
        versions_per_stage: Some(versions_per_stage),
        sort,
    };
    ask(py, repo, move |registry, asides| shown(registry, asides, &limits.options()?))
}

#[pyfunction]
#[pyo3(signature = (repo, name, *, deprecated=false))]
pub fn artifact(py: Python<'_>, repo: Option<Place>, name: String, deprecated: bool) -> Value<'_> {
    ask(py, repo, move |registry, asides| {
        let options = ShowOptions { deprecated, ..ShowOptions::default() };
        let answer = versions_of(registry, asides, &name, &options)?;
        // What is in it is acted on, and may be the version before (decision D27).
        Ok(asides.take(answer.unless_damaged()?))
    })
}

#[pyfunction]
#[pyo3(signature = (repo, name, a, b))]
pub fn compare<'py>(py: Python<'py>, repo: Option<Place>, name: &str, a: &str, b: &str) -> Value<'py> {
    ask(py, repo, move |registry, asides| {
        let name = ArtifactName::from_user(name).map_err(gto::Error::Name)?;
        let selector = |text: &str| {
            let invalid = || Refusal::InvalidVersion { version: text.to_owned() };
            Selector::of(text, &name).ok_or_else(invalid)
        };
        Ok(asides.take(registry.compare_versions(&name, &selector(a)?, &selector(b)?)?))
    })
}

fn versions_of(
    registry: &Registry,
    asides: &mut Asides,
    reference: &str,
    options: &ShowOptions,
) -> Work<Answer<VersionsReport>> {
    let answer = registry.show_versions(&Reference::parse(reference), options, Detail::Full);
    if !answer.as_ref().is_ok_and(|answer| answer.value.registered) {
        if_unfetched(registry, asides);
    }
    Ok(answer?)
}

#[pyfunction]
#[pyo3(signature = (
    repo, reference, *, at=None, registered_only=false, deprecated=false, assignments_per_version=None,
    versions_per_stage=1, sort="timestamp"
))]
pub fn versions<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    reference: String,
    at: Option<String>,
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: Option<i64>,
    versions_per_stage: i64,
    sort: &str,
) -> Value<'py> {
    #[derive(Serialize)]
    struct Found {
        registered: bool,
        versions: Vec<VersionJson>,
    }
    let limits = Limits {
        registered_only,
        deprecated,
        assignments_per_version,
        versions_per_stage: Some(versions_per_stage),
        sort,
    };
    ask(py, repo, move |registry, asides| {
        let mut answer = versions_of(registry, asides, &reference, &limits.options()?)?;
        // What is picked is acted on, and may be the version before (decision D27).
        if Reference::parse(&reference).selector.is_some() {
            answer = answer.unless_damaged()?;
        }
        let mut report = asides.take(answer);
        if let Some(revision) = at {
            let commit = registry.resolve(&revision)?;
            asides.add(registry.ambiguity(&revision).as_slice());
            report.versions.retain(|version| version.commit == commit);
        }
        let versions = report.versions.iter().map(VersionJson::shown).collect();
        Ok(Found { registered: report.registered, versions })
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, revision, *, registered_only=false, deprecated=false, assignments_per_version=None, versions_per_stage=None,
    sort="timestamp"
))]
pub fn versions_at<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    revision: String,
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: Option<i64>,
    versions_per_stage: Option<i64>,
    sort: &str,
) -> Value<'py> {
    let limits = Limits { registered_only, deprecated, assignments_per_version, versions_per_stage, sort };
    ask(py, repo, move |registry, asides| {
        Ok(asides.take(registry.show_at(&revision, &limits.options()?, Detail::Full)?).versions)
    })
}

/// A point in time in Python's form.
enum Moment {
    Seconds(i64),
    Text(String),
}

impl Moment {
    fn read(given: Option<Bound<'_, PyAny>>) -> PyResult<Option<Self>> {
        let Some(given) = given else { return Ok(None) };
        if let Ok(text) = given.cast::<PyString>() {
            return Ok(Some(Self::Text(text.to_cow()?.into_owned())));
        }
        if !given.hasattr("timestamp")? && given.hasattr("isoformat")? {
            // A `date` is a whole day, as its text is.
            return Ok(Some(Self::Text(given.call_method0("isoformat")?.extract()?)));
        }
        if given.call_method0("utcoffset")?.is_none() {
            let text = "a `datetime` must be aware, such as datetime.now(timezone.utc)".to_owned();
            return Err(Problem::Arguments(text).raise(given.py()));
        }
        let seconds = given.call_method0("timestamp")?.call_method0("__floor__")?;
        Ok(Some(Self::Seconds(seconds.extract()?)))
    }

    fn seconds(self, read: impl FnOnce(&str) -> gto::Result<gto::Timestamp>) -> Work<i64> {
        match self {
            Self::Seconds(seconds) => Ok(seconds),
            Self::Text(text) => Ok(read(&text)?.seconds()),
        }
    }
}

/// Reads a value where anything else would find nothing without a word.
fn parse<T: FromStr>(text: Option<String>, what: &str) -> Work<Option<T>> {
    let read = |text: String| text.parse().map_err(|_| Problem::Arguments(format!("'{text}' is no {what}")));
    text.map(read).transpose()
}

/// The journal.
fn journal(registry: &Registry, asides: &mut Asides, options: &HistoryOptions) -> Work<History> {
    let history = asides.take(registry.history(options, true)?);
    if history.is_empty() {
        if_unfetched(registry, asides);
    }
    Ok(history)
}

/// The journal as the Python tool's `history` has it.
struct Journal {
    history: History,
    ids: Ids,
}

impl Serialize for Journal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HistoryJson { history: &self.history, ids: self.ids, verified: None, judged: None }
            .serialize(serializer)
    }
}

#[pyfunction]
#[pyo3(signature = (repo=None, artifact=None, *, ascending=false, truncate_hexsha=false))]
pub fn history(
    py: Python<'_>,
    repo: Option<Place>,
    artifact: Option<String>,
    ascending: bool,
    truncate_hexsha: bool,
) -> Value<'_> {
    ask_all(py, repo, move |registry, asides| {
        let history = match artifact.map(|name| ArtifactName::from_user(&name)).transpose() {
            // What is no name is nobody's, and nothing happened to it.
            Err(_) => History::default(),
            Ok(artifact) => {
                let options = HistoryOptions { artifact, ascending, ..HistoryOptions::default() };
                journal(registry, asides, &options)?
            }
        };
        Ok(Journal { history, ids: ids(truncate_hexsha) })
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo=None, artifact=None, *, stage=None, version=None, events=None, author=None, since=None, until=None,
    limit=None, ascending=false
))]
pub fn events<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    artifact: Option<String>,
    stage: Option<String>,
    version: Option<String>,
    events: Option<Vec<String>>,
    author: Option<String>,
    since: Option<Bound<'py, PyAny>>,
    until: Option<Bound<'py, PyAny>>,
    limit: Option<i64>,
    ascending: bool,
) -> Value<'py> {
    let (since, until) = (Moment::read(since)?, Moment::read(until)?);
    ask_all(py, repo, move |registry, asides| {
        let kind = |word: &String| {
            let kind = EventKind::ALL.into_iter().find(|kind| kind.word() == word);
            kind.ok_or_else(|| Problem::Arguments(format!("there is no event '{word}'")))
        };
        let artifact = artifact.map(|name| ArtifactName::from_user(&name));
        if matches!(artifact, Some(Err(_))) {
            // An invalid name has no events.
            return Ok(History::default());
        }
        let options = HistoryOptions {
            artifact: artifact.and_then(Result::ok),
            stage: parse(stage, "stage")?,
            version: parse(version, "version")?,
            events: events.iter().flatten().map(kind).collect::<Work<_>>()?,
            author,
            since: since.map(|moment| moment.seconds(|text| registry.date(text))).transpose()?,
            until: until.map(|moment| moment.seconds(|text| registry.end_date(text))).transpose()?,
            limit: limit
                .map(usize::try_from)
                .transpose()
                .map_err(|_| Problem::Arguments("`limit` must be 0 or more".to_owned()))?,
            ascending,
            ..HistoryOptions::default()
        };
        journal(registry, asides, &options)
    })
}

/// What a tag did.
#[derive(Serialize)]
struct Checked {
    kind: &'static str,
    event: Option<EventReport>,
    reason: Option<String>,
}

/// The event that a tag is, as the Python tool has it.
pub fn event_of(checked: CheckedRef) -> Option<EventJson> {
    match checked {
        CheckedRef::Event(event) => Some(EventJson::with_kind(*event)),
        CheckedRef::NoTag
        | CheckedRef::Foreign
        | CheckedRef::Lightweight
        | CheckedRef::Violating
        | CheckedRef::NoEvent { .. } => None,
    }
}

#[pyfunction]
pub fn check_ref<'py>(py: Python<'py>, repo: Option<Place>, r#ref: String) -> Value<'py> {
    ask(py, repo, move |registry, asides| Ok(event_of(asides.take(registry.check_ref(&r#ref)?))))
}

#[pyfunction]
pub fn event<'py>(py: Python<'py>, repo: Option<Place>, r#ref: String) -> Value<'py> {
    ask(py, repo, move |registry, asides| {
        let (kind, event, reason) = match asides.take(registry.check_ref(&r#ref)?) {
            CheckedRef::Event(event) => ("event", Some(*event), None),
            CheckedRef::NoTag => ("no_tag", None, None),
            CheckedRef::Foreign => ("foreign", None, None),
            CheckedRef::Lightweight => ("lightweight", None, None),
            CheckedRef::Violating => ("no_event", None, Some("it violates the policy".to_owned())),
            CheckedRef::NoEvent { reason } => ("no_event", None, Some(reason)),
        };
        Ok(Checked { kind, event, reason })
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None, *, allowed=false, used=false))]
pub fn stages<'py>(py: Python<'py>, repo: Option<Place>, allowed: bool, used: bool) -> Value<'py> {
    ask(py, repo, move |registry, asides| {
        let wanted = match (allowed, used) {
            (true, true) => {
                return Err(Problem::Arguments("Either \"allowed\" or \"used\" can be set".to_owned()));
            }
            (true, false) => StagesWanted::Allowed,
            (false, true) => StagesWanted::Used,
            (false, false) => StagesWanted::Known,
        };
        Ok(asides.take(registry.stages(wanted)?))
    })
}

/// The artifact of that name.
fn state_of(registry: &Registry, asides: &mut Asides, name: &str, detail: Detail) -> Work<gto::state::State> {
    // A caller acts on the latest version, or on the version in a stage (decision D27).
    let answer = registry.state_of(&asked(name)?, detail, AnnotatedAt::Head)?.unless_damaged()?;
    let state = asides.take(answer);
    if state.artifacts().is_empty() {
        if_unfetched(registry, asides);
        return Err(Refusal::ArtifactNotFound { name: name.to_owned() }.into());
    }
    Ok(state)
}

#[pyfunction]
#[pyo3(signature = (repo, name, *, all=false, registered=true))]
pub fn latest<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    name: String,
    all: bool,
    registered: bool,
) -> Value<'py> {
    ask(py, repo, move |registry, asides| {
        let state = state_of(registry, asides, &name, Detail::Full)?;
        let of_artifact = |artifact| {
            let places = Places::of(artifact);
            let wanted = artifact
                .versions_listed()
                .into_iter()
                .filter(|version| version.is_active() && (version.is_registered() || !registered));
            let wanted = wanted.take(if all { usize::MAX } else { 1 });
            wanted.map(|version| places.version(version)).collect::<Vec<_>>()
        };
        Ok(state.artifacts().iter().flat_map(of_artifact).collect::<Vec<_>>())
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, stage, *, assignments_per_version=None, versions_per_stage=1, registered_only=false,
    sort="semver"
))]
pub fn which<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    name: String,
    stage: String,
    assignments_per_version: Option<i64>,
    versions_per_stage: i64,
    registered_only: bool,
    sort: &str,
) -> Value<'py> {
    let limits = Limits {
        registered_only,
        deprecated: false,
        assignments_per_version,
        versions_per_stage: Some(versions_per_stage),
        sort,
    };
    ask(py, repo, move |registry, asides| {
        let state = state_of(registry, asides, &name, Detail::Brief)?;
        let options = limits.options()?;
        let of_artifact = |artifact| {
            let places = Places::of(artifact);
            let shown = shown_stages(artifact, &options).into_iter();
            let shown = shown.filter(|shown| shown.stage.as_str() == stage).flat_map(|shown| shown.versions);
            shown.map(|view| places.stage(&view)).collect::<Vec<_>>()
        };
        Ok(state.artifacts().iter().flat_map(of_artifact).collect::<Vec<_>>())
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None, name=None, *, all_branches=false, all_commits=false))]
pub fn state<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    name: Option<String>,
    all_branches: bool,
    all_commits: bool,
) -> Value<'py> {
    ask(py, repo, move |registry, asides| {
        let annotated_at = match (all_branches, all_commits) {
            (_, true) => AnnotatedAt::Commits,
            (true, false) => AnnotatedAt::Branches,
            (false, false) => AnnotatedAt::Head,
        };
        let state = match name.map(|name| ArtifactName::from_user(&name)) {
            None => asides.take(registry.state(annotated_at)?),
            // Its latest version, and what is in its stages, are picked from it (decision D27).
            Some(Ok(name)) => {
                asides.take(registry.state_of(&name, Detail::Full, annotated_at)?.unless_damaged()?)
            }
            Some(Err(_)) => gto::state::State::default(),
        };
        if !state.artifacts().iter().any(|artifact| artifact.versions().any(|v| v.is_registered())) {
            if_unfetched(registry, asides);
        }
        let artifact = |artifact| Places::of(artifact).artifact(artifact);
        let artifacts = state.artifacts().iter().map(|found| (found.name().clone(), artifact(found)));
        Ok(ByName(artifacts.collect()))
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn artifact_names(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask(py, repo, |registry, _| Ok(registry.artifact_names()?))
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn is_gto_repo(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask(py, repo, |registry, _| {
        let is_there = |file: &str| registry.root().join(file).is_file();
        if is_there(gto::config::Config::FILE_NAME) || is_there(&registry.config()?.index) {
            return Ok(true);
        }
        let all = ShowOptions { deprecated: true, ..ShowOptions::default() };
        let Answer { value, .. } = registry.show(&all)?;
        Ok(!value.artifacts.is_empty())
    })
}

#[pyfunction]
pub fn resolve(py: Python<'_>, repo: Option<Place>, revision: String) -> Value<'_> {
    ask(py, repo, move |registry, asides| {
        asides.add(registry.ambiguity(&revision).as_slice());
        Ok(registry.resolve(&revision)?)
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn root(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask(py, repo, |registry, _| Ok(registry.root()))
}
