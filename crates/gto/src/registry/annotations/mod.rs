//! Annotations of artifacts in files of the repository, and edits of them.

mod apply;
pub(super) mod checked_out;
pub(super) mod commits;
mod describe;
mod file;
mod migrate;
mod plan;

pub use describe::Description;
