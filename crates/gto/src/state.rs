//! The state of a registry: what its events add up to.
//!
//! Owns the fold from events to artifacts, versions and stages, and what each of them is. A pure function
//! of the events: no Git, no clock, and the order in which tags are read does not matter.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::annotation::Sourced;
use crate::commit::Commit;
use crate::event::{Event, EventKind, sort_events};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::version::VersionLabel;

/// Every artifact of a registry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    artifacts: Vec<Artifact>,
    by_name: HashMap<ArtifactName, usize>,
}

/// One artifact: its events in the order in which they happened, and the versions they made.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    name: ArtifactName,
    events: Vec<Event>,
    /// For each event the version it belongs to; `None` for a deprecation.
    owners: Vec<Option<usize>>,
    versions: Vec<VersionState>,
}

/// The position of an artifact in the Python tool's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Appearance((u8, i64, String));

/// A version of an artifact, or an unregistered commit with events or annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionState {
    label: Arc<VersionLabel>,
    commit: ObjectId,
    registrations: Vec<usize>,
    deregistrations: Vec<usize>,
    stages: Vec<StageState>,
    enrichment: Option<Box<Enrichment>>,
}

#[derive(Debug, Clone, PartialEq)]
struct StageState {
    stage: StageName,
    /// Assignments and unassignments, in order.
    events: Vec<usize>,
}

/// What the commit of a version says: itself, and the artifact's annotation in its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrichment {
    /// The commit.
    pub commit: Commit,
    /// The annotations in that commit, at most one for each kind of file.
    pub annotations: Vec<Sourced>,
}

impl State {
    /// Folds events, in whatever order they come, into the state of the registry.
    pub fn from_events(events: impl IntoIterator<Item = Event>) -> Self {
        let mut by_artifact: BTreeMap<ArtifactName, Vec<Event>> = BTreeMap::new();
        for event in events {
            match by_artifact.get_mut(event.artifact()) {
                Some(events) => events.push(event),
                None => {
                    by_artifact.insert(event.artifact().clone(), vec![event]);
                }
            }
        }
        by_artifact.into_iter().map(|(name, events)| Artifact::from_events(name, events)).collect()
    }

    /// The artifact of that name.
    pub fn artifact(&self, name: &str) -> Option<&Artifact> {
        let name: ArtifactName = name.parse().ok()?;
        self.by_name.get(&name).map(|&i| &self.artifacts[i])
    }
}

impl FromIterator<Artifact> for State {
    fn from_iter<I: IntoIterator<Item = Artifact>>(artifacts: I) -> Self {
        let mut artifacts: Vec<Artifact> = artifacts.into_iter().collect();
        artifacts.sort_by_cached_key(Artifact::appearance);
        let by_name = artifacts.iter().enumerate().map(|(i, a)| (a.name.clone(), i)).collect();
        Self { artifacts, by_name }
    }
}

impl State {
    /// The artifacts, in the order in which the Python tool meets them.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }

    /// The artifacts, sorted by name.
    pub fn artifacts_by_name(&self) -> Vec<&Artifact> {
        let mut artifacts: Vec<_> = self.artifacts.iter().collect();
        artifacts.sort_by(|a, b| a.name.cmp(&b.name));
        artifacts
    }

    /// Adds what the annotation file of the current commit says: each artifact in it has, if nothing else,
    /// an unregistered version there.
    pub fn annotate(&mut self, commit: ObjectId, annotated: impl IntoIterator<Item = ArtifactName>) {
        for name in annotated {
            self.annotate_at(&name, [commit]);
        }
    }

