//! `gto annotate`, `gto remove` and `gto migrate annotations`: which file they edit, what they refuse, and that a commit takes
//! that file and nothing else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::files::{read, status, write};
use crate::common::{binary, gto, hints_at, refused, refused_args, registry, warns_of};
use gto_testkit::{Oracle, Repo, RepoOptions, Run};
use serde_json::{Value, json};

fn run(repo: &Repo, args: &[&str]) -> Run {
    binary().run(repo, args)
}

#[test]
fn a_new_artifact_gets_an_entry_and_a_second_time_the_new_fields() {
    let repo = registry(&[]);
    let first = [
        "annotate",
        "churn",
        "--path",
        "models/m.pkl",
        "--type",
        "model",
        "--label",
        "tabular",
        "--label",
        "tabular",
    ];
    assert_eq!(run(&repo, &first).ok().out(), "Created `artifacts.yaml`\n");
    assert_eq!(
        read(&repo, "artifacts.yaml"),
        "churn:\n  type: model\n  path: models/m.pkl\n  labels:\n  - tabular\n"
    );
    let again = run(&repo, &first).ok();
    assert_eq!(again.out(), "");
    hints_at(&again, "there is nothing to change");
    run(&repo, &["annotate", "churn", "--label", "new", "-d", "Who: leaves", "--meta", r#"{"k": [1]}"#]).ok();
    let both = ["annotate", "churn", "--unset", "type", "--type", "x"];
    refused_args(&repo, &both, "`--type` and `--unset type` contradict each other");
    let unset = ["annotate", "churn", "--unset", "type", "--unset", "labels", "--label", "new"];
    let fields = ["--unset", "description", "--unset", "path", "--unset", "meta", "--dry-run"];
    let shown = run(&repo, &[unset.as_slice(), &fields].concat()).ok();
    let diff = shown.out();
    let left: Vec<&str> = diff.lines().skip(3).filter(|line| !line.starts_with('-')).collect();
    assert_eq!(left, [" churn:", "   labels:", "   - new"]);
    let empty = ["annotate", "churn", "--type", "", "--path", "", "-d", "", "--custom", "null"];
    let empty = [&empty, &unset[6..], &unset[4..6], &["--dry-run"]].concat();
    assert_eq!(run(&repo, &empty).ok().out(), diff);
    run(&repo, &unset).ok();
    assert_eq!(
        read(&repo, "artifacts.yaml"),
        "churn:\n  path: models/m.pkl\n  labels:\n  - new\n  description: 'Who: leaves'\n  custom:\n    k:\n    - 1\n"
    );
    // It was made for this entry, and goes with it: what was left was `{}`.
    assert_eq!(gto(&repo, "remove churn").ok().out(), "Removed `artifacts.yaml`\n");
    assert!(!repo.path().join("artifacts.yaml").exists());
    let gone = refused(&repo, "remove churn", "Cannot find artifact 'churn'");
    hints_at(&gone, "tags are another matter");
}

#[test]
fn remove_takes_the_annotation_and_no_tag() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    write(&repo, "artifacts.yaml", "# mine\nm: {path: x}\nn: {path: y}\n");
    gto(&repo, "remove m").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), "# mine\nn: {path: y}\n");
    assert_eq!(repo.tag_names(), ["m#prod#1", "m@v1.0.0"]);
}

#[test]
fn an_artifact_stays_in_the_file_that_has_it() {
    let repo = registry(&[]);
    write(&repo, "dvc.yaml", "stages: {}\nartifacts:\n  a:\n    path: a\n  both: {path: b}\n");
    // Only DVC's file annotates artifacts.
    gto(&repo, "annotate new --path new").ok();
    assert!(read(&repo, "dvc.yaml").ends_with("  both: {path: b}\n  new:\n    path: new\n"));
    write(&repo, "artifacts.yaml", "g:\n  path: g\nboth: {}\n");
    for name in ["a", "both", "g", "other"] {
        gto(&repo, &format!("annotate {name} --type model")).ok();
    }
    assert_eq!(
        read(&repo, "artifacts.yaml"),
        "g:\n  path: g\n  type: model\nboth: {}\nother:\n  type: model\n"
    );
    assert!(
        read(&repo, "dvc.yaml")
            .contains("  a:\n    path: a\n    type: model\n  both: {path: b, type: model}\n")
    );
    gto(&repo, "annotate third --path t --file dvc.yaml").ok();
    assert!(read(&repo, "dvc.yaml").ends_with("  third:\n    path: t\n"));
    let elsewhere =
        refused(&repo, "annotate a --path x --file artifacts.yaml", "'a' is annotated in 'dvc.yaml'");
    hints_at(&elsewhere, "gto migrate annotations a --to artifacts");
    let no_path = refused(
        &repo,
        "annotate fourth --file dvc.yaml --type model",
        "An artifact in 'dvc.yaml' needs a path",
    );
    hints_at(&no_path, "--path");
}

