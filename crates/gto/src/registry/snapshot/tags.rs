//! The tags of one artifact, in as little memory as can be: there may be a million of them in a snapshot.
//!
//! Owns how they are stored. What they add up to is for `kept`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::Event;
use crate::git::{self, TagObject, TagRef, UnreadableTag};
use crate::name::{ArtifactName, KnownStages};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::tag::{Action, TagName};
use crate::time::Timestamp;

/// The tags of an artifact, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// Their names without the artifact's, one after the other.
    names: String,
    /// For each what its ref points to.
    targets: Vec<u8>,
    entries: Vec<Entry>,
    /// The commits and the taggers of the events, each once.
    commits: Vec<u8>,
    taggers: Vec<Tagger>,
    /// Why those cannot be read that cannot.
    unreadable: Vec<(usize, UnreadableTag)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// When it was made; 0 if it is no event.
    seconds: i64,
    /// Where its name ends.
    end: u32,
    /// The places of its tagger and its commit, if it is an event.
    tagger: u32,
    commit: u32,
    kind: Kind,
}

/// Who made a tag, in which time zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Tagger {
    name: Arc<str>,
    email: Arc<str>,
    offset: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Event,
    /// An event that has another name inside.
    Renamed,
    /// The format reserves it.
    Creation,
    Lightweight,
    Unreadable,
    /// No name of the registry's.
    Foreign,
}

/// What is known of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    Event { commit: ObjectId, tagger: Signature, is_renamed: bool },
    Creation,
    Lightweight,
    Unreadable(UnreadableTag),
    Foreign,
}

impl Known {
    /// What a tag of this name is whose object is this.
    pub fn new(tag: &TagRef, name: &TagName, object: TagObject) -> Self {
        match object {
            TagObject::Annotated { .. } if name.action == Action::Create => Self::Creation,
            TagObject::Annotated { commit, tagger, name_sum, .. } => {
                let is_renamed = name_sum != git::name_sum(tag.name.as_bytes());
                Self::Event { commit, tagger, is_renamed }
            }
            TagObject::Lightweight { .. } => Self::Lightweight,
            TagObject::Unreadable(why) => Self::Unreadable(why),
        }
    }
}

/// Makes the tags of an artifact.
#[derive(Default)]
pub(super) struct Builder {
    tags: Tags,
    taggers: HashMap<Tagger, u32>,
    commits: HashMap<ObjectId, u32>,
}

impl Builder {
    /// Adds a tag behind those that are there; `rest` is its name without the artifact's.
    pub fn add(&mut self, rest: &str, target: ObjectId, known: Known) {
        let tags = &mut self.tags;
        let mut entry = Entry { seconds: 0, end: 0, tagger: 0, commit: 0, kind: Kind::Foreign };
        match known {
            Known::Event { commit, tagger: Signature { name, email, time }, is_renamed } => {
                let tagger = Tagger { name, email, offset: time.offset() };
                entry.tagger = *self.taggers.entry(tagger).or_insert_with_key(|tagger| {
                    tags.taggers.push(tagger.clone());
                    small(tags.taggers.len() - 1)
                });
                entry.commit = *self.commits.entry(commit).or_insert_with(|| {
                    tags.commits.extend_from_slice(commit.as_bytes());
                    small(tags.commits.len() / commit.as_bytes().len() - 1)
                });
                entry.seconds = time.seconds();
                entry.kind = if is_renamed { Kind::Renamed } else { Kind::Event };
            }
            Known::Creation => entry.kind = Kind::Creation,
            Known::Lightweight => entry.kind = Kind::Lightweight,
            Known::Unreadable(why) => {
                entry.kind = Kind::Unreadable;
                tags.unreadable.push((tags.entries.len(), why));
            }
            Known::Foreign => {}
        }
        tags.names.push_str(rest);
        entry.end = small(tags.names.len());
        tags.targets.extend_from_slice(target.as_bytes());
        tags.entries.push(entry);
    }

    /// The tags that were added.
    pub fn finish(self) -> Tags {
        let mut tags = self.tags;
        tags.names.shrink_to_fit();
        tags.targets.shrink_to_fit();
        tags.entries.shrink_to_fit();
        tags.commits.shrink_to_fit();
        tags.taggers.shrink_to_fit();
        tags
    }
}

/// A length or a place: one artifact has less than 4 GiB of names, or its tags would not be in memory.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The same tags, wherever the values that they have in common are kept.
impl PartialEq for Tags {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
            && self.targets == other.targets
            && self.len() == other.len()
            && (0..self.len())
                .all(|place| self.rest(place) == other.rest(place) && self.known(place) == other.known(place))
    }
}

