//! The `dvc.yaml` files of a commit, in all folders.
//!
//! Owns walking trees, each once however many commits have it, and what `.dvcignore` and nested DVC repositories leave
//! out. Must not parse the files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::FILE_NAME as FILE;
use super::ignore::Ignore;
use crate::annotation::path::folder_of_path;
use crate::git::{EntryKind, GitError, Repository};
use crate::object_id::ObjectId;

/// What fills it without being named.
const PARAMS: &str = "params.yaml";
/// What leaves out folders below it.
const IGNORE: &str = ".dvcignore";
/// The folder that makes the one around it a DVC repository, where the patterns of those above do not hold.
const DVC: &str = ".dvc";
/// Folders that DVC never looks into.
const PASSED_OVER: [&str; 3] = [DVC, ".git", ".hg"];
/// The message for a file in a folder that is a link.
pub(crate) const BELOW_A_LINK: &str = "is below a link, where DVC does not look";
/// Deeper folders are not looked into.
const MAX_DEPTH: usize = 100;
/// The maximum number of such files: a tree can contain the same folder endlessly.
const MAX_FILES: usize = 10_000;

/// A `dvc.yaml` in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its folder; empty for the root.
    pub folder: String,
    /// Its content, or why the link that it is leads to none.
    pub id: Result<ObjectId, String>,
    /// The `params.yaml` beside it, which may fill it.
    pub params: Option<ObjectId>,
}

/// What is remembered of trees, by their ids.
#[derive(Default)]
pub(crate) struct Folders {
    seen: HashMap<ObjectId, Arc<[Mark]>>,
    /// A file of the root that is looked for too.
    index: Option<String>,
}

/// Something in a tree or below that matters.
#[derive(Debug, Clone)]
struct Mark {
    /// The folder, from the tree.
    folder: String,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// With the `params.yaml` beside it.
    File(Blob, Option<ObjectId>),
    Index(Blob),
    Ignore(Blob),
    /// The folder is a DVC repository.
    Root,
}

/// A file, or a link, whose target depends on where the tree is.
#[derive(Debug, Clone, Copy)]
enum Blob {
    Id(ObjectId),
    Link,
}

impl Blob {
    /// The content of the file at `path` of a commit that has this.
    fn id(self, repository: &Repository, tree: ObjectId, path: &str) -> Result<ObjectId, GitError> {
        match self {
            Self::Id(id) => Ok(id),
            Self::Link => repository.file_through(tree, path),
        }
    }
}

/// The path of a file in a folder.
fn path_in(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What one tree holds itself.
#[derive(Default)]
struct Tree {
    marks: Vec<What>,
    folders: Vec<(String, ObjectId)>,
}

impl Folders {
    /// As the default, for [`Folders::find_with_index`].
    pub fn with_index(index: &str) -> Self {
        // In a folder it is looked up by its path.
        Self { index: (!index.contains('/')).then(|| index.to_owned()), ..Self::default() }
    }

    /// As [`Folders::find`], with the id of the file `index`, if it is there.
    pub fn find_with_index(
        &mut self,
        repository: &Repository,
        tree: ObjectId,
        index: &str,
    ) -> (Option<ObjectId>, Vec<Found>) {
        if self.index.is_none() {
            return (repository.file_id_in(tree, index).ok().flatten(), self.find(repository, tree));
        }
        let is_index = |mark: &Mark| match mark.what {
            What::Index(blob) if mark.folder.is_empty() => Some(blob),
            _ => None,
        };
        let blob = self.marks(repository, tree, 0).iter().find_map(is_index);
        let id = blob.and_then(|blob| blob.id(repository, tree, index).ok());
        (id, self.find(repository, tree))
    }

    /// Every `dvc.yaml` in the tree of a commit, by its path. Trees that cannot be read count as empty.
    pub fn find(&mut self, repository: &Repository, tree: ObjectId) -> Vec<Found> {
        fetch_folders(repository, tree);
        let marks = self.marks(repository, tree, 0);
        let found = |mark: &Mark| match mark.what {
            What::File(blob, params) => {
                let id = blob.id(repository, tree, &path_in(&mark.folder, FILE));
                Some(Found { folder: mark.folder.clone(), id: id.map_err(|error| error.of_file()), params })
            }
            _ => None,
        };
        let mut files: Vec<Found> = marks.iter().filter_map(found).collect();
        // Most trees have none, and need not be asked what they leave out.
        if !files.is_empty() {
            let mut ignores = Ignores::new(repository, tree, &marks);
            files.retain(|file| !ignores.leave_out(&path_in(&file.folder, FILE)));
        }
        files.sort_by(|a, b| a.folder.cmp(&b.folder));
        files
    }

    /// Which of these files of a commit `.dvcignore` leaves out.
    pub fn left_out(&mut self, repository: &Repository, tree: ObjectId, paths: &[&str]) -> Vec<bool> {
        let marks = self.marks(repository, tree, 0);
        let mut ignores = Ignores::new(repository, tree, &marks);
        paths.iter().map(|path| ignores.leave_out(path)).collect()
    }

    fn marks(&mut self, repository: &Repository, tree: ObjectId, depth: usize) -> Arc<[Mark]> {
        if let Some(marks) = self.seen.get(&tree) {
            return Arc::clone(marks);
        }
        let mut marks = Vec::new();
        if depth <= MAX_DEPTH {
            let Tree { marks: own, folders } =
                dvc_tree(repository, tree, self.index.as_deref().filter(|_| depth == 0)).unwrap_or_default();
            marks.extend(own.into_iter().map(|what| Mark { folder: String::new(), what }));
            for (name, id) in folders {
                for below in self.marks(repository, id, depth + 1).iter() {
                    let slash = if below.folder.is_empty() { "" } else { "/" };
                    marks.push(Mark { folder: format!("{name}{slash}{}", below.folder), ..*below });
                }
                if marks.len() > MAX_FILES {
                    marks.truncate(MAX_FILES);
                    break;
                }
            }
        }
        let marks: Arc<[Mark]> = marks.into();
        self.seen.insert(tree, Arc::clone(&marks));
        marks
    }
}

/// The folders from the root down to this one.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    let ends =
        folder.match_indices('/').map(|(end, _)| end).chain((!folder.is_empty()).then_some(folder.len()));
    std::iter::once("").chain(ends.map(|end| &folder[..end]))
}