#[test]
fn an_artifact_of_a_folder_is_in_the_dvc_yaml_there_and_its_path_seen_from_there() {
    let repo = registry(&[]);
    let none = refused(
        &repo,
        "annotate cv:m --path cv/m.pkl",
        "'cv/dvc.yaml' is not edited: there is no folder 'cv'",
    );
    hints_at(&none, "nothing was changed");
    fs::create_dir(repo.path().join("cv")).unwrap();
    assert_eq!(gto(&repo, "annotate cv/dvc.yaml:m --path cv/m.pkl").ok().out(), "Created `cv/dvc.yaml`\n");
    gto(&repo, "annotate cv:raw --path data/raw").ok();
    assert_eq!(
        read(&repo, "cv/dvc.yaml"),
        "artifacts:\n  m:\n    path: m.pkl\n  raw:\n    path: ../data/raw\n"
    );
    assert_eq!(gto(&repo, "describe cv:raw --path").ok().out(), "data/raw\n");
    refused(
        &repo,
        "annotate cv:x --path x --file artifacts.yaml",
        "'cv:x' has a folder, and can only be annotated in 'cv/dvc.yaml'",
    );
    gto(&repo, "remove cv:m").ok();
    gto(&repo, "remove cv:raw").ok();
    assert!(!repo.path().join("cv/dvc.yaml").exists());
}

#[test]
fn types_labels_and_names_are_checked() {
    let repo = registry(&[]);
    write(&repo, ".gto", "types: [model, dataset]\n");
    let wrong = refused(&repo, "annotate m --type modle", "Allowed types are: '['model', 'dataset']'");
    hints_at(&wrong, "did you mean 'model'?");
    gto(&repo, "annotate m --type model").ok();
    let label = run(&repo, &["annotate", "m", "--label", "a b"]).fails(1);
    assert!(label.err().starts_with("❌ Invalid value 'a b'."), "{label}");
    let version = run(&repo, &["annotate", "m@v1.0.0", "--type", "model"]).fails(1);
    assert!(version.err().starts_with("❌ Invalid value 'm@v1.0.0'."), "{version}");
    let nothing = refused(&repo, "annotate m", "There is nothing to write");
    hints_at(&nothing, "--path");
    let json = refused_args(
        &repo,
        &["annotate", "m", "--custom", "a=b"],
        "`--custom` is no json: expected value at line 1 column 1",
    );
    hints_at(&json, "json looks like");
    refused_args(
        &repo,
        &["annotate", "m", "--custom", r#"{"id":123456789012345678901}"#],
        "`--custom` has an integer of more than 64 bits, which would be rounded: 123456789012345678901",
    );
    refused_args(
        &repo,
        &["annotate", "m", "--custom", r#"{"a":1,"a":2}"#],
        "`--custom` has the key 'a' twice at line 1 column 10",
    );
    refused(&repo, "annotate m --label a --remove-label a", "Label 'a' cannot be added and removed at once");
    let label = run(&repo, &["annotate", "m", "--label", "nlp:model"]).fails(1);
    hints_at(&label, "a type or a label looks like");
    assert!(!label.err().contains("folder:model"), "{label}");
}

#[test]
fn the_message_of_no_commit_is_refused() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m: {path: a}\n")], "first");
    for line in ["annotate m --type x", "remove m", "migrate annotations --to dvc"] {
        let line = format!("{line} -m why");
        let refusal = refused(&repo, &line, "`--message` is that of a commit, and none is to be made");
        hints_at(&refusal, "add --commit");
        gto(&repo, &format!("{line} --commit --dry-run")).ok();
    }
}

#[test]
fn a_name_that_yaml_takes_for_a_number_is_to_be_quoted() {
    let repo = registry(&[]);
    for (file, text) in [("artifacts.yaml", "1: {path: r}\n"), ("dvc.yaml", "artifacts: {1: {path: r}}\n")] {
        write(&repo, file, text);
        let refusal = run(&repo, &["annotate", "1", "--path", "z", "--file", file]).fails(1);
        hints_at(&refusal, &format!("write the name in quotes in '{file}'"));
        fs::remove_file(repo.path().join(file)).unwrap();
    }
}

#[test]
fn the_path_of_another_artifact_is_refused_unless_allowed() {
    let repo = registry(&[]);
    write(&repo, "artifacts.yaml", "m: {path: models/m}\n");
    write(&repo, "dvc.yaml", "artifacts: {d: {path: data}}\n");
    for (path, by) in [("models/m", "m"), ("models", "m"), ("./models/m/x", "m"), ("data/raw", "d")] {
        let message = format!("Provided path conflicts with '{path}' ('model' 'n')");
        let refusal = refused(&repo, &format!("annotate n --type model --path {path}"), &message);
        hints_at(&refusal, &format!("the path of '{by}'"));
    }
    gto(&repo, "annotate m --path models/m/x").ok();
    gto(&repo, "annotate n --path models/my").ok();
    gto(&repo, "annotate o --path models --allow-same-path").ok();
}

#[test]
fn a_path_that_must_exist_is_looked_for_in_the_commit() {
    let repo = Repo::new();
    repo.commit(&[("models/m.pkl", "x")], "first");
    write(&repo, "new.pkl", "x");
    for path in ["new.pkl", "models/m.pkl/x", "/elsewhere", "s3://x/y"] {
        let message = format!("Nothing found in '{path}' for checked out commit");
        refused(&repo, &format!("annotate n -e --path {path}"), &message);
    }
    refused(&repo, "annotate m --must-exist --type x", "`path` is required when `must_exist` is set to True");
    gto(&repo, "annotate m -e --path models").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), "m:\n  path: models\n  virtual: false\n");
    gto(&repo, "annotate m --path ./models/m.pkl").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), "m:\n  path: ./models/m.pkl\n  virtual: true\n");
}

