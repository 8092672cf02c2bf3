//! What `gto annotate`, `gto remove` and `gto migrate annotations` must not do to files, whatever other processes do:
//! disks that refuse, hooks, links, other people's changes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use std::fs;
use std::path::Path;

use crate::common::files::{read, status, write};
use crate::common::{binary, gto, hints_at, refused, registry, warns_of};
use gto_testkit::{Repo, RepoOptions, Run};
use serde_json::{Value, json};

/// With these files, all committed.
fn with(files: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    repo.commit(files, "files");
    repo
}

/// With one artifact in `artifacts.yaml`, all committed.
fn committed() -> Repo {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m: {path: a}\n")], "first");
    repo
}

fn url(repo: &Repo) -> String {
    format!("file://{}", repo.path().display())
}

fn with_remote(repo: &Repo) -> Repo {
    let remote = repo.sandbox().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    repo.git_ok(&["remote", "add", "origin", &remote.path().to_string_lossy()]);
    remote
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
fn hook(repo: &Repo, name: &str, script: &str) {
    let hook = repo.git_dir().join("hooks").join(name);
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    set_mode(&hook, 0o755);
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_not_replaced_and_modes_are_kept() {
    let repo = committed();
    write(&repo, "dvc.yaml", "artifacts: {d: {path: d}}\n");
    let file = repo.path().join("artifacts.yaml");
    set_mode(&file, 0o444);
    for line in ["annotate m --type model", "remove m", "migrate annotations --to dvc --apply"] {
        let refusal = refused(&repo, line, "'artifacts.yaml' is read-only");
        hints_at(&refusal, "chmod u+w artifacts.yaml");
    }
    // The file that would get the artifacts was not written either: all that can be refused is, before anything is changed.
    assert_eq!(read(&repo, "dvc.yaml"), "artifacts: {d: {path: d}}\n");
    assert_eq!(read(&repo, "artifacts.yaml"), "m: {path: a}\n");
    set_mode(&file, 0o640);
    gto(&repo, "annotate m --type model").ok();
    assert_eq!(mode(&file), 0o640);
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_the_file_that_it_leads_to_is_edited() {
    let repo = Repo::new();
    std::os::unix::fs::symlink("meta/a.yaml", repo.path().join("artifacts.yaml")).unwrap();
    repo.commit(&[("meta/a.yaml", "m: {path: a}\n")], "first");
    let done = gto(&repo, "annotate m --type model --commit").ok();
    assert!(done.out().starts_with("Updated `meta/a.yaml`\nCreated commit "), "{done}");
    assert_eq!(read(&repo, "meta/a.yaml"), "m: {path: a, type: model}\n");
    assert!(repo.path().join("artifacts.yaml").is_symlink());
    assert_eq!(repo.git_ok(&["show", "--format=", "--name-only", "HEAD"]).trim(), "meta/a.yaml");
    // Where both names lead to one file there is nothing to move.
    fs::remove_file(repo.path().join("artifacts.yaml")).unwrap();
    write(&repo, "dvc.yaml", "artifacts: {m: {path: a}}\n");
    std::os::unix::fs::symlink("dvc.yaml", repo.path().join("artifacts.yaml")).unwrap();
    refused(
        &repo,
        "migrate annotations --to dvc",
        "'dvc.yaml' is not edited: it is 'artifacts.yaml' as well",
    );
}

#[test]
fn an_annotation_that_is_there_already_is_committed_and_pushed_all_the_same() {
    let repo = committed();
    let remote = with_remote(&repo);
    gto(&repo, "annotate m --type model").ok();
    let done = gto(&repo, "annotate m --type model --commit").ok();
    assert!(done.out().starts_with("Created commit "), "{done}");
    assert_eq!(repo.git_ok(&["show", "HEAD:artifacts.yaml"]).trim_end(), "m: {path: a, type: model}");
    // It is committed, and not pushed yet.
    let head = repo.head();
    let done = gto(&repo, "annotate m --type model --push").ok();
    assert_eq!(done.out(), "Successfully pushed branch main to origin.\n");
    hints_at(&done, "there is nothing to change");
    assert_eq!((repo.head(), remote.git_ok(&["rev-parse", "main"]).trim().to_owned()), (head.clone(), head));
    // An edit on top of one that is not committed: both are of the same entry. In a new file too.
    gto(&repo, "annotate m --label one").ok();
    gto(&repo, "annotate m --label two --commit").ok();
    gto(&repo, "annotate n --path n --file dvc.yaml").ok();
    gto(&repo, "annotate n --path n --commit").ok();
    assert_eq!(status(&repo), "");
    assert_eq!(gto(&repo, "annotate n --path n --commit").ok().out(), "");
    // What is taken back before it was committed needs no commit.
    gto(&repo, "annotate new --path x --file artifacts.yaml").ok();
    assert_eq!(gto(&repo, "remove new --commit").ok().out(), "Updated `artifacts.yaml`\n");
    assert_eq!(status(&repo), "");
}

#[test]
fn what_others_have_changed_in_the_file_is_never_committed_along() {
    let head = "# top\nm: {path: a}\nn: {path: n}\n";
    let staged = "# top\nm: {path: s}\nn: {path: n}\n";
    for (index, file) in [
        (head, "# other\nm: {path: b}\nn: {path: n}\n"),
        (head, "# top\nm: {path: b}\nn: {path: x}\n"),
        (head, "# top\nm: {path: b}\n"),
        (staged, "# top\nm: {path: b}\nn: {path: n}\n"),
    ] {
        let repo = Repo::new();
        repo.commit(&[("artifacts.yaml", head)], "first");
        write(&repo, "artifacts.yaml", index);
        repo.git_ok(&["add", "artifacts.yaml"]);
        write(&repo, "artifacts.yaml", file);
        let before = (repo.fingerprint(), status(&repo));
        for line in ["annotate m --path b --commit", "annotate m --path c --commit"] {
            let why = "'artifacts.yaml' has other changes that are not committed";
            let refusal = refused(&repo, line, why);
            hints_at(&refusal, "commit -- artifacts.yaml");
        }
        assert_eq!((repo.fingerprint(), status(&repo)), before);
        assert_eq!(read(&repo, "artifacts.yaml"), file);
    }
    let repo = registry(&[]);
    write(&repo, "artifacts.yaml", "mine: {path: x}\n");
    let why = "'artifacts.yaml' has other changes that are not committed";
    hints_at(&refused(&repo, "annotate m --path c --commit", why), "add -- artifacts.yaml`, then `git");
    write(&repo, ".gitignore", "artifacts.yaml\n");
    write(&repo, "artifacts.yaml", "m: {path: c}\n");
    refused(&repo, "annotate m --path c --commit", why);
}

#[test]
fn a_file_that_is_not_checked_out_is_not_overwritten_by_a_commit() {
    let repo = Repo::new();
    repo.commit(&[("cv/dvc.yaml", "artifacts: {a: {path: a}}\n"), ("cv/x", "")], "first");
    repo.git_ok(&["sparse-checkout", "set", "--no-cone", "/cv/x"]);
    let why = "'cv/dvc.yaml' is not edited: the sparse checkout leaves it out";
    hints_at(
        &refused(&repo, "annotate cv:m --path cv/m --commit", why),
        "git sparse-checkout add /cv/dvc.yaml",
    );
    assert_eq!(status(&repo), "");
}

#[cfg(unix)]
#[test]
fn what_a_hook_has_made_of_the_file_is_left_and_told() {
    let repo = committed();
    hook(&repo, "pre-commit", "echo '# by the hook' >> artifacts.yaml; echo 'was formatted' >&2; exit 1");
    let refusal = gto(&repo, "annotate m --type model --commit").fails(1);
    assert!(refusal.err().starts_with("❌ The command `git commit` failed: was formatted\n"), "{refusal}");
    hints_at(&refusal, "diff -- artifacts.yaml`; if that is as it should be, run the command again");
    assert_eq!(read(&repo, "artifacts.yaml"), "m: {path: a, type: model}\n# by the hook\n");
}

#[test]
fn a_folder_that_is_not_there_is_to_be_made() {
    let repo = committed();
    let error = "'cv/nlp/dvc.yaml' is not edited: there is no folder 'cv/nlp'";
    hints_at(&refused(&repo, "annotate cv/nlp:x --path a", error), "`mkdir -p cv/nlp`");
    let remote = gto(&repo, &format!("annotate cv/nlp:x --path a -r {}", url(&repo))).fails(1);
    hints_at(&remote, "in a clone, make 'cv/nlp'");
}

/// To us alone, as a service manager does it, and to the group, as `timeout` and a terminal do it.
#[cfg(target_os = "linux")]
#[test]
fn an_edit_whose_commit_is_interrupted_is_put_back_before_the_signal_ends_it() {
    use std::os::unix::process::ExitStatusExt as _;
    for (name, number, group, line) in [
        ("-TERM", 15, false, "annotate m --type model --commit"),
        ("-INT", 2, true, "annotate n --path n --file dvc.yaml --commit"),
        ("-HUP", 1, false, "migrate annotations --to dvc --commit"),
    ] {
        let repo = committed();
        let begun = repo.sandbox().path().join("begun");
        let (trap, seconds) = if name == "-TERM" { ("trap '' TERM; ", 5) } else { ("", 600) };
        hook(&repo, "pre-commit", &format!("{trap}touch '{}'; sleep {seconds}", begun.display()));
        let mut command = repo.command("setsid");
        command.args(["env", "--default-signal", env!("CARGO_BIN_EXE_gto")]).args(line.split(' '));
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        while !begun.exists() {
            assert!(child.try_wait().unwrap().is_none(), "{line}");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let sign = if group { "-" } else { "" };
        let to = format!("{sign}{}", child.id());
        let kill = || std::process::Command::new("kill").args([name, "--", &to]).status().unwrap().success();
        assert!(kill());
        if !trap.is_empty() {
            // Whoever is impatient gets it all put back, too.
            std::thread::sleep(std::time::Duration::from_millis(1300));
            assert!(kill());
        }
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(number), "{line}");
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.contains("interrupted, and nothing was changed"), "{line}: {said}");
        assert_eq!(
            (status(&repo), read(&repo, "artifacts.yaml")),
            (String::new(), "m: {path: a}\n".to_owned())
        );
        assert_eq!(repo.git_ok(&["rev-list", "--count", "HEAD"]).trim(), "1");
    }
}

/// A hook that comes after the commit may hang or be ended: the file is then as the commit has it.
#[cfg(unix)]
#[test]
fn the_file_is_not_put_back_once_the_commit_is_there() {
    // At `committed`, the index is not what it is to be yet.
    let after_ref = ("reference-transaction", "test \"$1\" != committed || exec sleep 30");
    for (line, (name, script)) in [
        ("annotate m --type model --push", ("post-commit", "exec sleep 30")),
        ("annotate n --path n --file dvc.yaml --commit", ("post-commit", "exec sleep 30")),
        ("annotate m --type model --commit", after_ref),
        ("annotate n --path n --file dvc.yaml --commit", after_ref),
    ] {
        let mut repo = committed();
        with_remote(&repo);
        hook(&repo, name, script);
        repo.sandbox_mut().set_env("GTO_GIT_TIMEOUT", "1");
        let before = repo.head();
        let stopped = gto(&repo, line).fails(1);
        let head = repo.head();
        assert_ne!(head, before);
        let start = format!("❌ Commit {} was made, but `git commit` failed after that: ", &head[..7]);
        assert!(stopped.err().starts_with(&start), "{stopped}");
        hints_at(&stopped, "nothing was pushed");
        assert_eq!(status(&repo), "");
    }
}

#[test]
fn a_path_is_from_the_root_wherever_the_file_is() {
    let repo = registry(&[]);
    fs::create_dir_all(repo.path().join("cv/deep")).unwrap();
    fs::create_dir(repo.path().join("nlp")).unwrap();
    gto(&repo, "annotate cv/deep:m --path models/m").ok();
    let absolute = repo.path().canonicalize().unwrap().join("models/m/x");
    for path in ["models/m/x", "models", &absolute.to_string_lossy()] {
        let run = binary().run(&repo, &["annotate", "nlp:new", "--path", path]).fails(1);
        assert!(run.err().starts_with("❌ Provided path conflicts with 'models"), "{run}");
        hints_at(&run, "the path of 'cv/deep:m'");
    }
    binary()
        .run(&repo, &["annotate", "nlp:new", "--path", &absolute.to_string_lossy(), "--allow-same-path"])
        .ok();
    assert_eq!(read(&repo, "nlp/dvc.yaml"), "artifacts:\n  new:\n    path: ../models/m/x\n");
    assert_eq!(gto(&repo, "describe nlp:new --path").ok().out(), "models/m/x\n");
    for path in ["../x", "a/../../x", ".."] {
        let refusal = refused(
            &repo,
            &format!("annotate n --path {path}"),
            &format!("'{path}' is not in the repository"),
        );
        hints_at(&refusal, "from the root of the repository");
    }
    let run = binary().run(&repo, &["annotate", "n", "--path", "a\u{1b}[2Jb"]).fails(1);
    assert!(run.err().contains("has control characters") && !run.err().contains('\u{1b}'), "{run}");
    gto(&repo, "annotate n --path s3://bucket/../x").ok();
    gto(&repo, "annotate o --path /elsewhere/x").ok();
    assert_eq!(gto(&repo, "describe o --path").ok().out(), "/elsewhere/x\n");
}

#[test]
fn what_cannot_be_read_keeps_all_from_moving_and_is_named() {
    let repo = registry(&[]);
    let text = "a: {path: a}\nb: {path: 3}\n'cv:c': {path: c}\nd:\n";
    write(&repo, "artifacts.yaml", text);
    for line in ["migrate annotations --to dvc", "migrate annotations --to dvc --apply"] {
        let run = gto(&repo, line).fails(1);
        warns_of(&run, "'b' stays where it is: line 2, column 11: 'path' must be a text, not 3");
        warns_of(&run, "'cv:c' stays where it is: line 3, column 1: not a valid name");
        warns_of(&run, "'d' stays where it is: line 4, column 2: must be a mapping of fields, not nothing");
        assert!(run.err().contains("❌ Not all annotations can be moved, and so none was"), "{run}");
    }
    warns_of(
        &gto(&repo, "migrate annotations b --to dvc").fails(1),
        "'b' stays where it is: line 2, column 11",
    );
    assert_eq!(read(&repo, "artifacts.yaml"), text);
    let plan = gto(&repo, "migrate annotations --to dvc --skip-unmovable --json").ok().json();
    let stays: Vec<&Value> = plan["stays"].as_array().unwrap().iter().map(|stay| &stay["name"]).collect();
    assert_eq!(stays, ["b", "cv:c", "d"]);
    gto(&repo, "migrate annotations --to dvc --skip-unmovable --apply").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), text.strip_prefix("a: {path: a}\n").unwrap());
    assert_eq!(read(&repo, "dvc.yaml"), "artifacts:\n  a:\n    path: a\n");
}

