//! What `dvc.yaml` and `artifacts.yaml` say of artifacts, as commands show it.

use std::path::{Path, PathBuf};

use crate::common::{binary, gto, hints_at, refused, refused_args, warns_of};
use gto_testkit::{Repo, TagSpec};
use serde_json::{Value, json};

/// The DVC project of `dvc/README.md`.
fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/annotations/dvc")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the sandbox can be written to");
    for entry in std::fs::read_dir(from).expect("the fixture is there") {
        let entry = entry.expect("it can be read");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("it has one").is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("the sandbox can be written to");
        }
    }
}

/// A repository with the DVC project in its commit.
fn project() -> Repo {
    let repo = Repo::new();
    copy(&fixture().join("files"), repo.path());
    repo.git_ok(&["add", "--all", "--force"]);
    repo.commit(&[], "DVC project");
    repo
}

/// What we read of the project is what DVC read: the same artifacts, and the same fields of each.
fn is_read_as(repo: &Repo, expected: &Value) {
    let mut names = Vec::new();
    for (file, artifacts) in expected.as_object().expect("a mapping") {
        let folder = file.strip_suffix("dvc.yaml").expect("all are").trim_end_matches('/');
        for (name, theirs) in artifacts.as_object().expect("a mapping") {
            let full = if folder.is_empty() { name.clone() } else { format!("{folder}:{name}") };
            names.push(format!("*{full}"));
            let version = &gto(repo, &format!("show {full} --json")).ok().json()[0];
            let ours = &version["enrichments"][0]["enrichments"];
            let mut theirs = theirs.clone();
            theirs["path"] = normal(&format!("{folder}/{}", theirs["path"].as_str().expect("a text"))).into();
            for label in theirs["labels"].as_array_mut().expect("a list") {
                // Labels are texts; DVC leaves them as the parameter is.
                *label = label.as_str().map_or(label.to_string(), str::to_owned).into();
            }
            // Nothing, said in two ways.
            for (field, nothing) in [("desc", json!("")), ("meta", json!(null))] {
                if theirs[field] == nothing {
                    theirs[field] = if field == "desc" { json!(null) } else { json!({}) };
                }
            }
            assert_eq!(*ours, json!([{"source": "dvc", "artifact": theirs}]), "{full}");
        }
    }
    names.sort();
    let ours = gto(repo, "show --name").ok().out();
    let mut ours: Vec<&str> = ours.lines().collect();
    ours.sort_unstable();
    assert_eq!(ours, names);
}

/// A path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn what_dvc_wrote_is_read_as_dvc_reads_it() {
    let expected = std::fs::read_to_string(fixture().join("expected.json")).unwrap();
    is_read_as(&project(), &serde_json::from_str(&expected).unwrap());
}

