//! One test for each decision in section 6 of the specification: where we do better than the Python tool, on purpose.
//!
//! Each builds the situation with plain Git, asserts what we say and do, and where the oracle is at hand also that the
//! oracle really has the behaviour that the decision fixes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{
    binary, clock, commit_with, gto, hints_at, refused, registry, theirs, time_of, warns_of,
};
use gto_testkit::{Oracle, Repo, Run, Sandbox, SshKey, TagSpec};

#[test]
fn d01_versions_are_printed_whole_and_only_commit_ids_are_cut() {
    let repo = registry(&["m@v1.10.100", "m#prod#1"]);
    let bare = commit_with(&repo, &["n#prod#1"]);
    let table = gto(&repo, "show --plain").ok().out();
    let expected = format!(
        "name    latest     #prod\nm       v1.10.100  v1.10.100\nn       -          {}\n",
        &bare[..7]
    );
    assert_eq!(table, expected);

    let Some(mut oracle) = Oracle::or_skip() else { return };
    assert!(theirs(&mut oracle, &repo, "show --plain").ok().out().contains("m       v1.10.1   v1.10.1\n"));
}

#[test]
fn d02_events_of_one_second_follow_their_counters_and_then_their_kinds() {
    let repo = registry(&["m@v1.0.0"]);
    let second = repo.now() + 60;
    for tag in
        ["m#prod#1", "m#prod!#2", "m#prod#3", "k@v1.0.0", "k#dev", "k#dev!", "j@deprecated", "j@v1.0.0"]
    {
        repo.tag(tag, "HEAD", &TagSpec::at(second));
    }
    assert_eq!(gto(&repo, "show m#prod --version").ok().out(), "v1.0.0\n");
    let order = |name: &str| -> Vec<String> {
        let events = gto(&repo, &format!("history {name} --asc --json")).ok().json();
        let refs = events.as_array().expect("a list").iter().map(|event| event["ref"].to_string());
        refs.collect()
    };
    assert_eq!(order("m"), ["\"m@v1.0.0\"", "\"m#prod#1\"", "\"m#prod!#2\"", "\"m#prod#3\""]);
    assert_eq!(order("k"), ["\"k@v1.0.0\"", "\"k#dev\"", "\"k#dev!\""]);
    assert_eq!(order("j"), ["\"j@deprecated\"", "\"j@v1.0.0\""]);

    let Some(mut oracle) = Oracle::or_skip() else { return };
    assert_eq!(theirs(&mut oracle, &repo, "show m#prod --version").ok().out(), "");
}

#[test]
fn d03_a_new_event_comes_after_the_newest_one_even_if_that_is_ahead_of_the_clock() {
    let repo = registry(&["m@v1.0.0"]);
    let ahead = clock() + 200;
    repo.tag("m#prod#1", "HEAD", &TagSpec::at(ahead));
    let untouched = repo.copy();

    let run = gto(&repo, "deprecate m v1.0.0 prod").ok();
    assert_eq!(run.err(), "", "less than five minutes are no reason to warn");
    assert_eq!(time_of(&repo, "m#prod!#2"), ahead + 1);
    assert_eq!(gto(&repo, "show m#prod --version").ok().out(), "");
    gto(&repo, "register other").ok();
    assert!(time_of(&repo, "other@v0.0.1") < ahead, "the clock is one of each artifact");

    let Some(mut oracle) = Oracle::or_skip() else { return };
    theirs(&mut oracle, &untouched, "deprecate m v1.0.0 prod").ok();
    assert_eq!(theirs(&mut oracle, &untouched, "show m#prod --version").ok().out(), "v1.0.0\n");
}

#[test]
fn d03_events_of_one_command_line_after_the_other_are_seconds_apart() {
    let repo = registry(&[]);
    for line in ["register m", "assign m --stage prod", "deprecate m v0.0.1 prod", "deprecate m"] {
        gto(&repo, line).ok();
    }
    let tags = ["m@v0.0.1", "m#prod#1", "m#prod!#2", "m@deprecated"];
    let times = tags.map(|tag| time_of(&repo, tag));
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    assert!(times[3] - clock() <= 3);
}

#[test]
fn d03_a_clock_more_than_five_minutes_ahead_is_followed_with_a_warning() {
    let repo = registry(&["m@v1.0.0"]);
    let tomorrow = clock() + 86_400;
    repo.tag("m#prod#1", "HEAD", &TagSpec::at(tomorrow));
    let run = gto(&repo, "deprecate m v1.0.0 prod").ok();
    warns_of(&run, "tag 'm#prod!#2' gets a time 86");
    assert_eq!(time_of(&repo, "m#prod!#2"), tomorrow + 1);
}

#[test]
fn d03_git_committer_date_is_taken_as_it_is() {
    let repo = registry(&["m@v1.0.0"]);
    let later = clock() + 60;
    let gto = binary().env("GIT_COMMITTER_DATE", format!("{later} +0530"));
    let run = gto.run(&repo, &["assign", "m", "--version", "v1.0.0", "--stage", "prod"]).ok();
    assert_eq!(run.err(), "");
    let tagger = repo.find_tag("m#prod#1").and_then(|tag| tag.tagger).expect("it was made");
    assert_eq!((tagger.time, tagger.offset.as_str()), (later, "+0530"));
}

#[test]
fn d03_a_date_before_the_newest_event_is_taken_too_with_a_warning() {
    let repo = registry(&["m@v1.0.0", "m@v1.0.0!"]);
    let run = binary().env("GIT_COMMITTER_DATE", "1600000000 +0000").run(&repo, &["register", "m"]).ok();
    warns_of(&run, "tag 'm@v1.0.0#1' is dated before the newest event of its artifact");
    assert_eq!(time_of(&repo, "m@v1.0.0#1"), 1_600_000_000);
}