    /// Adds what the annotation files of several commits say of one artifact: an unregistered version at each, if nothing else.
    pub fn annotate_at(&mut self, name: &ArtifactName, commits: impl IntoIterator<Item = ObjectId>) {
        let mut commits = commits.into_iter().peekable();
        if commits.peek().is_none() {
            return;
        }
        let index = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.artifacts.push(Artifact::from_events(name.clone(), Vec::new()));
            self.artifacts.len() - 1
        });
        let versions = &mut self.artifacts[index].versions;
        let mut there: HashSet<ObjectId> = versions.iter().map(|version| version.commit).collect();
        let new = commits.filter(|commit| there.insert(*commit));
        versions.extend(new.map(|commit| VersionState::new(VersionLabel::Commit(commit), commit)));
    }

    /// Gives every version of the artifacts that `wanted` picks what `enrich` knows of its commit.
    pub fn enrich(
        &mut self,
        wanted: impl Fn(VersionView<'_>) -> bool,
        mut enrich: impl FnMut(&ArtifactName, ObjectId) -> Option<Enrichment>,
    ) {
        for artifact in &mut self.artifacts {
            let chosen: Vec<bool> = artifact.versions().map(&wanted).collect();
            for (version, chosen) in artifact.versions.iter_mut().zip(chosen) {
                if chosen {
                    version.enrichment = enrich(&artifact.name, version.commit).map(Box::new);
                }
            }
        }
    }
}

impl Artifact {
    /// Folds the events of one artifact.
    pub fn from_events(name: ArtifactName, events: Vec<Event>) -> Self {
        let events = sort_events(events);
        let artifact = Self { name, owners: vec![None; events.len()], events, versions: Vec::new() };
        // Most versions have two events or more.
        let half = artifact.events.len() / 2;
        let mut fold = Fold {
            artifact,
            by_key: HashMap::with_capacity(half),
            numbered: HashMap::with_capacity(half),
            registered: HashMap::new(),
            stages: HashMap::new(),
            assigned: HashMap::new(),
        };
        // A stage belongs to the version on its commit *whenever* that was registered: so versions first.
        for index in 0..fold.artifact.events.len() {
            fold.add_version_event(index);
        }
        fold.note_registrations();
        for index in 0..fold.artifact.events.len() {
            fold.add_stage_event(index);
        }
        fold.artifact
    }

    /// Notes that the annotation file of the current commit names the artifact: if nothing else, it has an
    /// unregistered version there.
    pub fn annotate(&mut self, commit: ObjectId) {
        if !self.versions.iter().any(|version| version.commit == commit) {
            self.versions.push(VersionState::new(VersionLabel::Commit(commit), commit));
        }
    }

    /// Where the Python tool meets the artifact: it reads all deprecations first, then all registrations,
    /// then all stages, each by time and then by name.
    /// Those that are only annotated come last.
    pub fn appearance(&self) -> Appearance {
        let first = self
            .events
            .iter()
            .map(|event| {
                let pass = match event.kind() {
                    EventKind::Deprecation => 0,
                    EventKind::Registration | EventKind::Deregistration => 1,
                    EventKind::Assignment | EventKind::Unassignment => 2,
                };
                (pass, event.tagger.time.seconds(), &event.tag)
            })
            .min();
        Appearance(
            first.map_or((u8::MAX, 0, String::new()), |(pass, seconds, tag)| (pass, seconds, tag.clone())),
        )
    }

    /// The artifact's name.
    pub fn name(&self) -> &ArtifactName {
        &self.name
    }

    /// The events, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The event that happened last.
    pub fn newest_event(&self) -> Option<&Event> {
        self.events.last()
    }

    /// Whether there is any event: an artifact that is only annotated is not registered.
    pub fn is_registered(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether the artifact is in use: not deprecated, or registered or assigned again since (decision D17).
    pub fn is_active(&self) -> bool {
        let decisive = self.events.iter().rev().find(|event| {
            matches!(event.kind(), EventKind::Deprecation | EventKind::Registration | EventKind::Assignment)
        });
        decisive.is_none_or(|event| event.kind() != EventKind::Deprecation)
    }

    /// The versions, in the order in which they first appeared; unregistered ones last.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = VersionView<'_>> {
        self.versions.iter().map(|state| VersionView { artifact: self, state })
    }

