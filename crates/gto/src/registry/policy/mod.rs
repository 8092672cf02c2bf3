//! The promotion policy of a repository: which one is in force, the facts that its judge needs, and what it says.
//!
//! Owns reading the policy from the commit that counts, and gathering facts, each once. What rules mean is `policy`'s.

mod facts;
mod guard;
mod history;
mod hook;
pub(in crate::registry) mod in_force;
mod plan;
mod reader;

pub use history::{JudgedTag, PolicyReport, TagsToCheck};
pub use in_force::PolicyInForce;
pub(in crate::registry) use reader::ValidTags;

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::git::{FileError, GitError, Repository};
use crate::object_id::ObjectId;
use crate::policy::{Baseline, Policy, PolicyError};
use crate::registry::Registry;

/// The commit whose policy counts, and the branches that do.
struct Standpoint {
    commit: ObjectId,
    source: String,
    branches: String,
}

/// What it means that none of the remote's branches was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoBranches {
    /// The repository has its own policy.
    StandsAlone,
    /// Which policy is in force is not known.
    Unknown,
}

/// The branches of the repository itself.
pub(in crate::registry) const OWN_BRANCHES: &str = "refs/heads/";
impl Registry {
    /// The policy in force: that of the remote's default branch as last fetched, and never of a local branch; without a remote,
    /// or in a bare repository, that of the repository's own `HEAD`. `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Policy`] if it cannot be used; what keeps Git from reading it.
    pub fn policy_in_force(&self) -> Result<Option<PolicyInForce>> {
        let Some(at) = self.standpoint(NoBranches::StandsAlone)? else { return Ok(None) };
        self.read_policy(at.commit, &at.source, &at.branches)
    }

    /// The same for readers that obey it: what is checked out counts for nothing where there is a remote, as in the checkout of
    /// a pipeline, which has one tag and no branch.
    pub(in crate::registry) fn policy_to_enforce(&self) -> Result<Option<PolicyInForce>> {
        let Some(at) = self.standpoint(NoBranches::Unknown)? else { return Ok(None) };
        self.read_policy(at.commit, &at.source, &at.branches)
    }

    /// The policy of a commit, for a server: the branches that count are the repository's own.
    ///
    /// # Errors
    /// As [`Registry::policy_in_force`].
    pub fn policy_at(&self, commit: ObjectId, source: &str) -> Result<Option<PolicyInForce>> {
        self.read_policy(commit, source, OWN_BRANCHES)
    }

    /// The policy of a commit, with the branches that count here.
    pub(in crate::registry) fn policy_before(
        &self,
        commit: ObjectId,
        source: &str,
    ) -> Result<Option<PolicyInForce>> {
        let at = self.standpoint(NoBranches::StandsAlone)?;
        self.read_policy(commit, source, at.as_ref().map_or(OWN_BRANCHES, |at| &at.branches))
    }

    /// The policy in force with other rules: to try on what has happened what a new file would say.
    ///
    /// # Errors
    /// As [`Registry::policy_in_force`].
    pub fn policy_as_of(&self, text: &[u8]) -> Result<PolicyInForce> {
        let policy = Policy::read(text).map_err(Error::Policy)?;
        if let Some(at) = self.standpoint(NoBranches::StandsAlone)? {
            let mut in_force = self.with_rest(policy, at.commit, &at.source, &at.branches)?;
            "the file".clone_into(&mut in_force.source);
            return Ok(in_force);
        }
        let branches = OWN_BRANCHES.to_owned();
        Ok(PolicyInForce {
            policy,
            commit: ObjectId::NONE,
            source: "the file".to_owned(),
            branches,
            keys: OnceLock::new(),
        })
    }

    fn standpoint(&self, without: NoBranches) -> Result<Option<Standpoint>> {
        let own = |commit: Option<ObjectId>| {
            commit.map(|commit| Standpoint {
                commit,
                source: "HEAD".to_owned(),
                branches: OWN_BRANCHES.to_owned(),
            })
        };
        if self.repository.work_dir().is_none() || !self.has_remote() {
            return Ok(own(self.repository.head_commit()?));
        }
        let Ok(remote) = self.remote() else { return Ok(own(self.repository.head_commit()?)) };
        let name = remote.shown();
        let branches = format!("refs/remotes/{name}/");
        // Without the remote's HEAD, what it is called nearly always.
        for branch in ["HEAD", "main", "master"] {
            if let Some(commit) = self.repository.commit_of_ref(&format!("{branches}{branch}"))? {
                return Ok(Some(Standpoint { commit, source: format!("{name}/{branch}"), branches }));
            }
        }
        match self.repository.branches_under(&branches)?.as_slice() {
            [] if without == NoBranches::Unknown => Err(Error::NoDefaultBranch { remote: name }),
            [] => Ok(own(self.repository.head_commit()?)),
            [(branch, commit)] => {
                Ok(Some(Standpoint { commit: *commit, source: format!("{name}/{branch}"), branches }))
            }
            several => {
                // Whoever has no policy need not say which branch would have it.
                for (_, commit) in several {
                    if file_of(&self.repository, *commit, Policy::FILE_NAME, Policy::MAX_SIZE)?.is_some() {
                        return Err(Error::NoDefaultBranch { remote: name });
                    }
                }
                Ok(None)
            }
        }
    }

    fn read_policy(&self, commit: ObjectId, source: &str, branches: &str) -> Result<Option<PolicyInForce>> {
        let Some(text) = file_of(&self.repository, commit, Policy::FILE_NAME, Policy::MAX_SIZE)? else {
            return Ok(None);
        };
        let policy = Policy::read(&text).map_err(Error::Policy)?;
        self.with_rest(policy, commit, source, branches).map(Some)
    }

    fn with_rest(
        &self,
        mut policy: Policy,
        commit: ObjectId,
        source: &str,
        branches: &str,
    ) -> Result<PolicyInForce> {
        let baseline = file_of(&self.repository, commit, Policy::BASELINE_FILE, Baseline::MAX_SIZE)?;
        if let Some(text) = baseline {
            let read = Baseline::read(&String::from_utf8_lossy(&text));
            policy.baseline = read.map_err(|error| unusable(Policy::BASELINE_FILE, &error))?;
        }
        let (source, branches) = (source.to_owned(), branches.to_owned());
        Ok(PolicyInForce { policy, commit, source, branches, keys: OnceLock::new() })
    }
}

fn file_of(repository: &Repository, commit: ObjectId, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
    match repository.file_at(commit, path, limit) {
        Err(error @ (FileError::TooLarge { .. } | FileError::Git(GitError::Link { .. }))) => {
            Err(unusable(path, &error))
        }
        found => Ok(found?),
    }
}

/// A file of the policy that cannot be used.
fn unusable(path: &str, why: &impl std::fmt::Display) -> Error {
    Error::Policy(PolicyError { message: format!("'{path}': {why}"), line: 0, column: 0 })
}
