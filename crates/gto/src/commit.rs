//! What the registry shows of a Git commit.

use crate::object_id::ObjectId;
use crate::signature::Signature;

/// A commit: who wrote it and why. All text comes from the repository: untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Who wrote the change.
    pub author: Signature,
    /// Who made the commit; its time is the commit's.
    pub committer: Signature,
    /// The message, as stored.
    pub message: String,
}