#[test]
fn dvc_itself_reads_the_same() {
    let Some(python) = std::env::var_os("GTO_DVC") else {
        return gto_testkit::skip("no DVC: GTO_DVC names no Python that has dvc==3.66.1");
    };
    let repo = project();
    let output = repo.command(python).arg(fixture().join("read.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    is_read_as(&repo, &serde_json::from_slice(&output.stdout).unwrap());
}

const ANNOTATIONS: &str = "m:\n  type: model\n  path: models/m.pkl\n  labels: [a, b]\n  description: Mails\n  \
                           custom: {k: 1}\n";

/// `m` in two versions with different annotations, and `nlp:n` in a folder.
fn registry() -> Repo {
    let repo = Repo::new();
    repo.commit(
        &[("artifacts.yaml", ANNOTATIONS), ("nlp/dvc.yaml", "artifacts: {n: {path: old.pkl}}\n")],
        "1",
    );
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("nlp=n@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    repo.commit(
        &[
            ("artifacts.yaml", "m:\n  path: models/new.pkl\n"),
            ("nlp/dvc.yaml", "artifacts:\n  n:\n    path: ./new.pkl\n    type: model\n    meta: {k: [1]}\n"),
        ],
        "2",
    );
    repo.tag("m@v2.0.0", "HEAD", &TagSpec::default());
    repo.commit(&[("other", "x")], "3");
    repo
}

#[test]
fn describe_reads_the_work_tree_and_for_a_version_its_commit() {
    let repo = registry();
    let out = |line: &str| gto(&repo, line).ok().out();
    assert_eq!(out("describe m --path"), "models/new.pkl\n");
    assert_eq!(out("describe m@v1.0.0 --path"), "models/m.pkl\n");
    assert_eq!(out("describe m#prod --path"), "models/m.pkl\n");
    assert_eq!(out("describe m#prod#1 --path"), "models/m.pkl\n");
    assert_eq!(out("describe m@latest --path"), "models/new.pkl\n");
    assert_eq!(out("describe m --rev HEAD~2 --labels"), "a\nb\n");
    assert_eq!(out("describe m@v1.0.0 --description"), "Mails\n");
    assert_eq!(out("describe nlp:n --path"), "nlp/new.pkl\n");
    assert_eq!(out("describe nlp/dvc.yaml:n@v1.0.0 --path"), "nlp/old.pkl\n");
    assert_eq!(out("describe nlp=n@v1.0.0 --path"), "nlp/old.pkl\n");
    assert_eq!(out("describe nlp:n --meta"), "{\n    \"k\": [\n        1\n    ]\n}\n");
    let commit = &repo.git_ok(&["rev-parse", "HEAD~2"]);
    assert_eq!(
        out("describe m@v1.0.0"),
        format!(
            "artifact: m\nversion: v1.0.0\ntype: model\npath: models/m.pkl\nlabels: a, b\ndescription: Mails\n\
             custom: {{\"k\":1}}\nfile: artifacts.yaml at commit {}\n",
            &commit[..7]
        )
    );
    let report = gto(&repo, "describe m@v1.0.0 --json").ok().json();
    let expected = json!({
        "artifact": "m", "version": "v1.0.0", "commit": commit, "source": "gto", "file": "artifacts.yaml",
        "type": "model", "path": "models/m.pkl", "description": "Mails", "labels": ["a", "b"], "custom": {"k": 1}
    });
    assert_eq!(report, expected);

    // Uncommitted changes count, and untracked files.
    std::fs::write(repo.path().join("artifacts.yaml"), "m: {path: not-committed}\n").unwrap();
    assert_eq!(out("describe m --path"), "not-committed\n");
    assert_eq!(gto(&repo, "describe m --json").ok().json()["commit"], Value::Null);
    std::fs::create_dir(repo.path().join("cv")).unwrap();
    std::fs::write(repo.path().join("cv/params.yaml"), "dir: d\n").unwrap();
    std::fs::write(repo.path().join("cv/dvc.yaml"), "artifacts: {new: {path: '${dir}/x'}}\n").unwrap();
    assert_eq!(out("describe cv:new --path"), "cv/d/x\n");

    let bare = repo.clone_to("bare");
    bare.git_ok(&["config", "core.bare", "true"]);
    let run = binary().run_in(bare.sandbox(), &bare.git_dir(), &["describe", "m", "--path"], b"").ok();
    assert_eq!(run.out(), "models/new.pkl\n");
}

#[test]
fn describe_refuses_with_a_reason_when_nothing_is_there() {
    let repo = registry();
    refused(&repo, "describe other", "Artifact 'other' is not annotated in the work tree");
    hints_at(&gto(&repo, "describe cv:other"), "under `artifacts` in 'cv/dvc.yaml'");
    refused(&repo, "describe m --type", "The annotation of 'm' has no type");
    refused(&repo, "describe m --custom", "The annotation of 'm' has no custom data");
    refused(&repo, "describe m@v9.0.0", "Version 'v9.0.0' is not registered");
    refused(&repo, "describe m#dev", "Artifact 'm' has no version in stage 'dev'");
    refused(&repo, "describe m@v1.0.0 --rev HEAD", "Either specify revision or use naming shortcut.");
    // As of a variable that is not set.
    for args in [["describe", "m", "--rev", ""], ["show", "m", "--at", ""]] {
        let run = binary().run(&repo, &args).fails(2);
        assert!(run.err().contains(&format!("{} is empty", args[2])), "{run}");
    }
    for command in ["describe", "resolve", "show"] {
        let hint = |text: &str| {
            let line = format!("{command} {text}");
            refused(&repo, &line, &format!("Cannot find artifact '{text}'"))
        };
        hints_at(&hint("m@v2"), "did you mean 'm@v2.0.0'?");
        hints_at(&hint("m@v9"), "'m' has no version v9.0.0: `gto show m` lists its versions");
    }
    let filtered = gto(&repo, "show m@latest --type other --version").ok();
    hints_at(&filtered, "there is no version for 'm@latest' that is annotated so: leave out --type");
    refused(&repo, "describe m#prod#9", "Ref 'm#prod#9' was not found in the repository history");
    let head = repo.head();
    std::fs::write(repo.path().join("dvc.yaml"), "artifacts:\n  typo: {file: x}\n  m: {path: x, descr: y}\n")
        .unwrap();
    let error = "Artifact 'typo' is not annotated in the work tree";
    let run = refused(&repo, "describe typo", error);
    hints_at(&run, "'dvc.yaml', line 2, column 9: the annotation of 'typo' is left out: 'path' is missing");
    warns_of(
        &gto(&repo, "describe m").ok(),
        "'dvc.yaml', line 3, column 16: in the annotation of 'm', 'descr'",
    );
    let none = refused(
        &repo,
        "describe typo --rev HEAD",
        &format!("Artifact 'typo' is not annotated at commit {}", &head[..7]),
    );
    assert!(none.err().contains("it would be 'typo' under `artifacts`"), "{none}");
    gto(&repo, "register typo").ok();
    let none = gto(&repo, "resolve typo --path").fails(1);
    hints_at(&none, "`gto describe typo`");
    assert!(!none.err().contains("--rev"), "{none}");
}

#[test]
fn where_both_files_name_an_artifact_dvc_yaml_counts_and_json_has_both() {
    let repo = Repo::new();
    let dvc = "artifacts: {m: {path: dvc.pkl, desc: of dvc}}\n";
    repo.commit(&[("artifacts.yaml", ANNOTATIONS), ("dvc.yaml", dvc)], "both");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    for name in ["m", "m@v1.0.0"] {
        let report = gto(&repo, &format!("describe {name} --json")).ok().json();
        assert_eq!((&report["source"], &report["path"]), (&json!("dvc"), &json!("dvc.pkl")));
        assert_eq!(report["type"], Value::Null, "fields are not mixed");
    }
    let version = &gto(&repo, "show m --json").ok().json()[0];
    let sources = version["enrichments"][0]["enrichments"].as_array().unwrap();
    let sources: Vec<_> =
        sources.iter().map(|entry| (&entry["source"], &entry["artifact"]["path"])).collect();
    assert_eq!(sources, [(&json!("gto"), &json!("models/m.pkl")), (&json!("dvc"), &json!("dvc.pkl"))]);
}

#[test]
fn nothing_outside_the_repository_is_read() {
    let repo = registry();
    let outside = repo.sandbox().path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("dvc.yaml"), "artifacts: {m: {path: secret}}\n").unwrap();
    for name in ["../outside:m", "/outside:m", "nlp/../../outside:m", &format!("{}:m", outside.display())] {
        let error = format!("Artifact '{name}' is not annotated in the work tree");
        refused_args(&repo, &["describe", name], &error);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, repo.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.join("dvc.yaml"), repo.path().join("dvc.yaml")).unwrap();
        for (name, why) in
            [("link:m", "it is below a link"), ("x", "it is a link that leads out of the repository")]
        {
            hints_at(&gto(&repo, &format!("describe {name}")).fails(1), why);
        }
    }
}

