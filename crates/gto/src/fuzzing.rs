//! What the fuzz targets in `fuzz/` do with their input: everything that reads what strangers wrote.
//!
//! Owns the table of targets and those on values; those on what Git keeps are in `git::fuzzing`. Each takes any bytes
//! and panics if a promise is broken. Compiled for tests and with the feature `fuzzing`, and no part of the
//! interface. Without a fuzzer, the test below runs every target over its seeds and changes to them.

use std::fmt::Debug;

use serde_json::Value as Json;

use crate::annotation::edit::{self, Changes};
use crate::annotation::{Annotations, Source, artifacts_yaml};
use crate::config::{Config, ConfigError};
use crate::dvc::file::DvcYaml;
use crate::environment::Environment;
use crate::event::Event;
use crate::git::{self, parse_date, parse_exact};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::policy::{Baseline, Facts, Judge, KnownApprovals, Need, Policy, TagSignature, Verdict};
use crate::query::{self, HistoryOptions, ShowOptions, StageSort};
use crate::reference::{Reference, Selector};
use crate::report::{ArtifactSummary, EventReport};
use crate::signature::Signature;
use crate::state::Artifact;
use crate::tag::{Action, TagName, looks_like_registry_tag};
use crate::time::Timestamp;
use crate::version::Version;
use crate::yaml::edit::fuzzing as yaml_edit;

/// A target: any bytes go in, and it panics if a promise is broken.
pub type Target = fn(&[u8]);

/// The targets by their names, which are those of the folders of their seeds too.
pub const TARGETS: [(&str, Target); 12] = [
    ("annotations", annotations),
    ("config", config),
    ("dates", dates),
    ("edits", edits),
    ("events", events),
    ("git_output", git::fuzzing::git_output),
    ("names", names),
    ("packed_refs", git::fuzzing::packed_refs),
    ("policy", policy),
    ("ref_file", git::fuzzing::ref_file),
    ("tag_cache", git::fuzzing::tag_cache),
    ("tag_object", git::fuzzing::tag_object),
];

/// Gives the bytes to the target of this name.
///
/// # Panics
/// If a promise is broken, or there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("the target is in the table");
    target(data);
}

/// Names of tags, artifacts, stages and versions, and references: what is read prints as what is read again.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(tag) = text.parse::<TagName>() {
        let printed = tag.to_string();
        assert_eq!(printed.parse().as_ref(), Ok(&tag));
        // Only a counter may be written in several ways.
        let body = |text: &str| text.rsplit_once('#').map(|(body, _)| body.to_owned());
        assert!(if tag.counter.is_some() { body(text) == body(&printed) } else { text == printed }, "{text}");
        assert!(!looks_like_registry_tag(text) && is_plain(&printed));
        if let Action::Register(version) | Action::Deregister(version) = &tag.action {
            versions(version, text);
        }
    }
    if let Ok(name) = text.parse::<ArtifactName>() {
        assert_eq!(ArtifactName::from_tag(&name.in_tag()).as_ref(), Some(&name));
        assert!(name.as_str() == text && is_plain(text));
    }
    if let Ok(name) = ArtifactName::from_user(text) {
        assert!(name.as_str().parse().as_ref() == Ok(&name), "{text}");
    }
    if let Ok(stage) = text.parse::<StageName>() {
        assert!(stage.as_str() == text && is_plain(text));
    }
    references(text);
    git::fuzzing::tag_name(text);
}

/// Whether it may be printed anywhere.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn references(text: &str) {
    let reference = Reference::parse(text);
    let selector = match &reference.selector {
        None => String::new(),
        Some(Selector::Latest) => "@latest".to_owned(),
        Some(Selector::Version(version)) => format!("@{version}"),
        Some(Selector::Stage(stage)) => format!("#{stage}"),
    };
    // A folder `dvc.yaml` is taken away once.
    if reference.selector.is_some() && !reference.name.contains("dvc.yaml:") {
        assert_eq!(Reference::parse(&format!("{}{selector}", reference.name)), reference);
    } else if reference.name != text {
        assert!(reference.name.parse::<ArtifactName>().is_ok(), "{text}");
    }
}

