//! `gto get` of what `dvc import` has brought: from the repository that it is imported from, over a real sshd.

#![cfg(unix)]

use super::dvc::{Dvc, md5};
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
