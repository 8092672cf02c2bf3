//! `--policy` and `GTO_POLICY=enforce`: what violates the policy counts as absent for who reads, and what is not known is an error.

use gto_testkit::{Repo, Run};

use super::{do_as_told, policy};
use crate::common::pipeline::{self, url};
use crate::common::{binary, commit_with, gto, hints_at, refused, registry};

const FROM: &str = "rules:\n- {stage: prod, from: [staging]}\n";

/// v1.0.0 came to `prod` by way of `staging`, and v2.0.0 did not.
fn repo() -> Repo {
    let repo = registry(&["m@v1.0.0", "m#staging#1", "m#prod#2"]);
    commit_with(&repo, &["m@v2.0.0", "m#prod#4"]);
    policy(&repo, FROM, &[]);
    repo
}

fn enforced(repo: &Repo, line: &str) -> Run {
    let words: Vec<&str> = line.split(' ').collect();
    binary().env("GTO_POLICY", "enforce").run(repo, &words)
}

/// A clone as a pipeline has it: one tag, and no branch.
fn checkout(remote: &Repo, tag: &str) -> Repo {
    let path = remote.sandbox().home().join("checkout");
    let to = path.display().to_string();
    remote.git_ok(&["init", "-q", &to]);
    remote.git_ok(&["-C", &to, "remote", "add", "origin", &format!("file://{}", remote.path().display())]);
    let tag_ref = format!("+refs/tags/{tag}:refs/tags/{tag}");
    remote.git_ok(&["-C", &to, "fetch", "-q", "--depth", "1", "--no-tags", "origin", &tag_ref]);
    remote.git_ok(&["-C", &to, "checkout", "-q", tag]);
    Repo::at(remote.sandbox(), &path, false)
}

#[test]
fn what_violates_the_policy_counts_as_absent_with_a_line_on_stderr() {
    let repo = repo();
    let line = "tag 'm#prod#4' violates the policy of HEAD and counts as absent: .gto-policy.yaml:3 wants a version that was in stage \
                'staging', but v2.0.0 was never validly in 'staging'";
    let versions = [
        ("resolve m#prod --version", "v2.0.0\n", "v1.0.0\n"),
        ("show m#prod --version", "v2.0.0\n", "v1.0.0\n"),
        ("show m#prod --ref", "m@v2.0.0\n", "m@v1.0.0\n"),
        ("show #prod --version", "v2.0.0\n", "v1.0.0\n"),
        ("check-ref m#prod#4 --version", "v2.0.0\n", ""),
        ("get m#prod --dry-run --path a", "", ""),
    ];
    for (command, without, with) in versions {
        if command.starts_with("get") {
            // Which version it is of is in the message.
            repo.commit(&[("a", "x")], "A file");
            let run = gto(&repo, &format!("{command} --policy"));
            assert!(run.err().contains("m#prod#4") && !run.out().contains("v2.0.0"), "{run}");
            continue;
        }
        assert_eq!(gto(&repo, command).ok().out(), without, "{command}");
        for run in [gto(&repo, &format!("{command} --policy")), enforced(&repo, command)] {
            let run = if with.is_empty() { run.fails(4) } else { run.ok() };
            assert_eq!(run.out(), with, "{run}");
            assert_eq!(run.err().matches(line).count(), 1, "{run}");
        }
    }
    let shown = gto(&repo, "show --json --policy").ok().json();
    assert_eq!((&shown["m"]["version"], &shown["m"]["stage"]["prod"]), (&"v2.0.0".into(), &"v1.0.0".into()));
    let versions = gto(&repo, "show m --json --policy").ok();
    assert!(!versions.out().contains("m#prod#4") && versions.out().contains("m#prod#2"), "{versions}");
    let run = gto(&repo, "resolve m#prod#4 --policy").fails(4);
    assert!(run.err().contains("❌ Tag 'm#prod#4' counts as absent: it violates the policy"), "{run}");
    hints_at(&run, "gto policy check 'm#prod#4'");
    gto(&repo, "check-ref m#prod#2 --stage --policy").ok();
    // The stage has nothing else; one that never had anything is not the policy's matter.
    policy(&repo, "rules:\n- {stage: prod, from: [nowhere]}\n", &[]);
    for command in ["resolve m#prod", "resolve m#prod --json", "check-ref m#prod#4 --json"] {
        assert_eq!(enforced(&repo, command).fails(4).out(), "", "{command}");
    }
    enforced(&repo, "resolve m#qa").fails(1);
    policy(&repo, "rules: []\n", &[]);
    // Where nothing of the question was left out nothing is said.
    let run = gto(&repo, "resolve m@v2.0.0 --policy").ok();
    assert_eq!((run.out().as_str(), run.err().as_str()), ("m@v2.0.0\n", ""));
}

#[test]
fn the_journal_has_everything_and_marks_what_violates() {
    let repo = repo();
    let entries = gto(&repo, "history m --json --policy --asc").ok().json();
    let verdicts: Vec<_> =
        entries.as_array().into_iter().flatten().map(|entry| entry["policy"].clone()).collect();
    assert_eq!(verdicts, ["valid", "valid", "valid", "valid", "violated"]);
    let run = enforced(&repo, "history m --plain").ok();
    assert!(run.out().lines().any(|line| line.contains("m#prod#4") && line.ends_with("violated")), "{run}");
    assert!(gto(&repo, "history m --json").ok().json()[0].get("policy").is_none());
}

