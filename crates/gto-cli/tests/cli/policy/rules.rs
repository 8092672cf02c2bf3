//! Rules that need no keys: from, soak, branches, version, freeze, deletions.

use gto_testkit::Repo;

use super::{forbidden, policy, write};
use crate::common::{commit_with, gto, hints_at, refused, registry};

const FROM: &str = "rules:\n- {stage: prod, from: [staging]}\n";

#[test]
fn a_write_that_violates_the_policy_is_refused_before_anything_is_made() {
    let repo = registry(&["m@v1.0.0"]);
    policy(&repo, FROM, &[]);
    let error = "The policy forbids 'm#prod#1': .gto-policy.yaml:3 wants a version that was in stage 'staging', but v1.0.0 was never \
                 validly in 'staging'";
    let run = forbidden(&repo, "assign m --version v1.0.0 --stage prod", error);
    hints_at(&run, "gto assign m --version v1.0.0 --stage staging");
    forbidden(&repo, "assign m --version v1.0.0 --stage prod --dry-run", error);
    for line in [
        "assign m --version v1.0.0 --stage prod --json",
        "assign m --version v1.0.0 --stage prod --dry-run --json",
    ] {
        let verdict = gto(&repo, line).fails(4).json()["policy"].take();
        assert_eq!(
            (&verdict["verdict"], &verdict["tag"]),
            (&"violated".into(), &"m#prod#1".into()),
            "{verdict}"
        );
        let condition = &verdict["conditions"][0];
        assert_eq!((&condition["condition"], &condition["line"]), (&"from".into(), &3.into()), "{verdict}");
        assert_eq!(condition["remedy"], "assign the version to stage 'staging' first");
    }
    gto(&repo, "assign m --version v1.0.0 --stage staging").ok();
    let planned = gto(&repo, "assign m --version v1.0.0 --stage prod --dry-run --json").ok().json();
    assert_eq!(planned["policy"]["verdict"], "valid");
    assert_eq!(planned["policy"]["checks"][0]["found"], "it was in stage 'staging'");
    gto(&repo, "promote m --from staging --to prod").ok();
    gto(&repo, "policy check").ok();
}

#[test]
fn what_a_policy_does_not_name_is_as_without_one() {
    let repo = registry(&["m@v1.0.0"]);
    let before = gto(&repo, "assign m --version v1.0.0 --stage dev --dry-run --json").ok().json();
    assert!(before.get("policy").is_none());
    policy(&repo, FROM, &[]);
    gto(&repo, "assign m --version v1.0.0 --stage dev").ok();
    gto(&repo, "register other").ok();
    // But the names of approvals.
    let reserved = "The policy forbids 'gto-approval/x@v0.0.1': .gto-policy.yaml wants no artifact whose name begins with 'gto-approval/', \
                    but its name is 'gto-approval/x'";
    let run = forbidden(&repo, "register gto-approval/x", reserved);
    assert!(!run.err().contains("hint:"), "{run}");
}

#[test]
fn a_policy_that_cannot_be_used_refuses_every_write_with_its_place() {
    let repo = registry(&["m@v1.0.0"]);
    policy(&repo, "rules:\n- {stage: prod, form: [staging]}\n", &[]);
    let error = "the policy '.gto-policy.yaml' cannot be used: line 3, column 17: unknown key 'form' in a rule; its keys are \
                 'artifact', 'stage', 'event', 'from', 'from_all', 'soak', 'branches', 'by', 'signature', 'unsigned', 'approvals', \
                 'version', 'freeze', 'rollback', 'pusher'";
    refused(&repo, "register m --bump-major", error);
    refused(&repo, "policy check", error);
    gto(&repo, "show").ok();
}

#[test]
fn explain_says_what_is_fulfilled_and_what_is_missing() {
    let repo = registry(&["m@v1.0.0", "m#staging#1"]);
    let text = "rules:\n- stage: prod\n  from: [staging]\n  soak: 870000h\n  branches: [release/*]\n  version: {range: '>=1.0.0'}\n";
    policy(&repo, text, &[]);
    let said = gto(&repo, "policy explain m@v1.0.0 --stage prod").ok().out();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "m@v1.0.0 in stage 'prod': not allowed yet (policy of HEAD)");
    assert_eq!(
        lines[1],
        "  yes  version: a version that matches '>=1.0.0' (.gto-policy.yaml:3); it is v1.0.0"
    );
    assert_eq!(
        lines[2],
        "  yes  from: a version that was in stage 'staging' (.gto-policy.yaml:3); it was in stage 'staging'"
    );
    assert!(lines[3].starts_with("  no   soak: a version that was in stage 'staging' for 36250d"), "{said}");
    assert!(lines[4].starts_with("       to satisfy it, wait until "), "{said}");
    assert_eq!(lines[6], "       to satisfy it, merge the commit into 'release/*'", "{said}");
    repo.git_ok(&["branch", "release/1"]);
    let json = gto(&repo, "policy explain m@v1.0.0 --stage prod --json").ok().json();
    assert_eq!(json["conditions"][3]["found"], "it is in 'release/1'");
    assert_eq!(json["verdict"], "violated");
}

