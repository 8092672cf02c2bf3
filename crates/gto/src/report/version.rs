//! A version of an artifact, and the stages that it is in.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::annotation::AnnotationReport;
use super::event::EventReport;
use super::schema::Schema;
use crate::annotation::{self, Annotation};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::signing::Verified;
use crate::state::{Enrichment, StageView, VersionView};
use crate::time::Timestamp;
use crate::version::VersionLabel;

/// The versions of one artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionsReport {
    /// The number of this shape.
    pub schema: Schema,
    /// Whether the artifact has any tag; if not, it is only annotated.
    pub registered: bool,
    /// Whether the artifact is in use: not deprecated.
    pub active: bool,
    /// The versions, highest first.
    pub versions: Vec<VersionReport>,
}

/// Two versions of an artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedVersions {
    /// The number of this shape.
    pub schema: Schema,
    /// The first.
    pub from: VersionReport,
    /// The one that it is compared with.
    pub to: VersionReport,
}

/// A version of an artifact, or an unregistered commit that something was said of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionReport {
    /// The artifact.
    pub artifact: ArtifactName,
    /// What the version is called.
    pub version: VersionLabel,
    /// The commit that the version is bound to.
    pub commit: ObjectId,
    /// When it was registered last, or else when anything was last said of it.
    pub created_at: Option<Timestamp>,
    /// Who did.
    pub author: Option<Arc<str>>,
    /// And their address.
    pub author_email: Option<Arc<str>>,
    /// And what they said.
    pub message: Option<String>,
    /// The tag that did, or the commit.
    pub tag: Option<String>,
    /// Whether it is in use: not deregistered.
    pub active: bool,
    /// Whether it was ever registered or deregistered.
    pub registered: bool,
    /// The stages that it shows.
    pub assignments: Vec<AssignmentReport>,
    /// What its commit says, if that was read; reports have the annotation that counts.
    #[serde(rename = "annotation", serialize_with = "annotation")]
    pub enrichment: Option<Enrichment>,
    /// What the signatures of the tags that it shows are worth, if that was asked for: the worst of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// When it came to be.
    #[serde(skip)]
    pub activated_at: Option<Timestamp>,
    /// All its events, oldest first, if they were asked for.
    #[serde(skip)]
    pub events: Vec<EventReport>,
}

#[allow(clippy::ref_option, reason = "serde hands over the field")]
fn annotation<S: Serializer>(found: &Option<Enrichment>, serializer: S) -> Result<S::Ok, S::Error> {
    let found = found.as_ref().and_then(|found| annotation::nearest(&found.annotations));
    found.map(AnnotationReport::new).serialize(serializer)
}

impl VersionReport {
    /// The report of a version with the stages that it shows.
    pub fn new(version: VersionView<'_>, stages: &[StageView<'_>]) -> Self {
        let authoring = version.authoring();
        let signature = authoring.map(|a| a.signature().clone());
        Self {
            artifact: version.artifact().name().clone(),
            version: version.label().clone(),
            commit: version.commit(),
            created_at: authoring.map(|a| a.time()),
            author: signature.as_ref().map(|s| s.name.clone()),
            author_email: signature.map(|s| s.email),
            message: authoring.map(|a| a.message().to_owned()),
            tag: authoring.map(|a| a.reference()),
            active: version.is_active(),
            registered: !version.is_discovered(),
            assignments: stages.iter().filter_map(AssignmentReport::new).collect(),
            enrichment: version.enrichment().cloned(),
            verified: None,
            activated_at: version.activated().map(|a| a.time()),
            events: Vec::new(),
        }
    }

    /// The same with all events of the version.
    #[must_use]
    pub fn with_events(mut self, version: VersionView<'_>) -> Self {
        let label = version.shared_label();
        let events = version.events().into_iter();
        self.events = events.map(|event| EventReport::new(event.clone(), Some(Arc::clone(&label)))).collect();
        self
    }

    /// What the commit of the version says of the artifact, if that was read.
    pub fn annotation(&self) -> Option<&Annotation> {
        let found = annotation::nearest(&self.enrichment.as_ref()?.annotations)?;
        Some(&found.annotation)
    }

    /// The version for tables: a commit id is shortened.
    pub fn short_version(&self) -> String {
        self.version.short()
    }

    /// The tag for tables: a commit id is shortened.
    pub fn short_tag(&self) -> String {
        let tag = self.tag.clone().unwrap_or_default();
        tag.parse::<ObjectId>().map_or(tag, |id| id.short().to_string())
    }

    /// The stages, as a table cell.
    pub fn stage_names(&self) -> String {
        let names: Vec<&str> = self.assignments.iter().map(|found| found.stage.as_str()).collect();
        names.join(", ")
    }
}

/// That a version is in a stage, and who put it there last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssignmentReport {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The stage.
    pub stage: StageName,
    /// The version.
    pub version: VersionLabel,
    /// The tag that assigned it.
    pub tag: String,
    /// When.
    pub created_at: Timestamp,
    /// Who did.
    pub author: Arc<str>,
    /// And their address.
    pub author_email: Arc<str>,
    /// And what they said.
    pub message: String,
    /// What the signature of the tag is worth, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

impl AssignmentReport {
    fn new(stage: &StageView<'_>) -> Option<Self> {
        let newest = stage.assignments().next_back()?;
        Some(Self {
            artifact: stage.version().artifact().name().clone(),
            stage: stage.stage().clone(),
            version: stage.version().label().clone(),
            tag: newest.tag.clone(),
            created_at: newest.tagger.time,
            author: newest.tagger.name.clone(),
            author_email: newest.tagger.email.clone(),
            message: newest.message.clone(),
            verified: None,
        })
    }
}
