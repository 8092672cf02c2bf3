//! Reading the whole registry: artifact by artifact and on all processors, so that a registry of a million tags
//! needs little more memory than the names of its tags.
//!
//! Owns the grouping of tags by artifact and the work of the threads. What is kept of an artifact is the
//! question's to say.

use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::error::{Error, Result};
use crate::event::Event;
use crate::git::{Repository, TagObject, TagRef, Want};
use crate::name::{ArtifactName, KnownStages};
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::query::AnnotatedAt;
use crate::registry::Registry;
use crate::registry::annotations::commits::CommitFiles;
use crate::registry::read::scan::Scan;
use crate::state::Artifact;
use crate::tag::TagName;

/// About how many tags a thread reads at a time. Larger artifacts are read in parts of this size.
pub(in crate::registry) const PART: usize = 1024;

/// Whether what annotation files name counts, so that they must be read.
pub(in crate::registry) enum Annotated<'f, 'r> {
    /// It also has versions, from annotations in the commits that are read.
    Too(&'f mut CommitFiles<'r>, AnnotatedAt),
    /// The answer does not show them.
    Not,
}

/// A unit of work: adjacent tags, sorted by artifact.
enum Part {
    /// All tags of some artifacts.
    Whole(Vec<Group>),
    /// Some tags of an artifact that has too many for one part.
    Piece(Group),
}

impl Part {
    /// How many tags.
    fn len(&self) -> usize {
        match self {
            Self::Whole(groups) => groups.iter().map(|group| group.tags.len()).sum(),
            Self::Piece(group) => group.tags.len(),
        }
    }
}

/// Tags of one artifact.
struct Group {
    artifact: ArtifactName,
    tags: Vec<TagRef>,
}

/// What a thread made of its part.
enum Read<T> {
    Folded(Vec<T>),
    Events { artifact: ArtifactName, events: Vec<Event> },
}

impl Registry {
    /// Folds every artifact, and keeps what `keep` makes of each: first those with events, by their names as
    /// tags spell them, then those that are only annotated, in the order of the annotation files.
    pub(in crate::registry) fn each_artifact<T: Send>(
        &self,
        want: Want,
        annotated: Annotated<'_, '_>,
        keep: impl Fn(Artifact) -> T + Sync,
    ) -> Result<(Vec<T>, Vec<Warning>)> {
        self.enforced_policy()?;
        let failure: Mutex<Option<Error>> = Mutex::new(None);
        // git reports `HEAD` with the tags, if it reads both.
        let listed = self.repository.tag_refs("")?;
        let (tags, broken) = (listed.refs, listed.broken);
        let progress = self.environment.progress();
        let names = match annotated {
            Annotated::Too(files, at) => {
                let head = self.repository.head_commit_seen(listed.head).ok().flatten();
                files.annotated(head, at)?
            }
            Annotated::Not => Vec::new(),
        };
        let annotated = by_place(names);
        let lightweight = Mutex::new(Vec::new());
        let renamed = Mutex::new(Vec::new());
        let unreadable = Mutex::new(Vec::new());
        let registered = Mutex::new(HashSet::new());
        let finish = |name: ArtifactName, events: Vec<Event>| {
            let annotated = annotated.get(&name).map(|(_, commit)| *commit);
            if annotated.is_some() && !events.is_empty() {
                lock(&registered).insert(name.clone());
            }
            let mut artifact = Artifact::from_events(name, events);
            if let Some(commit) = annotated.flatten() {
                artifact.annotate(commit);
            }
            artifact
        };
        let finish_registered = |name, events: Vec<Event>| {
            let events = self.valid_events(events).unwrap_or_else(|error| {
                lock(&failure).get_or_insert(error);
                Vec::new()
            });
            (!events.is_empty()).then(|| keep(finish(name, events)))
        };
        let planned = self.repository.reading(want, self.keep());
        // Loading the cache and sorting the tags take about as long, each on one processor.
        let (reading, parts) = thread::scope(|scope| {
            let loading = scope.spawn(|| planned.begin());
            let parts = parts(tags);
            (loading.join().unwrap_or_else(|panic| resume_unwind(panic)), parts)
        });
        progress.expect(parts.iter().map(Part::len).sum());
        let read = |repository: &Repository, part: Part| {
            let events = |group: &mut Group| {
                let tags = std::mem::take(&mut group.tags);
                progress.advance(tags.len());
                let scan = Scan::of(&group.artifact, tags, |tags| reading.read_tags(repository, tags));
                if !scan.lightweight.is_empty() {
                    lock(&lightweight).extend(scan.lightweight);
                }
                if !scan.renamed.is_empty() {
                    lock(&renamed).extend(scan.renamed);
                }
                if !scan.unreadable.is_empty() {
                    lock(&unreadable).extend(scan.unreadable);
                }
                scan.events
            };
            match part {
                Part::Whole(groups) => {
                    let made = groups.into_iter().filter_map(|mut group| {
                        let events = events(&mut group);
                        finish_registered(group.artifact, events)
                    });
                    Read::Folded(made.collect())
                }
                Part::Piece(mut group) => {
                    let events = events(&mut group);
                    Read::Events { artifact: group.artifact, events }
                }
            }
        };
        let mut kept = Vec::new();
        let mut large: Option<(ArtifactName, Vec<Event>)> = None;
        for made in self.repository.on_all_processors(parts, read) {
            match made {
                Read::Events { artifact, events } => match &mut large {
                    Some((name, all)) if *name == artifact => all.extend(events),
                    _ => {
                        kept.extend(large.take().and_then(|(name, all)| finish_registered(name, all)));
                        large = Some((artifact, events));
                    }
                },
                Read::Folded(made) => {
                    kept.extend(large.take().and_then(|(name, all)| finish_registered(name, all)));
                    kept.extend(made);
                }
            }
        }
        kept.extend(large.take().and_then(|(name, all)| finish_registered(name, all)));
        reading.finish(&self.repository);
        let unregistered = in_order_without(&annotated, &lock(&registered));
        kept.extend(unregistered.into_iter().map(|name| keep(finish(name, Vec::new()))));
        let (lightweight, renamed) = (sorted(&lightweight), sorted(&renamed));
        let unreadable = std::mem::take(&mut *lock(&unreadable));
        let scan = Scan { lightweight, unreadable, renamed, broken, ..Scan::default() };
        self.refuse_unknown_if_enforced(&scan)?;
        lock(&failure).take().map_or(Ok(()), Err)?;
        Ok((kept, self.warnings_of(&scan)))
    }
}

