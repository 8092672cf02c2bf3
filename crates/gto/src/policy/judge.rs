//! The judge: which rules fit an event, and what it rests on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Event, EventKind, sort_events};
use crate::name::StageName;

use super::conditions::{Demands, Subject};
use super::facts::{Facts, Need};
use super::judgement::{Check, Condition, Judgement, Missing, Outcome, Remedy, Verdict, one_of};
use super::rule::{EventWord, Place, Policy, Rule};
use super::timeline::{Shown, StageChange, Timeline};

/// How often events that turn out to be invalid are left out and the rest is looked at again.
const MAX_ROUNDS: usize = 64;

/// A change of an artifact's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new tag.
    Create(Event),
    /// The tag of that name goes.
    Delete(String),
    /// The tag of the event's name is another object from now on.
    Move(Event),
}

/// Judges a change of an artifact. `before` are its events before the change, in any order.
///
/// # Errors
/// The facts that must be known first, as [`needs`] gives them.
pub fn judge(
    policy: &Policy,
    before: &[Event],
    change: &Change,
    facts: &Facts,
) -> Result<Judgement, Vec<Need>> {
    let gone = match change {
        Change::Create(_) => None,
        Change::Delete(tag) => Some(tag.as_str()),
        Change::Move(event) => Some(event.tag.as_str()),
    };
    let Some(new) = (match change {
        Change::Create(event) | Change::Move(event) => Some(event),
        Change::Delete(_) => None,
    }) else {
        return Judge::new(policy, before.to_vec()).judge_deletion(gone.unwrap_or_default(), facts);
    };
    let gate = match gone {
        Some(tag) => Judge::new(policy, before.to_vec()).deletion_gate(tag, facts),
        None => Vec::new(),
    };
    let kept = before.iter().filter(|event| Some(event.tag.as_str()) != gone);
    let mut judge = Judge::new(policy, kept.chain([new]).cloned().collect());
    let Some(index) = judge.place_of(&new.tag) else { return Ok(Judgement::default()) };
    let mut judgement = judge.judge(index, facts)?;
    judgement.checks.splice(0..0, gate);
    Ok(judgement)
}

/// The facts that [`judge`] needs beyond those that are known; none if it can judge.
pub fn needs(policy: &Policy, before: &[Event], change: &Change, facts: &Facts) -> Vec<Need> {
    judge(policy, before, change, facts).err().unwrap_or_default()
}

/// The events of one artifact before its judge. What was judged once is kept.
#[derive(Debug)]
pub struct Judge<'a> {
    policy: &'a Policy,
    events: Vec<Event>,
    timeline: Timeline,
    judged: HashMap<usize, Judgement>,
}

impl<'a> Judge<'a> {
    /// A judge of these events of one artifact, in any order.
    pub fn new(policy: &'a Policy, events: Vec<Event>) -> Self {
        let events = sort_events(events);
        let timeline = Timeline::of(&events, |_| true);
        Self { policy, events, timeline, judged: HashMap::new() }
    }

    /// The events, in the artifact's order: what [`Judge::judge`] counts by.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The place of a tag among the events.
    pub fn place_of(&self, tag: &str) -> Option<usize> {
        self.events.iter().position(|event| event.tag == tag)
    }

    /// What the stages showed, whether valid or not.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Judges the event at this place, and those before it on which that depends.
    ///
    /// # Errors
    /// The facts that must be known first. Gather them, also that they cannot be had, and ask again.
    pub fn judge(&mut self, index: usize, facts: &Facts) -> Result<Judgement, Vec<Need>> {
        let mut waiting = vec![index];
        while let Some(&next) = waiting.last() {
            if self.judged.contains_key(&next) {
                waiting.pop();
                continue;
            }
            match self.attempt(next, facts) {
                Ok(judgement) => _ = self.judged.insert(next, judgement),
                // Earlier ones, always: there is an end to it.
                Err(demands) if !demands.events.is_empty() => waiting.extend(demands.events),
                Err(demands) => return Err(demands.needs.into_iter().collect()),
            }
        }
        Ok(self.judged.get(&index).cloned().unwrap_or_default())
    }