#[test]
fn artifacts_of_folders_stay_there_and_are_named() {
    let repo = registry(&[]);
    write(&repo, "dvc.yaml", "artifacts: {a: {path: a}}\n");
    write(&repo, "cv/dvc.yaml", "artifacts: {m: {path: m}}\n");
    let run = gto(&repo, "migrate annotations --to artifacts --apply").fails(1);
    warns_of(&run, "'cv:m' stays where it is: 'artifacts.yaml' has no artifacts of folders");
    warns_of(&gto(&repo, "migrate annotations cv:m --to artifacts").fails(1), "it is of a folder");
    gto(&repo, "migrate annotations --to artifacts --apply --skip-unmovable").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), "a:\n  path: a\n");
    assert_eq!(read(&repo, "cv/dvc.yaml"), "artifacts: {m: {path: m}}\n");
}

#[test]
fn values_that_json_does_not_have_move_as_they_are_written() {
    let repo = registry(&[]);
    let meta =
        "{at: 2024-01-02 10:00:00, low: -.inf, not: .nan, 1: one, day: 2024-01-02, text: '2024-01-02'}";
    write(&repo, "artifacts.yaml", &format!("m:\n  path: m\n  custom: {meta}\n"));
    gto(&repo, "migrate annotations --to dvc --apply").ok();
    let there = "artifacts:\n  m:\n    path: m\n    meta:\n      at: 2024-01-02 10:00:00\n      low: -.inf\n      not: .nan\n      1: one\n      \
                 day: 2024-01-02\n      text: '2024-01-02'\n";
    assert_eq!(read(&repo, "dvc.yaml"), there);
    gto(&repo, "migrate annotations --to artifacts --apply").ok();
    assert!(read(&repo, "artifacts.yaml").contains("    low: -.inf\n    not: .nan\n    1: one\n"));
    write(&repo, "artifacts.yaml", "m: {path: m, custom: [1, !!timestamp '2024-01-02']}\n");
    let run = gto(&repo, "migrate annotations --to dvc --apply").fails(1);
    warns_of(
        &run,
        "'m' stays where it is: line 1, column 38: a value of this kind would not arrive as it is",
    );
    assert!(!repo.path().join("dvc.yaml").exists());
}

