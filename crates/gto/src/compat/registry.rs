//! `show`: a map from names to artifacts.

use serde::{Serialize, Serializer};

use super::labels::Ids;
use crate::name::StageName;
use crate::report::{ArtifactReport, RegistryReport};
use crate::version::VersionLabel;

/// The registry as `show --json` has it.
#[derive(Debug, Clone, Copy)]
pub struct RegistryJson<'a>(pub &'a RegistryReport, pub Ids);

impl Serialize for RegistryJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report, ids) = self;
        serializer
            .collect_map(report.artifacts.iter().map(|artifact| (&artifact.name, Row::new(artifact, *ids))))
    }
}

#[derive(Serialize)]
struct Row<'a> {
    version: Option<String>,
    stage: Stages<'a>,
    registered: bool,
    active: bool,
}

impl<'a> Row<'a> {
    fn new(artifact: &'a ArtifactReport, ids: Ids) -> Self {
        Self {
            version: artifact.latest.as_ref().map(|version| ids.version(version)),
            stage: Stages(&artifact.stages, ids),
            registered: artifact.registered,
            active: artifact.active,
        }
    }
}

/// A text with the versions of each stage.
struct Stages<'a>(&'a [(StageName, Vec<VersionLabel>)], Ids);

impl Serialize for Stages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let joined = |versions: &[VersionLabel]| {
            let labels: Vec<String> = versions.iter().map(|version| self.1.version(version)).collect();
            (!labels.is_empty()).then(|| labels.join(", "))
        };
        serializer.collect_map(self.0.iter().map(|(stage, versions)| (stage, joined(versions))))
    }
}
