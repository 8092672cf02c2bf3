//! What each stage of an artifact showed, and which events changed it.
//!
//! The same as folding every beginning of the artifact's events anew, in one pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use crate::event::{Event, EventKind};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::state::Artifact;
use crate::version::VersionLabel;

/// A version of an artifact, as a stage shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Shown {
    /// What it is called.
    pub label: VersionLabel,
    /// The commit that it is on.
    pub commit: ObjectId,
}

/// Places of events.
type Events = Arc<[usize]>;

/// A stage shows something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageChange {
    /// By which event: its place in the artifact's order.
    pub event: usize,
    /// The stage.
    pub stage: StageName,
    /// What it showed; `None` for nothing.
    pub before: Option<Arc<Shown>>,
    /// What it shows.
    pub after: Option<Arc<Shown>>,
    /// The event that assigned what it shows.
    pub assigned_by: Option<usize>,
    /// The events on the commit of what it shows on which it rests that it is in the stage, and called so.
    rests_on: Events,
}

/// The changes of what an artifact's stages show, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    changes: Vec<StageChange>,
    by_stage: HashMap<StageName, Vec<usize>>,
    /// Of each event what it is about.
    about: Vec<About>,
    hidden: HashMap<StageName, Vec<Hidden>>,
    deprecations: Vec<Deprecation>,
}

/// What an event is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct About {
    /// The version, as it was right after the event.
    owner: Option<Arc<Shown>>,
    /// The events on the commit on which it rests what it is called.
    rests_on: Events,
    /// The stages of which it may change what they show.
    touched: Vec<StageName>,
}

/// An assignment that is in effect no more: without what ended it, it could be what the stage shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hidden {
    /// The assignment.
    place: usize,
    /// What ended it.
    by: Events,
    since: usize,
    until: Option<usize>,
}

/// A time in which the artifact was deprecated.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Deprecation {
    by: usize,
    /// The event that ended it.
    ended: Option<usize>,
}

impl Timeline {
    /// The timeline of events that are in order, without those that do not count.
    pub fn of(events: &[Event], counts: impl Fn(usize) -> bool) -> Self {
        let mut tracker = Tracker::default();
        let mut timeline = Self { about: vec![About::default(); events.len()], ..Self::default() };
        for index in (0..events.len()).filter(|index| counts(*index)) {
            tracker.add(events, index, &mut timeline);
        }
        timeline
    }

    /// The changes of one stage, oldest first.
    pub fn changes_of(&self, stage: &StageName) -> impl DoubleEndedIterator<Item = &StageChange> {
        self.places_of(stage).iter().map(|&place| &self.changes[place])
    }

    fn places_of(&self, stage: &StageName) -> &[usize] {
        self.by_stage.get(stage).map_or(&[], Vec::as_slice)
    }

    /// The stages that ever showed anything, sorted.
    pub fn stages(&self) -> Vec<&StageName> {
        let mut stages: Vec<&StageName> = self.by_stage.keys().collect();
        stages.sort();
        stages
    }

    /// The last change of a stage: what it shows now, and by which event.
    pub fn newest(&self, stage: &StageName) -> Option<&StageChange> {
        self.changes_of(stage).next_back()
    }

    /// The version that an event is about, as it was called right after the event; `None` for a deprecation.
    pub fn owner(&self, event: usize) -> Option<&Arc<Shown>> {
        self.about.get(event)?.owner.as_ref()
    }

    /// The earlier events on which it rests what the version of an event is called.
    pub(super) fn owner_rests_on(&self, event: usize) -> &[usize] {
        self.about.get(event).map_or(&[], |about| &about.rests_on)
    }

    /// The stages of which an event may change what they show.
    pub(super) fn touched_by(&self, event: usize) -> &[StageName] {
        self.about.get(event).map_or(&[], |about| &about.touched)
    }

    /// The last change of a stage until an event, that one included.
    fn change_at(&self, stage: &StageName, event: usize) -> Option<&StageChange> {
        let places = self.places_of(stage);
        let end = places.partition_point(|&place| self.changes[place].event <= event);
        end.checked_sub(1).map(|at| &self.changes[places[at]])
    }