    /// What a stage shows if only valid events count, and the events that were left out for it.
    ///
    /// # Errors
    /// As [`Judge::judge`]. In the result: why it is not known what the stage shows.
    pub fn shown_in(&mut self, stage: &StageName, facts: &Facts) -> Result<ShownValidly, Vec<Need>> {
        let mut left_out = BTreeSet::new();
        for _ in 0..=self.events.len() {
            let timeline = if left_out.is_empty() {
                None
            } else {
                Some(Timeline::of(&self.events, |i| !left_out.contains(&i)))
            };
            let Some(change) = timeline.as_ref().unwrap_or(&self.timeline).newest(stage).cloned() else {
                return Ok(ShownValidly {
                    shown: None,
                    left_out: left_out.into_iter().collect(),
                    unknown: Vec::new(),
                });
            };
            let registration = change
                .assigned_by
                .and_then(|by| timeline.as_ref().unwrap_or(&self.timeline).registration(by));
            let (mut invalid, mut unknown) = (false, Vec::new());
            for event in [Some(change.event), change.assigned_by, registration].into_iter().flatten() {
                match self.judge(event, facts)?.verdict() {
                    Verdict::Valid => {}
                    Verdict::Violations(_) => invalid = left_out.insert(event) || invalid,
                    Verdict::CannotJudge(missing) => unknown.extend(missing),
                }
            }
            if !invalid {
                let shown = change.after.map(|shown| (*shown).clone());
                return Ok(ShownValidly { shown, left_out: left_out.into_iter().collect(), unknown });
            }
        }
        Ok(ShownValidly::default())
    }

    /// The checks of a tag's time against the clock of the server that gets it. `known` is the newest event that was there.
    pub fn clock_checks(policy: &Policy, event: &Event, known: Option<&Event>, now: i64) -> Vec<Check> {
        let seconds = event.tagger.time.seconds();
        let mut checks = Vec::new();
        let mut add = |wanted: String, found: Option<String>| {
            let outcome = found.map_or_else(
                || Outcome::Fulfilled("its time fits".to_owned()),
                |found| Outcome::Violated(found, Remedy::MakeAnew),
            );
            let condition = Condition::Clock;
            checks.push(Check { rule: Place::DEFAULT, stage: None, condition, wanted, outcome });
        };
        let (ahead, behind) = (seconds.saturating_sub(now), now.saturating_sub(seconds));
        let ahead = (ahead > Policy::MAX_AHEAD).then(|| format!("it is {ahead} s ahead"));
        add("a tag at most 10 minutes ahead of the server's clock".to_owned(), ahead);
        let is_old = behind > policy.max_age.as_seconds();
        let behind = is_old.then(|| format!("it is {} behind", super::Span::seconds(behind)));
        add(format!("a tag at most {} behind the server's clock (max_age)", policy.max_age), behind);
        if let Some(known) = known {
            let newest = |events: Vec<Event>| sort_events(events).pop().map(|event| event.tag);
            let is_before = newest(vec![known.clone(), event.clone()]).as_ref() != Some(&event.tag);
            let found = is_before.then(|| format!("it is dated before '{}'", known.tag));
            add("a tag that comes after the artifact's newest event".to_owned(), found);
        }
        checks
    }

    /// One try, from what is known so far.
    fn attempt(&self, index: usize, facts: &Facts) -> Result<Judgement, Demands> {
        let event = &self.events[index];
        if self.policy.baseline.has(&event.tag, &event.tag_id) {
            return Ok(Judgement { is_baseline: true, ..Judgement::default() });
        }
        let mut excluded = BTreeSet::new();
        for _ in 0..MAX_ROUNDS {
            let fresh = (!excluded.is_empty())
                .then(|| Timeline::of(&self.events[..=index], |i| !excluded.contains(&i)));
            let timeline = fresh.as_ref().unwrap_or(&self.timeline);
            let mut demands = Demands::default();
            let judgement = self.judgement(index, timeline, facts, &mut demands);
            if demands.excluded.is_subset(&excluded) {
                let is_open = !demands.events.is_empty() || !demands.needs.is_empty();
                return if is_open { Err(demands) } else { Ok(judgement) };
            }
            excluded.extend(demands.excluded);
        }
        Ok(Judgement { checks: vec![unknown(None, TOO_MANY.to_owned())], ..Judgement::default() })
    }