#[test]
fn init_exempts_what_was_there_and_check_finds_what_was_made_by_hand() {
    let repo = registry(&["m@v1.0.0", "m#prod#2"]);
    gto(&repo, "policy init").ok();
    // It can be used as it is.
    let text = std::fs::read_to_string(repo.path().join(".gto-policy.yaml")).unwrap();
    let text = text.replace("rules: []", "rules:\n- {stage: prod, from: [staging]}");
    write(&repo.path().join(".gto-policy.yaml"), &text);
    refused(&repo, "policy check", "There is no policy in force");
    repo.git_ok(&["add", "-A"]);
    repo.git_ok(&["commit", "-qm", "Policy"]);
    assert_eq!(
        gto(&repo, "policy check").ok().out(),
        "2 tags comply with the policy of HEAD, 0 violate it\n"
    );
    commit_with(&repo, &["m@v2.0.0", "m#prod#4"]);
    let run = gto(&repo, "policy check").fails(4);
    assert!(run.out().starts_with("m#prod#4: .gto-policy.yaml:"), "{run}");
    assert!(run.out().ends_with("3 tags comply with the policy of HEAD, 1 violates it\n"), "{run}");
    let json = gto(&repo, "policy check m#prod#4 --json").fails(4).json();
    assert_eq!(json["tags"][0]["conditions"][0]["condition"], "from");
    gto(&repo, "policy check m#prod#2").ok();
    write(&repo.path().join("new.yaml"), "version: 1\nrules: []\n");
    gto(&repo, "policy check --as-of new.yaml").ok();
    write(&repo.path().join("new.yaml"), "version: 1\nrules:\n- {stage: prod, form: [a]}\n");
    let run = gto(&repo, "policy check --as-of new.yaml").fails(1);
    assert!(
        run.err().contains("The policy 'new.yaml' cannot be used: line 3, column 17: unknown key 'form'"),
        "{run}"
    );
    refused(&repo, "policy check x", "Cannot find artifact 'x'");
    refused(&repo, "policy init", "'.gto-policy.yaml' is there already");
}

#[test]
fn nothing_is_deleted_under_a_policy_unless_it_says_who_may() {
    let repo = registry(&["m@v1.0.0", "m#prod#2"]);
    policy(&repo, "rules: []\n", &[]);
    let run = gto(&repo, "deprecate m v1.0.0 prod --delete").fails(4);
    assert!(run.err().contains("no tag deleted or moved, but this one would be"), "{run}");
    // By a tag it goes.
    gto(&repo, "deprecate m v1.0.0 prod").ok();
}

#[test]
fn in_a_clone_the_policy_of_the_remotes_default_branch_is_in_force() {
    let remote = registry(&["m@v1.0.0"]);
    let clone = remote.clone_to("clone");
    // A local commit does not loosen or tighten it.
    policy(&clone, FROM, &[]);
    gto(&clone, "assign m --version v1.0.0 --stage prod --dry-run").ok();
    policy(&remote, FROM, &[]);
    clone.git_ok(&["fetch", "-q"]);
    clone.commit(&[(".gto-policy.yaml", "version: 1\nrules: []\n")], "Loosen");
    let run = gto(&clone, "assign m --version v1.0.0 --stage prod").fails(4);
    assert!(run.err().contains("was never validly in 'staging'"), "{run}");
    let said = gto(&clone, "policy explain m@v1.0.0 --stage prod").ok().out();
    assert!(said.contains("(policy of origin/HEAD)"), "{said}");
}

#[test]
fn whoever_has_no_policy_need_not_say_which_branch_is_the_default() {
    let remote = registry(&["m@v1.0.0"]);
    remote.git_ok(&["branch", "-m", "trunk"]);
    remote.git_ok(&["branch", "develop"]);
    let clone = remote.clone_to("clone");
    clone.git_ok(&["remote", "set-head", "origin", "--delete"]);
    gto(&clone, "assign m --version v1.0.0 --stage prod --dry-run").ok();
    policy(&remote, FROM, &[]);
    clone.git_ok(&["fetch", "-q"]);
    clone.git(&["remote", "set-head", "origin", "--delete"]);
    let run = gto(&clone, "assign m --version v1.0.0 --stage prod").fails(1);
    hints_at(&run, "git remote set-head origin");
}

