//! What to type next: arguments in the wrong place, clones that lack tags, names that are nearly others.
//!
//! Asserts on stderr alone, and that hints change neither data nor status.

use std::fs;

use crate::common::{
    binary, commit_with, gto, hints_at, refused, refused_args, registry, warns_of, wrong_usage,
};
use gto_testkit::{Repo, TagSpec};

/// A clone of depth 1 that lacks the tag of the version on its commit.
fn clone_without_version(upstream: &Repo) -> Repo {
    upstream.tag("m@v0.0.1", "HEAD~1", &TagSpec::default());
    let url = format!("file://{}", upstream.path().display());
    upstream.git_ok(&["clone", "-q", "--depth=1", "--no-tags", &url, "../shallow"]);
    Repo::at(upstream.sandbox(), upstream.sandbox().path().join("shallow"), false)
}

/// Two commits, no tag.
fn upstream() -> Repo {
    let repo = registry(&[]);
    repo.commit(&[], "second");
    repo
}

fn silent(repo: &Repo, line: &str) {
    let run = gto(repo, line).ok();
    assert_eq!(run.err(), "", "{run}");
}

#[test]
fn check_ref_warns_that_the_version_of_a_stage_tag_may_not_be_fetched() {
    let shallow = clone_without_version(&upstream());
    shallow.tag("m#prod#1", "HEAD", &TagSpec::default());
    let head = shallow.head();
    for flags in ["", " --version", " --json"] {
        let run = gto(&shallow, &format!("check-ref refs/tags/m#prod#1{flags}")).ok();
        assert!(run.out().contains(&head[..7]), "{run}");
        warns_of(&run, "no version of 'm' is registered here on commit");
        warns_of(&run, "`git fetch --tags --force --unshallow`");
    }
    silent(&shallow, "check-ref m#prod#1 --stage");
    let alone = registry(&["m#prod#1"]);
    let run = gto(&alone, "check-ref m#prod#1 --version").ok();
    warns_of(&run, "no version of 'm'");
    assert!(!run.err().contains("fetch"), "{run}");
}

#[test]
fn doctor_fetches_before_it_invents_a_version() {
    let shallow = clone_without_version(&upstream());
    shallow.tag("m#prod#1", "HEAD", &TagSpec::default());
    let run = gto(&shallow, "doctor").ok();
    let finding = run.out().split("[stage-on-unregistered-commit]").nth(1).unwrap_or_default().to_owned();
    let (fetch, register) =
        (finding.find("fix: git fetch --unshallow --tags"), finding.find("or:  gto register m "));
    assert!(fetch.is_some() && register > fetch, "{run}");
    let alone = gto(&registry(&["m#prod#1"]), "doctor").ok();
    assert!(alone.out().contains("fix: gto register m "), "{alone}");
}

#[test]
fn a_write_warns_once_where_versions_may_not_be_fetched() {
    let upstream = upstream();
    let shallow = clone_without_version(&upstream);
    for line in ["register m --dry-run", "assign m --stage prod --dry-run", "register m"] {
        let run = gto(&shallow, line).ok();
        warns_of(&run, "this clone is shallow");
        assert_eq!(run.err().lines().count(), 1, "{run}");
    }
    silent(&shallow, "assign m --stage prod");
    let clone = upstream.clone_to("clone");
    silent(&clone, "register n");
    let bare = upstream.sandbox().repo("other");
    bare.commit(&[], "first");
    let clone = bare.clone_to("empty");
    hints_at(&gto(&clone, "show").ok(), "`git fetch --tags --force`");
    let run = gto(&clone, "register m").ok();
    warns_of(
        &run,
        "this clone has no tags: versions and assignments that exist on the remote alone are not seen",
    );
    let url = format!("file://{}", bare.path().display());
    let run = binary().run(&clone, &["register", "m", "-r", &url]).ok();
    assert!(!run.err().contains("warning"), "{run}");
}

