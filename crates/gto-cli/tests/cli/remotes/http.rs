//! Remotes behind a web server: `git http-backend` in a small one of Python's, on this machine alone.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::counting::CountingGit;
use crate::common::{binary, gto, hints_at};
use gto_testkit::{Repo, RepoOptions, Run, Sandbox, TagSpec, skip};

/// A bare repository with a commit and a version, and the web server that has it.
pub struct Served {
    pub remote: Repo,
    /// Ends when its standard input is closed.
    server: Child,
    /// `127.0.0.1:PORT/remote.git`
    pub at: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

/// `None` where there is no Python, or Git has no part for http.
pub fn served(login: Option<&str>) -> Option<Served> {
    let bare = RepoOptions { bare: true, ..RepoOptions::default() };
    let mut remote = Sandbox::new().repo_with("remote.git", bare);
    let ends_well = |name: &str, args: &[&str]| {
        remote.command(name).args(args).output().is_ok_and(|output| output.status.success())
    };
    if !ends_well("python3", &["--version"]) {
        skip("python3 is not installed");
        return None;
    }
    let folder = remote.git_ok(&["--exec-path"]);
    if !ends_well("test", &["-x", &format!("{folder}/git-http-backend")]) {
        skip("this git has no http-backend");
        return None;
    }
    remote.git_ok(&["config", "http.receivepack", "true"]);
    remote.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    remote.commit(&[], "first");
    remote.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    // No proxy has anything to do with this machine.
    remote.sandbox_mut().set_env("no_proxy", "127.0.0.1").set_env("GIT_ALLOW_PROTOCOL", "http:file");
    let mut python = remote.command("python3");
    python
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/remotes/http/server.py"))
        .arg(remote.sandbox().path());
    let mut server = python
        .args(login)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 has just started");
    let mut port = String::new();
    let stdout = server.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut port).expect("it prints its port");
    let at = format!("127.0.0.1:{}/remote.git", port.trim());
    Some(Served { remote, server, at })
}

impl Served {
    /// A clone with a commit and without tags, whose remote has this address.
    pub fn clone_at(&self, name: &str, address: &str) -> Repo {
        let clone = self.remote.clone_to(name);
        clone.git_ok(&["tag", "-d", "m@v1.0.0"]);
        clone.git_ok(&["remote", "set-url", "origin", address]);
        clone.commit(&[], name);
        clone
    }

    /// Asks about the repository at an address.
    fn ask(&self, line: &str, address: &str) -> Run {
        let words: Vec<&str> = line.split(' ').chain(["-r", address]).collect();
        binary().run_in(self.remote.sandbox(), self.remote.sandbox().path(), &words, b"")
    }
}

#[test]
fn tags_are_fetched_pushed_and_deleted_by_http() {
    let Some(served) = served(None) else { return };
    let repo = served.clone_at("clone", &format!("http://{}", served.at));
    // The remote's versions count.
    let run = gto(&repo, "register m --push").ok();
    assert!(run.out().contains("'m@v1.0.1'"), "{run}");
    gto(&repo, "assign m HEAD --stage dev --push").ok();
    let other = served.clone_at("other", &format!("http://{}", served.at));
    gto(&other, "register m --bump-minor --push").ok();
    assert_eq!(gto(&repo, "status").fails(3).out().matches("only on origin").count(), 1);
    // It is fetched for that, and what is made here alone is pushed later.
    gto(&repo, "assign m --version v1.1.0 --stage prod --fetch").ok();
    gto(&repo, "push").ok();
    assert_eq!(gto(&repo, "status").ok().out(), "5 tags, the same here and on origin\n");
    gto(&repo, "deprecate m v1.0.1 dev --delete --push").ok();
    assert_eq!(served.remote.tag_names(), ["m#prod#2", "m@v1.0.0", "m@v1.0.1", "m@v1.1.0"]);
    assert_eq!(served.remote.tags(), repo.tags());
}

