//! Reading a file of the work tree; of the index, where a sparse checkout has left it out; or of the current commit, where nothing
//! is checked out.
//!
//! A file that is merely absent was deleted, and counts as deleted.

use std::path::Path;

use crate::error::{Error, Result};
use crate::git::{Index, Repository, Staged};
use crate::registry::work_file::read_file_inside;

/// The files of a work tree.
pub(in crate::registry) struct CheckedOut<'r> {
    repository: &'r Repository,
    pub root: &'r Path,
    index: Index<'r>,
}

impl<'r> CheckedOut<'r> {
    /// Those of the work tree at `root`.
    pub fn new(repository: &'r Repository, root: &'r Path) -> Self {
        Self { repository, root, index: Index::of(repository) }
    }

    /// The content of a file, as [`read_file_inside`].
    pub fn read(&self, path: &str, max_size: usize) -> Result<Option<Vec<u8>>> {
        let file = self.root.join(path);
        match read_file_inside(self.root, &file, max_size)? {
            Some(bytes) => Ok(Some(bytes)),
            // As in commits: see `git::links`.
            None if file.is_symlink() => {
                let dangling = "it is a link that leads to no file";
                let source = std::io::Error::new(std::io::ErrorKind::NotFound, dangling);
                Err(Error::UnreadableFile { path: file, source })
            }
            None => match self.index.find(path)? {
                Staged::File { id, is_left_out: true } => Ok(Some(self.repository.file(id, path, max_size)?)),
                Staged::NoIndex => match self.repository.head_commit()? {
                    Some(head) => Ok(self.repository.file_at(head, path, max_size)?),
                    None => Ok(None),
                },
                _ => Ok(None),
            },
        }
    }

    /// Whether Git has the file, and leaves it out of the work tree.
    pub fn leaves_out(&self, path: &str) -> Result<bool> {
        if self.root.join(path).symlink_metadata().is_ok() {
            return Ok(false);
        }
        Ok(match self.index.find(path)? {
            Staged::File { is_left_out, .. } => is_left_out,
            Staged::NoIndex => match self.repository.head_commit()? {
                Some(head) => self.repository.file_id_at(head, path)?.is_some(),
                None => false,
            },
            Staged::Nothing | Staged::Link => false,
        })
    }
}
