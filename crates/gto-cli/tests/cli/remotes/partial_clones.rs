//! Clones that leave files, or files and folders, with their remote: every answer is that of a full clone.

#![cfg(unix)]

use std::path::Path;

use crate::common::counting::CountingGit;
use crate::common::{binary, hints_at, warns_of};
use gto_testkit::{Repo, Run, Sandbox, TagSpec};

const FILTERS: [&str; 3] = ["--filter=blob:none", "--filter=tree:0", "--filter=blob:limit=5"];

/// The annotation file, in a folder of a folder.
const INDEX: &str = "meta/data/artifacts.yaml";

/// A repository that leaves out what it is asked to, with five versions whose annotations differ.
fn upstream() -> Repo {
    let repo = Repo::new();
    repo.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    for n in 1..=5 {
        let annotations = format!("m:\n  type: model\n  path: models/{n}\nn{n}:\n  type: dataset\n");
        let files = [(".gto", "stages: [dev, prod]\n"), (INDEX, annotations.as_str())];
        repo.commit(&files, &format!("commit {n}"));
        repo.tag(&format!("m@v0.0.{n}"), "HEAD", &TagSpec::default());
    }
    repo.tag("m#prod#1", "HEAD~2", &TagSpec::default());
    repo.tag("on-a-file@v1.0.0", &format!("HEAD~1:{INDEX}"), &TagSpec::default());
    repo.lightweight("light@v1.0.0", "HEAD~3");
    repo
}

fn clone(repo: &Repo, name: &str, args: &[&str]) -> Repo {
    let url = format!("file://{}", repo.path().display());
    let to = repo.sandbox().path().join(name);
    repo.git_ok(&[&["clone", "-q"], args, &[&url, &to.to_string_lossy()]].concat());
    Repo::at(repo.sandbox(), to, args.contains(&"--bare"))
}

fn ask(dir: &Path, sandbox: &Sandbox, line: &str) -> Run {
    let words: Vec<&str> = line.split(' ').collect();
    binary().env("GTO_INDEX", INDEX).run_in(sandbox, dir, &words, b"")
}

const QUESTIONS: [&str; 16] = [
    "show",
    "show --json",
    "show m",
    "show m --json",
    "show m@latest --json",
    "show n2 --json",
    "show --at HEAD~1 --json",
    "show m#prod --json",
    "history --json",
    "history m",
    "stages",
    "check-ref m#prod#1",
    "check-ref light@v1.0.0",
    "doctor --json",
    "register n5 --dry-run --json --message x",
    "deprecate m --dry-run",
];

#[test]
fn every_answer_is_that_of_a_full_clone() {
    let repo = upstream();
    for bare in [true, false] {
        let kind: &[&str] = if bare { &["--bare"] } else { &["--no-checkout"] };
        let full = clone(&repo, &format!("full-{bare}"), kind);
        for filter in FILTERS {
            let mut partial = clone(&repo, "partial", &[kind, &[filter]].concat());
            for question in QUESTIONS {
                let [expected, got] = [&full, &partial].map(|at| {
                    let run = ask(at.path(), at.sandbox(), question);
                    let text = run.to_string().replace(
                        at.path().file_name().and_then(|name| name.to_str()).expect("it has a name"),
                        "HERE",
                    );
                    // The time of a planned tag.
                    let lines = text.lines().filter(|line| !line.contains("created_at"));
                    lines.collect::<Vec<_>>().join("\n")
                });
                assert_eq!(got, expected, "{filter} {question}");
                if filter == FILTERS[1] && bare {
                    // Fetched objects stay, so the next query needs a fresh clone.
                    partial.remove();
                    partial = clone(&repo, "partial", &[kind, &[filter]].concat());
                }
            }
            partial.remove();
        }
    }
}

