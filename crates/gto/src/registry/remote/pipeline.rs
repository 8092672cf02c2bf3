//! The tags that a pipeline's checkout lacks, and the policy that it must not take from what is checked out.
//!
//! Owns which are fetched, and what becomes of the one that started it. What they say is for `read::pipeline`.

use std::path::Path;

use crate::approval::APPROVALS;
use crate::error::{Error, Result};
use crate::git::{Remote, TagsWanted, is_bundle};
use crate::name::ArtifactName;
use crate::policy::Rule;
use crate::registry::policy::{PolicyInForce, files};
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
        let mut prefixes = vec![format!("{in_tag}#"), format!("{in_tag}@")];
        let there = if self.enforcement.is_some() {
            prefixes.push(format!("{APPROVALS}{in_tag}@"));
            self.under_policy_at(&remote, prefixes, |rule| rule.artifact.matches(artifact.as_str()))?
        } else {
            self.tags_at(&remote, prefixes, Vec::new())?
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
        let everything = vec![String::new()];
        if self.enforcement.is_some() {
            self.under_policy_at(&remote, everything, |_| true)
        } else {
            self.tags_at(&remote, everything, Vec::new())
        }
    }

    /// These tags with the policy of the remote's default branch, and the history of the branches that its rules about them name.
    fn under_policy_at(
        &self,
        remote: &Remote,
        prefixes: Vec<String>,
        is_about_them: impl Fn(&Rule) -> bool,
    ) -> Result<Self> {
        if is_bundle(Path::new(&self.repository.source_url(remote))) {
            return self.all_at(remote);
        }
        let there = self.tags_at(remote, prefixes.clone(), Vec::new())?;
        let policy = there.fetched_policy();
        // A server that gives away no single files gives all.
        if there.repository.unfetched().is_some() {
            return self.all_at(remote);
        }
        let rules = policy?.policy.rules.iter().filter(|rule| is_about_them(rule));
        let mut branches: Vec<String> =
            rules.flat_map(|rule| &rule.branches).map(|branch| branch.beginning().to_owned()).collect();
        branches.sort();
        branches.dedup();
        if branches.is_empty() {
            return Ok(there);
        }
        // A shallow server, say, has a clone but no history to fetch.
        let there = self.tags_at(remote, prefixes, branches).or_else(|_| self.all_at(remote))?;
        there.fetched_policy()?;
        Ok(there)
    }

    /// The policy in force in a clone of tags, with all of its files.
    fn fetched_policy(&self) -> Result<&PolicyInForce> {
        if let Some(commit) = self.repository.head_commit()? {
            files::fetch(&self.repository, commit)?;
        }
        self.enforced_policy()?.ok_or(Error::NoPolicy)
    }

    /// All that the remote has.
    fn all_at(&self, remote: &Remote) -> Result<Self> {
        let url = self.repository.source_url(remote);
        let opened = RemoteClone::of_all(&url, &self.repository.settings_to_reach(), &self.environment);
        let (repository, clone) = opened.map_err(|error| not_fetched(remote, error))?;
        let options = OpenOptions::new(self.environment.clone()).enforce_policy(true);
        Ok(options.registry(repository, Some(clone)))
    }

    /// These tags, with `HEAD` if answers are to obey the policy.
    fn tags_at(&self, remote: &Remote, prefixes: Vec<String>, branches: Vec<String>) -> Result<Self> {
        let settings = self.repository.settings_to_reach();
        let (is_sha256, has_head) = (self.repository.is_sha256(), self.enforcement.is_some());
        let wanted = TagsWanted { prefixes, is_sha256, has_head, branches };
        let url = self.repository.source_url(remote);
        let opened = RemoteClone::of_tags(&url, &wanted, &settings, &self.environment);
        let (repository, clone) = opened.map_err(|error| not_fetched(remote, error))?;
        let options = OpenOptions::new(self.environment.clone()).enforce_policy(has_head);
        Ok(options.registry(repository, Some(clone)))
    }
}

fn not_fetched(remote: &Remote, error: Error) -> Error {
    match error {
        Error::Clone { reason, login, .. } => Error::Fetch { remote: remote.source_shown(), reason, login },
        error => error,
    }
}
