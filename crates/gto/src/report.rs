//! The answers of the registry as values: what every front end renders, and what JSON shows.
//!
//! Owns the names and the order of JSON keys, which are the Python tool's. Must not print.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::thread;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::annotation::{Annotation, Source, Sourced};
use crate::event::{Event, EventKind};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::query::{self, HistoryOptions, ShowOptions, ShownStage};
use crate::signing::Verified;
use crate::state::{Appearance, Artifact, Enrichment, StageView, State, VersionView};
use crate::tag::Action;
use crate::time::Timestamp;
use crate::version::VersionLabel;

/// The registry: one row for each artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistryReport {
    /// The stages that have a column.
    pub stages: Vec<StageName>,
    /// The artifacts, in the order in which the Python tool's JSON has them.
    pub artifacts: Vec<ArtifactReport>,
}

/// One artifact in the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactReport {
    /// Its name.
    pub name: ArtifactName,
    /// Its highest active version.
    pub latest: Option<VersionLabel>,
    /// For each column of the report the versions in that stage.
    pub stages: Vec<(StageName, Vec<VersionLabel>)>,
    /// Whether there is any event; if not, it is only annotated.
    pub registered: bool,
    /// Whether it is in use: not deprecated.
    pub active: bool,
    /// What the current commit says of it, if that was asked for. JSON does not have it.
    pub annotation: Option<Sourced>,
}

impl RegistryReport {
    /// The registry, made of what is known of each artifact, as `options` want it.
    pub fn new(
        mut artifacts: Vec<ArtifactSummary>,
        configured: Option<&[StageName]>,
        options: &ShowOptions,
    ) -> Self {
        artifacts.sort_by(|a, b| a.appearance.cmp(&b.appearance));
        let active = artifacts.iter().flat_map(|artifact| artifact.active_stages.iter().cloned()).collect();
        let stages = query::stage_columns(configured, active);
        artifacts.retain(|artifact| artifact.report.active || options.deprecated);
        let artifacts = artifacts.into_iter().map(|artifact| artifact.report.with_columns(&stages)).collect();
        Self { stages, artifacts }
    }
}

/// What the registry shows of one artifact, before it is known which stages have a column.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactSummary {
    report: ArtifactReport,
    appearance: Appearance,
    active_stages: BTreeSet<StageName>,
}

impl ArtifactSummary {
    /// The summary of an artifact.
    pub fn new(artifact: &Artifact, options: &ShowOptions) -> Self {
        let versions =
            |shown: &ShownStage| shown.versions.iter().map(|v| v.version().label().clone()).collect();
        let shown = query::shown_stages(artifact, options);
        Self {
            report: ArtifactReport {
                name: artifact.name().clone(),
                latest: artifact.latest().map(|version| version.label().clone()),
                stages: shown.iter().map(|shown| (shown.stage.clone(), versions(shown))).collect(),
                registered: artifact.is_registered(),
                active: artifact.is_active(),
                annotation: None,
            },
            appearance: artifact.appearance(),
            active_stages: query::active_stages(artifact),
        }
    }
}

impl ArtifactReport {
    fn with_columns(mut self, columns: &[StageName]) -> Self {
        let shown = std::mem::take(&mut self.stages);
        let versions_in = |column: &StageName| {
            let stage = shown.iter().find(|(stage, _)| stage == column);
            stage.map(|(_, versions)| versions.clone()).unwrap_or_default()
        };
        self.stages = columns.iter().map(|column| (column.clone(), versions_in(column))).collect();
        self
    }
}

/// A map from names to artifacts.
impl Serialize for RegistryReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.artifacts.iter().map(|artifact| (&artifact.name, artifact)))
    }
}

impl Serialize for ArtifactReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("version", &self.latest)?;
        map.serialize_entry("stage", &StageColumns(&self.stages))?;
        map.serialize_entry("registered", &self.registered)?;
        map.serialize_entry("active", &self.active)?;
        map.end()
    }
}

