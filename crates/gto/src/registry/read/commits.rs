//! Commits, for those who show what is behind a version.
//!
//! Owns the questions; history is git's to walk.

use crate::commit::Commit;
use crate::error::Result;
use crate::object_id::ObjectId;
use crate::registry::Registry;
use crate::time::Timestamp;

/// The commits between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommitRange {
    /// How many there are.
    pub count: usize,
    /// The newest of them, newest first.
    pub newest: Vec<Commit>,
}

impl Registry {
    /// A commit.
    ///
    /// # Errors
    /// What keeps Git from reading it.
    pub fn commit(&self, id: ObjectId) -> Result<Commit> {
        Ok(self.repository.commit(id)?)
    }

    /// The commits in the history of `new` that are not in that of `old`: how many, and at most `most` of them.
    ///
    /// # Errors
    /// What keeps Git from reading history.
    pub fn commits_between(&self, old: ObjectId, new: ObjectId, most: usize) -> Result<CommitRange> {
        let all = self.repository.commits_between(old, new)?;
        let newest = all.iter().rev().take(most).map(|(id, _)| self.commit(*id)).collect::<Result<_>>()?;
        Ok(CommitRange { count: all.len(), newest })
    }

    /// How many commits are in the history of `new` that are not in that of `old`.
    ///
    /// # Errors
    /// What keeps Git from reading history.
    pub fn count_commits_between(&self, old: ObjectId, new: ObjectId) -> Result<usize> {
        Ok(self.repository.count_commits_between(old, new)?)
    }

    /// What a branch that is at `tip` was at in a second since 1970, by its first parents; `None` if it has no commit that old.
    ///
    /// # Errors
    /// What keeps Git from reading history.
    pub fn commit_at(&self, tip: ObjectId, second: i64) -> Result<Option<ObjectId>> {
        Ok(self.repository.commit_at(tip, second)?)
    }

    /// When the commit was made that `revision` names, if a branch or a tag leads to it; `None` if none does.
    ///
    /// # Errors
    /// [`Error::RefNotFound`](crate::Error::RefNotFound), and what keeps Git from reading history.
    pub fn time_of_reachable_commit(&self, revision: &str) -> Result<Option<Timestamp>> {
        let id = self.repository.resolve(revision)?;
        let is_reachable = self.repository.is_reachable(id)?;
        if is_reachable { Ok(Some(self.commit(id)?.committer.time)) } else { Ok(None) }
    }
}
