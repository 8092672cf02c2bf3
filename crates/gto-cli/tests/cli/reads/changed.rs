//! Which artifacts have changed since their last version.

use crate::common::{gto, hints_at, refused, warns_of};
use gto_testkit::{Repo, RepoOptions, Sandbox};
use serde_json::json;

/// What DVC writes beside a file that it keeps.
fn dvc_file(hash: &str) -> String {
    format!("outs:\n- md5: {hash}\n  size: 3\n  hash: md5\n  path: kept.pkl\n")
}

/// `plain` in Git, `kept` and `made` with DVC, `folder`, and two whose state is unknown.
const CHANGING: &str = "artifacts:\n  plain: {path: plain.bin}\n  kept: {path: kept.pkl}\n  made: {path: out/made.pkl}\n  \
                        folder: {path: dir}\n  away: {path: s3://bucket/x}\n\
                        stages:\n  s: {cmd: x, outs: [out/made.pkl]}\n";

fn changing() -> Repo {
    let repo = Repo::new();
    let files = [
        ("dvc.yaml", CHANGING),
        ("out/.gitignore", "/made.pkl\n"),
        ("artifacts.yaml", "nowhere: {}\n"),
        ("plain.bin", "1"),
        ("kept.pkl.dvc", &dvc_file("aaa")),
        ("dvc.lock", "stages:\n  s:\n    cmd: x\n    outs:\n    - {path: out/made.pkl, md5: aaa}\n"),
        ("dir/a", "1"),
    ];
    repo.commit(&files, "1");
    repo
}

fn tags(repo: &Repo) -> Vec<String> {
    repo.tag_names()
}

#[test]
fn only_what_has_changed_since_its_last_version_gets_a_new_one() {
    let repo = changing();
    let run = gto(&repo, "register --all-changed").ok();
    assert_eq!(tags(&repo), ["folder@v0.0.1", "kept@v0.0.1", "made@v0.0.1", "plain@v0.0.1"]);
    warns_of(&run, "'away' is left out: 's3://bucket/x' is not in the repository");
    warns_of(&run, "'nowhere' is left out: no path of it is annotated");

    repo.commit(&[("other", "x")], "2");
    let same = gto(&repo, "status --changed").fails(3);
    assert!(same.out().contains("unknown") && !same.out().contains("plain"), "{same}");
    assert_eq!(gto(&repo, "register --all-changed --json").ok().json()["tags"], json!([]));
    for name in ["plain", "kept", "made", "folder"] {
        let run = gto(&repo, &format!("register {name} --if-changed")).ok();
        assert_eq!(run.out(), "", "{run}");
        hints_at(&run, &format!("'{name}' is what it was at v0.0.1: no version is registered"));
    }
    assert_eq!(tags(&repo).len(), 4);

    let lock = "stages:\n  s:\n    cmd: x\n    outs:\n    - {path: out/made.pkl, md5: bbb}\n";
    repo.commit(&[("dvc.lock", lock), ("kept.pkl.dvc", &dvc_file("bbb")), ("dir/b", "1")], "3");
    let changed = gto(&repo, "status --changed --json").fails(3).json();
    let states: Vec<_> = changed.as_array().unwrap().iter().map(|c| (&c["artifact"], &c["state"])).collect();
    let expected = [
        ("away", "unknown"),
        ("folder", "changed"),
        ("kept", "changed"),
        ("made", "changed"),
        ("nowhere", "unknown"),
        ("plain", "same"),
    ];
    assert_eq!(
        states,
        expected.map(|(a, b)| (json!(a), json!(b))).iter().map(|(a, b)| (a, b)).collect::<Vec<_>>()
    );
    gto(&repo, "status --changed plain").ok();
    gto(&repo, "status --changed kept").fails(3);
    gto(&repo, "register kept --if-changed --bump-minor").ok();
    gto(&repo, "register --all-changed --bump-major").ok();
    let new = [
        "folder@v0.0.1",
        "folder@v1.0.0",
        "kept@v0.0.1",
        "kept@v0.1.0",
        "made@v0.0.1",
        "made@v1.0.0",
        "plain@v0.0.1",
    ];
    assert_eq!(tags(&repo), new);
    assert_eq!(gto(&repo, "register --all-changed").ok().out(), "");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let repo = changing();
    refused(
        &repo,
        "register nowhere --if-changed",
        "Cannot determine whether artifact 'nowhere' has changed: no path of it is annotated",
    );
    gto(&repo, "register nowhere").ok();
    std::fs::write(repo.path().join("artifacts.yaml"), "late: {path: x}\n").unwrap();
    let late = gto(&repo, "register late --if-changed").fails(1);
    hints_at(
        &late,
        "'artifacts.yaml' annotates it, and that is not committed: `git add -- artifacts.yaml`, then",
    );
    hints_at(&gto(&repo, "history late").ok(), "that is not committed");
    hints_at(&gto(&repo, "show late").fails(1), "that is not committed");
    gto(&repo, "register").fails(2);
    gto(&repo, "register m --all-changed").fails(2);
    gto(&repo, "status --changed --remote x").fails(2);
}

