//! The index: what is staged, which of it is in the work tree or not.
//!
//! Owns finding one file in it. Must not change it.

use std::cell::OnceCell;
use std::fs;
use std::io;
use std::path::PathBuf;

use gix::bstr::{BStr, ByteSlice as _};
use gix::index::entry::{Flags, Mode};

use crate::git::{GitError, Repository, from_gix};
use crate::object_id::ObjectId;

/// The index of a repository, read when it is needed, and once.
pub(crate) struct Index<'r> {
    repository: &'r Repository,
    bytes: OnceCell<Vec<u8>>,
    file: OnceCell<Option<gix::index::File>>,
}

/// What the index has of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Staged {
    /// There is no index, as in a clone of which nothing is checked out.
    NoIndex,
    /// No file.
    Nothing,
    /// A file.
    File {
        /// Its content.
        id: ObjectId,
        /// Whether it is to be absent from the work tree, as a sparse checkout has it.
        is_left_out: bool,
    },
    /// A symbolic link.
    Link,
}

impl<'r> Index<'r> {
    /// The index of a repository.
    pub fn of(repository: &'r Repository) -> Self {
        Self { repository, bytes: OnceCell::new(), file: OnceCell::new() }
    }

    /// What it has of a path.
    pub fn find(&self, path: &str) -> Result<Staged, GitError> {
        if self.file.get().is_none() && !self.may_have(path)? {
            return Ok(Staged::Nothing);
        }
        let Some(file) = self.file()? else { return Ok(Staged::NoIndex) };
        if let Some(entry) = file.entry_by_path(BStr::new(path)) {
            let is_left_out = entry.flags.contains(Flags::SKIP_WORKTREE);
            return Ok(match entry.mode {
                Mode::FILE | Mode::FILE_EXECUTABLE => Staged::File { id: from_gix(&entry.id), is_left_out },
                Mode::SYMLINK => Staged::Link,
                _ => Staged::Nothing,
            });
        }
        // A sparse index has a folder in the place of all its files.
        for (end, _) in path.match_indices('/') {
            let (folder, rest) = path.split_at(end + 1);
            if let Some(entry) = file.entry_by_path(BStr::new(folder)).filter(|entry| entry.mode == Mode::DIR)
            {
                let id = self.repository.file_id_in(from_gix(&entry.id), rest)?;
                return Ok(id.map_or(Staged::Nothing, |id| Staged::File { id, is_left_out: true }));
            }
        }
        Ok(Staged::Nothing)
    }

    /// Whether it is worth reading: most repositories have no such file, and an index can be large.
    fn may_have(&self, path: &str) -> Result<bool, GitError> {
        let bytes = match self.bytes.get() {
            Some(bytes) => bytes,
            None => match fs::read(self.repository.index_file()) {
                Ok(bytes) => self.bytes.get_or_init(|| bytes),
                // That there is none is found out again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
                Err(error) => return Err(unreadable(error)),
            },
        };
        // Since version 4 paths are stored in parts, and what is in another file or a folder (`link`, `sdir`) is not in this one.
        let is_plain = matches!(bytes.get(4..8), Some([0, 0, 0, 2 | 3]))
            && !["link", "sdir"].iter().any(|extension| bytes.contains_str(extension));
        Ok(!is_plain || bytes.contains_str(path))
    }

    fn file(&self) -> Result<Option<&gix::index::File>, GitError> {
        if let Some(file) = self.file.get() {
            return Ok(file.as_ref());
        }
        let path = self.repository.index_file();
        let read = if path.exists() {
            let options = gix::index::decode::Options::default();
            let hash = self.repository.gix().object_hash();
            Some(gix::index::File::at(path, hash, true, options).map_err(unreadable)?)
        } else {
            None
        };
        Ok(self.file.get_or_init(|| read).as_ref())
    }
}

impl Repository {
    /// The file with the index.
    fn index_file(&self) -> PathBuf {
        let elsewhere = self.environment.variable_os("GIT_INDEX_FILE").filter(|file| !file.is_empty());
        let elsewhere = elsewhere.filter(|_| self.inherited.counts);
        elsewhere.map_or_else(|| self.git_dir().join("index"), |file| self.root().join(file))
    }

    /// Whether there is an index.
    pub fn has_index(&self) -> bool {
        self.index_file().exists()
    }

    /// How files of a sparse checkout are chosen: by folders (`Some(true)`), by patterns (`Some(false)`), or `None` if it is no
    /// sparse checkout.
    pub fn sparse_by_folders(&self) -> Option<bool> {
        let config = self.gix().config_snapshot();
        let is_sparse = config.boolean("core.sparseCheckout").unwrap_or(false);
        is_sparse.then(|| config.boolean("core.sparseCheckoutCone").unwrap_or(true))
    }
}

fn unreadable(error: impl Into<crate::git::Cause>) -> GitError {
    GitError::failed("read the index", error)
}
