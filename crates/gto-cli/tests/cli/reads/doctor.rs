//! `gto doctor` finds all problems in one run, shows the effective configuration, and prints commands that fix them
//! (decision D20).

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without")]

use std::collections::BTreeSet;
use std::fs;

use gto::doctor::Check;
use gto_testkit::{Gto, RefFormat, Repo, RepoOptions, Run, Sandbox, TagSpec};
use serde_json::Value;

const DOCUMENTATION: &str = include_str!("../../../../../docs/doctor.md");

fn doctor(repo: &Repo, args: &[&str]) -> Run {
    Gto::new(env!("CARGO_BIN_EXE_gto")).run(repo, &[&["doctor"], args].concat())
}

fn json(repo: &Repo) -> Value {
    doctor(repo, &["--json"]).json()
}

fn ids(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

/// The findings of a kind.
fn found(report: &Value, check: Check) -> Vec<Value> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["id"] == check.id()).cloned().collect()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Pastes the commands into a shell, with the binary under test as `gto`.
fn paste(repo: &Repo, commands: &[String]) {
    assert!(!commands.is_empty(), "there is no command");
    let script =
        format!("set -e\ngto() {{ '{}' \"$@\"; }}\n{}", env!("CARGO_BIN_EXE_gto"), commands.join("\n"));
    let output = repo.command("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The repository has the problem; after one of the two fixes is pasted, it has none.
fn is_mended(repo: &Repo, check: Check, way: &str) {
    let before = found(&json(repo), check);
    let [finding] = before.as_slice() else { panic!("not one {}: {before:?}", check.id()) };
    let copy = repo.copy();
    let [from, to] = [repo, &copy].map(|repo| repo.path().to_str().unwrap().to_owned());
    let commands: Vec<String> =
        texts(&finding[way]).iter().map(|command| command.replace(&from, &to)).collect();
    paste(&copy, &commands);
    let after = json(&copy);
    assert_eq!(found(&after, check), Vec::<Value>::new(), "{way}: {after:#}");
    copy.remove();
}

/// A tag object without the line about the tagger, or with another one.
fn raw(repo: &Repo, name: &str, tagger: &str) {
    let head = repo.head();
    repo.raw_tag(name, format!("object {head}\ntype commit\ntag {name}\n{tagger}\nx\n").as_bytes());
}

/// A repository with a remote that has no tags.
fn clone() -> Repo {
    let origin = Sandbox::new().repo("origin");
    origin.commit(&[("f", "x")], "first");
    origin.clone_to("clone")
}

/// Every problem that a repository with tags and a full history can have.
fn every_problem() -> Repo {
    let repo = clone();
    let first = repo.head();
    let files = [
        ("artifacts.yaml", "m: {type: 3}\ngood: {}\n-: {}\n"),
        ("dvc.yaml", "artifacts: {good: {path: x}}\n"),
        (".gto", "stages: [dev, prod]\nstage: x\npush: false\n"),
    ];
    let second = repo.commit(&files, "second");
    let third = repo.commit(&[], "third");
    let now =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs())
            .unwrap();
    let tag = |name: &str, target: &str| {
        repo.tag(name, target, &TagSpec::default());
    };
    let at = |name: &str, target: &str, time: i64| {
        repo.tag(name, target, &TagSpec::at(time));
    };
    // D4
    tag("two@v1.0.0", &first);
    tag("two@v2.0.0", &first);
    tag("two#prod#1", &first);
    tag("several@v1.0.0", &first);
    tag("several@v1.0.0#2", &second);
    tag("stray@v1.0.0", &first);
    tag("stray@v1.0.0!", &second);
    tag("stray@v9.0.0!", &third);
    tag("out@v1.0.0", &first);
    tag("out@v1.0.0!", &first);
    tag("out#prod#3", &first);
    tag("bare#dev#1", &third);
    tag("foreign-stage@v1.0.0", &first);
    tag("foreign-stage#qa#1", &first);
    at("order@v1.0.0", &first, 1_600_000_000);
    at("order@v1.0.0!", &first, 1_600_000_000);
    at("future@v1.0.0", &first, now + 100_000);
    tag("Case@v1.0.0", &first);
    tag("case@v1.0.0", &second);
    tag("twice@v1.0.0", &first);
    tag("twice#dev#1", &first);
    tag("twice#prod#1", &first);
    tag("last#dev#18446744073709551615", &first);
    tag("m@created", &first);
    repo.git_ok(&["tag", "copy@v1.0.0", "twice@v1.0.0"]);
    for name in ["m@1.0.0", "m@v1", "m#prod!!"] {
        tag(name, &first);
    }
    // D22
    repo.lightweight("light@v1.0.0", "HEAD");
    // D5
    tag("tree@v1.0.0", "HEAD^{tree}");
    tag("blob@v1.0.0", "HEAD:f");
    repo.lightweight("light-blob@v1.0.0", "HEAD:f");
    raw(&repo, "nobody@v1.0.0", "");
    raw(&repo, "when@v1.0.0", "tagger A <a@b> yesterday +0000\n");
    let absent = "1".repeat(40);
    let lost =
        format!("object {absent}\ntype commit\ntag lost@v1.0.0\ntagger A <a@b> 1600000000 +0000\n\nx\n");
    repo.raw_tag("lost@v1.0.0", lost.as_bytes());
    let damaged = format!("object {first}\ntype nothing\ntag damaged@v1.0.0\ntagger A <a@b> 1 +0000\n\nx\n");
    let damaged =
        repo.git_stdin(&["hash-object", "-t", "tag", "--literally", "-w", "--stdin"], damaged.as_bytes());
    let tags = repo.git_dir().join("refs/tags");
    fs::write(tags.join("damaged@v1.0.0"), damaged + "\n").unwrap();
    fs::write(tags.join("gone@v1.0.0"), format!("{absent}\n")).unwrap();
    fs::write(tags.join("empty@v1.0.0"), "").unwrap();
    // As a git leaves it that was killed.
    let lock = fs::File::create(tags.join("stopped@v1.0.0.lock")).unwrap();
    lock.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(120)).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let name = std::ffi::OsStr::from_bytes(b"refs/tags/caf\xe9");
        assert!(repo.command("git").arg("update-ref").arg(name).arg("HEAD").status().unwrap().success());
    }
    repo
}

