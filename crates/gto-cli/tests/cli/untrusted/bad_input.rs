//! What is wrong is said plainly, with what to type next, and changes nothing: names, versions, stages, refs,
//! configuration, annotations, objects, and the machine around them.

use std::fs;
use std::process::Stdio;

use crate::common::{binary, commit_with, gto, hints_at, refused, refused_args, registry, wrong_usage};
use gto_testkit::{Repo, RepoOptions, Sandbox, TagSpec, skip};

fn invalid_value(text: &str) -> String {
    format!(
        "Invalid value '{text}'. Only letters, numbers, '_', '-', '/' are allowed. \
         Value must be of len >= 2 and must start and end with a letter or a number."
    )
}

#[test]
fn invalid_artifact_names_are_refused() {
    let repo = registry(&[]);
    for name in ["-m", "m-", "m@x", "m#x", "a b", "é", "a.b", "a:b:c", ":m", "m:", "m\n"] {
        let error = invalid_value(name);
        let error = error.lines().next().unwrap_or_default();
        let run = refused_args(&repo, &["register", "--", name], error);
        hints_at(&run, "a name looks like model, nlp/model, or folder:model");
        refused_args(&repo, &["assign", "--stage", "prod", "--", name], error);
        refused_args(&repo, &["deprecate", "--", name], error);
    }
}

#[test]
fn names_that_git_allows_no_tag_for_are_refused() {
    let repo = registry(&[]);
    for name in ["/x:m", "./x:m", "../x:m", "x//y:m", "a//b", "x/.y:m", "x..y:m", "x.lock/y:m"] {
        let tag = format!("{}@v0.0.1", name.replace(':', "="));
        let error = format!("Invalid value '{name}'. Git allows no tag named '{tag}'");
        let run = refused(&repo, &format!("register {name}"), &error);
        hints_at(&run, "a part between slashes may not be empty");
        refused(&repo, &format!("assign {name} --stage prod"), &error);
    }
    let error = "Invalid value 'a//b'. Git allows no tag named 'm#a//b#1'";
    refused(&repo, "assign m --stage a//b --sr", error);
    for version in ["v1.0.0-x.lock".to_owned(), format!("v1.0.0-{}", "x".repeat(250))] {
        let error = format!("Invalid value '{version}'. Git allows no tag named 'm@{version}'");
        hints_at(&refused(&repo, &format!("register m --version {version}"), &error), "`.lock`");
        refused(&repo, &format!("assign m HEAD --stage dev --version {version}"), &error);
    }
}

#[test]
fn names_that_no_file_can_have_are_refused() {
    let repo = registry(&["m@v1.0.0"]);
    let long = "x".repeat(300);
    let error = format!("Invalid value '{long}'. Git allows no tag named '{long}@v0.0.1'");
    hints_at(&refused(&repo, &format!("register {long}"), &error), "longer than 250 characters");
    let run = gto(&repo, &format!("check-ref {long}@v1.0.0 --name")).ok();
    assert_eq!(run.out(), "", "{run}");
    refused(&repo, &format!("show {long}"), &format!("Cannot find artifact '{long}'"));
}

#[test]
fn invalid_stage_names_are_refused() {
    let repo = registry(&["m@v1.0.0"]);
    for stage in ["-a", "a b", "a#b", "prod!"] {
        let stage_flag = format!("--stage={stage}");
        let run =
            refused_args(&repo, &["assign", "m", "--version", "v1.0.0", &stage_flag], &invalid_value(stage));
        hints_at(&run, "a stage looks like dev or prod");
    }
    refused_args(&repo, &["deprecate", "m", "v1.0.0", "a b"], &invalid_value("a b"));
}

#[test]
fn a_stage_outside_the_configuration_is_refused() {
    let repo = Repo::new();
    repo.commit(&[(".gto", "stages: [dev, prod]\n")], "configure");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let error = "Allowed stages are: '['dev', 'prod']'";
    for line in ["assign m --version v1.0.0 --stage prd", "assign m --stage prd", "deprecate m v1.0.0 prd"] {
        hints_at(&refused(&repo, line, error), "did you mean 'prod'? add a stage to `stages` in `.gto`");
    }
}

#[test]
fn invalid_versions_are_refused() {
    let repo = registry(&["m@v1.0.0"]);
    for (version, next) in [
        ("1.0.0", "did you mean v1.0.0?"),
        ("V2", "did you mean v2.0.0?"),
        ("v1.0", "did you mean v1.0.0?"),
        ("v01.0.0", "a version looks like v1.0.0"),
        ("v1.0.0-rc..1", "a version looks like v1.0.0"),
        ("newest", "a version looks like v1.0.0"),
        ("v99999999999999999999.0.0", "a version looks like v1.0.0"),
    ] {
        let error = format!("Supplied version '{version}' cannot be parsed");
        hints_at(&refused(&repo, &format!("register x --version {version}"), &error), next);
        let error = format!("Version '{version}' is not valid. Example of valid version: 'v1.0.0'");
        for line in [
            format!("assign m --version {version} --stage prod"),
            format!("assign m HEAD --version {version} --stage prod"),
            format!("deprecate m {version}"),
            format!("deprecate m {version} prod"),
        ] {
            hints_at(&refused(&repo, &line, &error), next);
        }
    }
}

