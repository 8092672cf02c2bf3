//! The tags of one artifact: which are events, and what is wrong with the others.

use crate::error::Result;
use crate::event::Event;
use crate::git::{self, TagObject, TagRef, TagRefs, UnreadableTag, Want};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::registry::Registry;
use crate::tag::{Action, TagName};

/// The events in the tags of a repository, or of one artifact.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub events: Vec<Event>,
    pub lightweight: Vec<String>,
    pub unreadable: Vec<(TagRef, UnreadableTag)>,
    pub creations: Vec<String>,
    /// Tags that have another name inside, each with its object.
    pub renamed: Vec<(String, ObjectId)>,
    /// Refs without an object id.
    pub broken: Vec<String>,
}

impl Registry {
    /// Reads the tags of one artifact.
    pub(in crate::registry) fn scan(&self, name: &ArtifactName, want: Want) -> Result<Scan> {
        Ok(self.read_scan(name, self.tags_of(name)?, want))
    }

    /// Reads these tags of one artifact.
    pub(in crate::registry) fn read_scan(&self, name: &ArtifactName, tags: TagRefs, want: Want) -> Scan {
        let TagRefs { refs, broken, .. } = tags;
        Scan { broken, ..Scan::of(name, refs, |tags| self.repository.read_tags(tags, want)) }
    }

    /// The tags of one artifact, found by prefix.
    pub(in crate::registry) fn tags_of(
        &self,
        name: &ArtifactName,
    ) -> std::result::Result<TagRefs, git::GitError> {
        let name = name.in_tag();
        self.repository.tag_refs_with(&[&format!("{name}#"), &format!("{name}@")])
    }
}

impl Scan {
    /// The tags with registry names that are no events, although Git can read them (decisions D5 and D22).
    pub(in crate::registry) fn not_events(&self) -> impl Iterator<Item = (&str, TagName)> {
        let unreadable = self.unreadable.iter().map(|(tag, _)| tag.name.as_str());
        let names = self.lightweight.iter().map(String::as_str).chain(unreadable);
        names.filter_map(|tag| Some((tag, tag.parse().ok()?)))
    }

    pub(in crate::registry) fn add(&mut self, tag: TagRef, name: TagName, object: TagObject) {
        match object {
            TagObject::Annotated { .. } if name.action == Action::Create => self.creations.push(tag.name),
            TagObject::Annotated { tag_id, commit, tagger, message, name_sum } => {
                if name_sum != git::name_sum(tag.name.as_bytes()) {
                    self.renamed.push((tag.name.clone(), tag_id));
                }
                self.events.push(Event {
                    tag: tag.name,
                    tag_id,
                    name,
                    commit,
                    tagger,
                    message: message.trim().to_owned(),
                });
            }
            TagObject::Lightweight { .. } => self.lightweight.push(tag.name),
            TagObject::Unreadable(why) => self.unreadable.push((tag, why)),
        }
    }
}

/// The warning of tags that are no events, if there are any (decision D22).
pub(in crate::registry) fn lightweight_warning(tags: Vec<String>) -> Vec<Warning> {
    if tags.is_empty() { Vec::new() } else { vec![Warning::LightweightTags(tags)] }
}

/// The warning of tags that have another name inside, if there are any.
pub(in crate::registry) fn renamed_warning(tags: Vec<String>) -> Option<Warning> {
    (!tags.is_empty()).then_some(Warning::RenamedTags(tags))
}
