//! The answers of the registry in the shapes of the Python tool: what the commands print as JSON, and what the functions of
//! `gto.api` give.
//!
//! Owns the names and the order of its keys. Each shape is made of a [`crate::report`] or of the state.

mod event;
mod history;
mod labels;
mod registry;
mod state;
mod version;

pub use event::EventJson;
pub use history::HistoryJson;
pub use labels::Ids;
pub use registry::RegistryJson;
pub use state::{ArtifactJson, Places, StateJson};
pub use version::{CommitJson, StageJson, VersionJson};