/// What is found where there is a promotion policy.
const OF_POLICY: [Check; 9] = [
    Check::PolicyUnusable,
    Check::PolicyOutOfForce,
    Check::PolicyMisnamed,
    Check::PolicyUnfulfillable,
    Check::PolicyViolated,
    Check::PolicyUnjudged,
    Check::StageWithoutRule,
    Check::PolicyTrusts,
    Check::PolicyUnguarded,
];

#[test]
fn d20_every_problem_is_found_in_one_run() {
    let repo = every_problem();
    let run = doctor(&repo, &[]).fails(1);
    let report = json(&repo);
    let mut expected: BTreeSet<String> = Check::ALL.iter().map(|check| check.id().to_owned()).collect();
    // These cannot be in a repository on this machine with tags and a full history.
    for check in [Check::Shallow, Check::NoTags, Check::UnusableObjects, Check::GrownFolder, Check::LeftGuard]
    {
        expected.remove(check.id());
    }
    // Those of the policy have repositories of their own: `policy::doctor`.
    for check in OF_POLICY {
        expected.remove(check.id());
    }
    if cfg!(not(unix)) {
        expected.remove(Check::NotUtf8.id());
    }
    assert_eq!(ids(&report), expected, "{report:#}");
    for id in expected {
        assert!(run.out().contains(&format!("[{id}]: ")), "{id} is not printed:\n{run}");
    }
    let findings = report["findings"].as_array().unwrap();
    let count = |severity: &str| findings.iter().filter(|finding| finding["severity"] == severity).count();
    assert_eq!((&report["errors"], &report["warnings"]), (&count("error").into(), &count("warning").into()));
    assert!(findings.is_sorted_by_key(|finding| finding["severity"] != "error"), "errors come first");
}

#[test]
fn d20_the_configuration_in_force_is_shown_and_a_clean_registry_has_no_issue() {
    let repo = Repo::new();
    repo.commit(&[(".gto", "stages: [dev, prod]\nINDEX: my.yaml\n"), ("my.yaml", "m: {}\n")], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    repo.tag("release-1", "HEAD", &TagSpec::default());
    let expected = format!(
        "🪴  GTO Version: {}\n---------------------------------\nINDEX='my.yaml'\nCONFIG_FILE_NAME='.gto'\n\
         LOG_LEVEL='INFO'\nDEBUG=False\nEMOJIS=True\ntypes=None\nstages=['dev', 'prod']\nenrichments=[]\n\
         autoload_enrichments=True\npush=False\nremote=None\n---------------------------------\n✅  No issues found\n",
        env!("CARGO_PKG_VERSION")
    );
    let run = doctor(&repo, &[]).ok();
    assert_eq!((run.out(), run.err()), (expected, String::new()));
}

#[test]
fn a_report_in_json_has_the_configuration_and_counts() {
    let repo = Repo::new();
    repo.commit(&[(".gto", "stages: [prod]\nenrichments: [{type: dvc}]\n")], "first");
    let run = doctor(&repo, &["--json"]).ok();
    let expected = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "configuration": {
            "INDEX": "artifacts.yaml", "CONFIG_FILE_NAME": ".gto", "LOG_LEVEL": "INFO", "DEBUG": false,
            "EMOJIS": true, "types": null, "stages": ["prod"],
            "enrichments": [{"type": "dvc", "config": {}}], "autoload_enrichments": true,
            "push": false, "remote": null,
        },
        "findings": [], "errors": 0, "warnings": 0,
    });
    assert_eq!(run.out().trim_end(), as_python(&expected));
}

