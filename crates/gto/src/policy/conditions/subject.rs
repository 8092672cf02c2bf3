//! A change as a rule sees it, and which earlier events count for it: those that are valid themselves, of which no more are judged
//! than an answer rests on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Event, EventKind};
use crate::name::{ArtifactName, StageName};
use crate::policy::facts::{Facts, Need};
use crate::policy::judgement::{Judgement, Verdict};
use crate::policy::rule::Policy;
use crate::policy::timeline::{Shown, StageChange, Timeline};

/// What has to be known before the judgement can be made.
#[derive(Debug, Default)]
pub(in crate::policy) struct Demands {
    /// Earlier events to judge.
    pub events: BTreeSet<usize>,
    /// Facts to gather.
    pub needs: BTreeSet<Need>,
    /// Whether the timeline has an event that is known to be invalid, and was used: it is to be made without it.
    pub is_stale: bool,
}

impl Demands {
    /// Whether the judgement cannot be made yet.
    pub fn is_open(&self) -> bool {
        self.is_stale || !self.events.is_empty() || !self.needs.is_empty()
    }
}

/// Whether something that needs other events or facts holds.
pub(super) enum Answer<T> {
    Known(T),
    Unknown(String),
    /// It is in the demands.
    Pending,
}

/// A change, as a rule sees it.
pub(in crate::policy) struct Subject<'a> {
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
    /// Those that the timeline lacks, since they are invalid.
    pub left_out: &'a BTreeSet<usize>,
}

impl Subject<'_> {
    /// Whether the events that a change rests on count.
    pub(super) fn is_valid(&self, change: &StageChange, demands: &mut Demands) -> Answer<()> {
        self.are_valid(self.timeline.rests_on(&change.stage, change.event), demands)
    }

    pub(super) fn are_valid(
        &self,
        used: impl IntoIterator<Item = usize>,
        demands: &mut Demands,
    ) -> Answer<()> {
        let used: BTreeSet<usize> = used.into_iter().filter(|event| *event < self.index).collect();
        let mut answer = Answer::Known(());
        for event in used {
            match self.judged.get(&event).map(Judgement::verdict) {
                Some(Verdict::Valid) => {}
                Some(Verdict::Violations(_)) => {
                    demands.is_stale = true;
                    answer = Answer::Pending;
                }
                Some(Verdict::CannotJudge(missing)) => {
                    if !matches!(answer, Answer::Pending) {
                        let reason =
                            missing.first().map(|missing| missing.reason.as_str()).unwrap_or_default();
                        let tag = &self.events[event].tag;
                        answer = Answer::Unknown(format!("whether '{tag}' is valid is not known: {reason}"));
                    }
                }
                None => {
                    demands.events.insert(event);
                    answer = Answer::Pending;
                }
            }
        }
        answer
    }

    /// Demands the validity of what the change itself rests on. Why that is not known, if it is not.
    pub fn rests_on(&self, used: impl IntoIterator<Item = usize>, demands: &mut Demands) -> Option<String> {
        match self.are_valid(used, demands) {
            Answer::Unknown(reason) => Some(reason),
            Answer::Known(()) | Answer::Pending => None,
        }
    }

    /// Whether the timeline has all the time for which a stage showed a version: without an event that does not count it could
    /// be more.
    pub(super) fn is_all_of(
        &self,
        stages: &[StageName],
        version: &Shown,
        demands: &mut Demands,
    ) -> Answer<()> {
        let events = &self.events[..self.index.min(self.events.len())];
        let on_commit: Vec<usize> = events
            .iter()
            .enumerate()
            .filter(|(index, event)| event.commit == version.commit && !self.left_out.contains(index))
            .map(|(index, _)| index)
            .collect();
        let mut used = BTreeSet::new();
        for stage in stages {
            let is_of = |index: usize, kind: EventKind| {
                events[index].kind() == kind && events[index].stage() == Some(stage)
            };
            let mut assigned = on_commit.iter().copied().filter(|index| is_of(*index, EventKind::Assignment));
            let Some(first) = assigned.next() else { continue };
            let decides = |index: &usize| {
                let event = &events[*index];
                event.version().is_some() || event.stage() == Some(stage)
            };
            used.extend(on_commit.iter().copied().filter(decides));
            let changes = self.timeline.changes_of(stage);
            for change in changes.filter(|change| change.event >= first && change.event < self.index) {
                used.extend(self.timeline.rests_on(stage, change.event));
                used.insert(change.event);
            }
        }
        self.are_valid(used, demands)
    }
}
