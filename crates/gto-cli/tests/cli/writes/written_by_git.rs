//! Repositories in which git itself has to write, and read-only ones.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::{binary, commit_with, gto, hints_at, refused_at_last, registry};
use gto_testkit::{Gto, RefFormat, Repo, RepoOptions, Run, Sandbox, skip};

/// Puts a hook `reference-transaction` into a folder.
fn hook(folder: &Path, script: &str) {
    fs::create_dir_all(folder).expect("the sandbox is writable");
    let path = folder.join("reference-transaction");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the sandbox is writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
}

fn storages() -> Vec<Repo> {
    let mut storages = vec![RefFormat::Files];
    if Repo::reftable_works() {
        storages.push(RefFormat::Reftable);
    }
    let options = |refs| RepoOptions { refs, ..RepoOptions::default() };
    storages.into_iter().map(|refs| Sandbox::new().repo_with("repo", options(refs))).collect()
}

#[test]
fn a_hook_sees_every_change_of_a_tag_as_one_transaction() {
    for repo in storages() {
        let seen = repo.sandbox().path().join("seen");
        commit_with(&repo, &["m@v1.0.0"]);
        hook(&repo.git_dir().join("hooks"), &format!("sed \"s/^/$1 /\" >>'{}'", seen.display()));
        let committed = || -> Vec<(String, bool)> {
            let text = fs::read_to_string(&seen).unwrap_or_default();
            let _ = fs::remove_file(&seen);
            let lines = text.lines().filter_map(|line| line.strip_prefix("committed "));
            // Packed refs are asked for the refs to delete too, with nothing to expect.
            let words = lines.map(|line| line.split(' ').collect::<Vec<_>>());
            let changes = words.filter(|words| words[0].trim_matches('0') != words[1].trim_matches('0'));
            changes.map(|words| (words[2].to_owned(), words[1].trim_matches('0').is_empty())).collect()
        };
        repo.commit(&[], "second");
        let _ = fs::remove_file(&seen);
        gto(&repo, "assign m HEAD --version v2.0.0 --stage prod").ok();
        let made = [("refs/tags/m@v2.0.0".to_owned(), false), ("refs/tags/m#prod#1".to_owned(), false)];
        assert_eq!(committed(), made);
        let count = repo.tag_names().len();
        gto(&repo, "deprecate m --delete --force").ok();
        assert_eq!(committed().iter().filter(|(_, deleted)| *deleted).count(), count);
        assert_eq!(repo.tag_names(), Vec::<String>::new());
        gto(&repo, "show").ok();
        assert_eq!(committed(), []);
    }
}

/// Git itself would follow it and delete the other tag.
#[test]
fn a_tag_that_is_a_symbolic_ref_is_deleted_and_not_what_it_points_to() {
    for repo in storages() {
        commit_with(&repo, &["release-1"]);
        hook(&repo.git_dir().join("hooks"), "exit 0");
        repo.git_ok(&["symbolic-ref", "refs/tags/m@v1.0.0", "refs/tags/release-1"]);
        gto(&repo, "deprecate m v1.0.0 --delete").ok();
        assert_eq!(repo.tag_names(), ["release-1"]);
    }
}

#[test]
fn a_hook_that_refuses_leaves_nothing_changed_and_is_quoted() {
    for repo in storages() {
        commit_with(&repo, &["m@v1.0.0", "m#prod#1"]);
        let says = r"test $1 = prepared || exit 0; printf 'blocked:\033[2J ask ops\n' >&2; exit 1";
        hook(&repo.git_dir().join("hooks"), says);
        let error = r"A hook of the repository refused: blocked: ask ops";
        for line in
            ["register n", "assign m HEAD --stage dev", "deprecate m --delete", "deprecate m v1.0.0 prod"]
        {
            let before = repo.tags();
            let run = refused_at_last(&repo, line, error);
            assert_eq!(repo.tags(), before, "{run}");
            hints_at(&run, "reference-transaction");
        }
        hook(&repo.git_dir().join("hooks"), "exit 1");
        refused_at_last(&repo, "register n", "A hook of the repository refused: it did not say why");
    }
}