fn as_python(value: &Value) -> String {
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(value, &mut serializer).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn warnings_alone_end_with_status_0_and_an_error_with_1() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("m@1.0.0", "HEAD", &TagSpec::default());
    let run = doctor(&repo, &[]).ok();
    assert!(run.out().ends_with("\n\n0 errors, 1 warning\n"), "{run}");
    doctor(&repo, &["--json"]).ok();
    repo.lightweight("n@v1.0.0", "HEAD");
    let run = doctor(&repo, &[]).fails(1);
    assert!(run.out().ends_with("\n\n1 error, 1 warning\n"), "{run}");
    assert_eq!(run.err(), "");
    doctor(&repo, &["--json"]).fails(1);
}

#[test]
fn d20_a_broken_configuration_is_a_finding_and_everything_else_is_still_looked_at() {
    let repo = Repo::new();
    repo.commit(&[(".gto", "stages: [dev, prod]\nunknown: 1\nDEBUG: maybe\n")], "first");
    repo.lightweight("m@v1.0.0", "HEAD");
    let gto = Gto::new(env!("CARGO_BIN_EXE_gto")).env("GTO_TYPES", "x").env("GTO_AUTOLOAD_ENRICHMENTS", "2");
    let run = gto.run(&repo, &["doctor"]).fails(1);
    for text in [
        "line 2, column 1: unknown key 'unknown'",
        "line 3, column 8: 'DEBUG' must be true or false",
        "GTO_TYPES: 'types' must be a list in JSON",
        "fix: unset GTO_TYPES\n",
        "fix: unset GTO_AUTOLOAD_ENRICHMENTS\n",
        "error[lightweight-tag]",
        "stages=['dev', 'prod']\n",
        "5 errors, 0 warnings",
    ] {
        assert!(run.out().contains(text), "{text}\n{run}");
    }
    fs::write(repo.path().join(".gto"), "stages: [\n").unwrap();
    let run = doctor(&repo, &[]).fails(1);
    assert!(run.out().contains("stages=None\n"), "{run}");
    assert!(run.out().contains("error[malformed-configuration]: Wrong config file"), "{run}");
}

#[test]
fn what_is_wrong_with_a_dvc_yaml_is_told_with_its_file_line_and_column() {
    let repo = Repo::new();
    let files = [
        ("cv/dvc.yaml", "artifacts:\n  pool: {path: '${dir}/x'}\n  good: {path: x, descr: y}\n"),
        ("cv/params.yaml", "dir: [1\n"),
        ("a b/dvc.yaml", "artifacts:\n  m: {path: x}\n"),
        ("dvc.yaml", "artifacts:\n  twice: {path: x}\n"),
        ("artifacts.yaml", "twice: {}\n"),
    ];
    repo.commit(&files, "first");
    let messages = |check| -> Vec<Value> {
        found(&json(&repo), check).iter().map(|finding| finding["message"].clone()).collect()
    };
    assert_eq!(
        messages(Check::Annotation),
        [
            "'a b/dvc.yaml', line 2, column 3: the annotation of 'm' is left out: its folder 'a b' cannot be part of an artifact's name",
            "'cv/dvc.yaml': 'cv/params.yaml', line 1, column 6: unclosed bracket '['",
            "'cv/dvc.yaml', line 2, column 3: the annotation of 'pool' is left out: its parameters cannot be filled in",
            "'cv/dvc.yaml', line 3, column 19: in the annotation of 'good', 'descr' is no field that is known here",
        ]
    );
    assert_eq!(
        messages(Check::AnnotatedTwice),
        ["artifact 'twice' is annotated in 'dvc.yaml' and in 'artifacts.yaml': what 'dvc.yaml' says counts"]
    );
}

#[test]
fn d5_what_is_wrong_with_annotations_is_told_with_line_and_column() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "a: {type: 3}\ngood: {}\nb:\n  labels: x\n")], "first");
    let messages: Vec<Value> =
        found(&json(&repo), Check::Annotation).iter().map(|finding| finding["message"].clone()).collect();
    assert_eq!(
        messages,
        [
            "'artifacts.yaml', line 1, column 11: the annotation of 'a' is left out: 'type' must be a text, not 3",
            "'artifacts.yaml', line 4, column 11: the annotation of 'b' is left out: 'labels' must be a list of texts, not 'x'",
        ]
    );
    repo.commit(&[("artifacts.yaml", &" ".repeat(9 << 20))], "huge");
    let [finding] = &found(&json(&repo), Check::Annotation)[..] else { panic!("one finding") };
    assert!(finding["message"].as_str().unwrap().contains("too large"), "{finding}");
}

