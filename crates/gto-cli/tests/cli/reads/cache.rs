//! The cache of tags is invisible: whatever became of its file, every answer is the one without it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use gto_testkit::{Gto, RefFormat, Repo, RepoOptions, Run, Sandbox, TagSpec, skip};

use crate::common::{binary, gto};

/// The questions about the whole registry.
const QUESTIONS: [&str; 7] = [
    "show --json",
    "show",
    "show --at HEAD --json",
    "history --json",
    "stages",
    "stages --used",
    "print-state",
];

fn off() -> Gto {
    binary().env("GTO_CACHE", "off")
}

fn answer(gto: &Gto, repo: &Repo, question: &str) -> Run {
    gto.run(repo, &question.split(' ').collect::<Vec<_>>()).ok()
}

/// The answers to everything, stderr included.
fn answers(gto: &Gto, repo: &Repo) -> Vec<String> {
    QUESTIONS.iter().map(|question| answer(gto, repo, question).to_string()).collect()
}

/// Asks everything with the cache and without, and wants the same.
fn is_invisible(repo: &Repo, what: &str) {
    assert_eq!(answers(&binary(), repo), answers(&off(), repo), "{what}");
}

/// Runs all queries with a cache of these bytes, each with a fresh copy, since the first query repairs it.
fn is_as_expected_with(bytes: &[u8], repo: &Repo, expected: &[String], what: &str) {
    for (question, expected) in QUESTIONS.iter().zip(expected) {
        fs::write(file(repo), bytes).unwrap();
        assert_eq!(answer(&binary(), repo, question).to_string(), *expected, "{what}");
    }
}

fn file(repo: &Repo) -> PathBuf {
    repo.git_dir().join("gto/tags.cache")
}

/// Other files than the cache in its folder.
fn leftovers(repo: &Repo) -> usize {
    let entries = fs::read_dir(repo.git_dir().join("gto")).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().file_name() != "tags.cache").count()
}

fn entries(repo: &Repo) -> u64 {
    gto(repo, "cache info --json").ok().json()["entries"].as_u64().unwrap()
}

/// A registry with tags of every kind, large enough for a cache.
fn registry_in(options: RepoOptions) -> Repo {
    let repo = Sandbox::new().repo_with("r", options);
    for n in 1..=30_i64 {
        repo.commit(&[], &format!("commit {n}"));
        let spec = |offset| {
            let by = ["Ann", "Zoë \u{1b}[31m", "x"][usize::try_from(n % 3).unwrap()];
            TagSpec::at(1_700_000_000 + 10 * n + offset).by(by, "a@x").offset("+0530")
        };
        repo.tag(&format!("m@v0.0.{n}"), "HEAD", &spec(0).message(format!("version {n}\n\nlong – text")));
        repo.tag(&format!("folder=m@v0.0.{n}"), "HEAD", &spec(1));
        repo.tag(&format!("m#stage{}#{n}", n % 4), "HEAD", &spec(2));
    }
    let late = |n: i64| TagSpec::at(1_700_001_000 + n);
    repo.tag("m#stage1!#31", "HEAD", &late(0));
    repo.tag("m@v0.0.3!", "HEAD~27", &late(1));
    repo.tag("folder=m@deprecated", "HEAD", &late(2));
    repo.lightweight("m@v9.0.0", "HEAD");
    repo.tag("tree@v1.0.0", "HEAD^{tree}", &late(3));
    repo.tag("deep@v1.0.0", "refs/tags/m@v0.0.5", &late(4));
    repo.tag("not-ours", "HEAD", &late(5));
    repo
}

/// The registry, its cache written.
fn registry() -> Repo {
    let repo = registry_in(RepoOptions::default());
    gto(&repo, "show").ok();
    assert!(file(&repo).is_file());
    repo
}

#[test]
fn every_kind_of_repository_has_one() {
    let mut kinds = vec![
        RepoOptions::default(),
        RepoOptions { sha256: true, ..RepoOptions::default() },
        RepoOptions { bare: true, ..RepoOptions::default() },
    ];
    if Repo::reftable_works() {
        kinds.push(RepoOptions { refs: RefFormat::Reftable, ..RepoOptions::default() });
    }
    for kind in kinds {
        let repo = registry_in(kind);
        is_invisible(&repo, "written by the first");
        // All tags of the registry but the one on a tree.
        assert_eq!(entries(&repo), 95, "{kind:?}");
        is_invisible(&repo, "read");
        if kind.refs == RefFormat::Files {
            repo.pack_refs();
            is_invisible(&repo, "packed");
        }
        assert_eq!(leftovers(&repo), 0);
    }
}

