//! Commits and the files in them.
//!
//! Owns reading one commit and one file of its tree. Must not walk history.

use gix::objs::Kind;

use crate::commit::Commit;
use crate::git::objects::text::{Ident, Parts};
use crate::git::objects::tree::EntryKind;
use crate::git::{GitError, OBJECT_LIMIT, Repository, lossy};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::time::Timestamp;

/// Why a file of a commit cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The file is larger than the caller will take.
    #[error("`{path}` is too large: {size} bytes, while {limit} are the limit")]
    TooLarge {
        /// The path in the commit.
        path: String,
        /// How large it is.
        size: u64,
        /// What the caller will take.
        limit: usize,
    },
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// Reads a commit.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        Ok(self.commit_with_tree(id)?.0)
    }

    /// Reads a commit, and which tree it has.
    pub fn commit_with_tree(&self, id: ObjectId) -> Result<(Commit, ObjectId), GitError> {
        let data = self.commit_data(id)?;
        let parts = Parts::of(&data);
        let commit = Commit {
            id,
            author: signature(parts.field("author")),
            committer: signature(parts.field("committer")),
            message: lossy(parts.body),
        };
        let tree = parts.id("tree").ok_or(GitError::WrongKind { id, expected: "commit" })?;
        Ok((commit, tree))
    }

    /// When a commit was made, in seconds since 1970, and its first parent.
    pub(in crate::git) fn commit_step(&self, id: ObjectId) -> Result<(i64, Option<ObjectId>), GitError> {
        let data = self.commit_data(id)?;
        let parts = Parts::of(&data);
        Ok((signature(parts.field("committer")).time.seconds(), parts.id("parent")))
    }

    /// The tree of a commit.
    pub fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        let data = self.commit_data(commit)?;
        Parts::of(&data).id("tree").ok_or(GitError::WrongKind { id: commit, expected: "commit" })
    }

    /// The content of the regular file at `path`, with slashes, in the tree of `commit`; `None` if there is none.
    /// `limit` is in bytes.
    pub fn file_at(&self, commit: ObjectId, path: &str, limit: usize) -> Result<Option<Vec<u8>>, FileError> {
        match self.file_id_at(commit, path)? {
            Some(id) => self.file(id, path, limit).map(Some),
            None => Ok(None),
        }
    }

    /// The id of the regular file at `path`, with slashes, in the tree of `commit`; `None` if there is none. Links are followed.
    ///
    /// # Errors
    /// [`GitError::Link`] for one that leads to no file of the commit.
    pub fn file_id_at(&self, commit: ObjectId, path: &str) -> Result<Option<ObjectId>, GitError> {
        self.file_id_in(self.tree_of(commit)?, path)
    }

    /// As [`Repository::file_id_at`], of a tree.
    pub fn file_id_in(&self, tree: ObjectId, path: &str) -> Result<Option<ObjectId>, GitError> {
        let mut folder = tree;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            match self.entry(folder, part)? {
                Some((id, EntryKind::File)) => return Ok(parts.peek().is_none().then_some(id)),
                Some((id, EntryKind::Folder)) => folder = id,
                Some((_, EntryKind::Link)) => return self.file_through(tree, path).map(Some),
                _ => break,
            }
        }
        Ok(None)
    }

    /// The content of a file by its id; `path` is for the error.
    pub fn file(&self, id: ObjectId, path: &str, limit: usize) -> Result<Vec<u8>, FileError> {
        let limit = limit.min(OBJECT_LIMIT);
        let (_, size) = self.header(id)?;
        if usize::try_from(size).is_ok_and(|size| size <= limit) {
            let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
            let mut data = Vec::new();
            return match self.read_object(&gix_id, &mut data) {
                Ok(Some(_)) => Ok(data),
                Ok(None) => Err(GitError::Missing { id }.into()),
                Err(error) => Err(GitError::broken_object(id, error).into()),
            };
        }
        Err(FileError::TooLarge { path: path.to_owned(), size, limit })
    }

    /// As [`Repository::file`] for many files of a history: looked at once each, and what is too large is known when it is read.
    pub fn small_file(&self, id: ObjectId, limit: usize, data: &mut Vec<u8>) -> bool {
        self.count_read(1);
        let read = |data: &mut Vec<u8>| {
            let found = self.to_gix(id).map(|id| self.read_object(&id, data));
            matches!(found, Some(Ok(Some(Kind::Blob))))
        };
        // It may have to be fetched first.
        (read(data) || (self.header(id).is_ok() && read(data))) && data.len() <= limit
    }

    /// Refuses a commit that git would refuse to read, as one that is not the one its id names.
    pub(in crate::git) fn check_commit(&self, id: ObjectId) -> Result<(), GitError> {
        let data = self.commit_data(id)?;
        let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
        if self.is_intact(&gix_id, Kind::Commit, &data) {
            return Ok(());
        }
        Err(GitError::broken_object(id, "its content is not what its id stands for"))
    }

    pub(in crate::git) fn commit_data(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        let (kind, _) = self.header(id)?;
        if kind != Kind::Commit {
            return Err(GitError::WrongKind { id, expected: "commit" });
        }
        let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
        let mut data = Vec::new();
        match self.read_object(&gix_id, &mut data) {
            Ok(Some(_)) => Ok(data),
            Ok(None) => Err(GitError::Missing { id }),
            Err(error) => Err(GitError::broken_object(id, error)),
        }
    }
}

