//! `gto get` of what DVC keeps: caches, folders and servers, in the layouts of DVC 2 and 3. See `against_dvc` for DVC itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::common::{gto, hints_at};
use gto_testkit::{Repo, Sandbox, TagSpec};

/// A repository with objects of DVC, made by hand, and an artifact `d` at the path `d`.
pub struct Dvc {
    pub repo: Repo,
    /// Where objects are written to.
    pub store: PathBuf,
}

/// The hash of a text.
pub fn md5(text: &str) -> String {
    use md5::Digest as _;
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).expect("it is one"))
    };
    md5::Md5::digest(text).iter().flat_map(digits).collect()
}

impl Dvc {
    pub fn new() -> Self {
        let repo = Repo::new();
        repo.commit(&[(".dvc/config", ""), ("artifacts.yaml", "d: {path: d}\n")], "1");
        Self { store: repo.path().join(".dvc/cache"), repo }
    }

    /// The same with a folder as its remote, where objects are.
    pub fn with_remote() -> Self {
        let dvc = Self::new();
        dvc.configure("[core]\n    remote = r\n['remote \"r\"']\n    url = ../../store\n");
        Self { store: dvc.repo.path().join("../store"), ..dvc }
    }

    pub fn configure(&self, config: &str) {
        self.repo.commit(&[(".dvc/config", config)], "config");
        self.register();
    }

    /// Puts the newest version on the current commit.
    pub fn register(&self) {
        let names = self.repo.tag_names().len();
        self.repo.tag(&format!("d@v{}.0.0", names + 1), "HEAD", &TagSpec::default());
    }

    fn put(&self, path: &str, content: &str) -> PathBuf {
        let path = self.store.join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the sandbox is writable");
        fs::write(&path, content).expect("the sandbox is writable");
        path
    }

    /// Puts an object of DVC 3.
    pub fn cache(&self, content: &str) -> PathBuf {
        let hash = md5(content);
        self.put(&format!("files/md5/{}/{}", &hash[..2], &hash[2..]), content)
    }

    /// Makes `path` a file that DVC 3 keeps.
    pub fn file(&self, path: &str, content: &str) {
        let text = format!(
            "outs:\n- md5: {}\n  size: {}\n  hash: md5\n  path: {path}\n",
            md5(content),
            content.len()
        );
        self.repo.commit(&[(&format!("{path}.dvc"), &text)], "file");
        self.register();
    }

    /// Makes `path` a folder that DVC 3 keeps, with this list.
    pub fn folder(&self, path: &str, list: &str) {
        let hash = md5(list);
        self.put(&format!("files/md5/{}/{}.dir", &hash[..2], &hash[2..]), list);
        let text = format!("outs:\n- md5: {hash}.dir\n  size: 1\n  nfiles: 1\n  hash: md5\n  path: {path}\n");
        self.repo.commit(&[(&format!("{path}.dvc"), &text)], "folder");
        self.register();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.repo.path().join(path)).unwrap_or_else(|error| error.to_string())
    }
}

#[test]
fn a_file_comes_from_the_cache_or_the_remote() {
    for dvc in [Dvc::new(), Dvc::with_remote()] {
        dvc.file("d", "content");
        let object = dvc.cache("content");
        let run = gto(&dvc.repo, "get d -o out").ok();
        assert_eq!(dvc.read("out"), "content", "{run}");
        assert_eq!(gto(&dvc.repo, "cat d").ok().out(), "content");
        let listed = gto(&dvc.repo, "ls d --json").ok().json();
        assert_eq!(listed["files"][0]["hash"], format!("md5:{}", md5("content")));
        // Nothing is asked for again.
        fs::remove_file(object).unwrap();
        assert!(gto(&dvc.repo, "get d -o out").ok().out().contains("is up to date"));
        let run = gto(&dvc.repo, "get d -o new").fails(1);
        let error = run.err();
        assert!(error.contains("Cannot find 'd' (md5:") && error.contains("not in the cache"), "{run}");
        hints_at(&run, "`dvc push`");
        hints_at(&run, "`dvc get --rev ");
    }
}

#[test]
fn a_tampered_object_is_refused_and_nothing_of_it_is_kept() {
    for content in ["tampered", "contents", "content and more", "", "con"] {
        let dvc = Dvc::with_remote();
        dvc.file("d", "content");
        fs::write(dvc.cache("content"), content).unwrap();
        let run = gto(&dvc.repo, "get d -o out").fails(1);
        assert!(run.err().contains("'d' is damaged in remote 'r'"), "{run}");
        assert!(!dvc.repo.path().join("out").exists());
        // The cache has a whole one.
        let cached = Dvc { store: dvc.repo.path().join(".dvc/cache"), ..dvc };
        cached.cache("content");
        gto(&cached.repo, "get d -o out").ok();
        assert_eq!(cached.read("out"), "content");
    }
}

