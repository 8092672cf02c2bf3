//! The verbs and flags that people type: `unassign`, `deregister`, `promote`, `compare`, `list`, `log`, `--exist-ok`, `--expect`, `-C`.

use gto_testkit::Repo;

use crate::common::{binary, commit_with, gto, hints_at, refused, registry, wrong_usage};

/// Two artifacts with two versions each, `dev` ahead of `prod`.
fn two() -> Repo {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "n@v1.0.0", "n#prod#1"]);
    commit_with(&repo, &["m@v1.1.0", "m#dev#2", "n@v1.1.0", "n#dev#2"]);
    repo
}

fn shown(repo: &Repo, what: &str) -> String {
    gto(repo, &format!("show {what} --version")).ok().out().trim().to_owned()
}

#[test]
fn unassign_takes_what_the_stage_shows_or_the_version_that_is_named() {
    let repo = two();
    gto(&repo, "assign m --version v1.1.0 --stage prod").ok();
    let run = gto(&repo, "unassign m prod").ok();
    assert!(
        run.out().starts_with("Created git tag 'm#prod!#4' that unassigns stage from version 'v1.1.0'\n"),
        "{run}"
    );
    assert_eq!(shown(&repo, "m#prod"), "v1.0.0");
    gto(&repo, "unassign m prod v1.0.0").ok();
    refused(&repo, "unassign m prod", "Nothing is in stage 'prod' of artifact 'm'");
    refused(&repo, "unassign m prod v1.0.0", "Stage 'prod' is not assigned to a version 'v1.0.0'");
    // A bare commit has no version that could be named.
    gto(&repo, "assign k --stage prod --sr").ok();
    gto(&repo, "unassign k prod").ok();
    assert_eq!(shown(&repo, "k#prod"), "");
}

#[test]
fn deregister_takes_a_version_out_of_use() {
    let repo = two();
    let run = gto(&repo, "deregister m v1.1.0").ok();
    assert!(run.out().starts_with("Created git tag 'm@v1.1.0!' that deregisters version\n"), "{run}");
    assert_eq!(shown(&repo, "m@latest"), "v1.0.0");
    let run = wrong_usage(&repo, "deregister m");
    assert!(run.err().contains("<VERSION>"), "{run}");
}

#[test]
fn promote_takes_what_is_in_one_stage_to_the_next_for_all_artifacts_or_none() {
    let repo = two();
    let run = gto(&repo, "promote m n --from dev --to prod").ok();
    assert_eq!(run.out().matches("Created git tag").count(), 2, "{run}");
    assert_eq!((shown(&repo, "m#prod"), shown(&repo, "n#prod")), ("v1.1.0".to_owned(), "v1.1.0".to_owned()));
    gto(&repo, "rollback n prod").ok();
    let there = "Version 'v1.1.0' is already in stage 'prod'. \
                 Use the '--force' flag to create a new Git tag nevertheless.";
    refused(&repo, "promote n m --from dev --to prod", there);
    assert_eq!(shown(&repo, "n#prod"), "v1.0.0");
    let run = gto(&repo, "promote n m --from dev --to prod --exist-ok").ok();
    assert_eq!(run.out().matches("Created git tag 'n#prod#").count(), 1, "{run}");
    hints_at(&run, "Version 'v1.1.0' is already in stage 'prod': nothing was changed");
    refused(&repo, "promote m --from qa --to prod", "Nothing is in stage 'qa' of artifact 'm'");
    refused(&repo, "promote x m --from dev --to prod", "Cannot find artifact 'x'");
    // As it always was.
    gto(&repo, "promote m HEAD^ --stage qa").ok();
    gto(&repo, "promote m --version v1.1.0 --stage qa").ok();
    assert_eq!(shown(&repo, "m#qa"), "v1.1.0");
    for line in [
        "promote m n",
        "promote m --from dev",
        "promote m --to prod",
        "promote m --from dev --to prod --stage qa",
    ] {
        wrong_usage(&repo, line);
    }
    let run = gto(&repo, "promote m HEAD n --stage qa").fails(1);
    assert!(run.err().contains("With --stage one artifact is named, and one REF"), "{run}");
}

