//! Running the user's `git`.
//!
//! Owns the environment of these processes and the reading of their failures. Must not use a shell, and must not
//! parse what git says in the user's language.

use std::ffi::OsStr;
use std::io::{self, Read, Write as _};
use std::panic::resume_unwind;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use super::{GitError, Repository};

/// Variables that make git work on another repository than the one it is told to. A program started from a Git hook
/// inherits them.
pub(super) const SELECTING: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
];

/// More than this is not taken from git, in bytes: a registry of several million tags. What is listed may come from another
/// side.
const MAX_OUTPUT: u64 = 1 << 30;

/// Nor more than this of what it tells people, which may be said by another side too. The rest is passed over.
const MAX_SAID: u64 = 1 << 20;

/// The first git that knows reftables.
const NEEDED: (u32, u32) = (2, 45);

impl Repository {
    /// A `git` on this repository, without arguments yet.
    pub(super) fn git(&self) -> Command {
        // With an explicit `--git-dir` git does not ask whose the repository is: that was asked when it was opened.
        let mut git = Command::new("git");
        for name in SELECTING {
            git.env_remove(name);
        }
        git.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        if self.locked.get() {
            git.env(super::LOCKED, std::path::absolute(self.common_dir()).unwrap_or_default());
        }
        git.envs(self.variables.iter().map(|(name, value)| (name, value)));
        git.arg("--git-dir").arg(self.git_dir());
        // With `--git-dir` git takes the current folder for the work tree, and runs hooks there.
        if self.root().is_dir() {
            git.current_dir(self.root());
        }
        git
    }

    /// Runs `git` to its end, whatever its exit status.
    pub(super) fn run_git(
        &self,
        purpose: &'static str,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        input: &[u8],
    ) -> Result<Output, GitError> {
        self.run_git_as(purpose, args, input, |_| {})
    }

    /// The same, after `prepare`, which may set variables.
    pub(super) fn run_git_as(
        &self,
        purpose: &'static str,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        input: &[u8],
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Output, GitError> {
        let no_git = |source| GitError::NoGit { purpose, source };
        let mut git = self.git();
        git.args(args);
        prepare(&mut git);
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = git.spawn().map_err(no_git)?;
        if let Some(mut stdin) = child.stdin.take() {
            match stdin.write_all(input) {
                // Its exit status says why it did not want to listen.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                result => result.map_err(no_git)?,
            }
        }
        bounded_output(child).map_err(no_git)
    }

    /// The error for a `git` that ended badly.
    pub(super) fn command_error(&self, command: &'static str, output: &Output) -> GitError {
        if let Some(found) = self.too_old() {
            return GitError::GitTooOld { found, needed: "2.45" };
        }
        let message = super::lossy(output.stderr.trim_ascii());
        GitError::Command {
            command: command.to_owned(),
            message: if message.is_empty() { output.status.to_string() } else { message },
        }
    }

    fn too_old(&self) -> Option<String> {
        let output = self.git().arg("--version").stdin(Stdio::null()).output().ok()?;
        let found = super::lossy(output.stdout.trim_ascii());
        (version(&found)? < NEEDED).then_some(found)
    }
}

/// Waits for the end of a process and takes what it prints, within the limits.
pub(super) fn bounded_output(mut child: Child) -> io::Result<Output> {
    let (printed, said) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = thread::scope(|scope| {
        // Both at once: a pipe that nobody reads makes the process wait.
        let said = scope.spawn(|| start_of(said, MAX_SAID));
        let printed = start_of(printed, MAX_OUTPUT);
        (printed, said.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let status = child.wait()?;
    let ((stdout, is_whole), (stderr, _)) = (stdout?, stderr?);
    if is_whole {
        return Ok(Output { status, stdout, stderr });
    }
    Err(io::Error::other(format!("it prints more than {} MiB", MAX_OUTPUT >> 20)))
}

/// The first bytes of what can be read, and whether they are all. The rest is passed over.
fn start_of(from: Option<impl Read>, limit: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let Some(mut from) = from else { return Ok((bytes, true)) };
    from.by_ref().take(limit).read_to_end(&mut bytes)?;
    let rest = io::copy(&mut from, &mut io::sink())?;
    Ok((bytes, rest == 0))
}

/// `git version 2.47.3` and `git version 2.39.2 (Apple Git-143)` as major and minor.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn of_what_a_process_says_without_end_the_start_is_taken() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "head -c 5000000 /dev/zero >&2; head -c 3000000 /dev/zero; exit 3"]);
        let child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = bounded_output(child).unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len()), (3_000_000, 1 << 20));
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn the_version_of_git_is_read_from_what_it_prints() {
        assert_eq!(version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version("git version 2.39.2 (Apple Git-143)"), Some((2, 39)));
        assert_eq!(version("git version 3.0"), Some((3, 0)));
        assert_eq!(version("something else"), None);
    }
}