    /// What a stage shows after an event.
    pub(super) fn shown_at(&self, stage: &StageName, event: usize) -> Option<&Arc<Shown>> {
        self.change_at(stage, event)?.after.as_ref()
    }

    /// The events on which it rests what a stage shows after an event. If all of these count, it shows that whichever of the
    /// others do not.
    pub(super) fn rests_on(&self, stage: &StageName, event: usize) -> Vec<usize> {
        let deprecation = self.deprecations.iter().rev().find(|found| found.by <= event);
        if let Some(Deprecation { by, ended }) = deprecation
            && ended.is_none_or(|ended| ended > event)
        {
            return vec![*by];
        }
        let change = self.change_at(stage, event);
        let mut used: Vec<usize> = change.map(|change| change.rests_on.to_vec()).unwrap_or_default();
        let place = change.and_then(|change| change.assigned_by);
        let ended = deprecation.and_then(|found| found.ended);
        used.extend(ended.filter(|ended| place.is_some_and(|place| place < *ended)));
        let covers = |hidden: &&Hidden| {
            place.is_none_or(|place| hidden.place > place)
                && hidden.since <= event
                && hidden.until.is_none_or(|until| until > event)
        };
        let hidden = self.hidden.get(stage).map_or(&[][..], Vec::as_slice);
        used.extend(hidden.iter().filter(covers).flat_map(|hidden| hidden.by.iter().copied()));
        used
    }

    /// The times in which the stage showed this version, before event number `before`, newest first.
    pub(super) fn shown<'a>(
        &'a self,
        stage: &StageName,
        version: &'a Shown,
        before: usize,
    ) -> impl Iterator<Item = Stay<'a>> {
        let places = self.places_of(stage);
        let end = places.partition_point(|&place| self.changes[place].event < before);
        (0..end).rev().filter_map(move |at| {
            let opened = &self.changes[places[at]];
            let closed = (at + 1 < end).then(|| &self.changes[places[at + 1]]);
            (opened.after.as_deref() == Some(version)).then_some(Stay { opened, closed })
        })
    }
}

/// A time in which a stage showed a version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay<'a> {
    pub opened: &'a StageChange,
    /// `None` if it lasts.
    pub closed: Option<&'a StageChange>,
}

/// The state after the events so far.
#[derive(Default)]
struct Tracker {
    commits: HashMap<ObjectId, OnCommit>,
    /// What is in each stage, by the place of its newest assignment. The last one is shown.
    stages: BTreeMap<StageName, BTreeMap<usize, (Arc<Shown>, Events)>>,
    /// What each stage shows.
    shown: HashMap<StageName, Arc<Shown>>,
    is_deprecated: bool,
}

/// The events on one commit: which versions are there depends on no others.
#[derive(Default)]
struct OnCommit {
    events: Vec<usize>,
    /// What it has in stages: stage, place of the newest assignment.
    placed: Vec<(StageName, usize)>,
    /// What it has in stages no more, and where the timeline has that.
    hidden: Vec<(OutOfStage, usize)>,
}

impl Tracker {
    fn add(&mut self, events: &[Event], index: usize, timeline: &mut Timeline) {
        let event = &events[index];
        let was_deprecated = self.is_deprecated;
        match event.kind() {
            EventKind::Deprecation => self.is_deprecated = true,
            EventKind::Registration | EventKind::Assignment => self.is_deprecated = false,
            EventKind::Deregistration | EventKind::Unassignment => {}
        }
        match (was_deprecated, self.is_deprecated) {
            (false, true) => timeline.deprecations.push(Deprecation { by: index, ended: None }),
            (true, false) => {
                if let Some(last) = timeline.deprecations.last_mut() {
                    last.ended = Some(index);
                }
            }
            (true, true) | (false, false) => {}
        }
        let mut touched: Vec<StageName> = Vec::new();
        if event.kind() != EventKind::Deprecation {
            self.place(events, index, timeline, &mut touched);
        }
        let is_lasting = matches!(event.kind(), EventKind::Deregistration | EventKind::Unassignment);
        if !is_lasting && !timeline.deprecations.is_empty() {
            // Without one of them it could be this one that ends or begins it.
            touched = self.stages.keys().cloned().collect();
        }
        touched.sort();
        touched.dedup();
        for stage in &touched {
            self.note_change(index, stage, timeline);
        }
        timeline.about[index].touched = touched;
    }

