//! Files that Git LFS keeps: from the clone, and from a server, whose answers are a stranger's words.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use super::dvc::Server;
use crate::common::{gto, hints_at};
use gto_testkit::{Repo, TagSpec};
use sha2::Digest as _;

/// A repository with files that Git LFS keeps, in the folder `d`, and a server that has them.
struct Lfs {
    repo: Repo,
    url: String,
    log: PathBuf,
    _server: Server,
}

const CONTENTS: [&str; 3] = ["one", "the second file\n", "3"];

fn sha256(text: &str) -> String {
    let digits =
        |byte: u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).expect("it is one"));
    sha2::Sha256::digest(text).into_iter().flat_map(digits).collect()
}

impl Lfs {
    fn new(mode: &str) -> Option<Self> {
        let repo = Repo::new();
        let folder = repo.sandbox().path().join("objects");
        fs::create_dir(&folder).expect("the sandbox is writable");
        let mut files = vec![("artifacts.yaml".to_owned(), "d: {path: d}\n".to_owned())];
        for (number, content) in CONTENTS.into_iter().enumerate() {
            let oid = sha256(content);
            fs::write(folder.join(&oid), content).expect("the sandbox is writable");
            let text = format!(
                "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n",
                content.len()
            );
            files.push((format!("d/{number}"), text));
        }
        let files: Vec<_> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
        repo.commit(&files, "kept by Git LFS");
        repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
        let log = repo.sandbox().path().join("log");
        let mut python = repo.sandbox().command("python3");
        python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/files/lfs_server.py"));
        python.arg(&folder).arg(mode).arg(&log).stdout(Stdio::piped());
        let Ok(mut child) = python.spawn() else {
            gto_testkit::skip("python3 is not installed");
            return None;
        };
        let mut ports = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut ports).ok()?;
        let port = ports.split(' ').next().unwrap_or_default();
        let url = format!("http://127.0.0.1:{port}/org/repo");
        repo.git_ok(&["remote", "add", "origin", &url]);
        Some(Self { repo, url, log, _server: Server(child) })
    }

    /// What was asked for.
    fn asked(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn check(&self, folder: &str) {
        for (number, content) in CONTENTS.into_iter().enumerate() {
            let path = self.repo.path().join(folder).join(number.to_string());
            assert_eq!(fs::read_to_string(path).expect("the sandbox is writable"), content);
        }
    }
}

/// A credential helper that knows one login, and notes what it is told.
const HELPER: &str =
    "!f() { echo \"$1\" >> ../helper; test \"$1\" = get && echo username=me && echo password=secret; }; f";

#[test]
fn a_server_is_asked_once_for_all_files_and_again_for_what_has_expired() {
    for mode in ["plain", "elsewhere", "redirects", "expires"] {
        let Some(lfs) = Lfs::new(mode) else { return };
        gto(&lfs.repo, "get d -o out --jobs 1").ok();
        lfs.check("out");
        let asked = lfs.asked();
        let batches =
            asked.lines().filter(|line| line.contains("POST /org/repo.git/info/lfs/objects/batch")).count();
        assert_eq!(batches, if mode == "expires" { 4 } else { 1 }, "{asked}");
        // The token of the answer goes to the server that the answer names, and no further.
        let tokens = asked.lines().filter(|line| line.contains("GET") && line.ends_with(" t"));
        let server = if mode == "elsewhere" { "second" } else { "first" };
        assert!(
            tokens.clone().count() >= 3 && tokens.clone().all(|line| line.starts_with(server)),
            "{asked}"
        );
        // What is here is not asked for.
        gto(&lfs.repo, "get d -o out").ok();
        assert_eq!(lfs.asked(), asked);
    }
}

#[test]
fn the_users_git_logs_in_and_hears_whether_it_was_right() {
    let Some(lfs) = Lfs::new("login") else { return };
    let run = gto(&lfs.repo, "get d -o out").fails(1);
    assert!(run.err().contains("denies access (401"), "{run}");
    lfs.repo.git_ok(&["config", "credential.helper", HELPER]);
    gto(&lfs.repo, "get d -o out").ok();
    lfs.check("out");
    let told = fs::read_to_string(lfs.repo.path().join("../helper")).unwrap();
    assert_eq!(told, "get\nstore\n");
    // As pipelines log in.
    lfs.repo.git_ok(&["config", "--unset", "credential.helper"]);
    let header = "Authorization: Basic bWU6c2VjcmV0";
    let host = lfs.url.replace("org/repo", "");
    lfs.repo.git_ok(&["config", &format!("http.{host}.extraheader"), header]);
    gto(&lfs.repo, "get d -o again").ok();
    lfs.check("again");
    lfs.repo.git_ok(&["config", "--remove-section", &format!("http.{host}")]);
    // In the address.
    let url = lfs.url.replace("http://", "http://me:secret@");
    lfs.repo.git_ok(&["remote", "set-url", "origin", &url]);
    let run = gto(&lfs.repo, "get d -o more -v").ok();
    assert!(!run.err().contains("secret"), "{run}");
    lfs.check("more");
}

