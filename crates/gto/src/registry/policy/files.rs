//! The files of a policy, as a commit has them.

use crate::error::{Error, Result};
use crate::git::{FileError, GitError, Repository};
use crate::object_id::ObjectId;
use crate::policy::PolicyError;

/// The content of a file of a commit; `None` if the commit has none.
pub(super) fn file_of(
    repository: &Repository,
    commit: ObjectId,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>> {
    match repository.file_at(commit, path, limit) {
        Err(error @ (FileError::TooLarge { .. } | FileError::Git(GitError::Link { .. }))) => {
            Err(unusable(path, &error))
        }
        found => Ok(found?),
    }
}

/// The error of a file of the policy that cannot be used.
pub(super) fn unusable(path: &str, why: &impl std::fmt::Display) -> Error {
    Error::Policy(PolicyError { message: format!("'{path}': {why}"), line: 0, column: 0 })
}
