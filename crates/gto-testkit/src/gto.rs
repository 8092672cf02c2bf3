//! Runs the binary under test, and holds its output. Must not know what the output means.

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::{Repo, Sandbox, Terminal};

/// A binary to run, usually `Gto::new(env!("CARGO_BIN_EXE_gto"))`, with variables set on top of the sandbox's.
#[derive(Clone, Debug)]
pub struct Gto {
    binary: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Gto {
    /// The binary at this path.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self { binary: binary.into(), env: Vec::new() }
    }

    /// With this variable set.
    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Runs it in the repository's folder.
    pub fn run(&self, repo: &Repo, args: &[&str]) -> Run {
        self.run_in(repo.sandbox(), repo.path(), args, b"")
    }

    /// Runs it in the repository's folder on a terminal, where a person types this. The run's stdout is all that was on the
    /// terminal.
    pub fn run_on(&self, terminal: Terminal, repo: &Repo, args: &[&str], typed: &str) -> Run {
        let sandbox = repo.sandbox();
        let mut command = sandbox.command(&self.binary);
        command.args(args).current_dir(repo.path()).envs(self.env.iter().map(|(key, value)| (key, value)));
        let (shown, status) = terminal.run(&command, typed);
        Run::new(sandbox, args, status, shown.into_bytes(), Vec::new())
    }

    /// Runs it in any folder, with bytes on stdin.
    pub fn run_in(&self, sandbox: &Sandbox, dir: &Path, args: &[&str], stdin: &[u8]) -> Run {
        let mut command = sandbox.command(&self.binary);
        command.args(args).current_dir(dir).envs(self.env.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary under test can be started");
        // A binary that reads nothing may be gone before this is written: that is no failure of the test.
        let _ = child.stdin.take().expect("stdin was piped").write_all(stdin);
        let output = child.wait_with_output().expect("the binary can be waited for");
        Run::new(sandbox, args, output.status.code().unwrap_or(-1), output.stdout, output.stderr)
    }
}

/// What a run of the binary gave.
#[derive(Clone, Debug)]
pub struct Run {
    /// The arguments it was given.
    pub args: Vec<String>,
    /// The exit status; -1 if a signal ended it.
    pub status: i32,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
    root: PathBuf,
}

impl Run {
    pub(crate) fn new(
        sandbox: &Sandbox,
        args: &[&str],
        status: i32,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    ) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Self { args, status, stdout, stderr, root: sandbox.path().to_path_buf() }
    }

    /// stdout as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// stderr as text.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// stdout as JSON, which it must be.
    pub fn json(&self) -> serde_json::Value {
        let parsed = serde_json::from_slice(&self.stdout);
        assert!(parsed.is_ok(), "stdout is not JSON: {parsed:?}\n{self}");
        parsed.expect("just checked")
    }

    /// The run, which must have ended with status 0.
    pub fn ok(self) -> Self {
        self.fails(0)
    }

    /// The run, which must have ended with this status.
    pub fn fails(self, status: i32) -> Self {
        assert_eq!(self.status, status, "unexpected exit status of\n{self}");
        self
    }
}

/// The command, its status, stdout and stderr, for snapshots. Paths in the sandbox begin with `<sandbox>`.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.root.to_string_lossy().into_owned();
        let show = |text: String| text.replace(&root, "<sandbox>");
        writeln!(f, "$ gto {}", show(self.args.join(" ")))?;
        writeln!(f, "status: {}", self.status)?;
        for (name, text) in [("stdout", self.out()), ("stderr", self.err())] {
            if !text.is_empty() {
                let text = show(text);
                let end = if text.ends_with('\n') { "" } else { "\n(no newline)\n" };
                write!(f, "--- {name}\n{text}{end}")?;
            }
        }
        Ok(())
    }
}