/// Every version has its place before or after every other.
fn versions(version: &Version, text: &str) {
    assert_eq!(version.to_string().parse().as_ref(), Ok(version));
    for other in ["v0.0.0", "v1.0.0-rc.1", "v1.0.0+build", "v18446744073709551615.0.0"] {
        let other: Version = other.parse().expect("it is one");
        assert_eq!(version.cmp_precedence(&other), other.cmp_precedence(version).reverse(), "{text}");
    }
    for bump in [crate::version::Bump::Major, crate::version::Bump::Minor, crate::version::Bump::Patch] {
        let next = version.bump(bump);
        assert!(next.is_none_or(|next| next.cmp_precedence(version).is_gt()), "{text}");
    }
}

/// `.gto`, and the same text in variables.
pub fn config(data: &[u8]) {
    let (config, errors) = Config::read_leniently(Some(("folder/.gto", data)), &|_| None, &|_| None);
    let strict = Config::read(Some(("folder/.gto", data)), &|_| None);
    assert_eq!(strict.as_ref().err(), errors.first());
    assert_short_errors(&errors);
    assert_safe_lines(&config.lines());
    if let Ok(text) = std::str::from_utf8(data) {
        let (config, errors) = Config::read_leniently(None, &|_| None, &|_| Some(text.to_owned()));
        assert_short_errors(&errors);
        assert_safe_lines(&config.lines());
    }
}

/// `.gto-policy.yaml`, and the same bytes as a baseline. What is a policy judges, and asks for facts until it has them all.
pub fn policy(data: &[u8]) {
    if let Ok(baseline) = Baseline::read(&String::from_utf8_lossy(data)) {
        assert_eq!(Baseline::read(&baseline.to_text()), Ok(baseline));
    }
    let policy = match Policy::read(data) {
        Ok(policy) => policy,
        Err(error) => {
            let lines = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
            assert!(error.line <= lines, "{error} in {lines} lines");
            return assert_short(&error.to_string());
        }
    };
    assert_safe_lines(&policy.tag_patterns("*"));
    let mut events: Vec<Event> = Vec::new();
    for (seconds, tag) in
        (1..).zip(["m@v1.0.0", "m#staging#1", "m#prod#2", "m#prod!#3", "m@v1.0.0!#4", "m@deprecated#5"])
    {
        events.extend(any_event(tag, seconds));
    }
    let mut facts = Facts::default();
    let mut judge = Judge::new(&policy, events);
    for index in 0..judge.events().len() {
        let judgement = loop {
            match judge.judge(index, &facts) {
                Ok(judgement) => break judgement,
                Err(needs) => needs.into_iter().for_each(|need| cannot_be_had(need, &mut facts)),
            }
        };
        assert_eq!(judgement.is_valid(), judgement.verdict() == Verdict::Valid);
    }
}

fn any_event(tag: &str, seconds: i64) -> Option<Event> {
    let id = ObjectId::from_bytes(&[1; 20])?;
    let time = Timestamp::new(seconds, 0)?;
    Some(Event {
        tag: tag.to_owned(),
        tag_id: id,
        name: tag.parse().ok()?,
        commit: id,
        tagger: Signature { name: "A".into(), email: "a@example.com".into(), time },
        message: String::new(),
    })
}

fn cannot_be_had(need: Need, facts: &mut Facts) {
    assert!(!facts.has(&need), "{need:?} was asked for twice");
    let why = || "no reason".to_owned();
    match need {
        Need::Signature { tag, id } => _ = facts.signatures.insert((tag, id), Ok(TagSignature::unsigned())),
        Need::Branch { commit, branches } => _ = facts.branches.insert((commit, branches), Err(why())),
        Need::Approvals { artifact, version, stage } => {
            facts.approvals.insert((artifact, version, stage), Ok(KnownApprovals::default()));
        }
    }
}

