//! `templates/gto.yml`, the GitLab component: the inputs filled in as GitLab does, the script run as a runner does, and the dotenv
//! report read back.

use std::collections::BTreeMap;
use std::fs;

use gto_testkit::{Repo, skip};
use serde_json::Value;

use super::release::{LINUX, real, release, root, write_program};
use crate::common::pipeline::{Values, checkout, read_gitlab, server};

/// The two documents: what may be put in, and the job.
fn component() -> (Value, String) {
    let text = fs::read_to_string(root().join("templates/gto.yml")).expect("the component is there");
    let (spec, job) = text.split_once("\n---\n").expect("it has two documents");
    (serde_saphyr::from_str(spec).expect("the first is YAML"), job.to_owned())
}

/// The job, with these inputs. GitLab fills them into the text before it reads the YAML.
fn job(inputs: &[(&str, &str)]) -> (String, Value) {
    let (spec, mut text) = component();
    let known = spec["spec"]["inputs"].as_object().expect("inputs are a map");
    for (name, _) in inputs {
        assert!(known.contains_key(*name), "there is no input {name}");
    }
    for (name, input) in known {
        let given = inputs.iter().find(|(given, _)| given == name).map(|(_, value)| *value);
        let value = given.or(input["default"].as_str()).expect("each input has a default");
        text = text.replace(&format!("$[[ inputs.{name} ]]"), value);
    }
    assert!(!text.contains("$[["), "an input that nobody declares: {text}");
    let jobs: BTreeMap<String, Value> = serde_saphyr::from_str(&text).expect("the second is YAML");
    jobs.into_iter().next().expect("there is one job")
}

struct Runner {
    checkout: Repo,
}

impl Runner {
    fn new(tag: &str, program: &str) -> Self {
        let mut checkout = checkout(&server(), "project", tag);
        let tools = checkout.sandbox().path().join("tools");
        fs::create_dir(&tools).expect("the sandbox is writable");
        write_program(
            &tools.join("uname"),
            "#!/bin/sh\ncase $1 in -s) echo Linux;; -m) echo x86_64;; esac\n",
        );
        let dist = release(checkout.sandbox(), LINUX.2, program);
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
        let project = checkout.path().to_owned();
        let sandbox = checkout.sandbox_mut();
        sandbox
            .set_env("PATH", path)
            .set_env("CI", "true")
            .set_env("GITLAB_CI", "true")
            .set_env("CI_COMMIT_TAG", tag);
        sandbox
            .set_env("CI_PROJECT_DIR", &project)
            .set_env("GTO_INSTALL_FROM", format!("file://{}", dist.display()));
        Self { checkout }
    }

    /// Runs the script of the job; gives the variables of the dotenv report, or the stderr.
    fn run(&self, inputs: &[(&str, &str)]) -> Result<Values, String> {
        let (_, job) = job(inputs);
        let lines: Vec<_> =
            job["script"].as_array().expect("a script is a list").iter().filter_map(Value::as_str).collect();
        let mut sh = self.checkout.sandbox().command("/bin/sh");
        sh.args(["-e", "-c", &lines.join("\n")]).current_dir(self.checkout.path());
        for (name, value) in job["variables"].as_object().expect("variables are a map") {
            sh.env(name, value.as_str().expect("each is text"));
        }
        let output = sh.output().expect("sh runs");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let report = job["artifacts"]["reports"]["dotenv"].as_str().expect("it has a report");
        let text = fs::read_to_string(self.checkout.path().join(report)).unwrap_or_default();
        Ok(read_gitlab(&text))
    }
}

/// The script fetches by curl or wget; only curl knows a folder.
fn has_curl() -> bool {
    let found = std::process::Command::new("curl").arg("--version").output().is_ok();
    if !found {
        skip("there is no curl, which the component's script takes from a local folder with");
    }
    found
}

/// Writes its arguments into the report.
const RECORDER: &str = r#"#!/bin/sh
[ "$1" != --version ] || { echo "GTO Version: 1.2.3"; exit; }
[ "$2" != --help ] || exit 0
n=0
for argument in "$@"; do n=$((n + 1)); echo "ARGUMENT_$n=$argument"; done >gto.env
echo "SAFE=$GIT_CONFIG_KEY_0=$GIT_CONFIG_VALUE_0" >>gto.env
"#;

#[test]
fn no_input_gets_into_a_script_but_through_a_variable() {
    let hostile = "x\n    - touch hurt";
    let (spec, text) = component();
    let script = text.split_once("script:").expect("the job has a script").1;
    assert!(!script.contains("$[["), "{hostile}: {script}");
    assert!(spec["spec"]["inputs"]["version"]["regex"].is_string());
}

#[test]
fn the_job_has_the_name_stage_and_image_of_the_inputs_and_runs_for_registry_tags() {
    let (name, job) = job(&[("job", "registry"), ("stage", "build"), ("image", "example.com/ci:1")]);
    assert_eq!(
        (name.as_str(), &job["stage"], &job["image"]),
        ("registry", &"build".into(), &"example.com/ci:1".into())
    );
    assert_eq!(job["rules"][0]["if"], "$CI_COMMIT_TAG =~ /[@#]/");
}

#[test]
fn what_match_stands_for_reaches_gto_word_by_word() {
    if !has_curl() {
        return;
    }
    let runner = Runner::new("m#prod#1", RECORDER);
    let report = runner.run(&[("only", "assignment:prod * registration")]).unwrap();
    let arguments: Vec<_> =
        (1..=9).filter_map(|n| report.get(&format!("ARGUMENT_{n}")).map(String::as_str)).collect();
    let expected =
        ["ci", "--format", "gitlab", "--only", "assignment:prod", "--only", "*", "--only", "registration"];
    assert_eq!(arguments, expected);
    assert_eq!(report["SAFE"], format!("safe.directory={}", runner.checkout.path().display()));
}

#[test]
fn a_release_that_is_not_there_fails_the_job_with_the_reason() {
    if !has_curl() {
        return;
    }
    let runner = Runner::new("m#prod#1", RECORDER);
    let error = runner.run(&[("version", "9.9.9")]).unwrap_err();
    assert!(error.contains("has version 1.2.3, not 9.9.9"), "{error}");
}

#[test]
fn a_gto_that_the_image_has_is_run_and_nothing_is_downloaded() {
    let mut runner = Runner::new("m#prod#1", RECORDER);
    write_program(&runner.checkout.sandbox().path().join("tools/gto"), RECORDER);
    runner.checkout.sandbox_mut().set_env("GTO_INSTALL_FROM", "/nowhere");
    assert_eq!(runner.run(&[]).unwrap()["ARGUMENT_1"], "ci");
}

#[test]
fn the_report_tells_what_an_assignment_did_from_a_checkout_of_one_commit() {
    if !has_curl() {
        return;
    }
    let runner = Runner::new("m#prod#2", &real());
    let report = runner.run(&[("only", "assignment:prod")]).unwrap();
    let expected = [
        ("GTO_EVENT", "assignment"),
        ("GTO_ARTIFACT", "m"),
        ("GTO_VERSION", "v2.0.0"),
        ("GTO_PREVIOUS_VERSION", "v1.0.0"),
        ("GTO_STAGE", "prod"),
        ("GTO_REF", "refs/tags/m#prod#2"),
        ("GTO_MATCH", "true"),
    ];
    for (name, value) in expected {
        assert_eq!(report.get(name).map(String::as_str), Some(value), "{name} of {report:?}");
    }
}
