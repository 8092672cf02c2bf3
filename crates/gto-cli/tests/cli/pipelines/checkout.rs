//! What `gto ci` gets for a checkout, and what it leaves as it is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::pipeline::{checkout, file, run_in, server, settings, url};
use crate::common::{gto, hints_at, warns_of};
use gto_testkit::random::{Large, large};
use gto_testkit::{Repo, RepoOptions, Sandbox, TagSpec};

/// The only clone that is kept.
fn kept(repo: &Repo) -> PathBuf {
    let clones = repo.sandbox().home().join(".cache/gto/remotes");
    let folders = fs::read_dir(clones)
        .expect("as in the sandbox")
        .map(|entry| entry.expect("as in the sandbox").path())
        .filter(|path| path.is_dir());
    let folders: Vec<_> = folders.collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders.into_iter().next().expect("as in the sandbox")
}

/// The objects of a repository: kind and id, sorted.
fn objects(repo: &Repo, git_dir: &Path) -> Vec<String> {
    let git_dir = format!("--git-dir={}", git_dir.display());
    let listed = repo.git_ok(&[
        &git_dir,
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectname)",
    ]);
    let mut objects: Vec<String> = listed.lines().map(str::to_owned).collect();
    objects.sort();
    objects
}

/// The tag objects of an artifact and the commits that they are on.
fn objects_of(server: &Repo, artifact: &str) -> Vec<String> {
    let [a, b] = ["#", "@"].map(|sign| format!("refs/tags/{artifact}{sign}*"));
    let format = "--format=%(objecttype) %(objectname)%0a%(*objecttype) %(*objectname)";
    let listed = server.git_ok(&["for-each-ref", format, &a, &b]);
    let mut objects: Vec<String> = listed.lines().map(str::to_owned).collect();
    objects.sort();
    objects.dedup();
    objects
}

#[test]
fn the_kept_clone_has_the_tags_of_the_artifact_and_their_commits_and_nothing_else() {
    let server = server();
    let checkout = checkout(&server, "checkout", "m#prod#2");
    run_in(&checkout, &[], &["m#prod#2"]).ok();
    let clone = kept(&checkout);
    assert_eq!(objects(&checkout, &clone), objects_of(&server, "m"));
    // Another artifact comes beside it, a tag that is deleted there goes, and one that is moved is the new one.
    server.git_ok(&["tag", "-d", "m#prod#1"]);
    server.tag("m@v1.0.0", "HEAD", &TagSpec::default().message("moved"));
    run_in(&checkout, &[], &["other@v1.0.0"]).ok();
    let json = run_in(&checkout, &[], &["m#prod#2"]).ok().json();
    assert_eq!(json["previous_version"], serde_json::Value::Null);
    let tags = Repo::at(checkout.sandbox(), clone, true).tag_names();
    assert_eq!(tags, ["m#prod#2", "m@v1.0.0", "m@v2.0.0", "other@v1.0.0"]);
    let info = gto(&checkout, "cache info --remotes").ok();
    assert!(info.out().contains(&format!("{} (tags for pipelines): ", url(&server))), "{info}");
    gto(&checkout, &format!("cache clear -r {}", url(&server))).ok();
    assert!(gto(&checkout, "cache info --remotes").ok().out().contains("remote clones: 0 "));
}

/// Bytes that Git's trace says were received: of lines of the protocol, and of packs.
fn received(trace: &Path, packs: &Path) -> (u64, u64) {
    let text = fs::read_to_string(trace).expect("as in the sandbox");
    let lines = text.lines().filter_map(|line| line.split_once("fetch< "));
    let lines = lines.map(|(_, payload)| payload.len() as u64 + 4).sum();
    (lines, fs::metadata(packs).map_or(0, |file| file.len()))
}