    /// Puts what is on the event's commit into the stages anew.
    fn place(
        &mut self,
        events: &[Event],
        index: usize,
        timeline: &mut Timeline,
        touched: &mut Vec<StageName>,
    ) {
        let commit = events[index].commit;
        let on_commit = self.commits.entry(commit).or_default();
        on_commit.events.push(index);
        for (stage, place) in on_commit.placed.drain(..) {
            if let Some(in_stage) = self.stages.get_mut(&stage) {
                in_stage.remove(&place);
            }
            touched.push(stage);
        }
        let now = versions_on(events, &on_commit.events);
        timeline.about[index].owner = now.owner;
        timeline.about[index].rests_on = now.rests_on;
        for InStage { stage, place, shown, rests_on } in now.in_stages {
            self.stages.entry(stage.clone()).or_default().insert(place, (shown, rests_on));
            on_commit.placed.push((stage.clone(), place));
            touched.push(stage);
        }
        touched.extend(now.hidden.iter().map(|hidden| hidden.stage.clone()));
        on_commit.hide(now.hidden, index, timeline);
    }

    fn note_change(&mut self, event: usize, stage: &StageName, timeline: &mut Timeline) {
        let newest =
            self.stages.get(stage).and_then(BTreeMap::last_key_value).filter(|_| !self.is_deprecated);
        let after = newest.map(|(_, (shown, _))| Arc::clone(shown));
        let before = self.shown.get(stage).cloned();
        if before == after {
            return;
        }
        match &after {
            Some(shown) => self.shown.insert(stage.clone(), Arc::clone(shown)),
            None => self.shown.remove(stage),
        };
        let assigned_by = newest.map(|(place, _)| *place);
        let rests_on = newest.map(|(_, (_, events))| Arc::clone(events)).unwrap_or_default();
        timeline.by_stage.entry(stage.clone()).or_default().push(timeline.changes.len());
        let stage = stage.clone();
        timeline.changes.push(StageChange { event, stage, before, after, assigned_by, rests_on });
    }
}

impl OnCommit {
    /// Notes what is hidden on this commit from an event on.
    fn hide(&mut self, now: Vec<OutOfStage>, event: usize, timeline: &mut Timeline) {
        let mut before = std::mem::take(&mut self.hidden);
        for out in now {
            if let Some(at) = before.iter().position(|(known, _)| *known == out) {
                self.hidden.push(before.swap_remove(at));
                continue;
            }
            let records = timeline.hidden.entry(out.stage.clone()).or_default();
            let by = Arc::clone(&out.by);
            records.push(Hidden { place: out.place, by, since: event, until: None });
            self.hidden.push((out, records.len() - 1));
        }
        for (out, at) in before {
            if let Some(record) = timeline.hidden.get_mut(&out.stage).and_then(|all| all.get_mut(at)) {
                record.until = Some(event);
            }
        }
    }
}

/// What is on a commit after the last of its events.
struct Placed {
    /// The version that the last event is about.
    owner: Option<Arc<Shown>>,
    rests_on: Events,
    in_stages: Vec<InStage>,
    hidden: Vec<OutOfStage>,
}

/// What is in a stage, by its newest assignment.
struct InStage {
    stage: StageName,
    place: usize,
    shown: Arc<Shown>,
    rests_on: Events,
}

/// What was assigned to a stage, and what ended that.
#[derive(PartialEq, Eq)]
struct OutOfStage {
    stage: StageName,
    place: usize,
    by: Events,
}

impl Placed {
    fn nothing() -> Self {
        Self { owner: None, rests_on: Events::default(), in_stages: Vec::new(), hidden: Vec::new() }
    }
}