#[test]
fn a_registry_with_nothing_in_it_hints_at_the_first_step() {
    hints_at(&gto(&registry(&[]), "show").ok(), "`gto register NAME` registers the first version");
    hints_at(&gto(&registry(&[]), "history").ok(), "`gto register NAME`");
    silent(&registry(&["m@deprecated"]), "show");
}

#[test]
fn a_version_in_the_place_of_a_ref_or_a_name_brings_up_the_option_for_it() {
    let repo = registry(&["m@v0.0.1"]);
    for (line, error, hint) in [
        ("register m v1.0.0", "v1.0.0", "`v1.0.0` looks like a version: `gto register m --version v1.0.0`"),
        ("register m 1.0.0", "1.0.0", "`gto register m --version v1.0.0`"),
        ("assign m v0.1.0 --stage prod", "v0.1.0", "`gto assign m --version v0.1.0 --stage prod`"),
        ("deprecate m --ref v0.0.1", "v0.0.1", "`gto deprecate m v0.0.1`"),
        ("show --at v0.0.1", "v0.0.1", "did you mean 'm@v0.0.1'?"),
        ("show --at v0.0.9", "v0.0.9", "name a commit, branch or tag"),
    ] {
        let run = refused(&repo, line, &format!("Ref '{error}' was not found in the repository history"));
        hints_at(&run, hint);
        assert!(!run.err().contains("shallow"), "{run}");
    }
    for (line, hint) in [
        ("register m@v1.0.0", "`gto register m --version v1.0.0`"),
        ("register v1.0.0", "`gto register NAME --version v1.0.0`"),
        ("assign m@v0.0.1 --stage prod", "`gto assign m --version v0.0.1 --stage prod`"),
        ("deprecate m#prod", "`gto deprecate m VERSION prod`"),
        ("deprecate m@0.0.1", "`gto deprecate m v0.0.1`"),
        ("deprecate m prod v0.0.1", "`gto deprecate m v0.0.1 prod`"),
        ("assign m --stage prod!", "a stage looks like dev or prod"),
    ] {
        hints_at(&gto(&repo, line).fails(1), hint);
    }
}

#[test]
fn a_deprecated_artifact_brings_up_the_flag_that_shows_it() {
    let repo = registry(&["a@v1.0.0", "a@deprecated", "m@v1.0.0", "m@v1.0.0!"]);
    for (line, hint) in [
        ("show a", "'a' was deprecated: `gto show a --deprecated`"),
        ("show a@latest --version", "`gto show a@latest --deprecated`"),
        ("show m@v1.0.0", "`gto show m@v1.0.0 --deprecated`"),
    ] {
        hints_at(&gto(&repo, line).ok(), hint);
    }
}

#[test]
fn a_wrong_stage_or_artifact_brings_up_the_right_one() {
    let repo = registry(&["m@v0.0.1", "m#prod#1"]);
    let error = "Stage 'prd' is not assigned to a version 'v0.0.1'";
    hints_at(&refused(&repo, "deprecate m v0.0.1 prd", error), "did you mean 'prod'? `gto show m` lists");
    let error = "Version 'v1.0.0' is not registered";
    hints_at(
        &refused(&repo, "assign M --version v1.0.0 --stage prod", error),
        "no artifact 'M': did you mean 'm'?",
    );
}

#[test]
fn show_brings_up_the_shortcut_that_was_meant() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    for (name, meant) in [
        ("v1.0.0", "`gto show NAME@v1.0.0`"),
        ("m@lastest", "did you mean 'm@latest'?"),
        ("m@prod", "did you mean 'm#prod'?"),
        ("m#prod#1", "`gto check-ref 'm#prod#1'`"),
        ("m@v1.0.0#prod", "'m@v1.0.0' or 'm#prod'"),
        ("M@latest", "did you mean 'm'?"),
    ] {
        let known = name.strip_suffix("@latest").unwrap_or(name);
        hints_at(&refused(&repo, &format!("show {name}"), &format!("Cannot find artifact '{known}'")), meant);
    }
}