#[test]
fn readers_that_want_a_policy_fail_where_there_is_none_or_it_cannot_be_used() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    for command in ["resolve m#prod", "show", "show m", "show #prod", "check-ref m#prod#1", "history"] {
        let run = refused(&repo, &format!("{command} --policy"), "There is no policy in force");
        hints_at(&run, "gto policy init");
        enforced(&repo, command).fails(1);
    }
    policy(&repo, "rulez: []\n", &[]);
    let run = gto(&repo, "resolve m#prod --policy").fails(1);
    assert!(run.err().contains("line 2, column 1: unknown key 'rulez'") && run.out().is_empty(), "{run}");
    let run = binary().env("GTO_POLICY", "true").run(&repo, &["resolve", "m#prod"]).fails(1);
    assert!(run.err().contains("Wrong value of the environment variable GTO_POLICY"), "{run}");
    binary().env("GTO_POLICY", "off").run(&repo, &["resolve", "m#prod"]).ok();
}

#[test]
fn what_cannot_be_judged_fails_the_questions_that_it_is_about_and_no_others() {
    let remote = registry(&["m@v1.0.0", "m#prod#1", "m#dev#2", "n@v1.0.0", "n#prod#1"]);
    policy(&remote, "rules:\n- {stage: dev, branches: [main]}\n", &[]);
    let path = remote.sandbox().home().join("shallow");
    let (url, to) = (format!("file://{}", remote.path().display()), path.display().to_string());
    remote.git_ok(&["clone", "-q", "--depth", "1", &url, &to]);
    remote.git_ok(&["-C", &to, "fetch", "-q", "--tags", "--depth", "1"]);
    let shallow = Repo::at(remote.sandbox(), &path, false);
    for command in ["resolve m#dev", "show m", "show", "check-ref m#dev#2"] {
        let run = gto(&shallow, &format!("{command} --policy")).fails(1);
        assert!(run.err().contains("this clone is shallow") && run.out().is_empty(), "{run}");
        hints_at(&run, "gto policy check");
    }
    for command in ["resolve m#prod", "resolve m", "show n", "check-ref m#prod#1", "check-ref m@v1.0.0"] {
        gto(&shallow, &format!("{command} --policy")).ok();
    }
}

#[test]
fn a_checkout_of_a_pipeline_takes_the_policy_of_the_remote_and_never_its_own() {
    let remote = repo();
    let url = format!("file://{}", remote.path().display());
    let run = gto(&remote, &format!("resolve m#prod --version --policy -r {url}")).ok();
    assert_eq!(run.out(), "v1.0.0\n");
    // On a commit whose own policy allows everything.
    policy(&remote, "rules: []\n", &[]);
    commit_with(&remote, &["m#prod#5"]);
    remote.git_ok(&["reset", "-q", "--hard", "HEAD~2"]);
    let here = checkout(&remote, "m#prod#5");
    let run = gto(&here, "check-ref m#prod#5 --policy").fails(1);
    assert!(run.err().contains("the default branch of the remote 'origin' is not known here"), "{run}");
    let values = gto(&here, "ci m#prod#5 --policy --format json").fails(4);
    assert!(values.json()["event"].is_null(), "{values}");
    assert!(values.err().contains("tag 'm#prod#5' violates the policy of HEAD"), "{values}");
    assert_eq!(gto(&here, "ci m#prod#5 --format json").ok().json()["event"], "assignment");
    let good = gto(&here, "ci m#prod#2 --policy --format json").ok().json();
    assert_eq!((&good["event"], &good["version"]), (&"assignment".into(), &"v1.0.0".into()));
    let pending = gto(&here, "ci pending --stage prod --since 2000-01-01 --policy").ok();
    assert_eq!(pending.out(), "m#prod#2\n", "{pending}");
}

/// `trunk` is the default branch. Somebody has pushed branches `main` and `HEAD`, with a policy that allows everything, and a tag on
/// them.
fn with_branches_of_a_stranger() -> Repo {
    let remote = repo();
    remote.git_ok(&["branch", "-m", "trunk"]);
    remote.git_ok(&["checkout", "-q", "-b", "main"]);
    policy(&remote, "rules: []\n", &[]);
    commit_with(&remote, &["m@v3.0.0", "m#prod#6"]);
    remote.git_ok(&["push", "-q", ".", "main:refs/heads/HEAD", "main:refs/pipelines/7"]);
    remote.git_ok(&["checkout", "-q", "trunk"]);
    remote
}

/// A repository with this remote, and what these arguments of `git fetch` bring.
fn fetched(remote: &Repo, name: &str, args: &[&str], checkout: &str) -> Repo {
    let to = remote.sandbox().path().join(name);
    remote.git_ok(&["init", "-q", &to.display().to_string()]);
    let here = Repo::at(remote.sandbox(), to, false);
    here.git_ok(&["remote", "add", "origin", &url(remote)]);
    here.git_ok(&[&["fetch", "-q", "--prune"], args].concat());
    here.git_ok(&["checkout", "-q", "--force", checkout]);
    here
}