/// A commit with an odd author is still a commit: as in `git log`, what cannot be read is empty, and a time that is
/// none is 1970.
fn signature(line: Option<&[u8]>) -> Signature {
    let epoch = Timestamp::new(0, 0).expect("1970 is a year between 1 and 9999");
    match line.and_then(Ident::parse) {
        Some(ident) => ident.signature(ident.time.unwrap_or(epoch)),
        None => Signature { name: "".into(), email: "".into(), time: epoch },
    }
}

#[cfg(test)]
mod tests {
    use gto_testkit::Repo;

    use super::*;
    use crate::git::test_repo::{id, open};

    #[test]
    fn a_commit_is_read_with_its_people_and_message() {
        let repo = Repo::new();
        let hex = repo.commit(&[], "first\n\nbody");
        let commit = open(&repo).commit(id(&hex)).unwrap();
        assert_eq!(commit.id, id(&hex));
        assert_eq!(
            (commit.author.name.as_ref(), commit.author.email.as_ref()),
            ("Ada Tester", "ada@example.com")
        );
        assert_eq!(commit.committer.time.seconds(), repo.now());
        assert_eq!(commit.message, "first\n\nbody\n");
    }

    #[test]
    fn a_commit_with_odd_people_is_still_read() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let tree = repo.git_ok(&["rev-parse", "HEAD^{tree}"]);
        let mut object = format!("tree {tree}\nauthor nobody\ncommitter ").into_bytes();
        object.extend_from_slice(b"J\xf6 <j> 18446744073709551615 +0000\nencoding latin1\n\ncaf\xe9");
        let hex = repo.git_stdin(&["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], &object);
        let commit = open(&repo).commit(id(&hex)).unwrap();
        assert_eq!((commit.author.name.as_ref(), commit.author.time.seconds()), ("", 0));
        assert_eq!((commit.committer.name.as_ref(), commit.committer.time.seconds()), ("J\u{fffd}", 0));
        assert_eq!(commit.message, "caf\u{fffd}");
    }

    #[test]
    fn what_is_missing_or_no_commit_is_told_apart() {
        let repo = Repo::new();
        repo.commit(&[("f", "x")], "first");
        let repository = open(&repo);
        let blob = id(&repo.git_ok(&["rev-parse", "HEAD:f"]));
        assert!(matches!(repository.commit(blob), Err(GitError::WrongKind { .. })));
        for absent in ["1".repeat(40), "1".repeat(64)] {
            assert!(matches!(repository.commit(id(&absent)), Err(GitError::Missing { .. })));
            assert!(!repository.has_object(id(&absent)));
        }
        assert!(repository.has_object(blob));
    }

    #[test]
    fn a_file_of_a_commit_is_read_up_to_the_limit() {
        let repo = Repo::new();
        let first = id(&repo.commit(&[("a/b.yaml", "one"), (".gto", "two")], "first"));
        let second = id(&repo.commit(&[("a/b.yaml", "three")], "second"));
        let repository = open(&repo);
        let read = |commit, path| repository.file_at(commit, path, 5).unwrap();
        assert_eq!(read(first, "a/b.yaml").as_deref(), Some(&b"one"[..]));
        assert_eq!(read(second, "a/b.yaml").as_deref(), Some(&b"three"[..]));
        assert_eq!(read(second, ".gto").as_deref(), Some(&b"two"[..]));
        for path in ["a", "", "/", "a/", "a/c", "a/b.yaml/c", "..", "../.gto", "/.gto", "./.gto", "a//b.yaml"]
        {
            assert_eq!(read(second, path), None, "{path:?}");
        }
        let error = repository.file_at(second, "a/b.yaml", 4).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { size: 5, limit: 4, .. }));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_repository_is_not_followed() {
        let repo = Repo::new();
        std::os::unix::fs::symlink("/etc/passwd", repo.path().join("link")).unwrap();
        repo.git_ok(&["add", "link"]);
        let commit = id(&repo.commit(&[], "link"));
        let error = open(&repo).file_at(commit, "link", 1000).unwrap_err();
        assert_eq!(error.to_string(), "`link` is a link that leads out of the repository");
    }
}
