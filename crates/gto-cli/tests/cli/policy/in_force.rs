//! Which policy is in force for a write: that of the remote's default branch, never that of the branch that is checked out.

use gto_testkit::{Repo, RepoOptions, Run, Sandbox};

use super::{do_as_told, policy};
use crate::common::pipeline::{self, url};
use crate::common::{commit_with, gto, hints_at, registry};

const FROM: &str = "rules:\n- {stage: prod, from: [staging]}\n";
const LOOSE: &str = "rules: []\n";
const ASSIGN: &str = "assign m --version v1.0.0 --stage prod";

fn is_forbidden(repo: &Repo, line: &str) {
    let run = gto(repo, line).fails(4);
    assert!(run.err().contains("was never validly in 'staging'"), "{run}");
}

fn is_unclear(repo: &Repo, why: &str) -> Run {
    let before = repo.refs_fingerprint();
    let run = gto(repo, ASSIGN).fails(1);
    assert!(run.err().contains(&format!("❌ Which policy is in force is not known{why}")), "{run}");
    assert_eq!(repo.refs_fingerprint(), before, "a ref changed in\n{run}");
    run
}

#[test]
fn no_local_branch_and_no_detached_head_loosens_the_policy() {
    let remote = registry(&["m@v1.0.0"]);
    policy(&remote, FROM, &[]);
    let clone = remote.clone_to("clone");
    clone.git_ok(&["checkout", "-q", "-b", "loose"]);
    policy(&clone, LOOSE, &[]);
    is_forbidden(&clone, ASSIGN);
    clone.git_ok(&["checkout", "-q", "--detach"]);
    is_forbidden(&clone, ASSIGN);
    // On a branch of the remote, either.
    clone.git_ok(&["push", "-q", "origin", "loose"]);
    is_forbidden(&clone, ASSIGN);
}

#[test]
fn a_default_branch_is_guessed_only_if_no_other_branch_has_a_policy() {
    let remote = registry(&["m@v1.0.0"]);
    remote.git_ok(&["branch", "-m", "trunk"]);
    remote.git_ok(&["branch", "main"]);
    let clone = remote.clone_to("clone");
    clone.git_ok(&["remote", "set-head", "origin", "--delete"]);
    gto(&clone, &format!("{ASSIGN} --dry-run")).ok();
    policy(&remote, FROM, &[]);
    clone.git_ok(&["fetch", "-q"]);
    clone.git(&["remote", "set-head", "origin", "--delete"]);
    let run = is_unclear(&clone, ": the default branch of the remote 'origin' is not known here");
    do_as_told(&clone, &run);
    is_forbidden(&clone, ASSIGN);
    // `main` is what it is called nearly always.
    remote.git_ok(&["branch", "-f", "main", "trunk"]);
    clone.git_ok(&["fetch", "-q"]);
    clone.git(&["remote", "set-head", "origin", "--delete"]);
    is_forbidden(&clone, ASSIGN);
}

#[test]
fn what_a_pipeline_checked_out_is_no_default_branch() {
    let remote = registry(&["m@v1.0.0"]);
    policy(&remote, FROM, &[]);
    let tip = remote.head();
    policy(&remote, LOOSE, &[]);
    commit_with(&remote, &["m@v2.0.0"]);
    remote.git_ok(&["reset", "-q", "--hard", &tip]);
    let here = pipeline::checkout(&remote, "here", "m@v2.0.0");
    here.git_ok(&["fetch", "-q", "--no-tags", "--depth=1", "origin", "tag", "m@v1.0.0"]);
    let run = is_unclear(&here, ": the default branch of the remote 'origin' is not known here");
    do_as_told(&here, &run);
    is_forbidden(&here, ASSIGN);
    // A new repository, of which nothing was pushed yet, has its own.
    let new = registry(&["m@v1.0.0"]);
    new.git_ok(&["remote", "add", "origin", &url(&remote)]);
    gto(&new, &format!("{ASSIGN} --dry-run")).ok();
    policy(&new, FROM, &[]);
    is_forbidden(&new, ASSIGN);
}

#[test]
fn with_several_remotes_it_must_be_clear_which_one_counts() {
    let remote = registry(&["m@v1.0.0"]);
    let clone = remote.clone_to("clone");
    clone.git_ok(&["remote", "rename", "origin", "upstream"]);
    clone.git_ok(&["remote", "add", "fork", "/nowhere"]);
    clone.git_ok(&["checkout", "-q", "--detach"]);
    gto(&clone, &format!("{ASSIGN} --dry-run")).ok();
    policy(&remote, FROM, &[]);
    clone.git_ok(&["fetch", "-q", "upstream"]);
    let run = is_unclear(&clone, ", since it is not clear which remote counts");
    hints_at(&run, "git config remote.pushDefault NAME");
    clone.git_ok(&["config", "remote.pushDefault", "upstream"]);
    is_forbidden(&clone, ASSIGN);
    // A file of the commit that is checked out may name one that is not there.
    clone.git_ok(&["config", "--unset", "remote.pushDefault"]);
    clone.commit(
        &[(".gto", "remote: elsewhere\n"), (".gto-policy.yaml", "version: 1\nrules: []\n")],
        "Loosen",
    );
    let run = is_unclear(&clone, ", since it is not clear which remote counts");
    assert!(run.err().contains("'elsewhere'"), "{run}");
}

#[test]
fn a_write_that_looks_at_the_remote_obeys_the_policy_that_is_there_now() {
    let remote = registry(&["m@v1.0.0"]);
    policy(&remote, LOOSE, &[]);
    let clone = remote.clone_to("clone");
    policy(&remote, FROM, &[]);
    gto(&clone, &format!("{ASSIGN} --dry-run")).ok();
    is_forbidden(&clone, &format!("{ASSIGN} --fetch"));
    policy(&remote, "rules:\n- {stage: prod, from: [staging]}\n- {stage: qa, from: [staging]}\n", &[]);
    is_forbidden(&clone, "assign m --version v1.0.0 --stage qa --push");
    assert_eq!(remote.tag_names(), ["m@v1.0.0"]);
    remote.git_ok(&["branch", "-m", "trunk"]);
    let run = gto(&clone, &format!("{ASSIGN} --push")).fails(1);
    assert!(run.err().contains("the default branch of the remote 'origin' is not known here"), "{run}");
    clone.git_ok(&["remote", "set-head", "origin", "--delete"]);
    clone.git_ok(&["fetch", "-q", "--prune"]);
    clone.git_ok(&["remote", "set-head", "origin", "--auto"]);
    is_forbidden(&clone, &format!("{ASSIGN} --push"));
    gto(&clone, "assign m --version v1.0.0 --stage staging --push").ok();
    gto(&clone, &format!("{ASSIGN} --push")).ok();
}

#[test]
fn in_a_clone_of_an_empty_repository_it_is_said_when_there_is_a_policy() {
    let hub = Sandbox::new().repo_with("hub.git", RepoOptions { bare: true, ..RepoOptions::default() });
    let clone = hub.clone_to("clone");
    let run = gto(&clone, "show --policy").fails(1);
    hints_at(
        &run,
        "git remote set-head origin --auto` asks the remote, which has a default branch once one was pushed to it",
    );
    policy(&clone, "rules: []\n", &[]);
    gto(&clone, "policy check").fails(1);
    clone.git_ok(&["push", "-q", "origin", "HEAD"]);
    do_as_told(&clone, &gto(&clone, "policy check").fails(1));
    gto(&clone, "policy check").ok();
    gto(&clone, "show --policy").ok();
}
