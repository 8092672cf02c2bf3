//! Several writers at once: what they make is as if they had come one after the other.
//!
//! `GTO_RACE=16x50` sets how many processes write at once, and how often each.

#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "figures for whoever runs it with `--nocapture`")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{gto, theirs};
use gto_testkit::{Oracle, RefFormat, Repo, RepoOptions, Run, Sandbox};

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

#[test]
fn where_the_system_has_no_locks_writers_do_not_miss_each_other_either() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    gto(&repo, "register m").ok();
    let trace = ["-f", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=EBADF"];
    let works = repo.command("strace").args(trace).arg("true").stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        gto_testkit::skip("strace is not there, or may not trace");
        return;
    }
    let start = |n: usize| {
        let mut command = repo.command("strace");
        command.args(trace).arg(env!("CARGO_BIN_EXE_gto"));
        command.args(["assign", "m", "--version", "v0.0.1", "--stage", &format!("stage-{n}")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("strace was there just now")
    };
    let started: Vec<Child> = (0..8).map(start).collect();
    let outputs = started.into_iter().map(|child| child.wait_with_output().expect("it can be waited for"));
    let done = outputs.filter(|output| output.status.success()).count();
    let tags = repo.tag_names();
    let counters: BTreeSet<&str> =
        tags.iter().filter_map(|tag| tag.rsplit_once('#')).map(|(_, n)| n).collect();
    // Some may have been refused because others were faster.
    assert!(done > 0);
    assert_eq!((tags.len() - 1, counters.len()), (done, done), "{tags:?}");
}

/// As `git gc` does it: the object's file is gone when it is opened, and what was in it can be had a moment later.
#[test]
fn an_object_that_is_packed_while_it_is_read_is_not_taken_for_missing() {
    let repo = Repo::new();
    let commit = repo.commit(&[], "first");
    gto(&repo, "register m").ok();
    let tag = repo.git_ok(&["rev-parse", "m@v0.0.1"]);
    // A tag is looked for by us first, and only then by gix.
    let cases =
        [(&tag, "show m", 2), (&tag, "deprecate m --delete --dry-run", 2), (&commit, "register n", 1)];
    for (object, line, looks) in cases {
        let (folder, file) = object.split_at(2);
        let path = repo.git_dir().join("objects").join(folder).join(file);
        let gone = format!("inject=openat:error=ENOENT:when=1..{looks}");
        let mut command = repo.command("strace");
        command.args(["-f", "-o", "/dev/null", "-e", "trace=openat", "-e", &gone, "-P"]).arg(path);
        let Ok(output) = command.arg(env!("CARGO_BIN_EXE_gto")).args(line.split(' ')).output() else {
            gto_testkit::skip("strace is not there");
            return;
        };
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// One command of a writer, and when it ran.
struct Write {
    line: String,
    run: Run,
    begun: Instant,
    ended: Instant,
}

impl Write {
    fn of(repo: &Repo, line: String) -> Self {
        let begun = Instant::now();
        let run = gto(repo, &line);
        Self { line, run, begun, ended: Instant::now() }
    }

    /// The tags that it reported as created or deleted.
    fn tags(&self, action: &str) -> Vec<String> {
        if self.run.status != 0 {
            return Vec::new();
        }
        let report = self.run.json();
        let tags = report["tags"].as_array().expect("a write reports its tags").iter();
        let tags = tags.filter(|tag| tag["action"] == action).map(|tag| tag["tag"].as_str());
        tags.map(|tag| tag.expect("a tag has a name").to_owned()).collect()
    }
}

/// What one writer does: versions and stages of an artifact that all write, and of one of three; and artifacts of
/// its own, which it deletes again.
fn writes_of(repo: &Repo, writer: usize, commits: &[String]) -> Vec<Write> {
    let write = |(n, commit): (usize, &String)| {
        let line = match n % 4 {
            0 => format!("register all {commit} --json"),
            1 => format!("assign nlp/some{} {commit} --stage s{writer} --json", writer % 3),
            2 => format!("assign own{writer}/{} {commit} --stage dev --json", n / 4),
            _ => format!("deprecate own{writer}/{} --delete --json", n / 4),
        };
        Write::of(repo, line)
    };
    commits.iter().enumerate().map(write).collect()
}

/// What other processes do meanwhile, until they are stopped: git makes tags and deletes them, and packs refs and
/// objects. The tags that there are in the end.
fn others(repo: &Repo, stop: &AtomicBool) -> Vec<String> {
    let mut kept = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("release{n}");
        if repo.git(&["tag", "-a", "-m", "text", &name]).status.success()
            && !(n % 3 == 0 && repo.git(&["tag", "-d", &name]).status.success())
        {
            kept.push(name);
        }
        // They may find the refs locked, and give up.
        repo.git(if n % 8 == 5 { &["gc", "-q"] } else { &["pack-refs", "--all"] });
        sleep(Duration::from_millis(5));
    }
    kept
}

/// The same repository for another thread.
fn handle(repo: &Repo) -> Repo {
    Repo::at(repo.sandbox(), repo.path(), false)
}

fn race(writers: usize, writes: usize, options: RepoOptions) {
    let repo = Sandbox::new().repo_with("repo", options);
    let commits: Vec<Vec<String>> = (0..writers)
        .map(|w| (0..writes).map(|n| repo.commit(&[], &format!("commit {w} {n}"))).collect())
        .collect();
    let stop = AtomicBool::new(false);
    let begun = Instant::now();
    let (made, foreign): (Vec<Write>, Vec<String>) = std::thread::scope(|scope| {
        let others = {
            let (repo, stop) = (handle(&repo), &stop);
            scope.spawn(move || others(&repo, stop))
        };
        let start = |(writer, commits): (usize, &'_ Vec<String>)| {
            let (repo, commits) = (handle(&repo), commits.clone());
            scope.spawn(move || writes_of(&repo, writer, &commits))
        };
        let threads: Vec<_> = commits.iter().enumerate().map(start).collect();
        let made = threads.into_iter().flat_map(|thread| thread.join().expect("a writer does not panic"));
        let made = made.collect();
        stop.store(true, Ordering::Relaxed);
        (made, others.join().expect("git does not panic"))
    });
    let took = begun.elapsed();
    let conflicts = made.iter().filter(|write| write.run.status != 0).count();
    println!(
        "{options:?}: {writers} x {writes} writes beside {} of git in {took:?}, {conflicts} conflicts",
        foreign.len()
    );
    check(&repo, &made, foreign);
    if options.refs == RefFormat::Files && !options.sha256 {
        check_with_oracle(&repo);
    }
}

/// What must hold after any race.
fn check(repo: &Repo, made: &[Write], foreign: Vec<String>) {
    for write in made.iter().filter(|write| write.run.status != 0) {
        let error = write.run.err();
        assert!(error.contains("was changed by another process meanwhile"), "{}", write.run);
    }
    // Every write that reported success is there, and nothing else is.
    let mut expected: BTreeSet<String> = foreign.into_iter().collect();
    for write in made {
        for tag in write.tags("create") {
            assert!(expected.insert(tag.clone()), "{tag} was made twice: {}", write.line);
        }
    }
    for tag in made.iter().flat_map(|write| write.tags("delete")) {
        assert!(expected.remove(&tag), "{tag} was deleted and never made");
    }
    assert_eq!(repo.tag_names().into_iter().collect::<BTreeSet<_>>(), expected);
    // Each event has its own counter and its own second (decision D3).
    let history = gto(repo, "history --json").ok().json();
    let mut times: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let events = history.as_array().expect("a journal is a list");
    for event in events {
        let artifact = event["artifact"].to_string();
        let is_new = times.entry(artifact).or_default().insert(event["timestamp"].to_string());
        assert!(is_new, "another event has the time of {event:#}");
    }
    let counters: Vec<(&str, &str)> = expected
        .iter()
        .filter_map(|tag| Some((tag.split_once('#')?.0, tag.split_once('#')?.1.split_once('#')?.1)))
        .collect();
    assert_eq!(counters.iter().collect::<BTreeSet<_>>().len(), counters.len(), "{counters:?}");
    in_order(repo, made);
    assert_eq!(repo.git_ok(&["fsck", "--strict", "--no-dangling"]), "");
}

/// Times increase in the order of success: whatever was done before another command began is older.
fn in_order(repo: &Repo, made: &[Write]) {
    let times: BTreeMap<String, i64> =
        repo.tags().into_iter().filter_map(|tag| Some((tag.name, tag.tagger?.time))).collect();
    for first in made {
        for second in made.iter().filter(|second| first.ended < second.begun) {
            let of = |write: &Write| write.line.split(' ').nth(1).map(str::to_owned);
            if of(first) != of(second) {
                continue;
            }
            let time = |tag: &String| times.get(tag).copied();
            let last = first.tags("create").iter().filter_map(time).max();
            let next = second.tags("create").iter().filter_map(time).min();
            assert!(last < next || last.is_none() || next.is_none(), "{}: {last:?} {next:?}", second.line);
        }
    }
}

fn check_with_oracle(repo: &Repo) {
    let Some(mut oracle) = Oracle::or_skip() else { return };
    for line in ["show --json", "show all --json", "show nlp/some0 --json", "stages --used"] {
        let (ours, oracles) = (gto(repo, line).ok(), theirs(&mut oracle, repo, line).ok());
        assert_eq!(ours.out(), oracles.out(), "{line}");
    }
}

/// How many write at once, and how often each.
fn size() -> (usize, usize) {
    let wanted = std::env::var("GTO_RACE").unwrap_or_default();
    let wanted = wanted.split_once('x').and_then(|(w, n)| Some((w.parse().ok()?, n.parse().ok()?)));
    wanted.unwrap_or((8, 8))
}

#[test]
fn writers_beside_git_lose_nothing_and_get_versions_counters_and_times_of_their_own() {
    let (writers, writes) = size();
    race(writers, writes, RepoOptions::default());
}

#[test]
fn writers_beside_git_lose_nothing_in_a_sha256_repository() {
    let (writers, writes) = size();
    race(writers, writes, RepoOptions { sha256: true, ..RepoOptions::default() });
}

#[test]
fn writers_beside_git_lose_nothing_in_reftables() {
    if !Repo::reftable_works() {
        gto_testkit::skip("this git has no reftables");
        return;
    }
    let (writers, writes) = size();
    for sha256 in [false, true] {
        race(writers, writes, RepoOptions { refs: RefFormat::Reftable, sha256, ..RepoOptions::default() });
    }
}

/// The clock of an artifact goes on across processes (decision D3), however fast they come.
#[test]
fn d03_two_processes_in_one_second_write_two_seconds() {
    let repo = Repo::new();
    let commits: Vec<String> = (0..4).map(|n| repo.commit(&[], &format!("commit {n}"))).collect();
    let lines: Vec<String> = commits.iter().map(|commit| format!("register m {commit}")).collect();
    assert!(all_at_once(&repo, &lines).iter().all(|output| output.status.success()));
    let times: Vec<i64> = (1..=4).map(|n| crate::common::time_of(&repo, &format!("m@v0.0.{n}"))).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
}
