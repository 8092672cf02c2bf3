//! What the writing commands do: the tags they make and take away, what they say of it, as text and as JSON, and what
//! becomes of it all when something is in the way.

use std::collections::BTreeSet;
use std::fs;

use crate::common::{binary, clock, commit_with, gto, hints_at, refused, refused_at_last, registry, theirs};
use gto_testkit::{Oracle, Repo, RepoOptions, TagRecord, TagSpec};
use serde_json::json;

/// A registry of every kind of event, and a commit without a version.
fn filled() -> Repo {
    let repo = registry(&["m@v1.0.0", "m#dev#1", "m#prod#2", "m#dev!#3"]);
    repo.commit(&[], "second");
    repo
}

/// A bare remote, with `repo` pushed to it and known to `repo` as `origin`.
fn with_origin(repo: &Repo) -> Repo {
    let remote = repo.sandbox().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    let path = remote.path().to_string_lossy().into_owned();
    repo.git_ok(&["remote", "add", "origin", &path]);
    repo.git_ok(&["push", "-q", "origin", "main", "--tags"]);
    remote
}

fn refuse_pushes(remote: &Repo, hook: &str) {
    let path = remote.path().join("hooks").join(hook);
    fs::create_dir_all(remote.path().join("hooks")).expect("the sandbox is writable");
    fs::write(&path, "#!/bin/sh\necho 'not on my watch' >&2\nexit 1\n").expect("the sandbox is writable");
    remote.command("chmod").arg("+x").arg(&path).status().expect("chmod runs");
}

fn tag(repo: &Repo, name: &str) -> TagRecord {
    let found = repo.find_tag(name);
    assert!(found.is_some(), "no tag {name} among {:?}", repo.tag_names());
    found.expect("just checked")
}

const WRITES: [&str; 10] = [
    "register m",
    "register folder:n --version v2.0.0-rc.1",
    "assign m --version v1.0.0 --stage staging",
    "assign m --stage prod",
    "assign m --stage prod --sr",
    "deprecate m",
    "deprecate m v1.0.0",
    "deprecate m v1.0.0 prod",
    "deprecate m v1.0.0 prod --delete",
    "deprecate m --delete",
];

#[test]
fn a_dry_run_says_what_a_run_does_and_changes_nothing() {
    let repo = filled();
    for line in WRITES {
        let before = repo.fingerprint();
        let dry = gto(&repo, &format!("{line} --dry-run")).ok();
        assert_eq!(repo.fingerprint(), before, "{line}");
        let copy = repo.copy();
        let real = gto(&copy, line).ok();
        let steps = |text: String, words: [&str; 2]| -> Vec<String> {
            let is_step = |line: &&str| words.iter().any(|word| line.starts_with(word));
            let tag = |line: &str| line.split('\'').nth(1).unwrap_or_default().to_owned();
            text.lines().filter(is_step).map(tag).collect()
        };
        let planned = steps(dry.out(), ["Would create git tag", "Would delete git tag"]);
        assert!(!planned.is_empty(), "{dry}");
        assert_eq!(planned, steps(real.out(), ["Created git tag", "Deleted git tag"]), "{line}");
        assert_eq!(planned.len(), dry.out().lines().count(), "{dry}");
    }
}

#[test]
fn json_tells_every_tag_of_a_write_dry_or_not() {
    let repo = filled();
    for line in WRITES {
        let copy = repo.copy();
        let dry = gto(&copy, &format!("{line} --json --dry-run")).ok();
        let real = gto(&copy, &format!("{line} --json")).ok();
        assert_eq!(
            (dry.json()["dry_run"].as_bool(), real.json()["dry_run"].as_bool()),
            (Some(true), Some(false))
        );
        let fields = |run: &gto_testkit::Run| -> Vec<[serde_json::Value; 4]> {
            let value = run.json();
            let tags = value["tags"].as_array().expect("a list");
            tags.iter()
                .map(|tag| ["action", "tag", "target", "message"].map(|key| tag[key].clone()))
                .collect()
        };
        assert_eq!(fields(&dry), fields(&real), "{line}");
        for [action, name, target, message] in fields(&real) {
            let name = name.as_str().expect("a text");
            let (before, after) = (repo.find_tag(name), copy.find_tag(name));
            if action == "create" {
                let made = after.expect("it was made");
                assert_eq!((json!(made.target), json!(made.message.trim_end())), (target, message));
            } else {
                assert_eq!(json!(before.expect("it was there").object_id), target, "{line}");
                assert!(after.is_none(), "{line}");
            }
        }
    }
}

