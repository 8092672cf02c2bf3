//! `action.yml`, with its steps run as a runner does: the expressions evaluated, each script in a file for bash, and the files
//! through which a step sets outputs and the `PATH` read back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gto_testkit::{Repo, skip};
use serde_json::Value;

use super::release::{LINUX, real, release, root, write_program};
use crate::common::pipeline::{HOSTILE, checkout, read_github, server};

/// A runner with a workspace, and a release to install from.
struct Runner {
    checkout: Repo,
    temp: PathBuf,
    dist: PathBuf,
    inputs: BTreeMap<String, String>,
    /// By the id of the step and the name.
    outputs: BTreeMap<(String, String), String>,
    /// What steps put before the `PATH`.
    path: Vec<String>,
    summary: String,
}

impl Runner {
    /// The tag starts the workflow; the program of the release is this script.
    fn new(tag: &str, program: &str) -> Self {
        let mut checkout = checkout(&server(), "work space", tag);
        let sandbox = checkout.sandbox();
        let temp = sandbox.path().join("runner temp");
        fs::create_dir(&temp).expect("the sandbox is writable");
        write_program(&temp.join("uname"), "#!/bin/sh\ncase $1 in -s) echo Linux;; -m) echo x86_64;; esac\n");
        let dist = release(sandbox, LINUX.2, program);
        let action = action();
        let inputs = action["inputs"].as_object().expect("inputs are a map");
        let value = |input: &Value| input["default"].as_str().expect("each input has a default").to_owned();
        let inputs = inputs.iter().map(|(name, input)| (name.clone(), value(input))).collect();
        let path = vec![temp.display().to_string()];
        let reference = format!("refs/tags/{tag}");
        let sandbox = checkout.sandbox_mut();
        sandbox
            .set_env("GITHUB_REF", reference)
            .set_env("GITHUB_REF_NAME", tag)
            .set_env("GITHUB_REF_TYPE", "tag");
        let (outputs, summary) = (BTreeMap::new(), String::new());
        let runner = Self { checkout, temp, dist, inputs, outputs, path, summary };
        let dist = runner.dist.display().to_string();
        runner.with("from", &dist)
    }

    fn with(mut self, input: &str, value: &str) -> Self {
        assert!(
            self.inputs.insert(input.to_owned(), value.to_owned()).is_some(),
            "there is no input {input}"
        );
        self
    }

    /// Runs all steps, and gives the outputs of the action. The error is the stderr of the step that failed.
    fn run(&mut self) -> Result<BTreeMap<String, String>, String> {
        let action = action();
        for step in action["runs"]["steps"].as_array().expect("steps are a list") {
            let wanted = step["if"].as_str().is_none_or(|condition| self.evaluate(condition) == "true");
            if wanted {
                self.run_step(step)?;
            }
        }
        let outputs = action["outputs"].as_object().expect("outputs are a map");
        Ok(outputs.iter().map(|(name, output)| (name.clone(), self.fill(&output["value"]))).collect())
    }

    fn run_step(&mut self, step: &Value) -> Result<(), String> {
        assert_eq!(step["shell"], "bash", "{step}");
        let script = self.temp.join("step.sh");
        fs::write(&script, step["run"].as_str().expect("each step is a script"))
            .expect("the folder is writable");
        let id = step["id"].as_str().unwrap_or_default().to_owned();
        let mut bash = self.checkout.sandbox().command("bash");
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(&script);
        let folder = self.fill(step.get("working-directory").unwrap_or(&Value::String(".".into())));
        bash.current_dir(self.checkout.path().join(folder));
        let files = ["OUTPUT", "PATH", "ENV", "STEP_SUMMARY"].map(|name| {
            let file = self.temp.join(name);
            fs::write(&file, "").expect("the folder is writable");
            bash.env(format!("GITHUB_{name}"), &file);
            file
        });
        bash.envs([
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
        ]);
        bash.env("GITHUB_WORKSPACE", self.checkout.path()).env("RUNNER_TEMP", &self.temp);
        bash.env("GITHUB_ACTION_PATH", root());
        let mut path = self.path.clone();
        path.push(std::env::var("PATH").unwrap_or_default());
        bash.env("PATH", path.join(":"));
        for (name, value) in step["env"].as_object().expect("each step has an environment") {
            bash.env(name, self.fill(value));
        }
        let output = bash.output().expect("bash runs");
        let read = |file: &Path| fs::read_to_string(file).expect("it is text");
        for (name, value) in read_github(&read(&files[0])) {
            self.outputs.insert((id.clone(), name), value);
        }
        self.path.splice(0..0, read(&files[1]).lines().map(ToOwned::to_owned));
        self.summary.push_str(&read(&files[3]));
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// A text in which `${{ … }}` may stand.
    fn fill(&self, text: &Value) -> String {
        let text = text.as_str().expect("it is text");
        let mut parts = text.split("${{");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").expect("each expression ends");
            filled.push_str(&self.evaluate(expression));
            filled.push_str(rest);
        }
        filled
    }

    /// The expressions that the action has; any other is a fault of the test.
    fn evaluate(&self, expression: &str) -> String {
        let expression = expression.trim();
        if let Some((one, other)) = expression.split_once("||") {
            let one = self.evaluate(one);
            return if one.is_empty() { self.evaluate(other) } else { one };
        }
        if let Some((one, other)) = expression.split_once("!=") {
            return (self.evaluate(one) != other.trim().trim_matches('\'')).to_string();
        }
        if let Some(name) = expression.strip_prefix("inputs.") {
            return self.inputs.get(name).expect("the input is declared").clone();
        }
        if let Some((id, name)) =
            expression.strip_prefix("steps.").and_then(|rest| rest.split_once(".outputs."))
        {
            return self.outputs.get(&(id.to_owned(), name.to_owned())).cloned().unwrap_or_default();
        }
        match expression {
            "github.action_repository" => "acme/gto".to_owned(),
            other => {
                assert_eq!(other, "github.server_url", "the test knows no such expression");
                "https://github.example".to_owned()
            }
        }
    }
}

