//! Tags that start no pipeline: the warning, pushes in batches, and `gto ci pending`.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::pipeline::{checkout, server, settings};
use crate::common::{binary, gto, hints_at, warns_of};
use gto_testkit::{Repo, RepoOptions, Run, Sandbox, TagSpec};

/// A program in the place of ssh that serves the repositories beside it.
const SSH: &str =
    "#!/bin/sh\ncd \"$(dirname \"$0\")\" && for command; do :; done && exec sh -c \"$command\"\n";

/// A clone with four versions that GitHub lacks, as it seems: the address is GitHub's, and the server is here. Each push is noted
/// there with its tags.
fn on_github() -> (Repo, Repo) {
    let mut sandbox = Sandbox::new();
    sandbox.set_env("GIT_ALLOW_PROTOCOL", "file:ssh");
    let server = sandbox.repo_with("o/r.git", RepoOptions { bare: true, ..RepoOptions::default() });
    let ssh = sandbox.path().join("ssh");
    fs::write(&ssh, SSH).expect("the sandbox is writable");
    let hook = server.path().join("hooks/post-receive");
    fs::create_dir_all(server.path().join("hooks")).expect("the sandbox is writable");
    fs::write(&hook, "#!/bin/sh\ncut -d ' ' -f 3 | tr '\\n' ' ' >> pushes; echo >> pushes\n")
        .expect("the sandbox is writable");
    for program in [&ssh, &hook] {
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
    }
    let work = sandbox.repo("work");
    work.git_ok(&["remote", "add", "origin", "git@github.com:o/r.git"]);
    work.git_ok(&["config", "core.sshCommand", &ssh.to_string_lossy()]);
    for artifact in ["a", "b", "c", "d"] {
        work.commit(&[], artifact);
        work.tag(&format!("{artifact}@v1.0.0"), "HEAD", &TagSpec::default());
        work.tag(&format!("{artifact}#dev#1"), "HEAD", &TagSpec::default());
    }
    work.git_ok(&["push", "-q", "origin", "main"]);
    fs::remove_file(server.path().join("pushes")).expect("a push was noted");
    (server, work)
}

fn pushes(server: &Repo) -> Vec<String> {
    let noted = fs::read_to_string(server.path().join("pushes")).unwrap_or_default();
    noted.lines().map(|line| line.trim().replace("refs/tags/", "")).collect()
}

fn warnings(run: &Run) -> usize {
    run.err().lines().filter(|line| line.starts_with("warning: ") && line.contains("GitHub")).count()
}

#[test]
fn more_than_three_tags_in_one_push_to_github_are_warned_of_and_stay_one_push() {
    let (server, work) = on_github();
    let run = gto(&work, "push --dry-run").ok();
    warns_of(&run, "8 tags go to origin in one push, and GitHub starts no workflow for more than three");
    let run = gto(&work, "push").ok();
    assert_eq!(warnings(&run), 1, "{run}");
    assert_eq!(pushes(&server).len(), 1);
    for (line, is_warned) in [
        ("promote a b c d --from dev --to prod --push --dry-run", true),
        ("promote a b c d --from dev --to prod --push --dry-run --push-batch 4", true),
        ("promote a b c d --from dev --to prod --push --dry-run --push-batch 3", false),
        ("promote a b c d --from dev --to prod --dry-run", false),
        ("promote a b c --from dev --to prod --push --dry-run", false),
        ("promote a b c d --from dev --to prod --push", true),
    ] {
        let run = gto(&work, line).ok();
        assert_eq!(warnings(&run), usize::from(is_warned), "{run}");
    }
    assert_eq!(pushes(&server).len(), 2, "one atomic push of four tags");
    // What is deleted starts no workflow anyway.
    assert_eq!(warnings(&gto(&work, "deprecate a --delete --push --yes").ok()), 0);
    // To others a push of any size goes without a word.
    let other = work.sandbox().repo_with("other.git", RepoOptions { bare: true, ..RepoOptions::default() });
    work.git_ok(&["remote", "set-url", "origin", &other.path().to_string_lossy()]);
    assert_eq!(warnings(&gto(&work, "push").ok()), 0);
}

#[test]
fn with_push_batch_tags_go_a_few_at_a_time_in_the_order_in_which_they_happened() {
    let (server, work) = on_github();
    let run = gto(&work, "push --push-batch 3").ok();
    assert_eq!(warnings(&run), 0, "{run}");
    let happened = ["a@v1.0.0 a#dev#1 b@v1.0.0", "b#dev#1 c@v1.0.0 c#dev#1", "d@v1.0.0 d#dev#1"];
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    let pushed: Vec<_> = pushes(&server).iter().map(|push| sorted(push)).collect();
    assert_eq!(pushed, happened.map(sorted));
    hints_at(&run, "8 tags go to origin in 3 pushes");
    // A write says what it runs.
    let dry = gto(&work, "promote a b c d --from dev --to prod --push --push-batch 3 --dry-run").ok();
    let run = gto(&work, "promote a b c d --from dev --to prod --push --push-batch 3").ok();
    for tags in ["'a#prod#2' 'b#prod#2' 'c#prod#2'", "'d#prod#2'"] {
        let command = format!("`git push --atomic origin {tags}`");
        assert!(run.out().contains(&format!("Running {command}")), "{run}");
        assert!(dry.out().contains(&format!("Would run {command}")), "{dry}");
    }
    assert_eq!(pushes(&server).len(), 5);
    gto(&work, "push --push-batch 0").fails(2);
}

