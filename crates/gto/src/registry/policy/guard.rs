//! The policy's own guard: who may change it, its keys and its baseline, and that the default branch keeps its history.

use std::collections::HashMap;

use crate::error::Result;
use crate::git::{EntryKind, GitError};
use crate::object_id::ObjectId;
use crate::policy::{Guard, Policy, Reason, RefUpdate, Refused};
use crate::registry::Registry;
use crate::registry::policy::PolicyInForce;
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

const KEEP: &str = "the default branch keeps its history: it has the policy";

impl Registry {
    /// Those of these changes that change the default branch, whatever it is called in them: a symbolic ref may stand for it.
    pub(super) fn changes_of_default<'u>(&self, updates: &'u [RefUpdate]) -> Vec<&'u RefUpdate> {
        let others: Vec<&RefUpdate> = updates.iter().filter(|update| update.tag().is_none()).collect();
        if others.is_empty() {
            return others;
        }
        let Some(default) = self.repository.ref_behind("HEAD") else { return Vec::new() };
        let is_default = |update: &&RefUpdate| {
            update.name == default || self.repository.ref_behind(&update.name).as_ref() == Some(&default)
        };
        others.into_iter().filter(is_default).collect()
    }

    /// Judges a change of the default branch by the policy before it.
    pub(super) fn guard(&self, in_force: &PolicyInForce, update: &RefUpdate) -> Result<Option<Refused>> {
        let refused = |reason| Ok(Some(Refused { name: update.name.clone(), reasons: vec![reason] }));
        let Some(new) = update.new else {
            return refused(Reason::new(KEEP, "this push would delete it", None));
        };
        let Some(old) = update.old else { return Ok(None) };
        match self.repository.is_in_history(old, new) {
            Ok(true) => {}
            Ok(false) => {
                let fix = "merge what is there, and push without --force";
                return refused(Reason::new(KEEP, "this push would take commits out of it", Some(fix)));
            }
            Err(why) => return refused(Reason::unknown(KEEP, &why)),
        }
        if self.policy_files(old)? == self.policy_files(new)? {
            return Ok(None);
        }
        if let Some(refused) = self.unreadable_policy(update) {
            return Ok(Some(refused));
        }
        let Some(guard) = &in_force.policy.guard else { return Ok(None) };
        self.unauthorized(in_force, guard, old, new)?.map_or(Ok(None), refused)
    }

    /// Why nobody who may change the policy has made it what it is in `new`. A merge needs no signature if it takes what a
    /// signed commit of the push has, or what is in force.
    fn unauthorized(
        &self,
        in_force: &PolicyInForce,
        guard: &Guard,
        old: ObjectId,
        new: ObjectId,
    ) -> Result<Option<Reason>> {
        let before = self.policy_files(old)?;
        let mut good: HashMap<ObjectId, Files> = HashMap::new();
        let (mut checked, mut found) = (0, String::new());
        for (commit, parents) in self.repository.commits_between(old, new)? {
            let files = self.policy_files(commit)?;
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
            match self.signed_by_guard(in_force, guard, commit) {
                Ok(()) => _ = good.insert(commit, files),
                Err(why) => found = format!("commit {} {why}", commit.short()),
            }
        }
        if good.contains_key(&new) {
            return Ok(None);
        }
        let groups = guard.by.join(", ");
        let fix = format!("let a member of {groups} make and sign that commit (`git commit -S`)");
        let wanted = format!("a change of the policy that is signed by {groups}");
        Ok(Some(Reason { rule: guard.place, wanted, found, fix: Some(fix), is_unknown: false }))
    }

    fn signed_by_guard(
        &self,
        in_force: &PolicyInForce,
        guard: &Guard,
        commit: ObjectId,
    ) -> std::result::Result<(), String> {
        let signature = self.commit_signature(in_force, commit)?;
        match (signature.result, &signature.key) {
            (Verified::Good, Some(key)) if in_force.policy.may_change(guard, key, &signature.addresses) => {
                Ok(())
            }
            (Verified::Good, Some(key)) => Err(format!("is signed by {key}")),
            (Verified::Unsigned, _) => Err("is not signed".to_owned()),
            (result, _) => Err(format!("has a signature that is {}", result.word())),
        }
    }
}