#[test]
fn d03_a_date_without_a_zone_is_local_time_as_for_git() {
    let repo = registry(&[]);
    let zone = [("TZ", "America/New_York"), ("GIT_COMMITTER_DATE", "2023-11-14 00:00:00")];
    let gto = zone.iter().fold(binary(), |gto, (name, value)| gto.env(name, value));
    gto.run(&repo, &["register", "m"]).ok();
    let tagger = repo.find_tag("m@v0.0.1").and_then(|tag| tag.tagger).expect("it was made");
    assert_eq!((tagger.time, tagger.offset.as_str()), (1_699_938_000, "-0500"));
    let since = |date| gto.run(&repo, &["history", "--plain", "--since", date]).ok().out().lines().count();
    assert_eq!((since("2023-11-14 00:00:00"), since("2023-11-14 00:00:01")), (2, 1));
    let until = |date| gto.run(&repo, &["history", "--plain", "--until", date]).ok().out().lines().count();
    assert_eq!((until("2023-11-13"), until("2023-11-14"), until("2023-11-14 00:00:00")), (1, 2, 2));
}

#[test]
fn d04_two_versions_on_a_commit_hinder_nobody_and_the_stage_goes_to_the_last_one_before_it() {
    let repo = registry(&["m@v1.0.0", "m#dev#1", "m@v3.0.0", "m@v2.0.0", "m#prod#2", "x@v1.0.0"]);
    let expected =
        "name    latest    #dev    #prod\nm       v3.0.0    v1.0.0  v2.0.0\nx       v1.0.0    -       -\n";
    assert_eq!(gto(&repo, "show --plain").ok().out(), expected);
    for (line, expected) in [
        ("show x@latest --version", "v1.0.0\n"),
        ("check-ref x@v1.0.0 --version", "v1.0.0\n"),
        ("check-ref m#dev#1 --version", "v1.0.0\n"),
        ("show m#prod --version", "v2.0.0\n"),
        ("stages", "dev\nprod\n"),
    ] {
        assert_eq!(gto(&repo, line).ok().out(), expected, "{line}");
    }
    assert_eq!(gto(&repo, "history --plain").ok().out().lines().count(), 7);
    gto(&repo, "assign x --version v1.0.0 --stage prod").ok();

    let Some(mut oracle) = Oracle::or_skip() else { return };
    for line in ["show", "show x", "history x", "check-ref x@v1.0.0", "register y"] {
        let run = theirs(&mut oracle, &repo, line).fails(1);
        assert!(
            run.err().starts_with("❌ Multiple versions are not allowed on the same Git commit."),
            "{run}"
        );
    }
}

#[test]
fn d04_a_stage_ends_for_the_version_that_is_in_it() {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "m@v2.0.0"]);
    gto(&repo, "deprecate m v1.0.0 prod").ok();
    assert_eq!(gto(&repo, "check-ref m#prod!#2 --version").ok().out(), "v1.0.0\n");
    assert_eq!(gto(&repo, "show m#prod --version").ok().out(), "");
}

#[test]
fn d04_a_stage_that_a_tag_cannot_give_to_the_wanted_version_is_refused() {
    let repo = registry(&["m@v1.0.0", "m@v2.0.0"]);
    let commit = repo.head();
    let error = format!(
        "A stage tag for version 'v1.0.0' would count for version 'v2.0.0', which is on the same commit '{}'",
        &commit[..7]
    );
    hints_at(&refused(&repo, "assign m --version v1.0.0 --stage prod", &error), "gto doctor");
    gto(&repo, "assign m --version v2.0.0 --stage prod").ok();
    assert_eq!(gto(&repo, "show m#prod --version").ok().out(), "v2.0.0\n");
}

/// Puts something into a repository that the oracle cannot read.
type Spoil = fn(&Repo);

#[test]
fn d05_what_cannot_be_read_is_left_out_and_the_rest_is_shown() {
    let kinds: [(&str, Spoil); 6] = [
        ("a tag on a tree", |repo| drop(repo.tag("x@v1.0.0", "HEAD^{tree}", &TagSpec::default()))),
        ("a tag on a blob", |repo| drop(repo.tag("x@v1.0.0", "HEAD:file", &TagSpec::default()))),
        ("a tag without a tagger", |repo| {
            let commit = repo.head();
            let object = format!("object {commit}\ntype commit\ntag x@v1.0.0\n\nmessage\n");
            repo.raw_tag("x@v1.0.0", object.as_bytes());
        }),
        ("the reserved `@created`", |repo| drop(repo.tag("x@created", "HEAD", &TagSpec::default()))),
        ("broken YAML", |repo| drop(repo.commit(&[("artifacts.yaml", "x: [\n")], "annotate"))),
        ("YAML of another shape", |repo| drop(repo.commit(&[("artifacts.yaml", "- x\n")], "annotate"))),
    ];
    let mut oracle = Oracle::or_skip();
    for (kind, spoil) in kinds {
        let repo = Repo::new();
        repo.commit(&[("file", "content\n")], "first");
        for tag in ["m@v1.0.0", "m#prod#1"] {
            repo.tag(tag, "HEAD", &TagSpec::default());
        }
        spoil(&repo);
        let run = gto(&repo, "show --plain").ok();
        assert_eq!(run.out(), "name    latest    #prod\nm       v1.0.0    v1.0.0\n", "{kind}");
        assert_eq!(gto(&repo, "show m#prod --version").ok().out(), "v1.0.0\n", "{kind}");
        assert_eq!(gto(&repo, "history --plain").ok().out().lines().count(), 3, "{kind}");
        assert_eq!(gto(&repo, "check-ref m@v1.0.0 --version").ok().out(), "v1.0.0\n", "{kind}");
        assert_eq!(gto(&repo, "check-ref x@v1.0.0 --version").ok().out(), "", "{kind}");
        gto(&repo, "assign m --version v1.0.0 --stage dev").ok();
        if let Some(oracle) = &mut oracle {
            theirs(oracle, &repo, "show").fails(1);
        }
    }
}

#[test]
fn d05_a_tag_that_is_no_event_is_explained_by_check_ref() {
    let repo = registry(&["x@created"]);
    repo.tag("x@v1.0.0", "HEAD^{tree}", &TagSpec::default());
    let run = gto(&repo, "check-ref x@v1.0.0").ok();
    hints_at(&run, "tag 'x@v1.0.0' is no event: it is on a tree, not on a commit");
    hints_at(&gto(&repo, "check-ref x@created").ok(), "the format reserves `@created`");
}