#[test]
fn commit_and_push_say_that_a_migration_is_to_be_done() {
    let repo = committed();
    gto(&repo, "migrate annotations --to dvc --commit --dry-run").ok();
    assert!(!repo.path().join("dvc.yaml").exists());
    let done = gto(&repo, "migrate annotations --to dvc --commit").ok();
    assert!(
        done.out().starts_with("Created `dvc.yaml`\nRemoved `artifacts.yaml`\nCreated commit "),
        "{done}"
    );
    assert_eq!(status(&repo), "");
}

/// A migration that is stopped between its two files loses nothing, and the same command goes on from there.
#[test]
fn a_migration_that_stopped_half_way_goes_on() {
    let repo = committed();
    write(&repo, "dvc.yaml", "artifacts:\n  m:\n    path: a\n");
    assert_eq!(gto(&repo, "describe m --path").ok().out(), "a\n");
    gto(&repo, "migrate annotations --to dvc --apply").ok();
    assert_eq!(read(&repo, "dvc.yaml"), "artifacts:\n  m:\n    path: a\n");
    assert!(!repo.path().join("artifacts.yaml").exists());
}

#[test]
fn a_remote_repository_is_annotated_in_a_clone_and_pushed() {
    let repo = committed();
    let remote = with_remote(&repo);
    repo.git_ok(&["push", "-q", "origin", "main"]);
    let run = |line: &str| -> Run {
        let url = url(&remote);
        let args: Vec<&str> = line.split(' ').chain(["--repo", &url]).collect();
        binary().run(&repo, &args)
    };
    let done = run("annotate m --type model").ok();
    assert!(done.out().starts_with("Updated `artifacts.yaml`\nCreated commit "), "{done}");
    assert!(
        done.out().ends_with(
            ": Annotate artifact `m` of type `model`\nSuccessfully pushed branch main to origin.\n"
        )
    );
    assert_eq!(remote.git_ok(&["show", "main:artifacts.yaml"]).trim_end(), "m: {path: a, type: model}");
    let dry = run("remove m --dry-run --json").ok().json();
    assert_eq!((&dry["commit"], &dry["pushed"]), (&Value::Null, &Value::Null));
    let json = run("remove m --json").ok().json();
    assert_eq!(json["pushed"], json!({"branch": "main", "remote": "origin"}));
    // Nothing is left in it.
    assert_eq!(remote.git_ok(&["ls-tree", "--name-only", "main", "artifacts.yaml"]), "");
    assert_eq!(read(&repo, "artifacts.yaml"), "m: {path: a}\n");
    let bare = binary().run(&remote, &["annotate", "m", "--path", "a"]).fails(1);
    hints_at(&bare, &format!("`--repo {}`", url(&remote)));
}

