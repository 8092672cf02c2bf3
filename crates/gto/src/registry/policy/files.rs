//! The files of a policy, as a commit has them.

use crate::error::{Error, Result};
use crate::git::{EntryKind, FileError, Repository};
use crate::object_id::ObjectId;
use crate::policy::PolicyError;

/// The content of a file of a commit; `None` if the commit has none. What is neither a regular file nor in regular folders is an error:
/// behind a link there could be a file that nobody guards.
pub(super) fn file_of(
    repository: &Repository,
    commit: ObjectId,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>> {
    let mut folder = repository.tree_of(commit)?;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        match (repository.entry(folder, part)?, parts.peek().is_none()) {
            (None, _) => break,
            (Some((id, EntryKind::Folder)), false) => folder = id,
            (Some((id, EntryKind::File)), true) => {
                return match repository.file(id, path, limit) {
                    Err(error @ FileError::TooLarge { .. }) => Err(unusable(path, &error)),
                    found => Ok(Some(found?)),
                };
            }
            (Some(_), true) => return Err(unusable(path, &"it is no regular file")),
            (Some(_), false) => return Err(unusable(path, &format!("'{part}' is no folder"))),
        }
    }
    Ok(None)
}

/// The error of a file of the policy that cannot be used.
pub(super) fn unusable(path: &str, why: &impl std::fmt::Display) -> Error {
    Error::Policy(PolicyError { message: format!("'{path}': {why}"), line: 0, column: 0 })
}