#[test]
fn a_journal_without_entries_says_why() {
    let repo = registry(&["m@v1.0.0"]);
    for line in ["history --author nobody", "history m --event assignment", "history --until 2000-01-01"] {
        hints_at(&gto(&repo, line).ok(), "no event matches the filters");
    }
    hints_at(&gto(&repo, "history --limit 0").ok(), "`--limit 0` shows no event");
    for date in ["1m", "tomorrow"] {
        let run =
            refused(&repo, &format!("history --since {date}"), &format!("Cannot read '{date}' as a date"));
        hints_at(&run, "yesterday, '1 day ago', '2 weeks ago'");
    }
}

#[test]
fn a_new_name_that_is_nearly_another_is_pointed_out_after_the_write() {
    let repo = registry(&["m@v1.0.0", "m#dev#1", "m#prod#2"]);
    for line in
        ["assign m --version v1.0.0 --stage prd --dry-run", "assign m --version v1.0.0 --stage Prod --json"]
    {
        hints_at(&gto(&repo, line).ok(), "is a new stage; in use: dev, prod");
    }
    hints_at(&gto(&repo, "register M").ok(), "'M' is a new artifact; 'm' differs only in case");
    for line in ["register n", "assign n --stage prod", "assign m --version v1.0.0 --stage staging"] {
        silent(&repo, line);
    }
}

#[test]
fn in_a_large_registry_too_a_new_name_that_is_nearly_another_is_pointed_out() {
    let repo = registry(&["m@v1.0.0", "m#dev#1", "m#prod#2"]);
    repo.pack_refs();
    let head = repo.head();
    let packed = repo.git_dir().join("packed-refs");
    let others = (0..20_000).map(|n| format!("{head} refs/tags/release-{n:05}\n"));
    fs::write(&packed, fs::read_to_string(&packed).unwrap() + &others.collect::<String>()).unwrap();
    hints_at(&gto(&repo, "assign m --version v1.0.0 --stage prd").ok(), "new stage; in use: dev, prod");
    hints_at(&gto(&repo, "register M").ok(), "'m' differs only in case");
    silent(&repo, "register other");
}

