//! The promotion policy of a repository: which one is in force, the facts that its judge needs, and what it says.
//!
//! Owns reading the policy from the commit that counts, and gathering facts, each once. What rules mean is `policy`'s.

mod facts;
pub(in crate::registry) mod files;
mod guard;
mod history;
mod hook;
pub(in crate::registry) mod in_force;
mod plan;
mod reader;
mod service;
mod standpoint;
mod state;
mod unjudged;

pub use history::{JudgedTag, PolicyReport, TagsToCheck};
pub use in_force::PolicyInForce;
pub(in crate::registry) use reader::ValidTags;
pub(in crate::registry) use standpoint::OWN_BRANCHES;

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::git::EntryKind;
use crate::object_id::ObjectId;
use crate::policy::{Baseline, Policy};
use crate::registry::Registry;

use files::{file_of, unusable};
use standpoint::DefaultBranch;

impl Registry {
    /// The policy in force: that of the remote's default branch as last fetched, and never of a local branch; without a remote,
    /// or in a bare repository, that of the repository's own `HEAD`. `None` if there is none. For writes, which a server judges
    /// again: where the default branch is not known, it is guessed.
    ///
    /// # Errors
    /// [`Error::Policy`] if it cannot be used; what keeps Git from reading it.
    pub fn policy_in_force(&self) -> Result<Option<PolicyInForce>> {
        let Some(at) = self.standpoint(DefaultBranch::Guessed)? else { return Ok(None) };
        self.read_policy(at.commit, &at.source, &at.branches)
    }

    /// The same for who relies on it, and so without guesses: where there is a remote, its default branch must be known. What a
    /// pipeline checks out, one tag or branch of anyone's, counts for nothing.
    ///
    /// # Errors
    /// As [`Registry::policy_in_force`], and [`Error::NoDefaultBranch`].
    pub fn policy_to_enforce(&self) -> Result<Option<PolicyInForce>> {
        let Some(at) = self.standpoint(DefaultBranch::Known)? else { return Ok(None) };
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
        let at = self.standpoint(DefaultBranch::Guessed)?;
        self.read_policy(commit, source, at.as_ref().map_or(OWN_BRANCHES, |at| &at.branches))
    }

    /// The policy in force with other rules: to try on what has happened what a new file would say.
    ///
    /// # Errors
    /// As [`Registry::policy_in_force`].
    pub fn policy_as_of(&self, text: &[u8]) -> Result<PolicyInForce> {
        let policy = Policy::read(text).map_err(Error::Policy)?;
        if let Some(at) = self.standpoint(DefaultBranch::Guessed)? {
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

    /// A file with nearly the name of the policy's, where that would be in force.
    pub(in crate::registry) fn misnamed_policy(&self) -> Option<String> {
        let at = self.standpoint(DefaultBranch::Guessed).ok().flatten()?;
        let mut found = None;
        let root = self.repository.tree_of(at.commit).ok()?;
        let look = |name: &str, _: EntryKind, _: &dyn Fn() -> ObjectId| {
            let is_meant = name.to_ascii_lowercase().strip_prefix(".gto-policy.").is_some_and(is_yaml);
            if is_meant && name != Policy::FILE_NAME {
                found = Some(name.to_owned());
            }
        };
        self.repository.each_entry(root, look).ok()?;
        found
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

fn is_yaml(suffix: &str) -> bool {
    matches!(suffix, "yaml" | "yml")
}
