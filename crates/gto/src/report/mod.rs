//! The answers of the registry as values: what every front end renders, and what `gto.Registry` of the Python package and
//! an API give.
//!
//! Owns the names of their fields. What the commands print as JSON has the shapes of the Python tool: see [`crate::compat`].
//! Must not print.

mod annotation;
mod event;
mod history;
mod pipeline;
mod registry;
mod schema;
mod version;

pub use annotation::AnnotationReport;
pub use event::EventReport;
pub use history::History;
pub use pipeline::PipelineEvent;
pub use registry::{ArtifactReport, ArtifactSummary, RegistryReport};
pub use schema::Schema;
pub use version::{AssignmentReport, ComparedVersions, VersionReport, VersionsReport};
