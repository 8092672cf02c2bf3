//! The promotion policy of a repository: which one is in force, the facts that its judge needs, and what it says.
//!
//! Owns reading the policy from the commit that counts, and gathering facts, each once. What rules mean is `policy`'s.

mod facts;
mod guard;
mod history;
mod hook;
mod plan;

pub use history::{JudgedTag, PolicyReport};

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::git::{EntryKind, FileError, GitError, KeyRing, Repository};
use crate::object_id::ObjectId;
use crate::policy::{Baseline, Policy, PolicyError};
use crate::registry::Registry;

/// A policy in force, with what belongs to it.
#[derive(Debug)]
pub struct PolicyInForce {
    /// The policy, with its baseline.
    pub policy: Policy,
    /// The commit that it is in.
    pub commit: ObjectId,
    /// What named the commit, for messages: `origin/main`, `HEAD`.
    pub source: String,
    /// The branches that count for `branches`: those of the remote as last fetched, or the repository's own.
    branches: String,
    /// The public keys, made ready when a signature is to be checked.
    keys: OnceLock<std::result::Result<KeyRing, String>>,
}

/// The commit whose policy counts, and the branches that do.
struct Standpoint {
    commit: ObjectId,
    source: String,
    branches: String,
}

/// The branches of the repository itself.
pub(in crate::registry) const OWN_BRANCHES: &str = "refs/heads/";
/// All files of keys together.
const MAX_KEYS: usize = 8 << 20;

impl Registry {
    /// The policy in force: that of the remote's default branch as last fetched, and never of a local branch; without a remote,
    /// or in a bare repository, that of the repository's own `HEAD`. `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Policy`] if it cannot be used; what keeps Git from reading it.
    pub fn policy_in_force(&self) -> Result<Option<PolicyInForce>> {
        let Some(at) = self.standpoint()? else { return Ok(None) };
        self.read_policy(at.commit, &at.source, &at.branches)
    }

    /// The policy of a commit, for a server: the branches that count are the repository's own.
    ///
    /// # Errors
    /// As [`Registry::policy_in_force`].
    pub fn policy_at(&self, commit: ObjectId, source: &str) -> Result<Option<PolicyInForce>> {
        self.read_policy(commit, source, OWN_BRANCHES)
    }

    /// The policy in force with other rules: to try on what has happened what a new file would say.
    ///
    /// # Errors
    /// As [`Registry::policy_in_force`].
    pub fn policy_as_of(&self, text: &[u8]) -> Result<PolicyInForce> {
        let policy = Policy::read(text).map_err(Error::Policy)?;
        if let Some(at) = self.standpoint()? {
            let mut in_force = self.with_rest(policy, at.commit, &at.source, &at.branches)?;
            "the file".clone_into(&mut in_force.source);
            return Ok(in_force);
        }
        let branches = OWN_BRANCHES.to_owned();
        Ok(PolicyInForce {
            policy,
            commit: ObjectId::NONE,
            source: "the file".to_owned(),
            branches,
            keys: OnceLock::new(),
        })
    }

    fn standpoint(&self) -> Result<Option<Standpoint>> {
        let own = |commit: Option<ObjectId>| {
            commit.map(|commit| Standpoint {
                commit,
                source: "HEAD".to_owned(),
                branches: OWN_BRANCHES.to_owned(),
            })
        };
        if self.repository.work_dir().is_none() || !self.has_remote() {
            return Ok(own(self.repository.head_commit()?));
        }
        let Ok(remote) = self.remote() else { return Ok(own(self.repository.head_commit()?)) };
        let name = remote.shown();
        let branches = format!("refs/remotes/{name}/");
        // Without the remote's HEAD, what it is called nearly always.
        for branch in ["HEAD", "main", "master"] {
            if let Some(commit) = self.repository.commit_of_ref(&format!("{branches}{branch}"))? {
                return Ok(Some(Standpoint { commit, source: format!("{name}/{branch}"), branches }));
            }
        }
        match self.repository.branches_under(&branches)?.as_slice() {
            // None of this remote's branches was fetched: the repository stands alone.
            [] => Ok(own(self.repository.head_commit()?)),
            [(branch, commit)] => {
                Ok(Some(Standpoint { commit: *commit, source: format!("{name}/{branch}"), branches }))
            }
            several => {
                // Whoever has no policy need not say which branch would have it.
                for (_, commit) in several {
                    if file_of(&self.repository, *commit, Policy::FILE_NAME, Policy::MAX_SIZE)?.is_some() {
                        return Err(Error::NoDefaultBranch { remote: name });
                    }
                }
                Ok(None)
            }
        }
    }