#[test]
fn versions_that_contradict_the_registry_are_refused() {
    let repo = registry(&["m@v1.0.0"]);
    let first = repo.head();
    repo.commit(&[], "second");
    for (line, error, next) in [
        (
            "register m --version v2.0.0 --bump-major",
            "Need to specify either version or single bump argument",
            "leave out",
        ),
        (
            "register m --bump-minor --bump-patch",
            "Need to specify either version or single bump argument",
            "leave out",
        ),
        ("register m --version v1.0.0", "Version 'v1.0.0' already was registered.", "choose another version"),
        (
            "assign m --version v9.0.0 --stage prod",
            "Version 'v9.0.0' is not registered",
            "'m' has no version v9.0.0, but v1.0.0",
        ),
        (
            "assign m HEAD --version v2.0.0 --sr --stage prod",
            "You either need to supply version name or skip registration",
            "leave out --version",
        ),
        ("deprecate m v23.4.5-rc.7", "No versions found for 'm'", "`gto show m` lists"),
        (
            "deprecate m v1.0.0 prod",
            "Stage 'prod' is not assigned to a version 'v1.0.0'",
            "`gto show m` lists",
        ),
    ] {
        hints_at(&refused(&repo, line, error), next);
    }
    let error = "'m' is already registered in this commit with version 'v1.0.0'";
    hints_at(&refused(&repo, &format!("register m {first}"), error), "register another commit");
    let error = "Can't register 'v2.0.0', since 'v1.0.0' is registered already at this ref";
    hints_at(
        &refused(&repo, &format!("assign m {first} --version v2.0.0 --stage prod"), error),
        "leave out --version",
    );
    commit_with(&repo, &["d@v1.0.0", "d@v1.0.0!", "d@deprecated"]);
    hints_at(&refused(&repo, "deprecate d", "Artifact was deprecated already"), "--force");
    hints_at(
        &refused(
            &repo,
            "register m --version v18446744073709551616.0.0",
            "Supplied version 'v18446744073709551616.0.0' cannot be parsed",
        ),
        "a version looks like",
    );
}

#[test]
fn refs_that_name_no_commit_are_refused() {
    let repo = registry(&["m@v1.0.0"]);
    for reference in
        ["absent", "HEAD~9", "a..b", "@{u}", ":/nothing", "000000000000", "refs/heads/absent", "HEAD^{", "é"]
    {
        let error = format!("Ref '{reference}' was not found in the repository history");
        hints_at(&refused(&repo, &format!("register n {reference}"), &error), "name a commit, branch or tag");
        refused(&repo, &format!("assign n {reference} --stage prod"), &error);
        refused(&repo, &format!("deprecate m --ref {reference}"), &error);
    }
    let error = "Ref '--all' was not found in the repository history";
    refused(&repo, "register n -- --all", error);
    assert_eq!(gto(&repo, "check-ref absent").ok().out(), "");
}

#[test]
fn a_ref_that_is_a_blob_or_a_tree_is_refused() {
    let repo = Repo::new();
    repo.commit(&[("file", "content\n")], "first");
    repo.tag("blob", "HEAD:file", &TagSpec::default());
    for (reference, kind) in [("HEAD:file", "blob"), ("blob", "blob"), ("HEAD^{tree}", "tree")] {
        let error = format!("Ref '{reference}' is a {kind}, not a commit");
        hints_at(
            &refused(&repo, &format!("register m {reference}"), &error),
            "name a commit, a branch or a tag of one",
        );
        refused(&repo, &format!("assign m {reference} --stage prod"), &error);
        refused(&repo, &format!("show --at {reference}"), &error);
    }
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let repo = registry(&["m@v1.0.0"]);
    for line in [
        "show --json --name",
        "show m --plain --stage",
        "history --json --plain",
        "check-ref x --event --name",
    ] {
        hints_at(&refused(&repo, line, "Only one output format allowed"), "choose one of");
    }
    hints_at(
        &refused(&repo, "stages --allowed --used", "Either \"allowed\" or \"used\" can be set"),
        "leave out",
    );
    hints_at(&refused(&repo, "show --version", "Cannot apply --version"), "`gto show NAME --version`");
    hints_at(&refused(&repo, "show m --av -2", "'assignments_per_version' must be >= -1"), "-1 shows all");
    let error = "Cannot read 'nonsense' as a date";
    hints_at(&refused(&repo, "history --since nonsense", error), "dates look like");
    let error = "Can't use 'force' with 'simple=True'";
    hints_at(&refused(&repo, "deprecate m --force --simple true", error), "leave out");
}

#[test]
fn wrong_usage_ends_with_status_2() {
    let repo = registry(&["m@v1.0.0"]);
    for line in [
        "register",
        "assign m",
        "show --bogus",
        "show m extra",
        "show --sort size",
        "show --av many",
        "history --event birthday",
        "history --limit -1",
        "register m --simple maybe",
        "-m",
    ] {
        assert!(wrong_usage(&repo, line).err().contains("--help"), "{line}");
    }
}

