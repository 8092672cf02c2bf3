//! Events: the meaning of a registry's annotated tags, and their order.
//!
//! Owns the event and its order (decision D2). Must not know where tags come from.

use std::collections::HashMap;
use std::fmt;

use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::tag::{Action, TagName};
use crate::version::Version;

/// What kind of event it is, in the order in which kinds count within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// An artifact was deprecated.
    Deprecation,
    /// A version was registered.
    Registration,
    /// A version was deregistered.
    Deregistration,
    /// A stage was assigned to a version.
    Assignment,
    /// A stage was unassigned from a version.
    Unassignment,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Deprecation, Self::Registration, Self::Deregistration, Self::Assignment, Self::Unassignment];

    /// The word for it in JSON and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deprecation => "deprecation",
            Self::Registration => "registration",
            Self::Deregistration => "deregistration",
            Self::Assignment => "assignment",
            Self::Unassignment => "unassignment",
        }
    }

    /// The `priority` field of the Python tool's JSON.
    pub fn priority(self) -> u8 {
        match self {
            Self::Deprecation => 2,
            Self::Registration => 3,
            Self::Deregistration => 4,
            Self::Assignment => 5,
            Self::Unassignment => 6,
        }
    }

    /// The `addition` field of the Python tool's JSON: whether the event adds something.
    pub fn is_addition(self) -> bool {
        matches!(self, Self::Registration | Self::Assignment)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl<'de> serde::Deserialize<'de> for EventKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|kind| kind.word() == word);
        found.ok_or_else(|| serde::de::Error::custom(format_args!("`{word}` is no kind of event")))
    }
}

impl serde::Serialize for EventKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// One event of an artifact: one annotated tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The tag's name in the repository.
    pub tag: String,
    /// What the tag's ref points to: the tag object.
    pub tag_id: ObjectId,
    /// The name's meaning. Never [`Action::Create`]: that is reserved and no event.
    pub name: TagName,
    /// The commit that the tag is on.
    pub commit: ObjectId,
    /// Who made the tag, and when.
    pub tagger: Signature,
    /// The tag's message, without white space around it.
    pub message: String,
}

impl Event {
    /// Whose event it is.
    pub fn artifact(&self) -> &ArtifactName {
        &self.name.artifact
    }

    /// What kind of event it is.
    pub fn kind(&self) -> EventKind {
        match self.name.action {
            // `Create` never becomes an event; the weakest kind is the harmless answer.
            Action::Deprecate | Action::Create => EventKind::Deprecation,
            Action::Register(_) => EventKind::Registration,
            Action::Deregister(_) => EventKind::Deregistration,
            Action::Assign(_) => EventKind::Assignment,
            Action::Unassign(_) => EventKind::Unassignment,
        }
    }

    /// The version that the tag names (registrations and deregistrations).
    pub fn version(&self) -> Option<&Version> {
        self.name.action.version()
    }

    /// The stage that the tag names (assignments and unassignments).
    pub fn stage(&self) -> Option<&StageName> {
        self.name.action.stage()
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.tagger.time.seconds()
    }
}

/// Puts the events of one artifact into the order in which they happened (decision D2): by time; at the
/// same second by counter where both have one, then by kind.
///
/// Taken pair by pair that rule can go in circles (`m#prod!#1` before `m@v1.0.0#2` by counter,
/// `m@v1.0.0#2` before `m@v2.0.0!` by kind, `m@v2.0.0!` before `m#prod!#1` by kind). So within a second
/// the counted events keep the order of their counters, and the others, in the order of their kinds, are
/// merged into them. What is equal in all this is ordered by the tag's name, so that the result does not
/// depend on the order in which tags are read.
pub fn sort_events(events: Vec<Event>) -> Vec<Event> {
    // An event is large: only the keys are moved about.
    let mut order: Vec<(i64, &str, usize)> =
        events.iter().enumerate().map(|(i, event)| (event.seconds(), event.tag.as_str(), i)).collect();
    order.sort_unstable();
    let order: Vec<(i64, usize)> = order.into_iter().map(|(second, _, i)| (second, i)).collect();
    let mut sorted = Vec::with_capacity(events.len());
    let mut events: Vec<Option<Event>> = events.into_iter().map(Some).collect();
    for same in order.chunk_by(|(second, _), (next, _)| second == next) {
        let taken = same.iter().filter_map(|(_, i)| events[*i].take());
        match same {
            [_] => sorted.extend(taken),
            _ => merge_second(taken.collect(), &mut sorted),
        }
    }
    sorted
}

