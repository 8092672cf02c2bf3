//! `gto get`, `gto ls` and `gto cat` of what Git has.

use std::fs;
use std::path::Path;

use crate::common::{binary, gto, hints_at, refused, warns_of};
use gto_testkit::{Repo, RepoOptions, Run, Sandbox, TagSpec};

const ANNOTATIONS: &str = "m: {type: model, path: models/m.pkl}\ndata: {path: data}\nbare: {type: model}\n\
                           away: {path: 's3://bucket/x'}\ngone: {path: gone.txt}\n";

/// Two versions of a file and of a folder; `#prod` has the first.
fn repo() -> Repo {
    let repo = Repo::new();
    let files = [
        ("artifacts.yaml", ANNOTATIONS),
        ("models/m.pkl", "one"),
        ("data/a.txt", "a1"),
        ("data/sub/b.csv", "b1"),
        ("other", "x"),
    ];
    repo.commit(&files, "first");
    for name in ["m@v1.0.0", "data@v1.0.0", "bare@v1.0.0", "away@v1.0.0", "gone@v1.0.0", "m#prod#1"] {
        repo.tag(name, "HEAD", &TagSpec::default());
    }
    repo.commit(&[("models/m.pkl", "two"), ("data/a.txt", "a2"), ("data/c.txt", "c2")], "second");
    for name in ["m@v2.0.0", "data@v2.0.0"] {
        repo.tag(name, "HEAD", &TagSpec::default());
    }
    repo
}

fn read(repo: &Repo, path: &str) -> String {
    fs::read_to_string(repo.path().join(path)).unwrap_or_else(|error| format!("{path}: {error}"))
}

/// All files below a folder, by their paths.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("the folder is there") {
            let entry = entry.expect("it can be read");
            if entry.file_type().expect("it has a type").is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                found.push(path.strip_prefix(folder).expect("it is below").display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_file_is_got_by_name_version_latest_stage_and_tag() {
    let repo = repo();
    for (reference, content) in
        [("m", "two"), ("m@v1.0.0", "one"), ("m@latest", "two"), ("m#prod", "one"), ("m#prod#1", "one")]
    {
        let run = gto(&repo, &format!("get {reference} -o out/deep/x --force")).ok();
        assert_eq!(read(&repo, "out/deep/x"), content, "{run}");
        assert_eq!(gto(&repo, &format!("cat {reference}")).ok().out(), content);
    }
    assert_eq!(gto(&repo, "get m").ok().out(), "Got m@v2.0.0 into 'm.pkl': 1 file, 3 B\n");
    assert_eq!(gto(&repo, "get m").ok().out(), "'m.pkl' is up to date: m@v2.0.0\n");
    // A folder that is there gets the file, as with `cp`.
    fs::create_dir(repo.path().join("folder")).unwrap();
    gto(&repo, "get m -o folder").ok();
    gto(&repo, "get m -o new/").ok();
    assert_eq!(files(&repo.path().join("new")), files(&repo.path().join("folder")));
    assert_eq!(read(&repo, "folder/m.pkl"), "two");
    assert_eq!(files(&repo.path().join("out")), ["deep/x"], "nothing else is left");
}

#[test]
fn a_folder_is_got_whole_or_in_parts_and_what_is_there_is_kept() {
    let repo = repo();
    let run = gto(&repo, "get data@v1.0.0 -o d").ok();
    assert_eq!(run.out(), "Got data@v1.0.0 into 'd': 2 files, 4 B\n");
    assert_eq!(files(&repo.path().join("d")), ["a.txt", "sub/b.csv"]);
    assert_eq!(gto(&repo, "get data@v1.0.0 -o d").ok().out(), "'d' is up to date: data@v1.0.0\n");
    // Of what is missing, no more than that is written.
    fs::remove_file(repo.path().join("d/sub/b.csv")).unwrap();
    let run = gto(&repo, "get data@v1.0.0 -o d --json").ok();
    let json = run.json();
    assert_eq!((&json["written"], &json["kept"], &json["version"]), (&1.into(), &1.into(), &"v1.0.0".into()));
    assert_eq!(json["files"][1]["path"], "sub/b.csv");
    // Another version is not mixed into it unasked.
    let run = gto(&repo, "get data -o d").fails(1);
    assert!(run.err().contains("/d' is there already, and differs from data@v2.0.0"), "{run}");
    hints_at(&run, "'a.txt' would be replaced: add --force");
    fs::write(repo.path().join("d/own"), "mine").unwrap();
    let run = gto(&repo, "get data -o d --force").ok();
    warns_of(&run, "1 file in 'd' is not of data@v2.0.0");
    assert_eq!(
        (read(&repo, "d/a.txt"), read(&repo, "d/c.txt"), read(&repo, "d/own")),
        ("a2".into(), "c2".into(), "mine".into())
    );
    gto(&repo, "get data -o e --include *.txt --exclude c.txt").ok();
    assert_eq!(files(&repo.path().join("e")), ["a.txt"]);
    let error = "No file of 'data' is wanted: --include and --exclude leave out all 3";
    refused(&repo, "get data -o f --include *.pkl", error);
}

#[test]
fn a_dry_run_and_a_printed_command_write_nothing() {
    let repo = repo();
    let before = repo.fingerprint();
    let run = gto(&repo, "get data -o d --dry-run").ok();
    assert_eq!(run.out(), "Would get data@v2.0.0 into 'd': 3 files, 6 B\n");
    let commands =
        ["data -o d", "m -o x"].map(|words| gto(&repo, &format!("get {words} --print-command")).ok().out());
    assert_eq!(repo.fingerprint(), before);
    for command in commands {
        assert!(repo.command("sh").args(["-c", &command]).status().unwrap().success(), "{command}");
    }
    assert_eq!((files(&repo.path().join("d")).len(), read(&repo, "x")), (3, "two".to_owned()));
    for line in ["get data -o d", "get m -o x"] {
        assert!(gto(&repo, line).ok().out().contains("is up to date"));
    }
}

#[test]
fn files_are_listed_with_their_sizes_and_one_is_printed() {
    let repo = repo();
    let listed = gto(&repo, "ls data --plain").ok().out();
    let rows: Vec<Vec<&str>> = listed.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows, [["a.txt", "2", "git"], ["c.txt", "2", "git"], ["sub/b.csv", "2", "git"]]);
    let json = gto(&repo, "ls data@v1.0.0 --json --include b.csv").ok().json();
    assert_eq!(
        (&json["path"], &json["folder"], &json["files"][0]["size"]),
        (&"data".into(), &true.into(), &2.into())
    );
    assert_eq!(gto(&repo, "cat data sub/b.csv").ok().out(), "b1");
    hints_at(&refused(&repo, "cat data", "'data' is a folder with 3 files"), "`gto ls NAME`");
    refused(&repo, "cat data x", "There is no file 'x' in 'data'");
    let registry = gto(&repo, "ls --plain").ok().out();
    assert_eq!(registry, gto(&repo, "show --plain").ok().out());
}