#[test]
fn resolve_prints_the_one_thing_or_fails() {
    let repo = registry();
    let out = |line: &str| gto(&repo, line).ok().out();
    let commit =
        |revision: &str| format!("{}\n", repo.git_ok(&["rev-parse", &format!("{revision}^{{commit}}")]));
    assert_eq!(out("resolve m"), "m@v2.0.0\n");
    assert_eq!(out("resolve m@v1.0.0 --commit"), commit("m@v1.0.0"));
    assert_eq!(out("resolve m#prod"), "m@v1.0.0\n");
    assert_eq!(out("resolve m#prod --version"), "v1.0.0\n");
    assert_eq!(out("resolve m#prod --path"), "models/m.pkl\n");
    assert_eq!(out("resolve m#prod#1 --version"), "v1.0.0\n");
    assert_eq!(out("resolve refs/tags/nlp=n@v1.0.0 --path"), "nlp/old.pkl\n");
    let expected = json!({"artifact": "m", "version": "v1.0.0", "stage": "prod", "commit": commit("m@v1.0.0").trim(),
                          "ref": "m@v1.0.0", "path": "models/m.pkl"});
    assert_eq!(gto(&repo, "resolve m#prod --json").ok().json(), expected);

    repo.tag("m#dev#2", "HEAD", &TagSpec::default());
    assert_eq!(out("resolve m#dev --commit"), commit("HEAD"));
    refused(&repo, "resolve x", "Cannot find artifact 'x'");
    refused(&repo, "resolve m#qa", "Artifact 'm' has no version in stage 'qa'");
    refused(&repo, "resolve m@v7.0.0", "Version 'v7.0.0' is not registered");
    refused(&repo, "resolve m#prod#7", "Ref 'm#prod#7' was not found in the repository history");
    let head = repo.head();
    refused(
        &repo,
        "resolve m#dev --version",
        &format!("'m#dev' has no version: none is registered on commit {}", &head[..7]),
    );
    repo.tag("q#dev#1", "HEAD", &TagSpec::default());
    refused(&repo, "resolve q", "Artifact 'q' has no version");
    refused(
        &repo,
        "resolve q#dev --path",
        &format!("Artifact 'q' is not annotated at commit {}", &head[..7]),
    );
    repo.tag("m@v1.0.0#8", "HEAD", &TagSpec::default());
    let several = gto(&repo, "resolve m@v1.0.0").fails(1);
    assert!(several.err().contains("'m@v1.0.0' is on 2 commits: "), "{several}");
}

