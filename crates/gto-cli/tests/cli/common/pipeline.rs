//! Playing the systems that run pipelines: a server, a checkout as they make it, and reading what they read.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use gto_testkit::{Repo, Run, TagSpec};

use super::binary;

/// What somebody writes who wants to run something in a pipeline.
pub const HOSTILE: &str = "it's \"fine\"\nEOF\ngto_\n::set-output name=event::deletion\n##vso[task.setvariable variable=GTO_EVENT;isOutput=true]x\n$(touch owned) `touch owned` ${PATH}\nGTO_EVENT=deletion\r\nevent<<EOF\nx\nEOF\n%0A;]\\";

/// A server with a registry of two artifacts: of `m`, v1.0.0 and then v2.0.0 were assigned to prod. The newest tag,
/// `m#prod#2`, has a hostile message.
pub fn server() -> Repo {
    let repo = Repo::new();
    repo.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    repo.git_ok(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let annotation = "m:\n  path: models/m.pkl\n  type: model\n  labels: [a, 'b c']\n";
    repo.commit(&[("artifacts.yaml", annotation), ("models/m.pkl", "1")], "Train");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    repo.commit(&[("models/m.pkl", "2")], "Train again");
    for tag in ["m@v2.0.0", "other@v1.0.0", "nightly"] {
        repo.tag(tag, "HEAD", &TagSpec::default());
    }
    let by = TagSpec::default().message(HOSTILE).by("Eve ##vso[x]$(id)", "eve@example.com");
    repo.tag("m#prod#2", "HEAD", &by);
    repo
}

/// The address of a repository, as of a server.
pub fn url(server: &Repo) -> String {
    format!("file://{}", server.path().display())
}

/// A checkout of depth 1 in which the tag is lightweight, with the commands of actions/checkout v4; GitLab's runner makes the
/// same.
pub fn checkout(server: &Repo, name: &str, tag: &str) -> Repo {
    let commit = server.git_ok(&["rev-parse", &format!("refs/tags/{tag}^{{commit}}")]);
    let to = server.sandbox().path().join(name);
    server.git_ok(&["init", "-q", "--template=", &to.to_string_lossy()]);
    let checkout = Repo::at(server.sandbox(), to, false);
    checkout.git_ok(&["remote", "add", "origin", &url(server)]);
    let refspec = format!("+{commit}:refs/tags/{tag}");
    let fetch =
        ["-c", "protocol.version=2", "fetch", "-q", "--no-tags", "--prune", "--no-recurse-submodules"];
    checkout.git_ok(&[&fetch[..], &["--depth=1", "origin", &refspec]].concat());
    checkout.git_ok(&["checkout", "-q", "--force", &format!("refs/tags/{tag}")]);
    assert_eq!(checkout.git_ok(&["cat-file", "-t", &format!("refs/tags/{tag}")]), "commit");
    checkout
}

/// The files that must stay as they are.
pub fn settings(checkout: &Repo) -> Vec<Vec<u8>> {
    ["config", "shallow"]
        .map(|name| fs::read(checkout.git_dir().join(name)).expect("as in the sandbox"))
        .to_vec()
}

/// A run of `gto ci` in a checkout with these variables. What a step would make there by mistake is looked for.
pub fn run_in(checkout: &Repo, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let binary = variables.iter().fold(binary(), |binary, (name, value)| binary.env(name, value));
    let run = binary.run(checkout, &[&["ci"], args].concat());
    assert!(!checkout.path().join("owned").exists(), "{run}");
    run
}

/// A file for outputs beside the checkout.
pub fn file(checkout: &Repo, name: &str) -> PathBuf {
    checkout.path().with_extension(name)
}

/// Values by name.
pub type Values = BTreeMap<String, String>;

/// Reads `$GITHUB_OUTPUT` as `FileCommandManager.cs` of actions/runner does.
pub fn read_github(text: &str) -> Values {
    let mut values = Values::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), heredoc) if heredoc.is_none_or(|heredoc| at < heredoc) => {
                values.insert(line[..at].to_owned(), line[at + 1..].to_owned());
            }
            (_, at) => {
                let at = at.expect("Invalid format");
                let (name, delimiter) = (&line[..at], &line[at + 2..]);
                assert!(!name.is_empty() && !delimiter.is_empty(), "Invalid format '{line}'");
                let mut value = Vec::new();
                loop {
                    match lines.next().expect("Matching delimiter not found") {
                        line if line == delimiter => break,
                        line => value.push(line),
                    }
                }
                values.insert(name.to_owned(), value.join("\n"));
            }
        }
    }
    values
}

/// Reads a dotenv report as `parse_dotenv_artifact_service.rb` of GitLab does, with its limits.
pub fn read_gitlab(text: &str) -> Values {
    assert!(text.len() <= 5 * 1024, "{} bytes", text.len());
    let values: Values = text
        .lines()
        .map(|line| {
            let (name, value) = line.split_once('=').expect("Invalid Format");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
            (name.trim().to_owned(), value.trim().to_owned())
        })
        .collect();
    assert!(values.len() <= 20, "{} variables", values.len());
    values
}