    fn judgement(
        &self,
        index: usize,
        timeline: &Timeline,
        facts: &Facts,
        demands: &mut Demands,
    ) -> Judgement {
        let event = &self.events[index];
        let mut checks = Vec::new();
        if event.artifact().as_str().starts_with(RESERVED) {
            let wanted = format!("no artifact whose name begins with '{RESERVED}'");
            let outcome = Outcome::Violated(format!("its name is '{}'", event.artifact()), Remedy::Nothing);
            checks.push(Check {
                rule: Place::DEFAULT,
                stage: None,
                condition: Condition::Name,
                wanted,
                outcome,
            });
        }
        for concern in self.concerns(index, timeline) {
            let stage = &concern.stage;
            let rules: Vec<&Rule> = self.policy.rules_of_stage(event.artifact(), stage).collect();
            let rules: Vec<&Rule> = rules.into_iter().filter(|rule| fits_kind(rule, event.kind())).collect();
            if rules.is_empty() {
                continue;
            }
            let subject = self.subject(index, Some(stage), concern.version.as_ref(), timeline, facts);
            if let Some(reason) = subject.rests_on(concern.used.iter().copied(), demands) {
                checks.push(unknown(Some(stage.clone()), reason));
            }
            for rule in rules {
                subject.check(rule, demands, &mut checks);
            }
        }
        let subject = self.subject(index, None, timeline.owner(index), timeline, facts);
        for rule in self.rules_of_event(event) {
            subject.check(rule, demands, &mut checks);
        }
        let mut judgement = Judgement { checks, ..Judgement::default() };
        let is_open = !demands.events.is_empty() || !demands.needs.is_empty();
        if !is_open && !judgement.is_valid() {
            match subject.override_reason(demands) {
                Some(Ok(reason)) => judgement.overridden = Some(reason),
                Some(Err(reason)) => judgement.checks = vec![unknown(None, reason)],
                None => {}
            }
        }
        judgement
    }

    /// The rules for events of this kind, whatever stage they change.
    fn rules_of_event<'e>(&'e self, event: &'e Event) -> impl Iterator<Item = &'e Rule> {
        let name = event.artifact().as_str();
        self.policy.rules.iter().filter(move |rule| {
            rule.stage.is_none()
                && !rule.is_about_deletion()
                && fits_kind(rule, event.kind())
                && rule.artifact.matches(name)
        })
    }

    /// The stages whose rules an event must satisfy, with the version that is held against them.
    fn concerns(&self, index: usize, timeline: &Timeline) -> Vec<Concern> {
        let event = &self.events[index];
        let assigned = event.stage().filter(|_| event.kind() == EventKind::Assignment);
        let registered = |by: Option<usize>| by.and_then(|by| timeline.registration(by));
        let mut concerns: Vec<Concern> = Vec::new();
        if let Some(stage) = assigned {
            let used = registered(Some(index)).into_iter().collect();
            concerns.push(Concern { stage: stage.clone(), version: timeline.owner(index).cloned(), used });
        }
        for change in timeline.changes_by(index) {
            let is_assigned = assigned == Some(&change.stage);
            if is_assigned && change.after.as_ref() == timeline.owner(index) {
                continue;
            }
            let before = timeline.changes_of(&change.stage).rev().find(|other| other.event < index);
            let rests_on = |change: &StageChange| {
                let by = change.assigned_by;
                [by, registered(by)].into_iter().flatten().collect::<Vec<_>>()
            };
            let mut used = rests_on(change);
            used.extend(before.into_iter().flat_map(|before| {
                let mut used = rests_on(before);
                used.push(before.event);
                used
            }));
            concerns.push(Concern { stage: change.stage.clone(), version: change.after.clone(), used });
        }
        concerns
    }

