//! `gto get` of what `dvc import` has brought: from the repository that it is imported from, over a real sshd.

#![cfg(unix)]

use super::dvc::{Dvc, md5};
use super::servers::cloud_with;
use crate::common::gto;
use crate::common::sshd::Sshd;
use gto_testkit::{RepoOptions, TagSpec};

/// A repository `source`, with a folder that DVC keeps and files in Git, that one is imported from into an artifact `d`.
struct Imports {
    here: Dvc,
    source: Dvc,
    sshd: Sshd,
}

/// The list that DVC makes of a folder.
fn list(files: &[(&str, &str)]) -> String {
    let entries = files
        .iter()
        .map(|(path, content)| format!(r#"{{"md5": "{}", "relpath": "{path}"}}"#, md5(content)))
        .collect::<Vec<_>>();
    format!("[{}]", entries.join(", "))
}

impl Imports {
    fn or_skip() -> Option<Self> {
        let mut here = Dvc::new();
        let repo = here.repo.sandbox().repo_with("source", RepoOptions::default());
        let store = here.repo.path().join("../store");
        let config = format!("[core]\n    remote = r\n['remote \"r\"']\n    url = {}\n", store.display());
        repo.commit(&[(".dvc/config", &config), ("sub/.gitignore", "/kept\n")], "1");
        let source = Dvc { repo, store };
        let sshd = Sshd::or_skip(&source.repo)?;
        for (name, value) in [("GIT_SSH_COMMAND", &*sshd.command), ("GIT_ALLOW_PROTOCOL", "file:ssh")] {
            here.repo.sandbox_mut().set_env(name, value);
        }
        Some(Self { here, source, sshd })
    }

    /// Makes the artifact an import of `path`, as `dvc import` writes it down.
    fn import(&self, path: &str, hash: &str) {
        self.import_from(&self.sshd.url, path, hash);
    }

    fn import_from(&self, url: &str, path: &str, hash: &str) {
        let commit = self.source.repo.git_ok(&["rev-parse", "HEAD"]);
        let text = format!(
            "frozen: true\ndeps:\n- path: {path}\n  repo:\n    url: {url}\n    rev_lock: {commit}\nouts:\n- md5: {hash}\n  \
             hash: md5\n  path: d\n"
        );
        self.here.repo.commit(&[("d.dvc", &text)], "import");
        self.here.register();
    }
}

#[test]
fn what_is_imported_comes_from_the_repository_that_it_is_imported_from() {
    let Some(at) = Imports::or_skip() else { return };
    let files = [("a", "1"), ("b/ü c", "2")];
    for (_, content) in files {
        at.source.cache(content);
    }
    let kept = list(&files).replace('ü', "\\u00fc");
    at.source.folder("kept", &kept);
    let files = [("in git", "text"), ("plain/x", "3"), ("plain/y/ü", "4")];
    at.source.repo.commit(&files, "files");
    // The newest commit there has other files.
    let imported = at.source.repo.git_ok(&["rev-parse", "HEAD"]);
    at.source.repo.commit(&[("in git", "changed")], "later");
    at.source.repo.git_ok(&["checkout", "-q", &imported]);

    at.import("kept", &format!("{}.dir", md5(&kept)));
    let run = gto(&at.here.repo, "get d -o kept").ok();
    assert_eq!((at.here.read("kept/a"), at.here.read("kept/b/ü c")), ("1".into(), "2".into()), "{run}");
    at.import("kept/b/ü c", &md5("2"));
    gto(&at.here.repo, "get d -o part").ok();
    assert_eq!(at.here.read("part"), "2");
    at.import("in git", &md5("text"));
    gto(&at.here.repo, "get d -o one").ok();
    assert_eq!(at.here.read("one"), "text");
    let plain = list(&[("x", "3"), ("y/\\u00fc", "4")]);
    at.import("plain", &format!("{}.dir", md5(&plain)));
    gto(&at.here.repo, "get d -o plain").ok();
    assert_eq!((at.here.read("plain/x"), at.here.read("plain/y/ü")), ("3".into(), "4".into()));
    // What is in the own cache needs no repository.
    at.import_from("ssh://nobody@127.0.0.1:1/r", "in git", &md5("text"));
    at.here.cache("text");
    gto(&at.here.repo, "get d -o cached").ok();
}

#[test]
fn what_was_imported_without_a_download_comes_from_the_commit_that_is_named() {
    let Some(at) = Imports::or_skip() else { return };
    for content in ["1", "2"] {
        at.source.cache(content);
    }
    let list = list(&[("a", "1"), ("b", "2")]);
    at.source.folder("kept", &list);
    at.source.file("one", "1");
    at.source.repo.commit(&[("git", "text"), ("folder/x", "3")], "in Git");
    for (path, files) in [
        ("git", &[("", "text")][..]),
        ("one", &[("", "1")]),
        ("kept", &[("/a", "1"), ("/b", "2")]),
        ("kept/a", &[("", "1")]),
        ("folder", &[("/x", "3")]),
    ] {
        let out = format!("out-{}", path.replace('/', "-"));
        at.import(path, "null");
        gto(&at.here.repo, &format!("get d -o {out}")).ok();
        for (file, content) in files {
            assert_eq!(at.here.read(&format!("{out}{file}")), *content, "{path}");
        }
    }
    at.import("nothing", "null");
    let run = gto(&at.here.repo, "get d -o no").fails(1);
    assert!(run.err().contains("it has nothing at that path"), "{run}");
    at.import_from("/nonexistent", "git", "null");
    let run = gto(&at.here.repo, "get d -o no").fails(1);
    assert!(run.err().contains("imports are followed over https and ssh alone"), "{run}");
}

#[test]
fn what_is_imported_may_be_a_version_in_a_cloud_there() {
    let Some(mut at) = Imports::or_skip() else { return };
    let (folder, versions) = (at.here.repo.path().join("../served"), at.here.repo.path().join("../versions"));
    for (name, content) in [("m", "333"), ("d/a", "1"), ("d/b", "2")] {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the sandbox is writable");
        std::fs::write(file, content).expect("the sandbox is writable");
    }
    let Some((_server, address)) = cloud_with("s3", &folder, Some(&versions)) else { return };
    let versions = std::fs::read_to_string(versions).expect("the server wrote it");
    let cloud = |name: &str| {
        let line =
            versions.lines().find(|line| line.ends_with(&format!(" {name}"))).expect("each has a version");
        format!("cloud: {{v: {{version_id: {}}}}}", line.split(' ').next().unwrap_or_default())
    };
    let config = format!(
        "[core]\nremote = v\n['remote \"v\"']\nurl = s3://bucket\nendpointurl = {address}\nversion_aware = true\n"
    );
    let file = format!("outs:\n- {{md5: {}, hash: md5, path: m, {}}}\n", md5("333"), cloud("m"));
    let entry = |name: &str, content: &str| {
        format!("{{relpath: {name}, md5: {}, {}}}", md5(content), cloud(&format!("d/{name}")))
    };
    let listed =
        format!("outs:\n- {{hash: md5, path: d, files: [{}, {}]}}\n", entry("a", "1"), entry("b", "2"));
    at.source.repo.commit(&[(".dvc/config", &config), ("m.dvc", &file), ("d.dvc", &listed)], "pushed");
    for (name, value) in [("AWS_ACCESS_KEY_ID", "me"), ("AWS_SECRET_ACCESS_KEY", "secret")] {
        at.here.repo.sandbox_mut().set_env(name, value);
    }
    let all = format!("{}.dir", md5(&list(&[("a", "1"), ("b", "2")])));
    for (path, hash, file, content) in [
        ("m", md5("333"), "", "333"),
        ("m", "null".to_owned(), "", "333"),
        ("d", all, "/b", "2"),
        ("d", "null".to_owned(), "/b", "2"),
        ("d/a", md5("1"), "", "1"),
    ] {
        at.import(path, &hash);
        let run = gto(&at.here.repo, "get d -o out").fails(1);
        assert!(run.err().contains("without --trust-remote 127.0.0.1:"), "{run}");
        gto(&at.here.repo, "get d -o out --trust-remote 127.0.0.1").ok();
        assert_eq!(at.here.read(&format!("out{file}")), content, "{path}");
        let out = at.here.repo.path().join("out");
        let _ = std::fs::remove_dir_all(&out).or_else(|_| std::fs::remove_file(&out));
    }
}

#[test]
fn an_import_that_is_not_what_was_imported_is_refused() {
    let Some(at) = Imports::or_skip() else { return };
    at.source.repo.commit(&[("file", "text"), ("folder/x", "3")], "files");
    at.import("file", &md5("other"));
    let run = gto(&at.here.repo, "get d -o out").fails(1);
    assert!(run.err().contains("'d' is damaged in the repository '127.0.0.1:"), "{run}");
    for (path, hash) in [("folder", format!("{}.dir", md5("[]"))), ("nothing", md5("text"))] {
        at.import(path, &hash);
        let run = gto(&at.here.repo, "get d -o out").fails(1);
        assert!(run.err().contains("not in the repository '127.0.0.1:"), "{run}");
    }
    assert!(!at.here.repo.path().join("out").exists());
}

#[test]
fn an_import_names_no_file_of_this_machine_and_no_program() {
    let here = Dvc::new();
    let source = here.repo.sandbox().repo_with("source", RepoOptions::default());
    source.commit(&[("file", "text")], "1");
    source.tag("t", "HEAD", &TagSpec::default());
    let path = source.path().display().to_string();
    let marker = here.repo.path().join("marker");
    let program = format!("ext::touch {}", marker.display());
    let option = "ssh://-oProxyCommand=touch%20marker/r".to_owned();
    for url in [path.clone(), format!("file://{path}"), "../source".to_owned(), program, option] {
        let text = format!(
            "deps:\n- path: file\n  repo:\n    url: '{url}'\n    rev_lock: {}\nouts:\n- md5: {}\n  hash: md5\n  path: d\n",
            source.git_ok(&["rev-parse", "HEAD"]),
            md5("text")
        );
        here.repo.commit(&[("d.dvc", &text)], "import");
        here.register();
        let run = gto(&here.repo, "get d -o out").fails(1);
        assert!(run.err().contains("imports are followed over https and ssh alone"), "{url}: {run}");
        assert!(!marker.exists() && !here.repo.path().join("out").exists());
    }
}
