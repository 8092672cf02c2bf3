//! What is wrong with versions: registrations and deregistrations that contradict each other, and events whose order
//! or counter is in doubt.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::command::{annotate, delete, gto, retime};
use super::evidence::Evidence;
use super::finding::{Check, Finding, quoted};
use crate::event::{Event, EventKind};
use crate::object_id::ObjectId;
use crate::state::{Artifact, VersionView};
use crate::tag::TagName;
use crate::version::Version;

/// How far ahead of the clock a tag may be, in seconds.
const TOLERANCE: i64 = 5 * 60;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    for artifact in evidence.state.artifacts_by_name() {
        findings.extend(two_versions_on_one_commit(artifact));
        findings.extend(one_version_on_several_commits(artifact));
        findings.extend(deregistrations_without_effect(artifact));
        findings.extend(undecided_order(artifact));
        findings.extend(future(artifact, evidence.now.seconds()));
        findings.extend(counter_used_twice(artifact));
    }
    findings.extend(case_only(evidence));
}

/// The registrations and deregistrations of a version, oldest first.
fn version_events(version: VersionView<'_>) -> Vec<&Event> {
    version.registrations().chain(version.deregistrations()).collect()
}

fn tags_of<'a>(versions: impl IntoIterator<Item = VersionView<'a>>) -> Vec<&'a str> {
    versions.into_iter().flat_map(version_events).map(|event| event.tag.as_str()).collect()
}

/// Decision D4. Versions that were registered later are taken for the mistake.
fn two_versions_on_one_commit(artifact: &Artifact) -> Vec<Finding> {
    let mut on_commit: HashMap<ObjectId, Vec<VersionView<'_>>> = HashMap::new();
    let mut order = Vec::new();
    for version in artifact.versions().filter(|version| version.label().number().is_some()) {
        let versions = on_commit.entry(version.commit()).or_default();
        versions.push(version);
        if versions.len() == 2 {
            order.push(version.commit());
        }
    }
    let finding = |commit: ObjectId| {
        let mut versions = on_commit.remove(&commit).unwrap_or_default();
        // They come in the order in which they appeared; what was never registered is the likeliest mistake.
        versions.sort_by_key(|version| !version.is_registered());
        let labels: Vec<_> = versions.iter().map(VersionView::label).collect();
        let message = format!(
            "artifact '{}' has versions {} on one commit; a stage tag there counts for the one registered last before it",
            artifact.name(),
            quoted(&labels)
        );
        let keep_first = delete(tags_of(versions[1..].iter().copied()));
        let keep_last = delete(tags_of(versions[..versions.len() - 1].iter().copied()));
        Finding::new(Check::TwoVersionsOnOneCommit, message)
            .events(versions.iter().flat_map(|version| version_events(*version)))
            .fix(keep_first)
            .otherwise(keep_last)
    };
    order.into_iter().map(finding).collect()
}

/// The versions with a number, by it, in the order in which they appeared.
fn by_number(artifact: &Artifact) -> Vec<(&Version, Vec<VersionView<'_>>)> {
    let mut places: HashMap<&Version, usize> = HashMap::new();
    let mut numbers: Vec<(&Version, Vec<VersionView<'_>>)> = Vec::new();
    for version in artifact.versions() {
        let Some(number) = version.label().number() else { continue };
        let place = *places.entry(number).or_insert_with(|| {
            numbers.push((number, Vec::new()));
            numbers.len() - 1
        });
        numbers[place].1.push(version);
    }
    numbers
}

fn one_version_on_several_commits(artifact: &Artifact) -> Vec<Finding> {
    let finding = |(number, versions): (&Version, Vec<VersionView<'_>>)| {
        let registered: Vec<_> = versions.into_iter().filter(VersionView::is_registered).collect();
        if registered.len() < 2 {
            return None;
        }
        let message = format!(
            "version '{number}' of artifact '{}' is registered on {} commits; a version is bound to one",
            artifact.name(),
            registered.len()
        );
        let keep_first = delete(tags_of(registered[1..].iter().copied()));
        let keep_last = delete(tags_of(registered[..registered.len() - 1].iter().copied()));
        let finding = Finding::new(Check::OneVersionOnSeveralCommits, message)
            .events(registered.iter().flat_map(|version| version_events(*version)));
        Some(finding.fix(keep_first).otherwise(keep_last))
    };
    by_number(artifact).into_iter().filter_map(finding).collect()
}

/// Deregistrations on commits where the version was never registered.
fn deregistrations_without_effect(artifact: &Artifact) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, versions) in by_number(artifact) {
        let name = artifact.name();
        let registered = versions.iter().find(|version| version.is_registered());
        for stray in versions.iter().filter(|version| !version.is_registered()) {
            let (check, message) = match registered {
                Some(_) => (
                    Check::StrayDeregistration,
                    format!(
                        "version '{number}' of artifact '{name}' is deregistered on a commit that it is not on, so that has no effect"
                    ),
                ),
                None => (
                    Check::NothingDeregistered,
                    format!(
                        "version '{number}' of artifact '{name}' is deregistered and was never registered"
                    ),
                ),
            };
            let removed = || delete(tags_of([*stray]));
            let finding = Finding::new(check, message)
                .events(registered.into_iter().chain([stray]).flat_map(|version| version_events(*version)))
                .fix(removed());
            let again = registered
                .filter(|version| version.is_active())
                .and_then(|_| gto(&["deprecate"], name, [number.to_string()]));
            findings.push(match again {
                // What was wanted; and if nothing was, the tag is just removed.
                Some(again) => finding.fix([again]).otherwise(removed()),
                None => finding,
            });
        }
    }
    findings
}