#[test]
fn d06_a_deregistered_version_can_be_registered_again() {
    let repo = registry(&["m@v1.0.0", "m@v1.0.0!"]);
    let untouched = repo.copy();
    let run = gto(&repo, "register m --version v1.0.0").ok();
    assert_eq!(run.out().lines().next(), Some("Created git tag 'm@v1.0.0#1' that registers version"));
    assert_eq!(gto(&repo, "show m --version").ok().out(), "v1.0.0\n");
    assert_eq!(gto(&repo, "show m --ref").ok().out(), "m@v1.0.0#1\n");
    let versions = gto(&repo, "show m --json").ok().json();
    assert_eq!(versions[0]["registrations"].as_array().map(Vec::len), Some(2));

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &untouched, "register m --version v1.0.0").fails(1);
    assert_eq!(run.err(), "❌ tag 'm@v1.0.0' already exists\n");
    let run = theirs(&mut oracle, &repo, "show m").fails(1);
    assert!(run.err().starts_with("❌ Multiple registrations are not supported"), "{run}");
}

#[test]
fn d07_nothing_can_be_assigned_to_a_deregistered_version() {
    let repo = registry(&["m@v1.0.0", "m@v1.0.0!"]);
    let error = "Version 'v1.0.0' of artifact 'm' is deregistered, nothing can be assigned to it";
    for line in
        ["assign m --version v1.0.0 --stage prod", "assign m HEAD --stage prod", "assign m --stage prod"]
    {
        hints_at(&refused(&repo, line, error), "register it again first: `gto register m ");
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    theirs(&mut oracle, &repo, "assign m --version v1.0.0 --stage prod").ok();
    assert_eq!(theirs(&mut oracle, &repo, "show m#prod --version").ok().out(), "");
    assert!(!theirs(&mut oracle, &repo, "show").ok().out().contains("v1.0.0"));
}

#[test]
fn d08_unassigning_twice_is_refused_without_force() {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "m#prod!#2"]);
    let error = "Stage 'prod' is not assigned to a version 'v1.0.0'";
    hints_at(&refused(&repo, "deprecate m v1.0.0 prod", error), "--force");
    let untouched = repo.copy();
    gto(&repo, "deprecate m v1.0.0 prod --force").ok();
    assert!(repo.find_tag("m#prod!#3").is_some());

    let Some(mut oracle) = Oracle::or_skip() else { return };
    theirs(&mut oracle, &untouched, "deprecate m v1.0.0 prod").ok();
}

#[test]
fn d09_an_assigned_commit_without_a_version_is_listed_once() {
    let repo = registry(&["m#prod#1"]);
    assert_eq!(gto(&repo, "show m --stage").ok().out(), "prod\n");
    assert_eq!(gto(&repo, "show m --json").ok().json().as_array().map(Vec::len), Some(1));

    let Some(mut oracle) = Oracle::or_skip() else { return };
    assert_eq!(theirs(&mut oracle, &repo, "show m --stage").ok().out(), "prod\nprod\n");
}

#[test]
fn d10_stages_outside_the_configuration_get_a_column_after_the_configured_ones() {
    let repo = Repo::new();
    repo.commit(&[(".gto", "stages: [prod, dev]\n")], "configure");
    for tag in ["m@v1.0.0", "m#canary#1", "m#dev#2", "m#beta#3"] {
        repo.tag(tag, "HEAD", &TagSpec::default());
    }
    let run = gto(&repo, "show --plain").ok();
    let expected = "name    latest    #prod    #dev    #beta    #canary\nm       v1.0.0    -        v1.0.0  v1.0.0   v1.0.0\n";
    assert_eq!(run.out(), expected);

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let table = theirs(&mut oracle, &repo, "show --plain").ok().out();
    assert!(table.starts_with("name    latest    #prod    #dev\n"), "{table}");
}

#[test]
fn d11_av_keeps_the_newest_stages_of_a_version() {
    let repo = registry(&["m@v1.0.0", "m#first#1", "m#second#2", "m#third#3"]);
    assert_eq!(gto(&repo, "show m --stage --av 1").ok().out(), "third\n");
    assert_eq!(gto(&repo, "show m --stage --av 2").ok().out(), "third, second\n");
    let expected =
        "name    latest    #first    #second    #third\nm       v1.0.0    -         -          v1.0.0\n";
    assert_eq!(gto(&repo, "show --plain --av 1").ok().out(), expected);

    let Some(mut oracle) = Oracle::or_skip() else { return };
    assert_eq!(theirs(&mut oracle, &repo, "show m --stage --av 1").ok().out(), "first\n");
}

#[test]
fn d12_stages_used_lists_every_stage_that_was_ever_used() {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "m#prod!#2", "m#dev#3"]);
    assert_eq!(gto(&repo, "stages --used").ok().out(), "dev\nprod\n");
    assert_eq!(gto(&repo, "stages").ok().out(), "dev\n");

    let Some(mut oracle) = Oracle::or_skip() else { return };
    assert_eq!(theirs(&mut oracle, &repo, "stages --used").ok().out(), "dev\n");
}

#[test]
fn d13_registered_only_leaves_unregistered_commits_out_of_an_artifact() {
    let repo = registry(&["m@v1.0.0"]);
    let bare = commit_with(&repo, &["m#prod#1"]);
    assert_eq!(gto(&repo, "show m --version").ok().out(), format!("v1.0.0\n{}\n", &bare[..7]));
    assert_eq!(gto(&repo, "show m --version --ro").ok().out(), "v1.0.0\n");

    let Some(mut oracle) = Oracle::or_skip() else { return };
    assert!(theirs(&mut oracle, &repo, "show m --version --ro").ok().out().contains(&bare[..7]));
}

#[test]
fn d14_a_patch_bump_finishes_a_pre_release() {
    let repo = registry(&["m@v1.0.0-rc.1"]);
    repo.commit(&[], "second");
    let untouched = repo.copy();
    gto(&repo, "register m").ok();
    assert_eq!(gto(&repo, "show m@latest --version").ok().out(), "v1.0.0\n");
    let patch = untouched.copy();
    gto(&patch, "register m --bump-patch").ok();
    assert!(patch.find_tag("m@v1.0.0").is_some());

    let Some(mut oracle) = Oracle::or_skip() else { return };
    theirs(&mut oracle, &untouched, "register m").ok();
    assert!(untouched.find_tag("m@v1.0.1").is_some());
}