#[test]
fn an_author_that_git_would_mend_in_silence_is_refused() {
    let repo = registry(&["m@v1.0.0"]);
    for args in [["register", "n"], ["assign", "m"], ["deprecate", "m"]] {
        let stage = (args[0] == "assign").then_some("--stage=prod");
        let line = |author: [&'static str; 2]| [args.as_slice(), stage.as_slice(), &author].concat();
        for email in ["Zoe <z@x>", "z@x\n"] {
            let error = "`--author-email` cannot contain '<', '>' or a line break";
            hints_at(&refused_args(&repo, &line(["--author-email", email]), error), "you@example.com");
        }
    }
}

#[test]
fn a_command_of_another_name_brings_up_the_right_one() {
    let repo = registry(&["m@v1.0.0"]);
    for (line, hint) in [
        ("unregister m v1.0.0", "`gto deregister NAME VERSION`"),
        ("delete m", "`gto deprecate NAME VERSION`"),
        ("assign m", "`gto assign NAME --version VERSION --stage STAGE`"),
    ] {
        hints_at(&wrong_usage(&repo, line), hint);
    }
    let run = wrong_usage(&repo, "show --bogus");
    assert!(!run.err().contains("hint:"), "{run}");
}

/// What people bring along from git, docker, kubectl, `MLflow` and older versions of the Python tool, with words of the hint that
/// each gets; none where nothing is near.
const HABITS: [(&str, &str); 74] = [
    ("ui", "`gto serve`"),
    ("dashboard", "`gto serve`"),
    // The opposite was proposed for these.
    ("undeprecate m", "comes back with its next registration or assignment"),
    ("rename m n", "tags have the name in them"),
    ("mv m n", "register each version under the new one"),
    ("unregister m", "`gto deregister NAME VERSION`"),
    ("register m --major", "--bump-major"),
    ("register m --minor", "--bump-minor"),
    ("register m --patch", "--bump-patch"),
    ("register m --bump minor", "--bump-major, --bump-minor or --bump-patch"),
    ("deprecate m --stage prod", "`gto deprecate NAME VERSION STAGE`"),
    ("deprecate m --version v1.0.0", "`gto deprecate NAME VERSION`"),
    // git
    ("init", "nothing to set up"),
    ("add m", "`gto register NAME`"),
    ("rm m", "`gto deprecate NAME VERSION`"),
    ("tag m v1.0.0", "`gto register NAME`"),
    ("commit", "`gto register NAME`"),
    ("undo", "`gto rollback NAME STAGE`"),
    ("reset", "events are not undone"),
    ("revert m", "`gto rollback NAME STAGE`"),
    ("restore m", "comes back with its next registration or assignment"),
    ("clone url", "`git fetch --tags`"),
    ("pull", "`git fetch --tags`"),
    ("sync", "`gto push` pushes what is only here"),
    ("get-latest-versions m", "`gto show NAME@latest --version`"),
    ("fetch", "`git fetch --tags`"),
    ("diff", "`gto status`"),
    ("config", "`gto help environment`"),
    ("checkout m@v1.0.0", "`gto get NAME` gets the files"),
    ("rev-parse m@latest", "`gto resolve NAME@VERSION`"),
    ("fsck", "`gto doctor`"),
    // docker, kubectl, npm
    ("inspect m", "`gto show NAME`"),
    ("untag m@v1.0.0", "`gto deprecate NAME VERSION`"),
    ("login", "gto has no accounts"),
    ("apply m", "`gto assign NAME --version VERSION --stage STAGE`"),
    ("delete m", "`gto deprecate NAME VERSION`"),
    ("publish m", "`gto register NAME`"),
    ("yank m v1.0.0", "`gto deprecate NAME`"),
    ("info m", "`gto describe NAME`"),
    // MLflow and the Python tool
    ("archive m", "`gto deprecate NAME`"),
    ("transition-stage m", "`gto assign NAME --version VERSION --stage STAGE`"),
    ("set-alias m", "`gto assign NAME --version VERSION --stage STAGE`"),
    ("search", "`gto show --type TYPE --label LABEL`"),
    ("export", "`gto show --json`"),
    ("download m", "`gto get NAME`"),
    ("latest m", "`gto show NAME@latest --version`"),
    ("which m prod", "`gto show NAME#STAGE --version` the one in a stage"),
    ("audit", "`gto history`"),
    ("create m", "`gto register NAME`"),
    // Flags of other tools
    ("register m --commit HEAD", "`gto register NAME REF`"),
    ("register m --stage prod", "`gto assign NAME --version VERSION --stage STAGE`"),
    ("register m --name m", "`gto register NAME`"),
    ("assign m --version v1.0.0 --env prod", "--stage"),
    ("assign m v1.0.0 prod", "`gto assign NAME --version VERSION --stage STAGE`"),
    ("assign m --stage prod --dryrun", "--dry-run"),
    ("show --format json", "--json"),
    ("show --all", "--deprecated"),
    ("show --rev HEAD", "--at"),
    ("show m --latest", "`gto show NAME@latest`"),
    ("history m --max-count 3", "--limit"),
    ("history --reverse", "--ascending"),
    ("history --stage prod", "`gto history NAME#STAGE`"),
    ("annotate m --labels a", "--label"),
    ("show m latest", "`gto show NAME@latest`"),
    ("show m v1", "`gto show NAME@v1.0.0`"),
    ("history m prod", "`gto history NAME#STAGE`"),
    ("resolve m prod", "`gto resolve NAME#STAGE`"),
    ("register m HEAD v1.0.0", "`gto register NAME REF --version VERSION`"),
    // Slips of the fingers
    ("regsiter m", "did you mean 'register'?"),
    ("show --jsno", "did you mean --json?"),
    // Nothing is better than a guess that deletes.
    ("remvoe m", ""),
    ("depreacte m", ""),
    ("deprecate m --delte", ""),
    ("register m --forse", ""),
];

#[test]
fn what_people_type_out_of_habit_brings_up_the_right_command_and_never_the_opposite() {
    let repo = registry(&["m@v1.0.0"]);
    for (line, words) in HABITS {
        let run = wrong_usage(&repo, line);
        assert!(!run.err().contains("tip:") && !run.err().contains("similar"), "{line}: {run}");
        // clap puts what it proposes into the usage, too.
        let usage = run.err().lines().find(|line| line.starts_with("Usage: ")).unwrap_or_default().to_owned();
        assert!(!usage.contains("--author") && !usage.contains("--message"), "{line}: {run}");
        if words.is_empty() {
            assert!(!run.err().contains("hint:"), "{line}: {run}");
        } else {
            hints_at(&run, words);
        }
    }
}

#[test]
fn what_the_message_of_the_python_tool_leaves_out_is_in_the_hint() {
    let repo = registry(&["m@v1.0.0", "m@v1.1.0", "m#prod#1", "d@v1.0.0"]);
    gto(&repo, "deprecate d").ok();
    for (line, hint) in [
        (
            "register model.pkl",
            "did you mean 'model'? where its file is goes into its annotation: `gto annotate model --path model.pkl`",
        ),
        ("register my.model", "did you mean 'my'?"),
        ("register café/net", "did you mean 'caf-/net'?"),
        ("register +", "one letter or digit is enough"),
        (
            "deprecate m v9.9.9",
            "'m' has no version v9.9.9, but v1.1.0, v1.0.0: `gto show m` lists its versions",
        ),
        ("assign m --version v1 --stage prod", "did you mean v1.0.0?"),
        ("register m --version v1", "'v1' is no version either: did you mean v1.0.0?"),
        ("deprecate m v1.1.0 dev --delete", "`gto show m` lists what is in which stage"),
        ("deprecate d --delete", "it is out of use already, and its tags are kept"),
    ] {
        hints_at(&gto(&repo, line).fails(1), hint);
    }
    let run = gto(&repo, "deprecate m v1.1.0 dev --delete").fails(1);
    assert!(!run.err().contains("--force"), "{run}");
}

/// What the Python tool says, and what puts it right; where no script reads it, the message itself is right.
#[test]
fn each_message_that_is_untrue_or_half_of_the_truth_is_put_right_by_its_hint() {
    let repo = registry(&["m@v1.0.0", "m@v1.1.0", "m#prod#1"]);
    let characters = "Only letters, numbers, '_', '-', '/' are allowed. Value must be of len >= 2 and must start and end \
                      with a letter or a number.";
    for (line, error, hint) in [
        // One letter is enough, and `:` is allowed.
        (
            "register +",
            format!("Invalid value '+'. {characters}"),
            "a name looks like model, nlp/model, or folder:model; one letter or digit is enough",
        ),
        (
            "register model.pkl",
            format!("Invalid value 'model.pkl'. {characters}"),
            "did you mean 'model'? where its file is goes into its annotation: `gto annotate model --path model.pkl`",
        ),
        (
            "deprecate m v9.9.9",
            "No versions found for 'm'".to_owned(),
            "'m' has no version v9.9.9, but v1.1.0, v1.0.0: `gto show m` lists its versions",
        ),
        (
            "rollback m prod --to v9.9.9",
            "Version 'v9.9.9' is not registered".to_owned(),
            "'m' has no version v9.9.9, but v1.1.0, v1.0.0: `gto show m` lists its versions",
        ),
        (
            "assign m --version v1 --stage prod",
            "Version 'v1' is not valid. Example of valid version: 'v1.0.0'".to_owned(),
            "did you mean v1.0.0?",
        ),
        (
            "register m --version v1",
            "'m' is already registered in this commit with version 'v1.1.0'".to_owned(),
            "'v1' is no version either: did you mean v1.0.0?",
        ),
        // --force would add a tag here, and does.
        (
            "deprecate m v1.1.0 dev",
            "Stage 'dev' is not assigned to a version 'v1.1.0'".to_owned(),
            "--force creates a Git tag nevertheless",
        ),
        // Here it would delete.
        (
            "deprecate m v1.1.0 dev --delete",
            "Stage 'dev' is not assigned to a version 'v1.1.0'".to_owned(),
            "`gto show m` lists what is in which stage",
        ),
    ] {
        let run = refused(&repo, line, &error);
        hints_at(&run, hint);
        assert!(!line.contains("--delete") || !run.err().contains("--force"), "{run}");
    }
    // A file that was not there is created, and removed with the last entry.
    assert_eq!(gto(&repo, "annotate m --path x").ok().out(), "Created `artifacts.yaml`\n");
    assert_eq!(gto(&repo, "annotate m --path y").ok().out(), "Updated `artifacts.yaml`\n");
    assert_eq!(gto(&repo, "remove m").ok().out(), "Removed `artifacts.yaml`\n");
    assert!(!repo.path().join("artifacts.yaml").exists());
}

#[test]
fn a_stage_in_which_nothing_is_brings_up_those_in_use() {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "m#dev#2", "n@v1.0.0", "n#qa#1"]);
    for (line, hint) in [
        ("show m#foo", "there is no version for 'm#foo': stages in use: dev, prod"),
        ("show m#foo --version", "there is no version for 'm#foo': stages in use: dev, prod"),
        ("show m#prdo", "did you mean 'm#prod'?"),
        ("show #foo", "there is no version in stage 'foo': stages in use: dev, prod, qa"),
        ("show #prdo", "did you mean '#prod'?"),
        ("history m#foo", "stages in use: dev, prod"),
    ] {
        hints_at(&gto(&repo, line).ok(), hint);
    }
    let assign = "`gto assign m --version VERSION --stage foo` puts a version there";
    for line in [
        "unassign m foo",
        "rollback m foo",
        "promote m --from foo --to prod",
        "compare m v1.0.0 m#foo",
        "resolve m#foo",
        "assign m --version m#foo --stage prod",
    ] {
        let run = gto(&repo, line).fails(1);
        hints_at(&run, "stages in use: dev, prod; `gto history m` shows");
        hints_at(&run, assign);
    }
    let run = gto(&repo, "unassign m prdo").fails(1);
    hints_at(&run, "did you mean 'prod'? `gto show m` lists what is in which stage");
    assert!(!run.err().contains("--stage prdo"), "{run}");
}

