//! Questions about a registry.

use std::str::FromStr;

use gto::event::EventKind;
use gto::name::ArtifactName;
use gto::query::{AnnotatedAt, HistoryOptions, ShowOptions, StageSort, shown_stages};
use gto::reference::Reference;
use gto::report::{ArtifactReport, EventReport, History, HistoryReport, RegistryReport, VersionReport};
use gto::rules::Refusal;
use gto::tag::TagName;
use gto::version::VersionLabel;
use gto::{Answer, CheckedRef, Detail, Registry, StagesWanted};
use pyo3::prelude::*;
use pyo3::types::PyString;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::call::{Asides, Value, Work, ask};
use crate::error::Problem;
use crate::state::{ArtifactState, Places, StageState, VersionState};

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
    repo: Option<String>,
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
        Ok(Rows { report, short: truncate_hexsha })
    })
}

/// The registry as the Python tool's `show` has it.
struct Rows {
    report: RegistryReport,
    /// Whether ids of commits are cut off.
    short: bool,
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.short {
            return self.report.serialize(serializer);
        }
        let rows = self.report.artifacts.iter().map(|artifact| (&artifact.name, ShortRow(artifact)));
        serializer.collect_map(rows)
    }
}

struct ShortRow<'a>(&'a ArtifactReport);

impl Serialize for ShortRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            version: Option<String>,
            #[serde(serialize_with = "in_order")]
            stage: Vec<(&'a str, Option<String>)>,
            registered: bool,
            active: bool,
        }
        let joined = |versions: &[VersionLabel]| {
            let labels: Vec<String> = versions.iter().map(VersionLabel::short).collect();
            (!labels.is_empty()).then(|| labels.join(", "))
        };
        let stages = self.0.stages.iter().map(|(stage, versions)| (stage.as_str(), joined(versions)));
        Row {
            version: self.0.latest.as_ref().map(VersionLabel::short),
            stage: stages.collect(),
            registered: self.0.registered,
            active: self.0.active,
        }
        .serialize(serializer)
    }
}

/// A map that keeps its order.
fn in_order<S: Serializer, K: Serialize, V: Serialize>(
    map: &[(K, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(key, value)| (key, value)))
}

#[pyfunction]
#[pyo3(signature = (
    repo=None, *, registered_only=false, deprecated=false, assignments_per_version=None, versions_per_stage=1,
    sort="timestamp"
))]
pub fn registry<'py>(
    py: Python<'py>,
    repo: Option<String>,
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: Option<i64>,
    versions_per_stage: i64,
    sort: &str,
) -> Value<'py> {
    #[derive(Serialize)]
    struct Table {
        stages: Vec<gto::name::StageName>,
        artifacts: Vec<Row>,
    }
    #[derive(Serialize)]
    struct Row {
        name: ArtifactName,
        latest: Option<VersionLabel>,
        #[serde(serialize_with = "in_order")]
        stages: Vec<(gto::name::StageName, Vec<VersionLabel>)>,
        registered: bool,
        active: bool,
    }
    let limits = Limits {
        registered_only,
        deprecated,
        assignments_per_version,
        versions_per_stage: Some(versions_per_stage),
        sort,
    };
    ask(py, repo, move |registry, asides| {
        let report = shown(registry, asides, &limits.options()?)?;
        let row = |artifact: ArtifactReport| Row {
            name: artifact.name,
            latest: artifact.latest,
            stages: artifact.stages,
            registered: artifact.registered,
            active: artifact.active,
        };
        Ok(Table { stages: report.stages, artifacts: report.artifacts.into_iter().map(row).collect() })
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, reference, *, at=None, registered_only=false, deprecated=false, assignments_per_version=None,
    versions_per_stage=1, sort="timestamp", verify=false, certain=false
))]
pub fn versions<'py>(
    py: Python<'py>,
    repo: Option<String>,
    reference: String,
    at: Option<String>,
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: Option<i64>,
    versions_per_stage: i64,
    sort: &str,
    verify: bool,
    certain: bool,
) -> Value<'py> {
    #[derive(Serialize)]
    struct Found {
        registered: bool,
        active: bool,
        versions: Vec<VersionReport>,
    }
    let limits = Limits {
        registered_only,
        deprecated,
        assignments_per_version,
        versions_per_stage: Some(versions_per_stage),
        sort,
    };
    ask(py, repo, move |registry, asides| {
        let reference = Reference::parse(&reference);
        let answer = registry.show_versions(&reference, &limits.options()?, Detail::Full);
        if !answer.as_ref().is_ok_and(|answer| answer.value.registered) {
            if_unfetched(registry, asides);
        }
        let mut answer = answer?;
        // What is picked is acted on, and may be the version before (decision D27).
        if certain || reference.selector.is_some() {
            answer = answer.unless_damaged()?;
        }
        let mut report = asides.take(answer);
        if let Some(revision) = at {
            let commit = registry.resolve(&revision)?;
            asides.add(registry.ambiguity(&revision).as_slice());
            report.versions.retain(|version| version.commit_hexsha == commit);
        }
        if verify {
            registry.verify_versions(&mut report)?;
        }
        Ok(Found { registered: report.registered, active: report.active, versions: report.versions })
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, revision, *, registered_only=false, deprecated=false, assignments_per_version=None, versions_per_stage=None,
    sort="timestamp"
))]
pub fn versions_at<'py>(
    py: Python<'py>,
    repo: Option<String>,
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

