//! What the files of a commit say of an artifact, as a report has it.

use serde::Serialize;
use serde_json::Value;

use crate::annotation::{Annotation, Source, Sourced};

/// What an annotation file says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AnnotationReport<'a> {
    /// What it is, such as `model` or `dataset`.
    #[serde(rename = "type")]
    pub kind: Option<&'a str>,
    /// Where its file or folder is.
    pub path: Option<&'a str>,
    /// A description in prose.
    pub description: &'a str,
    /// Labels to search by.
    pub labels: &'a [String],
    /// Anything else.
    pub custom: &'a Value,
    /// The kind of file that says so.
    pub source: Source,
}

impl<'a> AnnotationReport<'a> {
    /// The report of an annotation.
    pub fn new(sourced: &'a Sourced) -> Self {
        let Sourced { source, annotation, .. } = sourced;
        let Annotation { kind, path, labels, description, custom, .. } = annotation;
        let (kind, path) = (kind.as_deref(), path.as_deref());
        Self { kind, path, description, labels, custom, source: *source }
    }
}
