//! Committing some files of the work tree and nothing else, by the user's own `git`: with their hooks, identity and
//! signature, and with the index and all other files left as they are.
//!
//! Must not write the files themselves, nor decide what is committed.

use std::io;
use std::path::Path;
use std::process::Output;

use crate::git::durable::sync_folder;
use crate::git::objects::loose::Unsynced;
use crate::git::process::child::undisturbed;
use crate::git::process::said::{remarks, words_of_hook};
use crate::git::{GitError, RefStorage, Repository, lossy};
use crate::object_id::ObjectId;

/// Why there is no commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// Git or a hook refused, with their message.
    #[error("{0}")]
    Refused(String),
    /// There is a commit all the same.
    #[error("{said}")]
    Unfinished {
        /// The commit.
        commit: ObjectId,
        /// The message of Git or a hook.
        said: String,
    },
    /// `git` could not be run.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// A commit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The commit.
    pub commit: ObjectId,
    /// Other messages of Git and hooks, line by line; usually none.
    pub said: String,
}

const PURPOSE: &str = "committing a file";

/// How a file differs from the current commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileStatus {
    /// Git does not know it.
    New,
    /// Git is told not to know it.
    Ignored,
    /// It is changed, and either nothing of that is staged or all of it.
    Changed,
    /// What is staged is neither what is committed nor what is in the work tree, or the file is in conflict.
    Mixed,
}

impl FileStatus {
    /// By the two letters of git-status(1), "Short Format".
    fn of(letters: &[u8]) -> Self {
        match letters {
            b"??" => Self::New,
            b"!!" => Self::Ignored,
            [b' ', _] | [b'A' | b'M' | b'D' | b'T', b' '] => Self::Changed,
            _ => Self::Mixed,
        }
    }
}

impl Repository {
    /// Those of the files that are not as in the current commit.
    pub fn uncommitted(&self, paths: &[&str]) -> Result<Vec<(String, FileStatus)>, GitError> {
        // Without a path, git would check all files.
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let args = ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--ignored"];
        let output = self.on_files(&args, paths, b"")?;
        if !output.status.success() {
            return Err(self.command_error("status", &output));
        }
        let entries = output.stdout.split(|&byte| byte == 0);
        let found = entries.filter_map(|entry| Some((lossy(entry.get(3..)?), FileStatus::of(&entry[..2]))));
        Ok(found.collect())
    }

    /// Commits the files as they are in the work tree, as `git commit --only` does, with these variables. On an error other
    /// than [`CommitError::Unfinished`] there is no commit, and the index is as it was.
    pub fn commit_files(
        &self,
        paths: &[&str],
        message: &str,
        variables: &[(&str, &str)],
    ) -> Result<Committed, CommitError> {
        let before = self.head_commit()?;
        let mut added = Vec::new();
        for &path in paths {
            let listed = self.on_files(&["ls-files", "-z"], &[path], b"")?;
            succeed(&listed)?;
            // Git commits no file that it has never heard of.
            let is_new = listed.stdout.is_empty() && self.root().join(path).exists();
            added.extend(is_new.then_some(path));
        }
        let committed = self.add_and_commit(&added, paths, message, variables);
        let Err(error) = committed else { return committed };
        // A hook that runs afterwards may hang, and git be ended with it.
        if let Some(commit) = undisturbed(|| self.committed_since(before, paths))? {
            // Git may have been ended between the commit and the index. Where that is as it should be, nothing happens.
            let _ = undisturbed(|| self.on_files(&["reset", "--quiet"], paths, b""));
            return Err(CommitError::Unfinished { commit, said: error.to_string() });
        }
        if !added.is_empty() {
            // Whatever stays is an empty entry for a new file.
            let _ = undisturbed(|| self.on_files(&["update-index", "--force-remove"], &added, b""));
        }
        Err(error)
    }

    /// The current commit, if it is a new one and has other contents in one of the files.
    fn committed_since(
        &self,
        before: Option<ObjectId>,
        paths: &[&str],
    ) -> Result<Option<ObjectId>, GitError> {
        let Some(now) = self.head_commit()?.filter(|now| Some(*now) != before) else { return Ok(None) };
        for path in paths {
            let then = before.map_or(Ok(None), |before| self.file_id_at(before, path))?;
            if self.file_id_at(now, path)? != then {
                return Ok(Some(now));
            }
        }
        Ok(None)
    }

    /// Makes the current branch of a clone, with all its files, what it is on the remote `origin` by now, for which
    /// `commit` was meant and was not taken. `false` if it has not changed: the remote has another reason.
    pub fn reset_to_remote_branch(&self, branch: &str, commit: ObjectId) -> Result<bool, GitError> {
        let run = |args: &[&str]| -> Result<String, GitError> {
            let output = self.run_git("following a branch", args, b"")?;
            if output.status.success() {
                return Ok(lossy(output.stdout.trim_ascii()));
            }
            Err(self.command_error("fetch", &output))
        };
        let refspec = format!("refs/heads/{branch}");
        run(&["fetch", "--quiet", "--depth=1", "--no-tags", "--", "origin", &refspec])?;
        let there = run(&["rev-parse", "--verify", "FETCH_HEAD"])?;
        // A first commit has no parent.
        let from = run(&["rev-parse", "--quiet", "--verify", &format!("{commit}^")]).unwrap_or_default();
        if from == there {
            return Ok(false);
        }
        run(&["reset", "--quiet", "--hard", &there])?;
        Ok(true)
    }

    fn add_and_commit(
        &self,
        added: &[&str],
        paths: &[&str],
        message: &str,
        variables: &[(&str, &str)],
    ) -> Result<Committed, CommitError> {
        if !added.is_empty() {
            succeed(&self.on_files(&["add", "--intent-to-add"], added, b"")?)?;
        }
        let args = ["commit", "--quiet", "--only", "--file=-"];
        let output = self.on_files_as(variables, &args, paths, message.as_bytes())?;
        succeed(&output)?;
        let commit =
            self.head_commit()?.ok_or_else(|| CommitError::Refused("there is no commit".to_owned()))?;
        self.sync_commit(commit).map_err(|error| GitError::failed("sync the commit", error))?;
        Ok(Committed { commit, said: remarks(&said(&output)) })
    }

    /// Git syncs what it writes for a commit, but no names of files.
    fn sync_commit(&self, commit: ObjectId) -> io::Result<()> {
        let mut unsynced = Unsynced::default();
        self.sync_loose(commit, &mut unsynced)?;
        unsynced.sync()?;
        if self.refs == RefStorage::Reftable {
            return self.sync_tables();
        }
        let branch =
            self.gix().head_name().ok().flatten().map(|name| self.common_dir().join(lossy(name.as_bstr())));
        // A HEAD without a branch names the commit itself.
        let folder = branch.as_deref().and_then(Path::parent).filter(|folder| folder.is_dir());
        sync_folder(folder.unwrap_or(self.git_dir()))
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
    let said = words_of_hook(&said(output));
    Err(CommitError::Refused(if said.is_empty() { output.status.to_string() } else { said }))
}

/// The output of Git and hooks on both channels.
fn said(output: &Output) -> String {
    format!("{}\n{}", lossy(&output.stderr), lossy(&output.stdout))
}
