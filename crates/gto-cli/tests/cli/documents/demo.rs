//! `gto demo`: it works without any setup, and does not affect an existing one.

use std::path::{Path, PathBuf};

use gto_testkit::{Gto, Repo, Run, Sandbox};

fn gto() -> Gto {
    Gto::new(env!("CARGO_BIN_EXE_gto"))
}

fn demo(sandbox: &Sandbox, args: &[&str]) -> Run {
    demo_of(&gto(), sandbox, args)
}

fn demo_of(gto: &Gto, sandbox: &Sandbox, args: &[&str]) -> Run {
    gto.run_in(sandbox, sandbox.path(), &[&["demo"], args].concat(), b"")
}

/// Git as a newcomer has it: not configured at all.
fn newcomer() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.remove_identity();
    sandbox
}

fn tags_in(sandbox: &Sandbox, folder: impl Into<PathBuf>) -> Vec<String> {
    Repo::at(sandbox, folder, false).tag_names()
}

const TAGS: [&str; 5] = [
    "churn-model#dev#2",
    "churn-model#prod#1",
    "churn-model#prod#3",
    "churn-model@v0.0.1",
    "churn-model@v0.1.0",
];

#[test]
fn demo_walks_through_the_commands_without_any_configuration() {
    let sandbox = newcomer();
    let run = demo(&sandbox, &["new/folder"]).ok();
    let out = run.out();
    assert_eq!(run.err(), "");
    for command in ["register", "assign", "show", "history", "check-ref"] {
        assert!(out.contains(&format!("\n$ gto {command}")), "{out}");
    }
    for said in [
        "Created git tag 'churn-model@v0.1.0' that registers version\n",
        "│ churn-model │ v0.1.0   │ v0.1.0 │ v0.0.1  │\n",
        "$ gto show 'churn-model#prod' --version\nv0.1.0\n",
        "✅  Stage \"prod\" was assigned to version \"v0.1.0\" of artifact \"churn-model\"\n",
        "rm -rf new/folder\n",
    ] {
        assert!(out.contains(said), "{said}\n{out}");
    }
    assert!(out.lines().count() <= 90, "more than two screens:\n{out}");
    assert_eq!(tags_in(&sandbox, sandbox.path().join("new/folder")), TAGS);
}

#[test]
fn demo_leaves_a_repository_that_somebody_without_an_identity_can_go_on_in() {
    let sandbox = newcomer();
    let out = demo(&sandbox, &["folder"]).ok().out();
    assert!(out.contains("\nYour name in it:      Demo <demo@example.com>, "), "{out}");
    let folder = sandbox.path().join("folder");
    gto().run_in(&sandbox, &folder, &["register", "other-model"], b"").ok();
}

#[test]
fn demo_keeps_a_temporary_repository_and_tells_where() {
    let mut sandbox = newcomer();
    let folder = sandbox.path().join("tmp");
    std::fs::create_dir(&folder).unwrap();
    sandbox.set_env("TMPDIR", &folder);
    let out = demo(&sandbox, &[]).ok().out();
    let made: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [made] = made.as_slice() else { panic!("{made:?}") };
    assert!(out.contains(&format!("cd {}\n", made.display())), "{out}");
    assert_eq!(tags_in(&sandbox, made), TAGS);
}

#[test]
fn demo_takes_an_empty_folder_and_refuses_any_other() {
    let sandbox = newcomer();
    let refused = |name: &str, why: &str| {
        let run = demo(&sandbox, &[name]).fails(1);
        assert_eq!(run.out(), "");
        let hint = "hint: name a folder that does not exist yet, or none: `gto demo`";
        assert_eq!(run.err(), format!("❌ {why}\n\n{hint}\n"));
    };
    std::fs::create_dir(sandbox.path().join("empty")).unwrap();
    demo(&sandbox, &["empty"]).ok();
    refused("empty", "Folder 'empty' is not empty");
    std::fs::write(sandbox.path().join("file"), "x").unwrap();
    refused("file", "'file' is not a folder");
    assert_eq!(std::fs::read(sandbox.path().join("file")).unwrap(), b"x");
}