#[pyfunction]
#[pyo3(signature = (
    repo=None, artifact=None, *, stage=None, version=None, events=None, author=None, since=None, until=None,
    limit=None, ascending=false, truncate_hexsha=false
))]
pub fn history<'py>(
    py: Python<'py>,
    repo: Option<String>,
    artifact: Option<String>,
    stage: Option<String>,
    version: Option<String>,
    events: Option<Vec<String>>,
    author: Option<String>,
    since: Option<Bound<'py, PyAny>>,
    until: Option<Bound<'py, PyAny>>,
    limit: Option<i64>,
    ascending: bool,
    truncate_hexsha: bool,
) -> Value<'py> {
    let (since, until) = (Moment::read(since)?, Moment::read(until)?);
    ask(py, repo, move |registry, asides| {
        let kind = |word: &String| {
            let kind = EventKind::ALL.into_iter().find(|kind| kind.word() == word);
            kind.ok_or_else(|| Problem::Arguments(format!("there is no event '{word}'")))
        };
        let artifact = artifact.map(|name| ArtifactName::from_user(&name));
        if matches!(artifact, Some(Err(_))) {
            // An invalid name has no events.
            return Ok(Journal { history: History::default(), short: false });
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
        let history = asides.take(registry.history(&options, true)?);
        if history.iter().next().is_none() {
            if_unfetched(registry, asides);
        }
        Ok(Journal { history, short: truncate_hexsha })
    })
}

struct Journal {
    history: History,
    /// Whether ids of commits are cut off.
    short: bool,
}

impl Serialize for Journal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.short {
            return self.history.serialize(serializer);
        }
        serializer.collect_seq(self.history.iter().map(ShortEntry))
    }
}

struct ShortEntry<'a>(&'a HistoryReport);

impl Serialize for ShortEntry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(entry) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &entry.timestamp)?;
        map.serialize_entry("artifact", &entry.artifact)?;
        map.serialize_entry("event", &entry.event)?;
        map.serialize_entry("priority", &entry.event.priority())?;
        map.serialize_entry("version", &entry.version.as_ref().map(|version| version.short()))?;
        map.serialize_entry("stage", &entry.stage)?;
        map.serialize_entry("commit", &entry.commit.short().to_string())?;
        map.serialize_entry("author", &entry.author)?;
        map.serialize_entry("author_email", &entry.author_email)?;
        map.serialize_entry("message", &entry.message)?;
        map.serialize_entry("ref", &entry.reference)?;
        map.end()
    }
}

