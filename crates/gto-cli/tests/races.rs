//! Several writers at once: what they make is as if they had come one after the other.

mod common;

use std::collections::BTreeSet;
use std::process::{Child, Output, Stdio};

use common::binary;
use gto_testkit::Repo;

const WRITERS: usize = 12;

/// Starts all commands, then waits for them.
fn all_at_once(repo: &Repo, lines: &[String]) -> Vec<Output> {
    let start = |line: &String| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
        command.args(line.split(' ')).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary under test can be started")
    };
    let started: Vec<Child> = lines.iter().map(start).collect();
    let output = |child: Child| child.wait_with_output().expect("a child can be waited for");
    started.into_iter().map(output).collect()
}

fn all_succeed(outputs: &[Output]) {
    for output in outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn writers_at_the_same_time_get_versions_counters_and_times_of_their_own() {
    let repo = Repo::new();
    let commits: Vec<String> = (0..WRITERS).map(|n| repo.commit(&[], &format!("commit {n}"))).collect();

    let lines: Vec<String> = commits.iter().map(|commit| format!("register m {commit}")).collect();
    all_succeed(&all_at_once(&repo, &lines));
    let versions: BTreeSet<String> = repo.tag_names().into_iter().collect();
    assert_eq!(versions, (1..=WRITERS).map(|n| format!("m@v0.0.{n}")).collect());

    let stages: Vec<String> =
        (0..WRITERS).map(|n| format!("assign m --version v0.0.1 --stage s{n}")).collect();
    all_succeed(&all_at_once(&repo, &stages));
    let counters: BTreeSet<usize> = repo
        .tag_names()
        .iter()
        .filter_map(|tag| tag.strip_prefix("m#")?.split_once('#')?.1.parse().ok())
        .collect();
    assert_eq!(counters, (1..=WRITERS).collect());

    // Each event has a place of its own in time, whoever wrote it (decision D3).
    let history = binary().run(&repo, &["history", "m", "--json"]).ok().json();
    let times: BTreeSet<String> =
        history.as_array().into_iter().flatten().map(|event| event["timestamp"].to_string()).collect();
    assert_eq!(times.len(), 2 * WRITERS, "{history:#}");
}

#[test]
fn of_writers_who_want_the_same_one_gets_it_and_the_others_are_told_why() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    let lines = vec!["register m".to_owned(); WRITERS];
    let outputs = all_at_once(&repo, &lines);
    let (done, refused): (Vec<Output>, Vec<Output>) =
        outputs.into_iter().partition(|output| output.status.success());
    assert_eq!((done.len(), repo.tag_names()), (1, vec!["m@v0.0.1".to_owned()]));
    for output in refused {
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("already registered in this commit with version 'v0.0.1'"), "{error}");
    }
}
