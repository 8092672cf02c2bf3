//! A policy in force as a value, with the keys that belong to it, and what readers remember of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use crate::git::{EntryKind, GitError, KeyRing, Repository};
use crate::object_id::ObjectId;
use crate::policy::Policy;

/// All files of keys together.
const MAX_KEYS: usize = 8 << 20;

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
    pub(super) branches: String,
    /// The public keys, made ready when a signature is to be checked.
    pub(super) keys: OnceLock<Result<KeyRing, String>>,
}

/// What a registry needs that leaves out what violates its policy.
#[derive(Debug, Default)]
pub(in crate::registry) struct Enforcement {
    pub(super) in_force: OnceLock<PolicyInForce>,
    /// What named the commit of the policy of another registry that was asked in the place of this one.
    pub(super) source: OnceLock<String>,
    pub(super) left_out: Mutex<BTreeMap<String, LeftOut>>,
}

/// Why an answer left a tag out.
#[derive(Debug)]
pub(super) struct LeftOut {
    pub why: String,
    /// What may bring it back: see [`crate::policy::Remedy::fetch`].
    pub fetch: Option<String>,
}

impl PolicyInForce {
    /// The keys, made ready once.
    pub(super) fn keys(&self, repository: &Repository) -> Result<&KeyRing, String> {
        let made = self.keys.get_or_init(|| repository.key_ring(&self.key_files(repository)?));
        made.as_ref().map_err(Clone::clone)
    }

    fn key_files(&self, repository: &Repository) -> Result<Vec<(String, Vec<u8>)>, String> {
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
