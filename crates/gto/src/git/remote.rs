//! Other repositories: pushing to them and cloning them, always by the user's own `git`, so that their ssh,
//! credential helpers, proxies and `insteadOf` work.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use super::{GitError, Repository, lossy};

/// What a push does to one tag of the remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PushedTag<'a> {
    /// Sends the tag.
    Send(&'a str),
    /// Removes the tag.
    Delete(&'a str),
}

/// Git's refusal of a push or a clone, in one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    /// The other side, or the way there, refused.
    #[error("{0}")]
    Refused(String),
    /// `git` could not be run.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// Changes the tags of `remote`: all of them or none.
    pub fn push(&self, remote: &str, tags: &[PushedTag<'_>]) -> Result<(), RemoteError> {
        let refspecs = tags.iter().map(|tag| match tag {
            PushedTag::Send(name) => format!("refs/tags/{name}:refs/tags/{name}"),
            PushedTag::Delete(name) => format!(":refs/tags/{name}"),
        });
        let fixed = ["push", "--atomic", "--porcelain", "--", remote].map(str::to_owned);
        let args: Vec<String> = fixed.into_iter().chain(refspecs).collect();
        let output = self.run_git("pushing", &args, b"")?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        Err(RemoteError::Refused(reason(&lossy(&said))))
    }
}

/// The line of Git's output that says why, without the ornaments around it.
fn reason(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let refused = lines.iter().find(|line| line.starts_with('!'));
    let fatal = lines.iter().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = refused.or(fatal).or(lines.last()).copied().unwrap_or("git did not say why");
    line.trim_start_matches('!')
        .trim_start_matches("fatal:")
        .trim_start_matches("error:")
        .trim()
        .replace('\t', " ")
}

/// Clones the bare repository, history and tags without files in a work tree, into `folder`.
pub(crate) fn clone_bare(url: &str, folder: &OsStr) -> Result<(), RemoteError> {
    let mut git = Command::new("git");
    for name in super::command::SELECTING {
        git.env_remove(name);
    }
    git.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    git.args(["clone", "--quiet", "--bare", "--"]).arg(url).arg(folder);
    git.stdin(Stdio::null());
    let output = git.output().map_err(|source| GitError::NoGit { purpose: "cloning", source })?;
    if output.status.success() {
        return Ok(());
    }
    Err(RemoteError::Refused(reason(&lossy(&output.stderr))))
}

impl Repository {
    /// The names of the local branches, for completion: what cannot be read has none.
    pub fn branch_names(&self) -> Vec<String> {
        let args = ["for-each-ref", "--format=%(refname:short)", "refs/heads"];
        let output = self.run_git("listing branches", args, b"");
        let listed = output.map(|output| lossy(&output.stdout)).unwrap_or_default();
        listed.lines().map(str::to_owned).collect()
    }
}