#[test]
fn a_selector_where_a_version_must_be_named_says_how_to_see_the_version() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    for (line, hint) in [
        ("deregister m latest", "a version is named in full: `gto show m@latest --version` prints"),
        ("deprecate m @latest", "`gto show m@latest --version`"),
        ("unassign m prod m#prod", "`gto show 'm#prod' --version`"),
        ("compare m v1.0.0 prod", "what is in a stage is 'm#prod', the highest version 'latest'"),
        (
            "assign m --version prod --stage qa",
            "what is in a stage is 'm#prod', the highest version 'latest'",
        ),
    ] {
        hints_at(&gto(&repo, line).fails(1), hint);
    }
}

#[test]
fn an_artifact_without_an_annotation_brings_up_the_command_that_writes_one() {
    let repo = registry(&["m@v1.0.0"]);
    for line in ["describe m", "describe nlp:m"] {
        let name = line.rsplit(' ').next().unwrap();
        hints_at(&gto(&repo, line).fails(1), &format!("`gto annotate {name} --path PATH` writes it"));
    }
    gto(&repo, "annotate m --path x").ok();
    hints_at(
        &gto(&repo, "describe m --type").fails(1),
        "`gto annotate m --type TYPE` adds it in 'artifacts.yaml'",
    );
    hints_at(&gto(&repo, "describe m --labels").fails(1), "`gto annotate m --label LABEL`");
}

