//! The files of a commit, for those who hand them out: which there are, and their bytes.
//!
//! Owns the questions. Writes nothing but the file that it is given, and does not know where else content is kept.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};

use crate::dvc::hash::Out;
use crate::error::{Error, Result};
use crate::git::{BlobError, Entry, EntryKind, GitError, TreeEntry};
use crate::object_id::ObjectId;
use crate::registry::Registry;
use crate::registry::changes::content::Contents;
use crate::text::printable;

/// Deeper folders are not looked into.
const MAX_DEPTH: usize = 100;

/// With more files a folder is given up: identical folders may be in a tree without end.
const MAX_FILES: usize = 5_000_000;

/// What a commit has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitPath {
    /// The path from the root of the repository, without links on the way; empty for the root.
    pub path: String,
    /// What is there.
    pub content: CommitContent,
}

/// What a commit has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitContent {
    /// Nothing.
    Absent,
    /// A file.
    File(CommitFile),
    /// A folder, with all files in it and below, links and submodules among them.
    Folder(Vec<CommitFile>),
    /// A submodule: the commit of another repository.
    Submodule,
}

/// A file in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFile {
    /// The path from the root of the repository.
    pub path: String,
    /// What it is.
    pub kind: CommitFileKind,
    /// Its object; of a submodule, the commit.
    pub id: ObjectId,
}