    /// The versions as lists show them: highest precedence first, unregistered commits after them by id,
    /// descending. Of equals the one that appeared last comes first.
    pub fn versions_listed(&self) -> Vec<VersionView<'_>> {
        let mut versions: Vec<_> = self.versions().collect();
        versions.sort_by(|a, b| a.label().cmp_listed(b.label()));
        versions.reverse();
        versions
    }

    /// The version that event number `index` belongs to; `None` for a deprecation.
    pub fn owner(&self, index: usize) -> Option<VersionView<'_>> {
        let owner = *self.owners.get(index)?;
        owner.map(|i| VersionView { artifact: self, state: &self.versions[i] })
    }

    /// The index of the version that event number `index` belongs to, for [`Artifact::version_at`].
    pub(crate) fn owner_index(&self, index: usize) -> Option<usize> {
        self.owners.get(index).copied().flatten()
    }

    /// The version with that index.
    pub(crate) fn version_at(&self, index: usize) -> Option<VersionView<'_>> {
        self.versions.get(index).map(|state| VersionView { artifact: self, state })
    }

    /// The events with the names of the versions that they belong to, oldest first.
    pub fn into_events(self) -> impl Iterator<Item = (Event, Option<Arc<VersionLabel>>)> {
        let Self { events, owners, versions, .. } = self;
        let label = move |owner: usize| Arc::clone(&versions[owner].label);
        events.into_iter().zip(owners).map(move |(event, owner)| (event, owner.map(&label)))
    }

    /// The events with the versions that they belong to, oldest first.
    pub fn events_with_owners(&self) -> impl DoubleEndedIterator<Item = (&Event, Option<VersionView<'_>>)> {
        self.events.iter().enumerate().map(|(i, event)| (event, self.owner(i)))
    }

    /// `latest`, which is `greatest`: the highest active registered version.
    pub fn latest(&self) -> Option<VersionView<'_>> {
        // `max_by` gives the last of equals, as `versions_listed` puts that first.
        self.versions()
            .filter(|version| version.is_registered() && version.is_active())
            .max_by(|a, b| a.label().cmp_listed(b.label()))
    }
}

/// An artifact while its events are folded, with what makes that linear in their number.
struct Fold {
    artifact: Artifact,
    by_key: HashMap<(VersionLabel, ObjectId), usize>,
    /// The versions with a number on each commit.
    numbered: HashMap<ObjectId, Numbered>,
    /// Where a commit has several versions: its registrations with their versions, in order.
    registered: HashMap<ObjectId, Vec<(usize, usize)>>,
    /// Where each stage of a version is among its stages.
    stages: HashMap<(usize, StageName), usize>,
    /// Where a commit has several versions: those in a stage there, by the events that assigned them.
    assigned: HashMap<(ObjectId, StageName), BTreeMap<usize, usize>>,
}

/// The versions with a number on one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbered {
    /// There is this one.
    One(usize),
    /// There are more. This one was first.
    Several(usize),
}

impl Fold {
    fn add_version_event(&mut self, index: usize) {
        let event = &self.artifact.events[index];
        let Some(number) = event.version() else { return };
        let is_registration = event.kind() == EventKind::Registration;
        let owner = self.find_or_add(VersionLabel::Number(number.clone()), event.commit);
        let version = &mut self.artifact.versions[owner];
        let events = if is_registration { &mut version.registrations } else { &mut version.deregistrations };
        events.push(index);
        self.artifact.owners[index] = Some(owner);
    }

    /// To be called when all versions are known: only where a commit has several their registrations matter.
    fn note_registrations(&mut self) {
        if !self.numbered.values().any(|versions| matches!(versions, Numbered::Several(_))) {
            return;
        }
        for (index, event) in self.artifact.events.iter().enumerate() {
            let is_one_of_several = matches!(self.numbered.get(&event.commit), Some(Numbered::Several(_)));
            if let Some(owner) = self.artifact.owners[index]
                && is_one_of_several
                && event.kind() == EventKind::Registration
            {
                self.registered.entry(event.commit).or_default().push((index, owner));
            }
        }
    }

