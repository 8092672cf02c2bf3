//! The files of the work tree, as Git sees them.
//!
//! Owns which there are of a name. Must not read them.

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
}
