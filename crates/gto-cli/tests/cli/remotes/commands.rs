//! Writing to a remote that others write to as well, and looking at what it has.

#![cfg(unix)]

use std::fs;

use crate::common::{binary, gto, hints_at, refused, warns_of};
use gto_testkit::{Gto, RefFormat, Repo, RepoOptions, Run, Sandbox, TagSpec};
use serde_json::json;

/// A bare repository with the version v0.0.1 of `m` on the first of two commits.
fn remote_with(options: RepoOptions) -> Repo {
    let options = RepoOptions { bare: true, ..options };
    let remote = Sandbox::new().repo_with("remote.git", options);
    remote.commit(&[], "first");
    remote.tag("m@v0.0.1", "HEAD", &TagSpec::default());
    remote.commit(&[], "second");
    remote
}

fn remote() -> Repo {
    remote_with(RepoOptions::default())
}

/// A clone without tags, as CI makes it.
fn clone_without_tags(remote: &Repo, name: &str, options: &[&str]) -> Repo {
    let to = remote.sandbox().path().join(name);
    let url = format!("file://{}", remote.path().display());
    let fixed = ["clone", "-q", "--template=", "--no-tags"];
    remote.git_ok(&[&fixed, options, &[&url, &to.to_string_lossy()]].concat());
    let repo = Repo::at(remote.sandbox(), to, false);
    repo.git_ok(&["config", "--unset-all", "remote.origin.tagOpt"]);
    repo
}

fn hook(repo: &Repo, name: &str, script: &str) {
    let path = repo.git_dir().join("hooks").join(name);
    fs::create_dir_all(repo.git_dir().join("hooks")).expect("the sandbox is writable");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the sandbox is writable");
    assert!(repo.command("chmod").arg("+x").arg(&path).status().expect("the sandbox is writable").success());
}

/// Runs our binary, which must fail with this error line and change no ref, here or there.
fn refused_here_and_there(repo: &Repo, remote: &Repo, line: &str, error: &str) -> Run {
    let before = (repo.tags(), remote.tags());
    let run = gto(repo, line).fails(1);
    assert_eq!(run.err().lines().next(), Some(format!("❌ {error}").as_str()), "{run}");
    assert_eq!((repo.tags(), remote.tags()), before, "{run}");
    run
}

#[test]
fn git_may_ask_for_a_password_where_it_may_when_it_is_called_by_hand() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("m@v0.0.1", "HEAD", &TagSpec::default());
    repo.git_ok(&["remote", "add", "origin", "host:x"]);
    let said = repo.sandbox().path().join("prompt");
    let ssh = format!("printf %s \"$GIT_TERMINAL_PROMPT\" >'{}'; false", said.display());
    for (prompt, line) in
        ["0", "1"].into_iter().flat_map(|prompt| ["status", "push"].map(|line| (prompt, line)))
    {
        binary()
            .env("GIT_ALLOW_PROTOCOL", "ssh")
            .env("GIT_SSH_COMMAND", &ssh)
            .env("GIT_TERMINAL_PROMPT", prompt)
            .run(&repo, &[line])
            .fails(1);
        assert_eq!(fs::read_to_string(&said).unwrap_or_default(), prompt, "{line}");
        fs::remove_file(&said).unwrap();
    }
}

#[test]
fn a_push_goes_on_from_the_tags_of_the_remote_in_every_kind_of_repository() {
    let reftable = RepoOptions { refs: RefFormat::Reftable, ..RepoOptions::default() };
    let sha256 = RepoOptions { sha256: true, ..RepoOptions::default() };
    let kinds = [RepoOptions::default(), sha256, reftable];
    for kind in kinds.into_iter().filter(|kind| kind.refs == RefFormat::Files || Repo::reftable_works()) {
        let remote = remote_with(kind);
        let (one, two) = (clone_without_tags(&remote, "one", &[]), clone_without_tags(&remote, "two", &[]));
        assert!(gto(&one, "register m --push").ok().out().contains("'m@v0.0.2'"));
        gto(&one, "assign m --version v0.0.1 --stage dev --push").ok();
        // It knows neither the version nor the counter.
        gto(&two, "assign m --version v0.0.2 --stage prod --push").ok();
        assert_eq!(remote.tag_names(), ["m#dev#1", "m#prod#2", "m@v0.0.1", "m@v0.0.2"]);
        assert_eq!(two.tags(), remote.tags());
        assert_eq!(gto(&one, "assign m --version v0.0.1 --stage qa --fetch").ok().err(), "");
        assert_eq!(one.tag_names(), ["m#dev#1", "m#prod#2", "m#qa#3", "m@v0.0.1", "m@v0.0.2"]);
        assert_eq!(remote.tag_names().len(), 4);
    }
}

#[test]
fn a_shallow_checkout_gets_the_tags_and_keeps_the_history_that_it_has() {
    let remote = remote();
    for n in 3..6 {
        remote.commit(&[], &format!("commit {n}"));
    }
    gto(&remote, "register m HEAD~1").ok();
    for (depth, commits) in [("--depth=1", 3), ("--depth=3", 4)] {
        let clone = clone_without_tags(&remote, depth, &[depth]);
        let commit = clone.commit(&[("file", depth)], "trained");
        clone.git_ok(&["push", "-q", "origin", &format!("HEAD:refs/heads/{}", depth.replace('=', "-"))]);
        let run = gto(&clone, "register m --push").ok();
        assert_eq!(run.err(), "", "{run}");
        let made = remote.tags().into_iter().find(|tag| tag.target == commit);
        assert!(made.is_some_and(|tag| run.out().contains(&tag.name)), "{run}");
        assert_eq!(clone.tag_names(), remote.tag_names());
        let ancestors = clone.git_ok(&["rev-list", "--count", "HEAD"]).parse::<usize>().unwrap();
        assert_eq!(ancestors, depth[8..].parse::<usize>().unwrap() + 1, "history of {depth}");
        let all = clone.git_ok(&["rev-list", "--count", "--all"]).parse::<usize>().unwrap();
        assert!(all <= commits + 2, "{all} commits with {depth}");
    }
}

#[test]
fn a_clone_that_may_lack_tags_warns_before_it_invents_a_version_unless_it_has_looked() {
    let remote = remote();
    for (name, options, state) in [("none", &[][..], "has no tags"), ("cut", &["--depth=1"], "is shallow")] {
        let clone = clone_without_tags(&remote, name, options);
        let run = gto(&clone, "register m --dry-run").ok();
        warns_of(&run, &format!("this clone {state}"));
        warns_of(&run, "--fetch");
        let run = gto(&clone, "register m --dry-run --fetch").ok();
        assert!(run.out().contains("'m@v0.0.2'"), "{run}");
        assert_eq!(run.err(), "", "{run}");
    }
}