/// What a tag did.
#[derive(Serialize)]
struct Checked {
    kind: &'static str,
    event: Option<EventReport>,
    reason: Option<String>,
}

/// The event that a tag is, with everything that the Python tool says of one.
pub fn event_of(registry: &Registry, tag: &str) -> Work<Option<EventReport>> {
    Ok(match registry.check_ref(tag)?.value {
        CheckedRef::Event(event) => Some(with_rank(*event)),
        CheckedRef::NoTag | CheckedRef::Foreign | CheckedRef::Lightweight | CheckedRef::NoEvent { .. } => {
            None
        }
    })
}

fn with_rank(event: EventReport) -> EventReport {
    let kind = event.event;
    EventReport {
        priority: kind.map(EventKind::priority),
        addition: kind.map(EventKind::is_addition),
        ..event
    }
}

#[pyfunction]
pub fn check_ref<'py>(py: Python<'py>, repo: Option<String>, r#ref: String) -> Value<'py> {
    ask(py, repo, move |registry, asides| {
        let (kind, event, reason) = match asides.take(registry.check_ref(&r#ref)?) {
            CheckedRef::Event(event) => ("event", Some(with_rank(*event)), None),
            CheckedRef::NoTag => ("no_tag", None, None),
            CheckedRef::Foreign => ("foreign", None, None),
            CheckedRef::Lightweight => ("lightweight", None, None),
            CheckedRef::NoEvent { reason } => ("no_event", None, Some(reason)),
        };
        Ok(Checked { kind, event, reason })
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None, *, allowed=false, used=false))]
pub fn stages<'py>(py: Python<'py>, repo: Option<String>, allowed: bool, used: bool) -> Value<'py> {
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
    repo: Option<String>,
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
            wanted.map(|version| VersionState::new(version, &places)).collect::<Vec<_>>()
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
    repo: Option<String>,
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
            shown.map(|view| StageState::new(&view, &places)).collect::<Vec<_>>()
        };
        Ok(state.artifacts().iter().flat_map(of_artifact).collect::<Vec<_>>())
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None, name=None, *, all_branches=false, all_commits=false))]
pub fn state<'py>(
    py: Python<'py>,
    repo: Option<String>,
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
        let artifacts = state.artifacts().iter().map(|a| (a.name().clone(), ArtifactState::new(a)));
        Ok(Ordered(artifacts.collect()))
    })
}

/// A map that keeps its order.
struct Ordered<K, V>(Vec<(K, V)>);

impl<K: Serialize, V: Serialize> Serialize for Ordered<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        in_order(&self.0, serializer)
    }
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn artifact_names(py: Python<'_>, repo: Option<String>) -> Value<'_> {
    ask(py, repo, |registry, _| Ok(registry.artifact_names()?))
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn is_gto_repo(py: Python<'_>, repo: Option<String>) -> Value<'_> {
    ask(py, repo, |registry, _| {
        let is_there = |file: &str| registry.root().join(file).is_file();
        if is_there(gto::config::Config::FILE_NAME) || is_there(&registry.config().index) {
            return Ok(true);
        }
        let all = ShowOptions { deprecated: true, ..ShowOptions::default() };
        let Answer { value, .. } = registry.show(&all)?;
        Ok(!value.artifacts.is_empty())
    })
}

#[pyfunction]
pub fn resolve(py: Python<'_>, repo: Option<String>, revision: String) -> Value<'_> {
    ask(py, repo, move |registry, asides| {
        asides.add(registry.ambiguity(&revision).as_slice());
        Ok(registry.resolve(&revision)?)
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn root(py: Python<'_>, repo: Option<String>) -> Value<'_> {
    ask(py, repo, |registry, _| Ok(registry.root()))
}
