//! The registry of a repository: the façade that front ends use.
//!
//! Owns which tags, commits and files are read for which question, each once. What they mean is decided by the
//! pure modules; how they are read, by `git`.

mod annotations;
mod cache;
mod changes;
mod config_file;
mod files;
mod located;
mod open;
mod plumbing;
mod policy;
mod read;
mod remote;
pub mod snapshot;
mod work_file;
mod write;

pub use annotations::Description;
pub use cache::CacheReport;
pub use changes::{ArtifactChange, Change};
pub use files::{CommitContent, CommitFile, CommitFileKind, CommitPath};
pub use located::Located;
pub use open::OpenOptions;
pub use plumbing::{AnnotatedTag, clone_with_files};
pub use policy::{JudgedTag, PolicyInForce, PolicyReport, TagsToCheck};
pub use read::{CheckedRef, CommitRange, Detail, FetchTags, StagesWanted, Trigger};
pub use remote::{Comparison, Difference, KeptClone, KeptClones, Sent, TagDifference};

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{Config, ConfigError};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::git::Repository;
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::registry::remote::clones::RemoteClone;
use crate::tag::TagName;

/// The registry that the tags of a Git repository add up to.
///
/// Every query reads the repository again, so results are always current.
pub struct Registry {
    pub(crate) repository: Repository,
    config: Mutex<Option<KeptConfig>>,
    /// Whether it is read once.
    keeps_config: bool,
    pub(crate) environment: Environment,
    remote: Option<RemoteClone>,
    /// Whether answers leave out what violates the policy.
    enforcement: Option<policy::in_force::Enforcement>,
}

/// A configuration that was read.
struct KeptConfig {
    config: Arc<Config>,
    /// What `HEAD` must still name; `None` if it counts whatever happens.
    head: Option<ObjectId>,
}

/// A result, with warnings for the caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// Why it may be less than expected.
    pub warnings: Vec<Warning>,
}

impl<T> Answer<T> {
    /// A result without warnings.
    fn of(value: T) -> Self {
        Self { value, warnings: Vec::new() }
    }
}

impl Registry {
    /// The configuration in force: `.gto` as it is now, and Git's own as it was when the repository was opened.
    ///
    /// # Errors
    /// [`Error::Config`], or what keeps it from being read.
    pub fn config(&self) -> Result<Arc<Config>> {
        let mut kept = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let here = if self.keeps_config { None } else { config_file::head_with_file(&self.repository) };
        if let Some(KeptConfig { config, head }) = &*kept
            && (head.is_none() || *head == here)
        {
            return Ok(Arc::clone(config));
        }
        self.environment.git_timeout()?;
        let (config, mut wrong) = self.read_config(config_file::read(&self.repository)?.as_ref());
        if !wrong.is_empty() {
            return Err(wrong.swap_remove(0).into());
        }
        let config = Arc::new(config);
        let is_kept = self.keeps_config || here.is_some();
        *kept = is_kept.then(|| KeptConfig { config: Arc::clone(&config), head: here });
        Ok(config)
    }

    /// What is wrong in the configuration. It is left out from now on, and no other is read: for those who look for everything
    /// that is wrong.
    pub fn check_config(&self) -> Vec<Error> {
        let mut errors: Vec<Error> =
            self.environment.git_timeout().err().map(Error::from).into_iter().collect();
        let file = config_file::read(&self.repository).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let (config, wrong) = self.read_config(file.as_ref());
        let config = KeptConfig { config: Arc::new(config), head: None };
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = Some(config);
        errors.extend(wrong.into_iter().map(Error::from));
        errors
    }

    fn read_config(&self, file: Option<&(String, Vec<u8>)>) -> (Config, Vec<ConfigError>) {
        let file = file.map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        let setting = |key: &str| self.repository.personal_setting(key);
        Config::read_leniently(file, &setting, &|name| self.environment.variable(name))
    }

    /// The folder that messages name: the work tree, or the repository itself if it is bare.
    pub fn root(&self) -> PathBuf {
        self.repository.root().to_owned()
    }

    /// The folder with `HEAD`, private to a linked work tree.
    pub fn git_dir(&self) -> &Path {
        self.repository.git_dir()
    }

    /// The number of Git objects read so far: the cost of the queries.
    pub fn objects_read(&self) -> usize {
        self.repository.objects_read()
    }

    /// The address, if this is a clone of a remote repository.
    pub fn url(&self) -> Option<&str> {
        self.remote.as_ref().map(|clone| clone.url.as_str())
    }

    /// The same without a login.
    pub fn url_shown(&self) -> Option<String> {
        self.url().map(crate::git::without_passwords)
    }

    /// The names of all artifacts that have tags, sorted. Reads no tag object.
    pub fn artifact_names(&self) -> Result<Vec<ArtifactName>> {
        let mut names = Vec::new();
        for tag in self.repository.tag_refs("")?.refs {
            if let Ok(parsed) = tag.name.parse::<TagName>() {
                names.push(parsed.artifact);
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The names of all tags, the registry's and others, sorted. Reads no tag object.
    pub fn tag_names(&self) -> Result<Vec<String>> {
        Ok(self.repository.tag_refs("")?.refs.into_iter().map(|tag| tag.name).collect())
    }

    /// The names of what is listed as a tag and has one of the marks in its name (`@`, `#`), in no order, some of them twice: for
    /// suggestions. What it points to is not read.
    pub fn listed_names(&self, marks: &[u8]) -> Result<Vec<String>> {
        let has_mark = |name: &[u8]| marks.iter().any(|mark| name.contains(mark));
        Ok(self.repository.listed_names(&[""], &has_mark)?)
    }

    /// Whether there are so many tags that a first use of a name does not list them all: it would take longer than a user waits.
    pub fn has_many_tags(&self) -> bool {
        // About half a million tags.
        self.repository.packed_refs_len() > 64 << 20
    }

    /// Whether history is cut off, so that tags of older commits may be absent.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }
}
