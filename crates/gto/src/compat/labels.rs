//! Versions and commits as text.

use crate::object_id::ObjectId;
use crate::version::VersionLabel;

/// How ids of commits are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// All their digits.
    Full,
    /// Their first seven.
    Short,
}

impl Ids {
    /// The name of a version.
    pub(super) fn version(self, version: &VersionLabel) -> String {
        match self {
            Self::Full => version.to_string(),
            Self::Short => version.short(),
        }
    }

    /// A commit.
    pub(super) fn commit(self, id: ObjectId) -> String {
        match self {
            Self::Full => id.to_string(),
            Self::Short => id.short().to_string(),
        }
    }
}