#[test]
fn an_unknown_command_brings_up_the_one_that_was_meant() {
    let repo = registry(&[]);
    for (typed, meant) in [("shw", "'show'"), ("regsiter", "'register'"), ("histroy", "'history'")] {
        let run = wrong_usage(&repo, typed);
        assert!(run.err().contains(&format!("unrecognized subcommand '{typed}'")), "{run}");
        assert!(run.err().contains(meant), "{run}");
    }
}

#[test]
fn an_unknown_artifact_version_or_stage_brings_up_the_one_that_was_meant() {
    let repo = registry(&["folder=model@v1.10.0", "folder=model#prod#1", "data@v2.0.0"]);
    for (line, error, meant) in [
        ("show folder:modle", "Cannot find artifact 'folder:modle'", "did you mean 'folder:model'?"),
        ("show daat@latest --version", "Cannot find artifact 'daat'", "did you mean 'data'?"),
        ("show data@2.0.0", "Cannot find artifact 'data@2.0.0'", "did you mean 'data@v2.0.0'?"),
        ("deprecate folder/model", "Cannot find artifact 'folder/model'", "did you mean 'folder:model'?"),
        ("deprecate unheard-of", "Cannot find artifact 'unheard-of'", "`gto show` lists the artifacts"),
        // A version is not another one mistyped, and this command may delete it.
        (
            "deprecate folder:model v1.0.0",
            "No versions found for 'folder:model'",
            "'folder:model' has no version v1.0.0, but v1.10.0: `gto show folder:model` lists",
        ),
        (
            "assign data --version v2.0.1 --stage prod",
            "Version 'v2.0.1' is not registered",
            "'data' has no version v2.0.1, but v2.0.0: `gto show data` lists",
        ),
    ] {
        hints_at(&refused(&repo, line, error), meant);
    }
    // No failure, as in the Python tool: nothing was found.
    for (line, meant) in [
        ("show folder:model@v1.1.0", "did you mean 'folder:model@v1.10.0'?"),
        ("show folder:model@v1.1.0 --ref", "did you mean 'folder:model@v1.10.0'?"),
        ("show folder:model#prd --version", "did you mean 'folder:model#prod'?"),
        ("history folder:model#prd", "did you mean 'folder:model#prod'?"),
        ("history daat --plain", "did you mean 'data'?"),
    ] {
        hints_at(&gto(&repo, line).ok(), meant);
    }
    let empty = registry(&[]);
    hints_at(&refused(&empty, "show m", "Cannot find artifact 'm'"), "git fetch --tags");
}

/// The file, what is wrong with it, and where.
const WRONG_CONFIGURATION: [(&str, &str); 7] = [
    ("stagess: [dev]\n", "line 1, column 1: unknown key 'stagess', known are INDEX, "),
    ("EMOJIS: true\nstages: dev\n", "line 2, column 9: 'stages' must be a list of names, not a text"),
    ("DEBUG: maybe\n", "line 1, column 8: 'DEBUG' must be true or false, not 'maybe'"),
    ("stages: [dev\n", "line 1, column 9: unclosed bracket '['"),
    ("a: &a [*a]\n", "line 1, column "),
    ("- dev\n", "line 1, column 1: the file must be a mapping"),
    ("stages: [\"\\e[2J\"]\n", "line 1, column 10: Invalid value '\u{fffd}[2J'."),
];

#[test]
fn a_wrong_configuration_is_told_with_line_and_column() {
    let repo = registry(&["m@v1.0.0"]);
    let path = repo.path().join(".gto");
    let error = format!("Wrong config file '{}'", path.display());
    for (text, fault) in WRONG_CONFIGURATION {
        fs::write(&path, text).expect("the sandbox is writable");
        for line in ["show", "stages", "register n", "assign m --version v1.0.0 --stage dev", "deprecate m"] {
            let run = refused(&repo, line, &error);
            assert!(
                run.err().lines().nth(1).is_some_and(|line| line.starts_with(fault)),
                "no `{fault}` in\n{run}"
            );
            hints_at(&run, "fix the file");
        }
    }
    fs::write(&path, b"stages: [\xff\xfe]\n").expect("the sandbox is writable");
    assert!(refused(&repo, "show", &error).err().contains("not valid UTF-8"));
}

#[test]
fn a_wrong_configuration_of_a_bare_repository_is_told_with_its_place_in_history() {
    let repo = Sandbox::new().repo_with("bare", RepoOptions { bare: true, ..RepoOptions::default() });
    repo.commit(&[(".gto", "stagess: [dev]\n")], "configure");
    let run = refused(&repo, "register m", "Wrong config file 'HEAD:.gto'");
    assert!(run.err().contains("line 1, column 1: unknown key 'stagess'"), "{run}");
}

