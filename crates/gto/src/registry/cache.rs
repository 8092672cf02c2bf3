//! The cache of decoded tags, as front ends see it.
//!
//! Owns whether it is wanted, looking at it, and removing it. Must not know what is in it.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::git::Keep;
use crate::registry::Registry;
use crate::registry::remote::clones::RemoteClone;

/// The cache of a repository's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheReport {
    /// Where its file is, or would be.
    pub path: PathBuf,
    /// The size of the file in bytes; `None` if there is no such file.
    pub size: Option<u64>,
    /// How many tags are in it.
    pub entries: usize,
    /// Why nothing is read from it, if nothing is.
    pub unread: Option<String>,
    /// Why it is not written, if it cannot be.
    pub unwritten: Option<String>,
}

impl Registry {
    /// What is kept for the next time. A clone that goes when the registry does needs no cache.
    pub(super) fn keep(&self) -> Keep {
        let is_kept = self.remote.as_ref().is_none_or(RemoteClone::is_kept);
        if is_kept { self.wanted() } else { Keep::Nothing }
    }

    fn wanted(&self) -> Keep {
        self.environment.keep(|key| self.repository.personal_setting(key))
    }

    /// Looks at the cache of tags, all of it, and whether it can be written.
    pub fn cache(&self) -> CacheReport {
        let file = self.repository.cache_file();
        let off = (self.wanted() == Keep::Nothing).then(|| match self.environment.variable("GTO_CACHE") {
            Some(text) if !text.trim().is_empty() => "GTO_CACHE switches it off".to_owned(),
            _ => "gto.cache in Git's configuration switches it off".to_owned(),
        });
        CacheReport {
            path: self.repository.cache_path(),
            size: file.size,
            entries: file.entries,
            unread: off.clone().or(file.problem),
            unwritten: off.or(file.write_problem),
        }
    }

    /// Removes the cache of tags. Whether there was one.
    ///
    /// # Errors
    /// [`Error::Cache`].
    pub fn clear_cache(&self) -> Result<bool> {
        let path = self.repository.cache_path();
        self.repository.clear_cache().map_err(|source| Error::Cache { path, source })
    }
}