#[test]
fn a_clone_without_tags_and_a_shallow_one_are_told_what_to_fetch() {
    let origin = Sandbox::new().repo("origin");
    origin.commit(&[], "first");
    origin.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    origin.commit(&[], "second");
    let url = format!("file://{}", origin.path().display());
    let clone = |name: &str, options: &[&str]| {
        let to = origin.sandbox().path().join(name);
        let to_text = to.to_str().unwrap();
        origin.git_ok(&[&["clone", "-q", "--template="], options, &[&url, to_text]].concat());
        Repo::at(origin.sandbox(), to, false)
    };
    let no_tags = clone("no-tags", &["--no-tags"]);
    assert_eq!(ids(&json(&no_tags)), BTreeSet::from(["no-tags".to_owned()]));
    paste(&no_tags, &texts(&found(&json(&no_tags), Check::NoTags)[0]["fix"]));
    doctor(&no_tags, &[]).ok();
    assert_eq!(ids(&json(&no_tags)), BTreeSet::new());

    let shallow = clone("shallow", &["--depth=1"]);
    // Its commit is absent by intention.
    let absent = "1".repeat(40);
    let tag = format!("object {absent}\ntype commit\ntag m@v0.0.1\ntagger A <a@b> 1600000000 +0000\n\nx\n");
    shallow.raw_tag("m@v0.0.1", tag.as_bytes());
    let run = doctor(&shallow, &[]).ok();
    assert!(run.out().contains("warning[shallow-clone]"), "{run}");
    let copy = shallow.copy();
    copy.git_ok(&["tag", "-d", "m@v0.0.1"]);
    paste(&copy, &texts(&found(&json(&copy), Check::Shallow)[0]["fix"]));
    assert_eq!(ids(&json(&copy)), BTreeSet::new());
}

#[test]
fn d22_tags_that_a_ci_checkout_made_lightweight_are_fetched_again() {
    let origin = Sandbox::new().repo("origin");
    origin.commit(&[], "first");
    origin.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let clone = origin.clone_to("clone");
    clone.lightweight("m@v1.0.0", "HEAD");
    is_mended(&clone, Check::Lightweight, "fix");
    is_mended(&clone, Check::Lightweight, "otherwise");
}

/// A folder of loose tags that once held many files, on a file system where it stays as large as it was.
fn grow(folder: &std::path::Path) -> bool {
    fs::create_dir_all(folder).unwrap();
    let file = |n: usize| folder.join(format!("{n:0>200}"));
    (0..8000).for_each(|n| fs::write(file(n), "").unwrap());
    (0..8000).for_each(|n| fs::remove_file(file(n)).unwrap());
    fs::metadata(folder).unwrap().len() > 1024 * 1024
}

/// Each listing of tags reads all that the folder once was.
#[test]
fn a_large_folder_of_few_loose_tags_is_made_anew() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("team/x=m@v1.0.0", "HEAD", &TagSpec::default());
    let tags = repo.git_dir().join("refs/tags");
    if !grow(&tags) || !grow(&tags.join("team")) {
        gto_testkit::skip("on this file system folders get smaller");
        return;
    }
    let before = repo.tag_names();
    let findings = found(&json(&repo), Check::GrownFolder);
    let [all, of_team] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(texts(&all["fix"]), ["git pack-refs".to_owned(), format!("rmdir {}", tags.display())]);
    assert_eq!(texts(&of_team["fix"]), ["git pack-refs"]);
    assert!(all["message"].as_str().unwrap().contains("holds 2 entries and takes "), "{all}");
    // It removes no folder in which somebody makes a tag meanwhile, and nothing else.
    repo.git_ok(&["pack-refs"]);
    repo.git_ok(&["tag", "meanwhile"]);
    assert!(!repo.command("rmdir").arg(&tags).output().unwrap().status.success());
    paste(&repo, &texts(&all["fix"]));
    assert_eq!(json(&repo)["findings"], serde_json::json!([]));
    assert!(!tags.exists());
    // Git and gto go on as if nothing had been.
    repo.git_ok(&["tag", "-a", "-m", "x", "later"]);
    fs::remove_file(tags.join("later")).and_then(|()| fs::remove_dir(&tags)).unwrap();
    Gto::new(env!("CARGO_BIN_EXE_gto"))
        .run(&repo, &["assign", "m", "--version", "v1.0.0", "--stage", "prod"])
        .ok();
    assert!(repo.tag_names().len() == before.len() + 2, "{:?}", repo.tag_names());
}