struct StageColumns<'a>(&'a [(StageName, Vec<VersionLabel>)]);

impl Serialize for StageColumns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let joined = |versions: &[VersionLabel]| {
            let labels: Vec<String> = versions.iter().map(ToString::to_string).collect();
            (!labels.is_empty()).then(|| labels.join(", "))
        };
        serializer.collect_map(self.0.iter().map(|(stage, versions)| (stage, joined(versions))))
    }
}

/// An event, as JSON shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EventReport {
    /// The Python tool's rank of the kind; left out by `check-ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Whether the event adds something; left out by `check-ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addition: Option<bool>,
    /// Whose event.
    pub artifact: ArtifactName,
    /// When the tag was made.
    pub created_at: Timestamp,
    /// The tagger's name.
    pub author: Arc<str>,
    /// The tagger's address.
    pub author_email: Arc<str>,
    /// The tag's message.
    pub message: String,
    /// The commit that the tag is on.
    pub commit_hexsha: ObjectId,
    /// The tag's name.
    pub tag: String,
    /// The version; `None` for a deprecation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionLabel>,
    /// The stage, if the event has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageName>,
    /// The kind; left out where the place in the JSON says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventKind>,
}

impl EventReport {
    /// The event as `print-state` shows it.
    pub fn new(event: &Event, owner: Option<VersionView<'_>>) -> Self {
        Self {
            priority: Some(event.kind().priority()),
            addition: Some(event.kind().is_addition()),
            artifact: event.artifact().clone(),
            created_at: event.tagger.time,
            author: event.tagger.name.clone(),
            author_email: event.tagger.email.clone(),
            message: event.message.clone(),
            commit_hexsha: event.commit,
            tag: event.tag.clone(),
            version: owner.map(|version| version.label().clone()),
            stage: event.stage().cloned(),
            event: None,
        }
    }

    /// The event as `check-ref` shows it.
    pub fn checked(event: &Event, owner: Option<VersionView<'_>>) -> Self {
        Self { priority: None, addition: None, event: Some(event.kind()), ..Self::new(event, owner) }
    }

    fn with_kind(event: &Event, owner: VersionView<'_>) -> Self {
        Self { event: Some(event.kind()), ..Self::new(event, Some(owner)) }
    }

    /// The sentence that says what happened.
    pub fn sentence(&self) -> String {
        let artifact = &self.artifact;
        let version = self.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let stage = self.stage.as_ref().map(ToString::to_string).unwrap_or_default();
        match self.event.unwrap_or(EventKind::Deprecation) {
            EventKind::Deprecation => format!("Artifact \"{artifact}\" was deprecated"),
            EventKind::Registration => {
                format!("Version \"{version}\" of artifact \"{artifact}\" was registered")
            }
            EventKind::Deregistration => {
                format!("Version \"{version}\" of artifact \"{artifact}\" was deregistered")
            }
            EventKind::Assignment => {
                format!("Stage \"{stage}\" was assigned to version \"{version}\" of artifact \"{artifact}\"")
            }
            EventKind::Unassignment => {
                format!(
                    "Stage \"{stage}\" was unassigned from version \"{version}\" of artifact \"{artifact}\""
                )
            }
        }
    }
}

/// What the commit of a version says, as JSON shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct EnrichmentReport {
    /// Always 0, as in the Python tool.
    pub priority: u8,
    /// Always true, as there.
    pub addition: bool,
    /// Whose version it is.
    pub artifact: ArtifactName,
    /// When it was committed.
    pub created_at: Timestamp,
    /// Who wrote it.
    pub author: Arc<str>,
    /// And their address.
    pub author_email: Arc<str>,
    /// What they said.
    pub message: String,
    /// The commit.
    pub commit_hexsha: ObjectId,
    /// The version on it.
    pub version: VersionLabel,
    /// What annotation files say, one entry for each source.
    pub enrichments: Vec<SourceReport>,
    /// Who committed it.
    pub committer: Arc<str>,
    /// And their address.
    pub committer_email: Arc<str>,
}

