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
    /// The event that assigned what it shows; without it, something else would be shown.
    pub assigned_by: Option<usize>,
}

/// The changes of what an artifact's stages show, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    changes: Vec<StageChange>,
    by_stage: HashMap<StageName, Vec<usize>>,
    /// The version that each event is about, as it was right after the event.
    owners: Vec<Option<Arc<Shown>>>,
    /// For each event the newest registration of its version until then.
    registrations: Vec<Option<usize>>,
}

impl Timeline {
    /// The timeline of events that are in order, without those that do not count.
    pub fn of(events: &[Event], counts: impl Fn(usize) -> bool) -> Self {
        let mut tracker = Tracker::default();
        let mut timeline = Self {
            owners: vec![None; events.len()],
            registrations: vec![None; events.len()],
            ..Self::default()
        };
        for index in (0..events.len()).filter(|index| counts(*index)) {
            tracker.add(events, index, &mut timeline);
        }
        timeline
    }

    /// The changes that one event makes.
    pub fn changes_by(&self, event: usize) -> &[StageChange] {
        let start = self.changes.partition_point(|change| change.event < event);
        let end = self.changes.partition_point(|change| change.event <= event);
        &self.changes[start..end]
    }

    /// The changes of one stage, oldest first.
    pub fn changes_of(&self, stage: &StageName) -> impl DoubleEndedIterator<Item = &StageChange> {
        let places = self.by_stage.get(stage).map_or(&[][..], Vec::as_slice);
        places.iter().map(|&place| &self.changes[place])
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
        self.owners.get(event)?.as_ref()
    }

    /// The newest registration of the version that an event is about, until that event.
    pub fn registration(&self, event: usize) -> Option<usize> {
        self.registrations.get(event).copied().flatten()
    }

    /// The times in which the stage showed this version, before event number `before`, newest first.
    pub(super) fn shown<'a>(
        &'a self,
        stage: &StageName,
        version: &'a Shown,
        before: usize,
    ) -> impl Iterator<Item = Stay<'a>> {
        let places = self.by_stage.get(stage).map_or(&[][..], Vec::as_slice);
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

/// What is in a stage: by the place of its newest assignment. The last one is shown.
type InStage = BTreeMap<usize, Arc<Shown>>;

/// The state after the events so far.
#[derive(Default)]
struct Tracker {
    commits: HashMap<ObjectId, OnCommit>,
    stages: BTreeMap<StageName, InStage>,
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
        let mut touched: Vec<StageName> = Vec::new();
        if event.kind() != EventKind::Deprecation {
            self.place(events, index, timeline, &mut touched);
        }
        if was_deprecated != self.is_deprecated {
            touched = self.stages.keys().cloned().collect();
        }
        touched.sort();
        touched.dedup();
        for stage in touched {
            self.note_change(index, stage, timeline);
        }
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
        timeline.owners[index] = now.owner;
        timeline.registrations[index] = now.registration;
        for (stage, place, shown) in now.in_stages {
            self.stages.entry(stage.clone()).or_default().insert(place, shown);
            on_commit.placed.push((stage.clone(), place));
            touched.push(stage);
        }
    }

    fn note_change(&mut self, event: usize, stage: StageName, timeline: &mut Timeline) {
        let newest =
            self.stages.get(&stage).and_then(BTreeMap::last_key_value).filter(|_| !self.is_deprecated);
        let (assigned_by, after) = newest.map(|(place, shown)| (*place, Arc::clone(shown))).unzip();
        let before = self.shown.get(&stage).cloned();
        if before == after {
            return;
        }
        match &after {
            Some(shown) => self.shown.insert(stage.clone(), Arc::clone(shown)),
            None => self.shown.remove(&stage),
        };
        timeline.by_stage.entry(stage.clone()).or_default().push(timeline.changes.len());
        timeline.changes.push(StageChange { event, stage, before, after, assigned_by });
    }
}

/// What is on a commit after the last of its events.
struct Placed {
    /// The version that the last event is about.
    owner: Option<Arc<Shown>>,
    registration: Option<usize>,
    /// Stages with the place of the newest assignment and what it shows.
    in_stages: Vec<(StageName, usize, Arc<Shown>)>,
}

fn versions_on(events: &[Event], indices: &[usize]) -> Placed {
    let numbers = || indices.iter().filter_map(|&index| events[index].version());
    match numbers().next() {
        Some(first) if numbers().any(|number| number != first) => several_versions(events, indices),
        number => one_version(events, indices, number.cloned()),
    }
}

/// The usual case: all events of the commit are about one version.
fn one_version(events: &[Event], indices: &[usize], number: Option<crate::version::Version>) -> Placed {
    let Some(commit) = indices.first().map(|&index| events[index].commit) else {
        return Placed { owner: None, registration: None, in_stages: Vec::new() };
    };
    let label = number.map_or(VersionLabel::Commit(commit), VersionLabel::Number);
    let shown = Arc::new(Shown { label, commit });
    let (mut is_active, mut registration) = (true, None);
    let mut stages: BTreeMap<&StageName, (bool, Option<usize>)> = BTreeMap::new();
    for &index in indices {
        let event = &events[index];
        match event.kind() {
            EventKind::Registration => (is_active, registration) = (true, Some(index)),
            EventKind::Deregistration => is_active = false,
            EventKind::Assignment | EventKind::Unassignment => {
                let Some(stage) = event.stage() else { continue };
                let state = stages.entry(stage).or_default();
                state.0 = event.kind() == EventKind::Assignment;
                state.1 = if state.0 { Some(index) } else { state.1 };
            }
            EventKind::Deprecation => {}
        }
    }
    let in_stages = stages.into_iter().filter(|(_, (is_in, _))| *is_in && is_active);
    let placed =
        in_stages.filter_map(|(stage, (_, at))| Some((stage.clone(), at?, Arc::clone(&shown)))).collect();
    Placed { owner: Some(shown), registration, in_stages: placed }
}

/// Several versions on one commit: the fold decides which of them a stage tag is about (decision D4).
fn several_versions(events: &[Event], indices: &[usize]) -> Placed {
    let Some(&last) = indices.last() else {
        return Placed { owner: None, registration: None, in_stages: Vec::new() };
    };
    let name: ArtifactName = events[last].artifact().clone();
    let artifact = Artifact::from_events(name, indices.iter().map(|&index| events[index].clone()).collect());
    // The fold has an order of its own only within a second; names are unique.
    let place = |tag: &str| indices.iter().copied().find(|&index| events[index].tag == tag);
    let shown = |version: crate::state::VersionView<'_>| {
        Arc::new(Shown { label: version.label().clone(), commit: version.commit() })
    };
    let at = artifact.events().iter().position(|event| event.tag == events[last].tag);
    let owner = at.and_then(|at| artifact.owner(at));
    let registration = owner.and_then(|version| place(&version.registrations().next_back()?.tag));
    let mut placed = Vec::new();
    for version in artifact.versions().filter(crate::state::VersionView::is_active) {
        for stage in version.stages().filter(crate::state::StageView::is_active) {
            if let Some(place) = stage.assignments().next_back().and_then(|event| place(&event.tag)) {
                placed.push((stage.stage().clone(), place, shown(version)));
            }
        }
    }
    Placed { owner: owner.map(shown), registration, in_stages: placed }
}