#[test]
fn left_guards_of_a_remote_are_reported_with_the_push_that_deletes_them() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let url = format!("file://{}", repo.path().display());
    let doctor = || Gto::new(env!("CARGO_BIN_EXE_gto")).run(&repo, &["doctor", "-r", &url]).ok();
    for guard in ["refs/gto/m@write", "refs/gto/nlp/m@write", "refs/gto/other"] {
        repo.git_ok(&["update-ref", guard, "HEAD"]);
    }
    doctor();
    let run = doctor();
    assert!(run.out().contains("warning[left-guard]: the remote has refs that a version"), "{run}");
    let fix = format!("fix: git push {url} --delete refs/gto/m@write refs/gto/nlp/m@write\n");
    assert!(run.out().contains(&fix), "{run}");
    paste(&repo, &[fix.trim_start_matches("fix: ").trim().to_owned()]);
    assert_eq!(repo.git_ok(&["for-each-ref", "--format=%(refname)", "refs/gto"]), "refs/gto/other");
    assert!(doctor().out().contains("No issues found"));
}

#[test]
fn the_commands_mend_what_they_are_given_for() {
    let repo = every_problem();
    for check in Check::ALL {
        let mended_by_hand = [
            Check::Configuration,
            // The value is set elsewhere, and a person takes it out of the file.
            Check::UnknownToPython,
            Check::Annotation,
            Check::AnnotatedTwice,
            Check::Shallow,
            Check::NoTags,
            Check::NotUtf8,
            // A remote repository has it: `left_guards_of_a_remote_are_reported_with_the_push_that_deletes_them`.
            Check::LeftGuard,
            // Not every file system has it.
            Check::GrownFolder,
            // Nobody knows whether anything is lost.
            Check::UnusableObjects,
            // Only some of these have a command that could do it, below.
            Check::MissingObject,
            Check::Lightweight,
        ];
        if mended_by_hand.contains(check) || OF_POLICY.contains(check) {
            continue;
        }
        let report = json(&repo);
        for way in ["fix", "otherwise"] {
            let copy = repo.copy();
            // The commands of `gto` refuse to run while the configuration is wrong.
            fs::write(copy.path().join(".gto"), "stages: [dev, prod]\n").unwrap();
            // Nothing can be fetched while refs are broken.
            if *check != Check::BrokenRef {
                fs::remove_file(copy.git_dir().join("refs/tags/empty@v1.0.0")).unwrap();
                fs::remove_file(copy.git_dir().join("refs/tags/gone@v1.0.0")).unwrap();
            }
            let commands: Vec<String> =
                found(&report, *check).iter().flat_map(|finding| texts(&finding[way])).collect();
            // These are fetched first where there is a remote: this one has none of them.
            let is_elsewhere =
                [Check::UnregisteredStage, Check::MalformedTag].contains(check) && way == "fix";
            // Whether anything is to be done is for a person to say.
            let is_open = way == "fix" && matches!(check, Check::Unrecognized | Check::OtherNameInside);
            if is_elsewhere || is_open || (commands.is_empty() && way == "otherwise") {
                continue;
            }
            let commands: Vec<String> = commands
                .into_iter()
                .map(|command| command.replace(repo.path().to_str().unwrap(), copy.path().to_str().unwrap()))
                .collect();
            if *check == Check::BrokenRef {
                fs::remove_file(copy.git_dir().join("refs/tags/gone@v1.0.0")).unwrap();
                // git 2.47 crashes when it fetches where a ref names such an object.
                fs::remove_file(copy.git_dir().join("refs/tags/damaged@v1.0.0")).unwrap();
            }
            paste(&copy, &commands);
            let left = found(&json(&copy), *check);
            assert_eq!(left, Vec::<Value>::new(), "{way} of {}: {commands:#?}", check.id());
            copy.remove();
        }
    }
}

#[test]
fn d4_either_version_on_a_commit_can_be_the_one_that_stays() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    for name in ["m@v1.0.0", "m@v2.0.0", "m#prod#1"] {
        repo.tag(name, "HEAD", &TagSpec::default());
    }
    let [finding] = &found(&json(&repo), Check::TwoVersionsOnOneCommit)[..] else { panic!("one finding") };
    assert_eq!(texts(&finding["tags"]), ["m@v1.0.0", "m@v2.0.0"]);
    assert_eq!(texts(&finding["commits"]), [repo.head()]);
    assert_eq!(texts(&finding["fix"]), ["git tag -d m@v2.0.0"]);
    assert_eq!(texts(&finding["otherwise"]), ["git tag -d m@v1.0.0"]);
    is_mended(&repo, Check::TwoVersionsOnOneCommit, "fix");
    is_mended(&repo, Check::TwoVersionsOnOneCommit, "otherwise");

    let run = doctor(&repo, &[]).fails(1);
    let out = run.out();
    let (_, problems) = out.rsplit_once("---------------------------------\n").unwrap();
    let example = format!("```\n{}```\n", problems.replace(&repo.head()[..7], "COMMIT"));
    assert!(DOCUMENTATION.contains(&example), "docs/doctor.md does not show this:\n{example}");
}