/// What one kind of annotation file says, in the words of that kind of file.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceReport(pub Sourced);

impl Serialize for SourceReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Sourced { source, annotation, .. } = &self.0;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("source", source)?;
        match source {
            Source::Gto => map.serialize_entry("artifact", annotation)?,
            Source::Dvc => map.serialize_entry("artifact", &DvcArtifact::new(annotation))?,
        }
        map.end()
    }
}

/// An annotation with the keys of `dvc.yaml`, and the defaults of DVC.
#[derive(serde::Serialize)]
struct DvcArtifact<'a> {
    path: Option<&'a str>,
    desc: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    labels: &'a [String],
    meta: Cow<'a, serde_json::Value>,
}

impl<'a> DvcArtifact<'a> {
    fn new(annotation: &'a Annotation) -> Self {
        Self {
            path: annotation.path.as_deref(),
            desc: Some(annotation.description.as_str()).filter(|text| !text.is_empty()),
            kind: annotation.kind.as_deref(),
            labels: &annotation.labels,
            meta: match &annotation.custom {
                serde_json::Value::Null => Cow::Owned(serde_json::Value::Object(serde_json::Map::new())),
                custom => Cow::Borrowed(custom),
            },
        }
    }
}

impl EnrichmentReport {
    /// What the commit of a version says.
    pub fn new(version: VersionView<'_>, enrichment: &Enrichment) -> Self {
        let commit = &enrichment.commit;
        Self {
            priority: 0,
            addition: true,
            artifact: version.artifact().name().clone(),
            created_at: commit.committer.time,
            author: commit.author.name.clone(),
            author_email: commit.author.email.clone(),
            message: commit.message.clone(),
            commit_hexsha: commit.id,
            version: version.label().clone(),
            enrichments: enrichment.annotations.iter().cloned().map(SourceReport).collect(),
            committer: commit.committer.name.clone(),
            committer_email: commit.committer.email.clone(),
        }
    }
}

/// A version of an artifact, as `show NAME --json` shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct VersionReport {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The commit that the version is bound to.
    pub commit_hexsha: ObjectId,
    /// What the version is called.
    pub version: VersionLabel,
    /// What its commit says.
    pub enrichments: Vec<EnrichmentReport>,
    /// Its registrations, oldest first.
    pub registrations: Vec<EventReport>,
    /// Its deregistrations, oldest first.
    pub deregistrations: Vec<EventReport>,
    /// The stages that it shows.
    pub stages: Vec<StageReport>,
    /// Whether it is in use: not deregistered.
    pub is_active: bool,
    /// When it came to be.
    pub activated_at: Option<Timestamp>,
    /// When it was registered last, or else when anything was last said of it.
    pub created_at: Option<Timestamp>,
    /// Who did.
    pub author: Option<Arc<str>>,
    /// And their address.
    pub author_email: Option<Arc<str>>,
    /// And what they said.
    pub message: Option<String>,
    /// The tag that did, or the commit.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Whether nobody ever registered or deregistered it.
    pub discovered: bool,
    /// What the signatures of the tags that it shows are worth, if that was asked for: the worst of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

