//! `gto approve`: approvals are tags of the registry, and no events.

use gto_testkit::{Oracle, Repo, RepoOptions, Sandbox, SshKey};

use crate::common::{binary, gto, hints_at, refused, registry, theirs};

fn approvals(repo: &Repo) -> Vec<String> {
    repo.tag_names().into_iter().filter(|tag| tag.starts_with("gto-approval/")).collect()
}

#[test]
fn a_version_is_approved_once_by_each_and_a_withdrawal_is_final() {
    let repo = registry(&["a=m/x@v1.0.0", "a=m/x#dev#1"]);
    let run = gto(&repo, "approve a:m/x@latest --stage prod/eu --dry-run --json").ok().json();
    let tag = run["tags"][0]["tag"].as_str().unwrap().to_owned();
    assert!(tag.starts_with("gto-approval/a=m/x@v1.0.0/prod/eu/-/"), "{tag}");
    assert_eq!((&run["tags"][0]["event"], approvals(&repo).len()), (&"approval".into(), 0));
    let run = gto(&repo, "approve a:m/x#dev --stage prod/eu").ok();
    assert_eq!(
        run.out().lines().next(),
        Some(format!("Created git tag '{tag}' that approves version 'v1.0.0' for stage 'prod/eu'").as_str())
    );
    let said =
        format!("Version 'v1.0.0' of artifact 'a:m/x' is approved for stage 'prod/eu' already, by '{tag}'");
    hints_at(&refused(&repo, "approve a:m/x@v1.0.0 --stage prod/eu", &said), "--exist-ok");
    gto(&repo, "approve a:m/x@v1.0.0 --stage prod/eu --exist-ok").ok();
    let not = "email:c@example.com has not approved version 'v1.0.0' of artifact 'a:m/x' for stage 'qa'";
    let said = gto(&repo, "approve a:m/x@v1.0.0 --stage qa --withdraw --author-email c@example.com").fails(1);
    hints_at(&said, "gto approve --list a:m/x");
    assert!(said.err().contains(not), "{said}");
    gto(&repo, "approve a:m/x@v1.0.0 --stage prod/eu --withdraw").ok();
    assert_eq!(approvals(&repo), [tag.clone(), format!("{tag}!")]);
    let said = gto(&repo, "approve a:m/x@v1.0.0 --stage prod/eu").fails(1);
    assert!(said.err().contains(&format!("was withdrawn, by '{tag}!'")), "{said}");
    gto(&repo, "approve a:m/x@v2.0.0 --stage prod").fails(1);
    hints_at(&gto(&repo, "approve a:m/x --stage prod").fails(1), "gto approve a:m/x@latest --stage prod");
}

#[test]
fn questions_do_not_show_approvals_and_doctor_knows_them() {
    let repo = registry(&["m@v1.0.0", "m#dev#1"]);
    let asked = ["show", "show m", "history", "history m", "print-state", "stages --used", "doctor"];
    let before: Vec<String> = asked.iter().map(|line| gto(&repo, line).ok().out()).collect();
    gto(&repo, "approve m@v1.0.0 --stage prod").ok();
    gto(&repo, "approve m@v1.0.0 --stage prod --withdraw").ok();
    let after: Vec<String> = asked.iter().map(|line| gto(&repo, line).ok().out()).collect();
    assert_eq!(before, after);
    let listed = gto(&repo, "history m --approvals --json").ok().json();
    let words: Vec<&str> =
        listed.as_array().unwrap().iter().map(|tag| tag["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["approval", "withdrawal"]);
    assert_eq!(listed[0]["is_withdrawn"], true);
    assert_eq!(gto(&repo, "approve --list m --json").ok().json(), listed);
    assert_eq!(gto(&repo, "history other --approvals --json").ok().out(), "[]\n");
}

#[test]
fn approvers_in_two_clones_never_take_one_name_and_approvals_travel_like_events() {
    let bare = Sandbox::new().repo_with("hub.git", RepoOptions { bare: true, ..RepoOptions::default() });
    bare.commit(&[], "first");
    let (ada, bob) = (bare.clone_to("ada"), bare.clone_to("bob"));
    gto(&ada, "register m --push").ok();
    gto(&ada, "approve m@v0.0.1 --stage prod --author-email ada@example.com --push").ok();
    // He does not know hers, and the version neither.
    gto(&bob, "approve m@latest --stage prod --author-email bob@example.com --push").ok();
    gto(&bob, "approve m@latest --stage qa --author-email bob@example.com").ok();
    assert_eq!((approvals(&bare).len(), approvals(&bob).len()), (2, 3));
    assert_eq!(gto(&bob, "status m").fails(3).out().matches("only here").count(), 1);
    gto(&bob, "push m").ok();
    assert_eq!(gto(&ada, "status").fails(3).out().matches("only on origin").count(), 2);
    gto(&ada, "assign m --version v0.0.1 --stage prod --fetch").ok();
    assert_eq!(approvals(&ada), approvals(&bare));
}

#[test]
fn an_approver_has_one_name_whatever_the_key_is_called() {
    let repo = registry(&["m@v1.0.0"]);
    let Some(key) = SshKey::or_skip(repo.sandbox().path().join("key")) else { return };
    repo.git_ok(&["config", "gpg.format", "ssh"]);
    let (file, literal) = (key.private().display().to_string(), format!("key::{}", key.public()));
    let name = |key: &str| {
        let args = ["approve", "m@v1.0.0", "--stage", "prod", "-u", key, "--dry-run", "--json"];
        binary().run(&repo, &args).ok().json()["tags"][0]["tag"].clone()
    };
    let expected = name(&file);
    assert_eq!(name(&literal), expected);
    binary().run(&repo, &["approve", "m@v1.0.0", "--stage", "prod", "-u", &file]).ok();
    assert_eq!(approvals(&repo), [expected.as_str().unwrap_or_default()]);
    assert!(repo.git_ok(&["cat-file", "-p", &approvals(&repo)[0]]).contains("BEGIN SSH SIGNATURE"));
}

#[test]
fn the_python_tool_takes_approvals_for_unrelated_tags() {
    let Some(mut oracle) = Oracle::or_skip() else { return };
    let repo = registry(&["m@v1.0.0", "d=n@v1.0.0", "m#dev#1"]);
    repo.commit(&[(".gto-policy.yaml", "version: 1\n")], "policy");
    let asked = ["show --json", "show m --json", "history --json", "stages --used"];
    let before: Vec<String> = asked.iter().map(|line| theirs(&mut oracle, &repo, line).ok().out()).collect();
    gto(&repo, "approve m@v1.0.0 --stage prod").ok();
    gto(&repo, "approve d:n@v1.0.0 --stage prod/eu").ok();
    gto(&repo, "approve m@v1.0.0 --stage prod --withdraw").ok();
    let after: Vec<String> = asked.iter().map(|line| theirs(&mut oracle, &repo, line).ok().out()).collect();
    assert_eq!(before, after);
    theirs(&mut oracle, &repo, "register m HEAD --version v2.0.0").ok();
}