#[test]
fn a_missing_tag_or_commit_is_fetched_again() {
    let origin = Sandbox::new().repo("origin");
    origin.commit(&[], "first");
    let tag = origin.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let clone = origin.clone_to("clone");
    doctor(&clone, &[]).ok();
    // The only copy of the tag object: a clone on one disk has loose objects, or they are unpacked first.
    for pack in fs::read_dir(clone.git_dir().join("objects/pack")).unwrap() {
        let pack = pack.unwrap().path();
        if pack.extension().is_some_and(|kind| kind == "pack") {
            let bytes = fs::read(&pack).unwrap();
            fs::remove_file(&pack).unwrap();
            fs::remove_file(pack.with_extension("idx")).unwrap();
            clone.git_stdin(&["unpack-objects", "-q"], &bytes);
        }
    }
    fs::remove_file(clone.git_dir().join(format!("objects/{}/{}", &tag[..2], &tag[2..]))).unwrap();
    is_mended(&clone, Check::MissingObject, "fix");
}

#[test]
fn d27_a_damaged_tag_object_is_removed_and_fetched_again() {
    let origin = Sandbox::new().repo("origin");
    origin.commit(&[], "first");
    let clone = origin.clone_to("clone");
    let tag = origin.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    clone.git_ok(&["fetch", "-q", "--tags"]);
    let file = clone.git_dir().join(format!("objects/{}/{}", &tag[..2], &tag[2..]));
    for damage in ["", "damaged"] {
        fs::remove_file(&file).unwrap();
        fs::write(&file, damage).unwrap();
        is_mended(&clone, Check::MalformedTag, "fix");
    }
}

#[test]
fn a_version_that_was_not_fetched_is_fetched_rather_than_invented() {
    let origin = Sandbox::new().repo("origin");
    origin.commit(&[], "first");
    for tag in ["m@v1.0.0", "m#prod#1"] {
        origin.tag(tag, "HEAD", &TagSpec::default());
    }
    let clone = origin.clone_to("clone");
    clone.git_ok(&["tag", "-d", "m@v1.0.0"]);
    let finding = &found(&json(&clone), Check::UnregisteredStage)[0];
    assert_eq!(texts(&finding["fix"]), ["git fetch --tags"]);
    assert_eq!(texts(&finding["otherwise"]), [format!("gto register m {}", clone.head())]);
    is_mended(&clone, Check::UnregisteredStage, "fix");
    is_mended(&clone, Check::UnregisteredStage, "otherwise");
}

#[test]
fn events_of_one_second_that_do_not_contradict_each_other_are_no_problem() {
    let repo = Repo::new();
    let first = repo.commit(&[], "first");
    let second = repo.commit(&[], "second");
    let at = |name: &str, target: &str| {
        repo.tag(name, target, &TagSpec::at(1_600_000_000));
    };
    // What the Python tool's `assign` writes within one second; and counters that decide.
    at("m@v0.0.1", &first);
    at("m#prod#1", &first);
    at("m@v0.0.2", &second);
    at("m#prod#2", &second);
    doctor(&repo, &[]).ok();
    assert_eq!(ids(&json(&repo)), BTreeSet::new());
    at("m#prod!", &second);
    assert_eq!(ids(&json(&repo)), BTreeSet::from(["undecided-order".to_owned()]));
    is_mended(&repo, Check::UndecidedOrder, "fix");
}

#[test]
fn commands_name_the_repository_that_was_asked_for() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("n@v1", "HEAD", &TagSpec::default());
    repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    let elsewhere = repo.sandbox().repo("else where");
    let gto = Gto::new(env!("CARGO_BIN_EXE_gto"));
    let folder = repo.path().to_str().unwrap();
    let report = gto.run(&elsewhere, &["doctor", "--json", "--repo", folder]).ok().json();
    for check in [Check::Unrecognized, Check::UnregisteredStage] {
        let finding = &found(&report, check)[0];
        let way = if check == Check::Unrecognized { "otherwise" } else { "fix" };
        paste(&elsewhere, &texts(&finding[way]));
    }
    assert_eq!(ids(&json(&repo)), BTreeSet::new());
    assert_eq!(repo.tag_names(), ["m#prod#1", "m@v0.0.1", "n@v1", "n@v1.0.0"]);
}