#[cfg(unix)]
#[test]
fn of_many_who_annotate_a_remote_repository_all_get_through_and_one_that_it_refuses_is_told() {
    let repo = committed();
    let remote = with_remote(&repo);
    repo.git_ok(&["push", "-q", "origin", "main"]);
    let url = url(&remote);
    let start = |number: usize| {
        let name = format!("new{number}");
        let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
        command.args(["annotate", &name, "--path", &name, "--repo", &url]).spawn().unwrap()
    };
    let all: Vec<_> = (0..4).map(start).collect();
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    assert_eq!(remote.git_ok(&["show", "main:artifacts.yaml"]).matches("path: new").count(), 4);
    hook(&remote, "pre-receive", "echo 'not on Fridays'; exit 1");
    let refusal = binary().run(&repo, &["annotate", "m", "--path", "b", "--repo", &url]).fails(1);
    assert!(refusal.err().starts_with("❌ The branch was not pushed to origin: not on Fridays"), "{refusal}");
    hints_at(&refusal, "nothing was changed");
}

#[test]
fn a_file_that_is_not_checked_out_is_not_replaced_even_without_a_commit() {
    let repo = with(&[("d/x", "1"), ("artifacts.yaml", "one: {path: d/x}\n")]);
    repo.git_ok(&["sparse-checkout", "set", "--no-cone", "/d/"]);
    for line in ["annotate three --path d/z", "annotate three --path d/z --dry-run", "remove one"] {
        refused(&repo, line, "'artifacts.yaml' is not edited: the sparse checkout leaves it out");
    }
    assert!(!repo.path().join("artifacts.yaml").exists());
}

