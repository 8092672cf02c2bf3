//! What tells whether judgements are still true.
//!
//! Must not judge.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::approval::APPROVALS;
use crate::error::{Error, Result};
use crate::registry::Registry;

impl Registry {
    /// A number that differs when judgements of the same events may differ, since something else has changed than the registry's tags:
    /// the commit that has the policy, the branches that its rules name, or approvals. 0 without a policy.
    ///
    /// # Errors
    /// What keeps Git from reading it. A policy that cannot be used is none of these: it is a state, too.
    pub fn policy_state(&self) -> Result<u64> {
        let mut state = DefaultHasher::new();
        let in_force = match self.policy_in_force() {
            Ok(Some(in_force)) => in_force,
            Ok(None) => return Ok(0),
            Err(Error::Policy(why)) => {
                why.to_string().hash(&mut state);
                return Ok(state.finish());
            }
            Err(error) => return Err(error),
        };
        in_force.commit.hash(&mut state);
        for rule in in_force.policy.rules.iter().filter(|rule| !rule.branches.is_empty()) {
            self.branches_like(&in_force.branches, &rule.branches)?.hash(&mut state);
        }
        for approval in self.repository.tag_refs(APPROVALS)?.refs {
            (approval.name, approval.target).hash(&mut state);
        }
        Ok(state.finish())
    }
}