#[test]
fn nothing_from_a_repository_becomes_an_option_a_command_or_an_escape_sequence() {
    let repo = Repo::new();
    let head = repo.commit(&[("artifacts.yaml", "\"x\\e[31m\": {}\n")], "first");
    let hostile = "m@v1'$(touch${IFS}x);`touch${IFS}y`\u{9b}31m\u{202e}";
    for name in ["-x=m@v1", "-x=n@v1.0.0", hostile] {
        repo.lightweight(name, &head);
    }
    let message = "\u{1b}[31m'; touch z; '";
    for name in ["o#prod#1", "o#dev#1"] {
        repo.tag(name, "HEAD", &TagSpec::at(1_600_000_000).message(message));
    }
    let run = doctor(&repo, &[]);
    assert!(!run.out().contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{run}");
    let report = json(&repo);
    for way in ["fix", "otherwise"] {
        assert_eq!(texts(&found(&report, Check::Unrecognized)[0][way]), Vec::<String>::new());
    }
    paste(&repo, &texts(&found(&report, Check::CounterTwice)[0]["fix"]));
    assert_eq!(found(&json(&repo), Check::CounterTwice), Vec::<Value>::new());
    for name in ["x", "y", "z"] {
        assert!(!repo.path().join(name).exists());
    }
    assert_eq!(repo.tag_names(), ["-x=m@v1", "-x=n@v1.0.0", hostile, "o#dev#1", "o#prod#2"]);
}

#[test]
fn what_is_printed_for_people_is_bounded_and_can_be_pasted_as_it_is() {
    let repo = Repo::new();
    let head = repo.commit(&[("f", "x")], "first");
    for n in 1..=8 {
        repo.lightweight(&format!("m@{n}"), &head);
    }
    repo.lightweight("n@1", "HEAD:f");
    let out = doctor(&repo, &[]).ok().out();
    let (_, lines) = out.split_once("    tags: ").unwrap();
    assert_eq!(
        lines,
        "m@1, m@2, m@3, m@4, m@5 and 4 more\n\
         \x20   try: git tag -a -m m@v1.0.0 m@v1.0.0 'refs/tags/m@1^{commit}' &&\n\
         \x20        git tag -a -m m@v2.0.0 m@v2.0.0 'refs/tags/m@2^{commit}' &&\n\
         \x20        git tag -a -m m@v3.0.0 m@v3.0.0 'refs/tags/m@3^{commit}' &&\n\
         \x20        git tag -a -m m@v4.0.0 m@v4.0.0 'refs/tags/m@4^{commit}' &&\n\
         \x20        git tag -a -m m@v5.0.0 m@v5.0.0 'refs/tags/m@5^{commit}'\n\
         \x20        (and 4 more commands: see `gto doctor --json`)\n\
         \n0 errors, 1 warning\n"
    );
}

#[test]
fn tags_of_other_tools_are_never_deleted() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    for tag in ["api@1.1.0", "web@2", "m#prod!!", "api@v1.0.0", "@scope/pkg@1.0.0"] {
        repo.tag(tag, "HEAD", &TagSpec::default());
    }
    let [finding] = &found(&json(&repo), Check::Unrecognized)[..] else { panic!("one finding") };
    assert_eq!(texts(&finding["tags"]), ["api@1.1.0", "m#prod!!", "web@2"]);
    assert_eq!(texts(&finding["fix"]), Vec::<String>::new());
    assert!(!doctor(&repo, &[]).out().contains("git tag -d"));
    // In both formats there is nothing left to say of it.
    paste(&repo, &texts(&finding["otherwise"]));
    assert_eq!(found(&json(&repo), Check::Unrecognized), Vec::<Value>::new());
    assert!(repo.tag_names().contains(&"api@1.1.0".to_owned()));
}

#[test]
fn a_tag_with_another_name_inside_is_reported_and_warned_of_by_what_reads_it() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo.git_ok(&["tag", "m@v2.0.0", "m@v1.0.0"]);
    repo.git_ok(&["tag", "-d", "m@v1.0.0"]);
    let report = json(&repo);
    let [finding] = &found(&report, Check::OtherNameInside)[..] else { panic!("one finding") };
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.starts_with("tag 'm@v2.0.0' was made as 'm@v1.0.0', and then copied or renamed"),
        "{finding}"
    );
    let gto = Gto::new(env!("CARGO_BIN_EXE_gto")).env("GTO_CACHE", "always");
    // The second time from the cache of tags.
    for line in [
        "show",
        "show",
        "show m",
        "show m@latest --json",
        "history m",
        "history",
        "check-ref m@v2.0.0 --json",
        "resolve m",
        "assign m --version v2.0.0 --stage dev --dry-run",
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let run = gto.run(&repo, &args).ok();
        let warning = "warning: tags that were made under another name, and copied or renamed: 'm@v2.0.0' (";
        assert_eq!(run.err().matches(warning).count(), 1, "{run}");
        assert!(run.out().contains("v2.0.0"), "{run}");
    }
    is_mended(&repo, Check::OtherNameInside, "otherwise");
}