    fn add_stage_event(&mut self, index: usize) {
        let Some(stage) = self.artifact.events[index].stage().cloned() else { return };
        let owner = self.stage_owner(index, &stage);
        let event = &self.artifact.events[index];
        if matches!(self.numbered.get(&event.commit), Some(Numbered::Several(_))) {
            let place = self.stages.get(&(owner, stage.clone()));
            let before = place.and_then(|&place| self.artifact.versions[owner].stages[place].events.last());
            let assigned = self.assigned.entry((event.commit, stage.clone())).or_default();
            if let Some(before) = before {
                assigned.remove(before);
            }
            if event.kind() == EventKind::Assignment {
                assigned.insert(index, owner);
            }
        }
        let stages = &mut self.artifact.versions[owner].stages;
        let place = *self.stages.entry((owner, stage)).or_insert_with_key(|(_, stage)| {
            stages.push(StageState { stage: stage.clone(), events: Vec::new() });
            stages.len() - 1
        });
        stages[place].events.push(index);
        self.artifact.owners[index] = Some(owner);
    }

    /// The version that a stage tag belongs to: the one on its commit. If several are there (decision D4),
    /// an assignment goes to the version registered last before it, and an unassignment to the version that
    /// is in that stage at that moment, else as an assignment.
    fn stage_owner(&mut self, index: usize, stage: &StageName) -> usize {
        let artifact = &self.artifact;
        let event = &artifact.events[index];
        let commit = event.commit;
        match self.numbered.get(&commit) {
            None => self.find_or_add(VersionLabel::Commit(commit), commit),
            Some(Numbered::One(only)) => *only,
            Some(Numbered::Several(first)) => {
                let assigned = self.assigned.get(&(commit, stage.clone()));
                let ended = (event.kind() == EventKind::Unassignment)
                    .then(|| assigned.and_then(BTreeMap::last_key_value).map(|(_, version)| *version))
                    .flatten();
                ended.unwrap_or_else(|| self.registered_last(commit, *first, index))
            }
        }
    }

    /// Of the versions on `commit`: the one registered last before event `index`, or if none was, first after.
    fn registered_last(&self, commit: ObjectId, otherwise: usize, index: usize) -> usize {
        let registered = self.registered.get(&commit).map(Vec::as_slice).unwrap_or_default();
        let before = registered.partition_point(|(registration, _)| *registration < index);
        let place = before.saturating_sub(1);
        registered.get(place).map_or(otherwise, |(_, version)| *version)
    }

    fn find_or_add(&mut self, label: VersionLabel, commit: ObjectId) -> usize {
        let versions = &mut self.artifact.versions;
        *self.by_key.entry((label, commit)).or_insert_with_key(|(label, commit)| {
            versions.push(VersionState::new(label.clone(), *commit));
            let index = versions.len() - 1;
            if label.number().is_some() {
                let first = |versions: &mut Numbered| match *versions {
                    Numbered::One(first) | Numbered::Several(first) => *versions = Numbered::Several(first),
                };
                self.numbered.entry(*commit).and_modify(first).or_insert(Numbered::One(index));
            }
            index
        })
    }
}

impl VersionState {
    fn new(label: VersionLabel, commit: ObjectId) -> Self {
        Self {
            label: Arc::new(label),
            commit,
            registrations: Vec::new(),
            deregistrations: Vec::new(),
            stages: Vec::new(),
            enrichment: None,
        }
    }

    /// Whether a registration names this version.
    pub fn is_registered(&self) -> bool {
        !self.registrations.is_empty()
    }
}

/// A version, seen with its artifact.
#[derive(Debug, Clone, Copy)]
pub struct VersionView<'a> {
    artifact: &'a Artifact,
    state: &'a VersionState,
}

