//! The registry as a table: one row for each artifact.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::annotation::AnnotationReport;
use super::schema::Schema;
use crate::annotation::Sourced;
use crate::name::{ArtifactName, StageName};
use crate::query::{self, ShowOptions, ShownStage};
use crate::state::{Appearance, Artifact};
use crate::version::VersionLabel;

/// The registry: one row for each artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegistryReport {
    /// The number of this shape.
    pub schema: Schema,
    /// The stages that have a column.
    pub stages: Vec<StageName>,
    /// The artifacts, in the order in which the Python tool's JSON has them.
    pub artifacts: Vec<ArtifactReport>,
}

/// One artifact in the registry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArtifactReport {
    /// Its name.
    pub name: ArtifactName,
    /// Its highest active version.
    pub latest: Option<VersionLabel>,
    /// For each column of the report the versions in that stage.
    #[serde(serialize_with = "in_order")]
    pub stages: Vec<(StageName, Vec<VersionLabel>)>,
    /// Whether there is any event; if not, it is only annotated.
    pub registered: bool,
    /// Whether it is in use: not deprecated.
    pub active: bool,
    /// What the current commit says of it, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "annotation")]
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
        Self { schema: Schema, stages, artifacts }
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

/// A map that keeps its order.
fn in_order<S: Serializer>(
    stages: &[(StageName, Vec<VersionLabel>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(stages.iter().map(|(stage, versions)| (stage, versions)))
}

#[allow(clippy::ref_option, reason = "serde hands over the field")]
fn annotation<S: Serializer>(found: &Option<Sourced>, serializer: S) -> Result<S::Ok, S::Error> {
    found.as_ref().map(AnnotationReport::new).serialize(serializer)
}
