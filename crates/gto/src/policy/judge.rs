//! The judge: which rules fit an event, and what it rests on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Event, EventKind, sort_events};
use crate::name::StageName;

use super::conditions::{Demands, Subject};
use super::facts::{Facts, Need};
use super::judgement::{Check, Condition, Judgement, Outcome, Remedy, Verdict};
use super::rule::{EventWord, Place, Policy, Rule};
use super::timeline::{Shown, Timeline};

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
    /// Without the events that are left out.
    timeline: Timeline,
    judged: HashMap<usize, Judgement>,
    left_out: BTreeSet<usize>,
}

impl<'a> Judge<'a> {
    /// A judge of these events of one artifact, in any order.
    pub fn new(policy: &'a Policy, events: Vec<Event>) -> Self {
        let events = sort_events(events);
        let timeline = Timeline::of(&events, |_| true);
        Self { policy, events, timeline, judged: HashMap::new(), left_out: BTreeSet::new() }
    }

    /// The events, in the artifact's order: what [`Judge::judge`] counts by.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub(super) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The events that the timeline lacks, since they are invalid.
    pub(super) fn left_out(&self) -> &BTreeSet<usize> {
        &self.left_out
    }

    /// The place of a tag among the events.
    pub fn place_of(&self, tag: &str) -> Option<usize> {
        self.events.iter().position(|event| event.tag == tag)
    }

    /// What the stages showed. As long as nothing was judged, also by what is not valid.
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
                // Each time without one event more at least.
                Err(demands) if demands.is_stale => self.leave_out_invalid(),
                // Earlier ones, always: there is an end to it.
                Err(demands) if !demands.events.is_empty() => waiting.extend(demands.events),
                Err(demands) => return Err(demands.needs.into_iter().collect()),
            }
        }
        Ok(self.judged.get(&index).cloned().unwrap_or_default())
    }

    /// The facts that the judgements of these events need first, as far as is known: to gather many at once.
    pub fn needs_of(&self, indices: &[usize], facts: &Facts) -> Vec<Need> {
        let open = indices.iter().filter(|index| !self.judged.contains_key(index));
        let demands = open.filter_map(|&index| self.attempt(index, facts).err());
        let needs: BTreeSet<Need> = demands.flat_map(|demands| demands.needs).collect();
        needs.into_iter().collect()
    }

    /// One try, from what is known so far.
    fn attempt(&self, index: usize, facts: &Facts) -> Result<Judgement, Demands> {
        let event = &self.events[index];
        if self.policy.baseline.has(&event.tag, &event.tag_id) {
            return Ok(Judgement { is_baseline: true, ..Judgement::default() });
        }
        let mut demands = Demands::default();
        let judgement = self.judgement(index, facts, &mut demands);
        if demands.is_open() { Err(demands) } else { Ok(judgement) }
    }

    /// Makes the timeline without all events that are known to be invalid.
    pub(super) fn leave_out_invalid(&mut self) {
        let is_invalid = |judgement: &Judgement| matches!(judgement.verdict(), Verdict::Violations(_));
        let invalid = self.judged.iter().filter(|(_, judgement)| is_invalid(judgement));
        self.left_out = invalid.map(|(index, _)| *index).collect();
        self.timeline = Timeline::of(&self.events, |index| !self.left_out.contains(&index));
    }

    fn judgement(&self, index: usize, facts: &Facts, demands: &mut Demands) -> Judgement {
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
        for concern in self.concerns(index) {
            let stage = &concern.stage;
            let rules: Vec<&Rule> = self.policy.rules_of_stage(event.artifact(), stage).collect();
            let rules: Vec<&Rule> = rules.into_iter().filter(|rule| fits_kind(rule, event.kind())).collect();
            if rules.is_empty() {
                continue;
            }
            let subject = self.subject(index, Some(stage), concern.version.as_ref(), facts);
            if let Some(reason) = subject.rests_on(concern.used, demands) {
                checks.push(unknown(Some(stage.clone()), reason));
            }
            for rule in rules.into_iter().filter(|_| concern.is_changed) {
                subject.check(rule, demands, &mut checks);
            }
        }
        let subject = self.subject(index, None, self.timeline.owner(index), facts);
        let rules: Vec<&Rule> = self.rules_of_event(event).collect();
        if rules.iter().any(|rule| rule.is_about_version())
            && let Some(reason) = subject.rests_on(self.timeline.owner_rests_on(index).to_vec(), demands)
        {
            checks.push(unknown(None, reason));
        }
        for rule in rules {
            subject.check(rule, demands, &mut checks);
        }
        let mut judgement = Judgement { checks, ..Judgement::default() };
        if !demands.is_open() && !judgement.is_valid() {
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
    fn concerns(&self, index: usize) -> Vec<Concern> {
        let (event, timeline) = (&self.events[index], &self.timeline);
        let assigned = event.stage().filter(|_| event.kind() == EventKind::Assignment);
        let mut concerns: Vec<Concern> = Vec::new();
        if let Some(stage) = assigned {
            let (version, used) = (timeline.owner(index).cloned(), timeline.owner_rests_on(index).to_vec());
            concerns.push(Concern { stage: stage.clone(), version, is_changed: true, used });
        }
        for stage in timeline.touched_by(index) {
            let version = timeline.shown_at(stage, index).cloned();
            if assigned == Some(stage) && version.as_ref() == timeline.owner(index) {
                continue;
            }
            let mut used = timeline.rests_on(stage, index);
            let mut before = None;
            if let Some(earlier) = index.checked_sub(1) {
                used.extend(timeline.rests_on(stage, earlier));
                before = timeline.shown_at(stage, earlier);
            }
            let is_changed = before != version.as_ref();
            concerns.push(Concern { stage: stage.clone(), version, is_changed, used });
        }
        concerns
    }

    pub(super) fn subject<'s>(
        &'s self,
        index: usize,
        stage: Option<&'s StageName>,
        version: Option<&'s Arc<Shown>>,
        facts: &'s Facts,
    ) -> Subject<'s> {
        let event = &self.events[index];
        Subject {
            policy: self.policy,
            facts,
            timeline: &self.timeline,
            events: &self.events,
            artifact: event.artifact(),
            index,
            event: Some(event),
            seconds: event.tagger.time.seconds(),
            stage,
            version,
            judged: &self.judged,
            left_out: &self.left_out,
        }
    }
}

/// The names of artifacts that approvals have taken.
const RESERVED: &str = "gto-approval/";

/// A stage whose rules must hold for a version.
struct Concern {
    stage: StageName,
    /// `None` if the stage shows nothing afterwards.
    version: Option<Arc<Shown>>,
    /// Whether it shows something else than before. If not, that must be certain.
    is_changed: bool,
    /// The earlier events on which it rests that this is so.
    used: Vec<usize>,
}

fn fits_kind(rule: &Rule, kind: EventKind) -> bool {
    rule.events.is_empty() || rule.events.contains(&EventWord::Made(kind))
}

/// Something before the rules is not known.
pub(super) fn unknown(stage: Option<StageName>, reason: String) -> Check {
    let wanted = "valid events before it".to_owned();
    Check {
        rule: Place::DEFAULT,
        stage,
        condition: Condition::History,
        wanted,
        outcome: Outcome::Unknown(reason),
    }
}