/// What every `.dvcignore` of a commit leaves out.
struct Ignores<'m> {
    /// By the folder of the file: its text; and folders that are DVC repositories, which have none of those above.
    texts: BTreeMap<&'m str, Vec<u8>>,
    roots: HashSet<&'m str>,
    by_folder: HashMap<String, Ignore>,
}

impl<'m> Ignores<'m> {
    fn new(repository: &Repository, tree: ObjectId, marks: &'m [Mark]) -> Self {
        let text = |mark: &'m Mark| {
            let What::Ignore(blob) = mark.what else { return None };
            let id = blob.id(repository, tree, &path_in(&mark.folder, IGNORE)).ok()?;
            Some((&*mark.folder, repository.file(id, IGNORE, Ignore::MAX_SIZE).ok()?))
        };
        let root = |mark: &'m Mark| matches!(mark.what, What::Root).then_some(&*mark.folder);
        Self {
            texts: marks.iter().filter_map(text).collect(),
            roots: marks.iter().filter_map(root).collect(),
            by_folder: HashMap::new(),
        }
    }

    fn leave_out(&mut self, path: &str) -> bool {
        if self.texts.is_empty() {
            return false;
        }
        let folder = folder_of_path(path);
        if let Some(known) = self.by_folder.get(folder) {
            return known.leaves_out(path);
        }
        let mut ignore = Ignore::default();
        for above in ancestors(folder) {
            if self.roots.contains(above) {
                ignore = Ignore::default();
            }
            if let Some(text) = self.texts.get(above) {
                ignore.add(above, text);
            }
        }
        let is_left_out = ignore.leaves_out(path);
        self.by_folder.insert(folder.to_owned(), ignore);
        is_left_out
    }
}

/// The `dvc.yaml` in one folder (empty for the root) of the tree of a commit. Reads the trees on the way and no other.
///
/// # Errors
/// [`GitError::Link`] if it is a link that leads to no file of the commit.
pub(crate) fn dvc_yaml_in(
    repository: &Repository,
    tree: ObjectId,
    folder: &str,
) -> Result<Option<ObjectId>, GitError> {
    let mut on_the_way = Vec::new();
    let mut here = tree;
    let mut file = None;
    for above in ancestors(folder) {
        if !above.is_empty() {
            let name = above.rsplit('/').next().unwrap_or(above);
            if PASSED_OVER.contains(&name) {
                return Ok(None);
            }
            match repository.entry(here, name)? {
                Some((id, EntryKind::Folder)) => here = id,
                Some((_, EntryKind::Link)) => {
                    return Err(GitError::Link { path: path_in(folder, FILE), problem: BELOW_A_LINK });
                }
                _ => return Ok(None),
            }
        }
        let own = dvc_tree(repository, here, None)?.marks;
        file = own.iter().find_map(|what| if let What::File(blob, _) = what { Some(*blob) } else { None });
        on_the_way.extend(own.into_iter().map(|what| Mark { folder: above.to_owned(), what }));
    }
    let path = path_in(folder, FILE);
    let file = file.filter(|_| !Ignores::new(repository, tree, &on_the_way).leave_out(&path));
    file.map(|blob| blob.id(repository, tree, &path)).transpose()
}

