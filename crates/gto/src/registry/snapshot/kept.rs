//! An artifact in a snapshot: its tags, and what lists of artifacts ask for.

use crate::git::{TagRef, UnreadableTag};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::query::ShowOptions;
use crate::registry::read::scan::Scan;
use crate::registry::snapshot::tags::{Known, Tags};
use crate::report::ArtifactSummary;
use crate::state::Artifact;

/// What a snapshot keeps of an artifact.
#[derive(Debug, PartialEq)]
pub(super) struct Kept {
    pub name: ArtifactName,
    pub tags: Tags,
    /// Its row in the registry, as it is shown without options; `None` if it has no events.
    pub summary: Option<ArtifactSummary>,
    /// When the newest event was, in seconds.
    pub newest: Option<i64>,
    /// Tags that are no events, or have another name inside.
    lightweight: Vec<String>,
    renamed: Vec<(String, ObjectId)>,
    unreadable: Vec<(TagRef, UnreadableTag)>,
}

impl Kept {
    pub fn new(name: ArtifactName, tags: Tags) -> Self {
        let newest = tags.newest();
        let mut kept = Self {
            name,
            summary: None,
            newest,
            lightweight: Vec::new(),
            renamed: Vec::new(),
            unreadable: Vec::new(),
            tags,
        };
        kept.summary = newest.map(|_| ArtifactSummary::new(&kept.artifact(), &ShowOptions::default()));
        let places: Vec<usize> = kept.tags.odd().collect();
        for place in places {
            kept.note(place);
        }
        kept
    }

    fn note(&mut self, place: usize) {
        let name = format!("{}{}", self.name.in_tag(), self.tags.rest(place));
        let Some(target) = ObjectId::from_bytes(self.tags.target(place)) else { return };
        match self.tags.known(place) {
            Known::Lightweight => self.lightweight.push(name),
            Known::Event { is_renamed: true, .. } => self.renamed.push((name, target)),
            Known::Unreadable(why) => self.unreadable.push((TagRef { name, target }, why)),
            Known::Event { .. } | Known::Creation | Known::Foreign => {}
        }
    }

    /// What its events add up to.
    pub fn artifact(&self) -> Artifact {
        Artifact::from_events(self.name.clone(), self.tags.events(&self.name))
    }

    /// What is the matter with its tags.
    pub fn add_to(&self, scan: &mut Scan) {
        scan.lightweight.extend_from_slice(&self.lightweight);
        scan.renamed.extend_from_slice(&self.renamed);
        scan.unreadable.extend_from_slice(&self.unreadable);
    }
}