#[test]
fn a_shallow_clone_warns_before_it_chooses_a_version_from_a_history_that_it_lacks() {
    let remote = Repo::new();
    for version in ["v0.0.1", "v0.0.2", "v0.0.3"] {
        remote.commit(&[], version);
        remote.tag(&format!("m@{version}"), "HEAD", &TagSpec::default());
    }
    for (tag, at) in [("m#prod#1", "HEAD~1"), ("m#prod#2", "HEAD~2"), ("m#prod#3", "HEAD")] {
        remote.tag(tag, at, &TagSpec::default());
    }
    let url = format!("file://{}", remote.path().display());
    remote.git_ok(&["clone", "-q", "--depth=2", &url, "../cut"]);
    let cut = Repo::at(remote.sandbox(), remote.sandbox().path().join("cut"), false);
    for line in [
        "rollback m prod",
        "promote m --from prod --to live",
        "assign m --version latest --stage live",
        "assign m --version #prod --stage live",
        "unassign m prod",
        "deregister m v0.0.3",
    ] {
        let run = gto(&cut, &format!("{line} --dry-run")).ok();
        warns_of(&run, "this clone is shallow");
        warns_of(&run, "--fetch");
    }
    // What was named is meant.
    for line in ["assign m --version v0.0.3 --stage live", "rollback m prod --to v0.0.2"] {
        assert_eq!(gto(&cut, &format!("{line} --dry-run")).ok().err(), "", "{line}");
    }
    let run = gto(&cut, "rollback m prod --dry-run --fetch").ok();
    assert!(run.out().contains("v0.0.1") && run.err().is_empty(), "{run}");
}

#[test]
fn a_lock_that_is_there_stops_a_write_before_it_pushes() {
    let remote = remote();
    let clone = remote.clone_to("work");
    let before = remote.refs_fingerprint();
    let lock = |name: &str| clone.git_dir().join(name);
    for (name, line) in [
        ("refs/tags/m@v0.0.5.lock", "register m --version v0.0.5 --force --push"),
        ("packed-refs.lock", "deprecate m v0.0.1 --delete --yes --push"),
    ] {
        fs::create_dir_all(lock(name).parent().unwrap()).unwrap();
        fs::write(lock(name), "").unwrap();
        let run = gto(&clone, line).fails(1);
        assert!(run.err().contains(".lock` is there"), "{run}");
        hints_at(&run, "run `rm ");
        assert_eq!(remote.refs_fingerprint(), before, "{line}");
        fs::remove_file(lock(name)).unwrap();
    }
}

#[test]
fn the_remote_is_the_configured_one_or_that_which_git_push_would_choose() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    let remote_of = |repo: &Repo, binary: &Gto| {
        let run = binary.run(repo, &["register", "m", "--force"]).ok();
        let line = run.out().lines().nth(2).map(str::trim).map(str::to_owned).unwrap_or_default();
        repo.git_ok(&["tag", "-d", line.rsplit(' ').next().unwrap()]);
        line.strip_prefix("git push ").unwrap().split(' ').next().unwrap().to_owned()
    };
    let plain = binary();
    assert_eq!(remote_of(&repo, &plain), "origin");
    repo.git_ok(&["remote", "add", "only", "/nowhere"]);
    assert_eq!(remote_of(&repo, &plain), "only");
    for name in ["origin", "third", "fourth", "fifth", "sixth"] {
        repo.git_ok(&["remote", "add", name, "/nowhere"]);
    }
    assert_eq!(remote_of(&repo, &plain), "origin");
    for (key, name) in [
        ("branch.main.remote", "."),
        ("branch.main.remote", "third"),
        ("branch.other.pushRemote", "sixth"),
        ("remote.pushDefault", "fourth"),
        ("branch.main.pushRemote", "fifth"),
    ] {
        repo.git_ok(&["config", key, name]);
        let expected = if name == "." {
            "origin"
        } else if name == "sixth" {
            "third"
        } else {
            name
        };
        assert_eq!(remote_of(&repo, &plain), expected, "{key}");
    }
    fs::write(repo.path().join(".gto"), "remote: third\n").unwrap();
    assert_eq!(remote_of(&repo, &plain), "third");
    assert_eq!(remote_of(&repo, &plain.env("GTO_REMOTE", "only")), "only");
}

#[test]
fn what_a_repository_calls_a_remote_must_be_one_that_the_user_has_configured() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    let path = remote.path().display().to_string();
    for name in
        [path.as_str(), "ext::sh -c touch% pwned", "--upload-pack=touch pwned", "-c", "nowhere", "../x"]
    {
        fs::write(repo.path().join(".gto"), format!("push: true\nremote: '{name}'\n")).unwrap();
        for line in ["register m", "status", "push"] {
            let run = refused(&repo, line, &format!("There is no remote '{name}'"));
            hints_at(&run, "`remote` in `.gto`");
        }
        // Without a push the name does not matter.
        gto(&repo, "register m --dry-run --no-push").ok();
    }
    fs::write(repo.path().join(".gto"), "").unwrap();
    let there = binary().env("GTO_REMOTE", &path).run(&repo, &["register", "m", "--push"]).fails(1);
    assert!(there.err().starts_with(&format!("❌ There is no remote '{path}'")), "{there}");
    refused(&repo, &format!("status --remote {path}"), &format!("There is no remote '{path}'"));
}

#[test]
fn a_configured_push_is_made_by_every_write_and_can_be_turned_off() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    fs::write(repo.path().join(".gto"), "push: true\n").unwrap();
    gto(&repo, "register m").ok();
    assert_eq!(remote.tag_names(), ["m@v0.0.1", "m@v0.0.2"]);
    let run = gto(&repo, "assign m --version v0.0.1 --stage dev --no-push --json").ok();
    assert_eq!(run.json()["pushed"], json!(false));
    assert_eq!(remote.tag_names().len(), 2);
    binary().env("GTO_PUSH", "false").run(&repo, &["deprecate", "m"]).ok();
    assert_eq!(remote.tag_names().len(), 2);
    gto(&repo, "push").ok();
    assert_eq!(remote.tags(), repo.tags());
    let url = format!("file://{}", remote.path().display());
    hook(&remote, "pre-receive", "exit 1");
    let run = gto(&repo, &format!("register m main --force -r {url}")).fails(1);
    hints_at(&run, "nothing was changed; see whether Git can reach it: `git ls-remote URL`");
    let run = gto(&repo, &format!("register m --no-push -r {url}")).fails(1);
    assert!(run.err().starts_with("❌ A remote repository is written to by pushing"), "{run}");
}