#[test]
fn a_hook_that_refuses_is_asked_before_the_remote_gets_anything() {
    for repo in storages() {
        let bare = RepoOptions { bare: true, ..RepoOptions::default() };
        let remote = repo.sandbox().repo_with("remote.git", bare);
        repo.git_ok(&["remote", "add", "origin", remote.path().to_str().expect("the sandbox is UTF-8")]);
        commit_with(&repo, &["m@v1.0.0"]);
        repo.git_ok(&["push", "-q", "--all"]);
        repo.git_ok(&["push", "-q", "--tags"]);
        let frozen = "test $1 = prepared || exit 0; grep -q refs/tags/m || exit 0; echo frozen >&2; exit 1";
        hook(&repo.git_dir().join("hooks"), frozen);
        for line in ["assign m --version v1.0.0 --stage dev --push", "deprecate m --delete --push"] {
            refused_at_last(&repo, line, "A hook of the repository refused: frozen");
            assert_eq!(remote.tag_names(), ["m@v1.0.0"], "{line}");
        }
        hook(&repo.git_dir().join("hooks"), "exit 0");
        gto(&repo, "assign m --version v1.0.0 --stage dev --push").ok();
        assert_eq!((remote.tags(), remote.tag_names().len()), (repo.tags(), 2));
    }
}

#[test]
fn a_hook_is_found_wherever_git_finds_it() {
    let repo = registry(&["m@v1.0.0"]);
    let refused = |repo: &Repo| {
        let run = gto(repo, "register x --dry-run").ok();
        assert!(run.out().starts_with("Would create"), "{run}");
        gto(repo, "register x").status == 1
    };
    let set = |value: &str| repo.git_ok(&["config", "core.hooksPath", value]);
    hook(&repo.git_dir().join("hooks"), "exit 1");
    assert!(refused(&repo));
    set("/dev/null");
    assert!(!refused(&repo));
    repo.git_ok(&["tag", "-d", "x@v0.0.1"]);
    hook(&repo.sandbox().home().join("hooks"), "exit 1");
    set("~/hooks");
    assert!(refused(&repo));
    hook(&repo.path().join("shared hooks"), "exit 1");
    set("shared hooks");
    assert!(refused(&repo));
    // In a linked worktree they are those of the whole repository.
    repo.git_ok(&["config", "--unset", "core.hooksPath"]);
    repo.git_ok(&["-c", "core.hooksPath=/dev/null", "worktree", "add", "-q", "--detach", "../linked"]);
    let linked = repo.sandbox().path().join("linked");
    binary().run_in(repo.sandbox(), &linked, &["register", "x"], b"").fails(1);
    // What may not be run is no hook.
    let path = repo.git_dir().join("hooks/reference-transaction");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(!refused(&repo));
}

/// The kinds of files below `.git` that a write makes, with their modes.
fn modes(repo: &Repo) -> BTreeSet<(String, u32)> {
    let mut modes = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repo.git_dir().join(&folder)).expect("nobody else is at work there") {
            let path = folder.join(entry.expect("nobody else is at work there").file_name());
            let text = path.to_string_lossy().into_owned();
            let metadata = fs::metadata(repo.git_dir().join(&path)).expect("nobody else is at work there");
            let is_dir = metadata.is_dir();
            let kind = match text.split('/').next() {
                Some("objects") if is_dir => "a folder of objects",
                Some("objects") => "an object",
                Some("refs" | "logs") if text.contains("tags/") || is_dir => text.as_str(),
                Some("packed-refs") => "packed-refs",
                Some("reftable") if is_dir => "a folder of tables",
                Some("reftable") => "a table",
                _ => "",
            };
            if !kind.is_empty() {
                modes.insert((kind.to_owned(), metadata.permissions().mode() & 0o7777));
            }
            if is_dir {
                folders.push(path);
            }
        }
    }
    modes
}

#[test]
fn in_a_shared_repository_files_get_the_modes_that_git_gives_them() {
    let options = |refs| RepoOptions { refs, ..RepoOptions::default() };
    let mut kinds: Vec<_> =
        ["group", "all", "0660", "0640", "true", "umask", "0"].map(|value| (value, RefFormat::Files)).into();
    if Repo::reftable_works() {
        kinds.push(("group", RefFormat::Reftable));
    }
    for (value, refs) in kinds {
        for mask in ["022", "077"] {
            let written = ["git", "gto"].map(|writer| {
                let repo = Sandbox::new().repo_with("repo", options(refs));
                repo.git_ok(&["config", "core.sharedRepository", value]);
                repo.git_ok(&["config", "core.logAllRefUpdates", "always"]);
                repo.git_ok(&["commit", "-q", "--allow-empty", "-m", "first"]);
                let run = |script: &str| {
                    let mut shell = repo.command("sh");
                    shell
                        .env("GTO", env!("CARGO_BIN_EXE_gto"))
                        .args(["-c", &format!("umask {mask}; set -e; {script}")]);
                    let output = shell.output().unwrap();
                    assert!(output.status.success(), "{value} {mask} {script}: {output:?}");
                };
                run("git tag -a -m x 'a@v1.0.0'; git tag -a -m x 'b@v1.0.0'; git pack-refs --all");
                if writer == "git" {
                    run("git tag -a -m x 'new/m@v0.0.1'; git tag -d 'a@v1.0.0'");
                } else {
                    run("$GTO register new/m; $GTO deprecate a --delete");
                }
                modes(&repo)
            });
            // There is no cache of so few tags, which git would not have.
            let [theirs, ours] = written;
            assert_eq!(ours, theirs, "{value} {mask} {refs:?}");
        }
    }
}

