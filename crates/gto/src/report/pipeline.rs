//! What a pipeline needs to know about the tag that started it.

use crate::annotation::Annotation;
use crate::report::EventReport;
use crate::version::VersionLabel;

/// The event of a tag, with what was so before it, and what the commit says of the artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineEvent {
    /// The event.
    pub event: EventReport,
    /// What the stage showed immediately before; of a registration or a deregistration, the version before. `None` if there was
    /// none.
    pub previous_version: Option<VersionLabel>,
    /// The artifact's annotation in the event's commit, if it has one.
    pub annotation: Option<Annotation>,
}