#[test]
fn a_person_sets_push_and_remote_in_gits_configuration_above_the_file_and_below_the_variables() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    let pushes =
        |gto: &Gto, name: &str| gto.run(&repo, &["register", name, "--json"]).ok().json()["pushed"].clone();
    let set = |key: &str, value: &str| drop(repo.git_ok(&["config", key, value]));
    let plain = binary();
    assert_eq!(pushes(&plain, "a"), json!(false));
    set("gto.push", "yes");
    assert_eq!(pushes(&plain, "b"), json!(true));
    assert_eq!(pushes(&binary().env("GTO_PUSH", "false"), "c"), json!(false), "the variable wins");
    fs::write(repo.path().join(".gto"), "push: false\nremote: nowhere\n").unwrap();
    set("gto.remote", "origin");
    assert_eq!(pushes(&plain, "d"), json!(true), "Git's configuration wins over the file");
    gto(&repo, "push").ok();
    gto(&repo, "status").ok();
    let doctor = gto(&repo, "doctor").ok();
    assert!(doctor.out().contains("[python-refuses-configuration]"), "{doctor}");
    assert!(doctor.out().contains("git config gto.push false"), "{doctor}");
    fs::remove_file(repo.path().join(".gto")).unwrap();
    assert!(!gto(&repo, "doctor").ok().out().contains("python-refuses-configuration"));
    set("gto.push", "perhaps");
    let run = gto(&repo, "show").fails(1);
    assert!(
        run.err().starts_with("❌ Wrong value of the setting gto.push in Git's configuration\n"),
        "{run}"
    );
    let doctor = gto(&repo, "doctor").fails(1);
    assert!(doctor.out().contains("git config --unset gto.push"), "{doctor}");
    set("gto.push", "false");
    set("gto.cache", "off");
    let info = gto(&repo, "cache info").ok();
    assert!(info.out().contains("gto.cache in Git's configuration switches it off"), "{info}");
}

#[test]
fn verbose_shows_each_git_that_was_run_with_its_time_and_its_messages() {
    let remote = remote();
    hook(&remote, "post-receive", "echo deployed >&2");
    let repo = clone_without_tags(&remote, "clone", &[]);
    let run = gto(&repo, "register n --push -v").ok();
    let err = run.err();
    let push = err.lines().find(|line| line.starts_with("debug: ran `git ") && line.contains(" push "));
    assert!(
        push.is_some_and(|line| line.contains(" n@v0.0.1") || line.contains("refs/tags/n@v0.0.1")),
        "{run}"
    );
    assert!(push.is_some_and(|line| line.ends_with(" ms, exit status: 0)")), "{run}");
    assert!(err.contains("remote: deployed"), "{run}");
    assert!(!gto(&repo, "register k --push").ok().err().contains("debug:"));
    // The hint opens it again.
    let refused = gto(&repo, "register n --version v9.0.0 -v").fails(1).err();
    assert_eq!(refused.matches("debug: repository ").count(), 1, "{refused}");
}

#[test]
fn without_a_remote_a_push_is_refused_and_the_next_step_is_told() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    for line in ["register m --push", "register m --fetch", "status", "push"] {
        let run = refused(&repo, line, "There is no remote to push to or to fetch from");
        hints_at(&run, "git remote add origin URL");
    }
    for name in ["a", "b"] {
        repo.git_ok(&["remote", "add", name, "/nowhere"]);
    }
    let run = refused(&repo, "status", "There is no remote to push to or to fetch from");
    hints_at(&run, "git config remote.pushDefault NAME");
}

#[test]
fn a_tag_that_is_another_one_on_the_remote_is_refused_and_not_overwritten() {
    let remote = remote();
    let repo = clone_without_tags(&remote, "clone", &[]);
    repo.lightweight("m@v0.0.1", "HEAD");
    let error = "Tags differ here and on origin: m@v0.0.1";
    for line in ["register m --push", "assign m HEAD --stage dev --fetch", "deprecate m -d --push"] {
        let run = refused_here_and_there(&repo, &remote, line, error);
        hints_at(&run, "`git fetch --force origin refs/tags/m@v0.0.1:refs/tags/m@v0.0.1`");
    }
    // Other artifacts are not concerned.
    gto(&repo, "register n --push").ok();
    repo.git_ok(&["fetch", "-q", "--force", "origin", "refs/tags/m@v0.0.1:refs/tags/m@v0.0.1"]);
    gto(&repo, "register m --push").ok();
}

#[test]
fn looking_changes_nothing_but_the_tags_that_are_missing_whatever_is_configured() {
    let remote = remote();
    let repo = clone_without_tags(&remote, "clone", &[]);
    // One that differs and is none of the registry's, one that is only here, and options that would undo both.
    remote.tag("m@nightly", "HEAD", &TagSpec::default());
    repo.tag("m@nightly", "HEAD~1", &TagSpec::default());
    repo.tag("m@v7.0.0", "HEAD", &TagSpec::default());
    remote.tag("n@v1.0.0", "HEAD", &TagSpec::default());
    repo.git_ok(&["config", "--add", "remote.origin.fetch", "+refs/tags/*:refs/tags/*"]);
    for (key, value) in [
        ("fetch.prune", "true"),
        ("fetch.pruneTags", "true"),
        ("remote.origin.tagOpt", "--tags"),
        ("push.followTags", "true"),
    ] {
        repo.git_ok(&["config", key, value]);
    }
    let nightly = repo.git_ok(&["rev-parse", "m@nightly"]);
    assert!(
        gto(&repo, "register m HEAD~1 --version v8.0.0 --fetch --force").fails(1).err().contains("v0.0.1")
    );
    assert_eq!(repo.tag_names(), ["m@nightly", "m@v0.0.1", "m@v7.0.0"]);
    assert_eq!(repo.git_ok(&["rev-parse", "m@nightly"]), nightly);
    assert!(!repo.git_dir().join("FETCH_HEAD").exists());
    gto(&repo, "assign m --version v7.0.0 --stage dev --push").ok();
    assert_eq!(remote.tag_names(), ["m#dev#1", "m@nightly", "m@v0.0.1", "n@v1.0.0"]);
}

#[test]
fn of_two_tags_none_is_made_if_the_remote_refuses_one() {
    let remote = remote();
    hook(
        &remote,
        "update",
        "case \"$1\" in *#prod*) printf 'no \\033[31mdeploys on Fridays\\n' >&2; exit 1;; esac",
    );
    let repo = remote.clone_to("clone");
    let run = refused_here_and_there(
        &repo,
        &remote,
        "assign m HEAD --stage prod --push",
        "The command `git push --atomic origin m@v0.0.2 'm#prod#1'` failed: hook declined: \
         no deploys on Fridays; hook declined to update refs/tags/m#prod#1",
    );
    hints_at(&run, "nothing was changed, here or there");
    gto(&repo, "assign m HEAD --stage dev --push").ok();
}