#[cfg(unix)]
#[test]
fn a_link_never_comes_to_lead_nowhere() {
    let repo = with(&[("c/a.yaml", "m: {path: p}\n")]);
    std::os::unix::fs::symlink("c/a.yaml", repo.path().join("artifacts.yaml")).unwrap();
    repo.git_ok(&["add", "-A"]);
    repo.git_ok(&["commit", "-qm", "link"]);
    gto(&repo, "migrate annotations --to dvc --commit").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), "{}\n");
    gto(&repo, "annotate m --type z --commit").ok();
    gto(&repo, "migrate annotations --to artifacts --commit").ok();
    assert_eq!(read(&repo, "c/a.yaml"), "m:\n  type: z\n  path: p\n");
}

#[test]
fn a_move_can_be_committed_after_it_was_made() {
    let repo = with(&[("artifacts.yaml", "m: {path: ./a/../p}\nn: {path: n}\n")]);
    gto(&repo, "migrate annotations m --to dvc --apply").ok();
    assert_eq!(status(&repo), " M artifacts.yaml\n?? dvc.yaml");
    gto(&repo, "migrate annotations m --to dvc").ok();
    let run = gto(&repo, "migrate annotations m --to dvc --commit").ok();
    assert!(run.out().starts_with("Created commit "), "{run}");
    assert_eq!(status(&repo), "");
    assert_eq!(gto(&repo, "describe m --path").ok().out(), "p\n");
    gto(&repo, "migrate annotations --to dvc --apply").ok();
    gto(&repo, "migrate annotations --to dvc --commit").ok();
    assert_eq!(status(&repo), "");
}

