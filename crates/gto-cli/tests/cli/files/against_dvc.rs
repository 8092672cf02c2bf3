//! Repositories that DVC itself makes: what `gto get` writes is what `dvc get` writes.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::gto;
use crate::common::sshd::Sshd;
use gto_testkit::{Repo, RepoOptions, TagSpec, skip};

/// The Python with DVC: that of `GTO_DVC`, else one in the target folder.
pub fn python() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/dvc/bin/python");
    let python = std::env::var_os("GTO_DVC").map_or_else(beside, PathBuf::from);
    let check = "import dvc; assert dvc.__version__.startswith('3.')";
    let works = std::process::Command::new(&python).args(["-c", check]).output();
    let works = works.is_ok_and(|output| output.status.success());
    if !works {
        skip("no DVC: GTO_DVC names no Python that has dvc 3");
    }
    works.then_some(python)
}

struct Theirs {
    repo: Repo,
    python: PathBuf,
}

impl Theirs {
    fn run(&self, args: &[&str]) {
        let mut dvc = self.repo.command(&self.python);
        dvc.args(["-m", "dvc"]).args(args).env("DVC_NO_ANALYTICS", "1").env("CI", "1");
        let output = dvc.output().expect("it was started before");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "dvc {args:?}: {said}");
    }
}

/// All files below, with their contents.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        if next.is_file() {
            found.insert(String::new(), fs::read(&next).expect("it can be read"));
            continue;
        }
        for entry in fs::read_dir(next).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below").display().to_string();
                found.insert(name, fs::read(path).expect("it can be read"));
            }
        }
    }
    found
}

#[test]
fn what_is_got_is_what_dvc_get_writes() {
    let Some(python) = python() else { return };
    let repo = Repo::new();
    let theirs = Theirs { repo, python };
    theirs.run(&["init", "-q"]);
    theirs.run(&["remote", "add", "-q", "-d", "store", "../store"]);
    let write = |path: &str, content: &[u8]| {
        let path = theirs.repo.path().join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the sandbox is writable");
        fs::write(path, content).expect("the sandbox is writable");
    };
    write("models/m.pkl", b"model\0");
    write("models/README.md", b"in git\r\n");
    write("models/sub/more/text.txt", b"a\r\nb\r\n");
    write("data/a/1.csv", b"1");
    write("data/a/deep/2.csv", b"2");
    write("data/empty", b"");
    write("nested/params.yaml", b"name: out\n");
    let pipeline = "vars: [params.yaml]\nstages:\n  make:\n    cmd: mkdir -p d && echo 3 > d/3 && echo x > f\n    \
                    outs: ['${name}put.txt': {cache: false}, d, f]\n  each:\n    foreach: [p, q]\n    do:\n      \
                    cmd: echo ${item} > ${item}.txt\n      outs: ['${item}.txt']\n";
    let pipeline = pipeline.replace("cmd: mkdir", "cmd: echo 4 > output.txt && mkdir");
    write("nested/dvc.yaml", pipeline.as_bytes());
    theirs.run(&["add", "-q", "models/m.pkl", "models/sub", "data"]);
    theirs.run(&["repro", "-q", "nested/dvc.yaml"]);
    theirs.run(&["push", "-q"]);
    theirs.repo.git_ok(&["add", "-A"]);
    theirs.repo.commit(&[("artifacts.yaml", "x: {path: models}\n")], "made by DVC");
    theirs.repo.tag("x@v1.0.0", "HEAD", &TagSpec::default());
    // From the remote alone.
    fs::remove_dir_all(theirs.repo.path().join(".dvc/cache")).unwrap();
    let paths = [
        "models",
        "models/m.pkl",
        "models/sub",
        "models/sub/more",
        "models/sub/more/text.txt",
        "data",
        "data/a/deep",
        "data/empty",
        "nested",
        "nested/d",
        "nested/p.txt",
        "nested/output.txt",
    ];
    let script = "import sys\nfrom dvc.repo import Repo\n\
                  for number, path in enumerate(sys.argv[1:]): Repo.get('.', path, f'../theirs{number}')";
    let mut dvc = theirs.repo.command(&theirs.python);
    dvc.args(["-c", script]).args(paths).env("DVC_NO_ANALYTICS", "1");
    assert!(dvc.output().expect("it was started before").status.success());
    for (number, path) in paths.into_iter().enumerate() {
        let (ours, dvcs) = (format!("../ours{number}"), format!("../theirs{number}"));
        gto(&theirs.repo, &format!("get x --path {path} -o {ours}")).ok();
        let [ours, dvcs] = [ours, dvcs].map(|folder| contents(&theirs.repo.path().join(folder)));
        assert_eq!(ours, dvcs, "{path}");
        assert!(!ours.is_empty());
    }
}

/// DVC imports from a folder of this machine, which no commit may name to us: the address is written in afterwards.
#[test]
fn what_dvc_imports_is_got_from_the_repository_that_it_is_imported_from() {
    let Some(python) = python() else { return };
    let source = Repo::new();
    let Some(sshd) = Sshd::or_skip(&source) else { return };
    let mut here = source.sandbox().repo_with("here", RepoOptions::default());
    let path = source.path().display().to_string();
    let source = Theirs { repo: source, python: python.clone() };
    source.run(&["init", "-q"]);
    source.run(&["remote", "add", "-q", "-d", "store", &format!("{path}/../store")]);
    for file in ["data/a/1.csv", "data/ü 2.csv"] {
        let file = source.repo.path().join(file);
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the sandbox is writable");
        fs::write(file, "1").expect("the sandbox is writable");
    }
    source.run(&["add", "-q", "data"]);
    source.run(&["push", "-q"]);
    source.repo.git_ok(&["add", "-A"]);
    source.repo.commit(&[("plain/ü", "2"), ("plain/deep/\"q\"", "3"), ("one", "4")], "files of Git");
    for (name, value) in [("GIT_SSH_COMMAND", &*sshd.command), ("GIT_ALLOW_PROTOCOL", "file:ssh")] {
        here.sandbox_mut().set_env(name, value);
    }
    let theirs = Theirs { repo: here, python };
    theirs.run(&["init", "-q"]);
    let imported = ["data", "data/a", "data/ü 2.csv", "plain", "one"];
    for (n, from) in imported.iter().enumerate() {
        theirs.run(&["import", "-q", &path, from, "-o", &format!("i{n}")]);
        let file = theirs.repo.path().join(format!("i{n}.dvc"));
        let text = fs::read_to_string(&file).expect("DVC wrote it");
        assert!(text.contains(&path), "{text}");
        fs::write(file, text.replace(&path, &sshd.url)).expect("the sandbox is writable");
    }
    theirs.repo.git_ok(&["add", "-A"]);
    theirs.repo.commit(&[("artifacts.yaml", "x: {path: i0}\n")], "imported by DVC");
    theirs.repo.tag("x@v1.0.0", "HEAD", &TagSpec::default());
    fs::remove_dir_all(theirs.repo.path().join(".dvc/cache")).unwrap();
    for (n, from) in imported.iter().enumerate() {
        gto(&theirs.repo, &format!("get x --path i{n} -o ../ours{n}")).ok();
        let ours = contents(&theirs.repo.path().join(format!("../ours{n}")));
        assert_eq!(ours, contents(&source.repo.path().join(from)), "{from}");
    }
}