#[test]
fn a_remote_that_cannot_push_atomically_takes_one_tag_and_is_not_given_two() {
    let remote = remote();
    remote.git_ok(&["config", "receive.advertiseAtomic", "false"]);
    let repo = remote.clone_to("clone");
    let error = "origin does not support atomic pushes, so that these tags could be pushed by halves: \
                 m@v0.0.2 m#dev#1";
    hints_at(
        &refused_here_and_there(&repo, &remote, "assign m HEAD --stage dev --push", error),
        "register first",
    );
    gto(&repo, "register a").ok();
    gto(&repo, "register b").ok();
    let error = "origin does not support atomic pushes, so that these tags could be pushed by halves: \
                 a@v0.0.1 b@v0.0.1";
    hints_at(&refused_here_and_there(&repo, &remote, "push", error), "`git push origin refs/tags/a@v0.0.1`");
    for artifact in ["a", "b"] {
        gto(&repo, &format!("push {artifact}")).ok();
    }
    gto(&repo, "register m --push").ok();
    gto(&repo, "assign m HEAD --stage dev --push").ok();
    assert_eq!(remote.tags(), repo.tags());
}

#[test]
fn tags_are_deleted_on_both_sides_wherever_they_are() {
    let remote = remote();
    let (repo, other) = (remote.clone_to("clone"), remote.clone_to("other"));
    gto(&other, "assign m --version v0.0.1 --stage dev --push").ok();
    gto(&repo, "assign m --version v0.0.1 --stage prod").ok();
    let run = gto(&repo, "deprecate m v0.0.1 --delete --push").ok();
    for tag in ["m@v0.0.1", "m#dev#1", "m#prod#1"] {
        assert!(run.out().contains(&format!("Deleted git tag '{tag}'")), "{run}");
    }
    assert_eq!((repo.tag_names(), remote.tag_names()), (vec![], vec![]));
}

/// The repository of the remote is killed while it takes the push: before or after it has changed its refs.
#[test]
fn a_push_that_breaks_off_is_a_success_if_the_tags_have_arrived_and_a_failure_if_not() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    hook(&remote, "post-receive", "kill -9 $PPID");
    gto(&repo, "register m --push").ok();
    assert_eq!(repo.tags(), remote.tags());

    hook(&remote, "pre-receive", "kill -9 $PPID");
    let line = "assign m --version v0.0.1 --stage dev --push";
    let before = (repo.tags(), remote.tags());
    let run = gto(&repo, line).fails(1);
    assert!(run.err().starts_with("❌ The command `git push origin 'm#dev#1'` failed: "), "{run}");
    assert_eq!((repo.tags(), remote.tags()), before);

    // Then the remote cannot be reached. What it confirmed before that is known.
    fs::remove_file(remote.git_dir().join("hooks/pre-receive")).unwrap();
    hook(&remote, "post-receive", "mv \"$PWD\" \"$PWD.gone\"; kill -9 $PPID");
    gto(&repo, "register n --push").ok();
    fs::rename(remote.path().with_extension("git.gone"), remote.path()).unwrap();
    assert_eq!(repo.tags(), remote.tags());
    fs::remove_file(remote.git_dir().join("hooks/post-receive")).unwrap();
    let before = (repo.tags(), remote.tags());
    hook(
        &remote,
        "reference-transaction",
        "if [ $1 = committed ]; then mv \"$PWD\" \"$PWD.gone\"; kill -9 $PPID; fi",
    );
    let run = gto(&repo, &format!("{line} --json")).fails(1);
    assert_eq!((&run.json()["pushed"], &run.json()["tags"][0]["pushed"]), (&json!(null), &json!(null)));
    let error =
        "❌ The push to origin broke off, and whether it has changed these tags is not known: m#dev#1";
    assert!(run.err().starts_with(error), "{run}");
    hints_at(&run, "`git ls-remote origin 'refs/tags/m#dev#1'`");
    assert_eq!(repo.tags(), before.0);
    fs::rename(remote.path().with_extension("git.gone"), remote.path()).unwrap();
    assert!(gto(&repo, "status m").fails(3).out().contains("only on origin"));
}

#[test]
fn a_hook_may_run_gto_on_the_repository_that_is_being_written_to() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    let gto_binary = env!("CARGO_BIN_EXE_gto");
    hook(&repo, "pre-push", &format!("'{gto_binary}' register other >&2 </dev/null"));
    // It would wait for a minute, and fail.
    let begun = std::time::Instant::now();
    gto(&repo, "register m --push").ok();
    assert!(begun.elapsed().as_secs() < 30);
    assert_eq!(repo.tag_names(), ["m@v0.0.1", "m@v0.0.2", "other@v0.0.1"]);
}

#[test]
fn status_tells_what_is_only_here_or_there_or_differs_and_push_sends_what_is_only_here() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    assert_eq!(gto(&repo, "status").ok().out(), "1 tag, the same here and on origin\n");
    gto(&repo, "register m").ok();
    gto(&repo, "register n").ok();
    remote.tag("m#dev#1", "HEAD", &TagSpec::default());
    remote.tag("n#dev#1", "HEAD", &TagSpec::default());
    repo.tag("n#dev#1", "HEAD", &TagSpec { message: Some("another".into()), ..TagSpec::default() });
    // None of the registry's, and no events.
    repo.tag("release-1", "HEAD", &TagSpec::default());
    repo.lightweight("m@v9.0.0", "HEAD");
    remote.lightweight("m@v8.0.0", "HEAD");
    let before = (repo.fingerprint(), remote.fingerprint());
    let run = gto(&repo, "status").fails(3);
    let table = "╒══════════╤════════════════╕\n\
                 │ tag      │ state          │\n\
                 ╞══════════╪════════════════╡\n\
                 │ m#dev#1  │ only on origin │\n\
                 │ m@v0.0.2 │ only here      │\n\
                 │ n#dev#1  │ differs        │\n\
                 │ n@v0.0.1 │ only here      │\n\
                 ╘══════════╧════════════════╛\n";
    assert_eq!(run.out(), table);
    hints_at(&run, "`gto push`");
    hints_at(&run, "`git fetch --tags origin`");
    hints_at(&run, "`git fetch --force origin 'refs/tags/n#dev#1:refs/tags/n#dev#1'`");
    let report = gto(&repo, "status m --json").fails(3).json();
    let (here, there) = (repo.git_ok(&["rev-parse", "m@v0.0.2"]), remote.git_ok(&["rev-parse", "m#dev#1"]));
    assert_eq!(
        report,
        json!({"remote": "origin", "same": 1, "tags": [
            {"tag": "m#dev#1", "artifact": "m", "state": "only_there", "here": null, "there": there},
            {"tag": "m@v0.0.2", "artifact": "m", "state": "only_here", "here": here, "there": null},
        ]})
    );
    let run = gto(&repo, "push --dry-run").ok();
    let tags = "git tag 'm@v0.0.2' to origin\n_git tag 'n@v0.0.1' to origin\n";
    assert_eq!(run.out(), format!("Would push {}", tags.replace('_', "Would push ")));
    assert_eq!((repo.fingerprint(), remote.fingerprint()), before);

    assert_eq!(gto(&repo, "push m --json").ok().json()["tags"], json!(["m@v0.0.2"]));
    let run = gto(&repo, "push").ok();
    assert_eq!(run.out(), "Pushed git tag 'n@v0.0.1' to origin\n");
    warns_of(&run, "left out what is another tag on origin: 1");
    assert!(!run.err().contains("every tag that is here"), "{run}");
    hints_at(&gto(&repo, "push").ok(), "there is nothing to push");
    repo.git_ok(&["fetch", "-q", "--tags", "--force"]);
    gto(&repo, "status").ok();
}