#[test]
fn a_wrong_variable_is_told_with_an_example() {
    let repo = registry(&["m@v1.0.0"]);
    let run = binary().env("GTO_STAGES", "dev").run(&repo, &["show"]).fails(1);
    assert_eq!(run.err().lines().next(), Some("❌ Wrong value of the environment variable GTO_STAGES"));
    assert!(run.err().contains(r#"GTO_STAGES='["dev", "prod"]'"#), "{run}");
}

#[test]
fn a_configuration_of_ten_megabytes_is_refused_unread() {
    let repo = registry(&["m@v1.0.0"]);
    let path = repo.path().join(".gto");
    fs::write(&path, format!("stages:\n{}", "- dev\n".repeat(1_700_000))).expect("the sandbox is writable");
    let run = refused(&repo, "register n", &format!("Wrong config file '{}'", path.display()));
    assert_eq!(run.err().lines().nth(1), Some("larger than 1 MiB"));
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_a_link_out_of_the_repository_is_refused() {
    let repo = registry(&["m@v1.0.0"]);
    let (secret, path) = (repo.sandbox().path().join("secret"), repo.path().join(".gto"));
    fs::write(&secret, "password: hunter2\n").expect("the sandbox is writable");
    for target in [secret.as_path(), "../secret".as_ref()] {
        std::os::unix::fs::symlink(target, &path).expect("the sandbox is writable");
        let run = refused(&repo, "show", &format!("Cannot read '{}'", path.display()));
        assert!(run.err().contains("it is a link that leads out of the repository"), "{run}");
        assert!(!run.err().contains("password"), "{run}");
        hints_at(&run, "`.gto`");
        fs::remove_file(&path).expect("it was just made");
    }
}

#[test]
fn annotations_that_cannot_be_read_hinder_nothing() {
    let huge = format!("m:\n  type: model\n{}", "x: {type: dataset}\n".repeat(600_000));
    for text in ["m: [\n", "- m\n", "m: 1\n", "a: &a [*a, *a]\n", "\u{1b}[2J\n", huge.as_str()] {
        let repo = Repo::new();
        repo.commit(&[("artifacts.yaml", text)], "annotate");
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        let shown = &text[..text.len().min(20)];
        assert_eq!(gto(&repo, "show --plain").ok().out(), "name    latest\nm       v1.0.0\n", "{shown}");
        assert_eq!(gto(&repo, "show m --json").ok().json()[0]["version"], "v1.0.0", "{shown}");
        gto(&repo, "assign m --version v1.0.0 --stage prod").ok();
    }
}

/// Title, clear screen, a C1 control sequence, and a reversal of the text's direction.
const EVIL: &str = "\u{1b}]0;evil\u{7}\u{1b}[2J\u{9b}2J\u{202e}";

/// A registry in whose every text is something that drives a terminal.
fn evil_registry() -> Repo {
    let mut repo = Repo::new();
    for who in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME"] {
        repo.sandbox_mut().set_env(who, format!("x{EVIL}x"));
    }
    let yaml = "m:\n  type: \"\\e[2J\"\n  description: \"\\e]0;evil\\a\"\n";
    repo.commit(&[("artifacts.yaml", yaml)], &format!("message {EVIL}"));
    let spec =
        || TagSpec::default().message(format!("tag {EVIL}")).by(format!("x{EVIL}"), format!("x{EVIL}"));
    for tag in ["m@v1.0.0", "m#prod#1", "m@v2.0.0", "n@deprecated"] {
        repo.tag(tag, "HEAD", &spec());
    }
    repo.tag("x@v1.0.0", "HEAD^{tree}", &spec());
    // Git allows no ASCII control characters in names of refs, but others.
    for name in ["m@v1.0.0\u{9b}2J", "release\u{9b}2J\u{202e}"] {
        repo.tag(name, "HEAD", &spec());
        repo.git_ok(&["branch", name]);
    }
    repo
}

#[test]
fn nothing_from_a_repository_drives_the_terminal() {
    let repo = evil_registry();
    let odd = "release\u{9b}2J\u{202e}";
    let lines: [&[&str]; 17] = [
        &["show"],
        &["show", "m"],
        &["show", "m", "--json"],
        &["show", "--json"],
        &["show", "--at", odd],
        &["history"],
        &["history", "--json"],
        &["check-ref", "m#prod#1"],
        &["check-ref", "m#prod#1", "--json"],
        &["check-ref", odd],
        &["check-ref", "x@v1.0.0"],
        &["print-state"],
        &["doctor"],
        &["doctor", "--json"],
        &["register", "m", "--dry-run", "--json", "-m", EVIL, "--author", "x\u{1b}[2J"],
        &["register", "m", "absent\u{1b}[2J"],
        &["-v", "show", "absent\u{1b}[2J"],
    ];
    for args in lines {
        // Otherwise what goes to stderr is stripped because it is no terminal, and would hide what it hides.
        for gto in [binary(), binary().env("CLICOLOR_FORCE", "1")] {
            let run = gto.run(&repo, args);
            assert_ne!(run.status, 2, "{run}");
            for (stream, text) in [("stdout", run.out()), ("stderr", run.err())] {
                for evil in ["\u{1b}]", "\u{1b}[2J", "\u{7}", "\u{9b}", "\u{202e}"] {
                    assert!(!text.contains(evil), "{evil:?} on {stream} of {args:?}");
                }
            }
        }
    }
}

/// The oracle's server of the testkit would hide this: its answers are text.
#[cfg(unix)]
#[test]
fn what_is_not_utf8_is_shown_with_replacements_and_hinders_nothing() {
    let repo = registry(&["m@v1.0.0"]);
    let head = repo.head();
    let mut object = format!("object {head}\ntype commit\ntag m#prod#1\ntagger ").into_bytes();
    object.extend(b"Z\xff\xfe <z\xff@x> 1700001000 +0000\n\nm\xffessage\n");
    repo.raw_tag("m#prod#1", &object);
    for name in [b"m@v9.0.0\xff".as_slice(), b"\xff@v1.0.0"] {
        let command = [b"create refs/tags/", name, b" ", head.as_bytes(), b"\n"].concat();
        repo.git_stdin(&["update-ref", "--stdin"], &command);
    }
    assert_eq!(gto(&repo, "show --plain").ok().out(), "name    latest    #prod\nm       v1.0.0    v1.0.0\n");
    let event = gto(&repo, "check-ref m#prod#1 --json").ok().json();
    assert_eq!(event["author"], "Z\u{fffd}\u{fffd}");
    assert_eq!(event["author_email"], "z\u{fffd}@x");
    assert_eq!(event["message"], "m\u{fffd}essage");
    assert_eq!(gto(&repo, "history m --plain").ok().out().lines().count(), 3);
    gto(&repo, "register n").ok();
    assert!(gto(&repo, "doctor").status < 2);
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf8_are_wrong_usage() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = registry(&["m@v1.0.0"]);
    let before = repo.fingerprint();
    for command in ["register", "deprecate", "check-ref", "show"] {
        let output = repo
            .command(env!("CARGO_BIN_EXE_gto"))
            .arg(command)
            .arg(std::ffi::OsStr::from_bytes(b"m\xff"))
            .output()
            .expect("the binary can be started");
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("invalid UTF-8"), "{command}");
    }
    assert_eq!(repo.fingerprint(), before);
}

#[test]
fn a_missing_tag_object_hinders_nobody_else() {
    let repo = registry(&["m@v1.0.0"]);
    let id = repo.tag("x@v1.0.0", "HEAD", &TagSpec::default());
    fs::remove_file(repo.git_dir().join("objects").join(&id[..2]).join(&id[2..])).expect("it is loose");
    assert_eq!(gto(&repo, "show --name").ok().out(), "m\n");
    assert_eq!(gto(&repo, "history --plain").ok().out().lines().count(), 2);
    // D27
    let error = format!("Cannot be sure: tag 'x@v1.0.0' cannot be read: its object {} is missing", &id[..7]);
    hints_at(&refused(&repo, "check-ref x@v1.0.0 --name", &error), "git fsck");
    refused(&repo, "show x", &error);
    let missing = format!("Object {id} is missing from the repository");
    refused(&repo, "register m x@v1.0.0", &missing);
    gto(&repo, "register y").ok();
}

/// Git warns of them whenever it looks for an object, though it finds all of these elsewhere.
#[test]
fn d27_a_pack_or_an_alternate_that_cannot_be_used_is_told_of_where_nothing_is_missing() {
    type Damage = fn(&std::path::Path, &std::path::Path);
    let damages: [(Damage, &str); 5] = [
        (
            |objects, _| write(&objects.join("info/alternates"), b"stray line\n"),
            "objects/stray line does not exist",
        ),
        (|_, index| write(index, b"x"), "index file "),
        (|_, index| write(index, &[0xff; 2000]), "wrong index v1 file size in "),
        (|_, index| with_changed(index, |bytes| bytes.extend([0; 100])), "wrong index v2 file size in "),
        (|_, index| with_changed(index, |bytes| bytes[8] = 9), "non-monotonic index "),
    ];
    for (damage, reason) in damages {
        let repo = Repo::new();
        repo.commit(&[("a", "packed")], "packed");
        repo.git_ok(&["repack", "-adq"]);
        repo.commit(&[("a", "loose")], "loose");
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        repo.tag("m#prod#1", "HEAD", &TagSpec::default());
        let objects = repo.git_dir().join("objects");
        let packs = fs::read_dir(objects.join("pack")).unwrap().map(|file| file.unwrap().path());
        let index = packs.into_iter().find(|file| file.extension().is_some_and(|it| it == "idx")).unwrap();
        damage(&objects, &index);
        let git = repo.git(&["for-each-ref", "--format=%(contents)", "refs/tags"]);
        assert!(String::from_utf8_lossy(&git.stderr).contains(reason.trim()), "{git:?}");
        for line in [
            "show",
            "show m",
            "history",
            "stages --used",
            "check-ref m#prod#1",
            "resolve m#prod",
            "show m#prod --version",
            "assign m --version v1.0.0 --stage dev --dry-run",
        ] {
            let run = gto(&repo, line).ok();
            assert!(
                run.err().contains("warning: objects may be missing: ") && run.err().contains(reason),
                "{run}"
            );
        }
        let run = gto(&repo, "doctor");
        assert!(run.out().contains("unusable-objects") && run.out().contains(reason.trim()), "{run}");
    }
}

fn write(file: &std::path::Path, bytes: &[u8]) {
    let _ = fs::remove_file(file);
    fs::write(file, bytes).expect("the sandbox is writable");
}

fn with_changed(file: &std::path::Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).expect("it was there before");
    change(&mut bytes);
    write(file, &bytes);
}