#[test]
fn d15_a_first_registration_can_bump() {
    let empty = registry(&[]);
    for (bump, version) in [("major", "v1.0.0"), ("minor", "v0.1.0"), ("patch", "v0.0.1")] {
        let repo = empty.copy();
        gto(&repo, &format!("register m --bump-{bump}")).ok();
        assert_eq!(repo.tag_names(), [format!("m@{version}")]);
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    theirs(&mut oracle, &empty, "register m --bump-major").fails(1);
}

#[test]
fn d16_a_bump_passes_over_versions_that_existed() {
    let repo = registry(&["m@v1.0.0"]);
    commit_with(&repo, &["m@v1.0.1", "m@v1.0.1!"]);
    commit_with(&repo, &["m@v3.0.0", "m@v3.0.0!"]);
    repo.commit(&[], "next");
    let untouched = repo.copy();
    gto(&repo, "register m").ok();
    assert_eq!(
        gto(&repo, "show m@latest --version").ok().out(),
        "v1.0.2\n",
        "from the highest active version"
    );

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &untouched, "register m").fails(1);
    assert_eq!(run.err(), "❌ tag 'm@v1.0.1' already exists\n");
}

#[test]
fn d16_without_an_active_version_a_bump_starts_from_the_highest_that_ever_was() {
    let repo = registry(&["m@v1.0.0", "m@v1.0.0!"]);
    commit_with(&repo, &["m@v3.0.0", "m@v3.0.0!"]);
    repo.commit(&[], "next");
    gto(&repo, "register m --bump-minor").ok();
    assert!(repo.find_tag("m@v3.1.0").is_some(), "{:?}", repo.tag_names());
}

#[test]
fn d17_a_commit_that_still_annotates_a_deprecated_artifact_does_not_revive_it() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m:\n  type: model\n")], "annotate");
    for tag in ["m@v1.0.0", "m@deprecated"] {
        repo.tag(tag, "HEAD", &TagSpec::default());
    }
    repo.commit(&[], "later");
    assert_eq!(gto(&repo, "show").ok().out(), "Nothing found in the current workspace\n");
    let deprecated = repo.copy();
    for revival in ["register m --version v2.0.0", "assign m --version v1.0.0 --stage prod"] {
        let repo = deprecated.copy();
        gto(&repo, revival).ok();
        assert_eq!(gto(&repo, "show --name").ok().out(), "m\n", "{revival}");
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    assert_eq!(theirs(&mut oracle, &repo, "show --name").ok().out(), "m\n");
}

#[test]
fn d17_deregistration_and_unassignment_do_not_revive_a_deprecated_artifact() {
    for last in ["m@v1.0.0!", "m#prod!#2"] {
        let repo = registry(&["m@v1.0.0", "m#prod#1", "m@deprecated", last]);
        assert_eq!(gto(&repo, "show --name").ok().out(), "", "{last}");
        refused(&repo, "deprecate m", "Artifact was deprecated already");
    }
}

/// The oracle's message for a plain mistake of the user.
fn unexpected(run: &Run, what: &str) {
    let expected = format!("❌ Unexpected error: {what}\nPlease report it here running with ");
    assert!(run.err().starts_with(&expected), "{run}");
}

#[test]
fn d18_outside_a_repository_is_a_plain_error() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("empty");
    fs::create_dir(&folder).expect("the sandbox is writable");
    let here = binary();
    let run = here.run_in(&sandbox, &folder, &["show"], b"").fails(1);
    assert_eq!(run.err().lines().next(), Some("❌ No Git repo found in '.'"));
    hints_at(&run, "`git init`");
    let run = here.run_in(&sandbox, &folder, &["show", "-r", "absent"], b"").fails(1);
    assert_eq!(run.err().lines().next(), Some("❌ No Git repo found in 'absent'"));
    hints_at(&run, "there is no folder 'absent'");

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = oracle.run_in(&sandbox, &folder, &["show"], &[]).fails(1);
    unexpected(&run, ". is not a git repository");
}

#[test]
fn d18_an_unknown_ref_is_a_plain_error() {
    let repo = registry(&["m@v1.0.0"]);
    let error = "Ref 'absent' was not found in the repository history";
    for line in [
        "register m absent",
        "assign m absent --stage prod",
        "deprecate m --ref absent",
        "show --at absent",
        "show m --at absent",
    ] {
        hints_at(&refused(&repo, line, error), "git log --oneline --all");
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &repo, "register m absent").fails(1);
    unexpected(&run, "unknown Git revision 'absent'");
}

#[test]
fn d18_a_repository_without_a_commit_is_a_plain_error() {
    let repo = Repo::new();
    for line in ["register m", "assign m --stage prod"] {
        hints_at(&refused(&repo, line, "The repository has no commit yet"), "make a commit first");
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &repo, "register m").fails(1);
    unexpected(&run, "unknown Git revision 'HEAD'");
}

#[test]
fn d18_two_output_flags_are_a_plain_error() {
    let repo = registry(&["m@v1.0.0"]);
    for line in [
        "show --json --plain",
        "show m --version --ref",
        "history --json --plain",
        "check-ref m@v1.0.0 --json --name",
    ] {
        hints_at(&refused(&repo, line, "Only one output format allowed"), "choose one of --json, ");
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &repo, "show --json --plain").fails(1);
    unexpected(&run, "Only one output format allowed");
}

#[test]
fn d19_show_name_prints_the_name_of_an_artifact() {
    let repo = registry(&["folder=m@v1.0.0"]);
    commit_with(&repo, &["folder=m@v1.1.0"]);
    assert_eq!(gto(&repo, "show folder:m --name").ok().out(), "folder:m\n");
    assert_eq!(gto(&repo, "show folder:m@latest --name").ok().out(), "folder:m\n");

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &repo, "show folder:m --name").fails(1);
    assert_eq!(run.err(), "❌ Cannot apply --name\n");
}

