//! The pipelines that `gto ci template` prints, run as shell as far as they are.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::common::pipeline::{checkout, server};
use crate::common::{gto, warns_of};
use gto_testkit::{Repo, Sandbox, TagSpec};

const TAG: &str = "m#prod#2";

/// In the place of `curl`: an install script that links the binary under test.
const CURL: &str = r#"#!/bin/sh
case $* in *"/releases/download/v"*"/install.sh") ;; *) echo "curl $*" >&2; exit 22 ;; esac
cat <<'EOF'
to=
while [ $# -gt 0 ]; do case $1 in --to) to=$2; shift 2 ;; *) shift ;; esac; done
mkdir -p "$to" && ln -sf "$GTO_TEST_BINARY" "$to/gto"
EOF
"#;

/// What each deployment leaves, in the place of the user's own.
const DEPLOY: &str = "#!/bin/sh\nprintf '%s|' \"$#\" \"$@\" >> ../deployed\n";

struct Job {
    checkout: Repo,
    variables: BTreeMap<String, String>,
}

impl Job {
    /// A job for a tag of the server, on which nothing is installed but git.
    fn new(server: &Repo, tag: &str) -> Self {
        let checkout = checkout(server, &format!("job-{}", tag.replace('#', "-")), tag);
        let tools = checkout.path().with_extension("tools");
        fs::create_dir_all(&tools).expect("the sandbox is writable");
        for (name, text) in [("curl", CURL), ("apk", "#!/bin/sh\n")] {
            write_program(&tools.join(name), text);
        }
        write_program(&checkout.path().join("deploy.sh"), DEPLOY);
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
        let variables = [
            ("PATH", path.as_str()),
            ("GTO_TEST_BINARY", env!("CARGO_BIN_EXE_gto")),
            ("CI_PROJECT_DIR", &checkout.path().to_string_lossy()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { checkout, variables }
    }

    fn with(mut self, variables: &[(&str, &str)]) -> Self {
        self.variables
            .extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// Runs a script as the step of a system does; gives its stdout.
    fn run(&self, shell: &str, script: &str) -> String {
        let mut sh = self.checkout.command(shell);
        let output = sh.args(["-ec", script]).envs(&self.variables).output().expect("a shell runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n{out}{err}");
        out.into_owned()
    }

    fn deployed(&self) -> String {
        fs::read_to_string(self.checkout.path().with_file_name("deployed")).unwrap_or_default()
    }
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).expect("the sandbox is writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
}

fn template(line: &str) -> String {
    gto(&Repo::new(), &format!("ci template {line}")).ok().out()
}

fn yaml(line: &str) -> Value {
    serde_saphyr::from_str(&template(line)).expect("the template is YAML")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is text")
}

fn lines(value: &Value) -> String {
    value.as_array().expect("it is a list").iter().map(text).collect::<Vec<_>>().join("\n")
}

/// A server on which v2.0.0 is in prod and was rolled back then.
fn with_rollback() -> Repo {
    let server = server();
    server.tag("m#prod#3", "m@v1.0.0^{commit}", &TagSpec::default());
    server
}

/// What is to be deployed for the assignment, and for the rollback behind it.
const DEPLOYED: [(&str, &str); 2] = [(TAG, "3|m|v2.0.0|v1.0.0|"), ("m#prod#3", "3|m|v1.0.0|v2.0.0|")];

#[test]
fn the_pipeline_of_github_deploys_an_assignment_and_a_rollback() {
    let server = with_rollback();
    let steps = yaml("github")["jobs"]["deploy"]["steps"].clone();
    let mut all = String::new();
    for (tag, deployed) in DEPLOYED {
        let output = server.sandbox().path().join("output");
        let path = server.sandbox().path().join("path");
        for file in [&output, &path] {
            fs::write(file, "").unwrap();
        }
        let mut job = Job::new(&server, tag).with(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REF", &format!("refs/tags/{tag}")),
            ("GITHUB_OUTPUT", &output.to_string_lossy()),
            ("GITHUB_PATH", &path.to_string_lossy()),
        ]);
        job.run("bash", text(&steps[1]["run"]));
        let added = fs::read_to_string(&path).unwrap();
        let with_added = format!("{}:{}", added.trim(), job.variables["PATH"]);
        job.variables.insert("PATH".to_owned(), with_added);
        job.run("bash", text(&steps[2]["run"]));
        let outputs = fs::read_to_string(&output).unwrap();
        let value = |name: &str| {
            let (_, rest) = outputs.split_once(&format!("{name}<<")).unwrap();
            rest.lines().nth(1).unwrap().to_owned()
        };
        assert_eq!(text(&steps[3]["if"]), "steps.gto.outputs.match == 'true'");
        assert_eq!(value("\nmatch"), "true");
        for (name, expression) in steps[3]["env"].as_object().unwrap() {
            let output =
                text(expression).trim_start_matches("${{ steps.gto.outputs.").trim_end_matches(" }}");
            job.variables.insert(name.clone(), value(&format!("\n{output}")));
        }
        job.run("bash", text(&steps[3]["run"]));
        all += deployed;
        assert_eq!(job.deployed(), all);
    }
}

#[test]
fn the_pipeline_of_gitlab_deploys_an_assignment_and_a_rollback() {
    let server = with_rollback();
    let pipeline = yaml("gitlab");
    let mut all = String::new();
    for (tag, deployed) in DEPLOYED {
        let mut job = Job::new(&server, tag).with(&[("GITLAB_CI", "true"), ("CI_COMMIT_TAG", tag)]);
        job.run("sh", &lines(&pipeline["read-tag"]["script"]));
        let report = text(&pipeline["read-tag"]["artifacts"]["reports"]["dotenv"]);
        let report = fs::read_to_string(job.checkout.path().join(report)).unwrap();
        let pairs = report.lines().filter_map(|line| line.split_once('='));
        job.variables.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        job.run("sh", &lines(&pipeline["deploy"]["script"]));
        all += deployed;
        assert_eq!(job.deployed(), all);
    }
}

#[test]
fn the_pipeline_of_azure_deploys_an_assignment_and_a_rollback() {
    let server = with_rollback();
    let steps = yaml("azure")["steps"].clone();
    let mut all = String::new();
    for (tag, deployed) in DEPLOYED {
        let mut job = Job::new(&server, tag)
            .with(&[("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", &format!("refs/tags/{tag}"))]);
        let log = job.run("bash", text(&steps[1]["bash"]));
        let step = text(&steps[1]["name"]);
        let value = |name: &str| {
            let (_, rest) = log.split_once(&format!("variable={name};isOutput=true]")).unwrap();
            rest.lines().next().unwrap().to_owned()
        };
        assert_eq!(text(&steps[2]["condition"]), "and(succeeded(), eq(variables['gto.GTO_MATCH'], 'true'))");
        assert_eq!(value("GTO_MATCH"), "true");
        for (name, macro_) in steps[2]["env"].as_object().unwrap() {
            let output = text(macro_).trim_start_matches(&format!("$({step}.")).trim_end_matches(')');
            job.variables.insert(name.clone(), value(output));
        }
        job.run("bash", text(&steps[2]["bash"]));
        all += deployed;
        assert_eq!(job.deployed(), all);
    }
}

#[test]
fn the_pipeline_of_bitbucket_deploys_an_assignment_and_a_rollback() {
    let server = with_rollback();
    let tags = yaml("bitbucket")["pipelines"]["tags"].clone();
    assert_eq!(tags["**#prod"], tags["**#prod#*"]);
    let mut all = String::new();
    for (tag, deployed) in DEPLOYED {
        let job = Job::new(&server, tag).with(&[("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_TAG", tag)]);
        job.run("sh", &lines(&tags["**#prod#*"][0]["step"]["script"]));
        all += deployed;
        assert_eq!(job.deployed(), all);
    }
}

#[test]
fn the_pipeline_of_jenkins_deploys_an_assignment_and_a_rollback() {
    let server = with_rollback();
    let pipeline = template("jenkins");
    let scripts: Vec<&str> = pipeline.split("'''").skip(1).step_by(2).collect();
    assert_eq!(scripts.len(), 2);
    let mut all = String::new();
    for (tag, deployed) in DEPLOYED {
        let job = Job::new(&server, tag).with(&[("JENKINS_URL", "x"), ("TAG_NAME", tag)]);
        // Each in a shell of its own, as Jenkins runs it.
        for script in &scripts {
            job.run("sh", script);
        }
        all += deployed;
        assert_eq!(job.deployed(), all);
    }
}

#[test]
fn what_assigns_another_stage_or_nothing_is_not_deployed() {
    let server = server();
    server.tag("m#dev#3", "HEAD", &TagSpec::default());
    server.tag("m#prod!#4", "HEAD", &TagSpec::default());
    let scripts = lines(&yaml("bitbucket")["pipelines"]["tags"]["**#prod"][0]["step"]["script"]);
    for tag in ["m#dev#3", "m#prod!#4", "m@v2.0.0"] {
        let job = Job::new(&server, tag).with(&[("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_TAG", tag)]);
        job.run("sh", &scripts);
        assert_eq!(job.deployed(), "", "{tag}");
    }
}

#[test]
fn a_template_is_of_the_stage_that_is_named() {
    for system in ["github", "gitlab", "azure", "bitbucket", "jenkins"] {
        let text = template(&format!("{system} --stage eu/live"));
        assert!(text.contains("ci --only assignment:eu/live") && !text.contains("prod"), "{text}");
        assert!(!text.replace("${{", "").contains("{{"), "{text}");
    }
    let gitlab = yaml("gitlab --stage eu/live");
    assert_eq!(gitlab["deploy"]["rules"][0]["if"], r"$CI_COMMIT_TAG =~ /#eu\/live(#[0-9]+)?$/");
    let sandbox = Sandbox::new();
    let repo = sandbox.repo("repo");
    gto(&repo, "ci template teamcity").fails(2);
    gto(&repo, "ci template github --stage a#b").fails(1);
    // A template needs no repository.
    crate::common::binary().run_in(&sandbox, sandbox.path(), &["ci", "template", "github"], b"").ok();
    repo.commit(&[], "first");
    repo.tag("template@v1.0.0", "HEAD", &TagSpec::default());
    repo.lightweight("template@v2.0.0", "HEAD");
    assert_eq!(gto(&repo, "ci template@v1.0.0 --format json").ok().json()["event"], "registration");
    warns_of(&gto(&repo, "ci template@v2.0.0 --format json").ok(), "lightweight");
}
