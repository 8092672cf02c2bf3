//! The policy at a server: all events of one push are judged as a whole and in order, before any ref is changed.
//!
//! The new objects may be in quarantine, and the tags are no refs yet: what they are is in the lines that git gives to its hook.

use std::collections::BTreeMap;

use crate::approval::ApprovalName;
use crate::error::Result;
use crate::event::{Event, sort_events};
use crate::git::{self, TagObject, TagRef, Want, name_sum};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::policy::{
    Approval, BranchFact, Change, Facts, Judge, Judgement, Need, Reason, RefUpdate, Refused, deletion_checks,
    judge,
};
use crate::registry::Registry;
use crate::registry::policy::PolicyInForce;
use crate::registry::read::scan::Scan;
use crate::signing::Verified;
use crate::tag::{Action, TagName};

/// A push, and the policy that was in force before it.
pub(super) struct Push<'a> {
    pub registry: &'a Registry,
    pub in_force: &'a PolicyInForce,
    updates: &'a [RefUpdate],
    /// The approvals that it brings.
    approvals: Vec<(ApprovalName, Approval)>,
    facts: Facts,
    pub refused: Vec<Refused>,
}

const SIGNED: &str = "an approval that is signed with a key of the policy";
const ANNOTATED: &str = "an annotated tag";
const OWN_NAME: &str = "a tag that has its own name inside";

impl Registry {
    /// Judges a push by the policy that is in force before it: that of the commit that `HEAD` names. Returns what must not be
    /// done; if there is anything, nothing of the push may be taken.
    ///
    /// # Errors
    /// What keeps Git from reading, or the policy from being read: the push cannot be judged then, and must be refused.
    pub fn judge_push(&self, updates: &[RefUpdate]) -> Result<Vec<Refused>> {
        if let (Some(refused), Some(update)) = (self.in_namespace(), updates.first()) {
            return Ok(vec![Refused { name: update.name.clone(), reasons: vec![refused] }]);
        }
        let in_force = match self.repository.head_commit()? {
            Some(commit) => self.policy_at(commit, "HEAD")?,
            None => None,
        };
        let default = self.changes_of_default(updates);
        let Some(in_force) = in_force else {
            // What is no policy would stop all pushes to come.
            return Ok(default.into_iter().filter_map(|update| self.unreadable_policy(update)).collect());
        };
        let mut push = Push {
            registry: self,
            in_force: &in_force,
            updates,
            approvals: Vec::new(),
            facts: self.no_facts(),
            refused: Vec::new(),
        };
        push.facts.pusher = self.pusher();
        for update in default {
            push.refused.extend(self.guard(&in_force, update)?);
        }
        push.judge();
        push.refused.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(push.refused)
    }

    /// Why a push to a namespace of Git cannot be judged: what is there already is under other names than those of the push.
    fn in_namespace(&self) -> Option<Reason> {
        let namespace = self.environment.variable("GIT_NAMESPACE").filter(|name| !name.is_empty())?;
        let why = format!("GIT_NAMESPACE is '{namespace}', and gto reads the refs outside of it");
        Some(Reason::unknown("a repository without namespaces", &why))
    }

    /// Who pushes, by the variable that the server sets and `gto.pusherFrom` names.
    fn pusher(&self) -> Option<String> {
        let variable = self.repository.setting("gto.pusherFrom")?;
        self.environment.variable(&variable).filter(|pusher| !pusher.is_empty())
    }
}