#[test]
fn demo_says_that_it_is_inside_another_repository_and_leaves_that_alone() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    let before = repo.fingerprint();
    let run = gto().run(&repo, &["demo", "a/b"]).ok();
    let outer = repo.path().canonicalize().unwrap();
    let expected = format!("warning: 'a/b' lies inside the repository '{}', ", outer.display());
    assert!(run.err().starts_with(&expected), "{run}");
    assert_eq!(repo.fingerprint(), before);
    assert_eq!(tags_in(repo.sandbox(), repo.path().join("a/b")), TAGS);
}

#[test]
fn demo_depends_on_no_setting_and_no_variable() {
    let mut sandbox = Sandbox::new();
    let other = sandbox.repo("other");
    other.commit(&[], "first");
    let before = other.fingerprint();
    sandbox.set_git_config(
        "[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = /nonexistent\n\
         [core]\n\thooksPath = /nonexistent\n[init]\n\tdefaultBranch = trunk\n",
    );
    sandbox.set_env("GIT_DIR", other.git_dir()).set_env("GIT_WORK_TREE", other.path());
    sandbox.set_env("GIT_COMMITTER_DATE", "nonsense").set_env("GTO_STAGES", "[\"never\"]");
    demo(&sandbox, &["demo"]).ok();
    assert_eq!(other.fingerprint(), before);
    sandbox.remove_env("GIT_DIR").remove_env("GIT_WORK_TREE");
    assert_eq!(tags_in(&sandbox, sandbox.path().join("demo")), TAGS);
}

#[test]
fn demo_without_git_says_what_to_install_and_makes_nothing() {
    let gto = gto().env("PATH", "/nonexistent");
    let sandbox = newcomer();
    let run = demo_of(&gto, &sandbox, &["folder"]).fails(1);
    assert_eq!(run.out(), "");
    assert!(run.err().starts_with("❌ Git was not found, "), "{run}");
    assert!(run.err().contains("\nhint: install it"), "{run}");
    assert!(!sandbox.path().join("folder").exists());
}

#[cfg(unix)]
#[test]
fn demo_stops_with_the_error_of_a_command_that_fails() {
    let sandbox = newcomer();
    let bin = fake_git(&sandbox, "case $1 in log) echo 'no log today' >&2; exit 3;; esac");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = demo_of(&gto().env("PATH", path), &sandbox, &["folder"]).fails(1);
    assert!(run.out().ends_with("\n$ git log --oneline\n"), "{run}");
    assert!(
        run.err().contains("❌ The command `git log --oneline` failed (exit status: 3)\n    no log today\n")
    );
}

/// A folder with a `git` that runs these lines before it goes on as the real one.
#[cfg(unix)]
fn fake_git(sandbox: &Sandbox, lines: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let real = std::env::var_os("PATH").expect("PATH finds git");
    let real = std::env::split_paths(&real).map(|folder| folder.join("git")).find(|git| Path::exists(git));
    let bin = sandbox.path().join("bin");
    std::fs::create_dir(&bin).expect("the sandbox is writable");
    let script = format!("#!/bin/sh\n{lines}\nexec '{}' \"$@\"\n", real.expect("git is installed").display());
    std::fs::write(bin.join("git"), script).expect("the sandbox is writable");
    std::fs::set_permissions(bin.join("git"), std::fs::Permissions::from_mode(0o755))
        .expect("the sandbox is writable");
    bin
}

#[cfg(all(unix, feature = "serve"))]
#[test]
fn demo_serve_shows_three_registries_with_a_history_worth_seeing() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};

    let sandbox = newcomer();
    let mut demo = sandbox.command(env!("CARGO_BIN_EXE_gto"));
    demo.args(["demo", "--serve", "registries"]).stdout(std::process::Stdio::piped());
    let mut child = demo.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (address, token) = line.trim().strip_prefix("http://").unwrap().split_once("/?token=").unwrap();
    let ask = |path: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}");
        write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for said in ["churn", "summary", "defects", "sales", "2 behind"] {
        assert!(ask("/").contains(said), "{said}");
    }
    assert!(ask("/stages/prod").contains("rollback"));
    assert!(ask("/?deprecated=1").contains("old-defects"));
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