#[test]
fn a_broken_ref_hinders_nobody_else() {
    for content in ["garbage\n", "", "ref: refs/tags/absent\n", "ref: refs/tags/x@v1.0.0\n"] {
        let repo = registry(&["m@v1.0.0"]);
        fs::write(repo.git_dir().join("refs/tags/x@v1.0.0"), content).expect("the sandbox is writable");
        assert_eq!(gto(&repo, "show --name").ok().out(), "m\n", "{content:?}");
        assert_eq!(gto(&repo, "history --plain").ok().out().lines().count(), 2, "{content:?}");
        gto(&repo, "assign m --version v1.0.0 --stage prod").ok();
        gto(&repo, "register y").ok();
        assert!(gto(&repo, "doctor").fails(1).out().contains("x@v1.0.0"), "{content:?}");
        // D27
        let error = "Cannot be sure: tag 'x@v1.0.0' cannot be read: its ref holds no object id";
        hints_at(&refused(&repo, "check-ref x@v1.0.0 --version", error), "rm ");
    }
}

/// Seen: the tags of the lines that could be read, status 0, and an empty stderr.
#[test]
fn d27_where_git_refuses_packed_refs_every_command_fails_with_its_reason() {
    let original = registry(&["m@v1.0.0", "m@v2.0.0", "m#prod#1"]);
    original.pack_refs();
    let text = fs::read_to_string(original.git_dir().join("packed-refs")).unwrap();
    let damages = [
        text[..text.len() - 5].to_owned(),
        format!("{text}noise\n"),
        text.replace("\n^", "\nnoise\n^"),
        text.replacen('\n', "\n\n", 1).replace(" sorted", ""),
    ];
    for damaged in damages {
        let repo = original.copy();
        let path = repo.git_dir().join("packed-refs");
        fs::write(&path, &damaged).unwrap();
        let git = repo.git(&["for-each-ref"]);
        let said = String::from_utf8_lossy(&git.stderr);
        let reason = said.trim_end_matches('\n').strip_prefix("fatal: ").expect("git refuses it");
        let error =
            format!("Cannot list the tags: {}", reason.replace(".git/packed-refs", path.to_str().unwrap()));
        for line in [
            "show",
            "show m",
            "show m#prod --version",
            "resolve m#prod",
            "resolve m@v1.0.0",
            "check-ref m@v1.0.0",
            "check-ref m@v2.0.0 --name",
            "history m",
            "stages",
            "verify",
            "describe m@v1.0.0",
            "register m",
            "assign m --version v1.0.0 --stage dev",
            "deprecate m v1.0.0",
            "deprecate m v1.0.0 --delete",
        ] {
            // What a registration did is in its tag alone, which is found as git finds it.
            let tag = line.strip_prefix("check-ref ").and_then(|rest| rest.split(' ').next());
            if tag.is_some_and(|tag| repo.git(&["cat-file", "-p", tag]).status.success()) {
                assert_eq!(gto(&repo, line).ok().stdout, gto(&original, line).ok().stdout);
                continue;
            }
            let run = refused(&repo, line, &error);
            hints_at(&run, "`gto doctor` shows how to fix that file");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged, "{run}");
        }
        // As git, it need not see a damaged line elsewhere, but a file that is cut is seen.
        if !damaged.ends_with('\n') {
            refused(&repo, "register new", &error);
        }
        repo.remove();
    }
}