#[test]
fn what_is_annotated_and_out_of_use_is_not_called_not_annotated() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m: {path: m.txt}\n"), ("m.txt", "1")], "first");
    gto(&repo, "register m").ok();
    gto(&repo, "deprecate m").ok();
    let words = "'m' alone is annotated at the current commit, and it is deprecated\n";
    assert_eq!(gto(&repo, "status --changed").ok().out(), words);
}

/// A project as DVC 3.66.1 writes it: `dvc add data`, `dvc add raw/x`, and `dvc repro` of a stage with an output in `models`.
const PIPELINE: &str = "stages:\n  train:\n    cmd: python train.py\n    outs: [models/m.pkl]\n    metrics:\n    \
                        - models/metrics.json: {cache: false}\n";

fn lock(hash: &str) -> String {
    format!(
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    outs:\n    - path: models/m.pkl\n      \
         hash: md5\n      md5: {hash}\n      size: 29\n    - path: models/metrics.json\n      hash: md5\n      \
         md5: 8a80554c91d9fca8acb82f023de02f11\n      size: 3\n"
    )
}

fn data(hash: &str) -> String {
    format!("outs:\n- md5: {hash}.dir\n  size: 2\n  nfiles: 1\n  hash: md5\n  path: data\n")
}

fn raw(hash: &str) -> String {
    format!("outs:\n- md5: {hash}\n  size: 2\n  hash: md5\n  path: x\n")
}

const A: &str = "978ca45691cd12e610fb0788867f8252";
const B: &str = "26ab0db90d72e28ad0ba1e22ee510510";

/// An artifact for each kind of folder, path in a folder, and link.
const FOLDERS: &str = "whole: {path: data}\nwithin: {path: data/part}\nmade: {path: models}\nraw: {path: raw}\n\
                       everything: {path: .}\nlink: {path: links/data}\nlinks: {path: links}\nlinked-file: {path: links/x}\n";

fn folders() -> Repo {
    let repo = Repo::new();
    let links = repo.path().join("links");
    std::fs::create_dir(&links).expect("the sandbox can be written to");
    for (target, link) in [("../data", "data"), ("../raw/x", "x"), ("../models/metrics.json", "metrics")] {
        std::os::unix::fs::symlink(target, links.join(link)).expect("the sandbox can be written to");
    }
    repo.git_ok(&["add", "links"]);
    let files = [
        ("artifacts.yaml", FOLDERS),
        ("dvc.yaml", PIPELINE),
        ("dvc.lock", &lock(A)),
        ("data.dvc", &data(A)),
        ("raw/x.dvc", &raw(A)),
        (".gitignore", "/data\n"),
        ("raw/.gitignore", "/x\n"),
        ("models/.gitignore", "/m.pkl\n"),
        ("models/metrics.json", "{}\n"),
    ];
    repo.commit(&files, "1");
    gto(&repo, "register --all-changed").ok();
    repo
}

/// The artifacts that have changed, or of which it is not known.
fn not_same(repo: &Repo) -> Vec<String> {
    let states = gto(repo, "status --changed --json").fails(3).json();
    let states = states.as_array().expect("a list").clone();
    let others = states.iter().filter(|change| change["state"] != "same");
    others.map(|change| format!("{} {}", change["artifact"], change["state"]).replace('"', "")).collect()
}