#[test]
fn a_question_about_one_artifact_and_doctor_neither_read_nor_write_it() {
    let repo = registry_in(RepoOptions::default());
    for question in ["show m", "show m@latest", "history m", "check-ref m@v0.0.1"] {
        answer(&binary(), &repo, question);
    }
    let _ = gto(&repo, "doctor");
    assert!(!file(&repo).exists());
    for question in QUESTIONS {
        answer(&off(), &repo, question);
    }
    assert!(!file(&repo).exists());
}

#[test]
fn a_small_registry_has_none() {
    let repo = crate::common::registry(&["m@v0.0.1", "m#prod#1"]);
    is_invisible(&repo, "small");
    assert!(!repo.git_dir().join("gto").exists());
}

#[test]
fn a_file_cut_off_at_any_length_changes_nothing() {
    let repo = registry();
    let intact = fs::read(file(&repo)).unwrap();
    let expected = answers(&off(), &repo);
    let steps = (0..intact.len()).step_by(intact.len() / 25);
    for len in steps.chain([1, 8, 12, 59, 60, 61, intact.len() - 1]) {
        is_as_expected_with(&intact[..len], &repo, &expected, &format!("{len} bytes"));
    }
    assert_eq!(fs::read(file(&repo)).unwrap().len(), intact.len(), "it is mended");
}

#[test]
fn flipped_bits_and_noise_change_nothing() {
    let repo = registry();
    let intact = fs::read(file(&repo)).unwrap();
    let expected = answers(&off(), &repo);
    for at in (0..60).step_by(5).chain((60..intact.len()).step_by(intact.len() / 40)) {
        let mut bytes = intact.clone();
        bytes[at] ^= 1 << (at % 8);
        is_as_expected_with(&bytes, &repo, &expected, &format!("bit at {at}"));
    }
    let noise = |len: usize| (0..len).map(|n| u8::try_from(n * n % 251).unwrap()).collect::<Vec<_>>();
    let with_header = [&intact[..60], &noise(intact.len() - 60)].concat();
    let other_version = [&intact[..8], &[99], &intact[9..]].concat();
    let longer = [&intact[..], b"more"].concat();
    for (what, bytes) in [
        ("noise", noise(10_000)),
        ("zeros", vec![0; 10_000]),
        ("noise behind a header", with_header),
        ("another version", other_version),
        ("something behind it", longer),
    ] {
        is_as_expected_with(&bytes, &repo, &expected, what);
    }
}

#[test]
fn the_cache_of_another_repository_changes_nothing() {
    let (repo, other) = (registry(), registry_in(RepoOptions { sha256: true, ..RepoOptions::default() }));
    gto(&other, "show").ok();
    fs::copy(file(&other), file(&repo)).unwrap();
    is_invisible(&repo, "other ids");
    let other = registry();
    other.tag("z@v1.0.0", "HEAD", &TagSpec::default());
    fs::copy(file(&other), file(&repo)).unwrap();
    is_invisible(&repo, "other tags");
}