#[test]
fn the_keys_of_the_json_are_these() {
    let repo = registry(&["m@v1.0.0"]);
    let head = repo.head();
    let before = clock();
    let made = gto(&repo, "assign m --version v1.0.0 --stage prod --json").ok().json();
    let created_at = made["tags"][0]["created_at"].clone();
    let expected = json!({
        "dry_run": false,
        "pushed": false,
        "signing": null,
        "tags": [{
            "action": "create",
            "tag": "m#prod#1",
            "target": head,
            "event": "assignment",
            "artifact": "m",
            "version": "v1.0.0",
            "stage": "prod",
            "message": "Assigning stage prod to artifact m version v1.0.0",
            "author": "Ada Tester",
            "author_email": "ada@example.com",
            "created_at": created_at,
            "pushed": false,
        }],
    });
    assert_eq!(made, expected);
    assert!((before..=clock() + 1).contains(&crate::common::time_of(&repo, "m#prod#1")));
    let id = tag(&repo, "m#prod#1").object_id;
    let gone = gto(&repo, "deprecate m v1.0.0 prod --delete --json").ok().json();
    let deleted = json!({ "action": "delete", "tag": "m#prod#1", "target": id, "pushed": false });
    let commands = json!({
        "push": "git push --atomic --delete origin 'refs/tags/m#prod#1'",
        "restore": format!(r"printf 'create refs/tags/%s %s\n' 'm#prod#1' {id} | git update-ref --stdin"),
    });
    let expected =
        json!({ "dry_run": false, "pushed": false, "signing": null, "tags": [deleted], "deleted": commands });
    assert_eq!(gone, expected);
}

#[test]
fn the_tagger_is_who_git_says_or_who_the_flags_say() {
    let repo = registry(&["m@v1.0.0"]);
    let tagger = |name: &str| tag(&repo, name).tagger.map(|tagger| (tagger.name, tagger.email));
    let person = |name: &str, email: &str| Some((name.to_owned(), email.to_owned()));
    gto(&repo, "assign m --version v1.0.0 --stage a").ok();
    assert_eq!(tagger("m#a#1"), person("Ada Tester", "ada@example.com"));
    gto(&repo, "assign m --version v1.0.0 --stage b --author Zoë").ok();
    assert_eq!(tagger("m#b#2"), person("Zoë", "ada@example.com"));
    gto(&repo, "assign m --version v1.0.0 --stage c --author Zoë --author-email zoe@example.com").ok();
    assert_eq!(tagger("m#c#3"), person("Zoë", "zoe@example.com"));
    gto(&repo, "deprecate m --author Bo --author-email bo@example.com").ok();
    assert_eq!(tagger("m@deprecated"), person("Bo", "bo@example.com"));
}