fn action() -> Value {
    let text = fs::read_to_string(root().join("action.yml")).expect("the action is there");
    serde_saphyr::from_str(&text).expect("the action is YAML")
}

/// Writes its arguments, one a line, into `$RUNNER_TEMP/arguments`, and an output.
const RECORDER: &str = r#"#!/bin/sh
[ "$1" != --version ] || { echo "GTO Version: 1.2.3"; exit; }
printf '%s\n' "$@" >"$RUNNER_TEMP/arguments"
printf '%s=%s\n' "$GIT_CONFIG_KEY_0" "$GIT_CONFIG_VALUE_0" >>"$RUNNER_TEMP/arguments"
printf 'event=assignment\nmessage<<EOF_1\na\nb\nEOF_1\n' >>"$GITHUB_OUTPUT"
"#;

fn recorded(runner: &Runner) -> String {
    fs::read_to_string(runner.temp.join("arguments")).expect("the program was run")
}

#[test]
fn no_script_of_the_action_has_an_expression_in_it() {
    for step in action()["runs"]["steps"].as_array().expect("steps are a list") {
        let script = step["run"].as_str().expect("each step is a script");
        assert!(!script.contains("${{"), "what users write belongs into `env`: {script}");
    }
}

#[test]
fn inputs_reach_gto_as_they_are_whatever_is_in_them() {
    let hostile = "v1 $(touch hurt)`touch hurt`'\"; touch hurt #";
    let mut runner = Runner::new("m#prod#1", RECORDER)
        .with("version", "1.2.3")
        .with("ref", hostile)
        .with("only", "assignment:prod * registration")
        .with("fetch", "false");
    let outputs = runner.run().unwrap();
    let workspace = runner.checkout.path().display();
    assert_eq!(
        recorded(&runner),
        format!(
            "ci\n--format\ngithub\n--only\nassignment:prod\n--only\n*\n--only\nregistration\n--no-fetch\n--\n{hostile}\n\
             safe.directory={workspace}\n"
        )
    );
    assert!(!runner.checkout.path().join("hurt").exists());
    assert_eq!(outputs["event"], "assignment");
    assert_eq!(outputs["message"], "a\nb");
    assert_eq!(outputs["stage"], "");
}

#[test]
fn without_inputs_the_version_is_the_action_s_own_and_gto_finds_the_tag_itself() {
    let mut runner = Runner::new("m#prod#1", RECORDER);
    let error = runner.run().unwrap_err();
    let own = format!("has version 1.2.3, not {}", env!("CARGO_PKG_VERSION"));
    assert!(error.contains(&own), "{error}");
    let mut runner = runner.with("version", "latest");
    runner.run().unwrap();
    assert!(recorded(&runner).starts_with("ci\n--format\ngithub\nsafe.directory="), "{}", recorded(&runner));
}

#[test]
fn install_only_puts_gto_on_the_path_and_reads_no_tag() {
    let mut runner = Runner::new("m#prod#1", &real()).with("install-only", "true");
    let outputs = runner.run().unwrap();
    assert_eq!(outputs["event"], "");
    let program = Path::new(&runner.path[0]).join("gto");
    let said = runner.checkout.sandbox().command(program).arg("--version").output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).trim().ends_with(env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_cannot_be_installed_fails_the_step_with_the_reason() {
    for (input, value, message) in [
        ("version", "1.2.3; touch hurt", "is no version"),
        ("version", "9.9.9", "not 9.9.9"),
        ("from", "/nowhere", "there is no file '/nowhere/SHA256SUMS'"),
    ] {
        let mut runner = Runner::new("m#prod#1", &real()).with(input, value);
        let error = runner.run().unwrap_err();
        assert!(error.contains(message), "{error}");
        assert!(!runner.checkout.path().join("hurt").exists());
    }
}
#[test]
fn the_outputs_tell_what_an_assignment_did_from_a_checkout_of_one_commit() {
    let mut runner = Runner::new("m#prod#2", &real()).with("only", "assignment:prod");
    let outputs = runner.run().unwrap();
    let expected = [
        ("event", "assignment"),
        ("artifact", "m"),
        ("version", "v2.0.0"),
        ("previous_version", "v1.0.0"),
        ("stage", "prod"),
        ("ref", "refs/tags/m#prod#2"),
        ("tag", "m#prod#2"),
        ("path", "models/m.pkl"),
        ("message", HOSTILE),
        ("match", "true"),
    ];
    for (name, value) in expected {
        assert_eq!(outputs[name], value, "{name} of {outputs:?}");
    }
    assert!(runner.summary.contains("| artifact | m |"), "{}", runner.summary);
}

#[test]
fn an_event_that_is_not_asked_for_does_not_match_and_fails_nothing() {
    let mut runner = Runner::new("m@v2.0.0", &real()).with("only", "assignment:prod");
    let outputs = runner.run().unwrap();
    assert_eq!((outputs["event"].as_str(), outputs["match"].as_str()), ("registration", "false"));
}

#[test]
fn a_checkout_that_belongs_to_another_user_is_read_as_in_a_job_with_a_container() {
    let mut runner = Runner::new("m#prod#2", &real());
    let chown =
        std::process::Command::new("chown").args(["-R", "12345"]).arg(runner.checkout.path()).status();
    if !chown.is_ok_and(|status| status.success()) {
        return skip("only root can give a checkout to another user");
    }
    assert_eq!(runner.run().unwrap()["version"], "v2.0.0");
}
