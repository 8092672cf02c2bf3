//! Opening a registry: which repository it is of, and how that is found or got.
//!
//! Must not read what is in it.

use std::path::Path;
use std::sync::Mutex;

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::git::{Repository, TagsWanted, is_bundle};
use crate::name::ArtifactName;
use crate::registry::Registry;
use crate::registry::policy::in_force::Enforcement;
use crate::registry::remote::clones::{KeptClones, RemoteClone};

/// How a registry is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    environment: Environment,
    is_git_dir: bool,
    is_edited: bool,
    is_as_kept: bool,
    keeps_config: bool,
    artifact: Option<ArtifactName>,
    is_enforced: bool,
}

impl OpenOptions {
    /// For whoever gives these variables and this clock.
    pub fn new(environment: Environment) -> Self {
        Self {
            environment,
            is_git_dir: false,
            is_edited: false,
            is_as_kept: false,
            keeps_config: false,
            artifact: None,
            is_enforced: false,
        }
    }

    /// The path is that of the folder with `HEAD`, as for Git in `GIT_DIR`: the folders above are not searched, and whose it is
    /// does not matter.
    #[must_use]
    pub fn git_dir(self, is_git_dir: bool) -> Self {
        Self { is_git_dir, ..self }
    }

    /// Annotations will be edited: a remote repository is cloned with the files of its current branch, and the clone goes with
    /// the registry. What is edited there is committed and pushed. Tags are not fetched.
    #[must_use]
    pub fn to_edit(self, is_edited: bool) -> Self {
        Self { is_edited, ..self }
    }

    /// A remote repository is not asked what is new: its clone is taken as it was left the last time. This never waits.
    #[must_use]
    pub fn as_kept(self, is_as_kept: bool) -> Self {
        Self { is_as_kept, ..self }
    }

    /// The file `.gto` is read once, when it is first needed, rather than whenever it is: for a program that does one thing, all
    /// of it by the same configuration.
    #[must_use]
    pub fn keep_config(self, keeps_config: bool) -> Self {
        Self { keeps_config, ..self }
    }

    /// Only this artifact is asked about: of a remote repository of which no clone is kept, its tags are fetched, with their commits alone.
    /// Then nothing may be written there.
    #[must_use]
    pub fn only(self, artifact: Option<ArtifactName>) -> Self {
        Self { artifact, ..self }
    }

    /// Answers are to obey the promotion policy: tags that violate it count as absent ([`Registry::violating_tags`]), and where that
    /// of a tag in question is not known, or there is no policy, they fail.
    #[must_use]
    pub fn enforce_policy(self, is_enforced: bool) -> Self {
        Self { is_enforced, ..self }
    }

    /// Opens the registry of the repository at `path`, or of the folder above it that is one.
    ///
    /// # Errors
    /// [`Error::NoRepository`], [`Error::Open`] and the like.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Registry> {
        let path = path.as_ref();
        let opened = if self.is_git_dir {
            Repository::open(path, &self.environment)
        } else {
            Repository::discover(path, &self.environment)
        };
        let mut repository = opened.map_err(|error| Error::from_open(&path.display().to_string(), error))?;
        if let Some(prompt) = self.environment.variable("GIT_TERMINAL_PROMPT") {
            repository.set_prompt(prompt);
        }
        Ok(self.registry(repository, None))
    }

    /// Opens the registry of a remote repository: a bare clone that is kept for the next time ([`KeptClones`]), or where
    /// none can be kept lives as long as the value does. It is as the remote is now. What is written there is pushed back.
    ///
    /// Git asks for no password on the terminal, unless `GIT_TERMINAL_PROMPT` of the environment is 1. While the value
    /// lives, nobody waits for it who opens the same address or writes there, in this process or another; what they fetch
    /// it sees, too. Only [`KeptClones::clear`] waits.
    ///
    /// [`KeptClones`]: crate::KeptClones
    /// [`KeptClones::clear`]: crate::KeptClones::clear
    ///
    /// # Errors
    /// [`Error::Clone`] with what Git said; as it was kept, also where no clone is, or another process is changing it.
    pub fn open_url(&self, url: &str) -> Result<Registry> {
        let (repository, clone) = if self.is_as_kept {
            let reason = "no clone of it is kept".to_owned();
            let none = || Error::Clone { url: url.to_owned(), reason, login: false };
            RemoteClone::open_kept(url, &self.environment).ok_or_else(none)?
        } else if self.is_edited {
            RemoteClone::to_edit(url, &self.environment)?
        } else {
            let lean = self.artifact.as_ref().and_then(|artifact| self.lean(url, artifact));
            lean.map_or_else(|| RemoteClone::open(url, &self.environment), Ok)?
        };
        Ok(self.registry(repository, Some(clone)))
    }

    /// `None` where that cannot be had, as of ids in SHA-256, or a clone of all of it is kept.
    fn lean(&self, url: &str, artifact: &ArtifactName) -> Option<(Repository, RemoteClone)> {
        let is_kept = KeptClones::of(&self.environment).is_some_and(|clones| clones.has_whole(url));
        // The policy, and what it asks about, is on branches.
        if is_kept || self.is_enforced || is_bundle(Path::new(url)) {
            return None;
        }
        let name = artifact.in_tag();
        let prefixes = ["@", "#"].map(|mark| format!("{name}{mark}")).into();
        let wanted = TagsWanted { prefixes, is_sha256: false, has_head: true, branches: Vec::new() };
        RemoteClone::of_tags(url, &wanted, &[], &self.environment).ok()
    }

    pub(in crate::registry) fn registry(
        &self,
        mut repository: Repository,
        remote: Option<RemoteClone>,
    ) -> Registry {
        // What is wrong with it is told with the rest of the configuration.
        if let Ok(silence) = self.environment.git_timeout() {
            repository.set_silence(silence);
        }
        let enforcement = self.is_enforced.then(Enforcement::default);
        Registry {
            repository,
            config: Mutex::default(),
            keeps_config: self.keeps_config,
            environment: self.environment.clone(),
            remote,
            enforcement,
        }
    }
}

impl Registry {
    /// Opens the registry of the repository at `path`, or of the folder above it that is one. For other ways see
    /// [`OpenOptions`].
    ///
    /// # Errors
    /// Those of [`OpenOptions::open`].
    pub fn open(path: impl AsRef<Path>, environment: Environment) -> Result<Self> {
        OpenOptions::new(environment).open(path)
    }
}