#[test]
fn nothing_is_written_where_nothing_reads_it() {
    let repo = with(&[(".dvcignore", "ign\n"), ("ign/m", "1")]);
    refused(
        &repo,
        "annotate ign:m --path ign/m",
        "'ign/dvc.yaml' is not edited: DVC does not look there: see `.dvcignore`",
    );
    assert_eq!(status(&repo), "");
}

#[test]
fn what_git_looks_past_is_not_said_to_be_committed() {
    let repo = committed();
    for flag in ["--skip-worktree", "--assume-unchanged"] {
        repo.git_ok(&["update-index", flag, "artifacts.yaml"]);
        let why = "'artifacts.yaml' is not edited: Git is told to look past what is changed in it: \
                   see `git update-index --no-skip-worktree --no-assume-unchanged`";
        refused(&repo, "annotate m --type t --commit", why);
        repo.git_ok(&["update-index", &flag.replace("--", "--no-"), "artifacts.yaml"]);
    }
    assert_eq!(status(&repo), "");
}

/// Issue 13: four lines of what a hook said were shown, and the reason came in the 21st.
#[cfg(unix)]
#[test]
fn all_that_a_hook_of_the_commit_says_is_shown() {
    let repo = committed();
    let remote = with_remote(&repo);
    let checks = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo \"check $n\"; done";
    for (name, to) in [("pre-commit", ">&2"), ("commit-msg", ""), ("prepare-commit-msg", ">&2")] {
        hook(&repo, name, &format!("({checks}; printf 'hint: the \\033[1mreason\\033[0m\\n') {to}\nexit 1"));
        let refusal = gto(&repo, "annotate m --type model --commit").fails(1);
        let said = refusal.err();
        assert!(
            said.starts_with("❌ The command `git commit` failed: check 1\n    check 2\n"),
            "{name}: {refusal}"
        );
        assert!(said.contains("    check 20\n    hint: the reason\n"), "{name}: {refusal}");
        fs::remove_file(repo.git_dir().join("hooks").join(name)).unwrap();
    }
    hook(&remote, "pre-receive", &format!("({checks}; echo the reason) >&2; exit 1"));
    let refusal = gto(&repo, "annotate m --type model --push").fails(1);
    assert!(refusal.err().contains("    remote: check 20\n    remote: the reason\n"), "{refusal}");
    // What is said beside a success is passed on as well.
    hook(&remote, "pre-receive", "echo Create a pull request for main on GitHub by visiting: >&2");
    hook(&repo, "post-commit", "echo formatted >&2");
    let done = gto(&repo, "annotate m --type dataset --push").ok();
    assert_eq!(done.err(), "formatted\nremote: Create a pull request for main on GitHub by visiting:\n");
}