/// D27: a tag that cannot be read and that the remote lacks was neither pushed nor named.
#[test]
fn damaged_tags_are_named_by_status_and_push() {
    let remote = remote();
    let repo = clone_without_tags(&remote, "clone", &[]);
    repo.git_ok(&["fetch", "-q", "--tags"]);
    let lost = repo.tag("m@v0.0.2", "HEAD", &TagSpec::default());
    repo.tag("m@v0.0.3", "HEAD", &TagSpec::default());
    fs::remove_file(repo.git_dir().join("objects").join(&lost[..2]).join(&lost[2..])).unwrap();
    let warning =
        format!("tag 'm@v0.0.2' cannot be read: its object {} is missing; what it says is", &lost[..7]);
    for (line, status) in [("status", 3), ("push --dry-run", 0), ("push", 0), ("status", 0)] {
        let run = if status == 0 { gto(&repo, line).ok() } else { gto(&repo, line).fails(status) };
        assert!(run.err().contains(&warning), "{line}: {run}");
    }
    fs::write(repo.git_dir().join("refs/tags/m@v0.0.4"), "").unwrap();
    let run = gto(&repo, "status").ok();
    assert!(run.err().contains("2 tags cannot be read"), "{run}");
    assert!(run.err().contains("what they say is left out"), "{run}");
    assert_eq!(remote.tag_names(), ["m@v0.0.1", "m@v0.0.3"]);
}

#[test]
fn an_artifact_that_is_neither_here_nor_there_is_neither_pushed_nor_compared() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    gto(&repo, "register model").ok();
    for command in ["push modle", "push modle --dry-run", "status modle", "status modle --json"] {
        let run = gto(&repo, command).fails(1);
        assert!(run.err().contains("'modle'") && run.out().is_empty(), "{run}");
        hints_at(&run, "did you mean 'model'?");
    }
    gto(&repo, "push model --dry-run").ok();
    gto(&repo, "status m").ok();
}

#[test]
fn push_sends_all_tags_or_none() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    gto(&repo, "register m").ok();
    gto(&repo, "register n").ok();
    hook(&remote, "update", "case \"$1\" in */n@*) exit 1;; esac");
    let error = "The command `git push --atomic origin m@v0.0.2 n@v0.0.1` failed: hook declined: \
                 hook declined to update refs/tags/n@v0.0.1";
    refused_here_and_there(&repo, &remote, "push", error);
}

#[test]
fn many_tags_are_pushed_in_batches_and_what_arrived_is_told_if_one_is_refused() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    let tag = repo.git_ok(&["rev-parse", "m@v0.0.1"]);
    let creates: Vec<String> = (1..=1_100)
        .map(|n| format!("create refs/tags/x@v0.{n}.0 {tag}\ncreate refs/tags/x#dev#{n} {tag}\n"))
        .collect();
    repo.git_stdin(&["update-ref", "--stdin"], creates.concat().as_bytes());
    hook(&remote, "pre-receive", "if grep -q 'refs/tags/x#dev#999$'; then echo not this one >&2; exit 1; fi");
    let run = gto(&repo, "push --json").fails(1);
    hints_at(&run, "2200 tags go to origin in 3 pushes");
    hints_at(&run, "pushed 2000 of 2200 tags");
    assert!(run.err().contains("❌ Only a part of the tags was pushed on origin: x@v0."), "{run}");
    assert!(run.err().contains("not this one"), "{run}");
    let report = run.json();
    let there: Vec<String> = remote.tag_names().into_iter().filter(|tag| tag.starts_with('x')).collect();
    // Versions come before stages.
    assert_eq!((there.len(), there.iter().filter(|tag| tag.starts_with("x@")).count()), (2_000, 1_100));
    let count = |key: &str| report[key].as_array().unwrap().len();
    assert_eq!((count("tags"), count("not_pushed"), count("unknown")), (2_000, 200, 0));
    assert_eq!(report["pushed"], json!(false));
    fs::remove_file(remote.git_dir().join("hooks/pre-receive")).unwrap();
    assert_eq!(gto(&repo, "push").ok().out().lines().count(), 200);
    assert_eq!(gto(&repo, "status").ok().out(), "2201 tags, the same here and on origin\n");
}

#[test]
fn a_remote_that_cannot_be_reached_is_told_without_its_password() {
    let mut repo = Repo::new();
    repo.commit(&[], "first");
    repo.git_ok(&["remote", "add", "origin", "http://me:secret@127.0.0.1:1/x.git"]);
    repo.sandbox_mut().set_env("GIT_ALLOW_PROTOCOL", "http");
    for line in ["register m --push", "status", "push"] {
        let run = gto(&repo, line).fails(1);
        assert!(run.err().starts_with("❌ Cannot get the tags of origin: "), "{run}");
        assert!(!run.err().contains("secret"), "{run}");
        hints_at(&run, "git ls-remote origin");
    }
    // Git takes an address in the place of a name, too.
    repo.git_ok(&["config", "remote.pushDefault", "http://me:secret@127.0.0.1:1/x.git"]);
    for line in ["register m --push", "register m --dry-run", "register m"] {
        let run = gto(&repo, line);
        assert!(!format!("{run}").contains("secret"), "{run}");
    }
}

#[test]
fn tags_that_cannot_be_made_here_after_the_push_are_named() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    // The lock comes while git pushes.
    hook(&repo, "pre-push", "touch \"$(git rev-parse --git-dir)/refs/tags/m@v0.0.2.lock\"");
    let run = gto(&repo, "register m --push").fails(1);
    let error = "❌ The tags were pushed to origin, but could not be made here: m@v0.0.2";
    assert!(run.err().starts_with(error), "{run}");
    hints_at(
        &run,
        "m@v0.0.2.lock`; then get them from there: `git fetch origin refs/tags/m@v0.0.2:refs/tags/m@v0.0.2`",
    );
}

