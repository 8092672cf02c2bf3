//! Git's environment variables: which repository, objects and configuration apply, compared with `git` in the same
//! place.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use gto_testkit::{Repo, RepoOptions, Sandbox, TagSpec};

use crate::common::{binary, gto};

type Variables<'v> = &'v [(&'v str, &'v str)];

/// A repository in a sandbox where nobody is configured but by files and variables that the rows name, with tags that are replaced:
/// `m@v1.0.0` by nothing, under `refs/mine` by a tag on the third commit, and under `refs/replace` by one on the second.
fn repository() -> Repo {
    let mut repo = Repo::new();
    let commits = [repo.commit(&[], "1"), repo.commit(&[], "2"), repo.commit(&[], "3")];
    let tags = commits.map(|commit| repo.tag("m@v1.0.0", &commit, &TagSpec::default()));
    repo.git_ok(&["update-ref", "refs/tags/m@v1.0.0", &tags[0]]);
    repo.git_ok(&["replace", &tags[0], &tags[1]]);
    repo.git_ok(&["update-ref", &format!("refs/mine/{}", tags[0]), &tags[2]]);
    let home = repo.sandbox().home();
    for name in ["system", "global", "included"] {
        fs::write(home.join(name), format!("[user]\n\tname = {name}\n")).expect("the sandbox is writable");
    }
    fs::create_dir(home.join("objects")).expect("the sandbox is writable");
    let sandbox = repo.sandbox_mut();
    sandbox.remove_identity();
    sandbox.set_git_config("[user]\n\tname = home\n");
    // Git guesses nothing, as we do not.
    repo.git_ok(&["config", "user.useConfigOnly", "true"]);
    repo.git_ok(&["config", "user.email", "a@x"]);
    repo
}

/// The same with these variables, in which `~` is the home of the sandbox; an empty value takes one out.
fn with(repo: &Repo, variables: Variables<'_>, dir: &Path) -> Repo {
    let mut sandbox = repo.sandbox().clone();
    let home = sandbox.home().display().to_string();
    for (name, value) in variables {
        if *value == "-" {
            sandbox.remove_env(name);
        } else {
            sandbox.set_env(*name, value.replace('~', &home));
        }
    }
    Repo::at(&sandbox, dir, false)
}

