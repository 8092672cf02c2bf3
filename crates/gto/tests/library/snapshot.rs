//! Snapshots: that they answer as the registry does, and that one brought up to date is as good as a new one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use gto::event::EventKind;
use gto::plan::Warning;
use gto::query::{HistoryOptions, ShowOptions};
use gto::reference::Reference;
use gto::snapshot::{Change, ChangeKind, Snapshot};
use gto::tag::TagName;
use gto::{Detail, Environment, Registry, StagesWanted, Timestamp};
use gto_testkit::random::SplitMix;
use gto_testkit::{RefFormat, Repo, RepoOptions, Sandbox, TagSpec};

fn open(repo: &Repo) -> Registry {
    let now = Timestamp::new(1_900_000_000, 0).unwrap();
    Registry::open(repo.path(), Environment::new([], now)).unwrap()
}

fn repo(refs: RefFormat) -> Repo {
    let repo = Sandbox::new().repo_with("repo", RepoOptions { refs, ..RepoOptions::default() });
    repo.commit(&[], "first");
    repo
}

fn storages() -> Vec<RefFormat> {
    if Repo::reftable_works() {
        return vec![RefFormat::Files, RefFormat::Reftable];
    }
    gto_testkit::skip("this git has no reftables");
    vec![RefFormat::Files]
}

/// Asks a snapshot and the registry the same.
fn assert_answers_as_the_registry(snapshot: &Snapshot, registry: &Registry) {
    for options in [
        ShowOptions::default(),
        ShowOptions { deprecated: true, versions_per_stage: None, ..ShowOptions::default() },
    ] {
        let shown = registry.show(&options).unwrap();
        assert_eq!(snapshot.show(&options), shown.value);
        assert_eq!(snapshot.warnings(), shown.warnings);
        for artifact in &shown.value.artifacts {
            let reference = Reference { name: artifact.name.to_string(), selector: None };
            let versions = snapshot.versions(&reference, &options).unwrap().versions;
            let expected =
                registry.show_versions(&reference, &options, Detail::Brief).unwrap().value.versions;
            let known =
                |version: &gto::report::VersionReport| (version.version.clone(), version.stage_names());
            assert!(versions.iter().map(known).eq(expected.iter().map(known)), "{}", artifact.name);
        }
    }
    for limit in [None, Some(3)] {
        let options = HistoryOptions { limit, ..HistoryOptions::default() };
        let expected = registry.history(&options, false).unwrap().value;
        assert!(snapshot.history(&options).iter().eq(expected.iter()));
    }
    let used = registry.stages(StagesWanted::Used).unwrap().value;
    assert_eq!(snapshot.stages(StagesWanted::Used), used);
}

/// The registry's tags with what they point to.
fn tags(repo: &Repo) -> BTreeMap<String, String> {
    let listed = repo.git_ok(&["for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags"]);
    let tags = listed.lines().filter_map(|line| line.split_once(' '));
    tags.filter(|(tag, _)| tag.parse::<TagName>().is_ok())
        .map(|(tag, target)| (tag.to_owned(), target.to_owned()))
        .collect()
}

fn apply(tags: &mut BTreeMap<String, String>, changes: &[Change]) {
    for change in changes {
        let before = change.before.as_ref().map(|seen| seen.target.to_string());
        assert_eq!(tags.get(&change.tag), before.as_ref(), "{change:?}");
        match &change.after {
            Some(after) => tags.insert(change.tag.clone(), after.target.to_string()),
            None => tags.remove(&change.tag),
        };
    }
}