/// Events about one thing in one second, without counters that order them. What readers make of them is decided by
/// their kinds (decision D2), which may not be what happened.
fn undecided_order(artifact: &Artifact) -> Option<Finding> {
    let seconds = |event: &Event| event.tagger.time.seconds();
    let events = artifact.events();
    let mut undecided: Vec<&Event> = Vec::new();
    let mut fix = Vec::new();
    let mut moved = HashSet::new();
    let mut start = 0;
    for group in events.chunk_by(|a, b| seconds(a) == seconds(b)) {
        let next = events.get(start + group.len()).map(seconds);
        start += group.len();
        for rivals in rivals(group) {
            undecided.extend(&rivals);
            // Each a second later than the one before it, if that is still before whatever follows.
            let later: Vec<_> = (seconds(rivals[0])..).zip(&rivals).skip(1).collect();
            let has_room = later.last().is_some_and(|(last, _)| next.is_none_or(|next| *last < next));
            if has_room {
                let later = later.into_iter().filter(|(_, event)| moved.insert(event.tag.as_str()));
                fix.extend(later.filter_map(|(time, event)| retime(event, time)));
            }
        }
    }
    if undecided.is_empty() {
        return None;
    }
    let mut seen = HashSet::new();
    undecided.retain(|event| seen.insert(event.tag.as_str()));
    let message = format!(
        "events of artifact '{}' have the same second and no counters that tell which came first",
        artifact.name()
    );
    Some(Finding::new(Check::UndecidedOrder, message).events(undecided).fix(fix))
}

/// Of events in one second those that are about the same thing and contradict each other, a list for each thing.
fn rivals(events: &[Event]) -> Vec<Vec<&Event>> {
    if events.len() < 2 {
        return Vec::new();
    }
    let mut about: BTreeMap<(u8, String), Vec<&Event>> = BTreeMap::new();
    let has_deprecation = events.iter().any(|event| event.kind() == EventKind::Deprecation);
    for event in events {
        if let Some(version) = event.version() {
            about.entry((0, version.to_string())).or_default().push(event);
        }
        if let Some(stage) = event.stage() {
            about.entry((1, stage.to_string())).or_default().push(event);
        }
        // What a deprecation ends, and a registration or an assignment starts again (decision D17).
        let is_life = event.kind() == EventKind::Deprecation || event.kind().is_addition();
        if has_deprecation && is_life {
            about.entry((2, String::new())).or_default().push(event);
        }
    }
    let contradict = |events: &Vec<&Event>| {
        let effects: HashSet<_> = events.iter().map(|event| (event.kind(), event.commit)).collect();
        let counters: HashSet<_> = events.iter().filter_map(|event| event.name.counter).collect();
        effects.len() > 1 && counters.len() < events.len()
    };
    about.into_values().filter(contradict).collect()
}

/// Decision D3: times in the future, which new tags have to follow.
fn future(artifact: &Artifact, now: i64) -> Option<Finding> {
    let seconds = |event: &Event| event.tagger.time.seconds();
    let first = artifact.events().partition_point(|event| seconds(event) <= now.saturating_add(TOLERANCE));
    let (known, ahead) = artifact.events().split_at(first);
    if ahead.is_empty() {
        return None;
    }
    let message = format!(
        "artifact '{}' has events in the future: the clock of whoever made them was wrong, and new events are given \
         even later times",
        artifact.name()
    );
    let start = known.last().map_or(now, |event| now.max(seconds(event).saturating_add(1)));
    let fix = (start..).zip(ahead).filter_map(|(time, event)| retime(event, time));
    Some(Finding::new(Check::Future, message).events(ahead).fix(fix))
}

