//! A `packed-refs` that git refuses.

use std::path::PathBuf;

/// Why git refuses a file, in its words.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct DamagedPackedRefs {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}