impl Push<'_> {
    pub fn refuse(&mut self, name: &str, reasons: Vec<Reason>) {
        match self.refused.iter_mut().find(|refused| refused.name == name) {
            Some(refused) => refused.reasons.extend(reasons),
            None if reasons.is_empty() => {}
            None => self.refused.push(Refused { name: name.to_owned(), reasons }),
        }
    }

    fn judge(&mut self) {
        let mut by_artifact: BTreeMap<ArtifactName, Vec<(&RefUpdate, &str)>> = BTreeMap::new();
        let mut approvals = Vec::new();
        for update in self.updates {
            if update.name.starts_with("refs/replace/") {
                let found = "this ref would put another object in the place of one";
                let fix = "push without refs/replace";
                self.refuse(&update.name, vec![Reason::new("objects as they are", found, Some(fix))]);
            }
            let Some(tag) = update.tag() else { continue };
            if let Ok(name) = tag.parse::<TagName>() {
                by_artifact.entry(name.artifact).or_default().push((update, tag));
            } else if let Ok(name) = tag.parse::<ApprovalName>() {
                approvals.push((update, tag, name));
            }
        }
        // First: events of the same push may rest on them.
        for (update, tag, name) in approvals {
            self.judge_approval(update, tag, name);
        }
        for (artifact, updates) in by_artifact {
            if let Err(error) = self.judge_artifact(&artifact, &updates) {
                let unknown = Reason::unknown("a registry that can be read", &error.to_string());
                let fix = Some("`gto doctor` on the server shows how".to_owned());
                self.refuse(updates[0].1, vec![Reason { fix, ..unknown }]);
            }
        }
    }

    fn judge_approval(&mut self, update: &RefUpdate, tag: &str, name: ApprovalName) {
        let policy = &self.in_force.policy;
        let mut checks = Vec::new();
        if update.old.is_some() {
            checks = deletion_checks(policy, name.artifact.as_str(), Some(&name.stage), &self.facts);
        }
        let Some(target) = update.new else {
            return self.refuse(tag, Reason::of(&Judgement { checks, ..Judgement::default() }));
        };
        let tag_ref = TagRef { name: tag.to_owned(), target };
        let mut reasons = Vec::new();
        match self.registry.repository.read_tags(&[tag_ref], Want::NoMessages).pop() {
            Some(TagObject::Annotated { tag_id, commit, tagger, name_sum: sum, .. }) => {
                if sum != name_sum(tag.as_bytes()) {
                    reasons.push(renamed());
                }
                let approval = Approval {
                    tag: tag.to_owned(),
                    id: tag_id,
                    approver: name.id.as_str().to_owned(),
                    commit,
                    is_withdrawal: name.is_withdrawal,
                    email: tagger.email.to_string(),
                    seconds: tagger.time.seconds(),
                };
                if !policy.baseline.has(tag, &tag_id) {
                    reasons.extend(self.misnamed(&name, &approval));
                }
                let action = Action::Register(name.version.clone());
                let event = Event {
                    tag: tag.to_owned(),
                    tag_id,
                    name: TagName::simple(name.artifact.clone(), action),
                    commit,
                    tagger,
                    message: String::new(),
                };
                if !policy.baseline.has(tag, &tag_id) {
                    checks.extend(Judge::clock_checks(policy, &event, None, self.facts.now));
                }
                self.approvals.push((name, approval));
            }
            Some(TagObject::Lightweight { .. }) | None => reasons.push(lightweight()),
            Some(TagObject::Unreadable(why)) => reasons.push(unreadable(&why.to_string())),
        }
        reasons.extend(Reason::of(&Judgement { checks, ..Judgement::default() }));
        self.refuse(tag, reasons);
    }

    /// Why an approval has the name of somebody else, or counts for nothing.
    fn misnamed(&mut self, name: &ApprovalName, approval: &Approval) -> Option<Reason> {
        let need = Need::Signature { tag: approval.tag.clone(), id: approval.id };
        self.registry.gather(self.in_force, &[need], &mut self.facts);
        let signature = self.facts.signatures.get(&(approval.tag.clone(), approval.id))?;
        let rules = self.in_force.policy.rules_of_stage(&name.artifact, &name.stage);
        let counts_if_signed = { rules }.any(|rule| rule.approvals.is_some() && !rule.trusts_unsigned);
        let approver = match signature {
            Err(why) => return Some(Reason::unknown(SIGNED, why)),
            Ok(found) if found.result == Verified::Good => found.fingerprint.clone()?,
            Ok(found) if counts_if_signed => {
                let why = found.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                let found = format!("its signature is {}{why}", found.result.word());
                return Some(Reason::new(
                    SIGNED,
                    found,
                    Some("sign it: `gto approve` does if the policy asks"),
                ));
            }
            Ok(found) if found.result == Verified::Unsigned => format!("email:{}", approval.email),
            // It counts for nothing, and nothing asks for it.
            Ok(_) => return None,
        };
        let is_own = git::approval_id(approval.commit, &approver) == name.id;
        let wanted = "an approval that has the name of who makes it";
        let found = format!("the name is not that of {}", crate::text::printable(&approver));
        (!is_own).then(|| Reason::new(wanted, found, Some("make it by `gto approve`")))
    }

    fn judge_artifact(&mut self, artifact: &ArtifactName, updates: &[(&RefUpdate, &str)]) -> Result<()> {
        let mut events = self.registry.events_of(artifact)?;
        let newest = sort_events(events.clone()).pop();
        for (_, tag) in updates.iter().filter(|(update, _)| update.new.is_none()) {
            let judgement = self.judged(&events, &Change::Delete((*tag).to_owned()));
            self.refuse(tag, Reason::of(&judgement));
            events.retain(|event| event.tag != *tag);
        }
        let mut created = Vec::new();
        let scan = self.scan(artifact, updates);
        for event in scan.events {
            let update = updates.iter().find(|(_, tag)| *tag == event.tag);
            if update.is_some_and(|(update, _)| update.old.is_some()) {
                let judgement = self.judged(&events, &Change::Move(event.clone()));
                self.refuse(&event.tag, Reason::of(&judgement));
                events.retain(|known| known.tag != event.tag);
            }
            created.push(event);
        }
        let (policy, now) = (&self.in_force.policy, self.facts.now);
        let mut judge = Judge::new(policy, events.into_iter().chain(created.iter().cloned()).collect());
        for event in sort_events(created) {
            let mut reasons = Vec::new();
            if !policy.baseline.has(&event.tag, &event.tag_id) {
                let checks = Judge::clock_checks(policy, &event, newest.as_ref(), now);
                reasons = Reason::of(&Judgement { checks, ..Judgement::default() });
            }
            let Some(index) = judge.place_of(&event.tag) else { continue };
            let judgement = loop {
                match judge.judge(index, &self.facts) {
                    Ok(judgement) => break judgement,
                    Err(needs) => self.gather(&needs),
                }
            };
            reasons.extend(Reason::of(&judgement));
            self.refuse(&event.tag, reasons);
        }
        Ok(())
    }

    /// The new tags of one artifact. What is no event is refused: its name would be taken, and nobody could delete it.
    fn scan(&mut self, artifact: &ArtifactName, updates: &[(&RefUpdate, &str)]) -> Scan {
        let tag_ref = |(update, tag): &(&RefUpdate, &str)| {
            update.new.map(|target| TagRef { name: (*tag).to_owned(), target })
        };
        let refs: Vec<TagRef> = updates.iter().filter_map(tag_ref).collect();
        let scan =
            Scan::of(artifact, refs, |tags| self.registry.repository.read_tags(tags, Want::NoMessages));
        for tag in &scan.lightweight {
            self.refuse(tag, vec![lightweight()]);
        }
        for (tag, why) in &scan.unreadable {
            self.refuse(&tag.name, vec![unreadable(&why.to_string())]);
        }
        for (tag, _) in &scan.renamed {
            self.refuse(tag, vec![renamed()]);
        }
        scan
    }

    fn judged(&mut self, events: &[Event], change: &Change) -> Judgement {
        loop {
            match judge(&self.in_force.policy, events, change, &self.facts) {
                Ok(judgement) => return judgement,
                Err(needs) => self.gather(&needs),
            }
        }
    }

    /// Gathers facts as they will be after the push: its branches and its approvals count as well.
    fn gather(&mut self, needs: &[Need]) {
        self.registry.gather(self.in_force, needs, &mut self.facts);
        for need in needs {
            match need {
                Need::Signature { .. } => {}
                Need::Branch { commit, branches } => {
                    let fits = |name: &str| branches.iter().any(|pattern| pattern.matches(name));
                    let pushed: Vec<(&str, ObjectId)> = self
                        .updates
                        .iter()
                        .filter_map(|update| Some((update.branch()?, update.new?)))
                        .filter(|(name, _)| fits(name))
                        .collect();
                    let key = (*commit, branches.clone());
                    let Some(fact) = self.facts.branches.get_mut(&key) else { continue };
                    for (name, tip) in pushed {
                        if matches!(fact, Ok(BranchFact { on: None, .. })) {
                            match self.registry.repository.is_in_history(*commit, tip) {
                                Ok(true) => {
                                    *fact =
                                        Ok(BranchFact { on: Some(name.to_owned()), looked_at: Vec::new() });
                                }
                                Ok(false) => {}
                                Err(reason) => *fact = Err(reason),
                            }
                        }
                    }
                }
                Need::Approvals { artifact, version, stage } => {
                    let is_wanted = |name: &ApprovalName| {
                        name.artifact == *artifact
                            && name.version.to_string() == *version
                            && name.stage == *stage
                    };
                    let new = self.approvals.iter().filter(|(name, _)| is_wanted(name));
                    let key = (artifact.clone(), version.clone(), stage.clone());
                    if let Some(Ok(known)) = self.facts.approvals.get_mut(&key) {
                        let new: Vec<Approval> = new.map(|(_, approval)| approval.clone()).collect();
                        known.here.retain(|known| new.iter().all(|new| new.tag != known.tag));
                        known.here.extend(new);
                    }
                }
            }
        }
    }
}

fn lightweight() -> Reason {
    Reason::new(
        ANNOTATED,
        "it is a lightweight one, which says nothing",
        Some("make it by gto, or by `git tag -a`"),
    )
}

fn renamed() -> Reason {
    Reason::new(OWN_NAME, "it is a copy of another tag", Some("make it by gto, or by `git tag -a`"))
}

fn unreadable(why: &str) -> Reason {
    Reason::unknown("a tag that can be read", why)
}