/// Where a version's date, author and ref come from.
#[derive(Debug, Clone, Copy)]
pub enum Authoring<'a> {
    /// A tag of the registry.
    Event(&'a Event),
    /// The commit itself: nothing but its annotation is known.
    Commit(&'a Commit),
}

impl Authoring<'_> {
    /// Who, and when.
    pub fn signature(&self) -> &Signature {
        match self {
            Self::Event(event) => &event.tagger,
            Self::Commit(commit) => &commit.author,
        }
    }

    /// When: of a commit, its committer's time.
    pub fn time(&self) -> crate::time::Timestamp {
        match self {
            Self::Event(event) => event.tagger.time,
            Self::Commit(commit) => commit.committer.time,
        }
    }

    /// The tag, or the commit's id.
    pub fn reference(&self) -> String {
        match self {
            Self::Event(event) => event.tag.clone(),
            Self::Commit(commit) => commit.id.to_string(),
        }
    }

    /// The message.
    pub fn message(&self) -> &str {
        match self {
            Self::Event(event) => &event.message,
            Self::Commit(commit) => &commit.message,
        }
    }
}

impl<'a> VersionView<'a> {
    /// The artifact.
    pub fn artifact(&self) -> &'a Artifact {
        self.artifact
    }

    /// Whether both are the same version on the same commit of the artifact.
    pub fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.state, other.state)
    }

    /// What the version is called.
    pub fn label(&self) -> &'a VersionLabel {
        &self.state.label
    }

    /// What the version is called, to keep.
    pub fn shared_label(&self) -> Arc<VersionLabel> {
        Arc::clone(&self.state.label)
    }

    /// The commit that it is bound to.
    pub fn commit(&self) -> ObjectId {
        self.state.commit
    }

    /// What is known of the commit, if it was asked for.
    pub fn enrichment(&self) -> Option<&'a Enrichment> {
        self.state.enrichment.as_deref()
    }

    /// Whether a registration names this version.
    pub fn is_registered(&self) -> bool {
        self.state.is_registered()
    }

    /// Whether this version was never registered or deregistered.
    pub fn is_discovered(&self) -> bool {
        self.state.registrations.is_empty() && self.state.deregistrations.is_empty()
    }

    /// Whether the newest registration or deregistration is a registration; a version that never had one is active.
    pub fn is_active(&self) -> bool {
        self.state.registrations.last() > self.state.deregistrations.last() || self.is_discovered()
    }

    /// The registrations, oldest first.
    pub fn registrations(&self) -> impl DoubleEndedIterator<Item = &'a Event> {
        let artifact = self.artifact;
        self.state.registrations.iter().map(move |&i| &artifact.events[i])
    }

    /// The deregistrations, oldest first.
    pub fn deregistrations(&self) -> impl DoubleEndedIterator<Item = &'a Event> {
        let artifact = self.artifact;
        self.state.deregistrations.iter().map(move |&i| &artifact.events[i])
    }

    /// The place of the newest registration in the artifact's order of events.
    pub fn newest_registration(&self) -> Option<usize> {
        self.state.registrations.last().copied()
    }

    /// Every stage that the version was ever in, in the order in which they first appeared.
    pub fn stages(&self) -> impl Iterator<Item = StageView<'a>> {
        let (artifact, version) = (self.artifact, self.state);
        version.stages.iter().map(move |state| StageView { artifact, version, state })
    }

    /// The stages that the version is in, oldest assignment first.
    pub fn active_stages(&self) -> Vec<StageView<'a>> {
        let mut stages: Vec<_> = self.stages().filter(StageView::is_active).collect();
        stages.sort_by_key(StageView::newest);
        stages
    }

    /// The state of one stage of this version.
    pub fn stage(&self, stage: &StageName) -> Option<StageView<'a>> {
        self.stages().find(|view| view.stage() == stage)
    }

    /// All events of the version, oldest first.
    pub fn events(&self) -> Vec<&'a Event> {
        let stages = self.state.stages.iter().flat_map(|stage| stage.events.iter());
        let direct = self.state.registrations.iter().chain(&self.state.deregistrations);
        let mut indices: Vec<usize> = direct.chain(stages).copied().collect();
        indices.sort_unstable();
        indices.into_iter().map(|i| &self.artifact.events[i]).collect()
    }

    /// Where the version's date, author and ref come from: its newest registration, else whatever is newest
    /// of its stage events and its commit. `None` only for an unregistered version whose commit was not read.
    pub fn authoring(&self) -> Option<Authoring<'a>> {
        if let Some(registration) = self.registrations().next_back() {
            return Some(Authoring::Event(registration));
        }
        let stage_events = self.state.stages.iter().filter_map(|stage| stage.events.last());
        let event = stage_events.max().map(|&i| &self.artifact.events[i]);
        let commit = self.state.enrichment.as_ref().map(|enrichment| &enrichment.commit);
        match (event, commit) {
            (Some(event), Some(commit)) if event.tagger.time.seconds() < commit.committer.time.seconds() => {
                Some(Authoring::Commit(commit))
            }
            (Some(event), _) => Some(Authoring::Event(event)),
            (None, commit) => commit.map(Authoring::Commit),
        }
    }

    /// When the version came to be: its oldest registration, else the oldest of anything known of it.
    pub fn activated(&self) -> Option<Authoring<'a>> {
        if let Some(registration) = self.registrations().next() {
            return Some(Authoring::Event(registration));
        }
        let event = self.events().into_iter().next();
        let commit = self.state.enrichment.as_ref().map(|enrichment| &enrichment.commit);
        match (event, commit) {
            (Some(event), Some(commit)) if event.tagger.time.seconds() < commit.committer.time.seconds() => {
                Some(Authoring::Event(event))
            }
            (_, Some(commit)) => Some(Authoring::Commit(commit)),
            (event, None) => event.map(Authoring::Event),
        }
    }
}