/// What one tree holds itrepository.
fn dvc_tree(repository: &Repository, tree: ObjectId, index: Option<&str>) -> Result<Tree, GitError> {
    let mut found = Tree::default();
    let (mut file, mut params) = (None, None);
    repository.each_entry(tree, |name, kind, id| {
        if kind == EntryKind::Folder {
            if name == DVC {
                found.marks.push(What::Root);
            }
            if !PASSED_OVER.contains(&name) {
                found.folders.push((name.to_owned(), id()));
            }
        } else if kind != EntryKind::Submodule {
            let blob = || if kind == EntryKind::Link { Blob::Link } else { Blob::Id(id()) };
            match name {
                FILE => file = Some(blob()),
                PARAMS if kind == EntryKind::File => params = Some(id()),
                IGNORE => found.marks.push(What::Ignore(blob())),
                name if Some(name) == index => found.marks.push(What::Index(blob())),
                _ => {}
            }
        }
    })?;
    found.marks.extend(file.map(|file| What::File(file, params)));
    Ok(found)
}

/// Fetches all folders of a tree and the files in them that matter, level by level, where a partial clone left them out.
pub(super) fn fetch_folders(repository: &Repository, tree: ObjectId) {
    if !repository.is_partial() {
        return;
    }
    let mut level = HashSet::from([tree]);
    let mut files = HashSet::new();
    let mut seen = HashSet::new();
    for _ in 0..=MAX_DEPTH {
        repository.fetch_missing(&level);
        seen.extend(level.iter().copied());
        let mut below = HashSet::new();
        for tree in level {
            let Tree { marks, folders } = dvc_tree(repository, tree, None).unwrap_or_default();
            below.extend(folders.into_iter().map(|(_, id)| id).filter(|id| !seen.contains(id)));
            files.extend(marks.into_iter().filter_map(|mark| match mark {
                What::File(Blob::Id(id), _) | What::Ignore(Blob::Id(id)) => Some(id),
                _ => None,
            }));
        }
        if below.is_empty() {
            break;
        }
        level = below;
    }
    repository.fetch_missing(&files);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::test_repo::{id, open};
    use gto_testkit::Repo;

    fn folders(repo: &Repo, commit: &str) -> Vec<String> {
        let repository = open(repo);
        let tree = repository.tree_of(id(commit)).unwrap();
        let found = Folders::default().find(&repository, tree);
        for file in &found {
            assert_eq!(dvc_yaml_in(&repository, tree, &file.folder).unwrap(), file.id.clone().ok());
        }
        found.into_iter().map(|file| file.folder).collect()
    }

    #[test]
    fn every_dvc_yaml_is_found_that_dvc_would_find() {
        let repo = Repo::new();
        let files = ["dvc.yaml", "a/dvc.yaml", "a/b/c/dvc.yaml", ".dvc/dvc.yaml", "d/dvc.yaml/x", "e/x.yaml"];
        let files: Vec<_> = files.into_iter().map(|path| (path, path)).collect();
        let first = repo.commit(&files, "first");
        assert_eq!(folders(&repo, &first), ["", "a", "a/b/c"]);
        let more = [
            (".dvcignore", "old\n/a/b\n"),
            ("old/dvc.yaml", ""),
            ("nested/.dvc/config", ""),
            ("nested/old/dvc.yaml", "1"),
            ("nested/gone/dvc.yaml", "2"),
            ("nested/.dvcignore", "gone\n"),
        ];
        let second = repo.commit(&more, "second");
        assert_eq!(folders(&repo, &second), ["", "a", "nested/old"]);
        let repository = open(&repo);
        for folder in
            [".dvc", "old", "a/b/c", "nested/gone", "d", "d/dvc.yaml", "x", "..", "a/", "a//b/c", "/"]
        {
            let tree = repository.tree_of(id(&second)).unwrap();
            assert_eq!(dvc_yaml_in(&repository, tree, folder).unwrap(), None, "{folder}");
        }
    }

    #[test]
    fn each_tree_is_read_once_whatever_commits_have_it() {
        let repo = Repo::new();
        let first = repo.commit(&[("a/b/c/dvc.yaml", "x"), ("d/e", "x")], "first");
        let second = repo.commit(&[("d/f", "x")], "second");
        let repository = open(&repo);
        let mut folders = Folders::default();
        let [first, second] = [first, second].map(|commit| repository.tree_of(id(&commit)).unwrap());
        folders.find(&repository, first);
        let before = repository.objects_read();
        folders.find(&repository, second);
        assert_eq!(repository.objects_read() - before, 2, "the tree, and the folder `d`");
    }

    #[test]
    fn folders_within_themselves_without_end_are_given_up() {
        let repo = Repo::new();
        let blob = repo.git_stdin(&["hash-object", "-w", "--stdin"], b"x");
        let mut tree = repo.git_stdin(&["mktree"], format!("100644 blob {blob}\tdvc.yaml\n").as_bytes());
        for _ in 0..40 {
            let entries: Vec<String> = (0..10).map(|n| format!("040000 tree {tree}\t{n}\n")).collect();
            tree = repo.git_stdin(&["mktree"], entries.concat().as_bytes());
        }
        let found = Folders::default().find(&open(&repo), id(&tree));
        assert_eq!(found.len(), MAX_FILES);
    }
}
