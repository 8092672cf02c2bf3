//! Which tags of an artifact decide a question about one version or one tag.
//!
//! Owns reading no more than these: the names of tags, and for packed ones the commits that they are on, are in the refs. The
//! answer is the one that all tags give, or there is none and all must be read. Where tags are read from is the caller's.

use std::ops::ControlFlow;

use crate::event::{Event, EventKind, is_order_certain};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::query::{self, ShowOptions};
use crate::reference::Selector;
use crate::state::Artifact;
use crate::version::Version;

/// The tags of one artifact, of which some can be read without the others.
pub(crate) trait Tags {
    /// Why they cannot be listed.
    type Error;

    /// Whether there is a tag that deprecates the artifact, or one that may be it.
    fn has_deprecation(&mut self) -> Result<bool, Self::Error>;

    /// Of the versions that registrations and deregistrations name those of the highest precedence, each at least once.
    fn highest(&mut self) -> Result<Vec<Version>, Self::Error>;

    /// The versions that registrations and deregistrations name, each at least once.
    fn versions(&mut self) -> Result<Vec<Version>, Self::Error>;

    /// The registrations and deregistrations of a version.
    fn of_version(&mut self, version: &Version) -> Result<Vec<Event>, Self::Error>;

    /// The assignments and unassignments of a stage.
    fn of_stage(&mut self, stage: &StageName) -> Result<Vec<Event>, Self::Error>;

    /// The registrations and deregistrations on commits.
    fn of_versions_on(&mut self, commits: &[ObjectId]) -> Result<Vec<Event>, Self::Error>;
}

/// Of an artifact as much as [`query::select`] needs to pick the versions that it picks of the whole artifact: their names, commits and
/// registrations are the same, their stages are not. `None` if all tags must be read, as where nothing is found.
pub(crate) fn for_selector<T: Tags>(
    name: &ArtifactName,
    selector: &Selector,
    options: &ShowOptions,
    tags: &mut T,
) -> Result<Option<Artifact>, T::Error> {
    let is_about_more = options.annotation.is_set() || options.assignments_per_version.is_some();
    if is_about_more || tags.has_deprecation()? {
        return Ok(None);
    }
    match selector {
        Selector::Version(version) => Ok(picked(name, tags.of_version(version)?, selector, options)),
        Selector::Latest => latest(name, options, tags),
        Selector::Stage(stage) => {
            let mut events = tags.of_stage(stage)?;
            let mut commits: Vec<ObjectId> = events.iter().map(|event| event.commit).collect();
            commits.sort_unstable();
            commits.dedup();
            events.extend(tags.of_versions_on(&commits)?);
            Ok(picked(name, events, selector, options))
        }
    }
}

/// Of an artifact as much as tells to which version one of its events belongs. `None` if all tags must be read.
pub(crate) fn for_event<T: Tags>(event: Event, tags: &mut T) -> Result<Option<Artifact>, T::Error> {
    let name = event.artifact().clone();
    if !matches!(event.kind(), EventKind::Assignment | EventKind::Unassignment) {
        return Ok(Some(Artifact::from_events(name, vec![event])));
    }
    let mut events = tags.of_versions_on(&[event.commit])?;
    events.push(event);
    let artifact = Artifact::from_events(name, events);
    // Which of several versions it is depends on the order of events (decision D4).
    let is_one = artifact.versions().count() <= 1;
    Ok(is_one.then_some(artifact))
}

/// The highest version that is shown, which most often is the first that is looked at: then the others need no order.
fn latest<T: Tags>(
    name: &ArtifactName,
    options: &ShowOptions,
    tags: &mut T,
) -> Result<Option<Artifact>, T::Error> {
    let first = tags.highest()?;
    let Some(highest) = first.first().cloned() else { return Ok(None) };
    if let ControlFlow::Break(decided) = decide(name, first, options, tags)? {
        return Ok(decided);
    }
    let mut versions = tags.versions()?;
    versions.retain(|version| version.cmp_precedence(&highest).is_lt());
    versions.sort_unstable_by(|a, b| b.cmp_precedence(a));
    for equal in versions.chunk_by(|a, b| a.cmp_precedence(b).is_eq()) {
        if let ControlFlow::Break(decided) = decide(name, equal.to_vec(), options, tags)? {
            return Ok(decided);
        }
    }
    Ok(None)
}

