//! The conditions of a rule, each held against one change.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::Event;
use crate::name::{ArtifactName, StageName};
use crate::signing::Verified;
use crate::version::{Version, VersionLabel};

use super::facts::{Approval, BranchFact, Facts, Need, TagSignature};
use super::judgement::{Check, Condition, Judgement, Outcome, Remedy, Verdict, one_of};
use super::rule::{Approvals, Freeze, Policy, Prerelease, Rule, VersionRule};
use super::span::{Span, shown_time};
use super::timeline::{Shown, StageChange, Stay, Timeline};

/// What is known of an earlier event.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Validity {
    Valid,
    Invalid,
    /// Not known, for this reason.
    Unknown(String),
    /// Not judged yet.
    Pending,
}

/// What has to be known before the judgement can be made.
#[derive(Debug, Default)]
pub(super) struct Demands {
    /// Earlier events to judge.
    pub events: BTreeSet<usize>,
    /// Facts to gather.
    pub needs: BTreeSet<Need>,
    /// Earlier events that were used and are invalid: the timeline is to be made without them.
    pub excluded: BTreeSet<usize>,
}

/// A change, as a rule sees it.
pub(super) struct Subject<'a> {
    pub policy: &'a Policy,
    pub facts: &'a Facts,
    pub timeline: &'a Timeline,
    pub events: &'a [Event],
    pub artifact: &'a ArtifactName,
    /// The place of the event: what counts is before it.
    pub index: usize,
    /// The event; `None` for a deletion, which has no signer.
    pub event: Option<&'a Event>,
    /// When it happens.
    pub seconds: i64,
    /// The stage that changes, if the rule is about one.
    pub stage: Option<&'a StageName>,
    /// The version that is shown afterwards, or that the event is about.
    pub version: Option<&'a Arc<Shown>>,
    /// The earlier events that have been judged.
    pub judged: &'a HashMap<usize, Judgement>,
}

/// Whether something that needs other events or facts holds.
enum Answer<T> {
    Known(T),
    Unknown(String),
    /// It is in the demands.
    Pending,
}