#[test]
fn a_dry_run_shows_the_diff_and_writes_nothing() {
    let repo = registry(&[]);
    let text = "# mine\nm:\n  path: old   # here\n  type: model\nn: {}\n";
    write(&repo, "artifacts.yaml", text);
    let before = repo.fingerprint();
    let dry = gto(&repo, "annotate m --path new --dry-run").ok();
    assert_eq!(
        dry.out(),
        "--- a/artifacts.yaml\n+++ b/artifacts.yaml\n@@ -1,5 +1,5 @@\n # mine\n m:\n-  path: old   # here\n+  path: new   # here\n   \
         type: model\n n: {}\n"
    );
    assert_eq!((read(&repo, "artifacts.yaml"), repo.fingerprint()), (text.to_owned(), before));
    let json = gto(&repo, "remove n --json --dry-run").ok().json();
    assert_eq!(json["dry_run"], true);
    assert_eq!(json["files"][0]["action"], "update");
    assert_eq!((&json["commit"], &json["pushed"]), (&Value::Null, &Value::Null));
    let json = gto(&repo, "remove n --json --commit").fails(1);
    assert!(json.err().contains("'artifacts.yaml' has other changes that are not committed"), "{json}");
}

#[test]
fn the_diff_of_a_file_of_windows_shows_no_carriage_returns() {
    let repo = registry(&[]);
    write(&repo, "artifacts.yaml", "m:\r\n  path: old # here\r\n");
    let dry = gto(&repo, "annotate m --path new --dry-run").ok();
    let lines = " m:\n-  path: old # here\n+  path: new # here\n";
    assert_eq!(dry.out(), format!("--- a/artifacts.yaml\n+++ b/artifacts.yaml\n@@ -1,2 +1,2 @@\n{lines}"));
    gto(&repo, "annotate m --path new").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), "m:\r\n  path: new # here\r\n");
}

#[test]
fn what_is_wrong_with_another_field_or_a_parameter_is_told_with_what_to_do() {
    let repo = registry(&[]);
    write(&repo, "dvc.yaml", "artifacts:\n  m:\n    path: p\n    labels: # none\n");
    refused(
        &repo,
        "annotate m --type model",
        "Cannot edit 'dvc.yaml': line 4, column 11: 'labels' must be a list of texts, not nothing",
    );
    gto(&repo, "annotate m --label new").ok();
    assert_eq!(read(&repo, "dvc.yaml"), "artifacts:\n  m:\n    path: p\n    labels: # none\n    - new\n");
    let open = run(&repo, &["annotate", "m", "--description", "costs ${much}"]).fails(1);
    assert!(open.err().contains("'${much}' has no value"), "{open}");
    hints_at(&open, r"type '\${x}', in single quotes, for the text itself");
    run(&repo, &["annotate", "m", "--description", r"costs \${much}"]).ok();
    assert!(gto(&repo, "describe m").ok().out().contains("costs ${much}"));
}

