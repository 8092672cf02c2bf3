//! Opening a registry.
//!
//! Owns where it is looked for, and what is read before the first question: the configuration.

use std::path::Path;

use crate::config::{Config, ConfigError};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::git::Repository;
use crate::registry::Registry;
use crate::registry::config_file;
use crate::registry::remote::clones::Clone;

impl Registry {
    /// Opens the registry of the repository at `path`, or of the folder above it that is one.
    ///
    /// # Errors
    /// [`Error::NoRepository`], [`Error::Open`] or [`Error::Config`].
    pub fn open(path: impl AsRef<Path>, environment: Environment) -> Result<Self> {
        let (repository, remote) = Self::discover(path.as_ref())?;
        Self::new(repository, environment, remote)
    }

    /// Opens the registry of the repository whose folder with `HEAD` this is, as Git does for `GIT_DIR`: the folders
    /// above are not searched, and whose it is does not matter.
    ///
    /// # Errors
    /// Those of [`Registry::open`].
    pub fn open_git_dir(git_dir: impl AsRef<Path>, environment: Environment) -> Result<Self> {
        Self::new(Self::repository_at(git_dir.as_ref())?, environment, None)
    }

    pub(super) fn repository_at(path: &Path) -> Result<Repository> {
        Repository::open(path).map_err(|error| Error::from_open(&path.display().to_string(), error))
    }

    /// Opens the registry of a remote repository: a bare clone that is kept for the next time ([`KeptClones`]), or where
    /// none can be kept lives as long as the value does. It is as the remote is now. What is written there is pushed back.
    ///
    /// Git asks for no password on the terminal, unless `GIT_TERMINAL_PROMPT` of the environment is 1. While the value
    /// lives, nobody waits for it who opens the same address or writes there, in this process or another; what they fetch
    /// it sees, too. Only [`KeptClones::clear`] waits.
    ///
    /// # Errors
    /// [`Error::Clone`] with what Git said, or those of [`Registry::open`].
    pub fn open_url(url: &str, environment: Environment) -> Result<Self> {
        let (repository, clone) = Clone::open(url, &environment)?;
        Self::new(repository, environment, Some(clone))
    }

    /// Opens the registry of a remote repository to edit its annotations: in a clone with the files of its current branch, which
    /// goes with the registry. What is edited there is committed and pushed. Tags are not fetched.
    ///
    /// # Errors
    /// As [`Registry::open_url`].
    pub fn open_url_to_edit(url: &str, environment: Environment) -> Result<Self> {
        let (repository, clone) = Clone::to_edit(url, &environment)?;
        Self::new(repository, environment, Some(clone))
    }

    /// As [`Registry::open_url`], without asking the remote what is new: the clone as it was left the last time. `None` if
    /// none is kept, or another process is changing it: this never waits.
    ///
    /// # Errors
    /// As [`Registry::open`].
    pub fn open_kept(url: &str, environment: Environment) -> Result<Option<Self>> {
        let Some((repository, clone)) = Clone::open_kept(url, &environment) else { return Ok(None) };
        Self::new(repository, environment, Some(clone)).map(Some)
    }

    pub(super) fn discover(path: &Path) -> Result<(Repository, Option<Clone>)> {
        let repository = Repository::discover(path)
            .map_err(|error| Error::from_open(&path.display().to_string(), error))?;
        Ok((repository, None))
    }

    /// Lets Git ask for a password where the environment does; of a clone of ours that was said when it was made.
    pub(super) fn let_git_ask(
        repository: &mut Repository,
        environment: &Environment,
        remote: Option<&Clone>,
    ) {
        let prompt = environment.variable("GIT_TERMINAL_PROMPT").filter(|_| remote.is_none());
        if let Some(prompt) = prompt {
            repository.set_prompt(prompt);
        }
    }

    pub(super) fn new(
        mut repository: Repository,
        environment: Environment,
        remote: Option<Clone>,
    ) -> Result<Self> {
        Self::let_git_ask(&mut repository, &environment, remote.as_ref());
        repository.set_silence(environment.git_timeout()?);
        let config = read_config(&repository, &environment)?;
        Ok(Self { repository, config, environment, remote })
    }

    /// As [`Registry::open`], whatever the configuration says: what is wrong in it is left out, and comes second.
    ///
    /// # Errors
    /// [`Error::NoRepository`] or [`Error::Open`].
    pub fn open_leniently(path: impl AsRef<Path>, environment: Environment) -> Result<(Self, Vec<Error>)> {
        let (repository, remote) = Self::discover(path.as_ref())?;
        Ok(Self::new_leniently(repository, environment, remote))
    }

    /// As [`Registry::open_git_dir`], whatever the configuration says: what is wrong in it is left out, and comes second.
    ///
    /// # Errors
    /// [`Error::NoRepository`] or [`Error::Open`].
    pub fn open_git_dir_leniently(
        git_dir: impl AsRef<Path>,
        environment: Environment,
    ) -> Result<(Self, Vec<Error>)> {
        Ok(Self::new_leniently(Self::repository_at(git_dir.as_ref())?, environment, None))
    }

    /// As [`Registry::open_url`], whatever the configuration says: what is wrong in it is left out, and comes second.
    ///
    /// # Errors
    /// [`Error::Clone`] with what Git said.
    pub fn open_url_leniently(url: &str, environment: Environment) -> Result<(Self, Vec<Error>)> {
        let (repository, clone) = Clone::open(url, &environment)?;
        Ok(Self::new_leniently(repository, environment, Some(clone)))
    }

    pub(super) fn new_leniently(
        mut repository: Repository,
        environment: Environment,
        remote: Option<Clone>,
    ) -> (Self, Vec<Error>) {
        Self::let_git_ask(&mut repository, &environment, remote.as_ref());
        let mut errors = Vec::new();
        match environment.git_timeout() {
            Ok(silence) => repository.set_silence(silence),
            Err(error) => errors.push(error.into()),
        }
        let file = config_file::read(&repository).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let file = file.as_ref().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        let (config, wrong) = read_sources(file, &repository, &environment);
        errors.extend(wrong.into_iter().map(Error::from));
        (Self { repository, config, environment, remote }, errors)
    }
}

fn read_config(repository: &Repository, environment: &Environment) -> Result<Config> {
    let file = config_file::read(repository)?;
    let file = file.as_ref().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
    let (config, mut wrong) = read_sources(file, repository, environment);
    if wrong.is_empty() { Ok(config) } else { Err(wrong.swap_remove(0).into()) }
}

fn read_sources(
    file: Option<(&str, &[u8])>,
    repository: &Repository,
    environment: &Environment,
) -> (Config, Vec<ConfigError>) {
    Config::read_leniently(file, &|key| repository.personal_setting(key), &|name| environment.variable(name))
}