/// Seen: `m@latest` was v1.0.0 without a word, since the search ended at the record that came too early.
#[test]
fn d27_a_search_for_a_few_tags_does_not_end_at_a_damaged_record() {
    let original = registry(&["m@v1.0.0", "m@v1.1.0", "m@v2.0.0", "m#prod#1"]);
    original.pack_refs();
    let text = fs::read_to_string(original.git_dir().join("packed-refs")).unwrap();
    let (_, after) = text.split_once("refs/tags/m@v1.1.0\n^").expect("it is packed with its commit");
    let commit = &after[..after.find('\n').unwrap()];
    let damages = [
        // Git passes over it where it sorts, and refuses it as soon as it reads it.
        (
            text.replace("refs/tags/m@v1.1.0", "re"),
            "packed refname is dangerous: 're'",
            "show m@latest --version",
        ),
        // Nobody knows whether this is the commit that the stage is on.
        (text.replace(commit, &format!("x{}", &commit[1..])), "unexpected line in", "resolve m#prod"),
        // The record that ends the search may be what is left of the highest version.
        (
            text.replace("refs/tags/m@v2.0.0", "rnoise\nrefs/tags/m@v2.0.0"),
            "packed refname is dangerous: 'rnoise'",
            "show m@latest --version",
        ),
    ];
    for (damaged, reason, line) in damages {
        let repo = original.copy();
        fs::write(repo.git_dir().join("packed-refs"), damaged).unwrap();
        let run = gto(&repo, line).fails(1);
        assert!(run.err().contains(reason), "{run}");
        assert_eq!(run.out(), "");
    }
    // A name that git ignores, wherever the search meets it.
    for version in ["m@v1.0.0", "m@v1.1.0", "m@v2.0.0"] {
        let repo = original.copy();
        let damaged = text
            .replace(&format!("refs/tags/{version}"), &format!("refs/tags/{}", version.replace('@', " @")));
        fs::write(repo.git_dir().join("packed-refs"), damaged).unwrap();
        let highest = if version == "m@v2.0.0" { "v1.1.0\n" } else { "v2.0.0\n" };
        assert_eq!(gto(&repo, "show m@latest --version").ok().out(), highest, "{version}");
        assert_eq!(gto(&repo, "resolve m --version").ok().out(), highest, "{version}");
    }
}

