//! Files of commits, as programs ask for them that keep annotations themselves: whether a path is in a commit, and what the
//! annotation file said in all commits.
//!
//! Owns these questions. What an annotation is, is the business of `annotation`.

use std::collections::HashMap;

use super::Registry;
use crate::annotation::{Annotations, artifacts_yaml};
use crate::error::Result;
use crate::git::GitError;
use crate::object_id::ObjectId;

impl Registry {
    /// Whether the commit that `revision` names has a file or a folder at `path`.
    ///
    /// # Errors
    /// [`Error::RefNotFound`](crate::Error::RefNotFound), or what keeps Git from reading.
    pub fn has_path(&self, revision: &str, path: &str) -> Result<bool> {
        Ok(self.repository.has_path(self.repository.resolve(revision)?, path)?)
    }

    /// What the annotation file says in each commit of the branches that has one, by commit.
    ///
    /// # Errors
    /// What keeps Git from reading the commits. A file that cannot be read is as one without entries.
    pub fn annotations_of_branches(&self) -> Result<Vec<(ObjectId, Annotations)>> {
        let (repository, path) = (&self.repository, &self.config.index);
        // Most commits leave the file as it was.
        let mut texts: HashMap<ObjectId, Annotations> = HashMap::new();
        let mut found = Vec::new();
        for commit in repository.history_of(&repository.branch_commits())? {
            let file = match repository.file_id_in(commit.tree, path) {
                Ok(Some(file)) => file,
                // A link that leads nowhere is no file.
                Ok(None) | Err(GitError::Link { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let read = || {
                let bytes = repository.file(file, path, artifacts_yaml::MAX_SIZE);
                bytes.map(|bytes| artifacts_yaml::read(&bytes)).unwrap_or_default()
            };
            found.push((commit.commit, texts.entry(file).or_insert_with(read).clone()));
        }
        found.sort_unstable_by_key(|(commit, _)| *commit);
        Ok(found)
    }
}