/// Ends the search if one of these versions is shown, none of which is higher than the others: with the artifact, or without it if
/// all tags must be read.
fn decide<T: Tags>(
    name: &ArtifactName,
    mut equal: Vec<Version>,
    options: &ShowOptions,
    tags: &mut T,
) -> Result<ControlFlow<Option<Artifact>>, T::Error> {
    let mut events = Vec::new();
    while let Some(version) = equal.pop() {
        events.extend(tags.of_version(&version)?);
        equal.retain(|other| *other != version);
    }
    let is_certain = is_order_certain(&events);
    let artifact = Artifact::from_events(name.clone(), events);
    let found = query::select(&artifact, Some(&Selector::Latest), options);
    let is_whole = found.first().map(|(version, _)| is_certain && version.is_registered());
    Ok(match is_whole {
        Some(is_whole) => ControlFlow::Break(is_whole.then_some(artifact)),
        None if is_certain => ControlFlow::Continue(()),
        None => ControlFlow::Break(None),
    })
}

/// What these events add up to, if the selector picks something of it that other events change nothing about.
fn picked(
    name: &ArtifactName,
    events: Vec<Event>,
    selector: &Selector,
    options: &ShowOptions,
) -> Option<Artifact> {
    if !is_order_certain(&events) {
        return None;
    }
    let artifact = Artifact::from_events(name.clone(), events);
    let found = query::select(&artifact, Some(selector), options);
    // The ref of a version that is not registered is that of the newest event of any stage, or its commit.
    let is_whole = !found.is_empty() && found.iter().all(|(version, _)| version.is_registered());
    is_whole.then_some(artifact)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::sort_events;
    use crate::event::tests::event;
    use crate::query::StageSort;
    use crate::state::VersionView;
    use crate::tag::{Action, TagName};

    /// All events of an artifact, and how many of them were read.
    struct All {
        events: Vec<Event>,
        read: usize,
    }

    impl All {
        fn filtered(&mut self, is_wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
            let found: Vec<Event> = self.events.iter().filter(|event| is_wanted(event)).cloned().collect();
            self.read += found.len();
            found
        }
    }

    impl Tags for All {
        type Error = ();

        fn has_deprecation(&mut self) -> Result<bool, ()> {
            Ok(self.events.iter().any(|event| event.kind() == EventKind::Deprecation))
        }

        fn highest(&mut self) -> Result<Vec<Version>, ()> {
            let versions = self.versions()?;
            let is_highest =
                |version: &&Version| versions.iter().all(|other| other.cmp_precedence(version).is_le());
            Ok(versions.iter().filter(is_highest).cloned().collect())
        }

        fn versions(&mut self) -> Result<Vec<Version>, ()> {
            Ok(self.events.iter().filter_map(|event| event.version().cloned()).collect())
        }

        fn of_version(&mut self, version: &Version) -> Result<Vec<Event>, ()> {
            Ok(self.filtered(|event| event.version() == Some(version)))
        }

        fn of_stage(&mut self, stage: &StageName) -> Result<Vec<Event>, ()> {
            Ok(self.filtered(|event| event.stage() == Some(stage)))
        }

        fn of_versions_on(&mut self, commits: &[ObjectId]) -> Result<Vec<Event>, ()> {
            Ok(self.filtered(|event| event.version().is_some() && commits.contains(&event.commit)))
        }
    }

    fn name() -> ArtifactName {
        "m".parse().unwrap()
    }

    /// What `select` picks, as far as a bare value shows it.
    fn shown(artifact: &Artifact, selector: &Selector, options: &ShowOptions) -> Vec<String> {
        let versions = query::select(artifact, Some(selector), options);
        let line = |version: VersionView<'_>| {
            let reference = version.authoring().map(|from| from.reference());
            format!("{} {} {reference:?}", version.label(), version.commit())
        };
        versions.into_iter().map(|(version, _)| line(version)).collect()
    }

    /// Few names, few commits and few seconds, so that everything that can meet does.
    fn events() -> impl Strategy<Value = Vec<Event>> {
        let number = prop_oneof!["v1\\.0\\.0", "v1\\.[01]\\.[0-2]", "v1\\.0\\.0-rc\\.1", "v1\\.0\\.0\\+[ab]"];
        let action = prop_oneof![
            6 => number.clone().prop_map(|number| format!("@{number}")),
            2 => number.prop_map(|number| format!("@{number}!")),
            6 => "#(prod|dev)",
            2 => "#(prod|dev)!",
        ];
        let one = (action, proptest::option::of(1..9_u8), 1..4_u8, 0..6_i64).prop_map(
            |(action, counter, commit, seconds)| {
                let counter = counter.map_or_else(String::new, |counter| format!("#{counter}"));
                event(&format!("m{action}{counter}"), commit, seconds)
            },
        );
        let deprecation = prop_oneof![9 => Just(None), 1 => (0..6_i64).prop_map(Some)];
        (proptest::collection::vec(one, 0..14), deprecation).prop_map(|(mut events, deprecated)| {
            events.extend(deprecated.map(|seconds| event("m@deprecated", 1, seconds)));
            // A name is a tag's alone.
            events.sort_by(|a, b| a.tag.cmp(&b.tag));
            events.dedup_by(|a, b| a.tag == b.tag);
            events
        })
    }

    fn options() -> impl Strategy<Value = ShowOptions> {
        let limit = proptest::option::of(1..3_usize);
        (any::<bool>(), any::<bool>(), any::<bool>(), limit).prop_map(
            |(registered_only, deprecated, by_version, versions_per_stage)| ShowOptions {
                registered_only,
                deprecated,
                versions_per_stage,
                sort: if by_version { StageSort::SemVer } else { StageSort::Timestamp },
                ..ShowOptions::default()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_some_tags_say_of_a_version_is_what_all_of_them_say(
            events in events(),
            options in options(),
            selector in prop_oneof!["@latest", "@v1\\.[01]\\.[0-2]", "@v1\\.0\\.0\\+a", "#prod"],
        ) {
            let selector = crate::reference::Reference::parse(&format!("m{selector}")).selector.unwrap();
            let mut tags = All { events: events.clone(), read: 0 };
            if let Some(some) = for_selector(&name(), &selector, &options, &mut tags).unwrap() {
                let all = Artifact::from_events(name(), events);
                prop_assert_eq!(shown(&some, &selector, &options), shown(&all, &selector, &options));
            }
        }

        #[test]
        fn what_some_tags_say_of_a_tag_is_what_all_of_them_say(events in events()) {
            let all = Artifact::from_events(name(), events.clone());
            for (event, owner) in all.events_with_owners() {
                let mut tags = All { events: events.clone(), read: 0 };
                if let Some(some) = for_event(event.clone(), &mut tags).unwrap() {
                    let found = some.events_with_owners().find(|(found, _)| found.tag == event.tag);
                    let label = found.unwrap().1.map(|version| version.label().clone());
                    prop_assert_eq!(label, owner.map(|version| version.label().clone()), "{}", event.tag);
                }
            }
        }

        #[test]
        fn where_the_order_is_certain_other_events_do_not_change_it(
            events in events(),
            chosen in proptest::collection::vec(any::<bool>(), 15),
        ) {
            let is_chosen = |event: &&Event| {
                events.iter().position(|other| other.tag == event.tag).is_some_and(|place| chosen[place])
            };
            let some: Vec<Event> = events.iter().filter(is_chosen).cloned().collect();
            if is_order_certain(&some) {
                let all = sort_events(events.clone());
                let expected: Vec<Event> = all.iter().filter(is_chosen).cloned().collect();
                prop_assert_eq!(sort_events(some), expected);
            }
        }
    }

    #[test]
    fn a_version_is_read_without_the_others() {
        let tags = ["m@v1.0.0", "m#prod#1", "m@v2.0.0", "m#prod#2", "m@v3.0.0", "m@v3.0.0!", "m#dev#3"];
        let commits = [1, 1, 2, 2, 3, 3, 3];
        let events = (0_i64..).zip(tags).zip(commits);
        let events: Vec<Event> = events.map(|((time, tag), commit)| event(tag, commit, time)).collect();
        let read = |selector: Selector| {
            let mut all = All { events: events.clone(), read: 0 };
            let options = ShowOptions::default();
            let artifact = for_selector(&name(), &selector, &options, &mut all).unwrap().unwrap();
            (shown(&artifact, &selector, &options)[0].split(' ').next().unwrap().to_owned(), all.read)
        };
        assert_eq!(read(Selector::Version("v1.0.0".parse().unwrap())), ("v1.0.0".to_owned(), 1));
        // The highest was deregistered.
        assert_eq!(read(Selector::Latest), ("v2.0.0".to_owned(), 3));
        assert_eq!(read(Selector::Stage("prod".parse().unwrap())), ("v2.0.0".to_owned(), 4));
        let mut all = All { events: events.clone(), read: 0 };
        let tag: TagName = "m#dev#3".parse().unwrap();
        let event = events.iter().find(|event| event.name == tag).unwrap();
        assert!(matches!(tag.action, Action::Assign(_)));
        assert!(for_event(event.clone(), &mut all).unwrap().is_some());
        assert_eq!(all.read, 2);
    }
}
