//! Finding the file `.gto`.
//!
//! Owns where it is looked for: in the work tree, then as Git looks for `.gitattributes`, in the index, from which a sparse
//! checkout may have left it out; where nothing is checked out, or there is no work tree, in the current commit.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::git::{Index, Repository, Staged};
use crate::object_id::ObjectId;
use crate::registry::work_file::read_file_inside;

/// Its path as messages show it, and its contents.
type Found = Option<(String, Vec<u8>)>;

/// Reads it, if there is one.
pub(super) fn read(repository: &Repository) -> Result<Found> {
    let Some(root) = repository.work_dir() else { return committed(repository) };
    let path = root.join(Config::FILE_NAME);
    if let Some(bytes) = read_file_inside(root, &path, Config::MAX_FILE_SIZE)? {
        return Ok(Some((path.display().to_string(), bytes)));
    }
    if path.is_symlink() {
        let source = io::Error::new(ErrorKind::NotFound, "it is a link that leads to no file");
        return Err(Error::UnreadableFile { path, source });
    }
    match Index::of(repository).find(Config::FILE_NAME)? {
        Staged::Nothing => Ok(None),
        // What it leads to is found in the commit.
        Staged::NoIndex | Staged::Link => committed(repository),
        Staged::File { id, .. } => {
            let bytes = repository.file(id, Config::FILE_NAME, Config::MAX_FILE_SIZE)?;
            Ok(Some((format!(":{}", Config::FILE_NAME), bytes)))
        }
    }
}

/// What `HEAD` names, if the file is that of the current commit: then it is the same as long as this is.
pub(super) fn head_with_file(repository: &Repository) -> Option<ObjectId> {
    let is_none = |root: &Path| {
        root.join(Config::FILE_NAME)
            .symlink_metadata()
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    let is_committed = repository.work_dir().is_none_or(|root| !repository.has_index() && is_none(root));
    if is_committed { repository.head_object().ok().flatten() } else { None }
}

fn committed(repository: &Repository) -> Result<Found> {
    let Some(head) = repository.head_commit()? else { return Ok(None) };
    let bytes = repository.file_at(head, Config::FILE_NAME, Config::MAX_FILE_SIZE)?;
    Ok(bytes.map(|bytes| (format!("HEAD:{}", Config::FILE_NAME), bytes)))
}