/// Git's search ends there, and says nothing of what comes behind.
#[test]
fn d27_a_name_in_packed_refs_that_sorts_elsewhere_hides_no_other_tag() {
    let original = registry(&["m@v1.0.0", "m@v1.1.0", "m@v1.2.0", "m@v2.0.0", "m#prod#1"]);
    original.pack_refs();
    let text = fs::read_to_string(original.git_dir().join("packed-refs")).unwrap();
    for (version, other) in [("m@v1.0.0", "mH"), ("m@v1.1.0", "zz"), ("m@v1.1.0", "a"), ("m@v1.2.0", "zz")] {
        let repo = original.copy();
        let damaged = text.replace(&format!("refs/tags/{version}"), &format!("refs/tags/{other}"));
        fs::write(repo.git_dir().join("packed-refs"), damaged).unwrap();
        for line in ["show m@latest --version", "resolve m --version"] {
            assert_eq!(gto(&repo, line).ok().out(), "v2.0.0\n", "{line}, {version} as {other}");
        }
        let shown = gto(&repo, "history m").ok().out();
        assert_eq!(shown.matches("registration").count(), 3, "{version} as {other}\n{shown}");
    }
}

/// Seen: `resolve m#prod` named a version that had been deregistered, since a digit of the commit noted beside that tag was damaged.
#[test]
fn d27_a_commit_noted_in_packed_refs_that_is_not_here_is_not_believed() {
    let sandbox = registry(&[]);
    let lines =
        ["resolve m#prod", "show m#prod --version", "show m#prod --ref", "check-ref m#prod#1 --version"];
    let answers = |repo: &Repo| {
        lines.map(|line| {
            let run = gto(repo, line);
            (run.status, run.out())
        })
    };
    for tags in [&["m@v1.0.0", "m@v1.1.0", "m#prod#1"][..], &["m@v1.0.0", "m#prod#1", "m@v1.0.0!"]] {
        let original = sandbox.copy();
        let head = original.head();
        for tag in tags {
            original.tag(tag, &head, &TagSpec::default());
        }
        original.pack_refs();
        let expected = answers(&original);
        let text = fs::read_to_string(original.git_dir().join("packed-refs")).unwrap();
        for tag in tags {
            let line = format!("refs/tags/{tag}\n^");
            let flipped = if head.starts_with('0') { '1' } else { '0' };
            let damaged = text.replace(&format!("{line}{}", &head[..1]), &format!("{line}{flipped}"));
            assert_ne!(damaged, text, "{tag}");
            let repo = original.copy();
            fs::write(repo.git_dir().join("packed-refs"), damaged).unwrap();
            assert_eq!(answers(&repo), expected, "with the commit of {tag} damaged");
        }
    }
}

#[test]
fn a_missing_commit_hinders_nobody_else() {
    let repo = registry(&["m@v1.0.0"]);
    let absent = "1".repeat(40);
    let object =
        format!("object {absent}\ntype commit\ntag x@v1.0.0\ntagger A <a@b> 1700001000 +0000\n\nx\n");
    repo.raw_tag("x@v1.0.0", object.as_bytes());
    assert_eq!(gto(&repo, "show --name").ok().out(), "m\nx\n");
    assert_eq!(gto(&repo, "show x --version").ok().out(), "v1.0.0\n");
    assert_eq!(gto(&repo, "show x --json").ok().json()[0]["commit_hexsha"], absent.as_str());
    assert_eq!(gto(&repo, "check-ref x@v1.0.0 --version").ok().out(), "v1.0.0\n");
    let error = format!("Object {absent} is missing from the repository");
    for line in ["register y x@v1.0.0", "assign x --version v1.0.0 --stage prod", "deprecate x v1.0.0"] {
        hints_at(&refused(&repo, line, &error), "git fsck");
    }
    gto(&repo, "register y").ok();
}