/// The commands of gto and git in hints and warnings, without those that have a placeholder.
#[cfg(unix)]
fn commands_in(run: &gto_testkit::Run) -> Vec<String> {
    let said = run.err();
    let is_placeholder = |word: &str| {
        word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase()) && !["HEAD"].contains(&word)
    };
    let spans = said.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_command = |span: &&str| span.starts_with("gto ") || span.starts_with("git ");
    spans.filter(is_command).filter(|span| !span.split(' ').any(is_placeholder)).map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn a_command_in_a_hint_can_be_typed_as_it_stands_wherever_the_repository_is() {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "d@v1.0.0", "d@v1.0.0!"]);
    commit_with(&repo, &["m@v1.1.0"]);
    repo.git_ok(&["tag", "light@v1.0.0"]);
    gto(&repo, "annotate a --path x").ok();
    let elsewhere = Repo::at(repo.sandbox(), repo.sandbox().path().join("else where"), false);
    fs::create_dir_all(elsewhere.path()).unwrap();
    let url = format!("file://{}", repo.path().display());
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_gto")).parent().unwrap().display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    let lines = [
        "show x",
        "show m#pord",
        "show light",
        "resolve d@v1.0.0",
        "register m v1.1.0",
        "deprecate m v9.9.9 --delete",
        "unassign m pord",
        "deregister m latest",
        "history m#pord",
        "compare m v1.0.0 m#qa",
        "assign m --stage prod --version v1",
        "resolve a --path",
        "rollback m prod",
        "describe m --rev HEAD",
    ];
    let mut typed = 0;
    for (before, after) in
        [(&["-C", "../repo"][..], &[][..]), (&[], &["-r", "../repo"]), (&[], &["-r", &url])]
    {
        for line in lines {
            let args: Vec<&str> =
                before.iter().copied().chain(line.split(' ')).chain(after.iter().copied()).collect();
            let run = binary().run(&elsewhere, &args);
            for command in commands_in(&run) {
                typed += 1;
                let mut shell = elsewhere.command("sh");
                shell.env("PATH", &path).args(["-c", &command]);
                let output = shell.output().expect("sh is installed");
                let text = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(
                    !text.contains("not a git repository") && !text.contains("Cannot find"),
                    "{run}{command}: {text}"
                );
                assert!(command.contains("-r ") || command.contains("-C "), "{command}: {run}");
            }
        }
    }
    assert!(typed > 30, "only {typed} commands were found");
    let run = binary().run(&elsewhere, &["show", "x", "-r", "https://me:secret@localhost:1/x"]).fails(1);
    assert!(!run.err().contains("secret"), "{run}");
}

