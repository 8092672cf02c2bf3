//! Changes of tags, and why none was made.

use std::path::PathBuf;

use crate::git::signatures::sign::SignError;
use crate::git::{Cause, GitError};
use crate::object_id::ObjectId;
use crate::signature::Signature;

/// One change of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagEdit {
    /// A new annotated tag. No ref may have its name.
    Create {
        /// The name without `refs/tags/`.
        name: String,
        /// The commit to tag.
        commit: ObjectId,
        /// Who tags, and when.
        tagger: Signature,
        /// The message. It gets a final newline if it has none.
        message: String,
    },
    /// Takes a tag away.
    Delete {
        /// The name without `refs/tags/`.
        name: String,
        /// What the ref must point to.
        expected: ObjectId,
    },
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// There is a tag of that name.
    #[error("tag `{name}` already exists")]
    Exists {
        /// The tag.
        name: String,
    },
    /// The tag is not, or no longer, what it was when the change was planned.
    #[error("tag `{name}` was changed by someone else")]
    Changed {
        /// The tag.
        name: String,
    },
    /// No tag can have that name.
    #[error("`{name}` cannot be the name of a tag")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// Names are paths: a tag `m` and a tag `m/x` cannot both be.
    #[error("tag `{name}` cannot be created beside tag `{by}`")]
    Blocked {
        /// The tag to create.
        name: String,
        /// The tag in its way.
        by: String,
    },
    /// The tagger's name is empty, or consists of characters that Git drops.
    #[error("the name of the tagger is empty")]
    EmptyTagger,
    /// Git takes in no pushed objects yet, and changes no refs until then.
    #[error("refs cannot be changed inside the quarantine of a push")]
    Quarantined,
    /// Git's times begin in 1970.
    #[error("a tag cannot be dated before 1970")]
    TooEarly,
    /// Another process keeps the refs locked, or left a lock behind when it died.
    #[error("the refs of the repository are locked by another process")]
    Locked {
        /// Which file is locked.
        #[source]
        source: Cause,
    },
    /// Some of the changes were made, and the others were not.
    #[error("a part was done: {}", made.join(" "))]
    Stopped {
        /// The tags that were created or deleted.
        made: Vec<String>,
        /// Why not the others.
        source: Box<ApplyError>,
    },
    /// A hook of the repository forbids it.
    #[error("a hook of the repository refused: {said}")]
    Hook {
        /// What it said, on one line. Untrusted.
        said: String,
    },
    /// This user may not write to the repository.
    #[error("no permission to write to `{}`", path.display())]
    PermissionDenied {
        /// The repository.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Cause,
    },
    /// A tag should be signed and cannot be.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Something else.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl TagEdit {
    /// The tag's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Create { name, .. } | Self::Delete { name, .. } => name,
        }
    }

    pub(in crate::git) fn commit(&self) -> Option<ObjectId> {
        match self {
            Self::Create { commit, .. } => Some(*commit),
            Self::Delete { .. } => None,
        }
    }
}
