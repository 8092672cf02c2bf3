//! Committing some files of the work tree and nothing else, by the user's own `git`: with their hooks, identity and
//! signature, and with the index and all other files left as they are.
//!
//! Must not write the files themselves, nor decide what is committed.

use std::process::Output;

use super::porcelain::words;
use super::{GitError, Repository, lossy};
use crate::object_id::ObjectId;

/// Why there is no commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// Git or a hook refused; what they said, in one line.
    #[error("{0}")]
    Refused(String),
    /// `git` could not be run.
    #[error(transparent)]
    Git(#[from] GitError),
}

const PURPOSE: &str = "committing a file";

impl Repository {
    /// Those of the files that are not as in the current commit: changed, staged, or not in Git.
    pub fn uncommitted(&self, paths: &[&str]) -> Result<Vec<String>, GitError> {
        let args = ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--ignored"];
        let output = self.on_files(&args, paths, b"")?;
        if !output.status.success() {
            return Err(self.command_error("status", &output));
        }
        let entries = output.stdout.split(|&byte| byte == 0).filter_map(|entry| entry.get(3..));
        Ok(entries.map(lossy).collect())
    }

    /// Commits the files as they are in the work tree, as `git commit --only` does, with these variables. On an error there
    /// is no commit, and the index is as it was.
    pub fn commit_files(
        &self,
        paths: &[&str],
        message: &str,
        variables: &[(&str, &str)],
    ) -> Result<ObjectId, CommitError> {
        let mut added = Vec::new();
        for &path in paths {
            let listed = self.on_files(&["ls-files", "-z"], &[path], b"")?;
            // Git commits no file that it has never heard of.
            let is_new = listed.stdout.is_empty() && self.root().join(path).exists();
            added.extend(is_new.then_some(path));
        }
        let committed = self.add_and_commit(&added, paths, message, variables);
        if committed.is_err() && !added.is_empty() {
            // Whatever stays is an empty entry for a new file.
            let _ = self.on_files(&["update-index", "--force-remove"], &added, b"");
        }
        committed
    }

    fn add_and_commit(
        &self,
        added: &[&str],
        paths: &[&str],
        message: &str,
        variables: &[(&str, &str)],
    ) -> Result<ObjectId, CommitError> {
        if !added.is_empty() {
            succeed(&self.on_files(&["add", "--intent-to-add"], added, b"")?)?;
        }
        let args = ["commit", "--quiet", "--only", "--file=-"];
        succeed(&self.on_files_as(variables, &args, paths, message.as_bytes())?)?;
        let head = self.head_commit()?;
        head.ok_or_else(|| CommitError::Refused("there is no commit".to_owned()))
    }

    /// Runs git on files that are named literally.
    fn on_files(&self, args: &[&str], paths: &[&str], input: &[u8]) -> Result<Output, GitError> {
        self.on_files_as(&[], args, paths, input)
    }

    fn on_files_as(
        &self,
        variables: &[(&str, &str)],
        args: &[&str],
        paths: &[&str],
        input: &[u8],
    ) -> Result<Output, GitError> {
        let args = args.iter().chain(&["--"]).chain(paths);
        self.run_git_as(PURPOSE, args, input, |git| {
            git.envs(variables.iter().copied()).env("GIT_LITERAL_PATHSPECS", "1");
        })
    }
}

fn succeed(output: &Output) -> Result<(), CommitError> {
    if output.status.success() {
        return Ok(());
    }
    let said = format!("{}\n{}", lossy(&output.stderr), lossy(&output.stdout));
    let said = words(said.trim());
    Err(CommitError::Refused(if said.is_empty() { output.status.to_string() } else { said }))
}