/// Issue 13: what `push.followTags` adds was published, and of two addresses one could refuse.
#[cfg(unix)]
#[test]
fn a_push_of_annotations_sends_the_branch_and_nothing_else_to_one_address() {
    let repo = committed();
    let remote = with_remote(&repo);
    gto(&repo, "register m").ok();
    gto(&repo, "assign m --version v0.0.1 --stage dev").ok();
    repo.git_ok(&["config", "push.followTags", "true"]);
    for line in ["annotate m --type model --push", "migrate annotations --to dvc --push", "remove m --push"] {
        gto(&repo, line).ok();
        assert_eq!(remote.git_ok(&["rev-parse", "main"]).trim(), repo.head(), "{line}");
        assert_eq!(remote.tag_names(), [""; 0], "{line}");
    }
    for url in [&url(&remote), "/nowhere"] {
        repo.git_ok(&["config", "--add", "remote.origin.pushurl", url]);
    }
    let head = repo.head();
    let refusal = gto(&repo, "annotate m --path a --push").fails(1);
    assert!(refusal.err().starts_with("❌ Git pushes to 2 addresses for the remote 'origin'"), "{refusal}");
    assert_eq!((repo.head(), status(&repo).as_str()), (head, ""));
    gto(&repo, "annotate m --path a --push --dry-run").ok();
    gto(&repo, "annotate m --path a --commit").ok();
}

#[cfg(unix)]
#[test]
fn a_branch_that_arrived_is_pushed_however_git_ended() {
    let repo = committed();
    let remote = with_remote(&repo);
    hook(&remote, "post-receive", "echo broken >&2; kill -9 $PPID");
    let done = gto(&repo, "annotate m --type model --push").ok();
    assert!(done.out().ends_with("Successfully pushed branch main to origin.\n"), "{done}");
    assert_eq!(remote.git_ok(&["rev-parse", "main"]).trim(), repo.head());
    hook(&remote, "post-receive", "mv \"$PWD\" \"$PWD.gone\"; kill -9 $PPID");
    let doubt = gto(&repo, "annotate m --type dataset --push").fails(1);
    assert!(doubt.err().contains("the remote cannot be asked whether it has it"), "{doubt}");
    hints_at(&doubt, "`git ls-remote --heads origin`");
}