/// The rest of `doctor` is tested in its own module.
#[test]
fn d20_doctor_shows_the_configuration_in_force_and_every_problem() {
    let repo = Repo::new();
    repo.commit(&[(".gto", "stages: [dev]\n")], "configure");
    assert!(gto(&repo, "doctor").ok().out().contains("stages=['dev']"));
    for tag in ["m@v1.0.0", "m@v2.0.0", "m#dev#1", "k@v1.0.0", "k@v2.0.0", "k#dev#1"] {
        repo.tag(tag, "HEAD", &TagSpec::default());
    }
    let run = gto(&repo, "doctor").fails(1);
    for word in ["stages=['dev']", "m@v1.0.0", "m@v2.0.0", "k@v1.0.0", "k@v2.0.0"] {
        assert!(run.out().contains(word), "no {word} in\n{run}");
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &repo, "doctor").fails(1);
    assert!(!run.out().contains("stages=['dev']") && !run.err().contains("k@"), "{run}");
}

#[test]
fn d21_tags_are_signed_if_git_is_configured_to_sign_them() {
    let mut repo = Repo::new();
    repo.commit(&[], "first");
    let sandbox = repo.sandbox_mut();
    let Some(key) = SshKey::or_skip(sandbox.home().join("key")) else { return };
    let signers = sandbox.home().join("signers");
    fs::write(&signers, format!("ada@example.com {}\n", key.public())).expect("the sandbox is writable");
    let settings = format!(
        "[gpg]\nformat = ssh\n[user]\nsigningKey = {}\n[gpg \"ssh\"]\nallowedSignersFile = {}\n",
        key.private().display(),
        signers.display()
    );
    for tag in ["gpgSign", "forceSignAnnotated"] {
        repo.sandbox_mut().set_git_config(&format!("{settings}[tag]\n{tag} = true\n"));
        let signed = repo.copy();
        gto(&signed, "assign m --stage prod").ok();
        for tag in ["m@v0.0.1", "m#prod#1"] {
            signed.git_ok(&["verify-tag", tag]);
        }
    }
    let Some(mut oracle) = Oracle::or_skip() else { return };
    theirs(&mut oracle, &repo, "register m").ok();
    assert!(!repo.git(&["verify-tag", "m@v0.0.1"]).status.success(), "the oracle signs");
}

#[test]
fn d22_lightweight_tags_are_skipped_with_a_warning_and_do_not_block() {
    let repo = registry(&["m@v1.0.0"]);
    repo.commit(&[], "second");
    repo.lightweight("m@v1.0.1", "HEAD");
    let untouched = repo.copy();
    let warning = "skipped lightweight tags, only annotated tags are events: 'm@v1.0.1'";
    for (line, expected) in [
        ("show m --version", "v1.0.0\n"),
        ("show --name", "m\n"),
        ("history --plain --event deregistration", "Nothing found in the current workspace\n"),
    ] {
        let run = gto(&repo, line).ok();
        assert_eq!(run.out(), expected, "{line}");
        warns_of(&run, warning);
    }
    assert_eq!(gto(&repo, "check-ref m@v1.0.0 --name").ok().err(), "", "nothing of this tag is missing");
    let run = gto(&repo, "check-ref m@v1.0.1 --version").ok();
    assert_eq!(run.out(), "");
    warns_of(&run, "tag 'm@v1.0.1' is lightweight");
    let run = gto(&repo, "register m").ok();
    warns_of(&run, warning);
    // D28
    assert_eq!(run.out().lines().next(), Some("Created git tag 'm@v1.0.2' that registers version"));

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &untouched, "show m --version").ok();
    assert_eq!((run.out().as_str(), run.err().as_str()), ("v1.0.0\n", ""));
    theirs(&mut oracle, &untouched, "register m").fails(1);
}

#[test]
fn d23_an_artifact_can_be_deprecated_a_second_time() {
    let repo = registry(&["m@v1.0.0", "m@deprecated", "m#prod#1"]);
    let untouched = repo.copy();
    let run = gto(&repo, "deprecate m").ok();
    assert_eq!(run.out().lines().next(), Some("Created git tag 'm@deprecated#2' that deprecates artifact"));
    assert_eq!(gto(&repo, "show --name").ok().out(), "");

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &untouched, "deprecate m").fails(1);
    assert_eq!(run.err(), "❌ tag 'm@deprecated' already exists\n");
}

#[test]
fn d24_a_single_value_flag_that_finds_nothing_prints_nothing_and_says_why_on_stderr() {
    let repo = registry(&["m@v1.0.0", "m@deprecated", "n#prod#1", "release"]);
    let mut oracle = Oracle::or_skip();
    for (line, why) in [
        ("show m --version", "there is no version for 'm'"),
        ("show m --stage", "there is no version for 'm'"),
        ("show m --ref", "there is no version for 'm'"),
        ("show m#prod --version", "there is no version for 'm#prod'"),
        ("show n@v1.0.0 --ref", "there is no version for 'n@v1.0.0'"),
        ("check-ref release --name", "tag 'release' is not one of the registry's"),
        ("check-ref release --version", "tag 'release' is not one of the registry's"),
        ("check-ref release --event", "tag 'release' is not one of the registry's"),
        ("check-ref release --stage", "tag 'release' is not one of the registry's"),
        ("check-ref refs/tags/absent --name", "there is no tag 'refs/tags/absent' in this repository"),
        ("check-ref m@v1.0.0 --stage", "tag 'm@v1.0.0' has no stage"),
        ("check-ref m@deprecated --version", "tag 'm@deprecated' has no version"),
    ] {
        let run = gto(&repo, line).ok();
        assert_eq!(run.out(), "", "{line}");
        hints_at(&run, why);
        if let Some(oracle) = &mut oracle {
            let run = theirs(oracle, &repo, line).ok();
            assert_eq!((run.out().as_str(), run.err().as_str()), ("", ""), "{line}");
        }
    }
    let empty = registry(&[]);
    let run = gto(&empty, "show --name").ok();
    assert_eq!(run.out(), "");
    hints_at(&run, "there is no artifact");
    // The oracle refuses this one (D19).
    let run = gto(&repo, "show m --name").ok();
    assert_eq!(run.out(), "");
    hints_at(&run, "there is no version for 'm'");
}