impl Subject<'_> {
    /// Holds all conditions of a rule against the change.
    pub fn check(&self, rule: &Rule, demands: &mut Demands, checks: &mut Vec<Check>) {
        let mut add = |condition: Condition, wanted: String, outcome: Option<Outcome>| {
            if let Some(outcome) = outcome {
                checks.push(Check {
                    rule: rule.place,
                    stage: self.stage.cloned(),
                    condition,
                    wanted,
                    outcome,
                });
            }
        };
        if let Some(version) = self.version {
            match (&version.label, rule.wants_version()) {
                (VersionLabel::Commit(commit), true) => {
                    let found = format!("commit {} has no version", commit.short());
                    let wanted = "a registered version".to_owned();
                    add(Condition::Registered, wanted, Some(Outcome::Violated(found, Remedy::Register)));
                }
                (VersionLabel::Number(number), _) => {
                    self.check_version(rule, version, number, demands, &mut add);
                }
                (VersionLabel::Commit(_), false) => {}
            }
            if !rule.branches.is_empty() {
                let wanted = format!("a commit in the history of {}", one_of(&rule.branches));
                add(Condition::Branches, wanted, self.branches(rule, version, demands));
            }
        }
        if let Some(freeze) = &rule.freeze {
            let wanted =
                format!("no change from {} to {}", shown_time(freeze.from.first), shown_time(freeze.to.last));
            add(Condition::Freeze, wanted, self.freeze(rule, freeze, demands));
        }
        if let Some(event) = self.event {
            if rule.signature {
                add(
                    Condition::Signature,
                    "a good signature".to_owned(),
                    self.signed(event, &[], false, demands),
                );
            }
            if !rule.by.is_empty() {
                let wanted = format!("a tag signed by a member of {}", one_of(&rule.by));
                add(Condition::By, wanted, self.signed(event, &rule.by, rule.trusts_unsigned, demands));
            }
        }
    }

    fn check_version(
        &self,
        rule: &Rule,
        version: &Arc<Shown>,
        number: &Version,
        demands: &mut Demands,
        add: &mut impl FnMut(Condition, String, Option<Outcome>),
    ) {
        if let Some(wanted) = &rule.version {
            add(Condition::Version, version_wanted(wanted), Some(fits(wanted, number)));
        }
        for (condition, outcome) in self.history(rule, version, demands) {
            let stages = if condition == Condition::FromAll { &rule.from_all } else { &rule.from };
            let soak = rule.soak.map(|soak| format!(" for {soak}")).unwrap_or_default();
            let wanted = match condition {
                Condition::FromAll => format!("a version that was in each of the stages {}", all_of(stages)),
                Condition::Soak if rule.from.is_empty() => {
                    format!("a version that was in each of the stages {}{soak}", all_of(&rule.from_all))
                }
                Condition::Soak if !rule.from_all.is_empty() => {
                    let each = all_of(&rule.from_all);
                    format!("a version that was in stage {}{soak}, and in each of {each}", one_of(stages))
                }
                Condition::Soak => format!("a version that was in stage {}{soak}", one_of(stages)),
                _ => format!("a version that was in stage {}", one_of(stages)),
            };
            add(condition, wanted, outcome);
        }
        if let (Some(wanted), Some(stage)) = (&rule.approvals, self.stage) {
            let of = if wanted.by.is_empty() {
                String::new()
            } else {
                format!(" by members of {}", one_of(&wanted.by))
            };
            let not_self = if wanted.not_self { ", not by who makes the tag" } else { "" };
            let s = if wanted.count == 1 { "" } else { "s" };
            let text = format!("{} approval{s}{of}{not_self}", wanted.count);
            let outcome = self.approvals(wanted, rule.trusts_unsigned, stage, version, demands);
            add(Condition::Approvals, text, outcome);
        }
    }

    /// `from`, `from_all` and `soak`, unless the version comes back (`rollback`).
    fn history(
        &self,
        rule: &Rule,
        version: &Shown,
        demands: &mut Demands,
    ) -> Vec<(Condition, Option<Outcome>)> {
        let mut found = Vec::new();
        let was_in = |stage: &StageName| format!("it was in stage '{stage}'");
        if !rule.from.is_empty() {
            let outcome = match self.was_in_any(&rule.from, version, demands) {
                Answer::Known(Some(stage)) => Some(Outcome::Fulfilled(was_in(&stage))),
                Answer::Known(None) => Some(never_in(version, &rule.from)),
                Answer::Unknown(reason) => Some(Outcome::Unknown(reason)),
                Answer::Pending => None,
            };
            found.push((Condition::From, outcome));
        }
        for stage in &rule.from_all {
            let one = std::slice::from_ref(stage);
            let outcome = match self.was_in_any(one, version, demands) {
                Answer::Known(Some(stage)) => Some(Outcome::Fulfilled(was_in(&stage))),
                Answer::Known(None) => Some(never_in(version, one)),
                Answer::Unknown(reason) => Some(Outcome::Unknown(reason)),
                Answer::Pending => None,
            };
            found.push((Condition::FromAll, outcome));
        }
        let is_fulfilled =
            |(_, outcome): &(Condition, Option<Outcome>)| matches!(outcome, Some(Outcome::Fulfilled(_)));
        // Where it never was it was for no time: one complaint is enough.
        if let Some(soak) = rule.soak.filter(|_| found.iter().all(is_fulfilled)) {
            if !rule.from.is_empty() {
                found.push((Condition::Soak, self.soaked(&rule.from, soak, version, demands)));
            }
            for stage in &rule.from_all {
                let outcome = self.soaked(std::slice::from_ref(stage), soak, version, demands);
                found.push((Condition::Soak, outcome));
            }
        }
        self.waive(rule, &mut found, demands);
        found
    }

    /// What was validly in the stage before may come back.
    fn waive(&self, rule: &Rule, found: &mut [(Condition, Option<Outcome>)], demands: &mut Demands) {
        let is_open = |outcome: &Option<Outcome>| !matches!(outcome, None | Some(Outcome::Fulfilled(_)));
        if !rule.rollback || !found.iter().any(|(_, outcome)| is_open(outcome)) {
            return;
        }
        let (Some(stage), Some(version)) = (self.stage, self.version) else { return };
        match self.was_in_any(std::slice::from_ref(stage), version, demands) {
            Answer::Known(Some(_)) => {
                for (_, outcome) in found.iter_mut().filter(|(_, outcome)| is_open(outcome)) {
                    *outcome = Some(Outcome::Fulfilled(format!("it comes back to '{stage}' (rollback)")));
                }
            }
            Answer::Known(None) => {}
            Answer::Unknown(reason) => {
                for (_, outcome) in found.iter_mut().filter(|(_, outcome)| is_open(outcome)) {
                    *outcome = Some(Outcome::Unknown(reason.clone()));
                }
            }
            Answer::Pending => found.iter_mut().for_each(|(_, outcome)| *outcome = None),
        }
    }

    /// In which of the stages the version was validly shown. Looks at the newest times first, and at no more than it must.
    fn was_in_any(
        &self,
        stages: &[StageName],
        version: &Shown,
        demands: &mut Demands,
    ) -> Answer<Option<StageName>> {
        let mut unknown = None;
        for stage in stages {
            for stay in self.timeline.shown(stage, version, self.index) {
                match self.is_valid(stay.opened, demands) {
                    Answer::Known(true) => return Answer::Known(Some(stage.clone())),
                    Answer::Known(false) => {}
                    Answer::Unknown(reason) => unknown = Some(reason),
                    Answer::Pending => return Answer::Pending,
                }
            }
        }
        unknown.map_or(Answer::Known(None), Answer::Unknown)
    }

    /// For how long the stages showed the version, until the event.
    fn soaked(
        &self,
        stages: &[StageName],
        soak: Span,
        version: &Shown,
        demands: &mut Demands,
    ) -> Option<Outcome> {
        let mut stays: Vec<Stay<'_>> =
            stages.iter().flat_map(|stage| self.timeline.shown(stage, version, self.index)).collect();
        stays.sort_by_key(|stay| std::cmp::Reverse(stay.opened.event));
        let (mut times, mut unknown) = (Vec::new(), None);
        for stay in &stays {
            match self.is_valid(stay.opened, demands) {
                Answer::Known(true) => {
                    times.push(self.time_of(stay));
                    if covered(&mut times) >= soak.as_seconds() {
                        return Some(Outcome::Fulfilled(format!(
                            "it was there for {}",
                            Span::seconds(covered(&mut times))
                        )));
                    }
                }
                Answer::Known(false) => {}
                Answer::Unknown(reason) => unknown = Some(reason),
                Answer::Pending => return None,
            }
        }
        // Too short: what ended a time must have been valid too.
        for closed in stays.iter().filter_map(|stay| stay.closed) {
            match self.is_valid(closed, demands) {
                Answer::Known(_) => {}
                Answer::Unknown(reason) => unknown = Some(reason),
                Answer::Pending => return None,
            }
        }
        if let Some(reason) = unknown {
            return Some(Outcome::Unknown(reason));
        }
        let total = covered(&mut times);
        let is_there = stays.iter().any(|stay| stay.closed.is_none());
        let left = soak.as_seconds() - total;
        let remedy = if is_there {
            Remedy::WaitUntil(self.seconds.saturating_add(left))
        } else {
            Remedy::AssignAndWait(stages.to_vec(), left)
        };
        let found = format!("{} was there for {}", version.label.short(), Span::seconds(total));
        Some(Outcome::Violated(found, remedy))
    }

    fn time_of(&self, stay: &Stay<'_>) -> (i64, i64) {
        let seconds = |change: &StageChange| self.events[change.event].tagger.time.seconds();
        let end = stay.closed.map_or(self.seconds, seconds).min(self.seconds);
        (seconds(stay.opened), end)
    }

    /// Whether the events that a change rests on are valid: the one that made it, the assignment of what is shown, and the
    /// registration of that.
    fn is_valid(&self, change: &StageChange, demands: &mut Demands) -> ValidityAnswer {
        let registration = change.assigned_by.and_then(|assigned| self.timeline.registration(assigned));
        let used = [Some(change.event), change.assigned_by, registration];
        self.are_valid(used.into_iter().flatten(), demands)
    }

    fn are_valid(&self, used: impl Iterator<Item = usize>, demands: &mut Demands) -> ValidityAnswer {
        let used: BTreeSet<usize> = used.filter(|event| *event < self.index).collect();
        let mut answer = Answer::Known(true);
        for event in used {
            match self.validity(event) {
                Validity::Valid => {}
                Validity::Invalid => {
                    demands.excluded.insert(event);
                    return Answer::Known(false);
                }
                Validity::Unknown(reason) => answer = Answer::Unknown(reason),
                Validity::Pending => {
                    demands.events.insert(event);
                    answer = Answer::Pending;
                }
            }
        }
        answer
    }

    fn validity(&self, event: usize) -> Validity {
        match self.judged.get(&event).map(Judgement::verdict) {
            None => Validity::Pending,
            Some(Verdict::Valid) => Validity::Valid,
            Some(Verdict::Violations(_)) => Validity::Invalid,
            Some(Verdict::CannotJudge(missing)) => {
                let reason = missing.first().map(|missing| missing.reason.clone()).unwrap_or_default();
                Validity::Unknown(format!(
                    "whether '{}' is valid is not known: {reason}",
                    self.events[event].tag
                ))
            }
        }
    }

    /// Demands the validity of what the change itself rests on. Whether that is known.
    pub fn rests_on(&self, used: impl Iterator<Item = usize>, demands: &mut Demands) -> Option<String> {
        match self.are_valid(used, demands) {
            Answer::Unknown(reason) => Some(reason),
            Answer::Known(_) | Answer::Pending => None,
        }
    }

    fn freeze(&self, rule: &Rule, freeze: &Freeze, demands: &mut Demands) -> Option<Outcome> {
        if !freeze.has(self.seconds) {
            return Some(Outcome::Fulfilled(format!("it is {}", shown_time(self.seconds))));
        }
        let found = format!("it is {}", shown_time(self.seconds));
        let outcome = Outcome::Violated(found, Remedy::WaitUntil(freeze.to.last.saturating_add(1)));
        let mut found = [(Condition::Freeze, Some(outcome))];
        self.waive(rule, &mut found, demands);
        let [(_, outcome)] = found;
        outcome
    }

    fn branches(&self, rule: &Rule, version: &Shown, demands: &mut Demands) -> Option<Outcome> {
        let key = (version.commit, rule.branches.clone());
        let Some(fact) = self.facts.branches.get(&key) else {
            demands.needs.insert(Need::Branch { commit: key.0, branches: key.1 });
            return None;
        };
        Some(match fact {
            Ok(BranchFact { on: Some(branch), .. }) => Outcome::Fulfilled(format!("it is in '{branch}'")),
            Ok(BranchFact { on: None, looked_at }) => {
                let found = if looked_at.is_empty() {
                    "there is no such branch".to_owned()
                } else {
                    format!("commit {} is not in {}", version.commit.short(), one_of(looked_at))
                };
                let branches = rule.branches.iter().map(ToString::to_string).collect();
                Outcome::Violated(found, Remedy::Merge(branches))
            }
            Err(reason) => Outcome::Unknown(reason.clone()),
        })
    }

    /// Whether the tag is signed by a member of one of the groups; of none: with any key of the policy.
    fn signed(
        &self,
        event: &Event,
        groups: &[String],
        trusts: bool,
        demands: &mut Demands,
    ) -> Option<Outcome> {
        if self.facts.planned.contains_key(&event.tag) {
            return Some(Outcome::Fulfilled("it will be signed, and that is checked then".to_owned()));
        }
        let signature = self.signature(&event.tag, event.tag_id, demands)?;
        Some(match signature {
            Err(reason) => Outcome::Unknown(reason.clone()),
            Ok(signature) => {
                let outcome = self.signer(signature, groups);
                let address = &event.tagger.email;
                if trusts
                    && !matches!(outcome, Outcome::Fulfilled(_))
                    && self.policy.has_address(groups, address)
                {
                    Outcome::Fulfilled(format!("the tagger is '{address}' (unsigned: trust)"))
                } else {
                    outcome
                }
            }
        })
    }

    fn signature(
        &self,
        tag: &str,
        id: crate::object_id::ObjectId,
        demands: &mut Demands,
    ) -> Option<&Result<TagSignature, String>> {
        let fact = self.facts.signatures.get(&(tag.to_owned(), id));
        if fact.is_none() {
            demands.needs.insert(Need::Signature { tag: tag.to_owned(), id });
        }
        fact
    }

    /// Whether a signature counts for a member of one of the groups.
    fn signer(&self, signature: &TagSignature, groups: &[String]) -> Outcome {
        let remedy = || Remedy::Sign(groups.to_vec());
        let with_reason = |text: &str| {
            let reason = signature.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{text}{reason}")
        };
        match (signature.result, &signature.key) {
            (Verified::Good, Some(key)) => {
                if let Some(violated) = self.of_other_registry(signature) {
                    return violated;
                }
                if groups.is_empty() || self.policy.is_in(groups, key, &signature.addresses) {
                    Outcome::Fulfilled(format!("it is signed with {key}"))
                } else {
                    Outcome::Violated(format!("it is signed with {key}"), remedy())
                }
            }
            (Verified::Unsigned, _) => Outcome::Violated("the tag is not signed".to_owned(), remedy()),
            (Verified::Unknown | Verified::Untrusted, Some(key)) => {
                // A key that a group names can be looked for; any other proves that it is none of theirs.
                if self.policy.is_in(groups, key, &[]) {
                    let missing = format!("the public key {key} is not in '{}'", Policy::KEYS_FOLDER);
                    Outcome::Unknown(if signature.result == Verified::Untrusted {
                        with_reason(&format!("{key} is not trusted"))
                    } else {
                        missing
                    })
                } else {
                    Outcome::Violated(
                        format!("it is signed with {key}, which is no key of the policy"),
                        remedy(),
                    )
                }
            }
            (Verified::Good | Verified::Unknown | Verified::Untrusted, _) => {
                Outcome::Unknown(with_reason("its signature cannot be checked"))
            }
            (Verified::Expired, _) => Outcome::Violated(with_reason("its signature has expired"), remedy()),
            (Verified::Revoked, _) => Outcome::Violated(with_reason("its key was revoked"), remedy()),
            (Verified::Bad, _) => Outcome::Violated(with_reason("its signature is bad"), remedy()),
        }
    }

    /// Signed for another registry: the tag of a fork, say.
    fn of_other_registry(&self, signature: &TagSignature) -> Option<Outcome> {
        let wanted = self.policy.registry.as_ref()?;
        let found = signature.trailers.registry.as_ref();
        if found == Some(wanted) {
            return None;
        }
        let found = found.map_or_else(
            || "it names no registry".to_owned(),
            |found| format!("it was made for registry '{}'", crate::text::printable(found)),
        );
        Some(Outcome::Violated(found, Remedy::SignWithTrailer(format!("Gto-Registry: {wanted}"))))
    }

    /// Why the rules need not be kept: a reason in a tag that is signed by somebody who may say so.
    pub fn override_reason(&self, demands: &mut Demands) -> Option<Result<String, String>> {
        let (glass, event) = (self.policy.break_glass.as_ref()?, self.event?);
        if let Some(planned) = self.facts.planned.get(&event.tag) {
            return planned.override_reason.clone().map(Ok);
        }
        let signature = match self.signature(&event.tag, event.tag_id, demands)? {
            Ok(signature) => signature,
            Err(reason) => return Some(Err(reason.clone())),
        };
        let reason = signature.trailers.override_reason.as_ref()?;
        match self.signer(signature, &glass.by) {
            Outcome::Fulfilled(_) => Some(Ok(reason.clone())),
            Outcome::Unknown(reason) => Some(Err(reason)),
            Outcome::Violated(..) => None,
        }
    }

    /// Whether enough people approved of the version for the stage, until the event.
    fn approvals(
        &self,
        wanted: &Approvals,
        trusts: bool,
        stage: &StageName,
        version: &Shown,
        demands: &mut Demands,
    ) -> Option<Outcome> {
        let VersionLabel::Number(number) = &version.label else { return None };
        let key = (self.artifact.clone(), number.to_string(), stage.clone());
        let Some(fact) = self.facts.approvals.get(&key) else {
            demands.needs.insert(Need::approvals(self.artifact, &version.label, stage));
            return None;
        };
        let approvals = match fact {
            Ok(approvals) => approvals,
            Err(reason) => return Some(Outcome::Unknown(reason.clone())),
        };
        let counts =
            |approval: &&Approval| approval.commit == version.commit && approval.seconds <= self.seconds;
        let mut people = BTreeSet::new();
        let (mut withdrawn, mut unknown, mut is_pending) = (BTreeSet::new(), None, false);
        for approval in approvals.iter().filter(counts) {
            let Some(person) = self.approver(approval, wanted, trusts, demands) else {
                is_pending = true;
                continue;
            };
            match person {
                Ok(Some(person)) if approval.is_withdrawal => _ = withdrawn.insert(person),
                Ok(Some(person)) => _ = people.insert(person),
                Ok(None) => {}
                Err(reason) => unknown = Some(reason),
            }
        }
        let me = if wanted.not_self { self.maker(trusts, demands) } else { Some(Ok(None)) };
        let me = match me? {
            Err(outcome) => return Some(outcome),
            Ok(me) => me,
        };
        if is_pending {
            return None;
        }
        people.retain(|person| !withdrawn.contains(person) && me.as_ref() != Some(person));
        if people.len() >= wanted.count {
            let people: Vec<String> = people.into_iter().collect();
            return Some(Outcome::Fulfilled(format!("approved by {}", people.join(", "))));
        }
        if let Some(reason) = unknown {
            return Some(Outcome::Unknown(reason));
        }
        let found = match people.len() {
            0 => "nobody has approved".to_owned(),
            count => format!("{count} of {} have approved", wanted.count),
        };
        let remedy = Remedy::Approve(wanted.count - people.len(), wanted.by.clone());
        Some(Outcome::Violated(found, remedy))
    }

    /// Who approved: by key. `Ok(None)` if it does not count; nothing while the signature is not known.
    fn approver(
        &self,
        approval: &Approval,
        wanted: &Approvals,
        trusts: bool,
        demands: &mut Demands,
    ) -> Option<Result<Option<String>, String>> {
        let signature = match self.signature(&approval.tag, approval.id, demands)? {
            Ok(signature) => signature,
            Err(reason) => return Some(Err(reason.clone())),
        };
        Some(match (self.signer(signature, &wanted.by), &signature.key) {
            (Outcome::Fulfilled(_), Some(key)) => Ok(Some(key.to_string())),
            (Outcome::Unknown(reason), _) if !trusts => Err(reason),
            _ if trusts && (wanted.by.is_empty() || self.policy.has_address(&wanted.by, &approval.email)) => {
                Ok(Some(format!("email:{}", approval.email)))
            }
            _ => Ok(None),
        })
    }

    /// Who makes the tag, to be told from those who approve. One that is not signed, or with a key that the policy does not have,
    /// could be of an approver.
    fn maker(&self, trusts: bool, demands: &mut Demands) -> Option<Result<Option<String>, Outcome>> {
        let Some(event) = self.event.filter(|event| !self.facts.planned.contains_key(&event.tag)) else {
            return Some(Ok(None));
        };
        Some(match self.signature(&event.tag, event.tag_id, demands)? {
            Err(reason) => Err(Outcome::Unknown(reason.clone())),
            Ok(signature) => match (self.signer(signature, &[]), &signature.key) {
                (Outcome::Fulfilled(_), Some(key)) => Ok(Some(key.to_string())),
                _ if trusts => Ok(Some(format!("email:{}", event.tagger.email))),
                (Outcome::Violated(found, remedy), _) => {
                    Err(Outcome::Violated(format!("who makes the tag is not known: {found}"), remedy))
                }
                (outcome, _) => Err(outcome),
            },
        })
    }
}