#[test]
fn an_edit_that_would_cost_a_comment_is_refused_at_the_comment() {
    let repo = registry(&[]);
    let text = "m:\n  path: p\n  labels: [one, two, # both\n    three] # all\n";
    write(&repo, "artifacts.yaml", text);
    refused(
        &repo,
        "annotate m --remove-label two",
        "Cannot edit 'artifacts.yaml': line 3, column 22: a comment would get lost, or stand at something else: make the change \
         by hand",
    );
    assert_eq!(read(&repo, "artifacts.yaml"), text);
    gto(&repo, "annotate m --remove-label three --label four").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), text.replace("three", "four"));
}

/// Something of every kind beside the file: staged, changed after that, changed, deleted, new.
fn in_the_midst_of_work() -> Repo {
    let repo = Repo::new();
    let files = ["staged", "both", "changed", "gone", "artifacts.yaml"];
    repo.commit(
        &files.map(|file| (file, if file == "artifacts.yaml" { "m: {path: a}\n" } else { "1\n" })),
        "first",
    );
    repo.commit(&[("sub/x", "1\n")], "second");
    for (file, text) in [("staged", "2\n"), ("both", "2\n"), ("added", "2\n")] {
        write(&repo, file, text);
        repo.git_ok(&["add", file]);
    }
    for (file, text) in [("both", "3\n"), ("changed", "2\n"), ("new", "2\n")] {
        write(&repo, file, text);
    }
    fs::remove_file(repo.path().join("gone")).unwrap();
    repo
}

#[test]
fn a_commit_takes_the_file_and_leaves_the_index_and_everything_else() {
    for (line, file, message) in [
        (
            "annotate m --type model --path b --commit",
            "artifacts.yaml",
            "Annotate artifact `m` of type `model` with path `b`",
        ),
        ("annotate n --path n --file dvc.yaml --commit", "dvc.yaml", "Annotate artifact `n` with path `n`"),
        ("annotate sub:n --path sub/n --commit -m Mine", "sub/dvc.yaml", "Mine"),
        ("remove m --commit", "artifacts.yaml", "Remove annotation for artifact `m`"),
    ] {
        let repo = in_the_midst_of_work();
        let index = repo.git_ok(&["ls-files", "--stage"]);
        let before = (status(&repo), repo.head());
        let is_there = || repo.path().join(file).exists();
        let was_there = is_there();
        let done = gto(&repo, line).ok();
        let verb = match (was_there, is_there()) {
            (false, _) => "Created",
            (true, true) => "Updated",
            // Nothing was left in it.
            (true, false) => "Removed",
        };
        let head = repo.head();
        assert_eq!(
            done.out(),
            format!("{verb} `{file}`\nCreated commit {}: {message}\n", &head[..7]),
            "{line}"
        );
        assert_eq!(repo.git_ok(&["log", "-1", "--format=%P %s"]).trim(), format!("{} {message}", before.1));
        assert_eq!(repo.git_ok(&["show", "--format=", "--name-only", "HEAD"]).trim(), file);
        if is_there() {
            let committed = repo.git_ok(&["show", &format!("HEAD:{file}")]);
            assert_eq!(committed.trim_end(), read(&repo, file).trim_end());
        }
        assert_eq!(status(&repo), before.0, "{line}");
        let others = |listed: &str| -> Vec<String> {
            listed.lines().filter(|line| !line.ends_with(&format!("\t{file}"))).map(str::to_owned).collect()
        };
        assert_eq!(others(&repo.git_ok(&["ls-files", "--stage"])), others(&index), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn a_hook_that_refuses_the_commit_leaves_everything_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;

    for line in
        ["annotate m --path b --commit", "annotate n --path n --file dvc.yaml --commit", "remove m --push"]
    {
        let repo = in_the_midst_of_work();
        let remote =
            repo.sandbox().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
        repo.git_ok(&["remote", "add", "origin", &remote.path().to_string_lossy()]);
        let hook = repo.git_dir().join("hooks/pre-commit");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, "#!/bin/sh\necho 'not today' >&2\nexit 1\n").unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        let index = repo.git_ok(&["ls-files", "--stage"]);
        let before = (status(&repo), repo.head());
        let refusal = gto(&repo, line).fails(1);
        assert!(refusal.err().starts_with("❌ The command `git commit` failed: not today\n"), "{refusal}");
        assert_eq!((status(&repo), repo.head()), before, "{line}");
        assert_eq!(repo.git_ok(&["ls-files", "--stage"]), index, "{line}");
        assert_eq!(read(&repo, "artifacts.yaml"), "m: {path: a}\n");
    }
}

#[test]
fn what_else_is_changed_in_the_file_is_not_committed_along() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m: {}\n")], "first");
    write(&repo, "artifacts.yaml", "m: {}\nn: {}\n");
    let refusal = refused(
        &repo,
        "annotate m --path x --commit",
        "'artifacts.yaml' has other changes that are not committed",
    );
    hints_at(&refusal, "commit -- artifacts.yaml");
    refused(
        &repo,
        "annotate m --path x --commit --dry-run",
        "'artifacts.yaml' has other changes that are not committed",
    );
    assert_eq!(read(&repo, "artifacts.yaml"), "m: {}\nn: {}\n");
    // In a folder git sees paths from there.
    let folder = repo.path().join("sub");
    fs::create_dir(&folder).unwrap();
    let args = ["annotate", "m", "--path", "x", "--commit"];
    let refusal = binary().run_in(repo.sandbox(), &folder, &args, b"").fails(1);
    hints_at(&refusal, "(`git commit -- :/artifacts.yaml`)");
    let mut args = args.to_vec();
    args.extend(["-r", "sub"]);
    let refusal = binary().run_in(repo.sandbox(), repo.path(), &args, b"").fails(1);
    hints_at(&refusal, "(`git -C sub commit -- :/artifacts.yaml`)");
    repo.git_ok(&["-C", "sub", "commit", "--quiet", "-m", "n", "--", ":/artifacts.yaml"]);
    assert_eq!(status(&repo), "");
}