#[test]
fn d25_an_empty_argument_is_refused_and_is_not_one_that_was_left_out() {
    let repo = registry(&["m@v1.0.0", "m#dev#1", "n@v1.0.0"]);
    commit_with(&repo, &[]);
    for (args, said) in [
        (&["deprecate", "m", "", "--delete"][..], "VERSION"),
        (&["deprecate", "m", "v1.0.0", "", "--delete"], "STAGE"),
        (&["deprecate", "m", "--ref", ""], "--ref"),
        (&["assign", "m", "--version", "", "--stage", "prod"], "--version"),
        (&["assign", "m", "--version=", "--stage", "prod"], "--version"),
        (&["promote", "m", "", "--stage", "dev"], "REF"),
        (&["register", "m", "\t"], "REF"),
        (&["register", "m", "--ver", ""], "--version"),
        (&["register", "m", "--author", ""], "--author"),
        (&["register", "m", "-u", ""], "--local-user"),
        (&["annotate", "m", "--label", ""], "--label"),
        (&["annotate", "m", "--custom", ""], "--custom"),
        (&["migrate", "annotations", "--to", "dvc", ""], "NAME"),
        (&["verify", "", "--strict"], "NAME|TAG"),
        (&["show", ""], "NAME"),
        (&["history", "", "--plain"], "NAME"),
        (&["history", "--author", ""], "--author"),
        (&["check-ref", "", "--name"], "REF"),
        (&["show", "-r", ""], "--repo"),
    ] {
        let before = repo.fingerprint();
        let run = binary().run(&repo, args).fails(2);
        assert_eq!(run.err().lines().next(), Some(format!("error: {said} is empty").as_str()), "{run}");
        hints_at(&run, "a variable of the shell may be unset");
        assert_eq!((run.out(), repo.fingerprint()), (String::new(), before), "{run}");
    }
    binary().run(&repo, &["register", "m", "-m", ""]).ok();

    let Some(mut oracle) = Oracle::or_skip() else { return };
    oracle.run(&repo, &["deprecate", "n", "", "--delete"]).ok();
    assert!(!repo.tag_names().contains(&"n@v1.0.0".to_owned()));
}

#[test]
fn d26_a_version_that_was_in_the_stage_before_is_assigned_again() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    commit_with(&repo, &["m@v1.1.0", "m#prod#2"]);
    let line = "assign m --version v1.0.0 --stage prod";
    let in_stage = "Version 'v1.0.0' is already in stage 'prod'. \
                    Use the '--force' flag to create a new Git tag nevertheless.";
    let untouched = repo.copy();
    let run = gto(&repo, line).ok();
    assert!(
        run.out().starts_with("Created git tag 'm#prod#3' that assigns stage to version 'v1.0.0'\n"),
        "{run}"
    );
    assert_eq!(gto(&repo, "check-ref m#prod#3 --event").ok().out(), "assignment\n");
    assert_eq!(gto(&repo, "show m#prod --version").ok().out(), "v1.0.0\n");
    refused(&repo, line, in_stage);
    refused(&repo, "assign m HEAD^ --stage prod", in_stage);
    // What would change the answer is no repetition: the artifact comes back, the version is uncovered.
    gto(&repo, "deprecate m").ok();
    assert!(gto(&repo, line).ok().out().starts_with("Created git tag 'm#prod#4' "));
    gto(&repo, "assign m --version v1.1.0 --stage prod").ok();
    gto(&repo, "deprecate m v1.1.0").ok();
    refused(&repo, line, in_stage);

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let run = theirs(&mut oracle, &untouched, line).fails(1);
    assert_eq!(run.err().lines().next(), Some(format!("❌ {in_stage}").as_str()));
}

#[test]
fn d30_latest_or_a_stage_names_a_version_where_one_is_read_or_assigned() {
    let repo = registry(&["m@v1.0.0", "m#dev#1", "n@v3.0.0", "n#prod#1"]);
    commit_with(&repo, &["m@v2.0.0"]);
    for (version, expected) in [
        ("latest", "v2.0.0"),
        ("@latest", "v2.0.0"),
        ("m@latest", "v2.0.0"),
        ("#dev", "v1.0.0"),
        ("m#dev", "v1.0.0"),
        ("m@v1.0.0", "v1.0.0"),
    ] {
        let run = gto(&repo, &format!("assign m --version {version} --stage prod --dry-run --json")).ok();
        assert_eq!(run.json()["tags"][0]["version"], expected, "{version}");
    }
    let rows = gto(&repo, "show #prod --plain").ok().out();
    assert_eq!(
        rows.lines().map(|row| row.split_whitespace().next()).collect::<Vec<_>>(),
        [Some("artifact"), Some("n")]
    );
    assert_eq!(gto(&repo, "show #dev --version").ok().out(), "v1.0.0\n");
    hints_at(&gto(&repo, "show #qa --version").ok(), "there is no version in stage 'qa'");
    // Of another artifact, or in the place of what is taken away or made: never.
    for (line, version) in [
        ("assign m --version n#prod --stage prod", "n#prod"),
        ("assign m HEAD --version latest --stage prod", "latest"),
        ("deprecate m latest", "latest"),
        ("deprecate m latest --delete", "latest"),
        ("deregister m latest", "latest"),
        ("deprecate m #dev", "#dev"),
        ("unassign m dev latest", "latest"),
    ] {
        refused(
            &repo,
            line,
            &format!("Version '{version}' is not valid. Example of valid version: 'v1.0.0'"),
        );
    }

    let Some(mut oracle) = Oracle::or_skip() else { return };
    let error = "❌ Version 'latest' is not valid. Example of valid version: 'v1.0.0'";
    let run = theirs(&mut oracle, &repo, "assign m --version latest --stage prod").fails(1);
    assert_eq!(run.err().lines().next(), Some(error));
}