/// One change of the tags by plain git.
fn change(repo: &Repo, random: &mut SplitMix) {
    let artifacts = ["m", "m-x", "cv=m", "n"];
    let ends = [
        "@v1.0.0",
        "@v1.0.0!",
        "@v1.1.0-rc.1",
        "@v2.0.0#3",
        "#prod",
        "#prod#1",
        "#prod!#2",
        "#dev#4",
        "@deprecated",
        "@created",
        "@none",
    ];
    let name = format!("{}{}", random.pick(&artifacts), random.pick(&ends));
    let there = repo.tag_names();
    let commits = repo.git_ok(&["rev-list", "HEAD"]);
    let commits: Vec<&str> = commits.lines().collect();
    let commit = random.pick(&commits);
    let is_there = there.contains(&name);
    match random.below(12) {
        0 => {
            let annotation = format!("a{}:\n  type: model\n", random.below(3));
            repo.commit(&[("artifacts.yaml", &annotation)], "annotate");
        }
        1 => repo.pack_refs(),
        2 | 3 if !there.is_empty() => {
            repo.git_ok(&["tag", "-d", &random.pick(&there)]);
        }
        4 if !is_there => repo.lightweight(&name, commit),
        5 if !is_there => {
            let no_tagger = format!("object {commit}\ntype commit\ntag {name}\n\nmessage\n");
            repo.raw_tag(&name, no_tagger.as_bytes());
        }
        6 if !is_there => {
            // A copy of another tag: it has that one's name inside.
            if let Some(other) = random.maybe_pick(&there) {
                repo.git_ok(&["update-ref", &format!("refs/tags/{name}"), &format!("refs/tags/{other}")]);
            }
        }
        7 => {
            repo.git(&["tag", "-f", "-m", "noise", &format!("noise-{}", random.below(3)), commit]);
        }
        _ if is_there => {
            repo.git_ok(&["tag", "-f", "-m", "moved", &name, commit]);
        }
        _ => {
            repo.tag(&name, commit, &TagSpec::default());
        }
    }
}

/// Issue 14: whatever plain git does in between, a refresh gives what a fresh snapshot gives, and tells what changed.
#[test]
fn a_refresh_gives_what_a_fresh_snapshot_gives() {
    for (storage, refs) in storages().into_iter().enumerate() {
        for seed in 0..4 {
            let repo = repo(refs);
            let random = &mut SplitMix::new(seed * 10 + storage as u64);
            let registry = open(&repo);
            let mut snapshot = registry.snapshot().unwrap();
            let mut seen = BTreeMap::new();
            for _ in 0..8 {
                for _ in 0..random.below(5) {
                    change(&repo, random);
                }
                let (next, changes) = registry.refresh(&snapshot).unwrap();
                let fresh = open(&repo).snapshot().unwrap();
                assert_eq!(next, fresh, "seed {seed}");
                apply(&mut seen, &changes);
                assert_eq!(seen, tags(&repo), "seed {seed}");
                snapshot = next;
            }
            assert_answers_as_the_registry(&snapshot, &open(&repo));
        }
    }
}

#[test]
fn a_refresh_after_nothing_gives_the_same_snapshot_and_reads_no_object() {
    for refs in storages() {
        let repo = repo(refs);
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        repo.lightweight("m@v2.0.0", "HEAD");
        let registry = open(&repo);
        let snapshot = registry.snapshot().unwrap();
        repo.tag("noise", "HEAD", &TagSpec::default());
        repo.pack_refs();
        let read = registry.objects_read();
        let (next, changes) = registry.refresh(&snapshot).unwrap();
        assert!(Arc::ptr_eq(&next, &snapshot));
        assert_eq!(changes, []);
        assert_eq!(registry.objects_read(), read);
    }
}

/// Issue 14: a server pays for what is new.
#[test]
fn of_a_new_tag_one_object_is_read() {
    for refs in storages() {
        let repo = repo(refs);
        for number in 0..20 {
            repo.tag(&format!("m@v1.{number}.0"), "HEAD", &TagSpec::default());
            repo.tag(&format!("n@v1.{number}.0"), "HEAD", &TagSpec::default());
        }
        let registry = open(&repo);
        let snapshot = registry.snapshot().unwrap();
        repo.tag("m#prod#1", "HEAD", &TagSpec::default());
        let read = registry.objects_read();
        let (next, changes) = registry.refresh(&snapshot).unwrap();
        assert_eq!(registry.objects_read() - read, 1);
        assert_eq!(changes.len(), 1);
        assert_eq!(next, registry.snapshot().unwrap());
    }
}

