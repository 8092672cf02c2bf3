//! Whether a path is in a commit.
//!
//! Owns that question. Must not read files.

use crate::git::objects::tree::EntryKind;
use crate::git::{GitError, Repository};
use crate::object_id::ObjectId;

impl Repository {
    /// Whether the commit has a file or a folder at `path`, with slashes. The root folder is always there.
    pub fn has_path(&self, commit: ObjectId, path: &str) -> Result<bool, GitError> {
        let mut folder = Some(self.tree_of(commit)?);
        for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
            let Some(tree) = folder else { return Ok(false) };
            match self.entry(tree, part)? {
                Some((_, EntryKind::File)) => folder = None,
                Some((id, EntryKind::Folder)) => folder = Some(id),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use crate::git::test_repo::{each_storage, id, open};

    #[test]
    fn a_path_is_a_file_or_a_folder_of_the_commit() {
        for repo in each_storage() {
            let commit = id(&repo.commit(&[("a/b/c", "1"), ("d", "1")], "first"));
            let repository = open(&repo);
            for (path, is_there) in [
                ("a", true),
                ("a/b/", true),
                ("./a/b/c", true),
                ("d", true),
                ("", true),
                ("d/e", false),
                ("a/c", false),
                ("../d", false),
            ] {
                assert_eq!(repository.has_path(commit, path).unwrap(), is_there, "{path}");
            }
        }
    }
}
