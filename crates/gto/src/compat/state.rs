//! `print-state`: all that the events add up to.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use super::event::EventJson;
use super::version::{StageJson, VersionJson};
use crate::event::{Event, EventKind};
use crate::name::{ArtifactName, StageName};
use crate::report::{EventReport, VersionReport};
use crate::state::{Artifact, StageView, State, VersionView};

/// The whole state, as `print-state` dumps it.
#[derive(Debug, Clone, Copy)]
pub struct StateJson<'a>(pub &'a State);

impl Serialize for StateJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Dump<'a> {
            artifacts: Artifacts<'a>,
        }
        struct Artifacts<'a>(&'a [Artifact]);
        impl Serialize for Artifacts<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer
                    .collect_map(self.0.iter().map(|found| (found.name(), Places::default().artifact(found))))
            }
        }
        Dump { artifacts: Artifacts(self.0.artifacts()) }.serialize(serializer)
    }
}

/// An artifact in the state.
#[derive(Debug, Serialize)]
pub struct ArtifactJson {
    artifact: ArtifactName,
    versions: Vec<VersionJson>,
    /// Always empty: the format reserves creations, and nobody writes them.
    creations: [(); 0],
    deprecations: Vec<EventJson>,
}

/// Makes the parts of a state; with the places of an artifact's events among all of them, for those who sort the lists of
/// several kinds into one.
#[derive(Debug, Default)]
pub struct Places<'a>(HashMap<&'a str, usize>);

impl<'a> Places<'a> {
    /// Of all events of the artifact.
    pub fn of(artifact: &'a Artifact) -> Self {
        Self(artifact.events().iter().enumerate().map(|(place, event)| (event.tag.as_str(), place)).collect())
    }

    fn find(&self, tag: &str) -> Option<usize> {
        self.0.get(tag).copied()
    }

    /// An artifact.
    pub fn artifact(&self, artifact: &Artifact) -> ArtifactJson {
        let deprecations = artifact.events().iter().filter(|event| event.kind() == EventKind::Deprecation);
        let deprecation =
            |event: &Event| EventJson::new(EventReport::new(event.clone(), None)).at(self.find(&event.tag));
        ArtifactJson {
            artifact: artifact.name().clone(),
            versions: artifact.versions().map(|version| self.version(version)).collect(),
            creations: [],
            deprecations: deprecations.map(deprecation).collect(),
        }
    }

    /// A version.
    pub fn version(&self, version: VersionView<'_>) -> VersionJson {
        let stages: Vec<&StageName> = version.stages().map(|stage| stage.stage()).collect();
        VersionJson::ever(&report(version), &stages, &|tag| self.find(tag))
    }

    /// A stage of a version.
    pub fn stage(&self, stage: &StageView<'_>) -> StageJson {
        let version = report(stage.version());
        let events = version.events.iter().filter(|event| event.stage.as_ref() == Some(stage.stage()));
        StageJson::ever(&version, stage.stage().clone(), events.collect(), &|tag| self.find(tag))
    }
}

fn report(version: VersionView<'_>) -> VersionReport {
    VersionReport::new(version, &[]).with_events(version)
}