/// What commit a version has and who would write the next tag, by git; `None` where git fails.
fn by_git(repo: &Repo) -> (Option<String>, Option<String>) {
    let text = |args: &[&str]| {
        let output = repo.git(args);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = text(&["rev-parse", "--verify", "-q", "m@v1.0.0^{commit}"]);
    let tagged = repo.git(&["tag", "-a", "-m", "x", "theirs"]).status.success();
    (
        commit,
        if tagged { text(&["for-each-ref", "--format=%(taggername)", "refs/tags/theirs"]) } else { None },
    )
}

/// The same by us, and whether both failed alike.
fn by_us(repo: &Repo) -> (Option<String>, Option<String>) {
    let shown = gto(repo, "show m@v1.0.0 --json");
    let version = (shown.status == 0).then(|| shown.json()[0].clone());
    let commit = version.and_then(|version| version["commit_hexsha"].as_str().map(str::to_owned));
    let registered = gto(repo, "register ours").status == 0;
    let name = ["for-each-ref", "--format=%(taggername)", "refs/tags/ours@v0.0.1"];
    (commit, registered.then(|| repo.git_ok(&name)))
}

#[test]
fn the_variables_of_git_mean_to_us_what_they_mean_to_git() {
    let rows: &[(&str, Variables<'_>)] = &[
        ("nothing", &[]),
        ("replaced tags", &[("GIT_NO_REPLACE_OBJECTS", "1")]),
        ("others are replaced", &[("GIT_REPLACE_REF_BASE", "refs/mine/")]),
        ("another file of the user's", &[("GIT_CONFIG_GLOBAL", "~/global")]),
        ("no such file", &[("GIT_CONFIG_GLOBAL", "~/nowhere")]),
        (
            "the system's",
            &[
                ("GIT_CONFIG_NOSYSTEM", "-"),
                ("GIT_CONFIG_SYSTEM", "~/system"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ],
        ),
        ("the system's below the user's", &[("GIT_CONFIG_NOSYSTEM", "0"), ("GIT_CONFIG_SYSTEM", "~/system")]),
        (
            "not the system's",
            &[
                ("GIT_CONFIG_NOSYSTEM", "true"),
                ("GIT_CONFIG_SYSTEM", "~/system"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ],
        ),
        ("git -c", &[("GIT_CONFIG_PARAMETERS", "'user.name'='Par am'")]),
        ("git -c before 2.31", &[("GIT_CONFIG_PARAMETERS", r"'user.name=it'\''s'")]),
        ("git -c with a file", &[("GIT_CONFIG_PARAMETERS", "'include.path'='~/included'")]),
        ("git -c, the last one counts", &[("GIT_CONFIG_PARAMETERS", "'user.name'='a' 'user.name'='b'")]),
        ("git -c in part", &[("GIT_CONFIG_PARAMETERS", "'user.name'='a")]),
        ("git -c without a section", &[("GIT_CONFIG_PARAMETERS", "'user'='a'")]),
        ("a signature that fails", &[("GIT_CONFIG_PARAMETERS", "'tag.gpgsign' 'gpg.program'='false'")]),
        (
            "counted",
            &[
                ("GIT_CONFIG_COUNT", "2"),
                ("GIT_CONFIG_KEY_0", "user.name"),
                ("GIT_CONFIG_VALUE_0", "a"),
                ("GIT_CONFIG_KEY_1", "user.name"),
                ("GIT_CONFIG_VALUE_1", "b"),
            ],
        ),
        (
            "git -c wins over counted",
            &[
                ("GIT_CONFIG_COUNT", "1"),
                ("GIT_CONFIG_KEY_0", "user.name"),
                ("GIT_CONFIG_VALUE_0", "a"),
                ("GIT_CONFIG_PARAMETERS", "'user.name'='b'"),
            ],
        ),
        ("a count without keys", &[("GIT_CONFIG_COUNT", "1")]),
        ("no count", &[("GIT_CONFIG_COUNT", "")]),
        ("a bogus count", &[("GIT_CONFIG_COUNT", "one")]),
        (
            "how to read it does not depend on these",
            &[(
                "GIT_CONFIG_PARAMETERS",
                "'core.repositoryformatversion'='1' 'extensions.nosuch'='1' 'extensions.refstorage'='cloud'",
            )],
        ),
        ("a namespace is for pushes", &[("GIT_NAMESPACE", "space"), ("GIT_NO_REPLACE_OBJECTS", "1")]),
        ("the same repository", &[("GIT_DIR", ".git")]),
        ("the same in full", &[("GIT_DIR", "~/../repo/.git"), ("GIT_COMMON_DIR", "~/../repo/.git")]),
        (
            "objects elsewhere",
            &[
                ("GIT_OBJECT_DIRECTORY", "~/objects"),
                ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "~/../repo/.git/objects"),
            ],
        ),
        (
            "objects in a folder named from here",
            &[
                ("GIT_OBJECT_DIRECTORY", "../home/objects"),
                ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "\"../repo/.git/obj\\145cts\""),
            ],
        ),
        ("more objects", &[("GIT_ALTERNATE_OBJECT_DIRECTORIES", "~/nowhere:~/objects")]),
        ("quarantine", &[("GIT_QUARANTINE_PATH", "~/objects")]),
    ];
    for (what, variables) in rows {
        let (theirs, ours) = (repository(), repository());
        let (theirs, ours) = (with(&theirs, variables, theirs.path()), with(&ours, variables, ours.path()));
        let expected = by_git(&theirs);
        let (commit, name) = by_us(&ours);
        // Where git reads, and we fail, or the other way round, is a difference as well.
        assert_eq!((commit, name), expected, "{what}: {variables:?}");
    }
}

/// git's own relative paths in `info/alternates` are those of the folder that it is in.
#[test]
fn alternates_of_alternates_are_found() {
    let repo = repository();
    let first = repo.sandbox().path().join("first");
    fs::create_dir_all(first.join("info")).unwrap();
    fs::write(first.join("info/alternates"), "../repo/.git/objects\n").unwrap();
    let variables =
        [("GIT_OBJECT_DIRECTORY", "~/objects"), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "~/../first")];
    let repo = with(&repo, &variables, repo.path());
    let expected = by_git(&repo);
    assert!(expected.0.is_some());
    assert_eq!(by_us(&repo).0, expected.0);
}

#[cfg(unix)]
#[test]
fn a_hook_reads_what_is_pushed_and_changes_no_ref_before_it_is_taken_in() {
    use std::os::unix::fs::PermissionsExt as _;

    let remote = Sandbox::new().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    let other = remote.sandbox().repo("other");
    other.commit(&[], "other");
    let repo = remote.sandbox().repo("repo");
    let gto = env!("CARGO_BIN_EXE_gto");
    let log = repo.sandbox().path().join("log");
    let hook = remote.git_dir().join("hooks/pre-receive");
    let script = format!(
        "#!/bin/sh\nexec >'{log}' 2>&1\nread old new ref\n\
         '{gto}' show --at $new --json && echo read\n\
         '{gto}' register m $new || echo refused\n\
         '{gto}' register m -r '{other}'\n",
        log = log.display(),
        other = other.path().display()
    );
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    repo.commit(&[], "pushed");
    repo.git_ok(&["push", "-q", &remote.path().to_string_lossy(), "main"]);
    let log = fs::read_to_string(log).unwrap();
    assert!(log.starts_with("[]\n") && log.contains("\nread\n"), "{log}");
    let refusal = "❌ No tag can be made or deleted in the quarantine of a push (GIT_QUARANTINE_PATH)\n";
    assert!(log.contains(refusal) && log.contains("\nrefused\n"), "{log}");
    assert_eq!((remote.tag_names(), other.tag_names()), (vec![], vec!["m@v0.0.1".to_owned()]), "{log}");
}

/// `git -c tag.gpgSign=true gto …`, where `gto` is an alias, made tags without a signature.
#[test]
fn settings_before_an_alias_count() {
    let repo = repository();
    repo.git_ok(&["config", "alias.gto", &format!("!'{}'", env!("CARGO_BIN_EXE_gto"))]);
    let signed = ["-c", "tag.gpgSign=true", "-c", "gpg.program=false", "gto", "register", "m"];
    assert!(!repo.git(&signed).status.success());
    repo.git_ok(&["-c", "user.name=Alias", "gto", "register", "m"]);
    assert_eq!(repo.find_tag("m@v1.0.1").and_then(|tag| tag.tagger).unwrap().name, "Alias");
}

#[test]
fn what_is_meant_for_another_repository_does_not_count() {
    let (repo, other) = (repository(), Repo::new());
    other.commit(&[], "other");
    let elsewhere = |name: &str| other.git_dir().join(name).into_os_string();
    for (name, value) in [
        ("GIT_WORK_TREE", other.path().as_os_str().to_owned()),
        ("GIT_OBJECT_DIRECTORY", elsewhere("objects")),
        ("GIT_INDEX_FILE", elsewhere("index")),
        ("GIT_COMMON_DIR", OsString::from(other.git_dir())),
        ("GIT_QUARANTINE_PATH", OsString::from("/tmp")),
    ] {
        let path = repo.path().to_string_lossy();
        let here = binary().env("GIT_DIR", other.git_dir()).env(name, &value);
        let run = here.run_in(
            repo.sandbox(),
            &repo.sandbox().home(),
            &["register", "m", "-r", &path, "--force"],
            b"",
        );
        assert_eq!(run.status, 0, "{name}: {run}");
        // Nor does what a hook inherits where the current folder is another repository.
        let run = here.run(&repo, &["show", "m", "--ref"]).ok();
        assert!(run.out().starts_with("m@v1.0."), "{name}: {run}");
    }
    assert_eq!(other.tag_names(), Vec::<String>::new());
}

#[test]
fn the_work_tree_and_the_index_are_those_that_git_would_take() {
    let repo = Repo::new();
    repo.commit(&[(".gto", "stages: [committed]\n")], "first");
    let tree = repo.sandbox().home().join("tree");
    fs::create_dir_all(&tree).unwrap();
    let stages = |variables: &[(&str, &OsStr)]| {
        let mut gto = binary();
        for (name, value) in variables {
            gto = gto.env(*name, *value);
        }
        gto.run(&repo, &["stages", "--allowed"]).ok().out().clone()
    };
    // Without the file there, the index has it, as it would have `.gitattributes` for git.
    assert_eq!(stages(&[("GIT_WORK_TREE", tree.as_os_str())]), "committed\n");
    fs::write(tree.join(".gto"), "stages: [tree]\n").unwrap();
    assert_eq!(stages(&[("GIT_WORK_TREE", tree.as_os_str())]), "tree\n");
    let git_dir = repo.git_dir();
    assert_eq!(stages(&[("GIT_WORK_TREE", tree.as_os_str()), ("GIT_DIR", git_dir.as_os_str())]), "tree\n");
    let index = repo.sandbox().home().join("index");
    let file = repo.git_stdin(&["hash-object", "-w", "--stdin"], b"stages: [staged]\n");
    let entry = format!("100644,{file},.gto");
    let mut git = repo.command("git");
    git.env("GIT_INDEX_FILE", &index).args(["update-index", "--add", "--cacheinfo", &entry]);
    assert!(git.status().unwrap().success());
    fs::remove_file(repo.path().join(".gto")).unwrap();
    assert_eq!(stages(&[("GIT_INDEX_FILE", index.as_os_str())]), "staged\n");
    assert_eq!(stages(&[]), "committed\n");
}
