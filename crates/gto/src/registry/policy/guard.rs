//! The policy's own guard: who may change it, its keys and its baseline, and that the default branch keeps its history.

use std::collections::HashMap;

use crate::error::Result;
use crate::git::{EntryKind, GitError};
use crate::object_id::ObjectId;
use crate::policy::{Guard, Policy, Reason, RefUpdate, Refused};
use crate::registry::Registry;
use crate::registry::policy::hook::Push;
use crate::signing::Verified;

/// More commits that change the policy than these are not looked at in one push.
const MAX_SIGNATURES: usize = 100;

/// The policy's files in a commit: the file, and the folder with keys and baseline.
type Files = [Option<(ObjectId, EntryKind)>; 2];

impl Registry {
    /// Why the policy that a push brings cannot be one.
    pub(super) fn unreadable_policy(&self, update: &RefUpdate) -> Option<Refused> {
        let error = self.policy_at(update.new?, &update.name).err()?;
        let fix = "correct it: `gto policy check --as-of .gto-policy.yaml` reads it";
        let reason = Reason::new("a policy that can be read", error.to_string(), Some(fix));
        Some(Refused { name: update.name.clone(), reasons: vec![reason] })
    }

    fn policy_files(&self, commit: ObjectId) -> std::result::Result<Files, GitError> {
        let tree = self.repository.tree_of(commit)?;
        let folder = Policy::KEYS_FOLDER.split('/').next().unwrap_or_default();
        Ok([self.repository.entry(tree, Policy::FILE_NAME)?, self.repository.entry(tree, folder)?])
    }
}

impl Push<'_> {
    /// Judges a change of the default branch.
    pub(super) fn guard(&mut self, update: &RefUpdate) -> Result<()> {
        let keep = "the default branch keeps its history: it has the policy";
        let (Some(old), Some(new)) = (update.old, update.new) else {
            if update.new.is_none() {
                let reason = Reason::new(keep, "this push would delete it", None);
                self.refuse(&update.name, vec![reason]);
            }
            return Ok(());
        };
        match self.registry.repository.is_in_history(old, new) {
            Ok(true) => {}
            Ok(false) => {
                let fix = "merge what is there, and push without --force";
                let reason = Reason::new(keep, "this push would take commits out of it", Some(fix));
                self.refuse(&update.name, vec![reason]);
                return Ok(());
            }
            Err(why) => {
                let reason = Reason::new(keep, format!("this cannot be judged: {why}"), None);
                self.refuse(&update.name, vec![reason]);
                return Ok(());
            }
        }
        if self.registry.policy_files(old)? == self.registry.policy_files(new)? {
            return Ok(());
        }
        if let Some(refused) = self.registry.unreadable_policy(update) {
            self.refused.push(refused);
            return Ok(());
        }
        let in_force = self.in_force;
        if let Some(guard) = &in_force.policy.guard {
            let reason = self.unauthorized(guard, old, new)?;
            self.refuse(&update.name, reason.into_iter().collect());
        }
        Ok(())
    }

    /// Why nobody who may change the policy has made it what it is in `new`. A merge needs no signature if it takes what a
    /// signed commit of the push has, or what is in force.
    fn unauthorized(&self, guard: &Guard, old: ObjectId, new: ObjectId) -> Result<Option<Reason>> {
        let before = self.registry.policy_files(old)?;
        let mut good: HashMap<ObjectId, Files> = HashMap::new();
        let (mut checked, mut found) = (0, String::new());
        for (commit, parents) in self.registry.repository.commits_between(old, new)? {
            let files = self.registry.policy_files(commit)?;
            let is_kept = files == before;
            if is_kept || parents.iter().any(|parent| good.get(parent) == Some(&files)) {
                good.insert(commit, files);
                continue;
            }
            checked += 1;
            if checked > MAX_SIGNATURES {
                "there are too many commits that change it".clone_into(&mut found);
                break;
            }
            match self.signed_by_guard(guard, commit) {
                Ok(()) => _ = good.insert(commit, files),
                Err(why) => found = format!("commit {} {why}", commit.short()),
            }
        }
        if good.contains_key(&new) {
            return Ok(None);
        }
        let groups = guard.by.join(", ");
        let fix = format!("let a member of {groups} make and sign that commit (`git commit -S`)");
        let wanted = format!("a change of the policy is signed by {groups}");
        Ok(Some(Reason { rule: guard.place, wanted, found, fix: Some(fix) }))
    }

    fn signed_by_guard(&self, guard: &Guard, commit: ObjectId) -> std::result::Result<(), String> {
        let signature = self.registry.commit_signature(self.in_force, commit)?;
        match (signature.result, &signature.key) {
            (Verified::Good, Some(key))
                if self.in_force.policy.may_change(guard, key, &signature.addresses) =>
            {
                Ok(())
            }
            (Verified::Good, Some(key)) => Err(format!("is signed by {key}")),
            (Verified::Unsigned, _) => Err("is not signed".to_owned()),
            (result, _) => Err(format!("has a signature that is {}", result.word())),
        }
    }
}
