//! Whether a server has a policy to judge pushes by: the branch that its `HEAD` names may not be there, or have none.

use crate::error::Result;
use crate::policy::Unjudged;
use crate::registry::Registry;
use crate::registry::policy::OWN_BRANCHES;

impl Registry {
    /// Why no policy is in force here; `None` if one is, or there is one that cannot be used.
    ///
    /// # Errors
    /// What keeps Git from reading.
    pub fn unjudged(&self) -> Result<Option<Unjudged>> {
        let commit = self.repository.head_commit()?;
        if self.any_has_policy(commit)? {
            return Ok(None);
        }
        let mut branches = self.repository.branches_under(OWN_BRANCHES)?;
        branches.sort_by_key(|(name, _)| (name != "main", name != "master", name.clone()));
        let mut meant = None;
        for (name, commit) in &branches {
            if self.any_has_policy([*commit])? {
                meant = Some(name.clone());
                break;
            }
        }
        let is_meant_with_policy = meant.is_some();
        if commit.is_none() && meant.is_none() {
            let is_clear = |name: &str| branches.len() == 1 || name == "main" || name == "master";
            meant = branches.first().map(|(name, _)| name.clone()).filter(|name| is_clear(name));
        }
        Ok(Some(Unjudged {
            head: self.head_branch(),
            is_there: commit.is_some(),
            has_branches: !branches.is_empty(),
            meant,
            is_meant_with_policy,
        }))
    }
}
