//! The promotion policy: what writes refuse, what `gto policy` says, and whose signatures count.

#![cfg(unix)]

mod attacks;
mod authority;
mod beside_python;
mod checkouts;
mod doctor;
mod gitolite;
mod hook;
mod in_force;
mod keys_at_the_hook;
mod pipelines;
mod readers;
mod rules;
mod signatures;

use std::fs;

use gto_testkit::{Repo, Run};

use crate::common::gto;

/// Commits a policy with these lines behind `version: 1`, and files beside it.
fn policy(repo: &Repo, text: &str, more: &[(&str, &str)]) {
    let text = format!("version: 1\n{text}");
    let mut files = vec![(".gto-policy.yaml", text.as_str())];
    files.extend(more);
    repo.commit(&files, "Policy");
}

/// Runs our binary, which must refuse by the policy (status 4), print no data and change no ref.
fn forbidden(repo: &Repo, line: &str, error: &str) -> Run {
    let before = repo.refs_fingerprint();
    let run = gto(repo, line).fails(4);
    assert!(run.err().lines().any(|line| line == format!("❌ {error}")), "{run}");
    assert_eq!(run.out(), "", "{run}");
    assert_eq!(repo.refs_fingerprint(), before, "a ref changed in\n{run}");
    run
}

/// Runs the first command with `git` that a run gives in backticks.
fn do_as_told(here: &Repo, run: &Run) {
    let said = format!("{}{}", run.out(), run.err());
    let command =
        said.split('`').skip(1).step_by(2).find(|text| text.starts_with("git ")).expect("a command");
    for command in command.split(" && ") {
        let words: Vec<&str> = command.split(' ').skip(1).map(|word| word.trim_matches('\'')).collect();
        here.git_ok(&words);
    }
}

fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is there");
}

fn write(path: &std::path::Path, text: &str) {
    fs::write(path, text).expect("the sandbox is writable");
}
