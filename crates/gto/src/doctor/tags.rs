//! Problems of single tags, regardless of the others.

use super::command::{Command, Program, annotate, delete, fetch};
use super::evidence::Evidence;
use super::finding::{Check, Finding, quoted, tags_that};
use super::meant::meant;
use crate::event::Event;
use crate::git::UnreadableTag;
use crate::state::Artifact;
use crate::tag::looks_like_registry_tag;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    findings.extend(unrecognized(evidence));
    findings.extend(lightweight(evidence));
    findings.extend(unreadable(evidence));
    findings.extend(missing(evidence));
    findings.extend(renamed(evidence));
    findings.extend(simple(
        Check::Reserved,
        &evidence.creations,
        "is no event: the format reserves `@created`",
        "are no events: the format reserves `@created`",
    ));
    findings.extend(simple(
        Check::NoCounterLeft,
        &evidence.last_counters,
        "has the highest counter there is: no counted tag of this artifact can be made",
        "have the highest counter there is: no counted tag of these artifacts can be made",
    ));
}

/// A finding about tags that are best deleted.
fn simple(check: Check, tags: &[String], one: &str, several: &str) -> Option<Finding> {
    let names = || tags.iter().map(String::as_str);
    let finding = || Finding::new(check, tags_that(tags, one, several)).tags(names()).fix(delete(names()));
    (!tags.is_empty()).then(finding)
}

/// Tags that look like the registry's. They may well be those of another tool (npm's tools write `package@1.2.3`), so none is
/// ever deleted; and one whose name in the registry's format is there too is no problem.
fn unrecognized(evidence: &Evidence<'_>) -> Option<Finding> {
    let is_there = |name: &String| evidence.names.binary_search(name).is_ok();
    let guess = |name: &str| meant(name).map(|name| name.to_string());
    let tags: Vec<(&str, Option<String>)> = evidence
        .names
        .iter()
        .filter(|name| looks_like_registry_tag(name))
        .map(|name| (name.as_str(), guess(name)))
        .filter(|(_, guess)| !guess.as_ref().is_some_and(is_there))
        .collect();
    if tags.is_empty() {
        return None;
    }
    let names: Vec<&str> = tags.iter().map(|(name, _)| *name).collect();
    let mut message = tags_that(
        &names,
        "looks like the registry's, but does not follow its format and is left alone",
        "look like the registry's, but do not follow its format and are left alone",
    );
    let mut guesses: Vec<String> = Vec::new();
    let mut finding = Finding::new(Check::Unrecognized, "").tags(names);
    for (tag, guess) in tags {
        if let Some(guess) = guess.filter(|guess| !guesses.contains(guess)) {
            finding = finding.otherwise(annotate(&guess, tag, "", None));
            guesses.push(guess);
        }
    }
    if !guesses.is_empty() {
        message =
            format!("{message}; if they were meant for the registry, then probably as {}", quoted(&guesses));
    }
    Some(Finding { message, ..finding })
}

fn lightweight(evidence: &Evidence<'_>) -> Option<Finding> {
    let tags: Vec<&str> = evidence.lightweight.iter().map(|(name, _)| name.as_str()).collect();
    if tags.is_empty() {
        return None;
    }
    let message = tags_that(
        &tags,
        "is lightweight, so it is no event: only annotated tags are",
        "are lightweight, so they are no events: only annotated tags are",
    );
    let finding = Finding::new(Check::Lightweight, message).tags(tags.iter().copied());
    let finding =
        Finding { commits: evidence.lightweight.iter().map(|(_, commit)| *commit).collect(), ..finding };
    let anew = tags.iter().filter_map(|tag| annotate(tag, tag, "", None));
    // A CI checkout makes them of annotated ones; then those are at the remote still.
    let fetched = fetch(&evidence.remotes, &["--tags", "--force"]);
    Some(if fetched.is_empty() { finding.fix(anew) } else { finding.fix(fetched).otherwise(anew) })
}