/// `artifacts.yaml`; and the same bytes as a `dvc.yaml`, which fills its parameters from them too.
pub fn annotations(data: &[u8]) {
    let found = artifacts_yaml::read(data);
    let mut names = artifacts_yaml::Names::default();
    assert_eq!(names.new_in(data), found.artifacts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    // A second time they are known.
    assert_eq!(names.new_in(data), []);
    annotated(&found);
    let file = DvcYaml::parse(data);
    for folder in ["", "a/b", "a b"] {
        let files = file.files(folder);
        let load = |path: &str| {
            assert!(files.iter().any(|file| file == path), "{path}");
            Ok((!path.contains("absent")).then(|| data.to_vec()))
        };
        annotated(&file.annotations(folder, &load));
    }
}

/// An edit of a file, such as `dvc m +label -label path=p desc=d meta=["a"]`, on the first line, and below it the file. Without
/// fields the entry goes. What is done is what was meant, and leaves the rest alone: bytes outside of the entry, and comments.
pub fn edits(data: &[u8]) {
    let Some((line, text)) = std::str::from_utf8(data).ok().and_then(|text| text.split_once('\n')) else {
        return;
    };
    let mut words = line.split(' ');
    let source = if words.next() == Some("dvc") { Source::Dvc } else { Source::Gto };
    let entry = words.next().unwrap_or_default();
    let mut changes = None;
    for word in words {
        if change(changes.get_or_insert_default(), word).is_none() {
            return;
        }
    }
    // Whoever both gives a label and takes it is refused before.
    let is_contrary =
        |changes: &Changes| changes.add_labels.iter().any(|label| changes.remove_labels.contains(label));
    if changes.as_ref().is_some_and(is_contrary) {
        return;
    }
    let done = match &changes {
        Some(changes) => edit::annotate(text, source, entry, changes),
        None => edit::remove(text, source, entry),
    };
    let edited = match done {
        Ok(edited) => edited,
        Err(problem) => return assert_short(&problem.sentence("file")),
    };
    let fields = |text: &str| edit::entry(&source.read(text), source, entry);
    let (before, after) = (fields(text), fields(&edited));
    let (had, has) = (yaml_edit::comments(text), yaml_edit::comments(&edited));
    let (had, has) = (had.expect("it was edited"), has.expect("it was checked"));
    let Some(changes) = changes else {
        assert!(after.is_none() && is_part(&has, &had), "{edited}");
        return;
    };
    let after = after.expect("it has been annotated");
    for (field, value) in before.iter().flatten() {
        let is_meant =
            matches!(field.as_str(), "path" | "type" | "desc" | "description" | "labels" | "meta" | "custom");
        assert!(is_meant || after.get(field) == Some(value), "{edited}");
    }
    let labels = after.get("labels").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    assert!(changes.add_labels.iter().all(|label| labels.contains(&Json::from(label.as_str()))), "{edited}");
    if let Some(custom) = changes.custom.as_ref().filter(|custom| !custom.is_null()) {
        assert_eq!(after.get(if source == Source::Dvc { "meta" } else { "custom" }), Some(custom));
    }
    assert_same(
        &edit::annotate(&edited, source, entry, &changes),
        &Ok(edited.clone()),
        "the edit, done twice",
    );
    let takes_nothing_out = changes.remove_labels.is_empty()
        && changes.custom.is_none()
        && ![&changes.path, &changes.kind, &changes.description].contains(&&Some(String::new()));
    assert!(if takes_nothing_out { had == has } else { is_part(&has, &had) }, "{edited}");
    let path = if source == Source::Dvc { &["artifacts", entry][..] } else { &[entry] };
    if let Some(place) = yaml_edit::entry(text, path).filter(|_| before.is_some()) {
        assert!(edited.starts_with(&text[..place.start]), "{edited}");
        let rest = text[place.end..].trim_end_matches(['\r', '\n']);
        assert!(edited.trim_end_matches(['\r', '\n']).ends_with(rest), "{edited}");
    }
}

/// Whether the one is the other with some left out, in whatever order.
fn is_part(part: &[&str], whole: &[&str]) -> bool {
    let count = |comments: &[&str], one: &str| comments.iter().filter(|other| **other == one).count();
    part.iter().all(|comment| count(part, comment) <= count(whole, comment))
}

/// Adds a word to a change; `None` if it is no word of one.
fn change(changes: &mut Changes, word: &str) -> Option<()> {
    if let Some(label) = word.strip_prefix('+') {
        changes.add_labels.push(label.to_owned());
    } else if let Some(label) = word.strip_prefix('-') {
        changes.remove_labels.push(label.to_owned());
    } else {
        let (field, value) = word.split_once('=')?;
        match field {
            "path" => changes.path = Some(value.to_owned()),
            "type" => changes.kind = Some(value.to_owned()),
            "desc" => changes.description = Some(value.replace("\\n", "\n")),
            "meta" => changes.custom = Some(serde_json::from_str(value).ok()?),
            _ => return None,
        }
    }
    Some(())
}

fn annotated(found: &Annotations) {
    for problem in &found.problems {
        assert_short(&problem.message);
        assert_short(problem.entry.as_deref().unwrap_or_default());
    }
    for (name, annotation) in &found.artifacts {
        assert!(is_plain(name.as_str()));
        let json = serde_json::to_value(annotation).expect("it is a value of JSON");
        assert!(json.is_object());
    }
}

fn assert_short_errors(errors: &[ConfigError]) {
    for error in errors {
        assert_short(&error.to_string());
    }
}

fn assert_short(message: &str) {
    assert!(message.chars().count() < 500, "{message}");
    assert_safe_lines(&message.lines().map(str::to_owned).collect::<Vec<_>>());
}

fn assert_safe_lines(lines: &[String]) {
    let is_unsafe =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    for line in lines {
        assert!(!line.contains(is_unsafe), "{line:?}");
    }
}

/// Dates as users type them and `GIT_COMMITTER_DATE` has them.
pub fn dates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let now = Timestamp::new(1_700_000_000, -18_000).expect("a time of this century");
    let environment = Environment::new([], now).with_zone(|local| i32::from(local % 2 == 0) * 3600);
    let exact = parse_exact(text);
    for time in exact.into_iter().chain(parse_date(text, &environment)) {
        assert_eq!(Timestamp::new(time.seconds(), time.offset()), Some(time));
        assert!(time.iso().len() >= "2026-11-24T05:39:01+00:00".len());
    }
}