#[test]
fn a_remote_that_is_pushed_to_at_another_address_is_asked_there() {
    for by_rewriting in [false, true] {
        let (mirror, remote) = (remote(), remote());
        remote.tag("m@v0.5.0", "HEAD~1", &TagSpec::default());
        let repo = clone_without_tags(&mirror, "clone", &[]);
        let path = remote.path().display().to_string();
        if by_rewriting {
            let mirror = format!("file://{}", mirror.path().display());
            repo.git_ok(&["config", &format!("url.{path}.pushInsteadOf"), &mirror]);
            repo.git_ok(&["config", "url./nowhere.pushInsteadOf", "file://"]);
        } else {
            repo.git_ok(&["config", "remote.origin.pushurl", "push:x"]);
            repo.git_ok(&["config", &format!("url.{path}.insteadOf"), "push:x"]);
        }
        let commit = repo.git_ok(&["rev-parse", "HEAD"]);
        let source = if by_rewriting { path.as_str() } else { "push:x" };
        hints_at(&gto(&repo, "show").ok(), &format!("`git fetch --tags --force {source}`"));
        assert!(gto(&repo, "register m --push").ok().out().contains("'m@v0.5.1'"));
        repo.commit(&[], "third");
        assert!(gto(&repo, "register m --push").ok().out().contains("'m@v0.5.2'"));
        assert_eq!(remote.git_ok(&["rev-parse", "m@v0.5.1^{}"]), commit);
        assert_eq!(gto(&repo, "status").ok().out(), "4 tags, the same here and on origin\n");
        gto(&repo, "deprecate m v0.5.2 --delete --push").ok();
        assert_eq!(remote.tag_names(), ["m@v0.0.1", "m@v0.5.0", "m@v0.5.1"]);
        repo.git_ok(&["tag", "-d", "m@v0.5.0"]);
        hints_at(&gto(&repo, "status").fails(3), &format!("`git fetch --tags {source}`"));
        hook(&remote, "pre-receive", "exit 1");
        hints_at(&gto(&repo, "register n --push").fails(1), &format!("`git ls-remote {source}`"));
        assert_eq!(mirror.tag_names(), ["m@v0.0.1"]);
    }
}

#[test]
fn the_address_for_pushes_is_told_without_its_password_if_it_cannot_be_reached() {
    let mut repo = remote().clone_to("clone");
    repo.git_ok(&["config", "remote.origin.pushurl", "http://me:secret@127.0.0.1:1/x.git"]);
    repo.sandbox_mut().set_env("GIT_ALLOW_PROTOCOL", "http");
    for line in ["register m --push", "status", "push"] {
        let run = gto(&repo, line).fails(1);
        assert!(run.err().starts_with("❌ Cannot get the tags of http://127.0.0.1:1/x.git: "), "{run}");
        assert!(!run.err().contains("secret"), "{run}");
        hints_at(&run, "git ls-remote http://127.0.0.1:1/x.git");
    }
}

#[test]
fn a_remote_that_is_pushed_to_at_several_addresses_is_refused_before_anything_changes() {
    let (one, two) = (remote(), remote());
    let repo = one.clone_to("clone");
    let path = two.path().display().to_string();
    let error =
        "Git pushes to 2 addresses for the remote 'origin', and some could take a tag that others refuse";
    let refuse = |key: &str| {
        repo.tag("n@v0.0.1", "HEAD", &TagSpec::default());
        for line in ["register m --push", "push"] {
            let run = refused_here_and_there(&repo, &one, line, error);
            hints_at(&run, "`git remote get-url --push --all origin`");
            assert_eq!(two.tag_names(), ["m@v0.0.1"], "after {line} with a second {key}");
        }
        // These push nothing.
        for line in ["register m --push --dry-run", "push --dry-run"] {
            warns_of(&gto(&repo, line).ok(), "without --dry-run this is refused");
        }
        gto(&repo, "status").fails(3);
        gto(&repo, "register m --fetch --dry-run").ok();
        repo.git_ok(&["tag", "-d", "n@v0.0.1"]);
        let run = gto(&repo, "register m").ok();
        assert!(run.out().ends_with("git push origin m@v0.0.2\n"), "{run}");
        repo.git_ok(&["tag", "-d", "m@v0.0.2"]);
    };
    // Without a pushurl git pushes to every url.
    repo.git_ok(&["config", "--add", "remote.origin.url", &path]);
    refuse("url");
    for url in [&one.path().display().to_string(), &path] {
        repo.git_ok(&["config", "--add", "remote.origin.pushurl", url]);
    }
    refuse("pushurl");
    repo.git_ok(&["remote", "add", "second", &path]);
    fs::write(repo.path().join(".gto"), "remote: second\n").unwrap();
    gto(&repo, "register m --push").ok();
    assert_eq!((one.tag_names().len(), two.tag_names().len()), (1, 2));
}

#[test]
fn a_lock_file_that_was_left_on_the_server_is_named_and_not_waited_for() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    let lock = remote.git_dir().join("refs/tags/m@v0.0.2.lock");
    fs::create_dir_all(remote.git_dir().join("refs/tags")).unwrap();
    fs::write(&lock, "").unwrap();
    let counter = remote.git_dir().join("pushes");
    hook(&remote, "pre-receive", &format!("echo once >> '{}'", counter.display()));
    let before = (repo.tags(), remote.tags());
    let run = gto(&repo, "register m --push").fails(1);
    assert!(run.err().starts_with("❌ A lock file is in the way on origin: "), "{run}");
    assert!(run.err().lines().next().unwrap().contains("refs/tags/m@v0.0.2.lock': File exists"), "{run}");
    hints_at(&run, "whoever runs the server removes it");
    assert_eq!((repo.tags(), remote.tags()), before);
    assert_eq!(fs::read_to_string(counter).unwrap().lines().count(), 3);
    fs::remove_file(lock).unwrap();
    gto(&repo, "register m --push").ok();
}

#[test]
fn a_tag_that_the_remote_never_had_is_not_said_to_be_deleted_there() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    gto(&repo, "register m").ok();
    let would = gto(&repo, "deprecate m v0.0.2 --delete --push --dry-run").ok();
    let there = "There is no git tag m@v0.0.2 on origin to delete.\n";
    assert_eq!(would.out(), format!("Would delete git tag 'm@v0.0.2'\n{there}"));
    let both = gto(&repo, "deprecate m --delete --push --dry-run").ok().out();
    assert!(both.contains(there) && both.contains("Would run `git push --delete origin m@v0.0.1`"), "{both}");
    let run = gto(&repo, "deprecate m v0.0.2 --delete --push").ok();
    assert_eq!(run.out(), format!("Deleted git tag 'm@v0.0.2'\n{there}"));
    gto(&repo, "register m").ok();
    let report = gto(&repo, "deprecate m v0.0.2 --delete --push --json").ok().json();
    assert_eq!((&report["pushed"], &report["tags"][0]["pushed"]), (&json!(false), &json!(false)));
    // One that is on both sides, and one that is not.
    gto(&repo, "assign m --version v0.0.1 --stage dev").ok();
    let report = gto(&repo, "deprecate m v0.0.1 --delete --push --json").ok().json();
    let tags = report["tags"].as_array().unwrap();
    let pushed = tags.iter().map(|tag| (tag["tag"].as_str().unwrap(), tag["pushed"].as_bool().unwrap()));
    let mut pushed: Vec<_> = pushed.collect();
    pushed.sort_unstable();
    assert_eq!((pushed, &report["pushed"]), (vec![("m#dev#1", false), ("m@v0.0.1", true)], &json!(true)));
    assert_eq!(remote.tag_names().len(), 0);
}