#[test]
fn outside_a_repository_every_command_says_so() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("plain");
    fs::create_dir(&folder).expect("the sandbox is writable");
    for line in
        ["show", "history", "check-ref x", "stages", "register m", "assign m --stage prod", "deprecate m"]
    {
        let words: Vec<&str> = line.split(' ').collect();
        let run = binary().run_in(&sandbox, &folder, &words, b"").fails(1);
        assert_eq!(run.err().lines().next(), Some("❌ No Git repo found in '.'"), "{line}");
        hints_at(&run, "run this inside a Git repository");
    }
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 0);
}

#[test]
fn a_broken_repository_is_a_plain_error() {
    let repo = registry(&["m@v1.0.0"]);
    fs::write(repo.git_dir().join("config"), "[core\n").expect("the sandbox is writable");
    let run = refused(&repo, "show", "Cannot open the Git repository in '.'");
    assert!(run.err().contains("caused by: "), "{run}");
    hints_at(&run, "see what Git says: `git status`");
    // Git says nothing of this one.
    fs::write(repo.git_dir().join("config"), "[core]\n\tbare = false\n[user]\n\tname = A\0B\n")
        .expect("the sandbox is writable");
    let run = refused(&repo, "show", "Cannot open the Git repository in '.'");
    assert!(run.err().contains("caused by: NUL byte in line 4 of file "), "{run}");
    hints_at(&run, "Git reads that value up to the NUL and says nothing: write line 4 of ");

    let folder = repo.sandbox().path().join("linked");
    fs::create_dir(&folder).expect("the sandbox is writable");
    fs::write(folder.join(".git"), "gitdir: ../absent\n").expect("the sandbox is writable");
    let run = binary().run_in(repo.sandbox(), &folder, &["show"], b"").fails(1);
    assert!(run.err().starts_with("❌ "), "{run}");
    assert!(run.err().contains("hint: "), "{run}");
}

#[test]
fn a_url_that_cannot_be_cloned_is_a_plain_error() {
    let repo = registry(&[]);
    for url in ["file:///absent/repository", "https://localhost:1/x.git"] {
        let run = gto(&repo, &format!("show -r {url}")).fails(1);
        assert!(run.err().starts_with(&format!("❌ Cannot clone '{url}': ")), "{run}");
        hints_at(&run, &format!("git ls-remote {url}"));
    }
}

#[test]
fn without_an_identity_a_write_says_how_to_set_one() {
    let mut repo = registry(&["m@v1.0.0"]);
    repo.sandbox_mut().remove_identity();
    let error = "Git does not know who you are: user.name and user.email are not set";
    for line in ["register n", "assign m --version v1.0.0 --stage prod", "deprecate m"] {
        hints_at(&refused(&repo, line, error), "git config --global user.name");
    }
    let error = "Git does not know who you are: user.email is not set";
    hints_at(&refused(&repo, "register n --author Zoe", error), "--author-email");
    gto(&repo, "show").ok();
    gto(&repo, "register n --author Zoe --author-email zoe@example.com").ok();
}

#[cfg(unix)]
#[test]
fn without_permission_a_write_is_refused() {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let mut repo = registry(&["m@v1.0.0"]);
    repo.sandbox_mut().set_git_config("[safe]\n\tdirectory = *\n");
    let root = repo.sandbox().path().to_path_buf();
    // root may do everything, so the write runs as the owner of the repository without permissions.
    let probe = root.join("probe");
    fs::create_dir(&probe).expect("the sandbox is writable");
    set_mode(&probe, 0o555);
    let is_root = fs::write(probe.join("file"), "").is_ok();
    let owned = repo.command("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(&root).output();
    if is_root && !owned.is_ok_and(|output| output.status.success()) {
        return skip("root may write everywhere, and nothing can be given to another user");
    }
    let before = repo.fingerprint();
    let folders = |path: &str| {
        let path = repo.git_dir().join(path);
        let below = fs::read_dir(&path).expect("it is a folder").flatten().map(|entry| entry.path());
        below.filter(|path| path.is_dir()).chain([path.clone()]).collect::<Vec<_>>()
    };
    // The folder of an object may be there already.
    let mut parts = folders("objects");
    parts.extend([repo.git_dir(), repo.git_dir().join("refs/tags")]);
    for part in &parts {
        set_mode(part, 0o555);
    }
    let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
    command.args(["register", "n"]);
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let result = command.output();
    for part in &parts {
        set_mode(part, 0o755);
    }
    let Ok(output) = result else { return skip("another user may not start the binary under test") };
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.starts_with("❌ No permission to write to '"), "{error}");
    assert!(error.contains("hint: ask the owner of the repository"), "{error}");
    assert_eq!(repo.fingerprint(), before);
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn a_reader_that_has_read_enough_ends_the_command_quietly() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    for line in
        ["show", "history", "history --json", "show m", "check-ref m@v1.0.0", "--help", "stages", "doctor"]
    {
        // A closed pipe, as with `| head -1` and a longer output, at any moment.
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
        command.args(line.split(' ')).stdin(Stdio::null()).stdout(writer);
        let output = command.stderr(Stdio::piped()).output().expect("the binary can be started");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
        assert_eq!(output.status.code(), Some(0), "{line}");
    }
}