#[test]
fn a_batch_that_fails_stops_the_others_and_what_landed_is_named() {
    let (server, work) = on_github();
    let hook = server.path().join("hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\nif grep -q 'refs/tags/c'; then echo no c today; exit 1; fi\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let run = gto(&work, "push --push-batch 3").fails(1);
    let error = "❌ Only a part of the tags was pushed on origin: a@v1.0.0 a#dev#1 b@v1.0.0; not pushed: b#dev#1 c@v1.0.0 c#dev#1 d@v1.0.0 d#dev#1";
    assert!(run.err().contains(error), "{run}");
    assert!(run.err().contains("no c today"), "{run}");
    assert_eq!(server.tag_names(), ["a#dev#1", "a@v1.0.0", "b@v1.0.0"]);
    fs::remove_file(&hook).unwrap();
    gto(&work, "push").ok();
    // Of a write nothing that did not land is made here.
    fs::write(&hook, "#!/bin/sh\nif grep -q 'refs/tags/c'; then echo no c today; exit 1; fi\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let run = gto(&work, "promote a b c d --from dev --to prod --push --push-batch 2").fails(1);
    assert!(run.err().contains("a#prod#2 b#prod#2; not pushed: c#prod#2 d#prod#2"), "{run}");
    assert!(!run.out().contains("c#prod#2"), "{run}");
    let tags = work.tag_names();
    assert!(
        tags.contains(&"b#prod#2".to_owned()) && !tags.iter().any(|tag| tag.starts_with("c#prod")),
        "{tags:?}"
    );
}

#[test]
fn pending_lists_the_events_of_a_stage_after_a_tag_or_a_time() {
    let server = server();
    for tag in ["other#prod#1", "m#dev#3", "other#prod!#2"] {
        server.tag(tag, "HEAD", &TagSpec::default());
    }
    let checkout = checkout(&server, "checkout", "m#prod#2");
    let before = (settings(&checkout), checkout.refs_fingerprint());
    let ask =
        |since: &str| binary().run(&checkout, &["ci", "pending", "--stage", "prod", "--since", since]).ok();
    assert_eq!(ask("m#prod#1").out(), "m#prod#2\nother#prod#1\nother#prod!#2\n");
    assert_eq!(ask("refs/tags/other#prod#1").out(), "other#prod!#2\n");
    assert_eq!(ask("2023-01-01").out().lines().count(), 4);
    let run = ask("other#prod!#2");
    assert_eq!(run.out(), "");
    hints_at(&run, "no events since other#prod!#2");
    let json = gto(&checkout, "ci pending --stage prod --since m#prod#2 --json").ok().json();
    assert_eq!(json["events"][1]["event"], "unassignment");
    assert_eq!(json["events"][0]["tag"], "other#prod#1");
    assert_eq!((settings(&checkout), checkout.refs_fingerprint()), before);
    // Each of them can be asked for then.
    assert_eq!(gto(&checkout, "ci other#prod#1 --format json").ok().json()["stage"], "prod");
    gto(&checkout, "ci pending --stage prod --since m#prod#9").fails(1);
    gto(&checkout, "ci pending --stage prod --since nonsense").fails(1);
    gto(&checkout, "ci pending --stage prod").fails(2);
}

#[test]
fn pending_with_a_file_of_handled_tags_misses_no_tag_that_is_pushed_late() {
    let server = server();
    let checkout = checkout(&server, "checkout", "m#prod#2");
    let file = checkout.sandbox().path().join("handled");
    fs::write(&file, "").unwrap();
    let pending = format!("ci pending --stage prod --handled {}", file.display());
    let run = gto(&checkout, &pending).ok();
    assert_eq!(run.out(), "m#prod#1\nm#prod#2\n");
    hints_at(&run, "later events of the same artifact in stage 'prod' follow on 'm#prod#1'");
    fs::write(&file, format!("refs/tags/m#prod#1\r\n\n{}", run.out())).unwrap();
    hints_at(&gto(&checkout, &pending).ok(), "stage 'prod' has no events that are not handled");
    // Made before the last one that was handled, in other clones, and pushed after it.
    let past = server.find_tag("m#prod#2").unwrap().tagger.unwrap().time - 3600;
    server.tag("m#prod#3", "HEAD", &TagSpec::at(past));
    server.tag("other#prod#1", "HEAD", &TagSpec::at(past + 1));
    let run = gto(&checkout, "ci pending --stage prod --since m#prod#2").ok();
    assert_eq!(run.out(), "");
    hints_at(&run, "a tag that is pushed late, with an earlier time, is not listed: --handled FILE");
    let run = gto(&checkout, &pending).ok();
    assert_eq!(run.out(), "m#prod#3\nother#prod#1\n");
    // The stage shows another one: a pipeline can leave it.
    assert!(run.err().contains("follow on 'm#prod#3'") && !run.err().contains("pushed late"), "{run}");
    let json = gto(&checkout, &format!("{pending} --json")).ok().json();
    assert_eq!(json["overtaken"], serde_json::json!(["m#prod#3"]));
    assert_eq!(json["events"].as_array().unwrap().len(), 2);
    gto(&checkout, "ci pending --stage prod --handled nowhere").fails(1);
}

#[test]
fn where_the_remote_has_none_of_the_tags_there_are_no_events() {
    let server = server();
    let checkout = checkout(&server, "checkout", "m#prod#2");
    gto(&checkout, "ci m#prod#2").ok();
    gto(&checkout, "ci pending --stage prod --since 1h").ok();
    for tag in server.tag_names() {
        server.git_ok(&["tag", "-d", &tag]);
    }
    let run = gto(&checkout, "ci pending --stage prod --since 1h").ok();
    hints_at(&run, "stage 'prod' has no events since 1h");
    let run = gto(&checkout, "ci m#prod#2").fails(1);
    assert!(run.err().contains("Tag 'm#prod#2' is not on origin"), "{run}");
}
