//! Where a path of a commit leads when links are followed, as a checkout of the commit would.
//!
//! Owns that walk within one tree. Must not read files other than links, nor look at the work tree.

use std::cell::Cell;

use crate::git::objects::tree::EntryKind;
use crate::git::{FileError, GitError, Repository};
use crate::object_id::ObjectId;

/// Git's own limit for a chain of links is the system's; this is Linux's.
const MAX_LINKS: usize = 40;

/// A longer target is none, in bytes.
const MAX_TARGET: usize = 4096;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The path without links; empty for the root.
    pub path: String,
    /// What is there, if there is anything.
    pub entry: Option<(ObjectId, Entry)>,
}

/// What is in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A commit of another repository.
    Submodule,
}

impl Repository {
    /// Follows a path, with slashes, from the root of a tree.
    ///
    /// # Errors
    /// [`GitError::Link`] if a link on the way leads out of the repository, or in a circle.
    pub fn place_of(&self, tree: ObjectId, path: &str) -> Result<Place, GitError> {
        let links = Cell::new(0);
        let wrong = |problem| GitError::Link { path: path.to_owned(), problem };
        let outside = || {
            wrong(match links.get() {
                0 => "leads out of the repository",
                _ => "is a link that leads out of the repository",
            })
        };
        let mut todo: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut folders: Vec<(String, ObjectId)> = Vec::new();
        if path.starts_with('/') {
            return Err(outside());
        }
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    folders.pop().ok_or_else(outside)?;
                    continue;
                }
                _ => {}
            }
            let folder = folders.last().map_or(tree, |(_, id)| *id);
            let found = self.entry(folder, &part)?;
            let entry = match found {
                Some((id, EntryKind::Folder)) => {
                    folders.push((part, id));
                    continue;
                }
                Some((id, EntryKind::Link)) => {
                    links.set(links.get() + 1);
                    let target = self.link_target(id)?.filter(|target| !target.starts_with('/'));
                    let target = target.ok_or_else(outside)?;
                    if links.get() > MAX_LINKS {
                        return Err(wrong("is a link that leads in a circle"));
                    }
                    todo.extend(target.split('/').rev().map(str::to_owned));
                    continue;
                }
                Some((id, EntryKind::File)) => Some((id, Entry::File)),
                Some((id, EntryKind::Submodule)) => Some((id, Entry::Submodule)),
                None => None,
            };
            let mut parts: Vec<String> = folders.into_iter().map(|(name, _)| name).collect();
            parts.push(part);
            let is_it = todo.iter().all(|part| matches!(part.as_str(), "" | "."));
            for part in todo.into_iter().rev() {
                match part.as_str() {
                    "" | "." => {}
                    ".." => drop(parts.pop().ok_or_else(outside)?),
                    _ => parts.push(part),
                }
            }
            return Ok(Place { path: parts.join("/"), entry: entry.filter(|_| is_it) });
        }
        let id = folders.last().map_or(tree, |(_, id)| *id);
        let names: Vec<String> = folders.into_iter().map(|(name, _)| name).collect();
        Ok(Place { path: names.join("/"), entry: Some((id, Entry::Folder)) })
    }

    /// The regular file that a link leads to.
    ///
    /// # Errors
    /// [`GitError::Link`] if it leads to none in the commit.
    pub fn file_through(&self, tree: ObjectId, path: &str) -> Result<ObjectId, GitError> {
        match self.place_of(tree, path)?.entry {
            Some((id, Entry::File)) => Ok(id),
            _ => Err(GitError::Link { path: path.to_owned(), problem: "is a link that leads to no file" }),
        }
    }

    /// Where a link leads, as it is written; `None` if that is no text, or longer than a link can be.
    pub fn link_target(&self, id: ObjectId) -> Result<Option<String>, GitError> {
        match self.file(id, "", MAX_TARGET) {
            Ok(target) => Ok(String::from_utf8(target).ok()),
            Err(FileError::TooLarge { .. }) => Ok(None),
            Err(FileError::Git(error)) => Err(error),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use gto_testkit::Repo;

    use super::*;
    use crate::git::test_repo::{id, open};

    #[test]
    fn a_path_is_followed_through_links_and_never_out_of_the_repository() {
        let repo = Repo::new();
        std::fs::create_dir_all(repo.path().join("a/b")).unwrap();
        for (target, link) in [
            ("store", "a/current"),
            ("../top", "a/up"),
            ("current/x", "a/file"),
            ("/etc/passwd", "away"),
            ("../x", "out"),
            ("loop", "loop"),
            ("a/absent", "dangling"),
        ] {
            symlink(target, repo.path().join(link)).unwrap();
        }
        repo.git_ok(&["add", "-A"]);
        let commit = id(&repo.commit(&[("a/store/x", "1"), ("top", "1")], "first"));
        let repository = open(&repo);
        let tree = repository.tree_of(commit).unwrap();
        for (path, expected, kind) in [
            ("", "", Some(Entry::Folder)),
            ("a/b/../store/x", "a/store/x", None),
            ("a/store/./x", "a/store/x", Some(Entry::File)),
            ("a/current", "a/store", Some(Entry::Folder)),
            ("a/current/../up", "top", Some(Entry::File)),
            ("a/file", "a/store/x", Some(Entry::File)),
            ("a/file/y", "a/store/x/y", None),
            ("top/../absent", "absent", None),
            ("a/current/data/m.pkl", "a/store/data/m.pkl", None),
            ("dangling", "a/absent", None),
        ] {
            let place = repository.place_of(tree, path).unwrap();
            // Where a folder is not in Git, `..` is taken by the letter.
            assert_eq!(place.path, expected, "{path}");
            assert_eq!(place.entry.map(|(_, kind)| kind), kind, "{path}");
        }
        for path in ["away", "out", "loop", "..", "a/../..", "/a", "a/absent/../../../x"] {
            assert!(matches!(repository.place_of(tree, path), Err(GitError::Link { .. })), "{path}");
        }
        for path in ["a/file", "a/up"] {
            let object = repo.git_ok(&["rev-parse", "HEAD:a/store/x"]);
            assert_eq!(repository.file_id_in(tree, path).unwrap(), Some(id(&object)), "{path}");
        }
        for path in ["away", "dangling", "a/current"] {
            assert!(matches!(repository.file_id_in(tree, path), Err(GitError::Link { .. })), "{path}");
        }
    }
}
