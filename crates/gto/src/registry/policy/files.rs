//! The files of a policy, as a commit has them.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::git::{EntryKind, FileError, GitError, Repository};
use crate::object_id::ObjectId;
use crate::policy::{Policy, PolicyError};

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

/// Fetches what a partial clone lacks of the files of a policy, in one process for each level of folders.
pub(in crate::registry) fn fetch(
    repository: &Repository,
    commit: ObjectId,
) -> std::result::Result<(), GitError> {
    let root = repository.tree_of(commit)?;
    let (folder, keys) = Policy::KEYS_FOLDER.split_once('/').unwrap_or_default();
    let baseline = Policy::BASELINE_FILE.rsplit('/').next().unwrap_or_default();
    let below = fetch_entries(repository, root, &[Policy::FILE_NAME, folder])?;
    let Some(folder) = below else { return Ok(()) };
    let Some(keys) = fetch_entries(repository, folder, &[baseline, keys])? else { return Ok(()) };
    let mut files = HashSet::new();
    repository.each_entry(keys, |_, kind, id| {
        if kind == EntryKind::File {
            files.insert(id());
        }
    })?;
    repository.fetch_missing(&files);
    Ok(())
}

/// Fetches these entries of a folder, of which one is a folder: its tree.
fn fetch_entries(
    repository: &Repository,
    tree: ObjectId,
    names: &[&str],
) -> std::result::Result<Option<ObjectId>, GitError> {
    let (mut wanted, mut folder) = (HashSet::new(), None);
    repository.each_entry(tree, |name, kind, id| match kind {
        EntryKind::Folder if names.contains(&name) => {
            wanted.insert(id());
            folder = Some(id());
        }
        EntryKind::File if names.contains(&name) => {
            wanted.insert(id());
        }
        _ => {}
    })?;
    repository.fetch_missing(&wanted);
    Ok(folder)
}
