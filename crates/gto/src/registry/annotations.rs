//! What the files of commits say of artifacts.
//!
//! Owns which files are read for which question, each once: a commit's files once, however many versions are on it, and a
//! text once, however many commits have it. What a text means is decided by `annotation`. Nothing here fails: what cannot be
//! read says nothing, and is for `doctor` to tell (decision D5).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::annotation::dvc_yaml::{self, DvcYaml};
use crate::annotation::{Annotation, Annotations, FileProblem, Source, Sourced, artifacts_yaml};
use crate::commit::Commit;
use crate::git::{Folders, Repository};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::yaml::printable;

/// The annotation files of commits.
pub(super) struct CommitFiles<'r> {
    repository: &'r Repository,
    /// The path of `artifacts.yaml`.
    index: &'r str,
    folders: Folders,
    commits: HashMap<ObjectId, Option<(Commit, ObjectId)>>,
    /// By commit, and for `dvc.yaml` its folder.
    indexes: HashMap<ObjectId, Option<Arc<Entries>>>,
    dvc: HashMap<ObjectId, HashMap<String, Option<Arc<Entries>>>>,
    /// By the ids of what was read.
    index_texts: HashMap<ObjectId, Arc<Entries>>,
    dvc_texts: HashMap<ObjectId, Arc<DvcYaml>>,
    dvc_filled: HashMap<DvcKey, Arc<Entries>>,
}

/// What decides what a `dvc.yaml` says: itself, its folder, and the files that fill its parameters.
#[derive(PartialEq, Eq, Hash)]
struct DvcKey {
    id: ObjectId,
    folder: String,
    params: Vec<Option<ObjectId>>,
}

/// What one file says.
#[derive(Debug)]
pub(super) struct Entries {
    file: Arc<str>,
    source: Source,
    artifacts: Vec<(ArtifactName, Annotation)>,
    places: HashMap<ArtifactName, usize>,
    problems: Vec<FileProblem>,
}

impl Entries {
    pub fn new(file: &str, source: Source, found: Annotations) -> Self {
        let Annotations { artifacts, problems } = found;
        let places = artifacts.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        Self { file: file.into(), source, artifacts, places, problems }
    }

    /// A file that cannot be read.
    pub fn unreadable(file: &str, source: Source, message: String) -> Self {
        let problem = FileProblem { entry: None, left_out: true, message, line: None, column: None };
        Self::new(file, source, Annotations { artifacts: Vec::new(), problems: vec![problem] })
    }

    pub fn of(&self, name: &ArtifactName) -> Option<Sourced> {
        let (_, annotation) = &self.artifacts[*self.places.get(name)?];
        Some(Sourced { source: self.source, file: Arc::clone(&self.file), annotation: annotation.clone() })
    }
}

impl Entries {
    /// What is wrong with the entry of an artifact, or with the whole file.
    pub fn problems_of(&self, name: &ArtifactName) -> Vec<String> {
        let own = name.as_str().rsplit(':').next();
        let is_about = |problem: &&FileProblem| match problem.entry.as_deref() {
            Some(entry) => Some(entry) == own,
            None => problem.left_out || !self.places.contains_key(name),
        };
        let file = printable(&self.file);
        self.problems.iter().filter(is_about).map(|problem| problem.sentence(&file)).collect()
    }
}

/// The folder of an artifact; empty for the root.
pub(super) fn folder_of(name: &ArtifactName) -> &str {
    name.as_str().split_once(':').map_or("", |(folder, _)| folder)
}

/// The `dvc.yaml` in a folder.
pub(super) fn dvc_yaml_in(folder: &str) -> String {
    if folder.is_empty() {
        dvc_yaml::FILE_NAME.to_owned()
    } else {
        format!("{folder}/{}", dvc_yaml::FILE_NAME)
    }
}

impl<'r> CommitFiles<'r> {
    pub fn new(repository: &'r Repository, index: &'r str) -> Self {
        Self {
            repository,
            index,
            folders: Folders::default(),
            commits: HashMap::new(),
            indexes: HashMap::new(),
            dvc: HashMap::new(),
            index_texts: HashMap::new(),
            dvc_texts: HashMap::new(),
            dvc_filled: HashMap::new(),
        }
    }

    /// What the files of a commit say of an artifact: at most one entry for each kind of file. Only those files are looked
    /// for that can name it.
    pub fn of(&mut self, commit: ObjectId, name: &ArtifactName) -> Vec<Sourced> {
        self.entries(commit, name).iter().filter_map(|entries| entries.of(name)).collect()
    }

    /// The files of a commit that may name an artifact.
    pub fn entries(&mut self, commit: ObjectId, name: &ArtifactName) -> Vec<Arc<Entries>> {
        let folder = folder_of(name);
        // `artifacts.yaml` has no names with a folder.
        let index = if folder.is_empty() { self.index_at(commit) } else { None };
        index.into_iter().chain(self.dvc_at(commit, folder)).collect()
    }

