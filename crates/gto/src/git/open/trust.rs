//! Whose repository it is, and whether git would work in it.
//!
//! Owns git's protection from repositories that others have put in the way: `safe.directory` and `safe.bareRepository`
//! of git-config(1). Whatever belongs to this user is trusted at a glance; in all other cases git itself is asked, so
//! that the verdict is that of the git that is installed. Must be checked before anything in the repository is read:
//! its configuration can name files to include and programs to run.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use gix::discover::repository::Path as Location;
use gix::sec::identity::is_path_owned_by_current_user;

use crate::environment::Environment;
use crate::git::process::command::git_elsewhere;
use crate::git::{GitError, OpenError, lossy};

/// Where a repository was found: its folder with `HEAD`, and its work tree if it has one.
pub(in crate::git) struct Place {
    pub git_dir: PathBuf,
    pub work_dir: Option<PathBuf>,
}

impl Place {
    /// The repository of a `.git`, or a bare one.
    pub fn of(found: &Path) -> Result<Self, gix::Error> {
        let kind = gix::discover::is_git(found)?;
        // It is absolute: the current folder plays no part.
        let location = Location::from_dot_git_dir(found.to_owned(), kind, Path::new("."));
        let (git_dir, work_dir) = match location {
            Some(location) => location.into_repository_and_work_tree_directories(),
            None => (found.to_owned(), None),
        };
        Ok(Self { git_dir, work_dir })
    }

    /// The repository whose `HEAD` gix cannot read.
    pub fn at(found: &Path, git_dir: PathBuf) -> Self {
        let work_dir = found.parent().filter(|_| found.ends_with(".git")).map(Path::to_owned);
        Self { git_dir, work_dir }
    }

    /// Refuses what belongs to someone else and is not in `safe.directory`. `start` is the folder of the search.
    pub fn check_owner(&self, start: &Path, environment: &Environment) -> Result<(), OpenError> {
        // A program under sudo acts for whoever called it, with rules that are git's own.
        let is_sudo = environment.variable_os("SUDO_UID").is_some();
        if !is_sudo && self.is_own().unwrap_or(false) {
            return Ok(());
        }
        match ask_git(start) {
            Ok(verdict) => self.judge(start, verdict.as_deref()),
            // Without git, gix reads `safe.directory`, with small differences.
            Err(_) if self.is_safe_without_git() => Ok(()),
            Err(source) => Err(OpenError::NoGitToAsk { path: self.named(start), source: source.into() }),
        }
    }

    /// Refuses a bare repository if the user wants these named explicitly. Only the user's and the system's configuration
    /// count, never the repository's.
    pub fn check_bare(&self, start: &Path, gix: &gix::Repository) -> Result<(), OpenError> {
        let is_restricted = || {
            let snapshot = gix.config_snapshot();
            let value = snapshot.plumbing().string_filter("safe.bareRepository", |section| {
                section.source.kind() != gix::config::source::Kind::Repository
            });
            value.is_some_and(|value| value == "explicit")
        };
        if self.work_dir.is_some() || !is_restricted() {
            return Ok(());
        }
        // Git passes over some that only look bare, such as the `.git` folder itself.
        ask_git(start).map_or(Ok(()), |verdict| self.judge(start, verdict.as_deref()))
    }

    /// Whether this user owns everything that git checks: see `ensure_valid_ownership` in git's `setup.c`.
    fn is_own(&self) -> io::Result<bool> {
        let mut paths = vec![self.git_dir.clone()];
        if let Some(work_dir) = &self.work_dir {
            paths.extend([work_dir.clone(), work_dir.join(".git")]);
        }
        for path in paths {
            if !is_path_owned_by_current_user(&path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_safe_without_git(&self) -> bool {
        let mut permissions = crate::git::permissions();
        permissions.config.env = true;
        let options = crate::git::open_options().permissions(permissions).bail_if_untrusted(true);
        let path = self.work_dir.as_ref().unwrap_or(&self.git_dir);
        gix::open_opts(path, options).is_ok()
    }

    /// What git's refusal means here; `None` is its consent.
    fn judge(&self, start: &Path, refusal: Option<&str>) -> Result<(), OpenError> {
        match refusal {
            None => Ok(()),
            Some(said) if said.contains("dubious ownership") => {
                Err(OpenError::Untrusted { path: self.named(start) })
            }
            Some(said) if said.contains("safe.bareRepository") => {
                Err(OpenError::BareNotAllowed { path: self.named(start) })
            }
            Some(said) => Err(OpenError::Broken {
                path: start.to_owned(),
                source: GitError::Command { command: "rev-parse".to_owned(), message: said.to_owned() }
                    .into(),
            }),
        }
    }

    /// The folder that git names in its advice: the one in which the search for a repository ended.
    fn named(&self, start: &Path) -> PathBuf {
        let (start, git_dir) = (real(start), real(&self.git_dir));
        match &self.work_dir {
            Some(work_dir) if !start.starts_with(&git_dir) => real(work_dir),
            _ => git_dir,
        }
    }
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Why git refuses to work in a folder; `None` if it does not.
pub(in crate::git) fn ask_git(folder: &Path) -> io::Result<Option<String>> {
    refusal(git_elsewhere().current_dir(folder).args(["rev-parse", "--git-dir"]))
}

/// Why git refuses the configuration of a repository; `None` if it does not.
pub(super) fn ask_git_for_settings(git_dir: &Path) -> io::Result<Option<String>> {
    // It reads what every command about refs does, and of refs none.
    let args = ["for-each-ref", "--count=1", "refs/gto/none"];
    refusal(git_elsewhere().arg("--git-dir").arg(git_dir).args(args))
}

fn refusal(git: &mut std::process::Command) -> io::Result<Option<String>> {
    let output = git.stdin(Stdio::null()).output()?;
    Ok((!output.status.success()).then(|| lossy(output.stderr.trim_ascii())))
}
