//! `gto get --pin` and `--from-pin`.

#![cfg(unix)]

use std::fs;

use super::dvc::Dvc;
use crate::common::{gto, hints_at};
use gto_testkit::{Repo, TagSpec};

fn repo() -> Repo {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "d: {path: d}\n"), ("d/a", "1"), ("d/sub/b", "2")], "1");
    repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    repo
}

#[test]
fn a_pin_gets_the_same_after_the_tag_has_moved() {
    let repo = repo();
    repo.git_ok(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    repo.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repo.path().display());
    gto(&repo, "get d -o out --pin here.pin --include a").ok();
    gto(&repo, &format!("get d -o there --pin there.pin -r {url}")).ok();
    let pin = fs::read_to_string(repo.path().join("there.pin")).unwrap();
    assert!(pin.contains(&format!("\"repository\": \"{url}\"")) && pin.contains("\"hash\": \"git:"), "{pin}");
    repo.git_ok(&["tag", "-d", "d@v1.0.0"]);
    repo.commit(&[("d/a", "changed")], "2");
    repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    gto(&repo, "get --from-pin here.pin -o again").ok();
    assert_eq!(fs::read_to_string(repo.path().join("again/a")).unwrap(), "1");
    assert!(!repo.path().join("again/sub").exists(), "the pin has no such file");
    // By the address in it.
    fs::create_dir(repo.path().join("../elsewhere")).unwrap();
    let run = crate::common::binary().run_in(
        repo.sandbox(),
        &repo.path().join("../elsewhere"),
        &["get", "--from-pin", "../repo/there.pin", "-o", "got"],
        b"",
    );
    if run.status == 0 {
        assert_eq!(fs::read_to_string(repo.path().join("../elsewhere/got/a")).unwrap(), "1");
    } else {
        panic!("{run}");
    }
    assert!(gto(&repo, "get --from-pin here.pin -o again").ok().out().contains("is up to date"));
}

#[test]
fn a_pin_that_is_none_or_of_something_else_gets_nothing() {
    let repo = repo();
    gto(&repo, "get d -o out --pin pin").ok();
    let pin = fs::read_to_string(repo.path().join("pin")).unwrap();
    for (text, words) in [
        ("", "This is no pin of gto"),
        ("{\"schema\": 1}", "This is no pin of gto"),
        (&*pin.replace("\"schema\": 1", "\"schema\": 2"), "its schema is 2"),
        (&*pin.replace("\"path\": \"d\"", "\"path\": \"/etc\""), "'/etc' is not in the repository"),
        (&*pin.replace("git:", "git:0"), "and the pin has git:0"),
        (&*pin.replace("sub/b", "../b"), "'../b' is nothing"),
        (&*pin.replace("\"artifact\": \"d\"", "\"artifact\": \"-x\""), "is no name of an artifact"),
    ] {
        fs::write(repo.path().join("bad"), text).unwrap();
        let run = gto(&repo, "get --from-pin bad -o no").fails(1);
        assert!(run.err().contains(words), "{words}: {run}");
        assert!(!repo.path().join("no").exists());
    }
    fs::write(repo.path().join("bad"), "x").unwrap();
    hints_at(&gto(&repo, "get --from-pin bad").fails(1), "`gto get NAME --pin FILE`");
    gto(&repo, "get d --from-pin pin").fails(2);
    gto(&repo, "get").fails(2);
    gto(&repo, "get --from-pin missing").fails(1);
}

#[test]
fn what_dvc_keeps_is_pinned_by_its_hash() {
    let dvc = Dvc::new();
    dvc.file("d", "content");
    dvc.cache("content");
    gto(&dvc.repo, "get d -o out --pin pin").ok();
    let pin = fs::read_to_string(dvc.repo.path().join("pin")).unwrap();
    assert!(pin.contains("\"hash\": \"md5:"), "{pin}");
    dvc.file("d", "other");
    gto(&dvc.repo, "get --from-pin pin -o again").ok();
    assert_eq!(dvc.read("again"), "content");
}

#[test]
fn who_obeys_a_policy_gets_a_pin_only_of_a_version_that_complies_and_is_still_there() {
    let repo = repo();
    let policy = |range: &str| {
        let text = format!("version: 1\nrules:\n- {{event: register, version: {{range: '{range}'}}}}\n");
        repo.commit(&[(".gto-policy.yaml", &text)], "Policy");
    };
    policy(">=1");
    gto(&repo, "get d -o out --pin pin").ok();
    let enforced = || {
        let words = ["get", "--from-pin", "pin", "-o", "again", "--force"];
        crate::common::binary().env("GTO_POLICY", "enforce").run(&repo, &words)
    };
    enforced().ok();
    policy(">=2");
    let run = enforced().fails(1);
    assert!(run.err().contains("tag 'd@v1.0.0' violates the policy of HEAD"), "{run}");
    gto(&repo, "get --from-pin pin -o again").ok();
    policy(">=1");
    repo.git_ok(&["tag", "-d", "d@v1.0.0"]);
    repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    let run = enforced().fails(1);
    assert!(run.err().contains("The pin has 'd@v1.0.0' on commit"), "{run}");
    hints_at(&run, "GTO_POLICY=off");
}