impl VersionReport {
    /// The report of a version with the stages that it shows.
    pub fn new(version: VersionView<'_>, stages: &[StageView<'_>]) -> Self {
        let authoring = version.authoring();
        let signature = authoring.map(|a| a.signature().clone());
        let event = |event: &Event| EventReport::new(event, Some(version));
        Self {
            artifact: version.artifact().name().clone(),
            commit_hexsha: version.commit(),
            version: version.label().clone(),
            enrichments: version.enrichment().iter().map(|e| EnrichmentReport::new(version, e)).collect(),
            registrations: version.registrations().map(event).collect(),
            deregistrations: version.deregistrations().map(event).collect(),
            stages: stages.iter().map(StageReport::new).collect(),
            is_active: version.is_active(),
            activated_at: version.activated().map(|a| a.time()),
            created_at: authoring.map(|a| a.time()),
            author: signature.as_ref().map(|s| s.name.clone()),
            author_email: signature.map(|s| s.email),
            message: authoring.map(|a| a.message().to_owned()),
            reference: authoring.map(|a| a.reference()),
            discovered: version.is_discovered(),
            verified: None,
        }
    }

    /// What the commit of the version says of the artifact, if that was read.
    pub fn annotation(&self) -> Option<&Annotation> {
        let sources = self.enrichments.iter().flat_map(|enrichment| &enrichment.enrichments);
        sources
            .map(|source| &source.0)
            .max_by_key(|sourced| sourced.source)
            .map(|sourced| &sourced.annotation)
    }

    /// The version for tables: a commit id is shortened.
    pub fn short_version(&self) -> String {
        self.version.short()
    }

    /// The ref for tables: a commit id is shortened.
    pub fn short_reference(&self) -> String {
        let reference = self.reference.clone().unwrap_or_default();
        reference.parse::<ObjectId>().map_or(reference, |id| id.short().to_string())
    }

    /// The stages, as a table cell.
    pub fn stage_names(&self) -> String {
        let names: Vec<&str> = self.stages.iter().map(|stage| stage.stage.as_str()).collect();
        names.join(", ")
    }
}

/// A stage of a version, as `show NAME --json` shows it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct StageReport {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The commit of the version.
    pub commit_hexsha: ObjectId,
    /// The version.
    pub version: VersionLabel,
    /// The stage.
    pub stage: StageName,
    /// Its assignments to the stage, oldest first.
    pub assignments: Vec<EventReport>,
    /// Those that took it out again, oldest first.
    pub unassignments: Vec<EventReport>,
    /// Whether it is in the stage.
    pub is_active: bool,
    /// Since when, if it is.
    pub activated_at: Option<Timestamp>,
    /// When it was assigned last.
    pub created_at: Option<Timestamp>,
    /// Who did.
    pub author: Option<Arc<str>>,
    /// And their address.
    pub author_email: Option<Arc<str>>,
    /// And what they said.
    pub message: Option<String>,
    /// The tag of the newest assignment.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// What its signature is worth, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

impl StageReport {
    fn new(stage: &StageView<'_>) -> Self {
        let version = stage.version();
        let newest = stage.assignments().next_back();
        let event = |event: &Event| EventReport::with_kind(event, version);
        Self {
            artifact: version.artifact().name().clone(),
            commit_hexsha: version.commit(),
            version: version.label().clone(),
            stage: stage.stage().clone(),
            assignments: stage.assignments().map(event).collect(),
            unassignments: stage.unassignments().map(event).collect(),
            is_active: stage.is_active(),
            activated_at: newest.filter(|_| stage.is_active()).map(|e| e.tagger.time),
            created_at: newest.map(|e| e.tagger.time),
            author: newest.map(|e| e.tagger.name.clone()),
            author_email: newest.map(|e| e.tagger.email.clone()),
            message: newest.map(|e| e.message.clone()),
            reference: newest.map(|e| e.tag.clone()),
            verified: None,
        }
    }
}

/// One entry of the journal. There may be a million of them, so that they share what they can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryReport {
    /// When.
    pub timestamp: Timestamp,
    /// Whose event.
    pub artifact: ArtifactName,
    /// What happened.
    pub event: EventKind,
    /// The version; `None` for a deprecation.
    pub version: Option<Arc<VersionLabel>>,
    /// The stage, if the event has one.
    pub stage: Option<StageName>,
    /// The commit that the tag is on.
    pub commit: ObjectId,
    /// The tagger's name.
    pub author: Arc<str>,
    /// The tagger's address.
    pub author_email: Arc<str>,
    /// The tag's message; empty if it was not asked for.
    pub message: Box<str>,
    /// The tag.
    pub reference: Box<str>,
}

