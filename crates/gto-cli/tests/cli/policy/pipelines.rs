//! What `gto ci --policy` fetches: the policy, what it asks about, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use gto_testkit::{Repo, Run, TagSpec};

use super::policy;
use crate::common::pipeline::{checkout, run_in};
use crate::common::{commit_with, gto, registry};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKzTUSGzoYAxWGSD8zZlCMVUfMNhGmk3DHLWuHrRFlPJ ada@example.com\n";

/// v1.0.0 of `m` and of `other` are in `prod`, each with an approval; the history has files that no pipeline wants.
fn server(rules: &str) -> Repo {
    let server = registry(&[]);
    server.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    server.git_ok(&["branch", "-m", "trunk"]);
    for content in ["1", "2", "3"] {
        server.commit(&[("large/file", content)], "Train");
    }
    policy(&server, rules, &[(".gto-policy/keys/ada.pub", KEY), (".gto-policy/baseline", "# none\n")]);
    commit_with(&server, &["m@v1.0.0", "other@v1.0.0"]);
    for artifact in ["m", "other"] {
        gto(&server, &format!("approve {artifact}@v1.0.0 --stage prod")).ok();
        gto(&server, &format!("assign {artifact} --version v1.0.0 --stage prod")).ok();
    }
    server.git_ok(&["checkout", "-q", "-b", "topic", "HEAD~2"]);
    server.commit(&[("large/topic", "x")], "Try");
    server.tag("nightly", "HEAD", &TagSpec::default());
    server.git_ok(&["checkout", "-q", "trunk"]);
    server
}

/// The clones that are kept, each with its objects.
fn kept(repo: &Repo) -> Vec<(PathBuf, BTreeSet<String>)> {
    let clones = repo.sandbox().home().join(".cache/gto/remotes");
    let folders =
        fs::read_dir(clones).expect("as in the sandbox").map(|entry| entry.expect("as in it").path());
    let objects = |folder: &PathBuf| {
        let git_dir = format!("--git-dir={}", folder.display());
        let check = "--batch-check=%(objecttype) %(objectname)";
        let listed = repo.git_ok(&[&git_dir, "cat-file", "--batch-all-objects", "--unordered", check]);
        listed.lines().map(str::to_owned).collect()
    };
    folders.filter(|path| path.is_dir()).map(|folder| (folder.clone(), objects(&folder))).collect()
}

/// The objects of the server that these names mean.
fn objects_of(server: &Repo, names: &[&str]) -> BTreeSet<String> {
    let input = names.join("\n") + "\n";
    let listed =
        server.git_stdin(&["cat-file", "--batch-check=%(objecttype) %(objectname)"], input.as_bytes());
    listed.lines().map(str::to_owned).collect()
}

fn ci(here: &Repo, tag: &str) -> Run {
    run_in(here, &[], &[tag, "--policy", "--format", "json"])
}

/// What `gto ci --policy` needs of `server` for `m`.
fn wanted(server: &Repo) -> BTreeSet<String> {
    let approval = server.tag_names().into_iter().find(|tag| tag.starts_with("gto-approval/m@"));
    objects_of(
        server,
        &[
            "m@v1.0.0",
            "m@v1.0.0^{commit}",
            "m#prod#1",
            &approval.expect("it was approved"),
            "HEAD",
            "HEAD^{tree}",
            "HEAD:.gto-policy.yaml",
            "HEAD:.gto-policy",
            "HEAD:.gto-policy/baseline",
            "HEAD:.gto-policy/keys",
            "HEAD:.gto-policy/keys/ada.pub",
        ],
    )
}

const APPROVED: &str = "rules:\n- {stage: prod, approvals: {count: 1}, unsigned: trust}\n";
const BRANCHES: &str = "rules:\n- {stage: prod, branches: [trunk, 'release/*']}\n- {artifact: other, stage: prod, branches: ['*']}\n";