#[test]
fn messages_are_the_oracles_unless_given() {
    let repo = registry(&["m@v1.0.0"]);
    repo.commit(&[], "second");
    let copy = repo.copy();
    let lines = [
        ("register m", "m@v1.0.1", "Registering artifact m version v1.0.1"),
        (
            "assign m --version v1.0.1 --stage prod",
            "m#prod#1",
            "Assigning stage prod to artifact m version v1.0.1",
        ),
        ("deprecate m v1.0.1 prod", "m#prod!#2", "Unassigning stage 'prod' to artifact 'm' version 'v1.0.1'"),
        ("deprecate m v1.0.1", "m@v1.0.1!", "Deregistering artifact m version v1.0.1"),
        ("deprecate m", "m@deprecated", "Deprecating artifact 'm'"),
    ];
    for (line, name, message) in lines {
        gto(&repo, line).ok();
        assert_eq!(tag(&repo, name).message, format!("{message}\n"));
    }
    let given = "one\n\n# two: 'quoted' \"text\"\n";
    binary().run(&repo, &["register", "n", "-m", given]).ok();
    assert_eq!(tag(&repo, "n@v0.0.1").message, given);
    binary().run(&repo, &["register", "o", "--message", "-dash"]).ok();
    assert_eq!(tag(&repo, "o@v0.0.1").message, "-dash\n");

    let Some(mut oracle) = Oracle::or_skip() else { return };
    for (line, name, message) in lines {
        theirs(&mut oracle, &copy, line).ok();
        assert_eq!(tag(&copy, name).message.trim_end(), message);
        // The oracle's events of one second come out in a wrong order (D2).
        std::thread::sleep(std::time::Duration::from_millis(1_050));
    }
}

#[test]
fn simple_decides_about_the_counter() {
    let repo = registry(&["m@v1.0.0"]);
    repo.commit(&[], "second");
    for (line, expected) in [
        ("assign m --version v1.0.0 --stage prod --simple true", "m#prod"),
        ("assign m --version v1.0.0 --stage prod --simple true --force", ""),
        ("assign m --version v1.0.0 --stage dev --simple auto", "m#dev#1"),
        ("deprecate m v1.0.0 prod --simple true", "m#prod!"),
        ("register m --simple false", "m@v1.0.1#2"),
        ("register n --simple true", "n@v0.0.1"),
        ("deprecate m v1.0.1 --simple false", "m@v1.0.1!#3"),
        ("deprecate m --simple false", "m@deprecated#4"),
    ] {
        if expected.is_empty() {
            hints_at(&refused(&repo, line, "tag 'm#prod' already exists"), "leave out --simple true");
        } else {
            let run = gto(&repo, line).ok();
            assert!(run.out().starts_with(&format!("Created git tag '{expected}' that ")), "{run}");
        }
    }
}

/// The registration of the same command may have been made before it was stopped.
#[test]
fn an_assignment_of_a_version_that_is_registered_there_already_goes_on() {
    let repo = registry(&["m@v1.0.0"]);
    let run = gto(&repo, "assign m HEAD --version v1.0.0 --stage prod").ok();
    assert!(
        run.out().starts_with("Created git tag 'm#prod#1' that assigns stage to version 'v1.0.0'"),
        "{run}"
    );
    assert_eq!(repo.tag_names(), ["m#prod#1", "m@v1.0.0"]);
}

#[test]
fn force_does_what_has_no_effect_all_the_same() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    let first = repo.head();
    repo.commit(&[], "second");
    for (line, refusal, expected) in [
        (
            format!("register m {first}"),
            "'m' is already registered in this commit with version 'v1.0.0'",
            "m@v1.0.0#2",
        ),
        (
            "assign m --version v1.0.0 --stage prod".to_owned(),
            "Version 'v1.0.0' is already in stage 'prod'. Use the '--force' flag to create a new Git tag nevertheless.",
            "m#prod#3",
        ),
        (
            "deprecate m v1.0.0 dev".to_owned(),
            "Stage 'dev' is not assigned to a version 'v1.0.0'",
            "m#dev!#4",
        ),
    ] {
        refused(&repo, &line, refusal);
        let run = gto(&repo, &format!("{line} --force")).ok();
        assert!(run.out().starts_with(&format!("Created git tag '{expected}' that ")), "{run}");
    }
    gto(&repo, "deprecate m v1.0.0").ok();
    let error = format!("The version at ref '{first}' was deregistered already");
    refused(&repo, "deprecate m v1.0.0", &error);
    gto(&repo, "deprecate m v1.0.0 --force").ok();
    gto(&repo, "deprecate m").ok();
    refused(&repo, "deprecate m", "Artifact was deprecated already");
    gto(&repo, "deprecate m --force").ok();
    assert_eq!(repo.tag_names().iter().filter(|name| name.starts_with("m@deprecated")).count(), 2);
}

