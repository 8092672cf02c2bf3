//! What a registry adds up to, as the classes of `gto.base` are made of it.
//!
//! Owns these shapes: the fields of the Python tool's `model_dump()`, and with each event its place among all events of its
//! artifact, since lists by kind lose the order of what happened within one second.

use std::collections::HashMap;

use gto::event::{Event, EventKind};
use gto::name::{ArtifactName, StageName};
use gto::object_id::ObjectId;
use gto::report::{EnrichmentReport, EventReport};
use gto::state::{Artifact, StageView, VersionView};
use gto::version::VersionLabel;
use serde::{Serialize, Serializer};

/// An event, and its place among all events of its artifact.
#[derive(Debug, Serialize)]
pub struct Ordered {
    #[serde(flatten)]
    event: EventReport,
    order: usize,
}

/// The places of an artifact's events.
pub struct Places<'a>(HashMap<&'a str, usize>);

impl<'a> Places<'a> {
    /// Of all events of the artifact.
    pub fn of(artifact: &'a Artifact) -> Self {
        Self(artifact.events().iter().enumerate().map(|(place, event)| (event.tag.as_str(), place)).collect())
    }

    fn event(&self, event: &Event, owner: Option<VersionView<'_>>) -> Ordered {
        let order = self.0.get(event.tag.as_str()).copied().unwrap_or_default();
        Ordered { event: EventReport::new(event, owner), order }
    }
}

/// An artifact.
#[derive(Debug, Serialize)]
pub struct ArtifactState {
    artifact: ArtifactName,
    versions: Vec<VersionState>,
    /// Always empty: the format reserves creations, but nothing writes them.
    creations: [(); 0],
    deprecations: Vec<Ordered>,
}

impl ArtifactState {
    /// The state of an artifact.
    pub fn new(artifact: &Artifact) -> Self {
        let places = Places::of(artifact);
        let deprecations = artifact.events().iter().filter(|event| event.kind() == EventKind::Deprecation);
        Self {
            artifact: artifact.name().clone(),
            versions: artifact.versions().map(|version| VersionState::new(version, &places)).collect(),
            creations: [],
            deprecations: deprecations.map(|event| places.event(event, None)).collect(),
        }
    }
}

/// A version.
#[derive(Debug, Serialize)]
pub struct VersionState {
    artifact: ArtifactName,
    commit_hexsha: ObjectId,
    version: VersionLabel,
    enrichments: Vec<EnrichmentReport>,
    registrations: Vec<Ordered>,
    deregistrations: Vec<Ordered>,
    #[serde(serialize_with = "by_stage")]
    stages: Vec<StageState>,
}

impl VersionState {
    /// The state of a version.
    pub fn new(version: VersionView<'_>, places: &Places<'_>) -> Self {
        let event = |event: &Event| places.event(event, Some(version));
        Self {
            artifact: version.artifact().name().clone(),
            commit_hexsha: version.commit(),
            version: version.label().clone(),
            enrichments: version.enrichment().iter().map(|e| EnrichmentReport::new(version, e)).collect(),
            registrations: version.registrations().map(event).collect(),
            deregistrations: version.deregistrations().map(event).collect(),
            stages: version.stages().map(|stage| StageState::new(&stage, places)).collect(),
        }
    }
}

fn by_stage<S: Serializer>(stages: &[StageState], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(stages.iter().map(|stage| (&stage.stage, stage)))
}

/// A stage of a version.
#[derive(Debug, Serialize)]
pub struct StageState {
    artifact: ArtifactName,
    commit_hexsha: ObjectId,
    version: VersionLabel,
    stage: StageName,
    assignments: Vec<Ordered>,
    unassignments: Vec<Ordered>,
}

impl StageState {
    /// The state of a stage of a version.
    pub fn new(stage: &StageView<'_>, places: &Places<'_>) -> Self {
        let version = stage.version();
        let event = |event: &Event| places.event(event, Some(version));
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
