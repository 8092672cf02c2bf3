//! The files of the work tree, as Git sees them.
//!
//! Owns which there are of a name, and whether one came with a commit. Must not read them.

use std::path::Path;

use crate::git::{GitError, Repository, lossy};

impl Repository {
    /// The files of this name in whatever folders, from the root, that Git has or would take: none that it ignores, and none of
    /// another repository within. What is not UTF-8 in their paths is replaced.
    pub fn work_files_named(&self, name: &str) -> Result<Vec<String>, GitError> {
        let anywhere = format!(":(glob)**/{name}");
        let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", &anywhere];
        let output = self.run_git_as("listing files", args, b"", |git| {
            git.env_remove("GIT_LITERAL_PATHSPECS").env_remove("GIT_NOGLOB_PATHSPECS");
        })?;
        if !output.status.success() {
            return Err(self.command_error("ls-files", &output));
        }
        let paths = output.stdout.split(|&byte| byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(lossy).collect())
    }

    /// Whether a file of the work tree, from its root, can have come with no commit: Git does not track it, not even in other letters,
    /// and it is reached through no link and no other repository.
    pub fn is_untracked(&self, path: &str) -> bool {
        let Some(mut folder) = self.work_dir().map(Path::to_owned).filter(|_| self.has_index()) else {
            return false;
        };
        for name in Path::new(path).parent().into_iter().flatten() {
            folder.push(name);
            let is_folder = folder.symlink_metadata().is_ok_and(|found| found.is_dir());
            if !is_folder || folder.join(".git").symlink_metadata().is_ok() {
                return false;
            }
        }
        let file = format!(":(top,literal,icase){path}");
        let args = ["ls-files", "-z", "--cached", "--", &file];
        let output = self.run_git_as("asking whether a file is tracked", args, b"", |git| {
            git.env_remove("GIT_LITERAL_PATHSPECS").env_remove("GIT_GLOB_PATHSPECS");
        });
        output.is_ok_and(|output| output.status.success() && output.stdout.is_empty())
    }
}
