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
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tags {
    /// Their names without the artifact's, one after the other.
    names: String,
    /// For each what its ref points to, and its commit if it is an event; else zeros.
    ids: Vec<u8>,
    entries: Vec<Entry>,
    /// Why those cannot be read that cannot.
    unreadable: Vec<(usize, UnreadableTag)>,
}

#[derive(Debug, PartialEq)]
struct Entry {
    /// Where its name ends.
    end: usize,
    /// When it was made and by whom; `None` if it is no event.
    made: Option<(Timestamp, Arc<Tagger>)>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
struct Tagger {
    name: Arc<str>,
    email: Arc<str>,
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
    taggers: HashMap<(Arc<str>, Arc<str>), Arc<Tagger>>,
}

impl Builder {
    /// Adds a tag behind those that are there; `rest` is its name without the artifact's.
    pub fn add(&mut self, rest: &str, target: ObjectId, known: Known) {
        let tags = &mut self.tags;
        let mut entry = Entry { end: 0, made: None, kind: Kind::Foreign };
        let mut its_commit = None;
        match known {
            Known::Event { commit, tagger: Signature { name, email, time }, is_renamed } => {
                let tagger = self.taggers.entry((name, email)).or_insert_with_key(|(name, email)| {
                    Arc::new(Tagger { name: Arc::clone(name), email: Arc::clone(email) })
                });
                entry.made = Some((time, Arc::clone(tagger)));
                entry.kind = if is_renamed { Kind::Renamed } else { Kind::Event };
                its_commit = Some(commit);
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
        entry.end = tags.names.len();
        tags.ids.extend_from_slice(target.as_bytes());
        match its_commit {
            Some(commit) => tags.ids.extend_from_slice(commit.as_bytes()),
            None => tags.ids.extend(target.as_bytes().iter().map(|_| 0)),
        }
        tags.entries.push(entry);
    }

    /// The tags that were added.
    pub fn finish(self) -> Tags {
        let mut tags = self.tags;
        tags.names.shrink_to_fit();
        tags.ids.shrink_to_fit();
        tags.entries.shrink_to_fit();
        tags
    }
}

impl Tags {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes in tags that come behind these.
    pub fn append(&mut self, other: Self) {
        let (names, entries) = (self.names.len(), self.entries.len());
        self.names.push_str(&other.names);
        self.ids.extend(other.ids);
        self.entries.extend(other.entries.into_iter().map(|entry| Entry { end: names + entry.end, ..entry }));
        self.unreadable.extend(other.unreadable.into_iter().map(|(place, why)| (entries + place, why)));
    }

    /// The name of a tag without the artifact's.
    pub fn rest(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.entries[before].end);
        &self.names[start..self.entries[place].end]
    }

    /// What a tag's ref points to.
    pub fn target(&self, place: usize) -> &[u8] {
        let len = self.id_len();
        &self.ids[place * 2 * len..][..len]
    }

    fn commit(&self, place: usize) -> Option<ObjectId> {
        let len = self.id_len();
        ObjectId::from_bytes(&self.ids[(place * 2 + 1) * len..][..len])
    }

    fn id_len(&self) -> usize {
        self.ids.len() / (self.entries.len() * 2).max(1)
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
            Kind::Event | Kind::Renamed => match (self.commit(place), self.tagger(place)) {
                (Some(commit), Some(tagger)) => {
                    Known::Event { commit, tagger, is_renamed: entry.kind == Kind::Renamed }
                }
                _ => Known::Foreign,
            },
        }
    }

    fn tagger(&self, place: usize) -> Option<Signature> {
        let (time, tagger) = self.entries[place].made.as_ref()?;
        Some(Signature { name: Arc::clone(&tagger.name), email: Arc::clone(&tagger.email), time: *time })
    }

    /// Whether these refs are those of the tags, and nothing of them is to be read again: what could not be read may be there
    /// now.
    pub fn are(&self, refs: &[TagRef], artifact: usize) -> bool {
        self.len() == refs.len()
            && self.unreadable.is_empty()
            && refs.iter().enumerate().all(|(place, tag)| {
                self.target(place) == tag.target.as_bytes() && self.rest(place) == &tag.name[artifact..]
            })
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
        self.entries.iter().filter_map(|entry| entry.made.as_ref()).map(|(time, _)| time.seconds()).max()
    }
}