/// Everything that keeps a tag object from being an event, except that something is missing.
fn unreadable(evidence: &Evidence<'_>) -> Vec<Finding> {
    let of = |wanted: fn(UnreadableTag) -> bool| -> Vec<String> {
        let tags = evidence.unreadable.iter().filter(|(_, why)| wanted(*why));
        tags.map(|(name, _)| name.clone()).collect()
    };
    let anew = |check, tags: Vec<String>, one: &str, several: &str| {
        let names = || tags.iter().map(String::as_str);
        let finding = || {
            let finding = Finding::new(check, tags_that(&tags, one, several)).tags(names());
            finding.fix(names().filter_map(|tag| annotate(tag, tag, "", None)))
        };
        (!tags.is_empty()).then(finding)
    };
    let malformed = of(|why| why == UnreadableTag::Malformed);
    [
        simple(
            Check::NotOnACommit,
            &of(|why| matches!(why, UnreadableTag::NotACommit { .. })),
            "is on a tree or a blob, so it is no event: versions are bound to commits",
            "are on trees or blobs, so they are no events: versions are bound to commits",
        ),
        anew(
            Check::NoTagger,
            of(|why| why == UnreadableTag::NoTagger),
            "does not say who made it and when, so it is no event",
            "do not say who made them and when, so they are no events",
        ),
        anew(
            Check::UnreadableTime,
            of(|why| why == UnreadableTag::BadTime),
            "has a time that cannot be read, so it is no event",
            "have times that cannot be read, so they are no events",
        ),
        lost(
            evidence,
            Check::MalformedTag,
            &malformed,
            "has a tag object that is damaged: commands that pick or write something about its artifact fail",
            "have tag objects that are damaged: commands that pick or write something about their artifacts fail",
        ),
        anew(
            Check::MalformedTag,
            of(|why| why == UnreadableTag::TooDeep),
            "is a tag of a tag of a tag and so on, too often to be followed, so it is no event",
            "are tags of tags of tags and so on, too often to be followed, so they are no events",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tags that Git finds under another name than they were made: `git tag NEW OLD` does that, and so does whoever passes off a
/// signed tag as another.
fn renamed(evidence: &Evidence<'_>) -> Option<Finding> {
    let tags: Vec<&str> = evidence.renamed.iter().map(|(tag, _)| tag.as_str()).collect();
    let (tag, inside) = evidence.renamed.first()?;
    let more = match tags.len() - 1 {
        0 => String::new(),
        more => format!("; and {more} more like it"),
    };
    let message = format!(
        "tag '{tag}' was made as '{inside}', and then copied or renamed: a signature in it is of that name{more}"
    );
    let anew = tags.iter().filter_map(|tag| annotate(tag, tag, "", None));
    Some(Finding::new(Check::OtherNameInside, message).tags(tags.iter().copied()).otherwise(anew))
}

/// A finding about tags whose objects are lost or damaged (decision D27). Git fetches an object again only where it has no
/// file for it.
fn lost(evidence: &Evidence<'_>, check: Check, tags: &[String], one: &str, several: &str) -> Option<Finding> {
    if tags.is_empty() {
        return None;
    }
    let names = || tags.iter().map(String::as_str);
    let finding = Finding::new(check, tags_that(tags, one, several)).tags(names()).otherwise(delete(names()));
    let fetched = fetch(&evidence.remotes, &["--tags", "--force"]);
    if fetched.is_empty() {
        let message = format!("{}; another clone may still have it", finding.message);
        return Some(Finding { message, ..finding });
    }
    let files = evidence.object_files.iter().filter(|_| check == Check::MalformedTag);
    let remove = files.map(|file| Command::new(Program::Remove, &[file]));
    Some(finding.fix(remove).fix(fetched))
}

fn missing(evidence: &Evidence<'_>) -> Vec<Finding> {
    let again = || fetch(&evidence.remotes, &["--tags", "--force"]);
    let gone = evidence.unreadable.iter().filter(|(_, why)| *why == UnreadableTag::Missing);
    let gone: Vec<String> = gone.map(|(name, _)| name.clone()).collect();
    let objects = lost(
        evidence,
        Check::MissingObject,
        &gone,
        "leads to a tag object that is missing: commands that pick or write something about its artifact fail",
        "lead to tag objects that are missing: commands that pick or write something about their artifacts fail",
    );
    let events: Vec<&Event> = evidence
        .state
        .artifacts()
        .iter()
        .flat_map(Artifact::events)
        .filter(|event| evidence.missing_commits.contains(&event.commit))
        .collect();
    let tags: Vec<String> = events.iter().map(|event| event.tag.clone()).collect();
    let commits = simple(
        Check::MissingObject,
        &tags,
        "is on a commit that is missing from the repository",
        "are on commits that are missing from the repository",
    );
    let commits = commits.map(|finding| Finding { tags: Vec::new(), ..finding }.events(events));
    let commits = commits.map(|finding| finding.fix(again()));
    [objects, commits].into_iter().flatten().collect()
}
