//! What is asked about the past of a version: `from`, `from_all`, `soak`, `freeze` and `rollback`.

use crate::name::StageName;
use crate::policy::judgement::{Condition, Outcome, Remedy, one_of};
use crate::policy::rule::{Freeze, Rule};
use crate::policy::span::{Span, shown_time};
use crate::policy::timeline::{Shown, StageChange, Stay};

use super::subject::{Answer, Demands, Subject};

impl Subject<'_> {
    /// `from`, `from_all` and `soak`, unless the version comes back (`rollback`).
    pub(super) fn history(
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
                    Answer::Known(()) => return Answer::Known(Some(stage.clone())),
                    Answer::Unknown(reason) => unknown = Some(reason),
                    Answer::Pending => return Answer::Pending,
                }
            }
        }
        match (unknown, self.is_all_of(stages, version, demands)) {
            (_, Answer::Pending) => Answer::Pending,
            (Some(reason), _) | (None, Answer::Unknown(reason)) => Answer::Unknown(reason),
            (None, Answer::Known(())) => Answer::Known(None),
        }
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
                Answer::Known(()) => {
                    times.push(self.time_of(stay));
                    if covered(&mut times) >= soak.as_seconds() {
                        return Some(Outcome::Fulfilled(format!(
                            "it was there for {}",
                            Span::seconds(covered(&mut times))
                        )));
                    }
                }
                Answer::Unknown(reason) => unknown = Some(reason),
                Answer::Pending => return None,
            }
        }
        // Too short, unless what ended a time does not count.
        match self.is_all_of(stages, version, demands) {
            Answer::Known(()) => {}
            Answer::Unknown(reason) => unknown = Some(reason),
            Answer::Pending => return None,
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

    pub(super) fn freeze(&self, rule: &Rule, freeze: &Freeze, demands: &mut Demands) -> Option<Outcome> {
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
}

fn never_in(version: &Shown, stages: &[StageName]) -> Outcome {
    let found = format!("{} was never validly in {}", version.label.short(), one_of(stages));
    Outcome::Violated(found, Remedy::AssignFirst(stages.to_vec()))
}

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