/// Whether [`sort_events`] gives these events the order that it gives them among all events of the artifact, whatever the others
/// are.
///
/// Of the same second, where one has a counter and the other has none, a third can come between them: see there.
pub(crate) fn is_order_certain(events: &[Event]) -> bool {
    let mut seconds: HashMap<i64, (Option<EventKind>, Option<EventKind>)> = HashMap::new();
    for event in events {
        let (counted, plain) = seconds.entry(event.seconds()).or_default();
        // The first kind that has a counter and the last that has none.
        if event.name.counter.is_some() {
            *counted = Some(counted.map_or(event.kind(), |kind| kind.min(event.kind())));
        } else {
            *plain = Some(plain.map_or(event.kind(), |kind| kind.max(event.kind())));
        }
    }
    // What comes before all with a counter by its kind comes before them in any company.
    seconds.values().all(|(counted, plain)| counted.is_none() || *plain < *counted)
}

/// Orders the events of one second, which come sorted by tag name, onto the end of `sorted`.
fn merge_second(events: Vec<Event>, sorted: &mut Vec<Event>) {
    let (mut counted, mut plain): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| event.name.counter.is_some());
    counted.sort_by_key(|event| event.name.counter);
    plain.sort_by_key(Event::kind);
    let mut plain = plain.into_iter().peekable();
    for event in counted {
        while let Some(earlier) = plain.next_if(|other| other.kind() < event.kind()) {
            sorted.push(earlier);
        }
        sorted.push(event);
    }
    sorted.extend(plain);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::time::Timestamp;

    /// An event made by the tag `tag` on commit `commit` (a digit) at `seconds`.
    pub(crate) fn event(tag: &str, commit: u8, seconds: i64) -> Event {
        Event {
            tag: tag.to_owned(),
            tag_id: ObjectId::from_bytes(&[0; 20]).unwrap(),
            name: tag.parse().unwrap(),
            commit: ObjectId::from_bytes(&[commit; 20]).unwrap(),
            tagger: Signature {
                name: "Ada".into(),
                email: "ada@example.com".into(),
                time: Timestamp::new(seconds, 0).unwrap(),
            },
            message: format!("message of {tag}"),
        }
    }

    fn sorted(tags: &[&str]) -> Vec<String> {
        let events = tags.iter().map(|tag| event(tag, 1, 100)).collect();
        sort_events(events).into_iter().map(|event| event.tag).collect()
    }

    #[test]
    fn d2_time_decides_first() {
        let events = vec![event("m@v1.0.0", 1, 200), event("m#prod#9", 1, 100)];
        assert_eq!(sort_events(events)[0].tag, "m#prod#9");
    }

    #[test]
    fn d2_at_one_second_the_counter_decides_and_then_the_kind() {
        assert_eq!(sorted(&["m#prod#2", "m#prod!#1"]), ["m#prod!#1", "m#prod#2"]);
        assert_eq!(
            sorted(&["m#prod!", "m#prod", "m@v1.0.0!", "m@v1.0.0", "m@deprecated"]),
            ["m@deprecated", "m@v1.0.0", "m@v1.0.0!", "m#prod", "m#prod!"]
        );
        assert_eq!(sorted(&["m#prod#1", "m@v1.0.0"]), ["m@v1.0.0", "m#prod#1"]);
    }

    #[test]
    fn the_order_is_one_even_where_the_rule_goes_in_circles() {
        let tags = ["m#prod!#1", "m@v1.0.0#2", "m@v2.0.0!"];
        let expected = sorted(&tags);
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(sorted(&order.map(|i| tags[i])), expected);
        }
    }
}
