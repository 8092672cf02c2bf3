//! A `HEAD` that is a symbolic link to the name of a branch, as `core.preferSymlinkRefs` makes them, where the branch has no file
//! of its own: it is packed, or has no commit yet, or the link is that of a linked work tree.
//!
//! Owns a folder in the place of the repository's own, for gix, which takes such a link for no `HEAD` at all. Nothing but the name
//! of the branch is in it: all that is written or shared is where it always is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder that gix opens in the place of `git_dir`.
pub(in crate::git) struct StandIn {
    folder: TempDir,
    /// The folder with the real `HEAD`.
    pub git_dir: PathBuf,
}

impl StandIn {
    /// `None` if gix can read the `HEAD` of `git_dir`.
    pub fn of(git_dir: &Path, common_dir: &Path) -> io::Result<Option<Self>> {
        let head = git_dir.join("HEAD");
        let Some(branch) = fs::read_link(&head).ok().filter(|target| target.starts_with("refs")) else {
            return Ok(None);
        };
        if head.exists() {
            return Ok(None);
        }
        let common_dir = common_dir.canonicalize()?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("HEAD"), format!("ref: {}\n", branch.display()))?;
        fs::write(folder.path().join("commondir"), common_dir.as_os_str().as_encoded_bytes())?;
        // It counts as a repository by these two.
        for name in ["objects", "refs"] {
            link(&common_dir.join(name), &folder.path().join(name))?;
        }
        // The work tree has a configuration of its own, perhaps.
        link(&git_dir.join("config.worktree"), &folder.path().join("config.worktree"))?;
        Ok(Some(Self { folder, git_dir: git_dir.to_owned() }))
    }

    /// What gix opens.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use gto_testkit::{RepoOptions, Sandbox, TagSpec};

    use crate::git::test_repo::{ann, id, open};
    use crate::git::{Repository, TagEdit};

    /// With `core.preferSymlinkRefs`, every `git gc` made "no repository" of it.
    #[test]
    fn a_head_that_links_to_a_packed_branch_is_read_as_git_reads_it() {
        for bare in [false, true] {
            let repo = Sandbox::new().repo_with("r.git", RepoOptions { bare, ..RepoOptions::default() });
            let commit = repo.commit(&[], "first");
            repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
            repo.git_ok(&["pack-refs", "--all"]);
            let head = repo.git_dir().join("HEAD");
            fs::remove_file(&head).unwrap();
            symlink("refs/heads/main", &head).unwrap();
            assert_eq!(repo.git_ok(&["rev-parse", "HEAD"]), commit);
            for repository in [
                open(&repo),
                Repository::open(&repo.git_dir(), &crate::git::test_repo::environment()).unwrap(),
            ] {
                assert_eq!(repository.head_commit().unwrap(), Some(id(&commit)));
                assert_eq!(repository.resolve("HEAD").unwrap(), id(&commit));
                assert_eq!(repository.git_dir(), repo.git_dir());
                assert_eq!(repository.work_dir().is_none(), bare);
            }
            let edit = TagEdit::Create {
                name: "m@v1.1.0".to_owned(),
                commit: id(&commit),
                tagger: ann(),
                message: String::new(),
            };
            open(&repo).apply(&[edit]).unwrap();
            assert_eq!(repo.tag_names(), ["m@v1.0.0", "m@v1.1.0"]);
            symlink("refs/heads/none", repo.git_dir().join("new")).unwrap();
            fs::rename(repo.git_dir().join("new"), &head).unwrap();
            assert_eq!(open(&repo).head_commit().unwrap(), None);
        }
    }
}