#[cfg(unix)]
#[test]
fn a_folder_has_changed_if_what_dvc_keeps_in_it_has() {
    let repo = folders();
    assert_eq!(tags(&repo).len(), 8);
    repo.commit(&[("data.dvc", &data(B))], "2");
    let changed = ["everything", "link", "links", "whole", "within"];
    assert_eq!(not_same(&repo), changed.map(|name| format!("{name} changed")));
    gto(&repo, "register --all-changed").ok();
    repo.commit(&[("dvc.lock", &lock(B))], "3");
    assert_eq!(not_same(&repo), ["everything changed", "made changed"]);
    gto(&repo, "register --all-changed").ok();
    repo.commit(&[("raw/x.dvc", &raw(B))], "4");
    let changed = ["everything", "linked-file", "links", "raw"];
    assert_eq!(not_same(&repo), changed.map(|name| format!("{name} changed")));
    gto(&repo, "register --all-changed").ok();
    repo.commit(&[("models/metrics.json", "{\"a\": 1}\n")], "5");
    assert_eq!(not_same(&repo), ["everything changed", "links changed", "made changed"]);
    gto(&repo, "register --all-changed").ok();
    repo.commit(&[("other", "1")], "6");
    assert_eq!(not_same(&repo), ["everything changed"]);
    // Another path in a folder that is the same as a whole.
    repo.commit(&[("artifacts.yaml", &FOLDERS.replace("data/part", "data/other"))], "7");
    assert_eq!(not_same(&repo), ["everything changed", "within changed"]);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_known_of_a_folder_is_never_the_same() {
    for (file, text, artifact, reason) in [
        ("dvc.lock", "", "made", "'dvc.lock' has no hash of 'models/m.pkl'"),
        ("dvc.lock", "<<<<<<< HEAD\n- x: {\n", "made", "'dvc.lock' cannot be read: "),
        ("raw/new.dvc", "outs:\n- hash: md5\n  path: new\n", "raw", "'raw/new.dvc' has no hash of 'new'"),
        ("data.dvc", "outs: [", "whole", "'data.dvc' cannot be read: "),
        ("artifacts.yaml", "raw: {path: ../raw}\n", "raw", "`../raw` leads out of the repository"),
    ] {
        let repo = folders();
        repo.commit(&[(file, text)], "2");
        assert!(not_same(&repo).contains(&format!("{artifact} unknown")), "{file}");
        let run = gto(&repo, "register --all-changed").ok();
        warns_of(&run, &format!("'{artifact}' is left out: {reason}"));
        let refusal = format!("Cannot determine whether artifact '{artifact}' has changed: {reason}");
        let run = gto(&repo, &format!("register {artifact} --if-changed")).fails(1);
        assert!(run.err().contains(&refusal), "{run}");
    }
    let repo = folders();
    for (target, link) in [("/etc", "links/out"), ("absent", "links/dangling")] {
        std::os::unix::fs::symlink(target, repo.path().join(link)).expect("the sandbox can be written to");
        repo.git_ok(&["add", "links"]);
        repo.commit(&[], link);
        assert!(not_same(&repo).contains(&"links unknown".to_owned()), "{link}");
        std::fs::remove_file(repo.path().join(link)).expect("it is there");
    }
}

/// A bare repository that annotates `a`, `nlp:b` and `c`, of which `a` has a version.
fn remote() -> Repo {
    let remote = Sandbox::new().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    let files = [
        ("artifacts.yaml", "a: {path: x}\nc: {path: y}\n"),
        ("nlp/dvc.yaml", "artifacts: {b: {path: z}}\n"),
        ("x", "1"),
        ("y", "1"),
        ("nlp/z", "1"),
    ];
    remote.commit(&files, "1");
    gto(&remote, "register a --version v1.0.0").ok();
    remote
}

#[test]
fn all_that_has_changed_is_pushed_at_once_after_a_look_at_the_remote() {
    let remote = remote();
    let repo = remote.clone_to("clone");
    repo.git_ok(&["tag", "-d", "a@v1.0.0"]);
    // Not known here until it is looked for.
    gto(&remote, "register nlp:b --version v3.0.0").ok();
    repo.commit(&[("nlp/z", "2")], "2");
    let run = gto(&repo, "register --all-changed --push --dry-run").ok();
    assert!(run.out().contains("'c@v0.0.1'") && run.out().contains("'nlp=b@v3.0.1'"), "{run}");
    assert_eq!(remote.tag_names(), ["a@v1.0.0", "nlp=b@v3.0.0"]);
    let run = gto(&repo, "register --all-changed --push --json").ok().json();
    let pushed: Vec<_> = run["tags"].as_array().expect("a list").iter().map(|tag| &tag["pushed"]).collect();
    assert_eq!(pushed, [true, true]);
    assert_eq!(remote.tag_names(), ["a@v1.0.0", "c@v0.0.1", "nlp=b@v3.0.0", "nlp=b@v3.0.1"]);
    assert_eq!(repo.tags(), remote.tags());
    assert_eq!(remote.git_ok(&["for-each-ref", "refs/gto"]), "", "nothing but the tags");
    let again = gto(&repo, "register --all-changed --push").ok();
    assert_eq!(again.out(), "");
}

#[cfg(unix)]
#[test]
fn a_push_of_several_is_all_or_nothing_and_goes_on_from_what_others_pushed() {
    use std::os::unix::fs::PermissionsExt as _;
    let remote = remote();
    let (repo, other) = (remote.clone_to("clone"), remote.clone_to("other"));
    let hook = |repo: &Repo, name: &str, script: &str| {
        let folder = repo.git_dir().join("hooks");
        std::fs::create_dir_all(&folder).expect("the sandbox can be written to");
        std::fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).expect("it can be written to");
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755))
            .expect("it is there");
    };
    hook(&remote, "update", "case \"$1\" in *c@v*) exit 1;; esac");
    let before = remote.tags();
    gto(&repo, "register --all-changed --push").fails(1);
    assert_eq!((remote.tags(), repo.tags()), (before.clone(), before));
    hook(&remote, "update", "");
    // Between the fetch and the push, another clone assigns the artifact, and so registers it.
    let gto_there = env!("CARGO_BIN_EXE_gto");
    let once = repo.sandbox().path().join("once");
    let script = format!(
        "[ -e '{0}' ] && exit; touch '{0}'\ncd '{1}' && unset GIT_DIR && '{gto_there}' assign c HEAD --stage prod --push >&2",
        once.display(),
        other.path().display()
    );
    hook(&repo, "pre-push", &script);
    let run = gto(&repo, "register --all-changed --push").ok();
    assert!(once.exists(), "{run}");
    let tags = ["a@v1.0.0", "c#prod#1", "c@v0.0.1", "nlp=b@v0.0.1"];
    assert_eq!(
        (remote.tag_names(), repo.tag_names()),
        (tags.map(str::to_owned).into(), tags.map(str::to_owned).into())
    );
    hints_at(&run, "'c' is what it was at v0.0.1");
}

