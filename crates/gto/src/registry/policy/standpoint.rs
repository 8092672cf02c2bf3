//! Where the policy in force is, and which branches count.
//!
//! Must not read the policy, but for whether a branch has one.

use crate::error::{Error, FetchedBranches, Result};
use crate::git::Remote;
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
        let name = match self.remote() {
            Ok(remote) => remote.shown(),
            Err(error) => return self.without_clear_remote(error, default),
        };
        let branches = format!("refs/remotes/{name}/");
        if let Some(commit) = self.default_branch_of(&branches)? {
            return Ok(Some(Standpoint { commit, source: format!("{name}/HEAD"), branches }));
        }
        match default {
            DefaultBranch::Known => Err(self.no_default_branch(name)?),
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

    /// The branch of the remote that has the policy in force, so that it is fetched with the tags; `None` if no policy is known, or
    /// the branches here are those of another address than the tags come from.
    pub(in crate::registry) fn branch_of_policy(&self, remote: &Remote) -> Result<Option<String>> {
        if remote.source_shown() != remote.shown() {
            return Ok(None);
        }
        let branches = format!("refs/remotes/{}/", remote.shown());
        let Some(default) = self.default_branch(&branches)? else { return Ok(None) };
        let commit = self.repository.commit_of_ref(&default)?;
        let is_wanted = self.any_has_policy(commit)?;
        Ok(is_wanted.then(|| default[branches.len()..].to_owned()))
    }

    fn default_branch_of(&self, branches: &str) -> Result<Option<ObjectId>> {
        match self.default_branch(branches)? {
            Some(branch) => Ok(self.repository.commit_of_ref(&branch)?),
            None => Ok(None),
        }
    }

    /// The branch that the remote's `HEAD` was on. Git notes it as a symbolic ref; a plain ref of that name is a branch `HEAD`, which
    /// anyone can push.
    fn default_branch(&self, branches: &str) -> Result<Option<String>> {
        let branch = self.repository.symbolic_target(&format!("{branches}HEAD"))?;
        Ok(branch.filter(|branch| branch.starts_with(branches)))
    }

    /// It is not clear which of the remotes counts: there are several, or a file `.gto` of the commit that is checked out names one
    /// that is not there. Who only writes, and nowhere has a policy, need not say.
    fn without_clear_remote(&self, error: Error, default: DefaultBranch) -> Result<Option<Standpoint>> {
        if default == DefaultBranch::Guessed {
            let own = self.own_standpoint()?;
            let fetched = self.repository.branches_under("refs/remotes/")?;
            let commits =
                own.iter().map(|own| own.commit).chain(fetched.into_iter().map(|(_, commit)| commit));
            if !self.any_has_policy(commits)? {
                return Ok(own);
            }
        }
        Err(Error::PolicyOfWhichRemote { source: Box::new(error) })
    }

    fn guessed_standpoint(&self, name: String, branches: String) -> Result<Option<Standpoint>> {
        let known = self.repository.branches_under(&branches)?;
        if known.is_empty() {
            return self.unfetched_standpoint(name);
        }
        let called = |wanted: &str| known.iter().find(|(branch, _)| branch == wanted);
        let only = if let [only] = known.as_slice() { Some(only) } else { None };
        let guessed = called("main").or_else(|| called("master")).or(only);
        if let Some((branch, commit)) = guessed
            && self.any_has_policy([*commit])?
        {
            return Ok(Some(Standpoint { commit: *commit, source: format!("{name}/{branch}"), branches }));
        }
        // Whoever has no policy need not say which branch would have it.
        if self.any_has_policy(known.iter().map(|(_, commit)| *commit))? {
            return Err(self.no_default_branch(name)?);
        }
        let at = |(branch, commit): &(String, ObjectId)| Standpoint {
            commit: *commit,
            source: format!("{name}/{branch}"),
            branches,
        };
        Ok(guessed.map(at))
    }

    /// Nothing was fetched from the remote: this is a new repository, or a checkout of a pipeline. That is on no branch, but on a
    /// commit of anyone's.
    fn unfetched_standpoint(&self, name: String) -> Result<Option<Standpoint>> {
        let own = self.own_standpoint()?;
        let is_checkout = self.head_branch().is_none();
        if is_checkout && self.any_has_policy(own.iter().map(|own| own.commit))? {
            return Err(self.no_default_branch(name)?);
        }
        Ok(own)
    }

    /// The error that says so.
    pub(in crate::registry) fn no_default_branch(&self, remote: String) -> Result<Error> {
        let is_some = self.repository.is_shallow() || !self.repository.fetches_all_branches(&remote);
        let known = if !self.repository.branches_under(&format!("refs/remotes/{remote}/"))?.is_empty() {
            if is_some { FetchedBranches::Some } else { FetchedBranches::All }
        } else if is_some || self.head_branch().is_none() {
            FetchedBranches::Some
        } else {
            // No pipeline checks out a branch without the remote's one of this name.
            FetchedBranches::None
        };
        Ok(Error::NoDefaultBranch { remote, known })
    }

    pub(super) fn any_has_policy(&self, commits: impl IntoIterator<Item = ObjectId>) -> Result<bool> {
        for commit in commits {
            match file_of(&self.repository, commit, Policy::FILE_NAME, Policy::MAX_SIZE) {
                Ok(None) => {}
                // What cannot be used is one, too.
                Ok(Some(_)) | Err(Error::Policy(_)) => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
