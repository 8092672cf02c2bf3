//! Where the policy in force is, and which branches count.
//!
//! Must not read the policy, but for whether a branch has one.

use crate::error::{Error, Result};
use crate::object_id::ObjectId;
use crate::policy::Policy;
use crate::registry::Registry;

use super::files::file_of;

/// The branches of the repository itself.
pub(in crate::registry) const OWN_BRANCHES: &str = "refs/heads/";

/// The commit whose policy counts, and the branches that do.
pub(super) struct Standpoint {
    pub commit: ObjectId,
    pub source: String,
    pub branches: String,
}

/// How sure it must be which of the remote's branches is the default one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DefaultBranch {
    /// The remote has said it.
    Known,
    /// What it is called nearly always will do: whoever can push a branch `main` beside the default one can mislead this.
    Guessed,
}

impl Registry {
    pub(super) fn standpoint(&self, default: DefaultBranch) -> Result<Option<Standpoint>> {
        if self.repository.work_dir().is_none() || !self.has_remote() {
            return self.own_standpoint();
        }
        let name = match (self.remote(), default) {
            (Ok(remote), _) => remote.shown(),
            // A file `.gto` of the commit that is checked out may name a remote that is not there.
            (Err(error), DefaultBranch::Known) => return Err(error),
            (Err(_), DefaultBranch::Guessed) => return self.own_standpoint(),
        };
        let branches = format!("refs/remotes/{name}/");
        if let Some(commit) = self.default_branch_of(&branches)? {
            return Ok(Some(Standpoint { commit, source: format!("{name}/HEAD"), branches }));
        }
        match default {
            DefaultBranch::Known => Err(Error::NoDefaultBranch { remote: name }),
            DefaultBranch::Guessed => self.guessed_standpoint(name, branches),
        }
    }

    fn own_standpoint(&self) -> Result<Option<Standpoint>> {
        let commit = self.repository.head_commit()?;
        Ok(commit.map(|commit| Standpoint {
            commit,
            source: "HEAD".to_owned(),
            branches: OWN_BRANCHES.to_owned(),
        }))
    }

    /// The commit of the branch that the remote's `HEAD` was on. Git notes it as a symbolic ref; a plain ref of that name is a
    /// branch `HEAD`, which anyone can push.
    fn default_branch_of(&self, branches: &str) -> Result<Option<ObjectId>> {
        let branch = self.repository.symbolic_target(&format!("{branches}HEAD"))?;
        match branch.filter(|branch| branch.starts_with(branches)) {
            Some(branch) => Ok(self.repository.commit_of_ref(&branch)?),
            None => Ok(None),
        }
    }

    fn guessed_standpoint(&self, name: String, branches: String) -> Result<Option<Standpoint>> {
        for branch in ["main", "master"] {
            if let Some(commit) = self.repository.commit_of_ref(&format!("{branches}{branch}"))? {
                return Ok(Some(Standpoint { commit, source: format!("{name}/{branch}"), branches }));
            }
        }
        match self.repository.branches_under(&branches)?.as_slice() {
            [] => self.own_standpoint(),
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
}
