//! The entries of a tree.
//!
//! Owns reading one tree. Must not follow links, and must not know what the names mean.

use gix::objs::tree::{EntryKind as GixKind, EntryRef};
use gix::objs::{Kind, TreeRefIter};

use crate::git::{GitError, Repository, from_gix, lossy};
use crate::object_id::ObjectId;

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A regular file, executable or not.
    File,
    /// A tree.
    Folder,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl From<GixKind> for EntryKind {
    fn from(kind: GixKind) -> Self {
        match kind {
            GixKind::Blob | GixKind::BlobExecutable => Self::File,
            GixKind::Tree => Self::Folder,
            GixKind::Link => Self::Link,
            GixKind::Commit => Self::Submodule,
        }
    }
}

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    /// Its name; what is not UTF-8 in it is replaced, see `is_exact`.
    pub name: String,
    /// Whether `name` is all of it.
    pub is_exact: bool,
    /// What it is.
    pub kind: EntryKind,
    /// Whether it is a regular file that can be executed.
    pub is_executable: bool,
    /// Its object.
    pub id: ObjectId,
}

impl Repository {
    /// All entries of a tree, in Git's order.
    pub fn entries(&self, tree: ObjectId) -> Result<Vec<TreeEntry>, GitError> {
        let mut entries = Vec::new();
        self.each_entry_in(tree, |entry| {
            let kind = entry.mode.kind();
            entries.push(TreeEntry {
                name: lossy(entry.filename),
                is_exact: std::str::from_utf8(entry.filename).is_ok(),
                kind: kind.into(),
                is_executable: kind == GixKind::BlobExecutable,
                id: from_gix(entry.oid),
            });
        })?;
        Ok(entries)
    }

    /// The entry `name` of a tree, and what it is.
    pub fn entry(&self, tree: ObjectId, name: &str) -> Result<Option<(ObjectId, EntryKind)>, GitError> {
        let mut found = None;
        self.each_entry_in(tree, |entry| {
            if entry.filename == name {
                found = Some((from_gix(entry.oid), entry.mode.kind().into()));
            }
        })?;
        Ok(found)
    }

    /// Calls `visit` with the name, the kind and the id of each entry of a tree. Names that are not UTF-8 cannot be part of an
    /// artifact's path, and are passed over.
    pub fn each_entry(
        &self,
        tree: ObjectId,
        mut visit: impl FnMut(&str, EntryKind, &dyn Fn() -> ObjectId),
    ) -> Result<(), GitError> {
        self.each_entry_in(tree, |entry| {
            if let Ok(name) = std::str::from_utf8(entry.filename) {
                visit(name, entry.mode.kind().into(), &|| from_gix(entry.oid));
            }
        })
    }

    fn each_entry_in(&self, tree: ObjectId, mut visit: impl FnMut(&EntryRef<'_>)) -> Result<(), GitError> {
        let gix_id = self.to_gix(tree).ok_or(GitError::Missing { id: tree })?;
        let mut data = Vec::new();
        self.count_read(1);
        let mut read = self.read_object(&gix_id, &mut data);
        if matches!(read, Ok(None)) {
            // It may have to be fetched first.
            self.header(tree)?;
            read = self.read_object(&gix_id, &mut data);
        }
        match read.map_err(|error| GitError::broken_object(tree, error))? {
            Some(Kind::Tree) => {}
            Some(_) => return Err(GitError::WrongKind { id: tree, expected: "tree" }),
            None => return Err(GitError::Missing { id: tree }),
        }
        for entry in TreeRefIter::from_bytes(&data, gix_id.kind()) {
            visit(&entry.map_err(|error| GitError::broken_object(tree, error))?);
        }
        Ok(())
    }
}