#[test]
fn pages_about_all_commands_can_be_read() {
    let repo = registry(&[]);
    let page = gto(&repo, "help environment").ok();
    assert!(page.out().contains("  GTO_PUSH\n") && page.out().contains("git config gto.push true"), "{page}");
    let page = gto(&repo, "help exit-status").ok();
    assert!(page.out().contains("\n  3\n") && page.out().contains("\n  4\n"), "{page}");
    assert!(gto(&repo, "--help").ok().out().contains("gto help exit-status"));
}

#[test]
fn doctor_without_emojis_has_no_blank_in_front() {
    let run = binary().env("GTO_EMOJIS", "false").run(&registry(&["m@v1.0.0"]), &["doctor"]).ok();
    assert_eq!(run.out().lines().last(), Some("No issues found"), "{run}");
}

#[test]
fn what_was_typed_is_never_what_was_meant() {
    let repo = registry(&["m@v1.0.0", "n@v1.0.0"]);
    gto(&repo, "deprecate m v1.0.0").ok();
    gto(&repo, "deprecate n").ok();
    for name in ["m", "n"] {
        let run = gto(&repo, &format!("resolve {name}@v1.0.0")).fails(1);
        assert!(!run.err().contains("did you mean"), "{run}");
        hints_at(&run, &format!("it was taken out of use: `gto history {name}@v1.0.0` shows when"));
    }
}