#[test]
fn what_cannot_be_got_is_refused_with_the_reason() {
    let repo = repo();
    let commit = &repo.git_ok(&["rev-parse", "bare@v1.0.0^{commit}"])[..7];
    let run = refused(&repo, "get bare", &format!("No path of 'bare' is known at commit {commit}"));
    hints_at(&run, "--path PATH");
    assert_eq!(gto(&repo, "cat bare --path other").ok().out(), "x");
    refused(&repo, "get away", "'s3://bucket/x' is not in the repository");
    refused(&repo, "get gone", &format!("There is no 'gone.txt' in commit {commit}"));
    refused(&repo, "get m@v9.0.0", "Version 'v9.0.0' is not registered");
    fs::create_dir_all(repo.path().join("m.pkl/x")).unwrap();
    fs::create_dir_all(repo.path().join("d/a.txt")).unwrap();
    let run = gto(&repo, "get data -o d --force").fails(1);
    assert!(run.err().contains("is a folder, and the artifact has a file there"), "{run}");
    fs::write(repo.path().join("file"), "").unwrap();
    let run = gto(&repo, "get data -o file --force").fails(1);
    assert!(run.err().contains("is a file, and the artifact is a folder"), "{run}");
    // `-o /dev/null` must not replace what everything else writes to.
    #[cfg(unix)]
    {
        assert!(repo.command("mkfifo").args(["pipe"]).status().unwrap().success());
        let run = gto(&repo, "get m -o pipe --force").fails(1);
        assert!(run.err().contains("pipe' is a device, a pipe or a socket"), "{run}");
    }
}

#[test]
fn large_empty_and_executable_files_are_as_git_checks_them_out() {
    let repo = Repo::new();
    let large = "0123456789abcdef".repeat(200_000);
    repo.commit(
        &[("artifacts.yaml", "d: {path: d}\n"), ("d/large", &large), ("d/empty", ""), ("d/run", "#!")],
        "1",
    );
    repo.git_ok(&["update-index", "--chmod=+x", "d/run"]);
    repo.commit(&[], "2");
    repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    gto(&repo, "get d -o out").ok();
    assert!(read(&repo, "out/large") == large && read(&repo, "out/empty").is_empty());
    assert!(gto(&repo, "cat d large").ok().out() == large);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            |name: &str| fs::metadata(repo.path().join("out").join(name)).unwrap().permissions().mode();
        assert_eq!((mode("run") & 0o111 != 0, mode("large") & 0o111), (true, 0));
    }
}

#[test]
fn sha256_bare_and_remote_repositories_give_their_files() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with("sha256", RepoOptions { sha256: true, ..RepoOptions::default() });
    repo.commit(&[("artifacts.yaml", "d: {path: d}\n"), ("d/x", "1"), ("d/y/z", "2")], "1");
    repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    let bare = sandbox.path().join("bare.git");
    let status = sandbox.command("git").args(["clone", "-q", "--bare"]).arg(repo.path()).arg(&bare).status();
    assert!(status.unwrap().success());
    let here = sandbox.path();
    let url = format!("file://{}", bare.display());
    for (number, from) in
        [bare.to_str().unwrap(), &url, repo.path().to_str().unwrap()].into_iter().enumerate()
    {
        let out = format!("out{number}");
        let run: Run = binary().run_in(&sandbox, here, &["get", "d", "-r", from, "-o", &out], b"");
        run.ok();
        assert_eq!(files(&here.join(&out)), ["x", "y/z"]);
    }
}