#[test]
fn a_change_tells_the_event_that_came_went_or_moved() {
    let repo = repo(RefFormat::Files);
    for tag in ["m@v1.0.0", "m#old#1", "m#prod#2"] {
        repo.tag(tag, "HEAD", &TagSpec::default());
    }
    let registry = open(&repo);
    let snapshot = registry.snapshot().unwrap();
    let second = repo.commit(&[], "second");
    repo.tag("m@v2.0.0", "HEAD", &TagSpec::default().message("Better\n"));
    repo.git_ok(&["tag", "-d", "m#old#1"]);
    repo.git_ok(&["tag", "-f", "-m", "moved", "m#prod#2", "HEAD"]);
    let (next, changes) = registry.refresh(&snapshot).unwrap();

    let kinds: Vec<_> = changes.iter().map(|change| (change.tag.as_str(), change.kind)).collect();
    let expected =
        [("m#old#1", ChangeKind::Gone), ("m#prod#2", ChangeKind::Moved), ("m@v2.0.0", ChangeKind::New)];
    assert_eq!(kinds, expected);
    let gone = changes[0].before.clone().unwrap().event.unwrap();
    assert_eq!((gone.event, gone.version.unwrap().to_string()), (EventKind::Assignment, "v1.0.0".to_owned()));
    let of_moved = |seen: &Option<gto::snapshot::SeenTag>| {
        let event = seen.clone().unwrap().event.unwrap();
        (event.version.unwrap().to_string(), event.commit.to_string() == second)
    };
    assert_eq!(of_moved(&changes[1].before), ("v1.0.0".to_owned(), false));
    assert_eq!(of_moved(&changes[1].after), ("v2.0.0".to_owned(), true));
    let new = changes[2].after.clone().unwrap().event.unwrap();
    assert_eq!((new.event, &*new.message), (EventKind::Registration, "Better"));

    assert_eq!(registry.message(&next, "m@v2.0.0").unwrap().as_deref(), Some("Better"));
    assert_eq!(registry.message(&next, "m#old#1").unwrap(), None);
    // Whoever holds the old one still sees what was.
    assert_eq!(snapshot.history(&HistoryOptions::default()).iter().count(), 3);
}

/// D27: a damaged tag is told of, and is read as soon as it can be.
#[test]
fn a_tag_that_cannot_be_read_is_a_warning_until_it_can() {
    let repo = repo(RefFormat::Files);
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let object = repo.git_ok(&["rev-parse", "m@v1.0.0"]);
    let (folder, file) = object.trim().split_at(2);
    let path = repo.git_dir().join("objects").join(folder).join(file);
    let aside = repo.git_dir().join("aside");
    fs::rename(&path, &aside).unwrap();

    let registry = open(&repo);
    let snapshot = registry.snapshot().unwrap();
    assert!(matches!(snapshot.warnings(), [Warning::DamagedTags(tags)] if tags.len() == 1));
    assert!(snapshot.show(&ShowOptions::default()).artifacts.is_empty());
    assert!(Arc::ptr_eq(&registry.refresh(&snapshot).unwrap().0, &snapshot));

    fs::rename(&aside, &path).unwrap();
    let registry = open(&repo);
    let (next, changes) = registry.refresh(&snapshot).unwrap();
    assert_eq!(next.warnings(), []);
    assert_eq!((changes.len(), changes[0].kind), (1, ChangeKind::Moved));
    assert!(changes[0].before.as_ref().unwrap().event.is_none());
    assert_eq!(next, registry.snapshot().unwrap());
}

#[test]
fn threads_may_share_a_snapshot() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Arc<Snapshot>>();
    is_shared::<Change>();
}