fn never_in(version: &Shown, stages: &[StageName]) -> Outcome {
    let found = format!("{} was never validly in {}", version.label.short(), one_of(stages));
    Outcome::Violated(found, Remedy::AssignFirst(stages.to_vec()))
}

type ValidityAnswer = Answer<bool>;

/// How many seconds these times cover, each counted once.
fn covered(times: &mut [(i64, i64)]) -> i64 {
    times.sort_unstable();
    let (mut total, mut until) = (0i64, i64::MIN);
    for (start, end) in times.iter() {
        let start = (*start).max(until);
        total = total.saturating_add(end.saturating_sub(start).max(0));
        until = until.max(*end);
    }
    total
}

fn all_of<T: std::fmt::Display>(names: &[T]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

fn version_wanted(rule: &VersionRule) -> String {
    let range = rule.range.as_ref().map(|range| format!("a version that matches '{range}'"));
    let deny = (rule.prerelease == Prerelease::Deny).then(|| "no pre-release".to_owned());
    range.into_iter().chain(deny).collect::<Vec<_>>().join(", and ")
}

fn fits(rule: &VersionRule, number: &Version) -> Outcome {
    let is_denied = rule.prerelease == Prerelease::Deny && number.pre_release().is_some();
    let is_in_range = rule.range.as_ref().is_none_or(|range| number.matches(range));
    if is_in_range && !is_denied {
        Outcome::Fulfilled(format!("it is {number}"))
    } else {
        Outcome::Violated(format!("it is {number}"), Remedy::OtherVersion)
    }
}