#[test]
fn what_a_broken_file_says_is_not_known_and_never_the_same() {
    let repo = Repo::new();
    let dvc = "artifacts:\n  m: {path: p}\n  n: {path: p}\n";
    let gto_file = "m: {path: old}\nk: {path: old}\n";
    repo.commit(&[("dvc.yaml", dvc), ("artifacts.yaml", gto_file), ("p", "1"), ("old", "1")], "1");
    gto(&repo, "register --all-changed").ok();
    assert_eq!(tags(&repo), ["k@v0.0.1", "m@v0.0.1", "n@v0.0.1"]);
    gto(&repo, "status --changed").ok();

    repo.commit(&[("dvc.yaml", "artifacts:\n  m: {path: p, labels: 3}\n  n: {path: p}\n"), ("p", "2")], "2");
    let why = "'dvc.yaml', line 2, column 24: the annotation of 'm' is left out: 'labels' must be a list of texts, not 3";
    let run = gto(&repo, "register m --if-changed").fails(1);
    assert!(run.err().contains(why), "{run}");
    let run = gto(&repo, "describe m --path").fails(1);
    assert!(run.err().contains(why) && run.out().is_empty(), "{run}");
    gto(&repo, "register n").ok();
    let changed = gto(&repo, "status --changed --json").fails(3).json();
    assert_eq!(changed[1]["state"], "unknown", "{changed}");
    assert!(changed[1]["reason"].as_str().unwrap().contains(why), "{changed}");
    warns_of(&gto(&repo, "register --all-changed").ok(), &format!("'m' is left out: {why}"));

    repo.commit(&[("dvc.yaml", "<<<<<<<\nartifacts:\n")], "3");
    let run = gto(&repo, "status --changed --json").fails(3);
    warns_of(&run, "'dvc.yaml', line 2");
    let changed = run.json();
    let states: Vec<_> =
        changed.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unknown"; 3], "{changed}");
    gto(&repo, "register n --if-changed").fails(1);
    assert_eq!(tags(&repo).len(), 4);
}