#[test]
fn a_folder_and_a_file_in_one_are_got() {
    let dvc = Dvc::with_remote();
    for content in ["1", "2"] {
        dvc.cache(content);
    }
    let list = format!(
        r#"[{{"md5": "{}", "relpath": "a"}}, {{"md5": "{}", "relpath": "sub/b c.txt"}}]"#,
        md5("1"),
        md5("2")
    );
    dvc.folder("d", &list);
    gto(&dvc.repo, "get d -o out").ok();
    assert_eq!((dvc.read("out/a"), dvc.read("out/sub/b c.txt")), ("1".into(), "2".into()));
    gto(&dvc.repo, "get d --path d/sub -o sub").ok();
    assert_eq!(dvc.read("sub/b c.txt"), "2");
    assert_eq!(gto(&dvc.repo, "cat d --path d/a").ok().out(), "1");
    gto(&dvc.repo, "get d --path d/none").fails(1);
    let run = gto(&dvc.repo, "get d -o some --include b*").ok();
    assert!(run.out().contains("1 file") && !dvc.repo.path().join("some/a").exists(), "{run}");
}

#[test]
fn dvc_2_has_its_own_places_and_its_own_hash_of_text() {
    let dvc = Dvc::with_remote();
    let (text, unix) = ("a\r\nb\r\n", "a\nb\n");
    let hash = md5(unix);
    dvc.put(&format!("{}/{}", &hash[..2], &hash[2..]), text);
    let list = format!(r#"[{{"md5": "{hash}", "relpath": "t.txt"}}]"#);
    let listed = md5(&list);
    dvc.put(&format!("{}/{}.dir", &listed[..2], &listed[2..]), &list);
    let out = format!("outs:\n- md5: {hash}\n  size: 6\n  path: d\n");
    dvc.repo.commit(&[("d.dvc", &out)], "DVC 2");
    dvc.register();
    gto(&dvc.repo, "get d -o out").ok();
    assert_eq!(dvc.read("out"), text);
    assert!(gto(&dvc.repo, "get d -o out").ok().out().contains("is up to date"));
    dvc.repo.commit(&[("d.dvc", &format!("outs:\n- md5: {listed}.dir\n  path: d\n"))], "DVC 2");
    dvc.register();
    gto(&dvc.repo, "get d -o folder").ok();
    assert_eq!(dvc.read("folder/t.txt"), text);
}

#[test]
fn the_settings_of_the_user_count_more_than_those_of_the_commit() {
    let dvc = Dvc::new();
    dvc.configure("[core]\nremote = nowhere\n['remote \"nowhere\"']\nurl = /nonexistent\n");
    dvc.file("d", "content");
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("not in remote 'nowhere'"), "{run}");
    let store = Dvc { store: dvc.repo.path().join("../store"), ..dvc };
    store.cache("content");
    let local = store.repo.path().join(".dvc/config.local");
    fs::write(&local, "['remote \"Nowhere\"']\nurl = ../../store\n").unwrap();
    gto(&store.repo, "get d -o out").ok();
    fs::remove_file(local).unwrap();
    // The user's own file gives a cache to all repositories.
    let folder = store.repo.sandbox().home().join("dvc");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config"), format!("[cache]\ndir = {}\n", store.store.display())).unwrap();
    let mut repo = store.repo;
    repo.sandbox_mut().set_env("DVC_GLOBAL_CONFIG_DIR", &folder);
    gto(&repo, "get d -o other").ok();
}

#[test]
fn what_gto_cannot_read_it_says_with_the_command_of_dvc() {
    for (scheme, words) in [
        ("gdrive://id/x", "of the kind 'gdrive'"),
        ("hdfs://host/x", "of the kind 'hdfs'"),
        ("webdavs://host/x", "of the kind 'webdavs'"),
    ] {
        let dvc = Dvc::new();
        dvc.configure(&format!("[core]\nremote = r\n['remote \"r\"']\nurl = {scheme}\n"));
        dvc.file("d", "content");
        let run = gto(&dvc.repo, "get d -o out").fails(1);
        assert!(run.err().contains(words), "{run}");
        hints_at(&run, "`dvc get --rev ");
    }
    let dvc = Dvc::new();
    let etags = "outs:\n- path: d\n  files:\n  - relpath: a\n    cloud: {r: {etag: x, version_id: y}}\n";
    dvc.repo.commit(&[("d.dvc", etags)], "a folder without hashes");
    dvc.register();
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("by another hash than md5, which gto cannot read"), "{run}");
    hints_at(&run, "`dvc get --rev ");
}