/// Whatever tags there are, in whatever order, they add up to a registry that can be shown, and the order in which
/// they are read does not matter.
pub fn events(data: &[u8]) {
    let events: Vec<Event> = data.chunks_exact(4).take(64).enumerate().filter_map(event).collect();
    let name: ArtifactName = "m".parse().expect("it is a name");
    let artifact = Artifact::from_events(name.clone(), events.clone());
    let backwards = Artifact::from_events(name, events.into_iter().rev().collect());
    for (sort, limit) in
        [(StageSort::Timestamp, None), (StageSort::SemVer, Some(1)), (StageSort::Timestamp, Some(0))]
    {
        for deprecated in [false, true] {
            let options = ShowOptions {
                registered_only: limit.is_some(),
                deprecated,
                assignments_per_version: limit,
                versions_per_stage: limit,
                sort,
                ..ShowOptions::default()
            };
            let report = |artifact| format!("{:?}", ArtifactSummary::new(artifact, &options));
            assert_eq!(report(&artifact), report(&backwards));
            query::shown_versions(&artifact, &options);
        }
    }
    let used = query::used_stages(&artifact);
    assert!(query::active_stages(&artifact).is_subset(&used));
    let count = artifact.events().len();
    let history = EventReport::of(artifact, &HistoryOptions::default());
    assert_eq!(history.len(), count);
    for entry in history {
        assert!(serde_json::to_value(&entry).is_ok());
    }
}

/// A tag of few names, commits and times, so that they meet.
fn event((place, bytes): (usize, &[u8])) -> Option<Event> {
    let actions =
        ["@v1.0.0", "@v1.0.0!", "@v1.0.0+b", "@v2.0.0-rc", "#prod", "#prod!", "#dev", "@deprecated"];
    let action = actions[usize::from(bytes[0]) % actions.len()];
    // Names of tags are unique in a repository.
    let tag = if bytes[1] < 128 { format!("m{action}#{}", place + 1) } else { format!("m{action}#0{place}") };
    let id = |number: u8| ObjectId::from_bytes(&[number; 20]).expect("20 bytes are an id");
    let time = Timestamp::new(1_700_000_000 + i64::from(bytes[2] % 4), 0)?;
    Some(Event {
        name: tag.parse().ok()?,
        tag_id: id(u8::try_from(place).ok()?),
        tag,
        commit: id(bytes[3] % 4),
        tagger: Signature { name: "Ann".into(), email: "a@x".into(), time },
        message: String::new(),
    })
}

/// For the targets: what must be equal, told in short.
pub(crate) fn assert_same<T: PartialEq + Debug>(one: &T, other: &T, what: &str) {
    assert!(one == other, "{what} differ:\n{one:?}\n{other:?}");
}

#[cfg(test)]
mod tests;
