//! Each system, played: its variables, a checkout as it makes one, and the outputs read as it reads them.

use std::fs;

use crate::common::pipeline::{
    HOSTILE, Values, checkout, file, read_github, read_gitlab, run_in, server, settings,
};
use crate::common::{hints_at, warns_of};
use gto_testkit::{Repo, Run, TagSpec};

const TAG: &str = "m#prod#2";

/// Reads lines of a log as `Command.cs` of the Azure agent does: a command may begin anywhere in a line.
fn read_azure(log: &str) -> Values {
    let decoded = |text: &str| {
        let pairs = [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")];
        pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let mut values = Values::new();
    for line in log.lines() {
        let Some((_, command)) = line.split_once("##vso[") else { continue };
        let (head, value) = command.split_once(']').expect("in the form of the system");
        let (name, properties) = head.split_once(' ').expect("in the form of the system");
        assert_eq!(name, "task.setvariable", "{line}");
        let properties: Values = properties
            .split(';')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect();
        assert_eq!(properties["isOutput"], "true", "{line}");
        assert!(values.insert(properties["variable"].clone(), decoded(value)).is_none(), "{line}");
    }
    values
}

/// The variables of a step that reads the file as a shell.
fn read_shell(checkout: &Repo) -> Values {
    let mut sh = checkout.command("sh");
    let output = sh
        .args(["-euc", "set -a; . ./gto.env; env -0"])
        .env_clear()
        .output()
        .expect("in the form of the system");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("in the form of the system");
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    let ours = pairs.filter(|(name, _)| name.starts_with("GTO_"));
    ours.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The values of the newest tag of the server, by their short names, without prose.
fn expected(server: &Repo) -> Values {
    let commit = server.head();
    let time = server
        .find_tag(TAG)
        .expect("in the form of the system")
        .tagger
        .expect("in the form of the system")
        .time;
    assert_eq!(time, 1_700_000_480, "created_at below");
    [
        ("event", "assignment"),
        ("artifact", "m"),
        ("version", "v2.0.0"),
        ("previous_version", "v1.0.0"),
        ("stage", "prod"),
        ("ref", "refs/tags/m#prod#2"),
        ("tag", TAG),
        ("commit", commit.as_str()),
        ("path", "models/m.pkl"),
        ("type", "model"),
        ("created_at", "2023-11-14T22:21:20+00:00"),
        ("match", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn as_variables(values: &Values) -> Values {
    values.iter().map(|(name, value)| (format!("GTO_{}", name.to_uppercase()), value.clone())).collect()
}

/// What is in `gto.json`, which a repository may have as a link to anything.
fn with_json(checkout: &Repo, run: &Run) -> serde_json::Value {
    let json: serde_json::Value = serde_json::from_slice(
        &fs::read(checkout.path().join("gto.json")).expect("in the form of the system"),
    )
    .expect("in the form of the system");
    assert_eq!(json["message"], HOSTILE, "{run}");
    assert_eq!(json["author"], "Eve ##vso[x]$(id)", "{run}");
    assert_eq!(json["labels"], serde_json::json!(["a", "b c"]), "{run}");
    json
}

#[test]
fn github_gets_outputs_and_a_summary_from_which_nothing_escapes() {
    let server = server();
    let checkout = checkout(&server, "checkout", TAG);
    let before = settings(&checkout);
    let (outputs, summary) = (file(&checkout, "output"), file(&checkout, "summary"));
    fs::write(&outputs, "mine=1\n").expect("in the form of the system");
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REF", "refs/tags/m#prod#2"),
        ("GITHUB_OUTPUT", outputs.to_str().expect("in the form of the system")),
        ("GITHUB_STEP_SUMMARY", summary.to_str().expect("in the form of the system")),
        // Of others, which mean something else here.
        ("TAG_NAME", "m@v1.0.0"),
    ];
    let run = run_in(&checkout, &variables, &[]).ok();
    let mut values = read_github(&fs::read_to_string(&outputs).expect("in the form of the system"));
    assert_eq!(values.remove("mine").as_deref(), Some("1"));
    assert_eq!(values.remove("message").as_deref(), Some(HOSTILE));
    assert_eq!(values.remove("author").as_deref(), Some("Eve ##vso[x]$(id)"));
    assert_eq!(values.remove("labels").as_deref(), Some(r#"["a","b c"]"#));
    assert_eq!(values, expected(&server));
    assert_eq!(run.out(), "✅  Stage \"prod\" was assigned to version \"v2.0.0\" of artifact \"m\"\n");
    let summary = fs::read_to_string(summary).expect("in the form of the system");
    assert!(summary.contains("| previous_version | v1&#46;0&#46;0 |"), "{summary}");
    // A heading, the two lines of the table's head, a line for each value, and nothing of Markdown or HTML in these.
    assert_eq!(summary.lines().filter(|line| line.starts_with("| ")).count(), 1 + 15, "{summary}");
    assert!(!summary.contains(['<', '`', '$', '[']), "{summary}");
    assert_eq!(settings(&checkout), before, "the checkout's configuration and history are as they were");
    assert_eq!(checkout.git_ok(&["cat-file", "-t", "refs/tags/m#prod#2"]), "tag");
    assert_eq!(checkout.tag_names(), [TAG], "nothing else came into the checkout");
    assert_eq!(checkout.git_ok(&["status", "--porcelain"]), "");
}

#[test]
fn gitlab_gets_a_dotenv_report() {
    let server = server();
    let checkout = checkout(&server, "checkout", TAG);
    // A repository may have put links there.
    let elsewhere = file(&checkout, "elsewhere");
    fs::write(&elsewhere, "untouched").expect("in the form of the system");
    #[cfg(unix)]
    for name in ["gto.env", "gto.json"] {
        std::os::unix::fs::symlink(&elsewhere, checkout.path().join(name))
            .expect("in the form of the system");
    }
    let before = settings(&checkout);
    let variables = [("GITLAB_CI", "true"), ("CI_COMMIT_TAG", TAG), ("TAG_NAME", "m@v1.0.0")];
    let run = run_in(&checkout, &variables, &[]).ok();
    let text = fs::read_to_string(checkout.path().join("gto.env")).expect("in the form of the system");
    assert_eq!(read_gitlab(&text), as_variables(&expected(&server)), "{run}");
    // As dotenv for Python 1.2.2 does, it wants a blank before a comment. dotenv 18.0.10 for Node cuts `m#prod#1` at the first `#`;
    // GitLab takes no quotes that would keep it from that.
    let read: Result<Values, _> = dotenvy::from_read_iter(text.as_bytes()).collect();
    assert_eq!(read.expect("in the form of the system"), as_variables(&expected(&server)));
    with_json(&checkout, &run);
    assert_eq!(fs::read_to_string(elsewhere).expect("in the form of the system"), "untouched");
    assert_eq!(settings(&checkout), before);
}

#[test]
fn azure_gets_output_variables() {
    let server = server();
    let checkout = checkout(&server, "checkout", TAG);
    let variables = [("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", "refs/tags/m#prod#2")];
    let run = run_in(&checkout, &variables, &[]).ok();
    assert_eq!(read_azure(&run.out()), as_variables(&expected(&server)), "{run}");
    assert!(!run.err().contains("##vso["), "{run}");
    with_json(&checkout, &run);
}

#[test]
fn bitbucket_and_jenkins_get_a_file_for_a_shell() {
    let server = server();
    for (name, variables) in [
        ("bitbucket", [("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_TAG", TAG)]),
        ("jenkins", [("JENKINS_URL", "https://jenkins.example.com/"), ("TAG_NAME", TAG)]),
    ] {
        let checkout = checkout(&server, name, TAG);
        let before = settings(&checkout);
        let run = run_in(&checkout, &variables, &[]).ok();
        assert_eq!(read_shell(&checkout), as_variables(&expected(&server)), "{run}");
        with_json(&checkout, &run);
        assert_eq!(settings(&checkout), before);
    }
}

#[test]
fn where_no_system_is_known_the_values_are_json_on_stdout() {
    let server = server();
    let checkout = checkout(&server, "checkout", TAG);
    let json = run_in(&checkout, &[], &[TAG]).ok().json();
    let mut expected: serde_json::Map<String, serde_json::Value> =
        expected(&server).into_iter().map(|(name, value)| (name, value.into())).collect();
    expected["match"] = true.into();
    expected.insert("schema".into(), 1.into());
    expected.insert("labels".into(), serde_json::json!(["a", "b c"]));
    expected.insert("author".into(), "Eve ##vso[x]$(id)".into());
    expected.insert("message".into(), HOSTILE.into());
    assert_eq!(json, serde_json::Value::Object(expected));
    // A variable of some system is taken then, and nothing is written into the folder.
    assert_eq!(run_in(&checkout, &[("TAG_NAME", TAG)], &[]).ok().json(), json);
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/tags/m#prod#2")];
    assert_eq!(run_in(&checkout, &variables, &["--format", "json"]).ok().json(), json);
    assert_eq!(checkout.git_ok(&["status", "--porcelain"]), "");
}

#[test]
fn without_a_ref_it_fails_and_in_a_pipeline_of_a_branch_nothing_happened() {
    let repo = Repo::new();
    hints_at(&run_in(&repo, &[], &[]).fails(1), "GITHUB_REF, CI_COMMIT_TAG");
    let run = run_in(&repo, &[("GITLAB_CI", "true")], &[]).ok();
    hints_at(&run, "CI_COMMIT_TAG is not set");
    let text = fs::read_to_string(repo.path().join("gto.env")).expect("in the form of the system");
    let values = read_gitlab(&text);
    assert_eq!((values["GTO_EVENT"].as_str(), values["GTO_MATCH"].as_str()), ("", "false"));
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/heads/main")];
    let run = run_in(&repo, &variables, &[]).fails(1);
    assert!(run.err().contains("GITHUB_OUTPUT is not set"), "{run}");
}

#[test]
fn a_branch_or_an_unrelated_tag_is_no_event_and_needs_no_repository() {
    let server = server();
    let outputs = file(&server, "output");
    for reference in
        ["refs/heads/main", "refs/pull/7/merge", "refs/tags/nightly", "refs/heads/$(touch owned);`x`"]
    {
        let _ = fs::remove_file(&outputs);
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REF", reference),
            ("GITHUB_OUTPUT", outputs.to_str().expect("in the form of the system")),
        ];
        let run = run_in(&server, &variables, &[]).ok();
        let values = read_github(&fs::read_to_string(&outputs).expect("in the form of the system"));
        assert_eq!((values["event"].as_str(), values["match"].as_str()), ("", "false"), "{run}");
        assert_eq!(values["ref"], reference);
        assert_eq!(run.out(), "");
    }
    let variables = [("BITBUCKET_BUILD_NUMBER", "7")];
    run_in(&server, &variables, &["refs/heads/'$(touch owned)'"]).ok();
    assert_eq!(read_shell(&server)["GTO_REF"], "refs/heads/'$(touch owned)'");
}

#[test]
fn only_says_which_event_the_pipeline_is_for() {
    let server = server();
    let checkout = checkout(&server, "checkout", TAG);
    for (only, is_match) in [
        (&["--only", "assignment"][..], true),
        (&["--only", "assignment:prod"], true),
        (&["--only", "registration", "--only", "assignment:prod"], true),
        (&["--only", "assignment:dev"], false),
        (&["--only", "unassignment:prod", "--only", "registration"], false),
    ] {
        let json = run_in(&checkout, &[], &[&[TAG], only].concat()).ok().json();
        assert_eq!((&json["match"], &json["event"]), (&is_match.into(), &"assignment".into()), "{only:?}");
    }
    run_in(&checkout, &[], &[TAG, "--only", "assign"]).fails(2);
}

#[test]
fn what_a_system_would_not_take_as_it_is_is_left_out_and_named() {
    let server = server();
    let long = "x".repeat(3000);
    let annotation = format!(
        "n:\n  path: \"a\\nGTO_EVENT=b\"\n  type: $CI_JOB_TOKEN\no:\n  path: {long}\n  type: {long}\n"
    );
    server.commit(&[("artifacts.yaml", &annotation)], "Annotate");
    for tag in ["n@v1.0.0", "o@v1.0.0"] {
        server.tag(tag, "HEAD", &TagSpec::default());
    }
    for tag in ["n@v1.0.0", "o@v1.0.0"] {
        let checkout = checkout(&server, tag, tag);
        let variables = [("GITLAB_CI", "true"), ("CI_COMMIT_TAG", tag)];
        let run = run_in(&checkout, &variables, &[]).ok();
        let values = read_gitlab(
            &fs::read_to_string(checkout.path().join("gto.env")).expect("in the form of the system"),
        );
        assert_eq!(values["GTO_EVENT"], "registration", "{run}");
        warns_of(&run, "left out, but in gto.json: GTO_");
        let left_out = ["GTO_PATH", "GTO_TYPE"].iter().filter(|name| !values.contains_key(**name)).count();
        assert_eq!(left_out, if tag == "n@v1.0.0" { 2 } else { 1 }, "{run}");
        // A shell takes a dollar sign as it is.
        let variables = [("JENKINS_URL", "x"), ("TAG_NAME", tag)];
        run_in(&checkout, &variables, &[]).ok();
        let values = read_shell(&checkout);
        let expected = if tag == "n@v1.0.0" { "$CI_JOB_TOKEN" } else { long.as_str() };
        assert_eq!(values["GTO_TYPE"], expected);
        let variables = [("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", tag)];
        assert_eq!(read_azure(&run_in(&checkout, &variables, &[]).ok().out())["GTO_EVENT"], "registration");
    }
}