/// Python's own server, which knows no parts, or one that does: until it is dropped.
#[cfg(unix)]
pub struct Server(pub std::process::Child);

#[cfg(unix)]
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server of this folder, and its address; `None` without Python.
#[cfg(unix)]
pub fn served(folder: &Path, mode: &str) -> Option<(Server, String)> {
    use std::io::BufRead as _;
    let sandbox = Sandbox::new();
    let mut python = sandbox.command("python3");
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/files/server.py")).arg(folder).arg(mode);
    let Ok(mut child) = python.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        gto_testkit::skip("python3 is not installed");
        return None;
    };
    let mut port = String::new();
    std::io::BufReader::new(child.stdout.take()?).read_line(&mut port).ok()?;
    Some((Server(child), format!("http://127.0.0.1:{}", port.trim())))
}

#[cfg(unix)]
#[test]
fn a_server_gives_objects_breaks_off_and_is_asked_again() {
    let large = "0123456789abcdef".repeat(300_000);
    // What the server does, and whether that is worth asking again.
    for (mode, is_got) in [
        ("plain", true),
        ("parts", true),
        ("breaks", true),
        ("busy", true),
        ("redirects", true),
        ("login", true),
        ("denied", false),
        ("down", false),
    ] {
        let mut dvc = Dvc::new();
        dvc.store = dvc.repo.path().join("../served");
        dvc.cache(&large);
        let Some((_server, url)) = served(&dvc.store, mode) else { return };
        dvc.configure(&format!("[core]\nremote = web\n['remote \"web\"']\nurl = {url}\n"));
        if mode == "login" {
            let own =
                format!("['remote \"web\"']\nurl = {url}\nauth = basic\nuser = me\npassword = secret\n");
            fs::write(dvc.repo.path().join(".dvc/config.local"), own).unwrap();
        }
        dvc.file("d", &large);
        let run = gto(&dvc.repo, "get d -o out");
        assert_eq!(run.status == 0, is_got, "{mode}: {run}");
        assert_eq!(dvc.read("out") == large, is_got, "{mode}");
        if !is_got {
            hints_at(&run, "`dvc get --rev ");
        }
    }
}

#[cfg(unix)]
#[test]
fn what_an_interrupted_run_has_is_not_asked_for_again() {
    let large = "0123456789abcdef".repeat(300_000);
    let mut dvc = Dvc::new();
    dvc.store = dvc.repo.path().join("../served");
    dvc.cache(&large);
    let Some((_server, url)) = served(&dvc.store, "second half") else { return };
    dvc.configure(&format!("[core]\nremote = web\n['remote \"web\"']\nurl = {url}\n"));
    dvc.file("d", &large);
    // As a kill leaves it.
    let left = dvc.repo.path().join(".out.gto-get/files");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("d"), &large[..large.len() / 2]).unwrap();
    fs::write(left.join("of another run"), "x").unwrap();
    let run = gto(&dvc.repo, "get d -o out").ok();
    assert_eq!(run.out(), "Got d@v2.0.0 into 'out': 1 file, 4.8 MB\n");
    assert!(dvc.read("out") == large);
    assert!(!dvc.repo.path().join(".out.gto-get").exists());
}

#[cfg(unix)]
#[test]
fn dvc_itself_is_run_for_who_wants_that_and_missed_by_its_name() {
    let mut dvc = Dvc::with_remote();
    dvc.file("d", "content");
    let commit = dvc.repo.git_ok(&["rev-parse", "HEAD"]);
    let bin = dvc.repo.sandbox().path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    dvc.repo.sandbox_mut().set_env("PATH", bin.display().to_string());
    let run = gto(&dvc.repo, "get d --with-dvc").fails(1);
    assert!(run.err().contains("Cannot run `dvc`: it is not installed"), "{run}");
    hints_at(&run, "`pip install dvc`");
    for (status, script) in [(0, "echo \"$*\" > said"), (1, "echo 'no such remote' >&2; exit 3")] {
        let path = bin.join("dvc");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let run = gto(&dvc.repo, "get d --with-dvc -o out --force");
        assert_eq!(run.status, status, "{run}");
    }
    assert_eq!(dvc.read("said"), format!("get --force --rev {commit} --out out -- . d\n"));
}