impl HistoryReport {
    /// The entries of one artifact.
    pub fn of(artifact: Artifact, options: &HistoryOptions) -> Vec<Self> {
        let mut entries = Vec::with_capacity(artifact.events().len());
        entries.extend(query::journal(artifact, options).map(|(event, version)| Self::new(event, version)));
        entries.shrink_to_fit();
        entries
    }

    fn new(event: Event, version: Option<Arc<VersionLabel>>) -> Self {
        let kind = event.kind();
        let Event { tag, name, commit, tagger, message, .. } = event;
        let stage = match name.action {
            Action::Assign(stage) | Action::Unassign(stage) => Some(stage),
            _ => None,
        };
        Self {
            timestamp: tagger.time,
            artifact: name.artifact,
            event: kind,
            version,
            stage,
            commit,
            author: tagger.name,
            author_email: tagger.email,
            message: message.into(),
            reference: tag.into(),
        }
    }
}

/// The journal: the entries of all artifacts in order. There may be a million of them, so that they stay where they
/// were made, artifact by artifact, and only their places are sorted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    artifacts: Vec<Vec<HistoryReport>>,
    order: Vec<(u32, u32)>,
    /// What the commit of an entry says of its artifact, if that was asked for.
    annotations: HashMap<(ObjectId, ArtifactName), Option<Sourced>>,
}

impl History {
    /// The journal of these artifacts, each with its entries oldest first, in the order that `options` want.
    pub fn new(artifacts: Vec<Vec<HistoryReport>>, options: &HistoryOptions) -> Self {
        // By time; within a second events stay together by artifact, in the artifact's own order. The keys hold all that
        // decides, since looking up a million entries in this order costs more than sorting them.
        let mut by_name: Vec<u32> = (0..).zip(&artifacts).map(|(i, _)| i).collect();
        by_name.sort_by_key(|&i| artifacts[i as usize].first().map(|entry| &entry.artifact));
        let mut keys = Vec::with_capacity(artifacts.iter().map(Vec::len).sum());
        for (rank, i) in (0_u32..).zip(by_name) {
            let entries = (0_u32..).zip(&artifacts[i as usize]);
            keys.extend(entries.map(|(k, entry)| (entry.timestamp.seconds(), rank, k, i)));
        }
        sort_in_halves(&mut keys);
        if !options.ascending {
            keys.reverse();
        }
        let order = keys.into_iter().take(options.limit.unwrap_or(usize::MAX)).map(|(_, _, k, i)| (i, k));
        Self { order: order.collect(), artifacts, annotations: HashMap::new() }
    }

    /// Takes in what the commits of the entries say of their artifacts; each is asked for once.
    pub(crate) fn annotate(&mut self, mut find: impl FnMut(&HistoryReport) -> Option<Sourced>) {
        let mut annotations = std::mem::take(&mut self.annotations);
        for entry in self.iter() {
            annotations.entry((entry.commit, entry.artifact.clone())).or_insert_with(|| find(entry));
        }
        self.annotations = annotations;
    }

    /// What the commit of an entry says of its artifact, if [`HistoryOptions::annotations`] asked for it.
    pub fn annotation(&self, entry: &HistoryReport) -> Option<&Annotation> {
        let found = self.annotations.get(&(entry.commit, entry.artifact.clone()))?;
        found.as_ref().map(|sourced| &sourced.annotation)
    }

