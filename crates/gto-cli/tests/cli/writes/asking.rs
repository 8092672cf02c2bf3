//! What a person at a terminal is asked before a write, and what is said of tags that were deleted. What a script runs is never asked.

use gto_testkit::{Repo, TagSpec, Terminal, skip};

use crate::common::{binary, commit_with, gto, hints_at, refused, registry, warns_of};

/// What a terminal shows of a command to whom this was typed, and the exit status; `None` where no terminal can be had.
fn at_terminal(repo: &Repo, line: &str, typed: &str) -> Option<(String, i32)> {
    if !Terminal::is_available() {
        skip("there is no `script` of util-linux");
        return None;
    }
    let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
    command.args(line.split_whitespace());
    Some(Terminal::USUAL.run(&command, typed))
}

/// The words between the last back-ticks of the hint that has these words, or all after a line that has them.
fn command_in(text: &str, words: &str) -> String {
    let mut lines = text.lines().skip_while(|line| !line.contains(words));
    let line = lines.next().expect("it is said");
    match line.split_once('`') {
        Some((_, rest)) => rest.trim_end().trim_end_matches('`').to_owned(),
        None => lines.next().expect("the command follows").trim().to_owned(),
    }
}

/// Runs a command as a user would paste it.
fn paste(repo: &Repo, command: &str) {
    let output = repo.command("sh").args(["-c", command]).output().expect("sh is installed");
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The tags, however they are stored.
fn tags(repo: &Repo) -> String {
    repo.git_ok(&["for-each-ref", "refs/tags"])
}

fn in_prod() -> Repo {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    commit_with(&repo, &["m@v1.1.0", "m#prod#2", "m#dev#3"]);
    repo
}

#[test]
fn on_a_terminal_a_deletion_is_asked_for_and_says_what_was_and_how_it_comes_back() {
    let repo = in_prod();
    let before = repo.refs_fingerprint();
    let Some((screen, status)) = at_terminal(&repo, "deprecate m v1.1.0 --delete", "n\n") else { return };
    let what = "This deletes 3 git tags of 'm': 'm#dev#3', 'm#prod#2', 'm@v1.1.0'\n";
    assert!(screen.contains(what) && screen.contains("Go on? [y/N] "), "{screen}");
    assert!(screen.contains("nothing was changed"), "{screen}");
    assert_eq!((status, repo.refs_fingerprint()), (1, before.clone()));

    let (screen, status) = at_terminal(&repo, "deprecate m --delete", "\n").expect("there is one");
    let what = "This deletes 5 git tags of 'm': ";
    assert!(screen.contains(what) && status == 1, "{screen}");
    repo.tag("m#dev#9", "HEAD", &TagSpec::default());
    let (screen, _) = at_terminal(&repo, "deprecate m --delete", "no\n").expect("there is one");
    assert!(screen.contains("This deletes 6 git tags of 'm': 4 assignments, 2 registrations\n"), "{screen}");
    repo.git_ok(&["tag", "-d", "m#dev#9"]);

    let (screen, status) = at_terminal(&repo, "deprecate m v1.1.0 --delete", "y\n").expect("there is one");
    assert_eq!((status, repo.tag_names()), (0, vec!["m#prod#1".to_owned(), "m@v1.0.0".to_owned()]));
    assert!(screen.contains("Deleted git tag 'm@v1.1.0' (was "), "{screen}");
    assert_eq!(screen.matches("git push").count(), 1, "{screen}");
    paste(&repo, &command_in(&screen, "To bring them back, run:"));
    assert_eq!(repo.refs_fingerprint(), before);
    let (screen, _) = at_terminal(&repo, "deprecate m v1.1.0 --delete --yes", "").expect("there is one");
    assert!(!screen.contains("Go on?") && repo.tag_names().len() == 2, "{screen}");
}

#[test]
fn in_a_pipe_a_deletion_is_the_oracles_and_stderr_says_how_it_comes_back() {
    let upstream = in_prod();
    let repo = upstream.clone_to("clone");
    let before = tags(&repo);
    upstream.git_ok(&["tag", "-d", "m#dev#3"]);
    let run = gto(&repo, "deprecate m v1.1.0 --delete").ok();
    assert_eq!(run.out().lines().count(), 9, "{run}");
    assert!(!run.out().contains("(was "), "{run}");
    hints_at(&run, "Deleted git tag 'm#dev#3' (was ");
    // That the remote lacks one of them is no failure.
    paste(&repo, &command_in(&run.err(), "to push the deletion of all of them"));
    assert_eq!(upstream.tag_names(), ["m#prod#1", "m@v1.0.0"]);
    paste(&repo, &command_in(&run.err(), "to bring them back"));
    assert_eq!(tags(&repo), before);

    repo.git_ok(&["push", "-q", "origin", "--tags"]);
    let there = tags(&upstream);
    let json = gto(&repo, "deprecate m --delete --json --push").ok().json();
    assert_eq!((json["deleted"]["push"].as_str(), upstream.tag_names().len()), (None, 0));
    // With --push there is nothing left to push, also where the remote lacks the tags.
    gto(&repo, "register other").ok();
    let run = gto(&repo, "deprecate other --delete --push").ok();
    assert!(!run.err().contains("to push the deletion"), "{run}");
    paste(&repo, json["deleted"]["restore"].as_str().expect("a command"));
    assert_eq!((tags(&repo), tags(&upstream)), (before, there));
}

#[test]
fn what_was_deleted_in_a_remote_repository_comes_back_from_the_clone_that_is_kept() {
    let repo = in_prod();
    let url = format!("file://{}", repo.path().display());
    let before = repo.refs_fingerprint();
    let run = binary().run(&repo, &["deprecate", "m", "v1.1.0", "--delete", "-r", &url]).ok();
    assert_eq!(repo.tag_names(), ["m#prod#1", "m@v1.0.0"]);
    paste(&repo, &command_in(&run.err(), "to bring them back"));
    assert_eq!(repo.refs_fingerprint(), before);
}

#[test]
fn a_shell_comment_does_not_deprecate_the_artifact_unasked() {
    let repo = in_prod();
    // All that the shell leaves of `gto deprecate m #prod`.
    let Some((screen, status)) = at_terminal(&repo, "deprecate m", "\n") else { return };
    let what =
        "This deprecates the whole artifact 'm' with 2 versions, in stages dev (v1.1.0), prod (v1.1.0)";
    assert!(screen.contains(what) && screen.contains("gto deprecate m VERSION STAGE"), "{screen}");
    assert_eq!((status, repo.tag_names().len()), (1, 5));
    // One version or one stage is what was said.
    let (screen, status) = at_terminal(&repo, "deprecate m v1.1.0 dev", "").expect("there is one");
    assert!(!screen.contains("Go on?") && status == 0, "{screen}");
}

#[test]
fn deprecating_what_is_in_a_stage_says_what_the_stage_shows_then() {
    let repo = in_prod();
    let run = gto(&repo, "deprecate m v1.1.0 --dry-run").ok();
    warns_of(
        &run,
        "version 'v1.1.0' of 'm' is in stage 'prod', which will show v1.0.0, and in stage 'dev', which will show nothing",
    );
    let run = gto(&repo, "deprecate m").ok();
    warns_of(&run, "artifact 'm' is in stage 'dev' (v1.1.0), 'prod' (v1.1.0), which will show nothing of it");
    // It is deprecated, so that nothing is in a stage.
    assert_eq!(gto(&repo, "deprecate m v1.1.0").ok().err(), "");
}

#[test]
fn every_refusal_about_a_deprecated_artifact_says_so_and_how_it_comes_back() {
    let repo = in_prod();
    gto(&repo, "deprecate m").ok();
    for line in [
        "deprecate m",
        "deprecate m v9.0.0",
        "deprecate m v1.0.0 dev",
        "register m",
        "resolve m",
        "resolve m#prod",
    ] {
        let run = gto(&repo, line).fails(1);
        hints_at(
            &run,
            "'m' is deprecated: a new version (`gto register m REF`) or assignment brings it back",
        );
    }
}

#[test]
fn a_first_tag_of_a_name_that_is_like_another_is_asked_for_and_hinted_at_in_a_pipe() {
    let repo = registry(&["churn-model@v1.0.0", "churn-model#prod#1"]);
    commit_with(&repo, &[]);
    let text = "'chrun-model' is a new artifact; there is 'churn-model' already";
    hints_at(&gto(&repo, "assign chrun-model --stage prod --dry-run").ok(), text);
    hints_at(&gto(&repo, "register chrun-model --dry-run").ok(), text);
    for (line, asked) in [
        ("assign chrun-model --stage prod", text),
        ("assign churn-model --version v1.0.0 --stage pord", "'pord' is a new stage; in use: prod"),
    ] {
        let Some((screen, status)) = at_terminal(&repo, line, "n\n") else { return };
        assert!(screen.contains(asked) && screen.contains("Go on? [y/N] ") && status == 1, "{screen}");
    }
    assert_eq!(repo.tag_names().len(), 2);
    let (screen, status) = at_terminal(&repo, "register chrun-model", "yes\n").expect("there is one");
    assert_eq!((screen.matches(text).count(), status), (1, 0), "{screen}");
    for line in ["register churn-model-2", "register fraud"] {
        let (screen, status) = at_terminal(&repo, line, "").expect("there is one");
        assert!(!screen.contains("Go on?") && status == 0, "{screen}");
    }
}

#[test]
fn assign_says_that_it_registered_head_and_names_the_version_that_may_be_meant() {
    let repo = registry(&["m@v1.0.0"]);
    commit_with(&repo, &[]);
    let hint = "registered as v1.0.1, since neither REF nor --version was given; the highest version before it: \
                `gto assign m --version v1.0.0 --stage prod`";
    hints_at(&gto(&repo, "assign m --stage prod --dry-run").ok(), &format!("HEAD would be {hint}"));
    hints_at(&gto(&repo, "assign m --stage prod").ok(), &format!("HEAD was {hint}"));
    // The second time it is there; named, it was meant; and a new artifact has none.
    for line in ["assign m --stage dev", "assign n --stage dev", "assign m HEAD^ --stage dev"] {
        assert_eq!(gto(&repo, line).ok().err(), "", "{line}");
    }
    refused(&repo, "assign m --version v7.0.0 --stage dev", "Version 'v7.0.0' is not registered");
}
