//! Owns the Python tool as an oracle: finding it, keeping one process of it, asking it. Must not judge answers.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde::Deserialize;
use serde_json::json;

use crate::{Repo, Run, Sandbox};

/// The version whose behaviour is the contract.
const VERSION: &str = "1.10.1";
/// Runs inside the oracle's Python.
const SERVER: &str = include_str!("oracle_server.py");

/// The file of the sandbox that takes its stderr.
const STDERR: &str = "oracle-stderr";

/// The Python tool, loaded once and then asked many times: starting it costs a second, asking it some milliseconds.
///
/// One per thread. It goes away when it is dropped.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// A home folder, for Python libraries that read the environment only once, and for stderr.
    sandbox: Sandbox,
}

#[derive(Deserialize)]
struct Hello {
    version: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Oracle {
    /// The Python in which the oracle is installed: `GTO_ORACLE`, else the venv that `cargo xtask test` makes.
    pub fn python() -> PathBuf {
        std::env::var_os("GTO_ORACLE").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/oracle/bin/python"),
            PathBuf::from,
        )
    }

    /// Starts the oracle, if it is there.
    pub fn find() -> Option<Self> {
        Self::start().ok()
    }

    /// Starts the oracle for a test, which returns if there is none: the skip is reported.
    ///
    /// With `GTO_REQUIRE_ORACLE=1`, as in CI, there must be one.
    pub fn or_skip() -> Option<Self> {
        let started = Self::start();
        if let Err(reason) = &started {
            let required = std::env::var_os("GTO_REQUIRE_ORACLE").is_some_and(|value| value == "1");
            assert!(!required, "GTO_REQUIRE_ORACLE=1, but there is no oracle: {reason}");
            crate::skip(&format!("no oracle: {reason}"));
        }
        started.ok()
    }

    /// Starts the oracle.
    ///
    /// # Errors
    /// Explains why there is none: no such Python, no `gto` in it, or the wrong version.
    pub fn start() -> Result<Self, String> {
        let python = Self::python();
        let sandbox = Sandbox::new();
        let stderr = std::fs::File::create(sandbox.path().join(STDERR)).expect("the sandbox is writable");
        let mut command = sandbox.command(&python);
        command.args(["-X", "utf8", "-c", SERVER]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut child =
            command.spawn().map_err(|error| format!("{} cannot be started: {error}", python.display()))?;
        let questions = child.stdin.take().expect("stdin was piped");
        let answers = BufReader::new(child.stdout.take().expect("stdout was piped"));
        let mut oracle = Self { child, questions, answers, sandbox };
        let hello: Hello =
            oracle.read().map_err(|error| format!("no gto in {}: {error}", python.display()))?;
        if hello.version == VERSION {
            Ok(oracle)
        } else {
            Err(format!("gto {} in {}, not {VERSION}", hello.version, python.display()))
        }
    }

    /// Runs `gto ARGS` in the repository's folder and environment.
    pub fn run(&mut self, repo: &Repo, args: &[&str]) -> Run {
        self.run_in(repo.sandbox(), repo.path(), args, &[])
    }

    /// Runs `gto ARGS` in any folder of the sandbox, with variables on top of its environment.
    pub fn run_in(&mut self, sandbox: &Sandbox, dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Run {
        let mut variables = serde_json::Map::new();
        let inherited =
            sandbox.environment().map(|(key, value)| (key.to_string_lossy(), value.to_string_lossy()));
        for (key, value) in inherited {
            variables.insert(key.into_owned(), json!(value));
        }
        for (key, value) in env {
            variables.insert((*key).to_owned(), json!(value));
        }
        let question = json!({ "cwd": dir.to_string_lossy(), "args": args, "env": variables, "stdin": "" });
        // If it has exited, reading the answer gives a better error than writing the question.
        let _ = writeln!(self.questions, "{question}");
        let answer = self.read::<Answer>();
        assert!(answer.is_ok(), "the oracle failed at {args:?}: {answer:?}");
        let answer = answer.expect("just checked");
        Run::new(sandbox, args, answer.status, answer.stdout.into_bytes(), answer.stderr.into_bytes())
    }

    fn read<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|_| {
            let stderr = std::fs::read_to_string(self.sandbox.path().join(STDERR)).unwrap_or_default();
            let ended = self.child.try_wait();
            format!("it said `{}` ({ended:?}); {}", line.trim_end(), stderr.trim_end())
        })
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It may have ended by itself; nothing is to be done about a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TagSpec;

    #[test]
    fn the_oracle_answers_each_question_as_a_fresh_process_would() {
        let Some(mut oracle) = Oracle::or_skip() else { return };
        let mut repo = Repo::new();
        repo.commit(&[], "first");
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        assert_eq!(oracle.run(&repo, &["show", "m@latest", "--version"]).ok().out(), "v1.0.0\n");
        assert_eq!(oracle.run(&repo, &["no-such-command"]).fails(2).out(), "");
        let refused = oracle.run(&repo, &["show", "other"]).fails(1);
        assert_eq!(refused.err(), "❌ Cannot find artifact 'other'\n");

        repo.sandbox_mut().set_env("GTO_EMOJIS", "false").set_env("GIT_COMMITTER_NAME", "Zoë");
        assert_eq!(oracle.run(&repo, &["show", "other"]).fails(1).err(), "Cannot find artifact 'other'\n");
        oracle.run(&repo, &["assign", "m", "--version", "v1.0.0", "--stage", "prod"]).ok();
        let tag = repo.find_tag("m#prod#1").expect("the oracle made it");
        assert_eq!(tag.tagger.map(|tagger| tagger.name).as_deref(), Some("Zoë"));

        repo.sandbox_mut().remove_env("GTO_EMOJIS");
        assert_eq!(oracle.run(&repo, &["show", "x"]).fails(1).err(), "❌ Cannot find artifact 'x'\n");
    }
}