#[test]
fn with_expect_a_stage_is_assigned_only_if_it_shows_that_version() {
    let repo = two();
    let line = "assign m --version v1.1.0 --stage prod --expect";
    let error = "Stage 'prod' of artifact 'm' shows 'v1.0.0', not 'v1.1.0'";
    hints_at(&refused(&repo, &format!("{line} v1.1.0"), error), "gto history 'm#prod'");
    gto(&repo, &format!("{line} v1.0.0")).ok();
    let error = "Stage 'qa' of artifact 'm' shows nothing, not 'v1.0.0'";
    refused(&repo, "assign m --version v1.0.0 --stage qa --expect v1.0.0", error);
    let error = "Stage 'prod' of artifact 'm' shows 'v1.1.0', not 'v1.0.0'";
    gto(&repo, "assign m --version v1.1.0 --stage dev --force").ok();
    refused(
        &repo,
        "promote n m --from dev --to qa --expect v1.0.0",
        "Stage 'qa' of artifact 'n' shows nothing, not 'v1.0.0'",
    );
    gto(&repo, "assign m --version v1.0.0 --stage dev").ok();
    refused(&repo, "promote m --from dev --to prod --expect v1.0.0", error);
}

#[test]
fn with_exist_ok_what_is_so_already_is_success_and_nothing_is_made() {
    let repo = two();
    gto(&repo, "deregister n v1.0.0").ok();
    gto(&repo, "deprecate n").ok();
    let before = repo.refs_fingerprint();
    for (line, state) in [
        ("register m", "'m' is already registered in this commit with version 'v1.1.0'"),
        ("register m --version v1.1.0", "'m' is already registered in this commit with version 'v1.1.0'"),
        ("assign m --version v1.0.0 --stage prod", "Version 'v1.0.0' is already in stage 'prod'"),
        ("assign m HEAD --stage dev", "Version 'v1.1.0' is already in stage 'dev'"),
        ("rollback m prod --to v1.0.0", "Version 'v1.0.0' is already in stage 'prod'"),
        ("unassign m qa", "Nothing is in stage 'qa' of artifact 'm'"),
        ("unassign m dev v1.0.0", "Stage 'dev' is not assigned to a version 'v1.0.0'"),
        ("deprecate m v1.0.0 dev", "Stage 'dev' is not assigned to a version 'v1.0.0'"),
        ("deprecate n", "Artifact was deprecated already"),
    ] {
        let run = gto(&repo, &format!("{line} --exist-ok")).ok();
        assert_eq!(run.out(), "", "{run}");
        hints_at(&run, &format!("{state}: nothing was changed"));
        let json = gto(&repo, &format!("{line} --exist-ok --json")).ok().json();
        assert_eq!((&json["already"][0], json["tags"].as_array().map(Vec::len)), (&state.into(), Some(0)));
    }
    // What is to be deleted is not there; a tag that takes it back is none that deletes it.
    for (line, state) in [
        ("deprecate nosuch --delete", "There is no artifact 'nosuch'"),
        ("deprecate m v9.0.0 --delete", "Artifact 'm' has no version 'v9.0.0'"),
        ("deprecate m v9.0.0 prod --delete", "Artifact 'm' has no version 'v9.0.0'"),
        ("deprecate nosuch v1.0.0 prod --delete", "There is no artifact 'nosuch'"),
        ("deprecate m v1.1.0 qa --delete", "Stage 'qa' is not assigned to a version 'v1.1.0'"),
    ] {
        let run = gto(&repo, &format!("{line} --exist-ok")).ok();
        hints_at(&run, &format!("{state}: nothing was changed"));
        gto(&repo, line).fails(1);
    }
    for line in ["deprecate n --delete", "deprecate n v1.0.0 --delete"] {
        hints_at(&gto(&repo, &format!("{line} --exist-ok")).fails(1), "--force deletes them");
    }
    // Another version is not what was asked for; nor is one on another commit.
    refused(
        &repo,
        "register m --version v9.0.0 --exist-ok",
        "'m' is already registered in this commit with version 'v1.1.0'",
    );
    gto(&repo, "register m HEAD^ --version v9.0.0 --exist-ok").fails(1);
    refused(&repo, "deprecate m v9.0.0 --exist-ok", "No versions found for 'm'");
    assert_eq!(repo.refs_fingerprint(), before);
}

