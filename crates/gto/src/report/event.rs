//! An event of an artifact, as a report has it.

use std::sync::Arc;

use serde::Serialize;

use crate::event::{Event, EventKind};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::query::{self, HistoryOptions};
use crate::state::Artifact;
use crate::tag::Action;
use crate::time::Timestamp;
use crate::version::VersionLabel;

/// Something that happened to an artifact: one tag. There may be a million of them, so that they share what they can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventReport {
    /// When the tag was made.
    pub created_at: Timestamp,
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
    pub tag: Box<str>,
}

impl EventReport {
    /// The events of one artifact that are asked for.
    pub fn of(artifact: Artifact, options: &HistoryOptions) -> Vec<Self> {
        let mut entries = Vec::with_capacity(artifact.events().len());
        entries.extend(query::journal(artifact, options).map(|(event, version)| Self::new(event, version)));
        entries.shrink_to_fit();
        entries
    }

    /// The report of an event of this version.
    pub fn new(event: Event, version: Option<Arc<VersionLabel>>) -> Self {
        let kind = event.kind();
        let Event { tag, name, commit, tagger, message, .. } = event;
        let stage = match name.action {
            Action::Assign(stage) | Action::Unassign(stage) => Some(stage),
            _ => None,
        };
        Self {
            created_at: tagger.time,
            artifact: name.artifact,
            event: kind,
            version,
            stage,
            commit,
            author: tagger.name,
            author_email: tagger.email,
            message: message.into(),
            tag: tag.into(),
        }
    }

    /// The sentence that says what happened.
    pub fn sentence(&self) -> String {
        let artifact = &self.artifact;
        let version = self.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let stage = self.stage.as_ref().map(ToString::to_string).unwrap_or_default();
        match self.event {
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