#[test]
fn d29_a_ref_that_is_a_branch_and_a_tag_is_taken_as_git_takes_it_with_its_warning() {
    let repo = registry(&["m@v1.0.0"]);
    repo.lightweight("x", "HEAD");
    repo.git_ok(&["update-ref", "refs/heads/HEAD", "HEAD"]);
    let tagged = repo.head();
    commit_with(&repo, &[]);
    repo.git_ok(&["branch", "x"]);
    let says = "refname 'x' is ambiguous: 'refs/tags/x' is taken, and there is 'refs/heads/x' too";
    for line in [
        "register n x --dry-run --json",
        "assign n x --stage dev --dry-run --json",
        "deprecate m --ref x --dry-run --json",
        "show --at x --json",
        "show m --at x --json",
    ] {
        let run = gto(&repo, line).ok();
        assert_eq!(run.err().matches(&format!("warning: {says}\n")).count(), 1, "{run}");
        assert!(run.out().contains(&tagged), "{run}");
    }
    let described = gto(&repo, "describe m --rev x").fails(1);
    assert!(described.err().contains(&tagged[..7]), "{described}");
    warns_of(&gto(&repo, "register n --dry-run").ok(), "refname 'HEAD' is ambiguous: 'HEAD' is taken");
    assert_eq!(gto(&repo, "register n refs/heads/x --dry-run").ok().err().matches("ambiguous").count(), 0);
    repo.git_ok(&["config", "core.warnAmbiguousRefs", "false"]);
    assert_eq!(gto(&repo, "register n x --dry-run").ok().err().matches("ambiguous").count(), 0);
}

/// Damages the tag `m@v2.0.0`, whose object has this id.
type DamageTag = fn(&Repo, &str);

/// Every way in which the tag's ref or object can be lost or damaged.
const DAMAGES: [(&str, DamageTag); 7] = [
    ("object lost", |repo, id| fs::remove_file(object_file(repo, id)).expect("it is loose")),
    ("object empty", |repo, id| replace(&object_file(repo, id), b"")),
    ("object garbage", |repo, id| replace(&object_file(repo, id), b"garbage")),
    ("object that Git cannot parse", |repo, _| {
        let text = b"object 1\ntype commit\ntag m@v2.0.0\ntagger A <a> 1 +0000\n\nx\n";
        let id = repo.git_stdin(&["hash-object", "-t", "tag", "--literally", "-w", "--stdin"], text);
        replace(&ref_file(repo), id.as_bytes());
    }),
    ("ref empty", |repo, _| replace(&ref_file(repo), b"")),
    ("ref zeroed", |repo, _| replace(&ref_file(repo), &[0; 41])),
    ("ref dangling", |repo, _| replace(&ref_file(repo), b"ref: refs/tags/nowhere\n")),
];

fn object_file(repo: &Repo, id: &str) -> PathBuf {
    repo.git_dir().join("objects").join(&id[..2]).join(&id[2..])
}

fn ref_file(repo: &Repo) -> PathBuf {
    repo.git_dir().join("refs/tags/m@v2.0.0")
}

fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).expect("it is there");
    fs::write(path, bytes).expect("the sandbox is writable");
}

/// Two versions of `m`, the higher one in production, and another artifact.
fn two_versions() -> (Repo, String) {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "n@v1.0.0", "n#prod#1", "release-1"]);
    repo.commit(&[("artifacts.yaml", "m: {path: a}\nn: {path: b}\n")], "second");
    let id = repo.tag("m@v2.0.0", "HEAD", &TagSpec::default());
    repo.tag("m#prod#2", "HEAD", &TagSpec::default());
    repo.commit(&[], "third");
    (repo, id)
}

#[test]
fn d27_reading_commands_warn_of_a_tag_that_cannot_be_read() {
    for (kind, damage) in DAMAGES {
        let (repo, id) = two_versions();
        damage(&repo, &id);
        for line in [
            "show",
            "show --json",
            "show --name",
            "show m",
            "show m --json",
            "show --at HEAD~1",
            "history",
            "history m --json",
            "stages --used",
            "print-state",
        ] {
            warns_of(&gto(&repo, line).ok(), "tag 'm@v2.0.0' cannot be read: its ");
        }
        // Queries about other artifacts are not affected (D4).
        for line in [
            "show n",
            "show n#prod --version",
            "resolve n#prod",
            "check-ref n#prod#1",
            "check-ref release-1 --name",
        ] {
            let run = gto(&repo, line).ok();
            assert!(!run.err().contains("m@v2.0.0"), "{kind}: {run}");
        }
        assert!(gto(&repo, "doctor").fails(1).out().contains("m@v2.0.0"), "{kind}");
    }
}

#[test]
fn d27_commands_that_pick_or_write_fail_where_a_tag_cannot_be_read() {
    for (kind, damage) in DAMAGES {
        let (repo, id) = two_versions();
        damage(&repo, &id);
        let before = repo.refs_fingerprint();
        for line in [
            "resolve m",
            "resolve m --commit",
            "resolve m#prod",
            "show m --version",
            "show m@latest",
            "show m@latest --version",
            "show m#prod --ref",
            "show m#prod --json",
            "show --at HEAD~1 --version",
            "describe m#prod",
            "check-ref m@v2.0.0",
            "check-ref m@v2.0.0 --name",
            // The version that it is about may be the damaged one.
            "check-ref m#prod#2 --version",
            "status --changed m",
            "register m",
            "register m --version v3.0.0 --dry-run",
            "register m --if-changed",
            "register --all-changed",
            "assign m --version v1.0.0 --stage prod",
            "assign m HEAD --stage dev",
            "deprecate m",
            "deprecate m v1.0.0",
            "deprecate m v1.0.0 prod",
            "deprecate m -d",
        ] {
            let run = gto(&repo, line).fails(1);
            assert_eq!(run.out(), "", "{kind}: {run}");
            assert!(
                run.err().starts_with("❌ Cannot be sure: tag 'm@v2.0.0' cannot be read: its "),
                "{kind}: {run}"
            );
            assert!(run.err().contains("hint: "), "{kind}: {run}");
        }
        assert_eq!(repo.refs_fingerprint(), before, "{kind}");
        // Its own tags say all of it.
        for line in ["resolve m@v1.0.0", "show m@v1.0.0 --ref"] {
            let run = gto(&repo, line).ok();
            assert_eq!((run.out(), run.err()), ("m@v1.0.0\n".to_owned(), String::new()), "{kind}");
        }
        gto(&repo, "register n --dry-run").ok();
        gto(&repo, "annotate m --label x").ok();
    }
}

#[test]
fn d27_an_artifact_of_which_nothing_can_be_read_is_not_nothing() {
    let repo = registry(&["m@v1.0.0"]);
    replace(&repo.git_dir().join("refs/tags/m@v1.0.0"), b"");
    for line in ["show", "show --name", "history", "history m"] {
        let run = gto(&repo, line).ok();
        assert_eq!(run.out(), "", "{run}");
        warns_of(&run, "tag 'm@v1.0.0' cannot be read: its ref holds no object id");
    }
    let error = "Cannot be sure: tag 'm@v1.0.0' cannot be read: its ref holds no object id";
    for line in ["show m", "show m --json", "register m", "resolve m", "deprecate m"] {
        refused(&repo, line, error);
    }
}