#[test]
fn those_who_push_by_http_at_once_all_land() {
    let Some(served) = served(None) else { return };
    let address = format!("http://{}", served.at);
    let clones = ["a", "b", "c"].map(|name| served.clone_at(name, &address));
    let children: Vec<Child> = (0..3)
        .map(|n| {
            let mut gto = clones[n].command(env!("CARGO_BIN_EXE_gto"));
            gto.args(["assign", "m", "--version", "v1.0.0", "--push", "--stage", &format!("stage{n}")]);
            gto.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    let names = served.remote.tag_names();
    // In one moment they may share a counter, which `doctor` notes.
    let mut stages: Vec<&str> = names.iter().filter_map(|name| Some(name.rsplit_once('#')?.0)).collect();
    stages.sort_unstable();
    assert_eq!(stages, ["m#stage0", "m#stage1", "m#stage2"], "{names:?}");
}

#[test]
fn an_address_of_http_is_read_and_written() {
    let Some(served) = served(None) else { return };
    let address = format!("http://{}", served.at);
    assert_eq!(served.ask("show m@latest --version", &address).ok().out(), "v1.0.0\n");
    served.remote.commit(&[], "second");
    assert!(served.ask("register m", &address).ok().out().contains("'m@v1.0.1'"));
    assert_eq!(served.remote.tag_names(), ["m@v1.0.0", "m@v1.0.1"]);
    let git = CountingGit::new(served.remote.sandbox());
    let counting = binary().env("PATH", &git.path);
    let words = ["show", "m@latest", "--version", "-r", &address];
    let run = counting.run_in(served.remote.sandbox(), served.remote.sandbox().path(), &words, b"").ok();
    assert_eq!(run.out(), "v1.0.1\n");
    let started = git.started();
    assert_eq!(started.iter().filter(|line| line.contains("ls-remote")).count(), 1, "{started:?}");
    assert!(!started.iter().any(|line| line.contains("fetch")), "{started:?}");
    // Git for itself would fetch it by a name that is not there.
    let nowhere = address.replace("remote.git", "nothing.git");
    let run = served.ask("show", &nowhere).fails(1);
    assert!(run.err().starts_with(&format!("❌ Cannot clone '{nowhere}': repository ")), "{run}");
}

#[test]
fn without_the_right_password_nothing_is_asked_and_nothing_is_done() {
    let Some(served) = served(Some("ann:right")) else { return };
    let at = &served.at;
    let begun = Instant::now();
    for (login, said) in [
        ("", "could not read Username for 'http://127.0.0.1:"),
        ("ann@", "could not read Password for 'http://127.0.0.1:"),
        ("ann:wrong@", "Authentication failed for 'http://127.0.0.1:"),
    ] {
        let address = format!("http://{login}{at}");
        let run = served.ask("show", &address).fails(1);
        assert!(run.err().starts_with("❌ Cannot clone 'http://127.0.0.1:"), "{run}");
        assert!(run.err().contains(said) && !run.err().contains("wrong"), "{run}");
        hints_at(&run, "credential helper");
        let repo = served.clone_at(&format!("clone-of-{}", login.len()), &address);
        for line in ["register m --push", "status"] {
            let run = gto(&repo, line).fails(1);
            assert!(run.err().starts_with("❌ Cannot get the tags of origin: "), "{run}");
            assert!(run.err().contains(said) && !run.err().contains("wrong"), "{run}");
            hints_at(&run, "credential helper");
        }
        assert_eq!(repo.tag_names(), [""; 0]);
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "somebody was asked");
    assert_eq!(served.remote.tag_names(), ["m@v1.0.0"]);
    // By the address, and by a helper of Git's.
    let address = format!("http://ann:right@{at}");
    assert_eq!(served.ask("show m@latest --version", &address).ok().out(), "v1.0.0\n");
    let repo = served.clone_at("clone", &format!("http://{at}"));
    let helper = "!f() { echo username=ann; echo password=right; }; f";
    repo.git_ok(&["config", "credential.helper", helper]);
    gto(&repo, "register m --push").ok();
    assert_eq!(served.remote.tag_names(), ["m@v1.0.0", "m@v1.0.1"]);
}

/// actions/checkout leaves the token of the job as a header in the checkout's configuration.
#[test]
fn a_pipeline_fetches_with_the_token_of_its_checkout() {
    let Some(served) = served(Some("ann:right")) else { return };
    let address = format!("http://{}", served.at);
    served.remote.tag("m#prod#1", "HEAD", &TagSpec::default());
    let repo = served.clone_at("checkout", &address);
    repo.git_ok(&["tag", "-d", "m#prod#1"]);
    repo.lightweight("m#prod#1", "HEAD~1");
    let ask = || binary().run(&repo, &["ci", "m#prod#1", "--format", "json"]);
    hints_at(&ask().fails(1), "credential helper");
    // ann:right
    let header = format!("http.{address}.extraheader");
    repo.git_ok(&["config", &header, "AUTHORIZATION: Basic YW5uOnJpZ2h0"]);
    assert_eq!(ask().ok().json()["version"], "v1.0.0");
    assert_eq!(repo.tag_names(), ["m#prod#1"]);
}