#[test]
fn delete_removes_the_tags_of_a_stage_a_version_or_an_artifact() {
    let repo = registry(&["m@v1.0.0", "m#dev#1", "m#prod#2", "m#prod!#3", "m2@v1.0.0"]);
    commit_with(&repo, &["m@v2.0.0", "m#prod#4"]);
    for (line, left, told) in [
        (
            "deprecate m v1.0.0 prod --delete",
            vec!["m#dev#1", "m#prod#4", "m2@v1.0.0", "m@v1.0.0", "m@v2.0.0"],
            "Deleted git tag 'm#prod#2'\nTo push the changes upstream, run:\n    git push --delete origin 'm#prod#2'\n\
             Deleted git tag 'm#prod!#3'\nTo push the changes upstream, run:\n    git push --delete origin 'm#prod!#3'\n",
        ),
        (
            "deprecate m v2.0.0 -d",
            vec!["m#dev#1", "m2@v1.0.0", "m@v1.0.0"],
            "Deleted git tag 'm@v2.0.0'\nTo push the changes upstream, run:\n    git push --delete origin m@v2.0.0\n\
             Deleted git tag 'm#prod#4'\nTo push the changes upstream, run:\n    git push --delete origin 'm#prod#4'\n",
        ),
    ] {
        assert_eq!(gto(&repo, line).ok().out(), told, "{line}");
        assert_eq!(repo.tag_names(), left, "{line}");
    }
    gto(&repo, "deprecate m --delete").ok();
    assert_eq!(repo.tag_names(), ["m2@v1.0.0"]);
    refused(&repo, "deprecate m --delete", "Cannot find artifact 'm'");
    refused(&repo, "deprecate m v1.0.0 --delete", "No versions found for 'm'");
}

#[test]
fn an_assignment_that_registers_makes_two_tags() {
    let repo = registry(&[]);
    let run = gto(&repo, "assign m --stage prod").ok();
    let expected = "Created git tag 'm@v0.0.1' that registers version\n\
                    To push the changes upstream, run:\n    git push origin m@v0.0.1\n\
                    Created git tag 'm#prod#1' that assigns stage to version 'v0.0.1'\n\
                    To push the changes upstream, run:\n    git push origin 'm#prod#1'\n";
    assert_eq!((run.out().as_str(), run.err().as_str()), (expected, ""));
    assert_eq!(repo.tag_names(), ["m#prod#1", "m@v0.0.1"]);
    assert!(crate::common::time_of(&repo, "m#prod#1") > crate::common::time_of(&repo, "m@v0.0.1"), "D3");
}

#[test]
fn an_assignment_whose_second_tag_is_impossible_makes_none() {
    // Somebody else's tag needs a folder where ours would be a file, and another one a file where ours needs a folder.
    for (in_the_way, stage) in [("m#prod#1/x", "prod"), ("m#a", "a/b")] {
        let repo = registry(&[]);
        repo.tag(in_the_way, "HEAD", &TagSpec::default());
        let error = format!("Tag 'm#{stage}#1' cannot be created beside tag '{in_the_way}'");
        hints_at(
            &refused_at_last(&repo, &format!("assign m --stage {stage}"), &error),
            "delete or rename tag",
        );
        assert_eq!(repo.tag_names(), [in_the_way]);
    }
}

#[test]
fn a_lock_of_another_process_is_told_and_changes_nothing() {
    let repo = registry(&[]);
    fs::create_dir_all(repo.git_dir().join("refs/tags")).expect("the sandbox is writable");
    fs::write(repo.git_dir().join("refs/tags/m@v0.0.1.lock"), "").expect("the sandbox is writable");
    hints_at(
        &refused_at_last(&repo, "register m", "The repository is locked by another process"),
        "if no git and no gto is at work there, run `rm ",
    );
}