/// What a file in a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFileKind {
    /// A regular file.
    Regular {
        /// Whether it can be executed.
        executable: bool,
    },
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Registry {
    /// What a commit has at a path from the root of the repository; links on the way are followed, as long as they stay in the
    /// commit.
    ///
    /// # Errors
    /// What keeps Git from reading it, and a link that leads out of the repository.
    pub fn files_at(&self, commit: ObjectId, path: &str) -> Result<CommitPath> {
        let mut found = self.follow(commit, path)?;
        if let CommitContent::Folder(files) = &mut found.content
            && let Some((id, _)) = self.repository.place_of(self.repository.tree_of(commit)?, path)?.entry
        {
            self.collect_files(&found.path, id, 0, files)?;
        }
        Ok(found)
    }

    /// Where a path of a commit leads when links are followed, from the root of the repository: the file, if there is one, and whether
    /// there is anything else.
    ///
    /// # Errors
    /// What keeps Git from reading it, and a link that leads out of the repository.
    pub fn follow(&self, commit: ObjectId, path: &str) -> Result<CommitPath> {
        let tree = self.repository.tree_of(commit)?;
        let place = self.repository.place_of(tree, path)?;
        let content = match place.entry {
            None => CommitContent::Absent,
            Some((_, Entry::Submodule)) => CommitContent::Submodule,
            Some((_, Entry::File)) => self.file_entry(tree, &place.path)?,
            Some((_, Entry::Folder)) => CommitContent::Folder(Vec::new()),
        };
        Ok(CommitPath { path: place.path, content })
    }

    fn file_entry(&self, tree: ObjectId, path: &str) -> Result<CommitContent> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some((folder, Entry::Folder)) = self.repository.place_of(tree, folder)?.entry else {
            return Ok(CommitContent::Absent);
        };
        let entries = self.repository.entries(folder)?;
        let entry = entries.into_iter().find(|entry| entry.is_exact && entry.name == name);
        Ok(entry.map_or(CommitContent::Absent, |entry| CommitContent::File(file(path.to_owned(), &entry))))
    }

    fn collect_files(
        &self,
        folder: &str,
        tree: ObjectId,
        depth: usize,
        files: &mut Vec<CommitFile>,
    ) -> Result<()> {
        if depth > MAX_DEPTH || files.len() > MAX_FILES {
            return Err(unusable(folder, "has more files or folders in folders than can be looked at"));
        }
        let entries = self.repository.entries(tree)?;
        let below = |entry: &TreeEntry| entry.kind == EntryKind::Folder;
        self.repository.fetch_missing(&entries.iter().filter(|e| below(e)).map(|entry| entry.id).collect());
        for entry in entries {
            let slash = if folder.is_empty() { "" } else { "/" };
            let path = format!("{folder}{slash}{}", entry.name);
            if !entry.is_exact {
                return Err(unusable(&path, "has a name that is not UTF-8"));
            }
            match entry.kind {
                EntryKind::Folder => self.collect_files(&path, entry.id, depth + 1, files)?,
                _ => files.push(file(path, &entry)),
            }
        }
        Ok(())
    }

    /// Everything that DVC keeps outside Git in a commit.
    ///
    /// # Errors
    /// Why not all of it can be known.
    pub fn dvc_outs(&self, commit: ObjectId) -> Result<Vec<Out>> {
        let outs = Contents::new(self, self.files()?).outs(commit);
        outs.map_err(|message| Error::Git {
            message: format!("Cannot list what DVC keeps: {message}"),
            source: None,
        })
    }

    /// The content of a small file of a commit; `None` if there is none. `limit` is in bytes.
    ///
    /// # Errors
    /// What keeps Git from reading it, or that it is larger.
    pub fn read_file_at(&self, commit: ObjectId, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        Ok(self.repository.file_at(commit, path, limit)?)
    }

    /// Whether a file of the work tree, from its root, is the user's own, and has come with no commit.
    pub fn is_untracked(&self, path: &str) -> bool {
        self.repository.is_untracked(path)
    }

    /// Where a link of a commit leads, as it is written; `None` if that is no text, or longer than a link can be.
    pub fn link_target(&self, link: ObjectId) -> Result<Option<String>> {
        Ok(self.repository.link_target(link)?)
    }

    /// The size of a blob, unless it is not here yet, as in a partial clone.
    pub fn blob_size(&self, id: ObjectId) -> Option<u64> {
        self.repository.blob_size(id)
    }

    /// The content of a small blob.
    ///
    /// # Errors
    /// What keeps Git from reading it, or that it is larger than `limit`, in bytes.
    pub fn read_blob(&self, id: ObjectId, limit: usize) -> Result<Vec<u8>> {
        Ok(self.repository.file(id, &id.to_string(), limit)?)
    }

    /// Fetches those of these blobs in one go that a partial clone has left with its remote. What does not come is missed when it is
    /// read.
    pub fn fetch_blobs(&self, ids: &HashSet<ObjectId>) {
        if self.repository.is_partial() {
            self.repository.fetch_missing(ids);
        }
    }

    /// Writes a blob to a file that is empty, after a check that it is what its id names.
    ///
    /// # Errors
    /// The outer one is what keeps the file from being written; the inner one, Git's.
    pub fn write_blob(&self, id: ObjectId, file: &mut File) -> io::Result<Result<()>> {
        match self.repository.write_blob(id, file) {
            Ok(()) => Ok(Ok(())),
            Err(BlobError::Git(error)) => Ok(Err(error.into())),
            Err(BlobError::Write(error)) => Err(error),
        }
    }

    /// The id that this many bytes have as a blob of the repository; `None` if there are fewer, or more.
    ///
    /// # Errors
    /// What keeps `from` from being read.
    pub fn blob_id(&self, size: u64, from: &mut dyn Read) -> io::Result<Option<ObjectId>> {
        self.repository.blob_id(size, from)
    }

    /// The folder with what all work trees share: objects, and what Git LFS keeps.
    pub fn common_dir(&self) -> &std::path::Path {
        self.repository.common_dir()
    }

    /// The root of the work tree; `None` in a bare repository.
    pub fn work_dir(&self) -> Option<&std::path::Path> {
        self.repository.work_dir()
    }
}

fn file(path: String, entry: &TreeEntry) -> CommitFile {
    let kind = match entry.kind {
        EntryKind::Link => CommitFileKind::Link,
        EntryKind::Submodule => CommitFileKind::Submodule,
        _ => CommitFileKind::Regular { executable: entry.is_executable },
    };
    CommitFile { path, kind, id: entry.id }
}

fn unusable(path: &str, problem: &'static str) -> Error {
    GitError::Link { path: printable(path), problem }.into()
}