fn versions_on(events: &[Event], indices: &[usize]) -> Placed {
    let numbers = || indices.iter().filter_map(|&index| events[index].version());
    match numbers().next() {
        Some(first) if numbers().any(|number| number != first) => several_versions(events, indices),
        number => one_version(events, indices, number.cloned()),
    }
}

/// What the events of a commit did to one stage.
#[derive(Default)]
struct OneStage {
    assigned: Option<usize>,
    /// The last unassignment, if nothing assigned it again.
    unassigned: Option<usize>,
}

/// The usual case: all events of the commit are about one version.
fn one_version(events: &[Event], indices: &[usize], number: Option<crate::version::Version>) -> Placed {
    let Some(commit) = indices.first().map(|&index| events[index].commit) else { return Placed::nothing() };
    let label = number.map_or(VersionLabel::Commit(commit), VersionLabel::Number);
    let shown = Arc::new(Shown { label, commit });
    let (mut deregistered, mut registration) = (None, None);
    let mut stages: BTreeMap<&StageName, OneStage> = BTreeMap::new();
    for &index in indices {
        let event = &events[index];
        match (event.kind(), event.stage()) {
            (EventKind::Registration, _) => (deregistered, registration) = (None, Some(index)),
            (EventKind::Deregistration, _) => deregistered = Some(index),
            (EventKind::Assignment, Some(stage)) => {
                stages.insert(stage, OneStage { assigned: Some(index), unassigned: None });
            }
            (EventKind::Unassignment, Some(stage)) => {
                stages.entry(stage).or_default().unassigned = Some(index);
            }
            _ => {}
        }
    }
    // Without a registration the number is that of a deregistration.
    let named_by: Events = registration.or(deregistered).into_iter().collect();
    let (mut in_stages, mut hidden) = (Vec::new(), Vec::new());
    for (stage, OneStage { assigned, unassigned }) in stages {
        let (Some(place), stage) = (assigned, stage.clone()) else { continue };
        if let Some(by) = unassigned.or(deregistered) {
            hidden.push(OutOfStage { stage, place, by: Arc::new([by]) });
        } else {
            let rests_on = named_by.iter().copied().chain([place]).collect();
            in_stages.push(InStage { stage, place, shown: Arc::clone(&shown), rests_on });
        }
    }
    Placed { owner: Some(shown), rests_on: named_by, in_stages, hidden }
}

/// Several versions on one commit: the fold decides which of them a stage tag is about (decision D4).
fn several_versions(events: &[Event], indices: &[usize]) -> Placed {
    let Some(&last) = indices.last() else { return Placed::nothing() };
    let name: ArtifactName = events[last].artifact().clone();
    let artifact = Artifact::from_events(name, indices.iter().map(|&index| events[index].clone()).collect());
    // The fold has an order of its own only within a second; names are unique.
    let place = |tag: &str| indices.iter().copied().find(|&index| events[index].tag == tag);
    let shown = |version: crate::state::VersionView<'_>| {
        Arc::new(Shown { label: version.label().clone(), commit: version.commit() })
    };
    let at = artifact.events().iter().position(|event| event.tag == events[last].tag);
    let owner = at.and_then(|at| artifact.owner(at)).map(shown);
    // Each event could change to which version another one belongs.
    let rests_on: Events = indices.into();
    let (mut in_stages, mut hidden) = (Vec::new(), Vec::new());
    for version in artifact.versions() {
        for stage in version.stages() {
            let assigned = stage.assignments().next_back().and_then(|event| place(&event.tag));
            let (Some(place), stage_name) = (assigned, stage.stage().clone()) else { continue };
            if version.is_active() && stage.is_active() {
                let (shown, rests_on) = (shown(version), Arc::clone(&rests_on));
                in_stages.push(InStage { stage: stage_name, place, shown, rests_on });
            } else {
                hidden.push(OutOfStage { stage: stage_name, place, by: Arc::clone(&rests_on) });
            }
        }
    }
    Placed { owner, rests_on, in_stages, hidden }
}