fn is_frugal(size: Large) {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("server");
    fs::create_dir(&folder).expect("as in the sandbox");
    large(&folder, size).expect("as in the sandbox");
    let server = Repo::at(&sandbox, folder, false);
    server.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    server.git_ok(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let tag = server.tag_names().into_iter().find(|tag| tag.contains("#prod#")).expect("as in the sandbox");
    let artifact = tag.split('#').next().expect("as in the sandbox");
    let checkout = checkout(&server, "checkout", &tag);
    let before = (settings(&checkout), objects(&checkout, &checkout.git_dir()).len());
    let (trace, packs) = (file(&checkout, "trace"), file(&checkout, "packs"));
    let variables = [
        ("GIT_TRACE_PACKET", trace.to_str().expect("as in the sandbox")),
        ("GIT_TRACE_PACKFILE", packs.to_str().expect("as in the sandbox")),
    ];
    run_in(&checkout, &variables, &[&tag]).ok();
    let wanted = objects_of(&server, artifact);
    assert_eq!(objects(&checkout, &kept(&checkout)), wanted);
    let ids: String =
        wanted.iter().filter_map(|object| object.split(' ').nth(1)).flat_map(|id| [id, "\n"]).collect();
    let sizes = server.git_stdin(&["cat-file", "--batch-check=%(objectsize)"], ids.as_bytes());
    let size: u64 = sizes.lines().map(|size| size.parse::<u64>().expect("as in the sandbox")).sum();
    let (lines, packed) = received(&trace, &packs);
    let tags = wanted.iter().filter(|object| object.starts_with("tag")).count() as u64;
    assert!(packed > 0 && packed <= size, "{packed} bytes for {tags} tags and their commits of {size}");
    // A line for each ref, one for each commit that has no parents here, and those of the protocol.
    assert!(lines <= 1000 + 2 * tags * (2 * 40 + 80), "{lines} bytes for {tags} tags");
    let after = (settings(&checkout), objects(&checkout, &checkout.git_dir()).len());
    assert_eq!(after, (before.0, before.1 + 1), "one tag object came");
}

#[test]
fn of_a_server_with_many_tags_only_those_of_the_artifact_are_fetched() {
    is_frugal(Large { artifacts: 20, versions: 50, noise: 3000, ..Large::default() });
}

#[test]
#[ignore = "makes a registry of 100,000 tags"]
fn of_a_server_with_100000_tags_only_those_of_the_artifact_are_fetched() {
    is_frugal(Large { artifacts: 550, versions: 100, noise: 5000, ..Large::default() });
}

#[test]
fn a_damaged_clone_is_made_anew_and_what_git_says_of_a_server_that_is_gone_is_passed_on() {
    let server = server();
    let checkout = checkout(&server, "checkout", "m#prod#2");
    let json = run_in(&checkout, &[], &["m#prod#2"]).ok().json();
    let packs = kept(&checkout).join("objects/pack");
    fs::remove_dir_all(&packs).expect("as in the sandbox");
    fs::create_dir(&packs).expect("as in the sandbox");
    assert_eq!(run_in(&checkout, &[], &["m#prod#2"]).ok().json(), json);
    fs::write(kept(&checkout).join("config"), "[core\n").expect("as in the sandbox");
    assert_eq!(run_in(&checkout, &[], &["m#prod#2"]).ok().json(), json);
    // Nothing need be kept.
    assert_eq!(run_in(&checkout, &[("GTO_CACHE", "off")], &["m#prod#2"]).ok().json(), json);
    fs::rename(server.path(), server.path().with_extension("gone")).expect("as in the sandbox");
    let run = run_in(&checkout, &[], &["m#prod#2"]).fails(1);
    assert!(run.err().starts_with("❌ Cannot get the tags of origin: "), "{run}");
    hints_at(&run, "git ls-remote origin");
    assert!(kept(&checkout).exists());
}

#[test]
fn a_tag_that_is_gone_is_an_error_and_one_that_never_was_annotated_is_no_event() {
    let server = server();
    server.lightweight("m@v3.0.0", "HEAD");
    server.tag("m#dev#3", "HEAD", &TagSpec::default());
    let checkout = checkout(&server, "checkout", "m#dev#3");
    server.git_ok(&["tag", "-d", "m#dev#3"]);
    let run = run_in(&checkout, &[], &["m#dev#3"]).fails(1);
    assert_eq!(run.err().lines().next(), Some("❌ Tag 'm#dev#3' is not on origin"), "{run}");
    hints_at(&run, "deleted");
    let run = run_in(&checkout, &[], &["m@v3.0.0"]).ok();
    warns_of(&run, "lightweight on the remote too");
    assert_eq!(run.json()["event"], serde_json::Value::Null);
}

#[test]
fn without_fetching_it_fails_where_something_is_missing() {
    let server = server();
    let first = checkout(&server, "checkout", "m#prod#2");
    let run = run_in(&first, &[], &["m#prod#2", "--no-fetch"]).fails(1);
    assert!(run.err().contains("is lightweight here"), "{run}");
    hints_at(&run, "without --no-fetch gto fetches that");
    first.git_ok(&["fetch", "-q", "--no-tags", "origin", "+refs/tags/m#prod#2:refs/tags/m#prod#2"]);
    let run = run_in(&first, &[], &["m#prod#2", "--no-fetch"]).fails(1);
    assert!(run.err().contains("no tag that registers a version of 'm' on commit"), "{run}");
    hints_at(&run, "without --no-fetch gto fetches what it needs");
    run_in(&first, &[], &["m@v1.0.0", "--no-fetch"]).fails(1);
    first.git_ok(&["fetch", "-q", "--depth=1", "origin", "+refs/tags/m*:refs/tags/m*"]);
    let json = run_in(&first, &[], &["m#prod#2", "--no-fetch"]).ok().json();
    assert_eq!(json["previous_version"], "v1.0.0");
    // The server itself has no remote, and all tags: as a hook asks.
    assert_eq!(run_in(&server, &[], &["m#prod#2"]).ok().json(), json);
    run_in(&server, &[], &["m#prod#2", "--fetch"]).fails(1);
}

#[test]
fn an_address_says_as_much_as_a_checkout() {
    let server = server();
    let json = run_in(&server, &[], &["m#prod#2"]).ok().json();
    let sandbox = server.sandbox();
    let address = url(&server);
    let run =
        crate::common::binary().run_in(sandbox, sandbox.path(), &["ci", "m#prod#2", "-r", &address], b"");
    assert_eq!(run.ok().json(), json);
}

#[test]
fn a_server_that_leaves_nothing_out_does_too_and_so_do_all_kinds_of_repositories() {
    let sha1 = RepoOptions::default();
    let reftable = if Repo::reftable_works() { &["--ref-format=reftable"][..] } else { &[] };
    for (options, how) in [
        (sha1, &[][..]),
        (RepoOptions { sha256: true, ..sha1 }, &[]),
        (sha1, reftable),
        (sha1, &["--filter=blob:none"]),
        (sha1, &["--bare"]),
    ] {
        let server = Sandbox::new().repo_with("server", options);
        if how.contains(&"--filter=blob:none") {
            server.git_ok(&["config", "uploadpack.allowFilter", "true"]);
        }
        server.commit(&[("artifacts.yaml", "a/b:\n  type: model\n")], "Train");
        server.tag("a/b@v1.0.0", "HEAD", &TagSpec::default());
        server.commit(&[], "more");
        server.tag("a/b#prod#1", "HEAD~1", &TagSpec::default());
        let to = server.sandbox().path().join("checkout");
        let is_bare = how.contains(&"--bare");
        server
            .git_ok(&[&["clone", "-q", "--no-tags"], how, &[&url(&server), &to.to_string_lossy()]].concat());
        let checkout = Repo::at(server.sandbox(), to, is_bare);
        // By its path, as of a mirror on the same machine.
        checkout.git_ok(&["remote", "set-url", "origin", "../server"]);
        let json = run_in(&checkout, &[], &["a/b#prod#1"]).ok().json();
        assert_eq!((&json["version"], &json["type"]), (&"v1.0.0".into(), &"model".into()), "{how:?}");
        assert_eq!(checkout.tag_names(), ["a/b#prod#1"], "{how:?}");
        assert_eq!(checkout.git_ok(&["cat-file", "-t", "refs/tags/a/b#prod#1"]), "tag");
        checkout.git_ok(&["fsck", "--strict"]);
    }
}

#[test]
fn a_commit_that_the_checkout_lacks_leaves_the_checkout_as_it_is() {
    let server = server();
    let checkout = checkout(&server, "checkout", "m#prod#2");
    let before = settings(&checkout);
    let json = run_in(&checkout, &[], &["m#prod#1"]).ok().json();
    assert_eq!((&json["version"], &json["path"]), (&"v1.0.0".into(), &"models/m.pkl".into()));
    assert_eq!(settings(&checkout), before);
    assert_eq!(checkout.tag_names(), ["m#prod#2"]);
    checkout.git_ok(&["fsck"]);
}

/// As actions/checkout leaves a token in the configuration of the checkout.
#[test]
fn what_the_checkout_knows_about_reaching_the_server_is_used_and_kept_nowhere() {
    let server = server();
    let checkout = checkout(&server, "checkout", "m#prod#2");
    checkout.git_ok(&["remote", "set-url", "origin", "https://git.example.com/team/models"]);
    let settings = file(&checkout, "credentials");
    let set = |name: &str, value: &str| {
        checkout.git_ok(&["config", "--file", &settings.to_string_lossy(), name, value]);
    };
    set(&format!("url.{}.insteadOf", url(&server)), "https://git.example.com/team/models");
    set("http.https://git.example.com/.extraheader", "AUTHORIZATION: basic c2VjcmV0");
    // Since version 6 it is in a file elsewhere, which counts for this folder alone.
    let condition = format!("includeIf.gitdir:{}.path", checkout.git_dir().display());
    checkout.git_ok(&["config", &condition, &settings.to_string_lossy()]);
    let run = run_in(&checkout, &[], &["m#prod#2", "-v"]).ok();
    assert_eq!(run.json()["version"], "v2.0.0");
    assert!(!run.err().contains("c2VjcmV0"), "{run}");
    let config = fs::read_to_string(kept(&checkout).join("config")).expect("as in the sandbox");
    assert!(
        config.contains("https://git.example.com/team/models") && !config.contains("c2VjcmV0"),
        "{config}"
    );
}

#[test]
fn what_git_says_of_a_server_is_no_command_to_the_log() {
    let server = server();
    let checkout = checkout(&server, "checkout", "m#prod#2");
    checkout.git_ok(&[
        "remote",
        "set-url",
        "origin",
        "file:///nowhere/##vso[task.complete result=Succeeded;]x",
    ]);
    let variables = [("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", "refs/tags/m#prod#2")];
    let run = run_in(&checkout, &variables, &[]).fails(1);
    assert!(run.err().contains("# #vso[task.complete") && !run.err().contains("##vso["), "{run}");
    assert_eq!(run.out(), "");
}
