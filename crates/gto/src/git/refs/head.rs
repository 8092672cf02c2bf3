//! What `HEAD` names.
//!
//! Owns following it to a commit, with a bound on every step: gix has none. Must not take what is damaged for a repository
//! without a commit.

use gix::refs::FullName;

use crate::git::objects::tag::PeelError;
use crate::git::remote::mirror::is_unborn;
use crate::git::{GitError, RefStorage, Repository, ResolveError, SeenHead, UnreadableTag};
use crate::object_id::ObjectId;

impl Repository {
    /// The commit that is checked out, or that a bare repository's `HEAD` names; `None` if there is no commit yet.
    pub fn head_commit(&self) -> Result<Option<ObjectId>, GitError> {
        if self.refs == RefStorage::Reftable {
            return Ok(self.git_rev_parse("HEAD")?.object());
        }
        let Some(id) = self.head_target()? else { return Ok(None) };
        self.peel_to_commit(id).map(Some).map_err(|error| match error {
            PeelError::Git(error) => error,
            PeelError::Tag(UnreadableTag::Missing) => self.missing(id),
            PeelError::Tag(UnreadableTag::NotACommit { .. }) => {
                GitError::WrongKind { id, expected: "commit" }
            }
            PeelError::Tag(why) => GitError::unreadable(id, why),
        })
    }

    /// Why there is no commit behind `HEAD`, where nothing is damaged.
    pub fn no_head(&self) -> ResolveError {
        let mut branches = self.branch_names();
        branches.sort_by_key(|branch| !matches!(branch.as_str(), "main" | "master"));
        let branch = self.current_branch().filter(|branch| !is_unborn(branch));
        match branches.into_iter().next() {
            Some(other) => ResolveError::NoBranch { branch, other },
            None => ResolveError::NoCommitYet,
        }
    }

    /// The object that `HEAD` names, without a look at it; `None` if its branch is not there yet.
    pub fn head_object(&self) -> Result<Option<ObjectId>, GitError> {
        if self.refs == RefStorage::Reftable { self.head_commit() } else { self.head_target() }
    }

    /// The object that `HEAD` names where refs are files; `None` if its branch is not there yet.
    pub fn head_target(&self) -> Result<Option<ObjectId>, GitError> {
        self.target_of(&FullName::try_from("HEAD").expect("it is the name of a ref"))
    }

    /// As [`Repository::head_commit`], by what a listing saw if it looked.
    pub fn head_commit_seen(&self, seen: SeenHead) -> Result<Option<ObjectId>, GitError> {
        match seen {
            SeenHead::At(commit) => Ok(Some(commit)),
            SeenHead::Unborn => Ok(None),
            SeenHead::NotLooked => self.head_commit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gto_testkit::Repo;

    use super::ResolveError;
    use crate::git::test_repo::{id, open};

    #[test]
    fn what_git_finds_no_commit_behind_is_an_error_unless_there_is_no_branch_yet() {
        let repo = Repo::new();
        repo.commit(&[("f", "x")], "first");
        let second = repo.commit(&[], "second");
        let tree = repo.git_ok(&["rev-parse", "HEAD^{tree}"]) + "\n";
        let absent = "1".repeat(40) + "\n";
        let file = |name: &str| repo.git_dir().join(name);
        let object = format!("objects/{}/{}", &second[..2], &second[2..]);
        let to_itself = "ref: refs/heads/main\n";
        for (name, content) in [
            ("refs/heads/main", "garbage\n"),
            ("refs/heads/main", ""),
            ("refs/heads/main", "\0\0\0\0"),
            ("refs/heads/main", to_itself),
            ("refs/heads/main", &absent),
            ("refs/heads/main", &tree),
            ("HEAD", &absent),
            ("HEAD", "ref: refs/heads/main\nstray line\n"),
            ("HEAD", &format!("{second}\x0cd\n")),
            (&object, ""),
            (&object, "garbage"),
        ] {
            let path = file(name);
            let intact = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(&path, content).unwrap();
            assert!(!repo.git(&["rev-parse", "--verify", "HEAD^{commit}"]).status.success(), "{content:?}");
            let repository = open(&repo);
            assert!(repository.head_commit().is_err(), "{name} {content:?}");
            let resolved = repository.resolve("HEAD");
            let is_told = matches!(resolved, Err(ResolveError::Git(_) | ResolveError::NotACommit { .. }));
            assert!(is_told, "{name} {content:?}: {resolved:?}");
            fs::write(&path, intact).unwrap();
        }
        assert_eq!(open(&repo).head_commit().unwrap(), Some(id(&second)));
        fs::remove_file(file("refs/heads/main")).unwrap();
        let repository = open(&repo);
        assert_eq!(repository.head_commit().unwrap(), None);
        assert!(matches!(repository.resolve("HEAD"), Err(ResolveError::NoCommitYet)));
    }
}