#[test]
fn something_else_in_its_place_changes_nothing() {
    let repo = registry();
    fs::remove_file(file(&repo)).unwrap();
    fs::create_dir_all(file(&repo).join("inside")).unwrap();
    is_invisible(&repo, "a folder");
    let run = gto(&repo, "cache clear").fails(1);
    assert!(run.err().contains("Cannot remove the cache"), "{run}");
    assert!(gto(&repo, "cache info").ok().out().contains("read: no (it is not a file"));
    fs::remove_dir_all(repo.git_dir().join("gto")).unwrap();
    fs::write(repo.git_dir().join("gto"), "a file").unwrap();
    is_invisible(&repo, "a file where the folder should be");
    assert_eq!(fs::read(repo.git_dir().join("gto")).unwrap(), b"a file");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_repository_is_not_followed() {
    use std::os::unix::fs::symlink;

    let (repo, other) = (registry(), registry());
    let before = fs::read(file(&other)).unwrap();
    let outside = repo.sandbox().path().join("outside");
    fs::write(&outside, "precious").unwrap();
    fs::remove_file(file(&repo)).unwrap();
    symlink(&outside, file(&repo)).unwrap();
    is_invisible(&repo, "a link to a file");
    assert_eq!(fs::read(&outside).unwrap(), b"precious");
    fs::remove_dir_all(repo.git_dir().join("gto")).unwrap();
    symlink(other.git_dir().join("gto"), repo.git_dir().join("gto")).unwrap();
    is_invisible(&repo, "a link to a folder");
    gto(&repo, "cache clear").ok();
    assert_eq!(fs::read(file(&other)).unwrap(), before);
}

#[test]
fn twenty_processes_at_once_give_the_same_answer() {
    let repo = registry();
    for damage in ["absent", "spoilt"] {
        for _ in 0..3 {
            if damage == "absent" {
                let _ = fs::remove_file(file(&repo));
            } else {
                fs::write(file(&repo), "spoilt").unwrap();
            }
            let expected = answer(&off(), &repo, "history --json").to_string();
            let (sandbox, folder) = (repo.sandbox(), repo.path());
            std::thread::scope(|scope| {
                let ask = || {
                    let run = binary().run_in(sandbox, folder, &["history", "--json"], b"");
                    assert_eq!(run.to_string(), expected);
                };
                for _ in 0..20 {
                    scope.spawn(ask);
                }
            });
            is_invisible(&repo, damage);
            assert_eq!((entries(&repo), leftovers(&repo)), (95, 0));
        }
    }
}

/// Everything as a user that file modes apply to: root becomes `nobody`.
#[cfg(unix)]
#[test]
fn a_repository_that_cannot_be_written_changes_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let repo = registry_in(RepoOptions::default());
    let sandbox = repo.sandbox();
    // A binary that this user can reach.
    let program = sandbox.path().join("gto-binary");
    fs::copy(env!("CARGO_BIN_EXE_gto"), &program).unwrap();
    for path in sandbox.path().ancestors().take(1) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let as_other = |args: &str, cache: &str| {
        let mut command = sandbox.command("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program)
            .args(args.split(' '));
        command.current_dir(repo.path()).env("GTO_CACHE", cache).output()
    };
    if !as_other("show", "on").is_ok_and(|output| output.status.success()) {
        skip("only root can run a program as another user");
        return;
    }
    assert!(!repo.git_dir().join("gto").exists(), "somebody else's repository was written to");
    let is_invisible = |what: &str| {
        for question in QUESTIONS {
            let (with, without) = (as_other(question, "on").unwrap(), as_other(question, "off").unwrap());
            assert!(with.status.success() && with == without, "{what}: {question}\n{with:?}\n{without:?}");
        }
    };
    is_invisible("of root, without");
    let info = String::from_utf8(as_other("cache info", "on").unwrap().stdout).unwrap();
    assert!(info.contains("read: no (there is none yet)"), "{info}");
    assert!(info.contains("written: no (the repository belongs to someone else)"), "{info}");
    gto(&repo, "show").ok();
    is_invisible("of root, with");
    let cleared = as_other("cache clear", "on").unwrap();
    assert_eq!(cleared.status.code(), Some(1), "{cleared:?}");
    assert!(String::from_utf8_lossy(&cleared.stderr).contains("Cannot remove the cache"), "{cleared:?}");
    fs::write(file(&repo), "spoilt").unwrap();
    is_invisible("of root, spoilt");
    fs::set_permissions(file(&repo), fs::Permissions::from_mode(0o600)).unwrap();
    is_invisible("of root, hidden");
    // The user's own, but read-only.
    let chown = repo.command("chown").args(["-R", "65534:65534"]).arg(repo.path()).status().unwrap();
    assert!(chown.success());
    fs::remove_dir_all(repo.git_dir().join("gto")).unwrap();
    fs::set_permissions(repo.git_dir(), fs::Permissions::from_mode(0o555)).unwrap();
    is_invisible("read-only, without");
    assert!(!repo.git_dir().join("gto").exists());
    let info = String::from_utf8(as_other("cache info", "on").unwrap().stdout).unwrap();
    assert!(info.contains("written: no (Permission denied"), "{info}");
    fs::set_permissions(repo.git_dir(), fs::Permissions::from_mode(0o755)).unwrap();
    is_invisible("the user's own");
    assert!(file(&repo).exists());
}

#[test]
fn tags_that_come_move_and_go_are_read_right() {
    let repo = registry();
    let before = fs::read(file(&repo)).unwrap();
    repo.commit(&[], "more");
    repo.tag("new@v1.0.0", "HEAD", &TagSpec::default());
    is_invisible(&repo, "one more");
    repo.git_ok(&["tag", "-d", "m@v0.0.7"]);
    is_invisible(&repo, "one less");
    repo.git_ok(&["tag", "-d", "m@v0.0.8"]);
    repo.tag("m@v0.0.8", "HEAD~1", &TagSpec::default().message("moved"));
    is_invisible(&repo, "one moved");
    assert!(answer(&binary(), &repo, "history --json").out().contains("moved"));
    assert_eq!(fs::read(file(&repo)).unwrap(), before, "not for so few");
}

#[test]
fn the_tags_of_the_file_are_those_that_exist() {
    let repo = registry();
    assert_eq!(entries(&repo), 95);
    let all = repo.tag_names();
    let gone: Vec<&str> =
        all.iter().map(String::as_str).filter(|name| !name.starts_with("m@v0.0.1")).collect();
    repo.git_ok(&[&["tag", "-d"][..], &gone].concat());
    is_invisible(&repo, "deleted");
    assert_eq!(entries(&repo), u64::try_from(repo.tag_names().len()).unwrap());
    for n in 100..170 {
        repo.commit(&[], "more");
        repo.tag(&format!("m@v0.1.{n}"), "HEAD", &TagSpec::default());
    }
    is_invisible(&repo, "many more");
    assert_eq!(entries(&repo), u64::try_from(repo.tag_names().len()).unwrap());
}

#[test]
fn an_object_that_git_replaces_is_read_as_git_reads_it() {
    let repo = registry();
    let [old, new] = ["m@v0.0.1", "m@v0.0.2"].map(|tag| repo.git_ok(&["rev-parse", tag]));
    repo.git_ok(&["replace", &old, &new]);
    is_invisible(&repo, "replaced");
    assert!(gto(&repo, "cache info").ok().out().contains("git replace"));
}

#[test]
fn a_writer_that_was_killed_leaves_nothing_for_good() {
    let repo = registry();
    let leftover = repo.git_dir().join("gto/tags-abc.tmp");
    fs::write(&leftover, "half").unwrap();
    fs::write(file(&repo), "spoilt").unwrap();
    is_invisible(&repo, "young");
    assert!(leftover.exists(), "its writer may still be at it");
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    fs::File::options().write(true).open(&leftover).unwrap().set_modified(long_ago).unwrap();
    fs::write(file(&repo), "spoilt").unwrap();
    is_invisible(&repo, "old");
    assert!(!leftover.exists());
}

#[test]
fn info_tells_and_clear_removes() {
    let repo = registry();
    let info = gto(&repo, "cache info --json").ok().json();
    assert_eq!(info["entries"], 95);
    assert_eq!(info["size"], fs::metadata(file(&repo)).unwrap().len());
    assert_eq!(info["path"], file(&repo).to_string_lossy().as_ref());
    assert_eq!((&info["read"], &info["written"]), (&true.into(), &true.into()));
    let switched_off = off().run(&repo, &["cache", "info"]).ok();
    assert!(switched_off.out().contains("read: no (GTO_CACHE switches it off)"), "{switched_off}");
    fs::write(file(&repo), "spoilt").unwrap();
    let spoilt = gto(&repo, "cache info").ok();
    assert!(spoilt.out().contains("read: no (it is damaged)"), "{spoilt}");
    assert_eq!(gto(&repo, "cache clear").ok().out(), "Removed the cache\n");
    assert!(!repo.git_dir().join("gto").exists());
    assert_eq!(gto(&repo, "cache clear").ok().out(), "There is no cache\n");
    let absent = gto(&repo, "cache info").ok();
    assert!(absent.out().contains("read: no (there is none yet)\nwritten: yes\n"), "{absent}");
    assert!(!repo.git_dir().join("gto").exists(), "looking leaves nothing");
}

#[test]
fn a_linked_work_tree_shares_it() {
    let repo = registry();
    let linked = repo.sandbox().path().join("linked");
    repo.git_ok(&["worktree", "add", "-q", "--detach", &linked.to_string_lossy()]);
    let info = binary().run_in(repo.sandbox(), &linked, &["cache", "info", "--json"], b"").ok().json();
    assert_eq!((&info["entries"], &info["read"]), (&95.into(), &true.into()));
}
