//! The tags that a pipeline's checkout lacks.
//!
//! Owns which are fetched, and what becomes of the one that started it. What they say is for `read::pipeline`.

use crate::error::{Error, Result};
use crate::git::{Remote, TagsWanted};
use crate::name::ArtifactName;
use crate::registry::remote::clones::RemoteClone;
use crate::registry::{OpenOptions, Registry};

impl Registry {
    /// The registry of one artifact as the remote has it, in a clone of its own. The tag here becomes that of the remote.
    ///
    /// # Errors
    /// [`Error::NotOnRemote`], [`Error::NoRemote`], or [`Error::Fetch`] with Git's message.
    pub(in crate::registry) fn fetch_for_pipeline(&self, tag: &str, artifact: &ArtifactName) -> Result<Self> {
        let remote = self.remote()?;
        let in_tag = artifact.in_tag();
        let there = if self.enforcement.is_some() {
            self.all_at(&remote)?
        } else {
            self.tags_at(&remote, vec![format!("{in_tag}#"), format!("{in_tag}@")])?
        };
        let not_there = || Error::NotOnRemote { tag: tag.to_owned(), remote: remote.source_shown() };
        let found = there.repository.tag_ref(tag)?.ok_or_else(not_there)?;
        // A broken one is replaced, too.
        let here = self.repository.tag_ref(tag).ok().flatten();
        if here.is_none_or(|here| here.target != found.target) {
            self.repository.take_tag(&found, &there.repository)?;
        }
        Ok(there)
    }

    /// The registry as the remote has it, in the same clone.
    ///
    /// # Errors
    /// [`Error::NoRemote`], or [`Error::Fetch`] with Git's message.
    pub(in crate::registry) fn fetch_all_for_pipeline(&self) -> Result<Self> {
        let remote = self.remote()?;
        if self.enforcement.is_some() {
            self.all_at(&remote)
        } else {
            self.tags_at(&remote, vec![String::new()])
        }
    }

    /// All that the remote has: the policy is on its default branch, and may ask about others and about approvals.
    fn all_at(&self, remote: &Remote) -> Result<Self> {
        let url = self.repository.source_url(remote);
        let opened = RemoteClone::of_all(&url, &self.repository.settings_to_reach(), &self.environment);
        let (repository, clone) = opened.map_err(|error| not_fetched(remote, error))?;
        let options = OpenOptions::new(self.environment.clone()).enforce_policy(true);
        Ok(options.registry(repository, Some(clone)))
    }

    fn tags_at(&self, remote: &Remote, prefixes: Vec<String>) -> Result<Self> {
        let settings = self.repository.settings_to_reach();
        let wanted = TagsWanted { prefixes, is_sha256: self.repository.is_sha256(), has_head: false };
        let url = self.repository.source_url(remote);
        let opened = RemoteClone::of_tags(&url, &wanted, &settings, &self.environment);
        let (repository, clone) = opened.map_err(|error| not_fetched(remote, error))?;
        Ok(OpenOptions::new(self.environment.clone()).registry(repository, Some(clone)))
    }
}

fn not_fetched(remote: &Remote, error: Error) -> Error {
    match error {
        Error::Clone { reason, login, .. } => Error::Fetch { remote: remote.source_shown(), reason, login },
        error => error,
    }
}