#[test]
fn no_branch_of_a_checkout_stands_for_the_default_one_until_the_remote_is_asked() {
    let remote = with_branches_of_a_stranger();
    let tag = "m#prod#6";
    let depth = ["--depth", "1", "--no-tags", "origin"];
    let main = [&depth[..], &["+refs/heads/main:refs/remotes/origin/main"]].concat();
    let all = ["--no-tags", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
    let of_tag = format!("+refs/tags/{tag}:refs/tags/{tag}");
    let gitlab = ["--depth", "20", "origin", "+refs/pipelines/7:refs/pipelines/7", &of_tag];
    let checkouts = [
        pipeline::checkout(&remote, "github-tag", tag),
        fetched(&remote, "github-branch", &main, "refs/remotes/origin/main"),
        fetched(&remote, "github-depth-0", &all, tag),
        fetched(&remote, "gitlab-tag", &gitlab, tag),
        fetched(&remote, "gitlab-branch", &gitlab[..4], "refs/pipelines/7"),
    ];
    for here in checkouts {
        // Of a lightweight tag, or none, nothing is said anyway.
        let is_annotated = here.git(&["cat-file", "-t", "m#prod#6"]).stdout == b"tag\n";
        let of_tag = ["check-ref m#prod#6", "ci m#prod#6 --no-fetch"].into_iter().filter(|_| is_annotated);
        for command in ["resolve m#prod", "show", "show m", "history"].into_iter().chain(of_tag) {
            let run = enforced(&here, command).fails(1);
            let why = "Which policy is in force is not known: the default branch of the remote 'origin' is not known here";
            assert!(run.err().contains(why) && run.out().is_empty(), "{run}");
        }
        let run = gto(&here, "policy check").fails(1);
        do_as_told(&here, &run);
        let run = enforced(&here, "resolve m#prod --version").ok();
        assert_eq!(run.out(), "v1.0.0\n", "{run}");
        assert!(
            run.err()
                .contains("violate the policy of origin/HEAD and count as absent: 'm#prod#4', 'm#prod#6'"),
            "{run}"
        );
        let run = gto(&here, "policy check").fails(4);
        assert!(run.out().contains("m#prod#6"), "{run}");
    }
}

#[test]
fn a_checkout_whose_configuration_names_no_remote_of_it_has_no_policy_of_its_own() {
    let remote = repo();
    policy(&remote, "rules: []\n", &[(".gto", "remote: elsewhere\n")]);
    commit_with(&remote, &["m#prod#6"]);
    remote.git_ok(&["reset", "-q", "--hard", "HEAD~2"]);
    let here = checkout(&remote, "m#prod#6");
    for command in ["resolve m#prod", "check-ref m#prod#6", "ci m#prod#6"] {
        let run = enforced(&here, command).fails(1);
        assert!(run.err().contains("'elsewhere'") && run.out().is_empty(), "{run}");
    }
}

#[test]
fn a_clone_with_some_of_the_branches_cannot_tell_that_a_commit_is_on_none() {
    let remote = registry(&["m@v1.0.0", "m#dev#1", "n@v1.0.0", "n#prod#1"]);
    remote.git_ok(&["branch", "release/1"]);
    policy(
        &remote,
        "rules:\n- {stage: dev, branches: ['release/*']}\n- {stage: prod, branches: [main]}\n",
        &[],
    );
    commit_with(&remote, &["m@v2.0.0", "m#dev#2", "n@v2.0.0", "n#prod#2"]);
    let path = remote.sandbox().path().join("single");
    remote.git_ok(&["clone", "-q", "--single-branch", &url(&remote), &path.display().to_string()]);
    let here = Repo::at(remote.sandbox(), path, false);
    assert_eq!(enforced(&here, "resolve n#prod --version").ok().out(), "v2.0.0\n");
    let run = enforced(&here, "resolve m#dev").fails(1);
    assert!(run.err().contains("only some branches of 'origin' are fetched here"), "{run}");
    here.git_ok(&["remote", "set-branches", "origin", "*"]);
    here.git_ok(&["fetch", "-q", "origin"]);
    assert_eq!(enforced(&here, "resolve m#dev --version").ok().out(), "v1.0.0\n");
}

#[test]
fn what_came_after_a_tag_that_the_policy_leaves_out_is_still_pending() {
    let repo = repo();
    gto(&repo, "assign m --version v2.0.0 --stage staging").ok();
    gto(&repo, "assign m --version v2.0.0 --stage prod --force").ok();
    let since = |tag: &str| enforced(&repo, &format!("ci pending --stage prod --since {tag}"));
    for (tag, expected) in [("m#prod#2", "m#prod#6\n"), ("m#prod#4", "m#prod#6\n"), ("m#prod#6", "")] {
        assert_eq!(since(tag).ok().out(), expected, "{tag}");
    }
    since("m#prod#9").fails(1);
}
