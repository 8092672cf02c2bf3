//! The files of a commit that list DVC's outputs, and its links.
//!
//! Finds them, and walks each tree once however many commits share it. Must not parse them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::walk::fetch_folders;
use crate::git::{EntryKind, GitError, Repository};
use crate::object_id::ObjectId;

/// Deeper folders are not looked into.
const MAX_DEPTH: usize = 100;

/// With more of these a commit is given up: identical folders may be in a tree without end.
const MAX_MARKS: usize = 100_000;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A file `*.dvc`.
    Outputs,
    /// A `dvc.lock`.
    Lock,
    /// A `dvc.yaml`.
    Pipelines,
    /// Any other link.
    Link,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptFile {
    /// The path, from the root of the commit.
    pub path: String,
    /// What it is.
    pub what: Kept,
    /// The hash of its content, or of the link.
    pub id: ObjectId,
}

/// What is remembered of trees, by their ids.
#[derive(Default)]
pub(crate) struct Outputs {
    seen: HashMap<ObjectId, Arc<[KeptFile]>>,
}

impl Outputs {
    /// All of them in the tree of a commit.
    ///
    /// # Errors
    /// Why not all of them can be found.
    pub fn find(&mut self, repository: &Repository, tree: ObjectId) -> Result<Arc<[KeptFile]>, String> {
        fetch_folders(repository, tree);
        let found = self.walk(repository, tree, 0)?;
        if repository.is_partial() {
            let files: HashSet<ObjectId> = found.iter().map(|file| file.id).collect();
            repository.fetch_missing(&files);
        }
        Ok(found)
    }

    fn walk(
        &mut self,
        repository: &Repository,
        tree: ObjectId,
        depth: usize,
    ) -> Result<Arc<[KeptFile]>, String> {
        if let Some(found) = self.seen.get(&tree) {
            return Ok(Arc::clone(found));
        }
        let too_many = || "there are more files of DVC, links and folders in folders than can be looked at";
        if depth > MAX_DEPTH {
            return Err(too_many().to_owned());
        }
        let (mut found, folders) = kept_in(repository, tree).map_err(|error| error.to_string())?;
        for (name, id) in folders {
            let below = self.walk(repository, id, depth + 1)?;
            let seen_from_here =
                |file: &KeptFile| KeptFile { path: format!("{name}/{}", file.path), ..file.clone() };
            found.extend(below.iter().map(seen_from_here));
            if found.len() > MAX_MARKS {
                return Err(too_many().to_owned());
            }
        }
        let found: Arc<[KeptFile]> = found.into();
        self.seen.insert(tree, Arc::clone(&found));
        Ok(found)
    }
}

/// What one tree holds itself, and its folders.
type OfTree = (Vec<KeptFile>, Vec<(String, ObjectId)>);

fn kept_in(repository: &Repository, tree: ObjectId) -> Result<OfTree, GitError> {
    let (mut found, mut folders) = (Vec::new(), Vec::new());
    repository.each_entry(tree, |name, kind, id| {
        if kind == EntryKind::Folder {
            folders.push((name.to_owned(), id()));
            return;
        }
        let what = match name {
            "dvc.lock" => Kept::Lock,
            "dvc.yaml" => Kept::Pipelines,
            name if name.strip_suffix(".dvc").is_some_and(|stem| !stem.is_empty()) => Kept::Outputs,
            _ if kind == EntryKind::Link => Kept::Link,
            _ => return,
        };
        if kind != EntryKind::Submodule {
            found.push(KeptFile { path: name.to_owned(), what, id: id() });
        }
    })?;
    Ok((found, folders))
}

#[cfg(test)]
mod tests {
    use gto_testkit::Repo;

    use super::*;
    use crate::git::test_repo::{id, open};

    #[test]
    fn what_dvc_keeps_is_found_in_all_folders_and_a_tree_is_read_once() {
        let repo = Repo::new();
        let files =
            ["a/b/x.dvc", "dvc.lock", "a/dvc.yaml", "a/dvc.lock/x", ".dvc/config", "a.dvc/x", "y.dvcs"];
        let first = repo.commit(&files.map(|path| (path, path)), "1");
        let second = repo.commit(&[("other", "1")], "2");
        let repository = open(&repo);
        let mut outputs = Outputs::default();
        let tree = |commit| repository.tree_of(commit).unwrap();
        let find = |outputs: &mut Outputs, commit: &str| outputs.find(&repository, tree(id(commit))).unwrap();
        let paths: Vec<_> =
            find(&mut outputs, &first).iter().map(|file| (file.path.clone(), file.what)).collect();
        let expected =
            [("a/b/x.dvc", Kept::Outputs), ("a/dvc.yaml", Kept::Pipelines), ("dvc.lock", Kept::Lock)];
        let mut sorted = paths;
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(sorted, expected.map(|(path, what)| (path.to_owned(), what)));
        let before = repository.objects_read();
        find(&mut outputs, &second);
        assert_eq!(repository.objects_read() - before, 2, "the commit and its tree");
    }

    #[test]
    fn folders_within_themselves_without_end_are_given_up() {
        let repo = Repo::new();
        let blob = repo.git_stdin(&["hash-object", "-w", "--stdin"], b"x");
        let mut tree = repo.git_stdin(&["mktree"], format!("100644 blob {blob}\tx.dvc\n").as_bytes());
        for _ in 0..40 {
            let entries: Vec<String> = (0..10).map(|n| format!("040000 tree {tree}\t{n}\n")).collect();
            tree = repo.git_stdin(&["mktree"], entries.concat().as_bytes());
        }
        assert!(Outputs::default().find(&open(&repo), id(&tree)).is_err());
    }
}
