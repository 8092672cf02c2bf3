//! What came, went or moved between two snapshots.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::registry::snapshot::kept::Kept;
use crate::registry::snapshot::tags::Known;
use crate::report::EventReport;

/// A tag of the registry that came, went or moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What became of it.
    pub kind: ChangeKind,
    /// Its name.
    pub tag: String,
    /// The artifact that it names.
    pub artifact: ArtifactName,
    /// What it was; `None` if it is new.
    pub before: Option<SeenTag>,
    /// What it is; `None` if it is gone.
    pub after: Option<SeenTag>,
}

/// What became of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ChangeKind {
    /// There was none of this name.
    New,
    /// There is none any more.
    Gone,
    /// It points to something else, or can be read now and could not, or the other way round.
    Moved,
}

/// What a tag was, or is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenTag {
    /// What its ref points to.
    pub target: ObjectId,
    /// The event that it is; `None` if it is none: lightweight, or damaged. What a tag was comes without its message.
    pub event: Option<EventReport>,
}

/// The tags that are not the same in two states of one artifact; the messages are of tags that were read.
pub(super) fn changes(
    before: Option<&Kept>,
    after: Option<&Kept>,
    messages: &HashMap<String, String>,
) -> Vec<Change> {
    let Some(name) = before.or(after).map(|kept| kept.name.clone()) else { return Vec::new() };
    let rests = |kept: Option<&Kept>| -> BTreeSet<String> {
        let kept = kept.into_iter();
        kept.flat_map(|kept| (0..kept.tags.len()).map(|place| kept.tags.rest(place).to_owned())).collect()
    };
    let all: BTreeSet<String> = &rests(before) | &rests(after);
    let changed: Vec<String> =
        all.into_iter().filter(|rest| known(before, rest) != known(after, rest)).collect();
    let (old, new) = (Events::of(before), Events::of(after));
    let prefix = name.in_tag();
    let change = |rest: String| {
        let tag = format!("{prefix}{rest}");
        let before = seen(before, &rest, old.find(&tag));
        let mut after = seen(after, &rest, new.find(&tag));
        if let Some(event) = after.as_mut().and_then(|after| after.event.as_mut())
            && let Some(message) = messages.get(&tag)
        {
            event.message = message.as_str().into();
        }
        let kind = match (&before, &after) {
            (None, Some(_)) => ChangeKind::New,
            (Some(_), None) => ChangeKind::Gone,
            (Some(_), Some(_)) => ChangeKind::Moved,
            (None, None) => return None,
        };
        Some(Change { kind, tag, artifact: name.clone(), before, after })
    };
    changed.into_iter().filter_map(change).collect()
}

fn known(kept: Option<&Kept>, rest: &str) -> Option<(Vec<u8>, Known)> {
    let kept = kept?;
    let place = kept.tags.find(rest)?;
    Some((kept.tags.target(place).to_vec(), kept.tags.known(place)))
}

/// A tag in one state; `None` also if it is none of the registry's.
fn seen(kept: Option<&Kept>, rest: &str, event: Option<EventReport>) -> Option<SeenTag> {
    let (target, known) = known(kept, rest)?;
    let target = ObjectId::from_bytes(&target)?;
    (known != Known::Foreign).then_some(SeenTag { target, event })
}

/// The events of an artifact, by their tags.
struct Events(HashMap<Box<str>, EventReport>);

impl Events {
    fn of(kept: Option<&Kept>) -> Self {
        let events = kept.map(|kept| kept.artifact().into_events()).into_iter().flatten();
        let reports = events.map(|(event, version)| EventReport::new(event, version));
        Self(reports.map(|event| (event.tag.clone(), event)).collect())
    }

    fn find(&self, tag: &str) -> Option<EventReport> {
        self.0.get(tag).cloned()
    }
}
