//! Whether a commit is in the history of a branch.
//!
//! Asks `git`, without what was put in the place of objects (`git replace`, grafts): a stranger could have done that.

use gix::refs::FullName;

use crate::git::{GitError, RefStorage, Repository, lossy};
use crate::object_id::ObjectId;

/// Variables with which git reads objects as they are.
pub(in crate::git) const AS_STORED: [(&str, &str); 2] =
    [("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_GRAFT_FILE", "/dev/null")];

/// So many commits are looked at here before git is asked.
const NEAR: usize = 300;

impl Repository {
    /// The refs whose names begin with `prefix`, such as `refs/heads/`, without it, and the commits that they are at.
    pub fn branches_under(&self, prefix: &str) -> Result<Vec<(String, ObjectId)>, GitError> {
        let args = ["for-each-ref", "--format=%(objectname) %(refname)", prefix];
        let output = self.run_git("listing branches", args, b"")?;
        if !output.status.success() {
            return Err(self.command_error("for-each-ref", &output));
        }
        let listed = lossy(&output.stdout);
        let branch = |line: &str| {
            let (id, name) = line.split_once(' ')?;
            Some((name.strip_prefix(prefix)?.to_owned(), id.parse().ok()?))
        };
        Ok(listed.lines().filter_map(branch).collect())
    }

    /// The commit that a ref leads to, by its full name; `None` if there is none.
    pub fn commit_of_ref(&self, full_name: &str) -> Result<Option<ObjectId>, GitError> {
        if self.refs == RefStorage::Reftable {
            let args = ["rev-parse", "--verify", "--quiet", &format!("{full_name}^{{commit}}")];
            let output = self.run_git("reading a ref", args, b"")?;
            return Ok(lossy(output.stdout.trim_ascii()).parse().ok());
        }
        let Ok(name) = FullName::try_from(full_name) else { return Ok(None) };
        let target = self.target_of(&name)?;
        Ok(target.and_then(|target| self.peel_to_commit(target).ok()))
    }

    /// The ref that a symbolic one names, by their full names; `None` if there is none, or it is not symbolic.
    pub fn symbolic_target(&self, full_name: &str) -> Result<Option<String>, GitError> {
        if self.refs == RefStorage::Reftable {
            return Ok(self.ref_behind(full_name));
        }
        let Ok(name) = FullName::try_from(full_name) else { return Ok(None) };
        self.symbolic_target_of(&name)
    }

    /// The commits in the history of `new` that are not in that of `old`, each with its parents and after them.
    pub fn commits_between(
        &self,
        old: ObjectId,
        new: ObjectId,
    ) -> Result<Vec<(ObjectId, Vec<ObjectId>)>, GitError> {
        let args =
            ["rev-list", "--topo-order", "--reverse", "--parents", &new.to_string(), &format!("^{old}")];
        let output = self.run_git_as("reading history", args, b"", |git| {
            git.envs(AS_STORED);
        })?;
        if !output.status.success() {
            return Err(self.command_error("rev-list", &output));
        }
        let commit = |line: &str| {
            let mut ids = line.split(' ').map_while(|id| id.parse().ok());
            Some((ids.next()?, ids.collect()))
        };
        Ok(lossy(&output.stdout).lines().filter_map(commit).collect())
    }

    /// How many commits are in the history of `new` that are not in that of `old`.
    pub fn count_commits_between(&self, old: ObjectId, new: ObjectId) -> Result<usize, GitError> {
        let args = ["rev-list", "--count", &new.to_string(), &format!("^{old}")];
        let output = self.run_git_as("reading history", args, b"", |git| {
            git.envs(AS_STORED);
        })?;
        let count = lossy(output.stdout.trim_ascii()).parse().ok();
        count.filter(|_| output.status.success()).ok_or_else(|| self.command_error("git rev-list", &output))
    }

    /// What a branch that is at `tip` was at in a second, by its first parents; `None` if it has no commit that old.
    pub fn commit_at(&self, tip: ObjectId, second: i64) -> Result<Option<ObjectId>, GitError> {
        if second < 0 {
            return Ok(None);
        }
        // A page may ask this of a thousand repositories: a few steps are quicker than one `git`.
        let mut at = tip;
        for _ in 0..NEAR {
            match self.commit_step(at) {
                Ok((time, _)) if time <= second => return Ok(Some(at)),
                Ok((_, Some(parent))) => at = parent,
                Ok((_, None)) => return Ok(None),
                // The end of a shallow clone, most likely: git knows.
                Err(_) => break,
            }
        }
        let args =
            ["rev-list", "--max-count=1", "--first-parent", &format!("--min-age={second}"), &tip.to_string()];
        let output = self.run_git_as("reading history", args, b"", |git| {
            git.envs(AS_STORED);
        })?;
        if !output.status.success() {
            return Err(self.command_error("git rev-list", &output));
        }
        Ok(lossy(output.stdout.trim_ascii()).parse().ok())
    }

    /// Whether any ref leads to a commit.
    pub fn is_reachable(&self, commit: ObjectId) -> Result<bool, GitError> {
        let args = ["for-each-ref", "--count=1", "--format=%(objectname)", &format!("--contains={commit}")];
        let output = self.run_git_as("reading history", args, b"", |git| {
            git.envs(AS_STORED);
        })?;
        if !output.status.success() {
            return Err(self.command_error("for-each-ref", &output));
        }
        Ok(!output.stdout.trim_ascii().is_empty())
    }

    /// Whether a commit is `tip`, or in its history.
    ///
    /// # Errors
    /// Also where a part of the history is not here, so that it cannot be told.
    pub fn is_in_history(&self, commit: ObjectId, tip: ObjectId) -> Result<bool, String> {
        let args = ["merge-base", "--is-ancestor", &commit.to_string(), &tip.to_string()];
        let output = self.run_git_as("reading history", args, b"", |git| {
            git.envs(AS_STORED);
        });
        let output = output.map_err(|error| error.to_string())?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) if !self.is_shallow() => Ok(false),
            Some(1) => {
                Err("this clone is shallow, and lacks older commits: `git fetch --unshallow` fetches them"
                    .to_owned())
            }
            _ => Err(lossy(output.stderr.trim_ascii())),
        }
    }
}