/// Names in the first column.
fn names(run: &str) -> Vec<&str> {
    run.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn show_looks_for_annotated_artifacts_where_it_is_told() {
    let repo = registry();
    repo.commit(
        &[
            ("artifacts.yaml", "m: {}\nold: {}\n"),
            ("nlp/dvc.yaml", ""),
            ("cv/dvc.yaml", "artifacts: {p: {path: x}}"),
        ],
        "4",
    );
    repo.git_ok(&["checkout", "-q", "-b", "side"]);
    repo.commit(&[("artifacts.yaml", "m: {}\nside: {}\n")], "5");
    repo.git_ok(&["checkout", "-q", "main"]);
    repo.commit(&[("artifacts.yaml", "m: {}\n"), ("cv/dvc.yaml", "")], "6");
    let show = |line: &str| gto(&repo, line).ok().out();
    assert_eq!(names(&show("show --plain")), ["m", "nlp:n"]);
    assert_eq!(names(&show("show --plain -a")), ["*cv:p", "m", "nlp:n", "*side"]);
    assert_eq!(names(&show("show --plain --all-commits")), ["*cv:p", "m", "nlp:n", "*old", "*side"]);
    assert_eq!(names(&show("show old -A --plain")), ["*old"]);
    assert_eq!(names(&show("show cv:p -A --plain")), ["*cv:p", "*cv:p"]);
    refused(&repo, "show old -a", "Cannot find artifact 'old'");
    // The versions of `m`, and the other commits that annotate it.
    assert_eq!(names(&show("show m -A --plain")).len(), 6);
    gto(&repo, "show -a -A").fails(2);
}

#[test]
fn show_filters_by_what_is_annotated_and_shows_it_if_it_is_asked_to() {
    let repo = registry();
    let dvc =
        "artifacts:\n  p: {path: x, type: model, labels: [a, b]}\n  q: {path: y, type: model, labels: [b]}\n";
    repo.commit(&[("cv/dvc.yaml", dvc)], "4");
    let show = |line: &str| gto(&repo, line).ok().out();
    assert_eq!(names(&show("show --plain --type model")), ["*cv:p", "*cv:q", "nlp:n"]);
    assert_eq!(names(&show("show --plain --type model --label b --label a")), ["*cv:p"]);
    let none = gto(&repo, "show --type dataset").ok();
    hints_at(&none, "no artifact is annotated so at the current commit");
    // Of one artifact each version by its own commit.
    assert_eq!(show("show m --type model --version"), "v1.0.0\n");
    assert_eq!(
        show("show --wide --plain --label b"),
        "name    latest    #prod    type    path    labels    description\n\
         *cv:p   -         -        model   cv/x    a, b      -\n\
         *cv:q   -         -        model   cv/y    b         -\n"
    );
    let wide = show("show m --wide --plain");
    assert!(
        wide.lines()
            .any(|line| line.contains("v1.0.0") && line.ends_with("model   models/m.pkl    a, b      Mails")),
        "{wide}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_of_the_repository_is_that_file_in_a_commit_and_in_the_work_tree() {
    use std::os::unix::fs::symlink;
    let repo = Repo::new();
    let files = [
        ("conf/all.yaml", "m: {type: model}\n"),
        ("conf/dvc.yaml", "artifacts: {n: {path: '${x}'}}\n"),
        ("conf/params.yaml", "x: filled\n"),
        ("cv/a", ""),
        ("far/a", ""),
        ("gone/a", ""),
    ];
    repo.commit(&files, "1");
    for (target, link) in [
        ("conf/all.yaml", "artifacts.yaml"),
        ("../conf/dvc.yaml", "cv/dvc.yaml"),
        ("../conf/params.yaml", "cv/params.yaml"),
        ("/etc/hostname", "far/dvc.yaml"),
        ("absent", "gone/dvc.yaml"),
        ("cv", "linked"),
    ] {
        symlink(target, repo.path().join(link)).expect("the sandbox can be written to");
    }
    repo.git_ok(&["add", "--all"]);
    repo.commit(&[], "2");
    assert_eq!(names(&gto(&repo, "show --plain").ok().out()), ["*conf:n", "*cv:n", "*m"]);
    assert_eq!(names(&gto(&repo, "show --plain -A").ok().out()), ["*conf:n", "*cv:n", "*m"]);
    for at in ["", " --rev HEAD"] {
        assert_eq!(gto(&repo, &format!("describe cv:n --path{at}")).ok().out(), "cv/filled\n");
        assert_eq!(gto(&repo, &format!("describe m --type{at}")).ok().out(), "model\n");
        for (name, why) in [
            ("far:x", "'far/dvc.yaml': it is a link that leads out of the repository"),
            ("gone:x", "'gone/dvc.yaml': it is a link that leads to no file"),
            ("linked:n", "'linked/dvc.yaml': it is below a link, where DVC does not look"),
        ] {
            hints_at(&gto(&repo, &format!("describe {name}{at}")).fails(1), why);
        }
    }
    let doctor = gto(&repo, "doctor");
    for file in ["far/dvc.yaml", "gone/dvc.yaml"] {
        assert!(doctor.out().contains(&format!("'{file}': it is a link that leads ")), "{doctor}");
    }
}

#[test]
fn show_filters_artifacts_of_other_commits_by_the_newest_that_names_them() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "gone: {type: old}\nhere: {type: old}\n")], "1");
    repo.commit(&[("artifacts.yaml", "gone: {type: model, labels: [a]}\nhere: {type: model}\n")], "2");
    repo.commit(&[("artifacts.yaml", "here: {type: model}\n"), ("cv/a", "")], "3");
    repo.git_ok(&["checkout", "-q", "-b", "side"]);
    let dvc = ("cv/dvc.yaml", "artifacts: {'${name}': {path: x, type: '${kind}'}}\n");
    repo.commit(&[dvc, ("cv/params.yaml", "name: p\nkind: model\n")], "4");
    repo.commit(
        &[("artifacts.yaml", "here: {type: other}\n"), ("cv/params.yaml", "name: q\nkind: set\n")],
        "5",
    );
    repo.git_ok(&["checkout", "-q", "main"]);
    for graph in [false, true] {
        if graph {
            repo.git_ok(&["commit-graph", "write", "--reachable"]);
        }
        let shown = |line: &str| gto(&repo, &format!("show --plain {line}")).ok().out();
        assert_eq!(names(&shown("-A")), ["*cv:p", "*cv:q", "*gone", "*here"]);
        assert_eq!(names(&shown("-A --type model")), ["*cv:p", "*gone", "*here"]);
        assert_eq!(names(&shown("-A --label a")), ["*gone"]);
        assert_eq!(names(&shown("-a --type set")), ["*cv:q"]);
        assert_eq!(names(&shown("--type other")), [""; 0], "the current commit names it, and differently");
        hints_at(&gto(&repo, "show -A --type old"), "annotated so in the newest commit that names it");
        let wide = shown("-A --wide");
        assert!(wide.lines().any(|line| line.starts_with("*gone") && line.contains("model")), "{wide}");
        assert!(wide.lines().any(|line| line.starts_with("*cv:q") && line.contains("set")), "{wide}");
    }
}

