//! Running the user's `git`.
//!
//! Owns the environment of these processes and the reading of their failures; `child` waits for them. Must not use a
//! shell, and must not parse git's messages in the user's language.

use std::ffi::{OsStr, OsString};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::git::process::child::{Work, WorkError};
use crate::git::{GitError, Repository};

/// How long a `git` may be silent where no user could interrupt it.
pub(crate) const SILENCE: Duration = Duration::from_secs(10 * 60);

/// The first git that knows reftables.
const NEEDED: (u32, u32) = (2, 45);

impl Repository {
    /// A `git` on this repository, without arguments yet.
    pub(in crate::git) fn git(&self) -> Command {
        // With an explicit `--git-dir`, git does not check the owner: that was checked on opening.
        let mut git = Command::new("git");
        self.inherit(&mut git);
        git.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        if self.locked.get() {
            git.env(crate::git::LOCKED, std::path::absolute(self.common_dir()).unwrap_or_default());
        }
        git.envs(self.variables.iter().map(|(name, value)| (name, value)));
        git.arg("--git-dir").arg(self.git_dir());
        git.args(self.sync_settings().iter().flat_map(|setting| ["-c", setting]));
        // With `--git-dir` git takes the current folder for the work tree, and runs hooks there.
        if self.root().is_dir() {
            git.current_dir(self.root());
        }
        git
    }

    /// What git must sync of what it writes: objects and refs too, and no less than is configured. Of several values of
    /// `core.fsync` the last one counts alone, and each begins with git's own choice: see git-config(1).
    fn sync_settings(&self) -> Vec<String> {
        let config = self.gix.config_snapshot();
        let configured =
            config.string("core.fsync").map(|value| crate::git::lossy(&value)).unwrap_or_default();
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
        let work = Work::start(&mut git).map_err(|source| GitError::NoGit { purpose, source })?;
        work.finish(input, self.silence, |_| {}).map_err(|error| broken_off(purpose, &args, error))
    }

    /// The error for a `git` that ended badly.
    pub(in crate::git) fn command_error(&self, command: &'static str, output: &Output) -> GitError {
        if let Some(found) = self.too_old() {
            return GitError::GitTooOld { found, needed: "2.45" };
        }
        let message = crate::git::lossy(output.stderr.trim_ascii());
        GitError::Command {
            command: command.to_owned(),
            message: if message.is_empty() { output.status.to_string() } else { message },
        }
    }

    fn too_old(&self) -> Option<String> {
        let output = self.git().arg("--version").stdin(Stdio::null()).output().ok()?;
        let found = crate::git::lossy(output.stdout.trim_ascii());
        (version(&found)? < NEEDED).then_some(found)
    }
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
    fn the_version_of_git_is_read_from_what_it_prints() {
        assert_eq!(version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version("git version 2.39.2 (Apple Git-143)"), Some((2, 39)));
        assert_eq!(version("git version 3.0"), Some((3, 0)));
        assert_eq!(version("something else"), None);
    }
}