#[test]
fn push_commits_and_pushes_the_branch_and_no_tag() {
    let repo = registry(&["m@v1.0.0"]);
    let remote = repo.sandbox().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    refused(&repo, "annotate m --path a --push", "There is no remote to push to or to fetch from");
    repo.git_ok(&["remote", "add", "origin", &remote.path().to_string_lossy()]);
    let done = gto(&repo, "annotate m --path a --push --json").ok().json();
    assert_eq!(done["commit"], repo.head());
    assert_eq!(done["pushed"], json!({"branch": "main", "remote": "origin"}));
    assert_eq!(
        remote.git_ok(&["for-each-ref", "--format=%(refname) %(objectname)"]).trim(),
        format!("refs/heads/main {}", repo.head())
    );
    // Somebody else was faster: the commit stays here.
    let other = remote.clone_to("other");
    other.commit(&[], "theirs");
    other.git_ok(&["push", "-q"]);
    let late = gto(&repo, "annotate m --path b --push").fails(1);
    let head = repo.head();
    let start = format!("❌ Commit {} was made, but the branch was not pushed to origin:", &head[..7]);
    assert!(late.err().starts_with(&start), "{late}");
    hints_at(&late, "pull --rebase");
    repo.git_ok(&["checkout", "-q", "--detach"]);
    refused(&repo, "annotate m --path c --push", "There is no branch to push: HEAD is detached");
}

#[test]
fn only_files_of_the_work_tree_are_edited() {
    let repo = registry(&[]);
    let place = |line: &str, file: &str, why: &str| {
        refused(&repo, line, &format!("'{file}' is not edited: {why}"));
    };
    place("annotate ../x:m --path a", "../x/dvc.yaml", "it is not a file of the work tree");
    place("annotate .git:m --path a", ".git/dvc.yaml", "it is not a file of the work tree");
    place("annotate .GIT/x:m --path a", ".GIT/x/dvc.yaml", "it is not a file of the work tree");
    let nested = repo.path().join("nested");
    repo.git_ok(&["init", "-q", &nested.to_string_lossy()]);
    place("annotate nested:m --path a", "nested/dvc.yaml", "'nested' is another repository");
    fs::create_dir(repo.path().join("artifacts.yaml")).unwrap();
    place("annotate m --path a", "artifacts.yaml", "it is not a file");
    fs::remove_dir(repo.path().join("artifacts.yaml")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let outside = repo.sandbox().path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("dvc.yaml"), "artifacts: {}\n").unwrap();
        symlink(&outside, repo.path().join("link")).unwrap();
        place("annotate link:m --path a", "link/dvc.yaml", "'link' is a symbolic link");
        symlink(outside.join("dvc.yaml"), repo.path().join("artifacts.yaml")).unwrap();
        place(
            "annotate m --path a",
            "artifacts.yaml",
            "'artifacts.yaml' is a symbolic link that leads out of the work tree",
        );
        assert_eq!(fs::read_to_string(outside.join("dvc.yaml")).unwrap(), "artifacts: {}\n");
        fs::remove_file(repo.path().join("artifacts.yaml")).unwrap();
    }
    write(&repo, ".gto", "INDEX: ../escape.yaml\n");
    place("annotate m --path a", "../escape.yaml", "it is not a file of the work tree");
    let bare = repo.sandbox().repo_with("bare.git", RepoOptions { bare: true, ..RepoOptions::default() });
    let none = run(&bare, &["annotate", "m", "--path", "a"]).fails(1);
    assert!(none.err().starts_with("❌ There is no work tree in "), "{none}");
}