#[test]
fn a_pipeline_fetches_the_policy_with_the_tags_and_approvals_of_the_artifact_and_nothing_else() {
    let server = server(APPROVED);
    let here = checkout(&server, "here", "m#prod#1");
    for _ in 0..2 {
        assert_eq!(ci(&here, "m#prod#1").ok().json()["version"], "v1.0.0");
        let kept = kept(&here);
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(kept[0].1, wanted(&server));
    }
    // The policy of now, and a server whose default branch is gone has none.
    policy(&server, "rules:\n- {stage: prod, from: [staging]}\n", &[]);
    assert!(ci(&here, "m#prod#1").fails(4).json()["event"].is_null());
    server.git_ok(&["symbolic-ref", "HEAD", "refs/heads/gone"]);
    let run = ci(&here, "m#prod#1").fails(1);
    assert!(run.err().contains("no policy"), "{run}");
}

#[test]
fn for_branches_a_pipeline_fetches_their_commits_without_files() {
    let server = server(BRANCHES);
    let here = checkout(&server, "here", "m#prod#1");
    for _ in 0..2 {
        assert_eq!(ci(&here, "m#prod#1").ok().json()["version"], "v1.0.0");
    }
    let kept = kept(&here);
    assert_eq!(kept.len(), 2, "{kept:?}");
    let commits = server.git_ok(&["rev-list", "trunk"]);
    let mut all = wanted(&server);
    all.extend(objects_of(&server, &commits.lines().collect::<Vec<_>>()));
    assert!(kept.iter().any(|(_, objects)| *objects == all), "{kept:?}");
    // A commit that is on no such branch.
    server.tag("m#prod#2", "topic", &TagSpec::at(1_900_000_000));
    let run = ci(&here, "m#prod#2").fails(4);
    assert!(run.json()["event"].is_null() && run.err().contains("violates the policy"), "{run}");
    let pending =
        run_in(&here, &[], &["pending", "--stage", "prod", "--since", "2000-01-01", "--policy"]).ok();
    assert_eq!(pending.out(), "m#prod#1\nother#prod#1\n");
    gto(&here, &format!("cache clear -r file://{}", server.path().display())).ok();
    assert_eq!(self::kept(&here), []);
}

/// The clone of tags has a `HEAD` that must not pass for a branch of the remote.
#[test]
fn no_branch_of_the_kept_clone_passes_for_one_of_the_server() {
    let server = server(APPROVED);
    policy(&server, "rules:\n- {stage: prod, branches: [main]}\n", &[]);
    let here = checkout(&server, "here", "m#prod#1");
    let run = ci(&here, "m#prod#1").fails(4);
    assert!(run.json()["event"].is_null() && run.err().contains("violates the policy"), "{run}");
    server.git_ok(&["branch", "main", "trunk"]);
    assert_eq!(ci(&here, "m#prod#1").ok().json()["version"], "v1.0.0");
    server.git_ok(&["branch", "-D", "main"]);
    assert!(ci(&here, "m#prod#1").fails(4).json()["event"].is_null());
}

#[test]
fn a_server_that_leaves_nothing_out_or_gives_no_single_files_is_obeyed_as_well() {
    for (settings, rules) in [
        (&["uploadpack.allowFilter=false"][..], APPROVED),
        (&["uploadpack.allowFilter=false"], BRANCHES),
        (&["uploadpack.allowAnySHA1InWant=false", "protocol.version=0"], APPROVED),
        (&["uploadpack.allowAnySHA1InWant=false", "protocol.version=0"], BRANCHES),
    ] {
        let server = server(rules);
        let here = checkout(&server, "here", "m#prod#1");
        for setting in settings {
            let (key, value) = setting.split_once('=').expect("as above");
            server.git_ok(&["config", key, value]);
            here.git_ok(&["config", "--global", key, value]);
        }
        assert_eq!(ci(&here, "m#prod#1").ok().json()["version"], "v1.0.0", "{settings:?} {rules}");
        server.tag("m#prod#2", "topic", &TagSpec::at(1_900_000_000));
        let run = ci(&here, "m#prod#2").fails(4);
        assert!(run.json()["event"].is_null(), "{run}");
    }
}