#[test]
fn every_kind_of_repository_is_examined() {
    let mut kinds = vec![
        RepoOptions { bare: true, ..RepoOptions::default() },
        RepoOptions { sha256: true, ..RepoOptions::default() },
    ];
    if Repo::reftable_works() {
        kinds.push(RepoOptions { refs: RefFormat::Reftable, ..RepoOptions::default() });
    } else {
        gto_testkit::skip("this git has no reftables");
    }
    for kind in kinds {
        let repo = Sandbox::new().repo_with("repo", kind);
        assert_eq!(ids(&json(&repo)), BTreeSet::new(), "without a commit: {kind:?}");
        repo.commit(&[(".gto", "stages: [dev]\n"), ("artifacts.yaml", "[]")], "first");
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        repo.tag("m#qa#1", "HEAD", &TagSpec::default());
        repo.lightweight("n@v1.0.0", "HEAD");
        let expected = ["lightweight-tag", "malformed-annotation", "stage-not-allowed"].map(str::to_owned);
        assert_eq!(ids(&json(&repo)), BTreeSet::from(expected), "{kind:?}");
        let url = format!("file://{}", repo.path().display());
        let elsewhere = repo.sandbox().repo("elsewhere");
        let report =
            Gto::new(env!("CARGO_BIN_EXE_gto")).run(&elsewhere, &["doctor", "--json", "--repo", &url]);
        assert!(ids(&report.fails(1).json()).contains("lightweight-tag"), "{kind:?}");
    }
}

#[test]
fn doctor_changes_nothing() {
    let repo = every_problem();
    let before = repo.fingerprint();
    doctor(&repo, &[]);
    assert_eq!(repo.fingerprint(), before);
}

#[test]
fn the_documentation_names_every_check_with_its_severity() {
    let text = DOCUMENTATION;
    for check in Check::ALL {
        let row = format!("| `{}` | {} | ", check.id(), check.severity().word());
        assert!(text.contains(&row), "docs/doctor.md has no row that begins {row}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, Check::ALL.len());
}

/// D27: Git refuses these files, and with them every ref.
#[test]
fn d27_a_damaged_packed_refs_is_mended_by_the_commands_that_are_given() {
    type Damage = fn(&str) -> String;
    let damages: [(&str, Damage); 7] = [
        ("cut in its last line", |text| text[..text.len() - 3].to_owned()),
        ("cut in a name", |text| text[..text.find("m@v1.0.1").unwrap() + 7].to_owned()),
        ("zeros at the end", |text| format!("{}{}", &text[..text.len() - 60], "\0".repeat(60))),
        ("zeros in the middle", |text| text.replace("m@v1.0.0\n^", "m@v1.0.0\0\0")),
        ("a stray line", |text| text.replace('^', "noise\n^")),
        ("a dangerous name", |text| {
            format!("{text}{} refs/tags/../../x\n", &text[text.len() - 41..].trim_end())
        }),
        ("no header and an empty line", |text| format!("\n{}", text.split_once('\n').unwrap().1)),
    ];
    let origin = Sandbox::new().repo("origin");
    origin.commit(&[], "first");
    origin.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    origin.commit(&[], "second");
    origin.tag("m@v1.0.1", "HEAD", &TagSpec::default());
    let clone = origin.clone_to("clone's");
    clone.git_ok(&["pack-refs", "--all"]);
    for (what, damage) in damages {
        for has_remote in [true, false] {
            let copy = clone.copy();
            if !has_remote {
                copy.git_ok(&["remote", "remove", "origin"]);
                copy.git_ok(&["pack-refs", "--all"]);
            }
            let path = copy.git_dir().join("packed-refs");
            let damaged = damage(&fs::read_to_string(&path).unwrap());
            fs::write(&path, &damaged).unwrap();
            // It takes a name up to a NUL.
            let is_taken = what == "zeros in the middle";
            assert_eq!(copy.git(&["for-each-ref"]).status.success(), is_taken, "{what}");
            let run = doctor(&copy, &[]).fails(1);
            assert!(run.out().contains("error[broken-ref]: the tags cannot be listed: "), "{what}\n{run}");
            let [finding] = &found(&json(&copy), Check::BrokenRef)[..] else { panic!("one finding: {what}") };
            assert!(!run.out().contains("policy"), "which one is in force is not known then\n{run}");
            paste(&copy, &texts(&finding["fix"]));
            doctor(&copy, &[]).ok();
            assert!(copy.git(&["for-each-ref"]).stderr.is_empty(), "{what}");
            let kept = copy.tag_names();
            assert!(!has_remote || kept == ["m@v1.0.0", "m@v1.0.1"], "{what} {kept:?}");
            assert!(kept.iter().all(|name| origin.tag_names().contains(name)), "{what} {kept:?}");
            assert_eq!(fs::read_to_string(path.with_extension("damaged")).unwrap(), damaged, "{what}");
            copy.remove();
        }
    }
}
