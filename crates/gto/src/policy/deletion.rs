//! Deletions and moves of tags: who may do that at all, and what the stages show afterwards.

use std::collections::BTreeSet;

use crate::name::StageName;

use super::conditions::{Demands, Subject};
use super::facts::{Facts, Need};
use super::judge::{Judge, unknown};
use super::judgement::{Check, Condition, Judgement, Outcome, Remedy, one_of};
use super::rule::{Place, Policy, Rule};
use super::timeline::Timeline;

impl Judge<'_> {
    /// Judges that the tag goes: who may delete it, and what the stages show without it.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    pub fn judge_deletion(&mut self, tag: &str, facts: &Facts) -> Result<Judgement, Vec<Need>> {
        loop {
            let demands = match self.attempt_deletion(tag, facts) {
                Ok(judgement) => return Ok(judgement),
                Err(demands) => demands,
            };
            if demands.is_stale {
                self.leave_out_invalid();
            } else if demands.events.is_empty() {
                return Err(demands.needs.into_iter().collect());
            }
            for event in demands.events {
                self.judge(event, facts)?;
            }
        }
    }

    fn attempt_deletion(&self, tag: &str, facts: &Facts) -> Result<Judgement, Demands> {
        let Some(index) = self.place_of(tag) else { return Ok(Judgement::default()) };
        let mut checks = self.deletion_gate(tag, facts);
        let end = self.events().len();
        let left_out: BTreeSet<usize> = self.left_out().iter().copied().chain([index]).collect();
        let after = Timeline::of(self.events(), |event| !left_out.contains(&event));
        let mut demands = Demands::default();
        let stages: BTreeSet<&StageName> =
            self.timeline().stages().into_iter().chain(after.stages()).collect();
        for stage in stages {
            let rules = self.policy().rules_of_stage(self.events()[index].artifact(), stage);
            let rules: Vec<&Rule> = rules.filter(|rule| rule.events.is_empty()).collect();
            if rules.is_empty() {
                continue;
            }
            let (before, version) = (self.timeline().shown_at(stage, end), after.shown_at(stage, end));
            let subject = Subject {
                index: end,
                event: None,
                seconds: facts.now,
                timeline: &after,
                left_out: &left_out,
                ..self.subject(index, Some(stage), version, facts)
            };
            let mut used = after.rests_on(stage, end);
            // If this one does not count, it changes nothing that it goes.
            used.extend(self.timeline().rests_on(stage, end));
            if let Some(reason) = subject.rests_on(used, &mut demands) {
                checks.push(unknown(Some(stage.clone()), reason));
            }
            for rule in rules.into_iter().filter(|_| before != version) {
                subject.check(rule, &mut demands, &mut checks);
            }
        }
        if demands.is_open() { Err(demands) } else { Ok(Judgement { checks, ..Judgement::default() }) }
    }

    /// Whether this tag may be deleted or moved at all: by nobody, unless rules say who.
    pub(super) fn deletion_gate(&self, tag: &str, facts: &Facts) -> Vec<Check> {
        let Some(event) = self.events().iter().find(|event| event.tag == tag) else { return Vec::new() };
        deletion_checks(self.policy(), event.artifact().as_str(), event.stage(), facts)
    }
}

/// Whether a tag of an artifact may be deleted or moved, also one that is no event (an approval): by nobody, unless rules say who.
pub fn deletion_checks(
    policy: &Policy,
    artifact: &str,
    stage: Option<&StageName>,
    facts: &Facts,
) -> Vec<Check> {
    let fits = |rule: &&Rule| {
        rule.is_about_deletion()
            && rule.artifact.matches(artifact)
            && rule.stage.as_ref().is_none_or(|wanted| Some(wanted) == stage)
    };
    let mut checks = Vec::new();
    let check = |rule: Place, wanted: String, outcome: Outcome| Check {
        rule,
        stage: stage.cloned(),
        condition: Condition::Delete,
        wanted,
        outcome,
    };
    for rule in policy.rules.iter().filter(fits) {
        let wanted = if rule.pusher.is_empty() {
            "no tag deleted or moved".to_owned()
        } else {
            format!("tags deleted or moved only by {}", one_of(&rule.pusher))
        };
        let outcome = match &facts.pusher {
            _ if rule.pusher.is_empty() => Outcome::Violated("this one would be".to_owned(), Remedy::Nothing),
            Some(pusher) if rule.pusher.contains(pusher) => Outcome::Fulfilled(format!("'{pusher}' pushes")),
            Some(pusher) => {
                let found = format!("'{}' pushes", crate::text::printable(pusher));
                Outcome::Violated(found, Remedy::PushAs(rule.pusher.clone()))
            }
            None => Outcome::Unknown(
                "who pushes is not known: only a server says it (`git config gto.pusherFrom` there)"
                    .to_owned(),
            ),
        };
        checks.push(check(rule.place, wanted, outcome));
    }
    if checks.is_empty() {
        let found = "this one would be (no rule for `event: delete` allows it)".to_owned();
        checks.push(check(
            Place::DEFAULT,
            "no tag deleted or moved".to_owned(),
            Outcome::Violated(found, Remedy::Nothing),
        ));
    }
    checks
}