#[test]
fn a_shallow_clone_that_lacks_the_history_cannot_judge_branches() {
    let remote = registry(&["m@v1.0.0"]);
    policy(&remote, "rules:\n- {stage: prod, branches: [main]}\n", &[]);
    gto(&remote, "assign m --version v1.0.0 --stage prod --dry-run").ok();
    let path = remote.sandbox().home().join("shallow");
    let url = format!("file://{}", remote.path().display());
    let to = path.display().to_string();
    remote.git_ok(&["clone", "-q", "--depth", "1", &url, &to]);
    remote.git_ok(&["-C", &to, "fetch", "-q", "--tags", "--depth", "1"]);
    let shallow = Repo::at(remote.sandbox(), &path, false);
    let run = gto(&shallow, "assign m --version v1.0.0 --stage prod").fails(1);
    assert!(run.err().contains("this clone is shallow"), "{run}");
}

#[test]
fn hosts_without_hooks_get_patterns_of_every_tag_that_moves_a_stage() {
    let repo = registry(&["m@v1.0.0"]);
    policy(
        &repo,
        "rules:\n- {stage: prod, from: [staging], soak: 1d}\n- {stage: qa, freeze: {from: 2026-01-01, to: 2026-01-02}}\n",
        &[],
    );
    let run = gto(&repo, "policy export gitlab-protected-tags").ok();
    let patterns = run.out();
    let expected = "*#prod\n*#prod#*\n*#prod!\n*#prod!#*\n*#qa\n*#qa#*\n*#qa!\n*#qa!#*\n*@v*!\n*@v*!#*\n*@deprecated\n*@deprecated#*\n\
                    gto-approval/*\n";
    assert_eq!(patterns, expected);
    hints_at(&run, "the host cannot hold these keys of the policy: from, soak, freeze");
    let ruleset = gto(&repo, "policy export github-ruleset").ok().json();
    assert_eq!(ruleset["conditions"]["ref_name"]["include"][0], "refs/tags/**/*#prod");
    assert_eq!(ruleset["target"], "tag");
}

#[test]
fn a_message_cannot_forge_what_only_gto_writes() {
    let repo = registry(&["m@v1.0.0"]);
    let run = crate::common::binary()
        .run(&repo, &["register", "m", "--bump-major", "-m", "text\n\nGto-Override: mine"])
        .fails(1);
    assert!(run.err().contains("The message has a line 'Gto-Override:', which gto writes itself"), "{run}");
}

#[test]
fn a_policy_that_is_no_regular_file_refuses_writes_and_a_server_does_not_take_it() {
    let remote = gto_testkit::Sandbox::new()
        .repo_with("hub.git", gto_testkit::RepoOptions { bare: true, ..gto_testkit::RepoOptions::default() });
    remote.commit(&[("real.yaml", "version: 1\nrules: []\n"), ("list", "")], "first");
    let clone = remote.clone_to("clone");
    super::hook::install(&remote);
    let first = clone.head();
    let id = |text: &str| clone.git_stdin(&["hash-object", "-w", "--stdin"], text.as_bytes());
    let (link, tree, file) =
        (id("real.yaml"), clone.git_ok(&["rev-parse", "HEAD^{tree}"]), id("version: 1\nrules: []\n"));
    let baseline = id("../list");
    for (entries, why) in [
        (vec![("120000", &link, ".gto-policy.yaml")], "'.gto-policy.yaml': it is no regular file"),
        (vec![("160000", &first, ".gto-policy.yaml")], "'.gto-policy.yaml': it is no regular file"),
        (
            vec![("100644", &file, ".gto-policy.yaml"), ("120000", &baseline, ".gto-policy/baseline")],
            "'.gto-policy/baseline': it is no regular file",
        ),
        (
            vec![("100644", &file, ".gto-policy.yaml"), ("100644", &baseline, ".gto-policy")],
            "'.gto-policy/baseline': '.gto-policy' is no folder",
        ),
    ] {
        clone.git_ok(&["read-tree", &tree]);
        for (mode, id, path) in entries {
            clone.git_ok(&["update-index", "--add", "--cacheinfo", &format!("{mode},{id},{path}")]);
        }
        let changed = clone.git_ok(&["write-tree"]);
        let commit = clone.git_ok(&["commit-tree", "-p", &first, "-m", "x", &changed]);
        super::hook::refused(
            &remote,
            &clone,
            &[&format!("{commit}:refs/heads/main")],
            &["a policy that can be read"],
        );
        // Without a server that looks.
        clone.git_ok(&["update-ref", "refs/remotes/origin/main", &commit]);
        let run = gto(&clone, "register m").fails(1);
        assert!(run.err().contains(why), "{run}");
        gto(&clone, "resolve m --policy").fails(1);
    }
    let doctor = |repo: &Repo| gto(repo, "doctor --json").json()["findings"][0]["id"].clone();
    for name in [".gto-policy.yml", ".GTO-policy.yaml"] {
        let repo = registry(&["m@v1.0.0"]);
        repo.commit(&[(name, "version: 1\nrules: []\n")], "Policy");
        assert_eq!(doctor(&repo), "policy-misnamed");
    }
}