#[test]
fn history_filters_and_shows_by_what_each_events_commit_says() {
    let repo = registry();
    let refs = |line: &str| {
        let run = gto(&repo, &format!("history --json --asc {line}")).ok().json();
        let entries = run.as_array().expect("a list").clone();
        entries.iter().map(|entry| entry["ref"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(refs("").len(), 4);
    assert_eq!(refs("--type model"), ["m@v1.0.0", "m#prod#1"]);
    assert_eq!(refs("--type model --limit 1"), ["m@v1.0.0"]);
    assert_eq!(refs("m --label a --label b"), ["m@v1.0.0", "m#prod#1"]);
    assert_eq!(refs("--label c"), [""; 0]);
    hints_at(&gto(&repo, "history --label c"), "no event matches the filters");
    let wide = gto(&repo, "history --wide --plain --asc").ok().out();
    let lines: Vec<&str> = wide.lines().collect();
    assert!(lines[0].ends_with("type    path            labels    description"), "{wide}");
    let row = |tag: &str| *lines.iter().find(|line| line.contains(tag)).expect("it is there");
    assert!(row("m@v1.0.0").ends_with("model   models/m.pkl    a, b      Mails"), "{wide}");
    assert!(row("m@v2.0.0").ends_with("-       models/new.pkl  -         -"), "{wide}");
    assert!(row("nlp=n@v1.0.0").ends_with("-       nlp/old.pkl     -         -"), "{wide}");
    gto(&repo, "history --wide --json").fails(2);
}

#[test]
fn a_path_that_scripts_would_take_for_something_else_is_made_safe_or_refused() {
    let repo = Repo::new();
    let files = [
        (
            "artifacts.yaml",
            "dash: {path: -x}\nline: {path: \"a\\nb\"}\nabs: {path: /etc/x}\nup: {path: a/../../x}\n",
        ),
        (
            "cv/dvc.yaml",
            "artifacts: {dash: {path: ../--output=x}, up: {path: ../../x}, esc: {path: \"\\e[31m\"}}\n",
        ),
    ];
    repo.commit(&files, "1");
    for name in ["dash", "line", "abs", "up", "cv:dash", "cv:up", "cv:esc"] {
        gto(&repo, &format!("register {name}")).ok();
        for command in ["describe", "resolve"] {
            let line = format!("{command} {name} --path");
            match name {
                "dash" => assert_eq!(gto(&repo, &line).ok().out(), "./-x\n"),
                "cv:dash" => assert_eq!(gto(&repo, &line).ok().out(), "./--output=x\n"),
                "line" | "cv:esc" => {
                    let error = format!("The path of '{name}' cannot be printed on one line as it is");
                    let run = gto(&repo, &line).fails(1);
                    assert!(run.err().contains(&error) && run.out().is_empty(), "{run}");
                    hints_at(&run, "--json has it");
                }
                _ => warns_of(
                    &gto(&repo, &line).ok(),
                    &format!(
                        "in the annotation of '{}', 'path' leads out of the repository",
                        name.trim_start_matches("cv:")
                    ),
                ),
            }
        }
    }
    let doctor = gto(&repo, "doctor").out();
    assert_eq!(doctor.matches("'path' leads out of the repository").count(), 3, "{doctor}");
    assert_eq!(doctor.matches("'path' has control characters").count(), 2, "{doctor}");
}

#[test]
fn a_path_is_the_same_in_every_folder() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", "x: {path: ./sub/../m}\n"), ("m", "ROOT"), ("sub/m", "SUB")], "1");
    gto(&repo, "register x").ok();
    assert_eq!(gto(&repo, "resolve x --path").ok().out(), "m\n");
    assert_eq!(gto(&repo, "describe x --json").ok().json()["path"], "m");
}

#[test]
fn names_that_files_beside_a_dvc_yaml_fill_are_found_in_every_commit() {
    let repo = Repo::new();
    let dvc = "vars: [o.yaml]\nartifacts:\n  ${n}: {path: p}\n";
    repo.commit(&[("dvc.yaml", dvc), ("o.yaml", "n: alpha\n")], "1");
    repo.commit(&[("o.yaml", "n: beta\n")], "2");
    repo.commit(&[("o.yaml", "n: gamma\n")], "3");
    let all = gto(&repo, "show -A --plain").ok();
    for name in ["alpha", "beta", "gamma"] {
        assert!(all.out().contains(name), "{all}");
    }
    let here = gto(&repo, "show --plain").ok();
    assert!(here.out().contains("gamma") && !here.out().contains("beta"), "{here}");
}