#[test]
fn a_damaged_file_is_told_with_its_place_and_left_alone() {
    let repo = registry(&[]);
    write(&repo, "dvc.yaml", "artifacts:\n  a: {path: x}\n  a: {path: y}\n");
    refused(&repo, "annotate a --type model", "Cannot edit 'dvc.yaml': line 3, column 3: repeated key 'a'");
    refused(&repo, "annotate new --type model", "Cannot edit 'dvc.yaml': line 3, column 3: repeated key 'a'");
    gto(&repo, "annotate new --type model --file artifacts.yaml").ok();
    write(&repo, "dvc.yaml", "artifacts: {a: {path: '${x}'}, '${b}-c': {path: y}}\n");
    write(&repo, "params.yaml", "b: B\n");
    let filled = run(&repo, &["annotate", "d", "--path", "d", "-d", "${c}", "--file", "dvc.yaml"]).fails(1);
    assert!(
        filled
            .err()
            .starts_with("❌ 'd' could not be read from 'dvc.yaml' after this change: line 1, column "),
        "{filled}"
    );
    run(&repo, &["annotate", "d", "--path", "d", "-d", "\\${c}", "--file", "dvc.yaml"]).ok();
    assert_eq!(gto(&repo, "describe d --description").ok().out(), "${c}\n");
}

