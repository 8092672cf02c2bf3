//! Running the user's `git`.
//!
//! Owns the environment of these processes and the reading of their failures; `child` waits for them. Must not use a
//! shell, and must not parse git's messages in the user's language.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::environment::{Environment, GitRun};
use crate::git::open::inherited::SELECTING;
use crate::git::process::child::{Work, WorkError};
use crate::git::remote::url::without_passwords;
use crate::git::{GitError, Repository, lossy};

/// The first git that knows reftables.
const NEEDED: (u32, u32) = (2, 45);

/// Variables that a `git` does not need which is told the repository, and runs in the root of its work tree.
const TOLD: [&str; 5] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_INTERNAL_SUPER_PREFIX"];

/// No address names a program, as those of `ext::` do.
const NO_PROGRAMS: [&str; 2] = ["-c", "protocol.ext.allow=never"];

impl Repository {
    /// A `git` on this repository, without arguments yet.
    pub(in crate::git) fn git(&self) -> Command {
        // With an explicit `--git-dir` git does not ask whose the repository is: that was asked when it was opened.
        let mut git = self.program("git");
        git.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        if self.is_locked() {
            git.env(crate::git::LOCKED, self.environment.absolute(self.common_dir()).unwrap_or_default());
        }
        git.envs(self.variables.iter().map(|(name, value)| (name, value)));
        git.args(NO_PROGRAMS).arg("--git-dir").arg(self.git_dir());
        git.args(self.sync_settings().iter().flat_map(|setting| ["-c", setting]));
        git
    }

    /// A program where git would run it: at the top of the work tree, for which git takes the current folder with
    /// `--git-dir`, and where it runs hooks and looks for relative paths. It gets those variables of Git that count here.
    pub(in crate::git) fn program(&self, name: &str) -> Command {
        let mut program = Command::new(name);
        for name in SELECTING {
            if !self.inherited.counts || TOLD.contains(&name) {
                program.env_remove(name);
            }
        }
        if self.root().is_dir() {
            program.current_dir(self.root());
        }
        program
    }

    /// What git must sync of what it writes: objects and refs too, and no less than is configured. Of several values of
    /// `core.fsync` the last one counts alone, and each begins with git's own choice: see git-config(1).
    fn sync_settings(&self) -> Vec<String> {
        let config = self.gix().config_snapshot();
        let configured = config.string("core.fsync").map(|value| lossy(&value)).unwrap_or_default();
        let parts = configured.split(',').map(str::trim).filter(|part| !["", "none"].contains(part));
        let parts: Vec<&str> = parts.chain(["loose-object", "reference"]).collect();
        let mut settings = vec![format!("core.fsync={}", parts.join(","))];
        if config.string("core.fsyncMethod").is_some_and(|method| method == "writeout-only") {
            settings.push("core.fsyncMethod=fsync".to_owned());
        }
        settings
    }

    /// Runs `git` to its end, whatever its exit status.
    pub(in crate::git) fn run_git(
        &self,
        purpose: &'static str,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        input: &[u8],
    ) -> Result<Output, GitError> {
        self.run_git_as(purpose, args, input, |_| {})
    }

    /// The same, after `prepare`, which may set variables.
    pub(in crate::git) fn run_git_as(
        &self,
        purpose: &'static str,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        input: &[u8],
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Output, GitError> {
        let mut git = self.git();
        let args: Vec<OsString> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        git.args(&args);
        prepare(&mut git);
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        run_traced(&self.environment, self.silence, &mut git, input, |_| {})
            .map_err(|source| GitError::NoGit { purpose, source })?
            .map_err(|error| broken_off(purpose, &args, error))
    }

    /// The error for a `git` that ended badly.
    pub(in crate::git) fn command_error(&self, command: &'static str, output: &Output) -> GitError {
        if let Some(found) = self.too_old() {
            return GitError::GitTooOld { found, needed: "2.45" };
        }
        let message = lossy(output.stderr.trim_ascii());
        GitError::Command {
            command: command.to_owned(),
            message: if message.is_empty() { output.status.to_string() } else { message },
        }
    }

    fn too_old(&self) -> Option<String> {
        let output = self.git().arg("--version").stdin(Stdio::null()).output().ok()?;
        let found = lossy(output.stdout.trim_ascii());
        (version(&found)? < NEEDED).then_some(found)
    }
}

/// A `git` that works elsewhere than the variables of Git say.
pub(in crate::git) fn git_elsewhere() -> Command {
    let mut git = Command::new("git");
    for name in SELECTING {
        git.env_remove(name);
    }
    git.env("LC_ALL", "C").args(NO_PROGRAMS);
    git
}

/// Starts a `git`, waits for its end, and reports it to the caller's trace. `hear` gets what it prints on stderr.
///
/// The outer error is that it cannot be started.
pub(in crate::git) fn run_traced(
    environment: &Environment,
    silence: Option<Duration>,
    git: &mut Command,
    input: &[u8],
    hear: impl FnMut(&[u8]),
) -> io::Result<Result<Output, WorkError>> {
    let begun = Instant::now();
    let finished = Work::start(git, environment.cancellation())?.finish(input, silence, hear);
    environment.trace(|| traced(git, begun.elapsed(), &finished));
    Ok(finished)
}

/// What happened, without passwords.
fn traced(git: &Command, took: Duration, finished: &Result<Output, WorkError>) -> GitRun {
    let words = std::iter::once(git.get_program()).chain(git.get_args());
    let (ended, said) = match finished {
        Ok(output) => (output.status.to_string(), lossy(output.stderr.trim_ascii())),
        Err(WorkError::Silent(silence)) => (format!("silent for {} s", silence.as_secs()), String::new()),
        Err(WorkError::System(error)) => (error.to_string(), String::new()),
    };
    let words = words.map(|word| without_passwords(&word.to_string_lossy())).collect();
    GitRun { words, took, ended, said: without_passwords(&said) }
}

/// The error for a `git` with these arguments that has not come to its end.
pub(in crate::git) fn broken_off(purpose: &'static str, args: &[OsString], error: WorkError) -> GitError {
    let silence = match error {
        WorkError::System(source) => return GitError::NoGit { purpose, source },
        WorkError::Silent(silence) => silence,
    };
    // What follows `-c` is a setting.
    let mut words = args.iter().map(|arg| arg.to_string_lossy());
    let mut command = words.next().unwrap_or_default();
    while command == "-c" {
        command = words.nth(1).unwrap_or_default();
    }
    GitError::Silent { command: command.into_owned(), seconds: silence.as_secs() }
}

/// `git version 2.47.3` and `git version 2.39.2 (Apple Git-143)` as major and minor.
pub(in crate::git) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_run_is_reported_without_passwords() {
        let mut git = Command::new("git");
        git.args(["fetch", "https://me:secret@host/x", "refs/tags/m@v1.0.0"]);
        let run = traced(&git, Duration::from_millis(7), &Err(WorkError::Silent(Duration::from_secs(5))));
        assert_eq!(run.words, ["git", "fetch", "https://host/x", "refs/tags/m@v1.0.0"]);
        assert_eq!((run.ended.as_str(), run.took.as_millis()), ("silent for 5 s", 7));
    }

    #[test]
    fn the_version_of_git_is_read_from_what_it_prints() {
        assert_eq!(version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version("git version 2.39.2 (Apple Git-143)"), Some((2, 39)));
        assert_eq!(version("git version 3.0"), Some((3, 0)));
        assert_eq!(version("something else"), None);
    }
}