impl Tags {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes in tags that come behind these.
    pub fn append(&mut self, other: Self) {
        let (names, entries) = (small(self.names.len()), self.entries.len());
        let commits = small(self.commits.len() / self.id_len().max(1));
        let taggers = small(self.taggers.len());
        self.names.push_str(&other.names);
        self.targets.extend(other.targets);
        self.taggers.extend(other.taggers);
        self.commits.extend(other.commits);
        self.entries.extend(other.entries.into_iter().map(|entry| Entry {
            end: names.saturating_add(entry.end),
            tagger: taggers.saturating_add(entry.tagger),
            commit: commits.saturating_add(entry.commit),
            ..entry
        }));
        self.unreadable.extend(other.unreadable.into_iter().map(|(place, why)| (entries + place, why)));
    }

    /// The name of a tag without the artifact's.
    pub fn rest(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.entries[before].end);
        self.names.get(start as usize..self.entries[place].end as usize).unwrap_or_default()
    }

    /// What a tag's ref points to.
    pub fn target(&self, place: usize) -> &[u8] {
        let len = self.id_len();
        &self.targets[place * len..][..len]
    }

    fn id_len(&self) -> usize {
        self.targets.len() / self.entries.len().max(1)
    }

    /// What is known of a tag.
    pub fn known(&self, place: usize) -> Known {
        let entry = &self.entries[place];
        match entry.kind {
            Kind::Creation => Known::Creation,
            Kind::Lightweight => Known::Lightweight,
            Kind::Foreign => Known::Foreign,
            Kind::Unreadable => {
                let found = self.unreadable.binary_search_by_key(&place, |(place, _)| *place);
                found.map_or(Known::Foreign, |found| Known::Unreadable(self.unreadable[found].1))
            }
            Kind::Event | Kind::Renamed => self.event(entry).unwrap_or(Known::Foreign),
        }
    }

    fn event(&self, entry: &Entry) -> Option<Known> {
        let Tagger { name, email, offset } = self.taggers.get(entry.tagger as usize)?.clone();
        let tagger = Signature { name, email, time: Timestamp::new(entry.seconds, offset)? };
        let commit = self.commits.chunks_exact(self.id_len().max(1)).nth(entry.commit as usize)?;
        let commit = ObjectId::from_bytes(commit)?;
        Some(Known::Event { commit, tagger, is_renamed: entry.kind == Kind::Renamed })
    }

    /// Whether these refs are those of the tags, and nothing of them is to be read again: what could not be read may be there
    /// now.
    pub fn are(&self, refs: &[TagRef], artifact: usize) -> bool {
        self.len() == refs.len()
            && self.are_readable()
            && refs.iter().enumerate().all(|(place, tag)| {
                self.target(place) == tag.target.as_bytes() && self.rest(place) == &tag.name[artifact..]
            })
    }

    /// Whether all of them could be read.
    pub fn are_readable(&self) -> bool {
        self.unreadable.is_empty()
    }

    /// The place of a tag by its name without the artifact's.
    pub fn find(&self, rest: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.rest(middle) < rest { low = middle + 1 } else { high = middle }
        }
        (low < self.len() && self.rest(low) == rest).then_some(low)
    }

    /// The events, without their messages.
    pub fn events(&self, artifact: &ArtifactName) -> Vec<Event> {
        let prefix = artifact.in_tag();
        let mut stages = KnownStages::default();
        let event = |place: usize| {
            let Known::Event { commit, tagger, .. } = self.known(place) else { return None };
            let rest = self.rest(place);
            let name = TagName::parse_event(artifact, rest, &mut stages)?;
            let tag_id = ObjectId::from_bytes(self.target(place))?;
            Some(Event {
                tag: format!("{prefix}{rest}"),
                tag_id,
                name,
                commit,
                tagger,
                message: String::new(),
            })
        };
        (0..self.len()).filter_map(event).collect()
    }

    /// The tags with which something is the matter: their places.
    pub fn odd(&self) -> impl Iterator<Item = usize> {
        let is_odd = |kind| matches!(kind, Kind::Renamed | Kind::Lightweight | Kind::Unreadable);
        (0..self.len()).filter(move |place| is_odd(self.entries[*place].kind))
    }

    /// When the newest event was, in seconds.
    pub fn newest(&self) -> Option<i64> {
        let is_event = |entry: &&Entry| matches!(entry.kind, Kind::Event | Kind::Renamed);
        self.entries.iter().filter(is_event).map(|entry| entry.seconds).max()
    }
}