#[test]
fn a_hook_of_the_user_that_refuses_the_push_is_named_with_what_it_said() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    for (script, said) in [
        ("exit 1", "it does not say why"),
        ("printf 'fatal: no \\033[31mway\\n' >&2; exit 1", "no way"),
        ("echo 'tests fail'; exit 3", "tests fail"),
        ("echo 'hint: run the formatter' >&2; exit 1", "hint: run the formatter"),
    ] {
        hook(&repo, "pre-push", script);
        let error = format!("The hook pre-push refused to push m@v0.0.2 to origin: {said}");
        let run = refused_here_and_there(&repo, &remote, "register m --push", &error);
        hints_at(&run, "`git rev-parse --git-path hooks`");
    }
}

/// Issue 13: four lines of what a hook said were shown, and the reason came in the 21st.
#[test]
fn all_that_a_hook_says_is_shown_wherever_it_runs() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    let checks =
        "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo \"check $n\" >&2; done";
    let script = format!("{checks}\necho the reason >&2; exit 1");
    for (at, name, label) in [
        (&repo, "reference-transaction", ""),
        (&repo, "pre-push", ""),
        (&remote, "pre-receive", "remote: "),
        (&remote, "update", "remote: "),
    ] {
        hook(at, name, &script);
        let before = (repo.tags(), remote.tags());
        let run =
            gto(&repo, if name == "reference-transaction" { "register m" } else { "register m --push" });
        let run = run.fails(1);
        let last = format!("{label}check 20\n    {label}the reason\n");
        assert!(run.err().contains(&last) && run.err().contains("check 1\n"), "{name}: {run}");
        assert_eq!((repo.tags(), remote.tags()), before);
        fs::remove_file(at.git_dir().join("hooks").join(name)).unwrap();
    }
}

/// Issue 13: `--atomic` lands the other refs where a server hides one, and that was reported as a failure.
#[test]
fn what_landed_is_told_tag_by_tag_and_made_here_and_the_same_command_does_the_rest() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    remote.git_ok(&["config", "receive.hideRefs", "refs/tags/m#prod#1"]);
    let line = "assign m HEAD --stage prod --push";
    let run = gto(&repo, &format!("{line} --json")).fails(1);
    let error = "❌ Only a part of the tags was pushed on origin: m@v0.0.2; not pushed: m#prod#1 \
                 (deny updating a hidden ref)";
    assert!(run.err().contains(error), "{run}");
    hints_at(&run, "run the command again for the rest");
    let report = run.json();
    let fate = |n: usize| (report["tags"][n]["tag"].clone(), report["tags"][n]["pushed"].clone());
    assert_eq!(fate(0), (json!("m@v0.0.2"), json!(true)));
    assert_eq!(fate(1), (json!("m#prod#1"), json!(false)));
    assert_eq!(report["pushed"], json!(false));
    assert_eq!(remote.tag_names(), ["m@v0.0.1", "m@v0.0.2"]);
    assert_eq!(repo.tags(), remote.tags());
    // Nothing is left to be pushed by halves: nothing changes.
    refused_here_and_there(
        &repo,
        &remote,
        line,
        "The command `git push origin 'm#prod#1'` failed: deny updating a hidden ref",
    );
    remote.git_ok(&["config", "--unset", "receive.hideRefs"]);
    assert!(gto(&repo, line).ok().out().starts_with("Created git tag 'm#prod#1'"));
    assert_eq!(remote.tag_names(), ["m#prod#1", "m@v0.0.1", "m@v0.0.2"]);

    // A deletion, of which git sees nothing, and a push of what is only here.
    remote.git_ok(&["config", "receive.hideRefs", "refs/tags/m@v0.0.2"]);
    let before = (repo.tags(), remote.tags());
    let run = gto(&repo, "deprecate m v0.0.2 --delete --push").fails(1);
    assert!(run.err().contains(" failed: the server does not show these tags to pushes"), "{run}");
    assert_eq!((repo.tags(), remote.tags()), before);
    gto(&repo, "register a").ok();
    gto(&repo, "register b").ok();
    remote.git_ok(&["config", "receive.hideRefs", "refs/tags/b@v0.0.1"]);
    let run = gto(&repo, "push").fails(1);
    assert_eq!(run.out(), "Pushed git tag 'a@v0.0.1' to origin\n");
    assert!(run.err().contains("pushed on origin: a@v0.0.1; not pushed: b@v0.0.1"), "{run}");
}

#[test]
fn of_a_shallow_clone_what_the_remote_could_take_has_landed() {
    let (source, server) = (
        remote(),
        Sandbox::new().repo_with("server.git", RepoOptions { bare: true, ..RepoOptions::default() }),
    );
    let repo = clone_without_tags(&source, "clone", &["--depth=1"]);
    repo.git_ok(&["remote", "set-url", "origin", &server.path().display().to_string()]);
    let orphan = repo.git_ok(&["commit-tree", "-m", "alone", "HEAD^{tree}"]);
    repo.tag("a@v1.0.0", &orphan, &TagSpec::default());
    repo.tag("b@v1.0.0", "HEAD", &TagSpec::default());
    let run = gto(&repo, "push").fails(1);
    assert!(
        run.err().contains("pushed on origin: a@v1.0.0; not pushed: b@v1.0.0 (shallow update not allowed)"),
        "{run}"
    );
    assert_eq!(server.tag_names(), ["a@v1.0.0"]);
}

#[test]
fn a_tag_that_is_on_the_remote_already_has_landed_whoever_pushed_it() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    gto(&repo, "register n").ok();
    // After git has looked, and before it pushes.
    hook(&repo, "pre-push", "git push -q --no-verify origin refs/tags/n@v0.0.1 >&2");
    assert_eq!(gto(&repo, "push").ok().out(), "Pushed git tag 'n@v0.0.1' to origin\n");
    gto(&repo, "register o").ok();
    hook(&repo, "pre-push", "git push -q --no-verify origin HEAD:refs/tags/o@v0.0.1 >&2");
    let run = gto(&repo, "push").fails(1);
    assert!(run.err().starts_with("❌ Others push to origin at the same time: "), "{run}");
    assert!(gto(&repo, "status o").fails(3).out().contains("differs"));
}

