//! Owns what the behaviour tests share: asking our binary and the oracle, and small registries to ask them about.
//! Must not know what the right answers are.

#![allow(dead_code, reason = "some of it is used on Linux alone")]

#[cfg(unix)]
pub mod counting;
pub mod files;
pub mod pipeline;
#[cfg(unix)]
pub mod sshd;

use std::time::{SystemTime, UNIX_EPOCH};

use gto_testkit::{Gto, Oracle, Repo, Run, TagSpec};

/// Our binary.
pub fn binary() -> Gto {
    Gto::new(env!("CARGO_BIN_EXE_gto"))
}

/// Runs our binary with the words of `line`.
pub fn gto(repo: &Repo, line: &str) -> Run {
    binary().run(repo, &words(line))
}

/// Runs the oracle with the words of `line`.
pub fn theirs(oracle: &mut Oracle, repo: &Repo, line: &str) -> Run {
    oracle.run(repo, &words(line))
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Runs our binary, which must refuse with this error line and status 1, print no data and change nothing.
pub fn refused(repo: &Repo, line: &str, error: &str) -> Run {
    refused_args(repo, &words(line), error)
}

/// As [`refused`], with arguments that are not single words.
pub fn refused_args(repo: &Repo, args: &[&str], error: &str) -> Run {
    let before = repo.fingerprint();
    let run = binary().run(repo, args).fails(1);
    assert_eq!(run.err().lines().next(), Some(format!("❌ {error}").as_str()), "{run}");
    assert_eq!(run.out(), "", "{run}");
    assert_eq!(repo.fingerprint(), before, "something changed in\n{run}");
    run
}

/// Runs our binary, which must refuse with this error line and status 1 and change no ref. Objects that no ref leads to
/// may be left, as Git leaves them.
pub fn refused_at_last(repo: &Repo, line: &str, error: &str) -> Run {
    let before = repo.refs_fingerprint();
    let run = gto(repo, line).fails(1);
    let said = run.err();
    // What the write would do may be warned of before.
    let line = said.lines().find(|line| !line.starts_with("warning: "));
    assert_eq!(line, Some(format!("❌ {error}").as_str()), "{run}");
    assert_eq!(run.out(), "", "{run}");
    assert_eq!(repo.refs_fingerprint(), before, "a ref changed in\n{run}");
    run
}

/// Runs our binary, which must call this wrong usage (status 2), print no data and change nothing.
pub fn wrong_usage(repo: &Repo, line: &str) -> Run {
    let before = repo.fingerprint();
    let run = gto(repo, line).fails(2);
    assert!(run.err().starts_with("error: "), "{run}");
    assert_eq!(run.out(), "", "{run}");
    assert_eq!(repo.fingerprint(), before, "something changed in\n{run}");
    run
}

/// Asserts that a line on stderr is a hint with `words` in it.
pub fn hints_at(run: &Run, words: &str) {
    let found = run.err().lines().any(|line| line.starts_with("hint: ") && line.contains(words));
    assert!(found, "no hint says `{words}` in\n{run}");
}

/// Asserts that a line on stderr is a warning with `words` in it.
pub fn warns_of(run: &Run, words: &str) {
    let found = run.err().lines().any(|line| line.starts_with("warning: ") && line.contains(words));
    assert!(found, "no warning says `{words}` in\n{run}");
}

/// Makes a commit and these annotated tags on it, each at its own time.
pub fn commit_with(repo: &Repo, tags: &[&str]) -> String {
    let commit = repo.commit(&[], "commit");
    for name in tags {
        repo.tag(name, "HEAD", &TagSpec::default());
    }
    commit
}

/// A repository of one commit with these annotated tags on it, each at its own time.
pub fn registry(tags: &[&str]) -> Repo {
    let repo = Repo::new();
    commit_with(&repo, tags);
    repo
}

/// The time in a tag.
pub fn time_of(repo: &Repo, tag: &str) -> i64 {
    let found = repo.find_tag(tag).and_then(|tag| tag.tagger);
    found.map(|tagger| tagger.time).expect("the tag is there and has a tagger")
}

/// The clock of the machine, in seconds.
pub fn clock() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    i64::try_from(now.as_secs()).expect("the clock is before the end of time")
}