#[test]
fn a_server_of_ssh_names_the_one_that_is_asked() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(mut lfs) = Lfs::new("ssh") else { return };
    let script = lfs.repo.sandbox().path().join("ssh.sh");
    let answer = format!(
        r#"{{"href": "{}/lfs", "header": {{"Authorization": "Basic bWU6c2VjcmV0"}}, "expires_in": 60}}"#,
        lfs.url
    );
    fs::write(&script, format!("#!/bin/sh\necho \"$@\" > {}.words\necho '{answer}'\n", script.display()))
        .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    lfs.repo.git_ok(&["remote", "set-url", "origin", "ssh://git@host.example:2222/org/re'po.git"]);
    lfs.repo.sandbox_mut().set_env("GIT_SSH_COMMAND", script.as_os_str());
    gto(&lfs.repo, "get d -o out").ok();
    lfs.check("out");
    let words = fs::read_to_string(script.with_extension("sh.words")).unwrap();
    assert_eq!(words, "-p 2222 git@host.example git-lfs-authenticate '/org/re'\\''po.git' download\n");
    for bad in ["ssh://-oProxyCommand=x/y", "-x:y"] {
        lfs.repo.git_ok(&["config", "remote.origin.url", bad]);
        fs::remove_file(script.with_extension("sh.words")).ok();
        gto(&lfs.repo, "get d -o bad").fails(1);
        assert!(!script.with_extension("sh.words").exists(), "{bad}");
    }
}

#[test]
fn what_a_server_does_wrong_is_said_and_nothing_of_it_is_kept() {
    for (mode, words) in [
        ("absent", "not in the server of Git LFS"),
        ("refuses", "refuses the file (403): not \u{fffd}[31mfor you"),
        ("file", "it names 'file:///etc/passwd'"),
        ("metadata", "its host cannot be found"),
        ("tampered", "is damaged in the server of Git LFS"),
        ("longer", "is damaged in the server of Git LFS"),
        // Sizes are of what comes, and nothing is unpacked.
        ("gzip", "is damaged in the server of Git LFS"),
    ] {
        let Some(lfs) = Lfs::new(mode) else { return };
        let run = gto(&lfs.repo, "get d -o out").fails(1);
        assert!(run.err().contains(words), "{mode}: {run}");
        assert!(!lfs.repo.path().join("out").exists(), "{mode}");
        if mode == "absent" {
            hints_at(&run, "`git lfs ");
        }
    }
}

#[test]
fn a_server_that_the_commit_chooses_gets_no_credentials() {
    let Some(lfs) = Lfs::new("strange") else { return };
    lfs.repo.git_ok(&["config", "credential.helper", HELPER]);
    let config = format!("[lfs]\n\turl = {}/lfs\n[credential]\n\thelper = !touch ../evil\n", lfs.url);
    lfs.repo.commit(&[(".lfsconfig", &config)], "chooses");
    lfs.repo.tag("d@v2.0.0", "HEAD", &TagSpec::default());
    // It is the host of the user's remote.
    gto(&lfs.repo, "get d -o out").ok();
    lfs.check("out");
    lfs.repo.git_ok(&["remote", "set-url", "origin", "https://host.example/x"]);
    let run = gto(&lfs.repo, "get d -o other").fails(1);
    assert!(run.err().contains("gets no credentials, since the commit's `.lfsconfig` chooses it"), "{run}");
    gto(&lfs.repo, "get d -o other --trust-remote 127.0.0.1").ok();
    lfs.check("other");
    assert!(!lfs.repo.path().join("../evil").exists());
    // No program, and no folder of this machine.
    for bad in ["file:///etc", "ext::touch ../evil", "ssh://host/x", "/etc"] {
        lfs.repo.commit(&[(".lfsconfig", &format!("[lfs]\n\turl = {bad}\n"))], "bad");
        lfs.repo.tag(&format!("d@v{}.0.0", lfs.repo.tag_names().len() + 1), "HEAD", &TagSpec::default());
        let run = gto(&lfs.repo, "get d -o bad").fails(1);
        assert!(run.err().contains("gto cannot ask") || run.err().contains("is no address"), "{run}");
    }
    assert!(!lfs.repo.path().join("../evil").exists());
}

#[test]
fn what_git_lfs_itself_gets_is_the_same() {
    let Some(lfs) = Lfs::new("plain") else { return };
    if lfs.repo.command("git").args(["lfs", "version"]).output().is_ok_and(|output| !output.status.success())
    {
        return gto_testkit::skip("git-lfs is not installed");
    }
    gto(&lfs.repo, "get d -o ours").ok();
    lfs.repo.git_ok(&["lfs", "install", "--local"]);
    lfs.repo.git_ok(&["lfs", "pull"]);
    assert!(lfs.repo.command("diff").args(["-r", "ours", "d"]).status().unwrap().success());
    // From here on its own folder has them.
    let asked = lfs.asked();
    gto(&lfs.repo, "get d -o here").ok();
    lfs.check("here");
    assert_eq!(lfs.asked(), asked);
}

#[test]
fn of_a_clone_of_this_machine_the_files_are_in_the_other_one() {
    let Some(lfs) = Lfs::new("plain") else { return };
    let folder = lfs.repo.git_dir().join("lfs/objects");
    for content in CONTENTS {
        let oid = sha256(content);
        let folder = folder.join(&oid[..2]).join(&oid[2..4]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&oid), content).unwrap();
    }
    let url = format!("file://{}", lfs.repo.path().display());
    gto(&lfs.repo, &format!("get d -o out -r {url}")).ok();
    lfs.check("out");
    assert_eq!(lfs.asked(), "");
}