#[test]
fn push_sends_the_tags_and_says_so_as_the_oracle_does() {
    let repo = filled();
    let remote = with_origin(&repo);
    let copy = repo.copy();
    let would = gto(&repo, "assign m --stage prod --push --dry-run").ok().out();
    assert_eq!(would.lines().last(), Some("Would run `git push --atomic origin m@v1.0.1 'm#prod#4'`"));
    let run = gto(&repo, "assign m --stage prod --push").ok();
    // One push of both tags, so that all or none arrive.
    let expected = "Created git tag 'm@v1.0.1' that registers version\n\
                    Created git tag 'm#prod#4' that assigns stage to version 'v1.0.1'\n\
                    Running `git push --atomic origin m@v1.0.1 'm#prod#4'`\n\
                    Successfully pushed git tag m@v1.0.1 on remote.\n\
                    Successfully pushed git tag m#prod#4 on remote.\n";
    let hint = "hint: HEAD was registered as v1.0.1, since neither REF nor --version was given; \
                the highest version before it: `gto assign m --version v1.0.0 --stage prod`\n";
    assert_eq!((run.out().as_str(), run.err().as_str()), (expected, hint));
    assert_eq!(remote.tags(), repo.tags());

    let run = gto(&repo, "deprecate m v1.0.1 prod --delete --push").ok();
    let deleted = "Deleted git tag 'm#prod#4'\nRunning `git push --delete origin m#prod#4`\n\
                   Successfully deleted git tag m#prod#4 on remote.\n";
    assert_eq!(run.out(), deleted);
    assert_eq!(remote.tags(), repo.tags());
    let pushed = gto(&repo, "register n --push --json").ok().json();
    assert_eq!((&pushed["pushed"], &pushed["tags"][0]["pushed"]), (&json!(true), &json!(true)));
    assert_eq!(remote.tags(), repo.tags());

    let Some(mut oracle) = Oracle::or_skip() else { return };
    gto(&repo, "deprecate m v1.0.1 --delete --push").ok();
    let theirs_said = theirs(&mut oracle, &copy, "assign m --stage prod --push").ok().out();
    let but_pushes = |said: &str| {
        let lines = said.lines().filter(|line| !line.starts_with("Running "));
        lines.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(but_pushes(&theirs_said), but_pushes(expected));
    assert_eq!(theirs(&mut oracle, &copy, "deprecate m v1.0.1 prod --delete --push").ok().out(), deleted);
}

#[test]
fn a_dry_run_with_push_sends_nothing() {
    let repo = filled();
    let remote = with_origin(&repo);
    let before = (repo.fingerprint(), remote.fingerprint());
    let run = gto(&repo, "register m --push --dry-run").ok();
    assert_eq!(run.out().lines().nth(1), Some("Would run `git push origin m@v1.0.1`"));
    assert_eq!((repo.fingerprint(), remote.fingerprint()), before);
}

#[test]
fn a_refused_push_takes_the_tags_back() {
    for hook in ["pre-receive", "update"] {
        let repo = filled();
        let remote = with_origin(&repo);
        refuse_pushes(&remote, hook);
        let (tags, remote_tags) = (repo.refs_fingerprint(), remote.tags());
        for line in ["assign m --stage prod --push", "deprecate m --delete --push"] {
            let run = gto(&repo, line).fails(1);
            assert_eq!(run.out(), "", "{run}");
            let errors = run
                .err()
                .lines()
                .filter(|line| !line.starts_with("warning: "))
                .collect::<Vec<_>>()
                .join("\n");
            assert!(errors.starts_with("❌ The command `git push "), "{run}");
            hints_at(&run, "nothing was changed, here or there");
            assert_eq!(repo.refs_fingerprint(), tags, "{line}");
            assert_eq!(remote.tags(), remote_tags, "{line}");
        }
    }
}

#[test]
fn a_url_is_read_and_written_as_the_repository_behind_it() {
    let repo = filled();
    let remote = with_origin(&repo);
    let url = format!("file://{}", remote.path().display());
    let elsewhere = repo.sandbox().repo("elsewhere");
    let before = elsewhere.fingerprint();
    for line in ["show", "show m --json", "history --plain", "check-ref m#prod#2", "stages"] {
        let there = gto(&elsewhere, &format!("{line} -r {url}")).ok();
        assert_eq!(there.out(), gto(&repo, line).ok().out(), "{line}");
    }
    let run = gto(&elsewhere, &format!("assign m --version v1.0.0 --stage canary -r {url}")).ok();
    let expected = "Created git tag 'm#canary#4' that assigns stage to version 'v1.0.0'\n\
                    Running `git push origin m#canary#4`\n\
                    Successfully pushed git tag m#canary#4 on remote.\n";
    assert_eq!((run.out().as_str(), run.err().as_str()), (expected, ""));
    assert_eq!(tag(&remote, "m#canary#4").target, tag(&remote, "m@v1.0.0").target);
    let run = gto(&elsewhere, &format!("deprecate m v1.0.0 canary --delete -r {url}")).ok();
    assert!(run.out().ends_with("Successfully deleted git tag m#canary#4 on remote.\n"), "{run}");
    assert_eq!(remote.tags(), repo.tags());

    gto(&elsewhere, &format!("register m main --dry-run -r {url}")).ok();
    refuse_pushes(&remote, "pre-receive");
    gto(&elsewhere, &format!("register m main -r {url}")).fails(1);
    assert_eq!(remote.tags(), repo.tags());
    assert_eq!(elsewhere.fingerprint(), before);
}

/// A shell must run exactly the suggested command.
#[cfg(unix)]
#[test]
fn the_suggested_push_can_be_pasted_into_a_shell() {
    let repo = filled();
    let remote = with_origin(&repo);
    for (line, expected) in [
        ("register m", "    git push origin m@v1.0.1"),
        ("assign m --version v1.0.0 --stage qa", "    git push origin 'm#qa#4'"),
        ("deprecate m v1.0.1", "    git push origin 'm@v1.0.1!'"),
        ("register a/b:m --version v1.0.0-rc.1+x.5", "    git push origin a/b=m@v1.0.0-rc.1+x.5"),
        ("deprecate m v1.0.0 qa --delete", "    git push --delete origin 'm#qa#4'"),
    ] {
        let run = gto(&repo, line).ok();
        assert_eq!(run.out().lines().nth(2), Some(expected), "{run}");
        let pasted = repo.command("sh").args(["-c", expected]).output().expect("there is a shell");
        assert!(pasted.status.success(), "{}", String::from_utf8_lossy(&pasted.stderr));
        assert_eq!(remote.tags(), repo.tags(), "{line}");
    }
}

#[test]
fn the_objects_are_those_that_git_itself_writes() {
    let repo = registry(&["m@v1.0.0"]);
    let date = "1700009999 -0330";
    for message in ["one line", "several\n\nlines", "trailing newline\n", " # no comment"] {
        let copy = repo.copy();
        let name = "m#prod#1";
        let ours = binary().env("GIT_COMMITTER_DATE", date);
        ours.run(&repo, &["assign", "m", "--version", "v1.0.0", "--stage", "prod", "-m", message]).ok();
        let mut git = copy.command("git");
        git.args(["tag", "-a", "-m", message, name, "HEAD"]).env("GIT_COMMITTER_DATE", date);
        assert!(git.status().expect("git is installed").success());
        assert_eq!(repo.git_ok(&["cat-file", "tag", name]), copy.git_ok(&["cat-file", "tag", name]));
        assert_eq!(tag(&repo, name).object_id, tag(&copy, name).object_id, "{message:?}");
        repo.git_ok(&["tag", "-d", name]);
    }
}

#[test]
fn git_finds_no_fault_with_what_was_written() {
    let repo = filled();
    for line in [
        "register m",
        "assign folder:n --stage prod",
        "deprecate m v1.0.0 prod",
        "deprecate m v1.0.0",
        "deprecate m",
    ] {
        gto(&repo, line).ok();
    }
    let author = ["register", "o", "--author", "Zoë \"Z\" <O'Neil>", "--author-email", "zoe@example.com"];
    binary().run(&repo, &author).ok();
    repo.git_ok(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn a_name_with_a_line_break_cannot_forge_a_header() {
    let repo = registry(&[]);
    let name = "Eve\ntagger Mallory <m@x> 1 +0000";
    binary().run(&repo, &["register", "m", "--author", name]).ok();
    let raw = repo.git_ok(&["cat-file", "tag", "m@v0.0.1"]);
    assert_eq!(raw.lines().filter(|line| line.starts_with("tagger ")).count(), 1, "{raw}");
    repo.git_ok(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn deleting_tags_needs_no_identity() {
    let mut repo = registry(&["m@v1.0.0"]);
    repo.sandbox_mut().remove_identity();
    gto(&repo, "deprecate m v1.0.0 -d").ok();
    assert_eq!(repo.tag_names(), Vec::<String>::new());
}

#[test]
fn d27_nothing_is_written_beside_a_broken_ref() {
    let repo = registry(&[]);
    for name in ["m@v0.0.1", "m#dev#7"] {
        fs::write(repo.git_dir().join("refs/tags").join(name), "").expect("the sandbox is writable");
    }
    let error = "Cannot be sure: 2 tags cannot be read: 'm#dev#7' (its ref holds no object id), \
                 'm@v0.0.1' (its ref holds no object id)";
    refused(&repo, "register m", error);
}

#[test]
fn a_version_is_not_registered_on_the_commit_of_a_stray_deregistration() {
    let repo = registry(&["m@v1.0.0"]);
    repo.commit(&[("x", "x")], "another");
    repo.tag("m@v1.0.0!", "HEAD", &TagSpec::at(1_900_000_000));
    let run = gto(&repo, "register m").fails(1);
    assert!(run.err().starts_with("❌ Version 'v1.0.0' already was registered."), "{run}");
}

#[test]
fn what_is_assigned_at_a_commit_is_shown_whatever_is_assigned_elsewhere() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    let first = repo.head();
    repo.commit(&[("x", "x")], "another");
    repo.tag("m@v2.0.0", "HEAD", &TagSpec::at(1_800_000_000));
    repo.tag("m#prod#2", "HEAD", &TagSpec::at(1_800_000_001));
    assert_eq!(gto(&repo, &format!("show m --at {first} --stage")).ok().out(), "prod\n");
    assert_eq!(gto(&repo, &format!("show m#prod --at {first} --version")).ok().out(), "v1.0.0\n");
}

#[test]
fn a_deletion_that_only_the_remote_did_says_so() {
    let repo = registry(&[]);
    let _remote = with_origin(&repo);
    gto(&repo, "register z --push").ok();
    // The lock comes while git pushes.
    let hook = repo.git_dir().join("hooks/pre-push");
    fs::create_dir_all(repo.git_dir().join("hooks")).expect("the sandbox is writable");
    let lock = "touch \"$(git rev-parse --git-dir)/refs/tags/z@v0.0.1.lock\"";
    fs::write(&hook, format!("#!/bin/sh\n{lock}\n")).expect("the sandbox is writable");
    assert!(repo.command("chmod").arg("+x").arg(&hook).status().expect("chmod is there").success());
    let run = gto(&repo, "deprecate z -d --push").fails(1);
    assert!(run.err().starts_with("❌ The tags were deleted on origin, but not here: z@v0.0.1"), "{run}");
}