#[test]
fn what_somebody_took_back_is_not_registered_again() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m: {path: m}\nn: {path: n}\n"), ("m", "1"), ("n", "1")], "1");
    let first = repo.head();
    gto(&repo, "register m").ok();
    repo.commit(&[("m", "bad")], "2");
    gto(&repo, "register m").ok();
    gto(&repo, "deprecate m v0.0.2").ok();
    for _ in 0..2 {
        let run = gto(&repo, "register m --if-changed").ok();
        hints_at(&run, "'m' is what it was at v0.0.2, which was deregistered: no version is registered");
        repo.commit(&[("other", "x")], "3");
    }
    repo.git_ok(&["checkout", "-q", &first]);
    // An old commit, whose version is not the highest one, keeps nothing else from being registered.
    gto(&repo, "assign m --stage dev --version v0.0.1").ok();
    let run = gto(&repo, "register --all-changed").ok();
    hints_at(&run, "'m' is what it was at v0.0.1");
    assert!(tags(&repo).contains(&"n@v0.0.1".to_owned()));
    repo.git_ok(&["checkout", "-q", "main"]);
    repo.commit(&[("m", "good")], "4");
    gto(&repo, "register m --if-changed").ok();
    assert!(tags(&repo).contains(&"m@v0.0.3".to_owned()));
}

#[test]
fn an_empty_path_is_no_path() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "m: {path: ''}\n")], "1");
    refused(
        &repo,
        "register m --if-changed",
        "Cannot determine whether artifact 'm' has changed: no path of it is annotated",
    );
}

#[test]
fn a_stage_that_would_make_more_than_it_has_made_is_not_known() {
    let repo = Repo::new();
    let lock = "stages:\n  t@x:\n    outs: [{path: o/x.bin, md5: a}]\n";
    let dvc = |items: &str| {
        format!("stages:\n  t:\n    foreach: {items}\n    do: {{cmd: x, outs: ['o/${{item}}.bin']}}\n")
    };
    repo.commit(
        &[
            ("dvc.yaml", &dvc("${xs}")),
            ("dvc.lock", lock),
            ("params.yaml", "xs: [x]\n"),
            ("artifacts.yaml", "m: {path: o}\n"),
        ],
        "1",
    );
    gto(&repo, "register m --if-changed").ok();
    repo.commit(&[("other", "x")], "2");
    hints_at(&gto(&repo, "register m --if-changed").ok(), "'m' is what it was at v0.0.1");
    repo.commit(&[("params.yaml", "xs: [x, z]\n")], "3");
    let run = gto(&repo, "register m --if-changed").fails(1);
    assert!(run.err().contains("'dvc.lock' has no hash of 'o/z.bin'"), "{run}");
}

#[test]
fn what_is_said_of_a_version_is_not_made_up_for_it() {
    let repo = Repo::new();
    let dvc = |path: &str| format!("vars: [config.py]\nartifacts: {{m: {{path: '{path}'}}}}\n");
    repo.commit(&[("a", "A"), ("b", "B"), ("config.py", "p = 'b'"), ("dvc.yaml", &dvc("${p}"))], "1");
    gto(&repo, "register m").ok();
    // At one commit it is one thing, whether that is known or not.
    hints_at(&gto(&repo, "register m --if-changed").ok(), "'m' is what it was at v0.0.1");
    repo.commit(&[("dvc.yaml", &dvc("a"))], "2");
    gto(&repo, "register m --if-changed").ok();
    assert_eq!(tags(&repo), ["m@v0.0.1", "m@v0.0.2"]);
}

#[cfg(unix)]
#[test]
fn what_two_links_lead_to_cannot_be_exchanged_unseen() {
    let repo = Repo::new();
    for (target, link) in [("../a", "m/l1"), ("../b", "m/l2")] {
        std::fs::create_dir_all(repo.path().join("m")).expect("the sandbox can be written to");
        std::os::unix::fs::symlink(target, repo.path().join(link)).expect("the sandbox can be written to");
    }
    repo.git_ok(&["add", "m"]);
    repo.commit(&[("a", "A"), ("b", "B"), ("artifacts.yaml", "m: {path: m}\n")], "1");
    gto(&repo, "register m").ok();
    repo.commit(&[("a", "B"), ("b", "A")], "2");
    assert!(gto(&repo, "status --changed").fails(3).out().contains("changed"));
}

#[test]
fn what_dvc_is_told_to_leave_out_says_nothing() {
    let repo = Repo::new();
    let files = [
        (".dvcignore", "tpl/\n*.tpl.dvc\n"),
        ("tpl/dvc.yaml", "stages: {{ x }}: [\n"),
        ("r/x.tpl.dvc", "outs: [\n"),
        ("artifacts.yaml", "r: {path: r}\nt: {path: tpl}\n"),
    ];
    repo.commit(&files, "1");
    gto(&repo, "register --all-changed").ok();
    assert_eq!(tags(&repo), ["r@v0.0.1", "t@v0.0.1"]);
}
