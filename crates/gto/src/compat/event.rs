//! An event, as it is listed with its artifact, its version or its stage, and as `check-ref` shows it.

use std::sync::Arc;

use serde::Serialize;

use crate::event::EventKind;
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::report::EventReport;
use crate::time::Timestamp;
use crate::version::VersionLabel;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventJson {
    /// The Python tool's rank of the kind; left out by `check-ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    /// Whether the event adds something; left out by `check-ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    addition: Option<bool>,
    artifact: ArtifactName,
    created_at: Timestamp,
    author: Arc<str>,
    author_email: Arc<str>,
    message: Box<str>,
    commit_hexsha: ObjectId,
    tag: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Arc<VersionLabel>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<StageName>,
    /// The kind; left out where its place says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventKind>,
    /// The place among all events of the artifact, for those who sort lists of several kinds into one.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<usize>,
}

impl EventJson {
    /// An event in a list of its kind.
    pub fn new(event: EventReport) -> Self {
        Self {
            priority: Some(event.event.priority()),
            addition: Some(event.event.is_addition()),
            artifact: event.artifact,
            created_at: event.created_at,
            author: event.author,
            author_email: event.author_email,
            message: event.message,
            commit_hexsha: event.commit,
            tag: event.tag,
            version: event.version,
            stage: event.stage,
            event: None,
            order: None,
        }
    }

    /// An event that says of which kind it is.
    pub fn with_kind(event: EventReport) -> Self {
        let kind = event.event;
        Self { event: Some(kind), ..Self::new(event) }
    }

    /// An event as `check-ref` shows it.
    pub fn checked(event: EventReport) -> Self {
        Self { priority: None, addition: None, ..Self::with_kind(event) }
    }

    pub(super) fn at(self, order: Option<usize>) -> Self {
        Self { order, ..self }
    }
}