#[test]
fn a_git_that_is_ended_after_the_remote_has_changed_its_tags_is_no_failure() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    hook(&remote, "post-receive", "sleep 30");
    let patient = binary().env("GTO_GIT_TIMEOUT", "3");
    let run = patient.run(&repo, &["register", "m", "--push"]).ok();
    assert!(run.err().contains("said nothing for 3 s and was ended"), "{run}");
    assert_eq!(repo.tags(), remote.tags());
    fs::remove_file(remote.git_dir().join("hooks/post-receive")).unwrap();
    hook(&remote, "pre-receive", "sleep 30; exit 1");
    let before = (repo.tags(), remote.tags());
    let run = patient.run(&repo, &["register", "n", "--push"]).fails(1);
    hints_at(
        &run,
        "does not have the tags now; if it is still at work they may appear: `git ls-remote origin",
    );
    assert_eq!((repo.tags(), remote.tags()), before);
}

/// Issue 13: it took five seconds, and was said to be others who push at the same time.
#[test]
fn a_tag_of_the_remote_that_is_in_the_way_is_named_at_once() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    remote.lightweight("zz", "HEAD");
    remote.lightweight("n@v0.0.1/old", "HEAD");
    let pushes = repo.sandbox().path().join("pushes");
    hook(&repo, "pre-push", &format!("echo once >> '{}'", pushes.display()));
    let error = "Tag 'zz' of origin is in the way of tag 'zz/a@v0.0.1'";
    for line in ["register zz/a --push", "register zz/a --push --dry-run"] {
        hints_at(
            &refused_here_and_there(&repo, &remote, line, error),
            "delete or rename that tag on the remote",
        );
    }
    assert_eq!(fs::read_to_string(&pushes).unwrap().lines().count(), 1);
    gto(&repo, "register zz/a").ok();
    for line in ["push", "push --dry-run", "push zz/a", "push zz/a --dry-run"] {
        refused_here_and_there(&repo, &remote, line, error);
    }
    repo.git_ok(&["tag", "-d", "zz/a@v0.0.1"]);
    gto(&repo, "register n").ok();
    let error = "Tag 'n@v0.0.1/old' of origin is in the way of tag 'n@v0.0.1'";
    for line in ["push", "push n --dry-run"] {
        refused_here_and_there(&repo, &remote, line, error);
    }
    repo.git_ok(&["tag", "-d", "n@v0.0.1"]);
    for line in ["register n --push", "register n --push --dry-run"] {
        let run = gto(&repo, line).fails(1);
        assert!(run.err().contains("n@v0.0.1/old"), "{run}");
    }
}

/// S3, gcrypt and others are reached by programs that know neither `--atomic` nor leases.
#[test]
fn by_a_remote_helper_one_tag_goes_and_several_are_refused() {
    let remote = remote();
    let mut repo = remote.clone_to("clone");
    let bin = repo.sandbox().path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let helper = bin.join("git-remote-plain");
    fs::write(&helper, HELPER).unwrap();
    assert!(repo.command("chmod").arg("+x").arg(&helper).status().unwrap().success());
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    repo.sandbox_mut().set_env("PATH", &path).set_env("GIT_ALLOW_PROTOCOL", "plain:file");
    repo.git_ok(&["remote", "set-url", "origin", &format!("plain://{}", remote.path().display())]);
    gto(&repo, "register m --push").ok();
    let error = "origin does not support atomic pushes, so that these tags could be pushed by halves: \
                 n@v0.0.1 n#dev#1";
    let run = refused_here_and_there(&repo, &remote, "assign n HEAD --stage dev --push", error);
    hints_at(&run, "register first, then assign");
    gto(&repo, "register n --push").ok();
    gto(&repo, "assign n HEAD --stage dev --push").ok();
    gto(&repo, "deprecate n v0.0.1 dev --delete --push").ok();
    assert_eq!(remote.tag_names(), ["m@v0.0.1", "m@v0.0.2", "n@v0.0.1"]);
    assert_eq!(repo.tags(), remote.tags());
    gto(&repo, "status").ok();
}

/// A remote helper that can list, fetch and push, one ref after the other.
const HELPER: &str = r#"#!/bin/sh
folder=${2#plain://}
while read -r command rest; do
    case $command in
    capabilities) printf 'fetch\npush\n\n' ;;
    list) git --git-dir="$folder" for-each-ref --format='%(objectname) %(refname)'; echo ;;
    fetch)
        while [ -n "$rest" ]; do
            git fetch -q --no-tags --no-write-fetch-head "$folder" "${rest#* }" >&2
            read -r command rest
        done
        echo ;;
    push)
        while [ -n "$rest" ]; do
            if git push -q "$folder" "$rest" >&2; then echo "ok ${rest#*:}"; else echo "error ${rest#*:} no"; fi
            read -r command rest
        done
        echo ;;
    '') exit 0 ;;
    esac
done
"#;

#[test]
fn what_the_remote_says_beside_a_success_is_passed_on() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    hook(
        &remote,
        "pre-receive",
        "printf 'Bypassed rule violations for refs/tags\\n\\n- Cannot create\\n' >&2",
    );
    let said = "remote: Bypassed rule violations for refs/tags\nremote:\nremote: - Cannot create\n";
    assert_eq!(gto(&repo, "register m --push").ok().err(), said);
    gto(&repo, "register n").ok();
    assert_eq!(gto(&repo, "push").ok().err(), said);
    let deleted = gto(&repo, "deprecate n v0.0.1 --delete --push").ok().err();
    let hints = deleted.strip_prefix(said).expect("the remote's words come first");
    assert!(hints.lines().all(|line| line.starts_with("hint: ")), "{deleted}");
}

#[test]
fn what_git_is_configured_to_push_else_is_not_pushed() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    repo.tag("other", "HEAD", &TagSpec::default());
    repo.commit(&[], "third");
    for (key, value) in [
        ("push.followTags", "true"),
        ("push.default", "matching"),
        ("remote.origin.push", "+refs/*:refs/*"),
        ("push.gpgSign", "if-asked"),
    ] {
        repo.git_ok(&["config", key, value]);
    }
    // These are about branches alone.
    remote.git_ok(&["config", "receive.denyDeletes", "true"]);
    remote.git_ok(&["config", "receive.denyNonFastForwards", "true"]);
    let main = remote.git_ok(&["rev-parse", "main"]);
    gto(&repo, "register m --push").ok();
    gto(&repo, "register n").ok();
    gto(&repo, "push").ok();
    assert_eq!(remote.tag_names(), ["m@v0.0.1", "m@v0.0.2", "n@v0.0.1"]);
    assert_eq!(remote.git_ok(&["rev-parse", "main"]), main);
    gto(&repo, "deprecate n v0.0.1 --delete --push").ok();
    assert_eq!(remote.tag_names(), ["m@v0.0.1", "m@v0.0.2"]);
}