#[test]
fn annotations_move_to_dvc_yaml_and_back_as_a_plan_first() {
    let repo = Repo::new();
    let gto_file = "# ours\nm:\n  type: model\n  path: m.pkl\n  labels: [a]\n  description: |\n    two\n    lines\n  custom: {k: 1}\nraw:\n  path: data\n";
    repo.commit(&[("artifacts.yaml", gto_file), ("dvc.yaml", "# theirs\nstages: {}\n")], "first");
    let before = gto(&repo, "describe m --json").ok().json();
    let dry = gto(&repo, "migrate annotations --to dvc").ok();
    assert!(dry.out().contains("+artifacts:\n+  m:\n+    path: m.pkl\n"), "{dry}");
    hints_at(&dry, "--apply");
    assert_eq!(read(&repo, "artifacts.yaml"), gto_file);
    let done = gto(&repo, "migrate annotations --to dvc --apply --commit").ok();
    assert!(
        done.out().starts_with("Updated `dvc.yaml`\nUpdated `artifacts.yaml`\nCreated commit "),
        "{done}"
    );
    assert_eq!(status(&repo), "");
    assert_eq!(read(&repo, "artifacts.yaml"), "# ours\n{}\n");
    assert_eq!(
        read(&repo, "dvc.yaml"),
        "# theirs\nstages: {}\nartifacts:\n  m:\n    path: m.pkl\n    desc: |\n      two\n      lines\n    type: model\n    \
         labels:\n    - a\n    meta:\n      k: 1\n  raw:\n    path: data\n"
    );
    let after = gto(&repo, "describe m --json").ok().json();
    for field in ["type", "path", "labels", "description", "custom"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    gto(&repo, "migrate annotations raw --to artifacts.yaml --apply").ok();
    assert_eq!(read(&repo, "artifacts.yaml"), "# ours\nraw:\n  path: data\n");
    gto(&repo, "migrate annotations --to artifacts --apply").ok();
    assert_eq!(read(&repo, "dvc.yaml"), "# theirs\nstages: {}\n");
    assert_eq!(gto(&repo, "describe m --json").ok().json()["custom"], json!({"k": 1}));
}

#[test]
fn of_many_edits_at_once_none_is_lost() {
    let repo = registry(&[]);
    let start = |number: usize| {
        let (name, path) = (format!("m{number}"), format!("p{number}"));
        let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
        command.args(["annotate", &name, "--path", &path]).spawn().unwrap()
    };
    let all: Vec<_> = (0..12).map(start).collect();
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    assert_eq!(read(&repo, "artifacts.yaml").matches("path:").count(), 12);
}

#[test]
fn the_last_entry_goes_without_the_comments_of_its_section() {
    let repo = registry(&[]);
    let text = "artifacts: # ours\n  # ask Eve\n  m:\n    path: a # of m\n# the end\n";
    write(&repo, "dvc.yaml", text);
    let left = "artifacts: {} # ours\n  # ask Eve\n# the end\n";
    gto(&repo, "remove m").ok();
    assert_eq!(read(&repo, "dvc.yaml"), left);
    write(&repo, "dvc.yaml", text);
    gto(&repo, "migrate annotations --to artifacts --apply").ok();
    assert_eq!(read(&repo, "dvc.yaml"), left);
    write(&repo, "dvc.yaml", "artifacts:\n  n:\n    path: b # of n\n");
    let done = gto(&repo, "migrate annotations --to artifacts --apply").ok();
    assert!(done.out().contains("Removed `dvc.yaml`"), "{done}");
}

#[test]
fn what_has_no_place_in_the_other_file_keeps_all_from_moving() {
    let repo = registry(&[]);
    let text = "a: {path: a}\nb: {}\nc: {path: c, virtual: false}\nd: {path: d, owner: me}\ne: {path: e}\n";
    write(&repo, "artifacts.yaml", text);
    write(&repo, "dvc.yaml", "artifacts: {e: {path: other}}\n");
    let run = gto(&repo, "migrate annotations --to dvc --apply").fails(1);
    for words in [
        "'b' stays where it is: it has no path",
        "'c' stays where it is: its field 'virtual: false' has no place there",
        "'d' stays where it is: its field 'owner' has no place there",
        "'e' stays where it is: 'dvc.yaml' says something else of it",
    ] {
        warns_of(&run, words);
    }
    assert!(run.err().contains("❌ Not all annotations can be moved, and so none was"), "{run}");
    assert_eq!(read(&repo, "artifacts.yaml"), text);
    gto(&repo, "migrate annotations a --to dvc --apply").ok();
    assert_eq!(read(&repo, "dvc.yaml"), "artifacts: {e: {path: other}, a: {path: a}}\n");
    write(&repo, "dvc.yaml", "vars: [{p: x}]\nartifacts: {f: {path: '${p}'}}\n");
    let filled = gto(&repo, "migrate annotations f --to artifacts").fails(1);
    warns_of(&filled, "'f' stays where it is: its fields are filled from parameters");
}

/// The same edits by the Python tool's index and by ours say the same, for the Python tool.
#[test]
fn the_oracles_index_reads_what_it_would_have_written() {
    if Oracle::or_skip().is_none() {
        return;
    }
    let script = "\
import json, sys
from gto.index import RepoIndexManager
edits = json.loads(sys.argv[1])
with RepoIndexManager.from_url('.') as index:
    for edit in edits:
        name = edit.pop('name')
        if not edit:
            index.remove(name)
        else:
            index.add(name, **{**dict(type=None, path=None, must_exist=False, allow_same_path=False, labels=[], description='',
                               custom=None, update=True), **edit})
    state = index.get_index().model_dump()['state']
print(json.dumps(state, sort_keys=True))
";
    let edits = json!([
        {"name": "m", "type": "model", "path": "models/m.pkl", "labels": ["b", "a"], "description": "two\nlines: é"},
        {"name": "n", "path": "data", "must_exist": true},
        {"name": "gone", "type": "x"},
        {"name": "m", "path": "other", "labels": ["c"], "description": "yes"},
        {"name": "n", "type": "no", "description": "1e3"},
        {"name": "gone"},
    ]);
    let ask = |repo: &Repo, edits: &Value| -> Value {
        let mut python = repo.command(Oracle::python());
        let output = python.args(["-c", script, &edits.to_string()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut state: Value = serde_json::from_slice(&output.stdout).unwrap();
        // It sorts the labels of an artifact that it changes.
        for artifact in state.as_object_mut().unwrap().values_mut() {
            artifact["labels"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        }
        state
    };
    let repos = ["theirs", "ours"].map(|_| {
        let repo = Repo::new();
        repo.commit(
            &[("data", "x"), ("artifacts.yaml", "# top\nold:\n  path: old # c\n  labels: [z]\n")],
            "first",
        );
        repo
    });
    let theirs = ask(&repos[0], &edits);
    for edit in edits.as_array().unwrap() {
        let mut args = vec![edit["name"].as_str().unwrap().to_owned()];
        for (field, flag) in [("type", "--type"), ("path", "--path"), ("description", "--description")] {
            args.extend(edit[field].as_str().map(|value| format!("{flag}={value}")));
        }
        let labels = edit["labels"].as_array().into_iter().flatten();
        args.extend(labels.map(|label| format!("--label={}", label.as_str().unwrap())));
        args.extend(edit["must_exist"].as_bool().map(|_| "--must-exist".to_owned()));
        args.insert(0, if args.len() == 1 { "remove" } else { "annotate" }.to_owned());
        run(&repos[1], &args.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    }
    assert!(
        read(&repos[1], "artifacts.yaml").starts_with("# top\nold:\n  path: old # c\n  labels: [z]\nm:\n")
    );
    assert_eq!(ask(&repos[1], &json!([])), theirs);
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/annotations/dvc")
}

/// Edits of files that DVC wrote, and what DVC reads of them then.
#[test]
fn dvc_reads_the_edited_files() {
    let Some(python) = std::env::var_os("GTO_DVC") else {
        return gto_testkit::skip("no DVC: GTO_DVC names no Python that has dvc==3.66.1");
    };
    let repo = registry(&[]);
    let output =
        repo.command("cp").arg("-r").arg(fixture().join("files/.")).arg(repo.path()).output().unwrap();
    assert!(output.status.success());
    let ask = || -> Value {
        let output = repo.command(&python).arg(fixture().join("read.py")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let before = ask();
    let new = [
        "--path",
        "x/new.pkl",
        "--allow-same-path",
        "--type",
        "model",
        "--label",
        "on",
        "--label",
        "b",
        "--description",
        "two\nlines: #1",
        "--meta",
        r#"{"date": "2024-01-02", "n": [1, 1.5, null, "no"], "t": {"a b": "1_000"}}"#,
    ];
    for name in ["new", "cv:new", "sub:new", "param:new"] {
        run(&repo, &[&["annotate", name, "--file", "dvc.yaml"], new.as_slice()].concat()).ok();
    }
    let after = ask();
    let meta = json!({"date": "2024-01-02", "n": [1, 1.5, null, "no"], "t": {"a b": "1_000"}});
    for (file, path) in [
        ("dvc.yaml", "x/new.pkl"),
        ("cv/dvc.yaml", "../x/new.pkl"),
        ("sub/dvc.yaml", "../x/new.pkl"),
        ("param/dvc.yaml", "../x/new.pkl"),
    ] {
        assert_eq!(
            after[file]["new"],
            json!({"path": path, "type": "model", "labels": ["on", "b"], "desc": "two\nlines: #1", "meta": meta}),
            "{file}"
        );
    }
    for name in ["new", "cv:new", "sub:new", "param:new"] {
        gto(&repo, &format!("remove {name}")).ok();
    }
    assert_eq!(ask(), before);

    // The same with files as projects have them, which the library's own tests edit in all ways.
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gto/tests/library/edits");
    let mut names = Vec::new();
    for file in fs::read_dir(real).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(name) = name.strip_prefix("dvc_").and_then(|name| name.strip_suffix(".yaml")) {
            write(&repo, &format!("{name}/dvc.yaml"), &fs::read_to_string(file).unwrap());
            names.push(name.to_owned());
        }
    }
    assert!(names.len() > 5);
    let params = "model: {dir: models}\nseed: 1\nlr: 0.1\ndatasets: {a: {path: a}}\n";
    for name in &names {
        write(&repo, &format!("{name}/params.yaml"), params);
    }
    write(&repo, "params_and_templates/config/prod.yaml", "env: prod\n");
    let before = ask();
    for name in &names {
        run(&repo, &[&["annotate", &format!("{name}:new")], new.as_slice()].concat()).ok();
    }
    let mut after = ask();
    for name in &names {
        let artifacts = after[format!("{name}/dvc.yaml")].as_object_mut().unwrap();
        let added = artifacts.remove("new").unwrap();
        assert_eq!((&added["path"], &added["meta"]), (&json!("../x/new.pkl"), &meta), "{name}");
        gto(&repo, &format!("remove {name}:new")).ok();
    }
    assert_eq!(after, before);
    assert_eq!(ask(), before);
}