fn counter_used_twice(artifact: &Artifact) -> Option<Finding> {
    let mut by_counter: BTreeMap<u64, Vec<&Event>> = BTreeMap::new();
    for event in artifact.events() {
        if let Some(counter) = event.name.counter {
            by_counter.entry(counter).or_default().push(event);
        }
    }
    let mut highest = by_counter.keys().next_back().copied().unwrap_or_default();
    by_counter.retain(|_, events| events.len() > 1);
    if by_counter.is_empty() {
        return None;
    }
    let mut fix = Vec::new();
    // The first to have the counter keeps it, the others get new ones.
    for event in by_counter.values().flat_map(|events| &events[1..]) {
        let Some(counter) = highest.checked_add(1) else { break };
        highest = counter;
        let renamed = TagName { counter: Some(counter), ..event.name.clone() }.to_string();
        if let Some(command) = annotate(&renamed, &event.tag, &event.message, Some(event.tagger.time)) {
            fix.push(command);
            fix.extend(delete([event.tag.as_str()]));
        }
    }
    let counters: Vec<u64> = by_counter.keys().copied().collect();
    let message =
        format!("artifact '{}' has tags with the same counter: {}", artifact.name(), quoted(&counters));
    Some(Finding::new(Check::CounterTwice, message).events(by_counter.into_values().flatten()).fix(fix))
}

/// Names of artifacts in use that a person would take for one. Where upper and lower case are the same to the file
/// system, Git takes them for one, too.
fn case_only(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut by_name: BTreeMap<String, Vec<&Artifact>> = BTreeMap::new();
    for artifact in evidence.state.artifacts_by_name() {
        if artifact.is_registered() && artifact.is_active() {
            by_name.entry(artifact.name().as_str().to_ascii_lowercase()).or_default().push(artifact);
        }
    }
    let finding = |mut artifacts: Vec<&Artifact>| {
        artifacts.sort_by_key(|artifact| std::cmp::Reverse(artifact.events().len()));
        let names: Vec<_> = artifacts.iter().map(|artifact| artifact.name()).collect();
        let message = format!("the names of artifacts {} differ only in case", quoted(&names));
        // The one with the most events is likely the right one.
        let fix = artifacts[1..].iter().filter_map(|artifact| gto(&["deprecate"], artifact.name(), []));
        Finding::new(Check::CaseOnly, message)
            .events(artifacts.iter().filter_map(|artifact| artifact.newest_event()))
            .fix(fix)
    };
    by_name.into_values().filter(|artifacts| artifacts.len() > 1).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Command;
    use crate::event::tests::event;

    fn artifact(events: &[(&str, i64)]) -> Artifact {
        let events = events.iter().map(|(tag, seconds)| event(tag, 1, *seconds)).collect();
        Artifact::from_events("m".parse().unwrap(), events)
    }

    /// The recreated tags, and their times.
    fn dates(finding: &Finding) -> Vec<String> {
        let date = |command: &Command| format!("{} {}", command.arguments[5], command.variables[0].1);
        finding.fix.iter().map(date).collect()
    }

    #[test]
    fn a_tag_is_not_moved_past_the_event_that_follows_it() {
        let rivals = [("m#prod", 100), ("m#prod!", 100)];
        let alone = undecided_order(&artifact(&rivals)).unwrap();
        assert_eq!(dates(&alone), ["m#prod! @101 +0000"]);
        let with = |tag| undecided_order(&artifact(&[&rivals[..], &[tag]].concat())).unwrap();
        assert_eq!(dates(&with(("m#prod#3", 102))), ["m#prod! @101 +0000"]);
        let crowded = with(("m#prod#3", 101));
        assert_eq!(
            (crowded.fix.len(), crowded.tags.as_slice()),
            (0, &["m#prod".to_owned(), "m#prod!".to_owned()][..])
        );
    }

    #[test]
    fn counters_and_different_things_leave_no_doubt() {
        for tags in [
            ["m#prod#1", "m#prod!#2"],
            ["m#prod", "m#dev!"],
            ["m@v1.0.0", "m#prod"],
            ["m@v1.0.0", "m@v1.0.0#2"],
            ["m@deprecated", "m@v1.0.0!"],
        ] {
            assert_eq!(undecided_order(&artifact(&tags.map(|tag| (tag, 100)))), None, "{tags:?}");
        }
        for tags in [["m@deprecated", "m@v1.0.0"], ["m#prod#1", "m#prod!#1"], ["m@v1.0.0", "m@v1.0.0!#1"]] {
            assert!(undecided_order(&artifact(&tags.map(|tag| (tag, 100)))).is_some(), "{tags:?}");
        }
    }

    #[test]
    fn d3_events_of_the_future_come_after_what_is_known_in_the_order_they_have() {
        let artifact = artifact(&[("m@v1.0.0", 1_100), ("m#dev#1", 9_000), ("m#prod#2", 9_001)]);
        assert_eq!(
            dates(&future(&artifact, 1_000).unwrap()),
            ["m#dev#1 @1101 +0000", "m#prod#2 @1102 +0000"]
        );
        assert_eq!(future(&artifact, 8_701), None);
    }

    #[test]
    fn no_counter_is_given_beyond_the_last_one() {
        let last = "m#prod#18446744073709551615";
        let finding =
            counter_used_twice(&artifact(&[("m#dev#1", 100), ("m#qa#1", 101), (last, 102)])).unwrap();
        assert_eq!(finding.fix, []);
    }
}