#[test]
fn what_several_versions_need_is_fetched_at_once_and_only_if_something_was_left_out() {
    let repo = upstream();
    let git = CountingGit::new(repo.sandbox());
    let fetches = |clone: &Repo, words: &[&str]| {
        git.started();
        binary().env("GTO_INDEX", INDEX).env("PATH", &git.path).run(clone, words).ok();
        git.started().len()
    };
    let state = ["print-state"];
    // A process for each level of folders, however many versions there are.
    for (filter, most) in [("--filter=blob:none", 3), ("--filter=tree:0", 9)] {
        let partial = clone(&repo, filter, &["--bare", filter]);
        let first = fetches(&partial, &state);
        assert!((1..=most).contains(&first), "{filter}: {first}");
        assert_eq!(fetches(&partial, &state), 0, "{filter}");
    }
    for args in [&["--bare"][..], &[]] {
        let full = clone(&repo, &format!("full{}", args.len()), args);
        assert_eq!(fetches(&full, &state), 0);
        assert_eq!(fetches(&full, &["register", "m", "HEAD", "--force"]), 0);
    }
}

#[test]
fn versions_are_written_as_in_a_full_clone() {
    let repo = upstream();
    for filter in FILTERS {
        let partial = clone(&repo, filter, &[filter, "--no-checkout"]);
        let run = |line: &str| ask(partial.path(), partial.sandbox(), line).ok();
        partial.git_ok(&["commit", "--allow-empty", "-qm", "more"]);
        run("register m");
        run("assign m --version v0.0.6 --stage prod");
        assert_eq!(run("show m@latest --version").out(), "v0.0.6\n");
        assert_eq!(run("show m#prod --version").out(), "v0.0.6\n");
        partial.git_ok(&["fsck", "--strict"]);
    }
}

#[test]
fn a_remote_that_is_not_there_is_told_and_the_rest_is_shown() {
    let repo = upstream();
    let partial = clone(&repo, "partial", &["--no-checkout", "--filter=blob:none"]);
    partial.git_ok(&["checkout", "-q", "HEAD", "--", ".gto"]);
    let unread = clone(&repo, "unread", &["--no-checkout", "--filter=blob:none"]);
    let bare = clone(&repo, "bare", &["--bare", "--filter=blob:none"]);
    std::fs::rename(repo.path(), repo.path().with_extension("gone")).unwrap();
    let show = ask(partial.path(), partial.sandbox(), "show m --json").ok();
    assert_eq!(show.json().as_array().map(Vec::len), Some(5), "{show}");
    warns_of(&show, "does not appear to be a git repository");
    let without = ask(partial.path(), partial.sandbox(), "check-ref m#prod#1 --version").ok();
    assert_eq!((without.out().as_str(), without.err().as_str()), ("v0.0.3\n", ""));
    for without_config in [unread, bare] {
        let config = ask(without_config.path(), without_config.sandbox(), "show").fails(1);
        assert!(config.err().contains("is not in this partial clone and cannot be fetched"), "{config}");
        hints_at(&config, "git fetch");
    }
}

#[test]
fn a_remote_that_says_nothing_is_waited_for_once() {
    let repo = upstream();
    let clone = clone(&repo, "clone", &["--filter=blob:none", "--no-checkout"]);
    clone.git_ok(&["checkout", "-q", "HEAD", "--", ".gto"]);
    clone.git_ok(&["config", "remote.origin.uploadpack", "sleep 600 #"]);
    let git = CountingGit::new(clone.sandbox());
    let hasty = binary().env("GTO_GIT_TIMEOUT", "1").env("PATH", &git.path).env("GTO_INDEX", INDEX);
    let run = hasty.run(&clone, &["show", "m", "--json"]).ok();
    warns_of(&run, "`git fetch` said nothing for 1 s and was ended");
    assert_eq!(git.started().iter().filter(|line| line.contains("fetch --quiet")).count(), 1, "{run}");
}

#[test]
fn without_git_a_revision_that_is_not_here_needs_it_to_ask_the_remote() {
    let repo = upstream();
    let clone = clone(&repo, "clone", &["--filter=blob:none"]);
    let alone = binary().env("PATH", clone.path().join("no-such-folder"));
    let run = alone.run(&clone, &["show", "--at", "nosuch"]).fails(1);
    let error =
        "❌ The program `git` is needed for asking the remote of a partial clone and cannot be started";
    assert!(run.err().starts_with(error), "{run}");
    hints_at(&run, "install Git");
}