#[test]
fn compare_shows_two_versions_side_by_side_and_what_differs() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m: {type: model, path: a.pkl}\n")], "first");
    gto(&repo, "register m --version v1.0.0 -m first").ok();
    repo.commit(&[("artifacts.yaml", "m: {type: model, path: b.pkl, labels: [x]}\n")], "second");
    gto(&repo, "register m --version v1.1.0").ok();
    gto(&repo, "assign m --version v1.1.0 --stage prod").ok();
    let run = gto(&repo, "compare m v1.0.0 m#prod --plain").ok();
    let table = run.out();
    let row = |field: &str| -> Vec<&str> {
        let line = table.lines().find(|line| line.starts_with(field)).expect("it is there");
        line.split_whitespace().collect()
    };
    assert_eq!(row("type"), ["type", "model", "model"]);
    assert_eq!(row("path"), ["path", "a.pkl", "b.pkl", "*"]);
    assert_eq!(row("ref"), ["ref", "m@v1.0.0", "m@v1.1.0", "*"]);
    assert_eq!(row("stage").last(), Some(&"*"));
    hints_at(&run, "`git diff ");
    let json = gto(&repo, "compare m v1.0.0 latest --json").ok().json();
    assert_eq!((&json["from"]["version"], &json["to"]["version"]), (&"v1.0.0".into(), &"v1.1.0".into()));
    refused(&repo, "compare m v1.0.0 v9.0.0", "Version 'v9.0.0' is not registered");
    refused(&repo, "compare m v1.0.0 1.1", "Version '1.1' is not valid. Example of valid version: 'v1.0.0'");
    refused(&repo, "compare x v1.0.0 v1.1.0", "Cannot find artifact 'x'");
    gto(&repo, "compare m v1.0.0 m#qa").fails(1);
}

#[test]
fn list_ls_and_log_are_other_words() {
    let repo = two();
    assert_eq!(gto(&repo, "list m --plain").ok().out(), gto(&repo, "show m --plain").ok().out());
    assert_eq!(gto(&repo, "ls --plain").ok().out(), gto(&repo, "show --plain").ok().out());
    assert_eq!(gto(&repo, "log m -n 2").ok().out(), gto(&repo, "history m --limit 2").ok().out());
    assert_eq!(gto(&repo, "log --since 2w").ok().out().trim(), "Nothing found in the current workspace");
    gto(&repo, "assign m --version v1.1.0 --stage prod -m 'ship-it'").ok();
    let wide = gto(&repo, "log --since 12h --wide --plain").ok().out();
    let cells: Vec<&str> =
        wide.lines().nth(1).expect("a row").split("  ").filter(|cell| !cell.is_empty()).collect();
    assert_eq!((wide.lines().count(), cells[8].trim()), (2, "'ship-it'"), "{wide}");
}

#[test]
fn a_folder_before_the_command_is_where_it_runs_as_with_git() {
    let repo = two();
    let root = repo.path().parent().expect("it is in a folder");
    let name = repo.path().file_name().and_then(|name| name.to_str()).expect("it is text");
    let expected = gto(&repo, "show").ok().out();
    let path = root.display().to_string();
    for args in [
        vec!["-C", &path, "-C", name, "show"],
        vec!["-C", "..", "-C", name, "show"],
        vec!["-C", &path, "show", "-r", name],
    ] {
        assert_eq!(binary().run(&repo, &args).ok().out(), expected, "{args:?}");
    }
    let run = binary().run(&repo, &["-C", "nowhere", "show"]).fails(1);
    assert!(run.err().starts_with("❌ Cannot change to 'nowhere'"), "{run}");
    wrong_usage(&repo, "show -C ..");
}