#[test]
fn without_git_most_repositories_can_be_read_and_written() {
    let no_git = || binary().env("PATH", "/nowhere");
    let repo = registry(&["m@v1.0.0"]);
    for line in [
        "show",
        "history",
        "check-ref m@v1.0.0",
        "doctor",
        "stages",
        "assign m --version v1.0.0 --stage prod",
    ] {
        no_git().run(&repo, &line.split(' ').collect::<Vec<_>>()).ok();
    }
    let needed = |repo: &Repo, line: &str, what: &str| {
        let before = repo.fingerprint();
        let run = no_git().run(repo, &line.split(' ').collect::<Vec<_>>()).fails(1);
        let error = format!("❌ The program `git` is needed for {what} and cannot be started\n");
        assert!(run.err().starts_with(&error), "{run}");
        assert_eq!(run.out(), "");
        // An object that nothing points to does no harm.
        assert_eq!(
            repo.fingerprint().lines().filter(|line| !line.starts_with("objects/")).collect::<Vec<_>>(),
            before.lines().filter(|line| !line.starts_with("objects/")).collect::<Vec<_>>()
        );
        hints_at(&run, "install Git");
    };
    hook(&repo.git_dir().join("hooks"), "exit 0");
    no_git().run(&repo, &["show"]).ok();
    needed(&repo, "register n", "a repository with a hook `reference-transaction`");
    fs::remove_dir_all(repo.git_dir().join("hooks")).unwrap();
    repo.git_ok(&["config", "core.sharedRepository", "group"]);
    no_git().run(&repo, &["show"]).ok();
    needed(&repo, "register n", "a repository with `core.sharedRepository`");
    if Repo::reftable_works() {
        let options = RepoOptions { refs: RefFormat::Reftable, ..RepoOptions::default() };
        let repo = Sandbox::new().repo_with("repo", options);
        commit_with(&repo, &["m@v1.0.0"]);
        needed(&repo, "show", "a repository with reftables");
        needed(&repo, "register n", "a repository with reftables");
    }
}

/// Runs gto with the repository on a read-only file system. `None` if the machine does not allow that.
fn on_read_only_media(repo: &Repo, line: &str) -> Option<Run> {
    let mounted = repo.sandbox().path().join("mounted");
    let (from, to) = (repo.path().display(), mounted.display());
    let script = format!(
        "mkdir -p '{to}' && mount --bind '{from}' '{to}' && mount -o remount,bind,ro '{to}' || exit 99; \
         cd '{to}'; exec '{}' \"$@\"",
        env!("CARGO_BIN_EXE_gto")
    );
    let mut words = vec!["-m", "sh", "-c", &script, "gto"];
    words.extend(line.split(' '));
    let probe: Output = Command::new("unshare").args(["-m", "true"]).output().ok()?;
    if !probe.status.success() {
        return None;
    }
    let run = Gto::new("unshare").run(repo, &words);
    (run.status != 99).then_some(run)
}

#[test]
fn read_only_media_are_read_in_silence_and_writes_say_what_cannot_be_written() {
    for repo in storages() {
        // Enough for a cache, if one could be written.
        let tags: Vec<String> = (0..70).map(|n| format!("m{n}@v1.2.0")).collect();
        commit_with(&repo, &tags.iter().map(String::as_str).collect::<Vec<_>>());
        for guard in ["", "group"] {
            if !guard.is_empty() {
                repo.git_ok(&["config", "core.sharedRepository", guard]);
            }
            for line in [
                "show",
                "show m3 --av 3",
                "history",
                "check-ref m7@v1.2.0",
                "doctor",
                "register n --dry-run",
                "cache info",
            ] {
                let Some(run) = on_read_only_media(&repo, line) else {
                    return skip("nothing can be mounted read-only here");
                };
                assert!(run.status == 0 && !run.out().is_empty(), "{run}");
                assert_eq!(run.err(), "", "{run}");
            }
            let before = repo.fingerprint();
            for line in ["register n", "deprecate m7 --delete"] {
                let run = on_read_only_media(&repo, line).expect("it worked before").fails(1);
                assert!(run.err().starts_with("❌ Cannot write to '"), "{run}");
                assert!(run.err().contains("the file system is read-only"), "{run}");
                hints_at(&run, "clone");
                assert_eq!(repo.fingerprint(), before, "{run}");
            }
        }
    }
}