#[test]
fn a_damaged_blob_leaves_nothing_behind() {
    let repo = repo();
    let id = repo.git_ok(&["rev-parse", "data@v2.0.0:data/c.txt"]);
    let path = repo.git_dir().join(format!("objects/{}/{}", &id[..2], &id[2..]));
    fs::remove_file(&path).unwrap();
    let run = gto(&repo, "get data -o d").fails(1);
    assert!(run.err().contains(&id), "{run}");
    assert!(!repo.path().join("d").exists());
    fs::copy(repo.git_dir().join("objects").join(object(&repo, "HEAD:other")), path).unwrap();
    gto(&repo, "get data -o d").fails(1);
    assert!(!repo.path().join("d").exists());
}

fn object(repo: &Repo, name: &str) -> String {
    let id = repo.git_ok(&["rev-parse", name]);
    format!("{}/{}", &id[..2], &id[2..])
}

#[test]
fn files_of_git_lfs_come_from_the_clone_and_are_checked() {
    let repo = Repo::new();
    let content = "kept by lfs\n";
    let sum = repo
        .command("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn();
    let Ok(mut sum) = sum else { return gto_testkit::skip("sha256sum is not installed") };
    std::io::Write::write_all(&mut sum.stdin.take().unwrap(), content.as_bytes()).unwrap();
    let output = sum.wait_with_output().unwrap().stdout;
    let oid = String::from_utf8(output).unwrap()[..64].to_owned();
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n", content.len());
    repo.commit(&[("artifacts.yaml", "m: {path: m.bin}\n"), ("m.bin", &pointer)], "1");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    assert!(gto(&repo, "ls m --plain").ok().out().contains("lfs"));
    let run = gto(&repo, "get m -o out").fails(1);
    hints_at(&run, "`git lfs push");
    let folder = repo.git_dir().join(format!("lfs/objects/{}/{}", &oid[..2], &oid[2..4]));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&oid), "kept by lfs!").unwrap();
    let run = gto(&repo, "get m -o out").fails(1);
    assert!(run.err().contains("is damaged in"), "{run}");
    assert!(!repo.path().join("out").exists());
    fs::write(folder.join(&oid), content).unwrap();
    gto(&repo, "get m -o out").ok();
    assert_eq!(read(&repo, "out"), content);
}

#[test]
fn of_a_remote_repository_no_more_is_fetched_than_is_needed() {
    let repo = repo();
    for number in 0..20 {
        repo.commit(&[("data/a.txt", &format!("later {number}"))], "later");
    }
    repo.tag("other@v1.0.0", "HEAD", &TagSpec::default());
    repo.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    let (sandbox, url) = (repo.sandbox(), format!("file://{}", repo.path().display()));
    let here = sandbox.path();
    let run =
        binary().run_in(sandbox, here, &["-v", "get", "data@v1.0.0", "-r", &url, "-o", "out"], b"").ok();
    assert_eq!(files(&here.join("out")), ["a.txt", "sub/b.csv"]);
    let said = run.err();
    let ran = |words: &str| said.lines().filter(|line| line.contains(words)).count();
    // The tags of the artifact with their commits, then folder by folder, then the files at once: no history, no clone.
    assert_eq!((ran("--depth=1"), ran("git clone"), ran("refs/tags/data@*")), (1, 0, 1), "{run}");
    assert!(ran(" fetch ") <= 8, "{run}");
    let missing = binary().run_in(sandbox, here, &["get", "none", "-r", &url], b"").fails(1);
    assert!(missing.err().contains("'none'"), "{missing}");
    // A clone that is kept is used.
    binary().run_in(sandbox, here, &["show", "-r", &url], b"").ok();
    let run = binary().run_in(sandbox, here, &["-v", "get", "m", "-r", &url], b"").ok();
    assert!(!run.err().contains("--depth=1") && here.join("m.pkl").exists(), "{run}");
}

#[test]
fn the_configuration_of_a_remote_repository_counts_where_its_head_leads_somewhere() {
    let repo = Repo::new();
    let annotations = [(".gto", "index: meta/a.yaml\n"), ("meta/a.yaml", "m: {path: f}\n"), ("f", "text")];
    repo.commit(&annotations, "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let (here, url) = (repo.sandbox().path(), format!("file://{}", repo.path().display()));
    let get = |output: &str, more: &[&str]| {
        let words = ["get", "m", "-r", &url, "-o", output];
        binary().run_in(repo.sandbox(), here, &[&words[..], more].concat(), b"")
    };
    get("named", &[]).ok();
    repo.git_ok(&["symbolic-ref", "HEAD", "refs/heads/none"]);
    get("path", &["--path", "f"]).ok();
    let read = |name: &str| fs::read_to_string(here.join(name)).unwrap();
    assert_eq!((read("named"), read("path")), ("text".into(), "text".into()));
}