/// The names with their places, each as it comes first.
fn by_place(
    names: Vec<(ArtifactName, Option<ObjectId>)>,
) -> HashMap<ArtifactName, (usize, Option<ObjectId>)> {
    let mut by_name = HashMap::new();
    for (name, commit) in names {
        let place = by_name.len();
        by_name.entry(name).or_insert((place, commit));
    }
    by_name
}

fn sorted<T: Ord>(collected: &Mutex<Vec<T>>) -> Vec<T> {
    let mut all = std::mem::take(&mut *lock(collected));
    all.sort_unstable();
    all
}

/// The names of these artifacts by their places, without those.
fn in_order_without(
    annotated: &HashMap<ArtifactName, (usize, Option<ObjectId>)>,
    others: &HashSet<ArtifactName>,
) -> Vec<ArtifactName> {
    let mut names: Vec<_> = annotated.iter().filter(|(name, _)| !others.contains(*name)).collect();
    names.sort_by_key(|(_, (place, _))| *place);
    names.into_iter().map(|(name, _)| name.clone()).collect()
}

/// A poisoned lock means that another thread panicked, which ends everything anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scan {
    /// Reads the tags of one artifact. Tags whose names are not the registry's are none.
    pub(in crate::registry) fn of(
        artifact: &ArtifactName,
        mut tags: Vec<TagRef>,
        read: impl FnOnce(&[TagRef]) -> Vec<TagObject>,
    ) -> Self {
        let prefix = artifact.as_str().len();
        let mut stages = KnownStages::default();
        let mut parse = |tag: &TagRef| TagName::parse_event(artifact, tag.name.get(prefix..)?, &mut stages);
        let mut names = Vec::with_capacity(tags.len());
        tags.retain(|tag| parse(tag).map(|name| names.push(name)).is_some());
        let mut scan = Self { events: Vec::with_capacity(tags.len()), ..Self::default() };
        let objects = read(&tags);
        for ((tag, name), object) in tags.into_iter().zip(names).zip(objects) {
            scan.add(tag, name, object);
        }
        scan
    }
}

/// The part of a tag's name that is the artifact's, if there is one.
pub(in crate::registry) fn artifact_part(tag: &str) -> Option<&str> {
    tag.bytes().position(|byte| matches!(byte, b'#' | b'@')).map(|at| &tag[..at])
}

/// Sorts tags into parts.
fn parts(tags: Vec<TagRef>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut small: Vec<Group> = Vec::new();
    let mut in_small = 0;
    for mut tags in groups(tags) {
        let name = tags.first().and_then(|tag| artifact_part(&tag.name)).and_then(ArtifactName::from_tag);
        let Some(artifact) = name else { continue };
        if tags.len() > PART || in_small + tags.len() > PART {
            parts.extend((!small.is_empty()).then(|| Part::Whole(std::mem::take(&mut small))));
            in_small = 0;
        }
        if tags.len() <= PART {
            in_small += tags.len();
            small.push(Group { artifact, tags });
            continue;
        }
        while !tags.is_empty() {
            let piece = tags.split_off(tags.len().saturating_sub(PART));
            parts.push(Part::Piece(Group { artifact: artifact.clone(), tags: piece }));
        }
    }
    parts.extend((!small.is_empty()).then_some(Part::Whole(small)));
    parts
}

/// The tags of each artifact, by the artifact's name.
///
/// Listed by name they come in runs: only `m-x@v1` stands between `m#prod` and `m@v1`. So the runs are sorted, which
/// are few, and not the tags.
pub(in crate::registry) fn groups(tags: Vec<TagRef>) -> Vec<Vec<TagRef>> {
    let mut runs: Vec<(String, Vec<TagRef>)> = Vec::new();
    let mut rest = tags.into_iter();
    while let Some(first) = rest.as_slice().first() {
        let Some(name) = artifact_part(&first.name).map(str::to_owned) else {
            rest.next();
            continue;
        };
        let len = rest.as_slice().iter().take_while(|tag| is_of(tag, &name)).count();
        runs.push((name, rest.by_ref().take(len).collect()));
    }
    runs.sort_by(|(a, _), (b, _)| a.cmp(b));
    runs.dedup_by(|(name, run), (before, all)| {
        let is_same = name == before;
        if is_same {
            all.append(run);
        }
        is_same
    });
    runs.into_iter().map(|(_, run)| run).collect()
}

/// Whether that is the part of the tag's name that is the artifact's.
fn is_of(tag: &TagRef, artifact: &str) -> bool {
    tag.name.strip_prefix(artifact).is_some_and(|rest| rest.starts_with(['#', '@']))
}