    fn entry(&self, (artifact, place): (u32, u32)) -> &HistoryReport {
        &self.artifacts[artifact as usize][place as usize]
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &HistoryReport> + Clone {
        self.order.iter().map(|&place| self.entry(place))
    }

    /// The entries, in an order in which they are quickly read.
    pub fn iter_unordered(&self) -> impl Iterator<Item = &HistoryReport> {
        let is_whole = self.order.len() == self.artifacts.iter().map(Vec::len).sum::<usize>();
        let all = is_whole.then(|| self.artifacts.iter().flatten()).into_iter().flatten();
        let some = (!is_whole).then(|| self.iter()).into_iter().flatten();
        all.chain(some)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

/// Sorts on two processors, which is worth while for some ten thousand.
fn sort_in_halves<T: Ord + Send>(all: &mut [T]) {
    let (one, other) = all.split_at_mut(all.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| one.sort_unstable());
        other.sort_unstable();
    });
    // A stable sort sees that these are two sorted runs, and merges them.
    all.sort();
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Serialize for HistoryReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(11))?;
        map.serialize_entry("timestamp", &self.timestamp)?;
        map.serialize_entry("artifact", &self.artifact)?;
        map.serialize_entry("event", &self.event)?;
        map.serialize_entry("priority", &self.event.priority())?;
        map.serialize_entry("version", &self.version)?;
        map.serialize_entry("stage", &self.stage)?;
        map.serialize_entry("commit", &self.commit)?;
        map.serialize_entry("author", &self.author)?;
        map.serialize_entry("author_email", &self.author_email)?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("ref", &self.reference)?;
        map.end()
    }
}

/// The whole state, as `print-state` dumps it.
#[derive(Debug, Clone, Copy)]
pub struct StateReport<'a>(pub &'a State);

impl Serialize for StateReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let artifacts = self.0.artifacts().iter().map(|a| (a.name(), ArtifactDump::new(a)));
        let artifacts: indexed::Map<_, _> = indexed::Map(artifacts.collect());
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("artifacts", &artifacts)?;
        map.end()
    }
}

/// A map that keeps its order.
mod indexed {
    use serde::ser::{Serialize, Serializer};

    #[derive(Debug, Clone)]
    pub(super) struct Map<K, V>(pub(super) Vec<(K, V)>);

    impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }
}

#[derive(serde::Serialize)]
struct ArtifactDump {
    artifact: ArtifactName,
    versions: Vec<VersionDump>,
    /// Always empty: the format reserves creations, and nobody writes them.
    creations: [(); 0],
    deprecations: Vec<EventReport>,
}

impl ArtifactDump {
    fn new(artifact: &Artifact) -> Self {
        let deprecations = artifact.events().iter().filter(|event| event.kind() == EventKind::Deprecation);
        Self {
            artifact: artifact.name().clone(),
            versions: artifact.versions().map(VersionDump::new).collect(),
            creations: [],
            deprecations: deprecations.map(|event| EventReport::new(event, None)).collect(),
        }
    }
}

#[derive(serde::Serialize)]
struct VersionDump {
    artifact: ArtifactName,
    commit_hexsha: ObjectId,
    version: VersionLabel,
    enrichments: Vec<EnrichmentReport>,
    registrations: Vec<EventReport>,
    deregistrations: Vec<EventReport>,
    stages: indexed::Map<StageName, StageDump>,
}

impl VersionDump {
    fn new(version: VersionView<'_>) -> Self {
        let event = |event: &Event| EventReport::new(event, Some(version));
        let stages = version.stages().map(|stage| (stage.stage().clone(), StageDump::new(&stage)));
        Self {
            artifact: version.artifact().name().clone(),
            commit_hexsha: version.commit(),
            version: version.label().clone(),
            enrichments: version.enrichment().iter().map(|e| EnrichmentReport::new(version, e)).collect(),
            registrations: version.registrations().map(event).collect(),
            deregistrations: version.deregistrations().map(event).collect(),
            stages: indexed::Map(stages.collect()),
        }
    }
}

#[derive(serde::Serialize)]
struct StageDump {
    artifact: ArtifactName,
    commit_hexsha: ObjectId,
    version: VersionLabel,
    stage: StageName,
    assignments: Vec<EventReport>,
    unassignments: Vec<EventReport>,
}

impl StageDump {
    fn new(stage: &StageView<'_>) -> Self {
        let version = stage.version();
        let event = |event: &Event| EventReport::new(event, Some(version));
        Self {
            artifact: version.artifact().name().clone(),
            commit_hexsha: version.commit(),
            version: version.label().clone(),
            stage: stage.stage().clone(),
            assignments: stage.assignments().map(event).collect(),
            unassignments: stage.unassignments().map(event).collect(),
        }
    }
}
