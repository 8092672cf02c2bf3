//! Clones and checkouts that have not all of the tags: what they lack is no proof of anything, and is said with the commands that
//! fetch it.

use gto_testkit::{Repo, Run};

use super::{do_as_told, policy};
use crate::common::pipeline::{self, url};
use crate::common::{binary, commit_with, gto, hints_at, registry, warns_of};

const FROM: &str = "rules:\n- {stage: prod, from: [staging]}\n";
const APPROVED: &str = "rules:\n- {stage: prod, approvals: {count: 1}, unsigned: trust}\n";

fn enforced(repo: &Repo, line: &str) -> Run {
    let words: Vec<&str> = line.split(' ').collect();
    binary().env("GTO_POLICY", "enforce").run(repo, &words)
}

/// v1.0.0 and v2.0.0 came to `prod` by way of `staging`.
fn promoted() -> Repo {
    let remote = registry(&["m@v1.0.0", "m#staging#1", "m#prod#2"]);
    commit_with(&remote, &["m@v2.0.0", "m#staging#3", "m#prod#4", "other@v1.0.0"]);
    policy(&remote, FROM, &[]);
    remote
}

/// v1.0.0 and then v2.0.0 were approved for `prod`, and came there.
fn approved() -> Repo {
    let remote = registry(&["m@v1.0.0"]);
    remote.git_ok(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    policy(&remote, APPROVED, &[]);
    for version in ["v1.0.0", "v2.0.0"] {
        gto(&remote, &format!("approve m@{version} --stage prod")).ok();
        gto(&remote, &format!("assign m --version {version} --stage prod")).ok();
        commit_with(&remote, if version == "v1.0.0" { &["m@v2.0.0"] } else { &[] });
    }
    remote
}

/// Makes the remote's default branch known, and fetches these tags and no others.
fn fetch(here: &Repo, tags: &[&str]) {
    here.git_ok(&["fetch", "-q", "--no-tags", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    here.git_ok(&["remote", "set-head", "origin", "--auto"]);
    for tag in tags {
        here.git_ok(&["fetch", "-q", "--no-tags", "origin", &format!("refs/tags/{tag}:refs/tags/{tag}")]);
    }
}

fn approvals(repo: &Repo) -> Vec<String> {
    repo.tag_names().into_iter().filter(|tag| tag.starts_with("gto-approval/")).collect()
}

#[test]
fn under_a_policy_the_tag_that_a_checkout_made_lightweight_is_no_answer() {
    let remote = promoted();
    let here = pipeline::checkout(&remote, "here", "m#prod#4");
    fetch(&here, &["m@v1.0.0", "m@v2.0.0", "m#staging#1", "m#prod#2", "m#staging#3"]);
    // Without a policy they warn, and answer by what is there.
    assert_eq!(gto(&here, "resolve m#prod --version").ok().out(), "v1.0.0\n");
    assert_eq!(gto(&here, "check-ref m#prod#4 --version").ok().out(), "");
    let questions = [
        "check-ref m#prod#4 --version",
        "check-ref refs/tags/m#prod#4",
        "resolve m#prod",
        "resolve m#prod#4",
        "show m#prod --version",
        "show m",
        "show",
        "history",
        "policy check",
        "policy check m#prod#4",
        "get m#prod --path a",
        "describe m#prod#4",
    ];
    for question in questions {
        let run = enforced(&here, question).fails(1);
        let is_said = run.err().contains("❌ Tag 'm#prod#4' is no event: it is lightweight");
        assert!(is_said && run.out().is_empty(), "{run}");
        hints_at(&run, "`git fetch --tags --force");
    }
    enforced(&here, "ci m#prod#4 --no-fetch").fails(1);
    // A write would rest on it as well.
    gto(&here, "assign m --version v1.0.0 --stage prod").fails(1);
    // What it is not about is answered, and `gto ci` asks the remote.
    let run = enforced(&here, "ci m#prod#4 --format json").ok();
    assert_eq!(run.json()["version"], "v2.0.0", "{run}");
    let here = pipeline::checkout(&remote, "another", "m#prod#4");
    fetch(&here, &["other@v1.0.0"]);
    enforced(&here, "show other").ok();
    do_as_told(&here, &enforced(&here, "check-ref m#prod#4").fails(1));
    assert_eq!(enforced(&here, "check-ref m#prod#4 --version").ok().out(), "v2.0.0\n");
    assert_eq!(enforced(&here, "resolve m#prod --version").ok().out(), "v2.0.0\n");
}

#[test]
fn under_a_policy_a_tag_that_a_clone_lacks_is_not_taken_for_none() {
    let remote = promoted();
    let here = remote.clone_to("clone");
    here.git_ok(&["tag", "-d", "m#prod#4"]);
    gto(&here, "check-ref m#prod#4").ok();
    let run = enforced(&here, "check-ref m#prod#4 --version").fails(1);
    assert!(run.err().contains("❌ Ref 'm#prod#4' was not found") && run.out().is_empty(), "{run}");
    do_as_told(&here, &run);
    assert_eq!(enforced(&here, "check-ref m#prod#4 --version").ok().out(), "v2.0.0\n");
    // No tag of the registry.
    enforced(&here, "check-ref nightly").ok();
}

#[test]
fn a_lightweight_tag_of_the_registry_itself_is_absent_and_no_failure() {
    let remote = promoted();
    remote.lightweight("m#prod#5", "m@v1.0.0^{commit}");
    for repo in [&remote, &remote.clone_to("clone")] {
        let run = enforced(repo, "resolve m#prod --version").ok();
        assert_eq!(run.out(), "v2.0.0\n");
        warns_of(&run, "'m#prod#5'");
    }
    let run = enforced(&remote, "check-ref m#prod#5 --version").ok();
    assert_eq!(run.out(), "");
    warns_of(&run, "lightweight");
    let run = enforced(&remote.clone_to("another"), "ci m#prod#5 --format json").ok();
    assert!(run.json()["event"].is_null(), "{run}");
    // Nor in a checkout of it, which cannot tell, and says so.
    let here = pipeline::checkout(&remote, "here", "m#prod#5");
    fetch(&here, &["m@v1.0.0"]);
    let run = enforced(&here, "check-ref m#prod#5").fails(1);
    do_as_told(&here, &run);
    let again = enforced(&here, "check-ref m#prod#5").fails(1);
    hints_at(
        &again,
        "if it is lightweight after that, it is on the remote too, where it says nothing: delete it there",
    );
    let run = enforced(&here, "ci m#prod#5 --format json").ok();
    warns_of(&run, "lightweight on the remote too");
}

#[test]
fn a_clone_that_lost_approvals_says_how_to_fetch_them() {
    let remote = approved();
    let here = remote.clone_to("clone");
    assert_eq!(enforced(&here, "resolve m#prod --version").ok().out(), "v2.0.0\n");
    let all = approvals(&here);
    here.git_ok(&[&["tag", "-d"], &all.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
    let fetch = "git fetch origin '+refs/tags/gto-approval/*:refs/tags/gto-approval/*'";
    let run = enforced(&here, "resolve m#prod --version").fails(4);
    warns_of(&run, &format!("approvals may be missing here: `{fetch}` fetches them"));
    warns_of(&enforced(&here, "show m").ok(), fetch);
    hints_at(&gto(&here, "policy check").fails(4), fetch);
    hints_at(&gto(&here, "assign m --version v1.0.0 --stage prod").fails(4), fetch);
    let said = gto(&here, "policy explain m@v2.0.0 --stage prod").ok().out();
    assert!(said.contains(fetch), "{said}");
    assert_eq!(enforced(&here, "ci m#prod#2 --format json").ok().json()["version"], "v2.0.0");
    here.git_ok(&["fetch", "-q", "origin", "+refs/tags/gto-approval/*:refs/tags/gto-approval/*"]);
    let run = enforced(&here, "resolve m#prod --version").ok();
    assert_eq!((run.out().as_str(), run.err().as_str()), ("v2.0.0\n", ""));
    // Whoever has just fetched need not do it again.
    commit_with(&here, &["m@v3.0.0"]);
    let run = gto(&here, "assign m --version v3.0.0 --stage prod").fails(4);
    assert!(run.err().contains("but nobody has approved") && !run.err().contains("git fetch"), "{run}");
    // Something else is wrong with this one, too, which no approval makes right.
    policy(&remote, "rules:\n- {stage: prod, from: [qa], approvals: {count: 3}, unsigned: trust}\n", &[]);
    here.git_ok(&["fetch", "-q"]);
    let run = gto(&here, "policy check").fails(4);
    assert!(!run.err().contains("may be missing"), "{run}");
}

#[test]
fn where_approvals_are_fetched_by_luck_a_missing_one_is_not_taken_for_none() {
    let remote = approved();
    let tags = ["m@v1.0.0", "m#prod#1", "m@v2.0.0", "m#prod#2"];
    let path = remote.sandbox().path().join("no-tags");
    remote.git_ok(&["clone", "-q", "--no-tags", &url(&remote), &path.display().to_string()]);
    let no_tags = Repo::at(remote.sandbox(), path, false);
    for tag in tags {
        no_tags.git_ok(&["fetch", "-q", "origin", &format!("refs/tags/{tag}:refs/tags/{tag}")]);
    }
    let shallow = pipeline::checkout(&remote, "shallow", "m@v2.0.0");
    shallow.git_ok(&["tag", "-d", "m@v2.0.0"]);
    fetch(&shallow, &tags);
    for (here, why) in [(no_tags, "no tags of 'origin' are fetched here"), (shallow, "this clone is shallow")]
    {
        assert_eq!(approvals(&here), [""; 0]);
        for question in
            ["resolve m#prod", "show m", "show", "check-ref m#prod#2", "policy check", "get m#prod --path a"]
        {
            let run = enforced(&here, question).fails(1);
            let said = format!("{}{}", run.out(), run.err());
            assert!(
                said.contains("nobody has approved by the tags that are here") && said.contains(why),
                "{run}"
            );
        }
        gto(&here, "assign m --version v1.0.0 --stage prod").fails(1);
        let run = enforced(&here, "ci m#prod#2 --format json").ok();
        assert_eq!(run.json()["version"], "v2.0.0", "{run}");
        do_as_told(&here, &gto(&here, "policy check").fails(1));
        assert_eq!(approvals(&here).len(), 2);
        assert_eq!(enforced(&here, "resolve m#prod --version").ok().out(), "v2.0.0\n");
        gto(&here, "policy check").ok();
        // Now that they are fetched, none is none.
        here.git_ok(&["tag", "-d", &approvals(&here)[0]]);
        gto(&here, "policy check").fails(4);
    }
}