    /// The artifacts that the files of a commit name, each once: those of `artifacts.yaml` first.
    pub fn names(&mut self, commit: ObjectId) -> Vec<ArtifactName> {
        let mut names = Vec::new();
        for entries in self.all(commit) {
            names.extend(entries.artifacts.iter().map(|(name, _)| name.clone()));
        }
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// What is wrong with the files of a commit, each problem with its file; and the artifacts that two of them name.
    pub fn problems(&mut self, commit: ObjectId) -> (Vec<(String, FileProblem)>, Vec<ArtifactName>) {
        let files = self.all(commit);
        let of = |entries: &Arc<Entries>| {
            let file = printable(&entries.file);
            entries.problems.iter().map(move |problem| (file.clone(), problem.clone())).collect::<Vec<_>>()
        };
        let problems = files.iter().flat_map(of).collect();
        let in_both =
            |name: &&ArtifactName| files.iter().filter(|f| f.places.contains_key(*name)).count() > 1;
        let index = files.iter().find(|entries| entries.source == Source::Gto);
        let names = index.into_iter().flat_map(|entries| entries.artifacts.iter().map(|(name, _)| name));
        (problems, names.filter(in_both).cloned().collect())
    }

    /// Every annotation file of a commit: `artifacts.yaml`, then each `dvc.yaml` by its path.
    fn all(&mut self, commit: ObjectId) -> Vec<Arc<Entries>> {
        let mut files: Vec<_> = self.index_at(commit).into_iter().collect();
        let Some(tree) = self.tree(commit) else { return files };
        for found in self.folders.find(self.repository, tree) {
            let entries = self.dvc_yaml(tree, &found.folder, found.id);
            self.dvc.entry(commit).or_default().insert(found.folder, Some(Arc::clone(&entries)));
            files.push(entries);
        }
        files
    }

    /// Fetches what a reading of these will miss, where a partial clone left it out.
    pub fn bring<'n>(&self, wanted: impl Iterator<Item = (&'n ArtifactName, ObjectId)>) {
        let mut by_path: HashMap<String, BTreeSet<ObjectId>> = HashMap::new();
        for (name, commit) in wanted {
            let folder = folder_of(name);
            if folder.is_empty() {
                by_path.entry(self.index.to_owned()).or_default().insert(commit);
            }
            by_path.entry(dvc_yaml_in(folder)).or_default().insert(commit);
        }
        for (path, commits) in by_path {
            self.repository.bring_files(&commits, &path);
        }
    }

    /// The commit itself.
    pub fn commit(&mut self, id: ObjectId) -> Option<&Commit> {
        self.commit_with_tree(id).map(|(commit, _)| commit)
    }

    fn commit_with_tree(&mut self, id: ObjectId) -> Option<&(Commit, ObjectId)> {
        let repository = self.repository;
        self.commits.entry(id).or_insert_with(|| repository.commit_with_tree(id).ok()).as_ref()
    }

    fn tree(&mut self, commit: ObjectId) -> Option<ObjectId> {
        self.commit_with_tree(commit).map(|(_, tree)| *tree)
    }

    fn index_at(&mut self, commit: ObjectId) -> Option<Arc<Entries>> {
        if let Some(known) = self.indexes.get(&commit) {
            return known.clone();
        }
        let id = self.tree(commit).and_then(|tree| self.repository.file_id_in(tree, self.index).ok()?);
        let entries = id.map(|id| self.index_text(id));
        self.indexes.insert(commit, entries.clone());
        entries
    }

    fn index_text(&mut self, id: ObjectId) -> Arc<Entries> {
        let (repository, index) = (self.repository, self.index);
        let read = || match repository.file(id, index, artifacts_yaml::MAX_SIZE) {
            Ok(bytes) => Entries::new(index, Source::Gto, artifacts_yaml::read(&bytes)),
            Err(error) => Entries::unreadable(index, Source::Gto, error.to_string()),
        };
        Arc::clone(self.index_texts.entry(id).or_insert_with(|| Arc::new(read())))
    }

    fn dvc_at(&mut self, commit: ObjectId, folder: &str) -> Option<Arc<Entries>> {
        if let Some(known) = self.dvc.get(&commit).and_then(|folders| folders.get(folder)) {
            return known.clone();
        }
        let tree = self.tree(commit);
        let id = tree.and_then(|tree| self.repository.dvc_yaml_in(tree, folder).ok()?);
        let entries = tree.zip(id).map(|(tree, id)| self.dvc_yaml(tree, folder, id));
        self.dvc.entry(commit).or_default().insert(folder.to_owned(), entries.clone());
        entries
    }

    fn dvc_yaml(&mut self, tree: ObjectId, folder: &str, id: ObjectId) -> Arc<Entries> {
        let path = dvc_yaml_in(folder);
        let repository = self.repository;
        let text = match self.dvc_texts.get(&id) {
            Some(text) => Arc::clone(text),
            None => match repository.file(id, &path, dvc_yaml::MAX_SIZE) {
                Ok(bytes) => {
                    let text = Arc::new(DvcYaml::parse(&bytes));
                    self.dvc_texts.insert(id, Arc::clone(&text));
                    text
                }
                Err(error) => return Arc::new(Entries::unreadable(&path, Source::Dvc, error.to_string())),
            },
        };
        let files = text.files(folder);
        let find = |path: &str| repository.file_id_in(tree, path).map_err(|error| error.to_string());
        let ids = files.iter().map(|path| find(path).ok().flatten());
        let key = DvcKey { id, folder: folder.to_owned(), params: ids.collect() };
        if let Some(entries) = self.dvc_filled.get(&key) {
            return Arc::clone(entries);
        }
        let load = |path: &str| {
            let read = |id| repository.file(id, path, dvc_yaml::MAX_SIZE);
            find(path)?.map(read).transpose().map_err(|error| error.to_string())
        };
        let entries = Arc::new(Entries::new(&path, Source::Dvc, text.annotations(folder, &load)));
        self.dvc_filled.insert(key, Arc::clone(&entries));
        entries
    }
}