#[test]
fn d27_an_empty_ref_hides_the_packed_one_of_its_name_as_in_git() {
    let (repo, _) = two_versions();
    repo.pack_refs();
    fs::write(ref_file(&repo), "").unwrap();
    assert!(!repo.tag_names().contains(&"m@v2.0.0".to_owned()), "git hides it");
    refused(&repo, "resolve m", "Cannot be sure: tag 'm@v2.0.0' cannot be read: its ref holds no object id");
}

#[test]
fn d27_the_command_in_the_hint_brings_the_tag_back() {
    // What Git cannot parse is the same on the remote.
    for (kind, damage) in DAMAGES.into_iter().filter(|(kind, _)| !kind.contains("parse")) {
        let origin = Sandbox::new().repo("origin");
        origin.commit(&[], "first");
        let clone = origin.clone_to("clone");
        let id = origin.tag("m@v2.0.0", "HEAD", &TagSpec::default());
        clone.git_ok(&["fetch", "-q", "--tags"]);
        damage(&clone, &id);
        let run = gto(&clone, "resolve m").fails(1);
        let err = run.err();
        let command = err.split('`').nth(1).expect("the hint has a command");
        let done = clone.command("sh").args(["-c", command]).output().unwrap();
        assert!(done.status.success(), "{kind}: {run}\n{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(gto(&clone, "resolve m").ok().out(), "m@v2.0.0\n", "{kind}");
    }
}

#[test]
fn d27_objects_that_were_borrowed_and_are_gone_are_named_with_the_file_that_says_from_where() {
    let (store, _) = two_versions();
    let path = store.sandbox().path().join("borrower");
    store.git_ok(&["clone", "-q", "--shared", "--template=", ".", path.to_str().unwrap()]);
    let borrower = Repo::at(store.sandbox(), &path, false);
    assert_eq!(gto(&borrower, "resolve m#prod").ok().out(), "m@v2.0.0\n");
    fs::rename(store.path(), store.sandbox().path().join("moved")).unwrap();
    warns_of(&gto(&borrower, "show").ok(), "6 tags cannot be read");
    let run = gto(&borrower, "resolve m#prod").fails(1);
    hints_at(&run, "objects/info/alternates");
}

#[test]
fn d28_a_version_number_that_a_tag_holds_which_is_no_event_is_passed_over() {
    let hold: [(&str, DamageTag); 4] = [
        ("lightweight", |repo, tag| repo.lightweight(tag, "HEAD")),
        ("on a tree", |repo, tag| drop(repo.tag(tag, "HEAD^{tree}", &TagSpec::default()))),
        ("without a tagger", |repo, tag| {
            let object = format!("object {}\ntype commit\ntag {tag}\n\nx\n", repo.head());
            repo.raw_tag(tag, object.as_bytes());
        }),
        ("with a tagger that is none", |repo, tag| {
            let object = format!("object {}\ntype commit\ntag {tag}\ntagger A 1 +0000\n\nx\n", repo.head());
            repo.raw_tag(tag, object.as_bytes());
        }),
    ];
    for (kind, hold) in hold {
        let new = registry(&[]);
        hold(&new, "m@v0.0.1");
        hold(&new, "m#prod#3");
        let run = gto(&new, "register m").ok();
        assert!(run.out().starts_with("Created git tag 'm@v0.0.2' "), "{kind}: {run}");
        warns_of(&run, "version 'v0.0.1' is passed over: the tag 'm@v0.0.1' has its name and is no event");
        let run = gto(&new, "assign m --version v0.0.2 --stage prod").ok();
        assert!(run.out().starts_with("Created git tag 'm#prod#4' "), "{kind}: {run}");

        let repo = registry(&["m@v1.0.0"]);
        repo.commit(&[("artifacts.yaml", "m: {path: artifacts.yaml}\n")], "second");
        for tag in ["m@v1.0.1", "m@v1.0.2#7", "m@v1.1.0", "m@v2.0.0", "m@v3.0.0!"] {
            hold(&repo, tag);
        }
        for (line, tag) in [
            ("register m", "m@v1.0.3"),
            ("register m --simple true", "m@v1.0.3"),
            ("register m --bump-minor", "m@v1.2.0"),
            ("register m --bump-major", "m@v3.0.0"),
            ("register --all-changed", "m@v1.0.3"),
            ("assign m HEAD --stage prod", "m@v1.0.3"),
        ] {
            let run = gto(&repo, &format!("{line} --dry-run")).ok();
            assert!(run.out().contains(&format!("'{tag}'")), "{kind}, {line}: {run}");
        }
        for (version, tag) in [("v1.0.1", "m@v1.0.1"), ("v1.0.2", "m@v1.0.2#7"), ("v2.0.0", "m@v2.0.0")] {
            let error = format!("Version '{version}' is held by the tag '{tag}', which is no event");
            for line in [
                "register m --version",
                "register m --force --version",
                "assign m HEAD --stage prod --version",
            ] {
                refused(&repo, &format!("{line} {version}"), &error);
            }
        }
        // What is registered stays so, whatever else has its name.
        hold(&repo, "m@v1.0.0#9");
        gto(&repo, "deprecate m v1.0.0").ok();
        let first = repo.git_ok(&["rev-parse", "HEAD~1"]);
        let run = gto(&repo, &format!("register m {first}")).ok();
        assert!(run.out().starts_with("Created git tag 'm@v1.0.0#10' "), "{kind}: {run}");
    }
}

#[test]
fn resolve_of_a_lightweight_tag_says_how_to_get_the_annotated_one() {
    let repo = registry(&["m@v1.0.0"]);
    repo.lightweight("m#prod#1", "HEAD");
    let run = gto(&repo, "resolve m#prod#1").fails(1);
    assert!(run.err().starts_with("❌ Tag 'm#prod#1' is no event: it is lightweight"), "{run}");
    assert!(!run.err().contains("fsck"), "{run}");
    hints_at(&run, "git tag -a -f");
}