/// A stage of a version.
#[derive(Debug, Clone, Copy)]
pub struct StageView<'a> {
    artifact: &'a Artifact,
    version: &'a VersionState,
    state: &'a StageState,
}

impl<'a> StageView<'a> {
    /// The stage's name.
    pub fn stage(&self) -> &'a StageName {
        &self.state.stage
    }

    /// The version that was assigned.
    pub fn version(&self) -> VersionView<'a> {
        VersionView { artifact: self.artifact, state: self.version }
    }

    /// Whether the newest event is an assignment.
    pub fn is_active(&self) -> bool {
        self.events().next_back().is_some_and(|event| event.kind() == EventKind::Assignment)
    }

    fn events(&self) -> impl DoubleEndedIterator<Item = &'a Event> {
        let artifact = self.artifact;
        self.state.events.iter().map(move |&i| &artifact.events[i])
    }

    /// The assignments, oldest first.
    pub fn assignments(&self) -> impl DoubleEndedIterator<Item = &'a Event> {
        self.events().filter(|event| event.kind() == EventKind::Assignment)
    }

    /// The unassignments, oldest first.
    pub fn unassignments(&self) -> impl DoubleEndedIterator<Item = &'a Event> {
        self.events().filter(|event| event.kind() == EventKind::Unassignment)
    }

    /// The place of the stage's newest event in the artifact's order of events.
    pub fn newest(&self) -> usize {
        self.state.events.last().copied().unwrap_or_default()
    }

    /// The place of the stage's newest assignment in the artifact's order of events.
    pub fn newest_assignment(&self) -> Option<usize> {
        let is_assignment = |&&i: &&usize| self.artifact.events[i].kind() == EventKind::Assignment;
        self.state.events.iter().rev().find(is_assignment).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::tests::event;
    use proptest::prelude::*;

    fn artifact(events: &[(&str, u8, i64)]) -> Artifact {
        let events = events.iter().map(|(tag, commit, time)| event(tag, *commit, *time)).collect();
        Artifact::from_events("m".parse().unwrap(), events)
    }

    fn in_stage(artifact: &Artifact, stage: &str) -> Vec<String> {
        let stage = stage.parse().unwrap();
        let active = |v: &VersionView| v.stage(&stage).is_some_and(|s| s.is_active());
        artifact.versions().filter(active).map(|v| v.label().to_string()).collect()
    }

    #[test]
    fn a_stage_belongs_to_the_version_on_its_commit_whenever_that_was_registered() {
        let artifact = artifact(&[("m#prod#1", 1, 10), ("m@v1.0.0", 1, 20)]);
        assert_eq!(in_stage(&artifact, "prod"), ["v1.0.0"]);
        assert_eq!(artifact.versions().count(), 1);
    }

    #[test]
    fn d09_an_unregistered_commit_is_one_version_and_can_be_unassigned() {
        let both = [("m#prod#1", 1, 10), ("m#dev#2", 1, 20), ("m#prod!#3", 1, 30)];
        let artifact = artifact(&both);
        assert_eq!(artifact.versions().count(), 1);
        assert!(in_stage(&artifact, "prod").is_empty());
        assert_eq!(in_stage(&artifact, "dev"), [event("m#dev", 1, 0).commit.to_string()]);
    }

    #[test]
    fn d04_of_several_versions_on_a_commit_the_one_registered_last_before_gets_the_stage() {
        let two = [("m@v1.0.0", 1, 10), ("m#dev#1", 1, 15), ("m@v2.0.0", 1, 20), ("m#prod#2", 1, 30)];
        let artifact = artifact(&two);
        assert_eq!(in_stage(&artifact, "dev"), ["v1.0.0"]);
        assert_eq!(in_stage(&artifact, "prod"), ["v2.0.0"]);
    }

    #[test]
    fn d04_an_unassignment_ends_the_assignment_that_is_there() {
        let two = [("m@v1.0.0", 1, 10), ("m#dev#1", 1, 15), ("m@v2.0.0", 1, 20), ("m#dev!#2", 1, 30)];
        assert!(in_stage(&artifact(&two), "dev").is_empty());
    }

    #[test]
    fn d17_only_a_registration_or_an_assignment_revives_a_deprecated_artifact() {
        let history = [("m@v1.0.0", 1, 10), ("m#dev#1", 1, 20), ("m@deprecated", 1, 30)];
        let then = |tag| artifact(&[history.as_slice(), &[(tag, 1, 40)]].concat()).is_active();
        assert!(!artifact(&history).is_active());
        assert!(!then("m@v1.0.0!"));
        assert!(!then("m#dev!#2"));
        assert!(then("m#dev#2"));
        assert!(then("m@v1.0.0#2"));
    }

    #[test]
    fn latest_is_the_highest_active_version_not_the_newest() {
        let tags = [("m@v2.0.0", 1, 10), ("m@v1.0.0", 2, 20), ("m@v3.0.0", 3, 30), ("m@v3.0.0!", 3, 40)];
        let latest = |events| artifact(events).latest().map(|v| v.label().to_string());
        assert_eq!(latest(&tags).as_deref(), Some("v2.0.0"));
        assert_eq!(latest(&tags[2..]), None);
    }

    fn histories() -> impl Strategy<Value = Vec<Event>> {
        let tags = prop::sample::select(vec![
            "m@v1.0.0",
            "m@v1.0.0!",
            "m@v1.0.0#1",
            "m@v1.0.0!#2",
            "m@v1.0.0-rc.1",
            "m@v2.0.0#7",
            "m#prod",
            "m#prod!",
            "m#prod#3",
            "m#prod!#4",
            "m#dev#5",
            "m#dev#6",
            "m@deprecated",
            "m@deprecated#8",
            "d/e=m@v1.0.0",
            "d/e=m#prod#1",
        ]);
        let events = prop::collection::hash_map(tags, (0u8..3, 0i64..4), 0..14);
        let events = events.prop_map(|tags| tags.into_iter().map(|(tag, (c, t))| event(tag, c, t)).collect());
        Strategy::prop_shuffle(Strategy::boxed(events))
    }

    proptest! {
        #[test]
        fn the_state_does_not_depend_on_the_order_in_which_tags_are_read(events in histories()) {
            let mut sorted = events.clone();
            sorted.sort_by(|a, b| a.tag.cmp(&b.tag));
            let state = State::from_events(events);
            prop_assert_eq!(&state, &State::from_events(sorted));
            for artifact in state.artifacts() {
                let owned: usize = artifact.versions().map(|version| version.events().len()).sum();
                let ownerless = (0..artifact.events().len()).filter(|&i| artifact.owner(i).is_none()).count();
                prop_assert_eq!(owned + ownerless, artifact.events().len());
            }
        }
    }
}