    fn read_policy(&self, commit: ObjectId, source: &str, branches: &str) -> Result<Option<PolicyInForce>> {
        let Some(text) = file_of(&self.repository, commit, Policy::FILE_NAME, Policy::MAX_SIZE)? else {
            return Ok(None);
        };
        let policy = Policy::read(&text).map_err(Error::Policy)?;
        self.with_rest(policy, commit, source, branches).map(Some)
    }

    fn with_rest(
        &self,
        mut policy: Policy,
        commit: ObjectId,
        source: &str,
        branches: &str,
    ) -> Result<PolicyInForce> {
        let baseline = file_of(&self.repository, commit, Policy::BASELINE_FILE, Baseline::MAX_SIZE)?;
        if let Some(text) = baseline {
            let read = Baseline::read(&String::from_utf8_lossy(&text));
            policy.baseline = read.map_err(|error| unusable(Policy::BASELINE_FILE, &error))?;
        }
        let (source, branches) = (source.to_owned(), branches.to_owned());
        Ok(PolicyInForce { policy, commit, source, branches, keys: OnceLock::new() })
    }
}

fn file_of(repository: &Repository, commit: ObjectId, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
    match repository.file_at(commit, path, limit) {
        Err(error @ (FileError::TooLarge { .. } | FileError::Git(GitError::Link { .. }))) => {
            Err(unusable(path, &error))
        }
        found => Ok(found?),
    }
}

/// A file of the policy that cannot be used.
fn unusable(path: &str, why: &impl std::fmt::Display) -> Error {
    Error::Policy(PolicyError { message: format!("'{path}': {why}"), line: 0, column: 0 })
}

impl PolicyInForce {
    /// The keys, made ready once.
    fn keys(&self, repository: &Repository) -> std::result::Result<&KeyRing, String> {
        let made = self.keys.get_or_init(|| repository.key_ring(&self.key_files(repository)?));
        made.as_ref().map_err(Clone::clone)
    }

    fn key_files(&self, repository: &Repository) -> std::result::Result<Vec<(String, Vec<u8>)>, String> {
        let read = |error: GitError| format!("the keys of the policy cannot be read: {error}");
        if self.commit == ObjectId::NONE {
            return Ok(Vec::new());
        }
        let mut folder = repository.tree_of(self.commit).map_err(read)?;
        for part in Policy::KEYS_FOLDER.split('/') {
            match repository.entry(folder, part).map_err(read)? {
                Some((id, EntryKind::Folder)) => folder = id,
                _ => return Ok(Vec::new()),
            }
        }
        let mut files = Vec::new();
        let add = |name: &str, kind: EntryKind, id: &dyn Fn() -> ObjectId| {
            if kind == EntryKind::File {
                files.push((name.to_owned(), id()));
            }
        };
        repository.each_entry(folder, add).map_err(read)?;
        let (mut contents, mut total) = (Vec::with_capacity(files.len()), 0);
        for (name, id) in files {
            let content = repository.file(id, &name, MAX_KEYS).map_err(|error| error.to_string())?;
            total += content.len();
            if total > MAX_KEYS {
                return Err(format!("the keys of the policy are larger than {} MiB", MAX_KEYS >> 20));
            }
            contents.push((name, content));
        }
        Ok(contents)
    }
}