    fn subject<'s>(
        &'s self,
        index: usize,
        stage: Option<&'s StageName>,
        version: Option<&'s Arc<Shown>>,
        timeline: &'s Timeline,
        facts: &'s Facts,
    ) -> Subject<'s> {
        let event = &self.events[index];
        Subject {
            policy: self.policy,
            facts,
            timeline,
            events: &self.events,
            artifact: event.artifact(),
            index,
            event: Some(event),
            seconds: event.tagger.time.seconds(),
            stage,
            version,
            judged: &self.judged,
        }
    }

    /// Judges that the tag goes: who may delete it, and what the stages show without it.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    pub fn judge_deletion(&mut self, tag: &str, facts: &Facts) -> Result<Judgement, Vec<Need>> {
        loop {
            let demands = match self.attempt_deletion(tag, facts) {
                Ok(judgement) => return Ok(judgement),
                Err(demands) if demands.events.is_empty() => return Err(demands.needs.into_iter().collect()),
                Err(demands) => demands,
            };
            for event in demands.events {
                self.judge(event, facts)?;
            }
        }
    }

    fn attempt_deletion(&self, tag: &str, facts: &Facts) -> Result<Judgement, Demands> {
        let Some(index) = self.place_of(tag) else { return Ok(Judgement::default()) };
        let mut checks = self.deletion_gate(tag, facts);
        let mut excluded = BTreeSet::from([index]);
        for _ in 0..MAX_ROUNDS {
            let timeline = Timeline::of(&self.events, |i| !excluded.contains(&i));
            let mut demands = Demands::default();
            let mut found = Vec::new();
            for stage in self.timeline.stages() {
                let (before, after) = (self.timeline.newest(stage), timeline.newest(stage));
                let version = after.and_then(|change| change.after.as_ref());
                if before.and_then(|change| change.after.as_ref()) == version {
                    continue;
                }
                let subject = Subject {
                    index: self.events.len(),
                    event: None,
                    seconds: facts.now,
                    ..self.subject(index, Some(stage), version, &timeline, facts)
                };
                let by = after.and_then(|change| change.assigned_by);
                let used = [by, by.and_then(|by| timeline.registration(by))];
                if let Some(reason) = subject.rests_on(used.into_iter().flatten(), &mut demands) {
                    found.push(unknown(Some(stage.clone()), reason));
                }
                let rules = self.policy.rules_of_stage(self.events[index].artifact(), stage);
                for rule in rules.filter(|rule| rule.events.is_empty()) {
                    subject.check(rule, &mut demands, &mut found);
                }
            }
            if demands.excluded.is_subset(&excluded) {
                checks.append(&mut found);
                let is_open = !demands.events.is_empty() || !demands.needs.is_empty();
                return if is_open { Err(demands) } else { Ok(Judgement { checks, ..Judgement::default() }) };
            }
            excluded.extend(demands.excluded);
        }
        checks.push(unknown(None, TOO_MANY.to_owned()));
        Ok(Judgement { checks, ..Judgement::default() })
    }

    /// Whether this tag may be deleted or moved at all: by nobody, unless rules say who.
    fn deletion_gate(&self, tag: &str, facts: &Facts) -> Vec<Check> {
        let Some(event) = self.events.iter().find(|event| event.tag == tag) else { return Vec::new() };
        deletion_checks(self.policy, event.artifact().as_str(), event.stage(), facts)
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
            None => Outcome::Unknown("who pushes is not known: only the server knows".to_owned()),
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

/// The names of artifacts that approvals have taken.
const RESERVED: &str = "gto-approval/";
const TOO_MANY: &str = "too many invalid events come before it";

/// A stage whose rules must hold for a version.
struct Concern {
    stage: StageName,
    /// `None` if the stage shows nothing afterwards.
    version: Option<Arc<Shown>>,
    /// The earlier events on which it rests that this is so.
    used: Vec<usize>,
}

/// What a stage shows if only valid events count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownValidly {
    /// The version; `None` for nothing.
    pub shown: Option<Shown>,
    /// The events that are proven to be invalid and decided before: their places.
    pub left_out: Vec<usize>,
    /// Why it is not known; empty if it is.
    pub unknown: Vec<Missing>,
}

fn fits_kind(rule: &Rule, kind: EventKind) -> bool {
    rule.events.is_empty() || rule.events.contains(&EventWord::Made(kind))
}

/// Something before the rules is not known.
fn unknown(stage: Option<StageName>, reason: String) -> Check {
    let wanted = "valid events before it".to_owned();
    Check {
        rule: Place::DEFAULT,
        stage,
        condition: Condition::History,
        wanted,
        outcome: Outcome::Unknown(reason),
    }
}
