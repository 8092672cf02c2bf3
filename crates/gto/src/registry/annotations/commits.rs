//! The annotations of artifacts in commits.
//!
//! Owns which files are read for which question, each once: a commit's files once, however many versions are on it, and a
//! text once, however many commits have it. What a text means is decided by `annotation`. Nothing here fails: what cannot be
//! read says nothing, and is for `doctor` to tell (decision D5).

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::annotation::path::folder_of_path;
use crate::annotation::{Annotation, Annotations, FileProblem, Source, Sourced, artifacts_yaml};
use crate::commit::Commit;
use crate::dvc::file::DvcYaml;
use crate::dvc::{self, Folders};
use crate::error::Result;
use crate::git::{CommitTree, Repository};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::query::AnnotatedAt;
use crate::yaml::printable;

/// The annotation files of commits.
pub(in crate::registry) struct CommitFiles<'r> {
    repository: &'r Repository,
    /// The path of `artifacts.yaml`.
    index: Arc<str>,
    /// The current commit, once it was looked for.
    head: Option<ObjectId>,
    /// The newest commit that names an artifact, of those that were looked at, if it was looked at others than the current one.
    newest: HashMap<ArtifactName, ObjectId>,
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

/// The key of a `dvc.yaml`'s meaning: itself, its folder, and the files with its parameters.
#[derive(PartialEq, Eq, Hash)]
struct DvcKey {
    id: ObjectId,
    folder: String,
    params: Vec<Option<ObjectId>>,
}

/// The contents of one file.
#[derive(Debug)]
pub(in crate::registry) struct Entries {
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
        let problem = FileProblem::nowhere(message);
        Self::new(file, source, Annotations { artifacts: Vec::new(), problems: vec![problem] })
    }

    pub fn of(&self, name: &ArtifactName) -> Option<Sourced> {
        let (_, annotation) = &self.artifacts[*self.places.get(name)?];
        Some(Sourced { source: self.source, file: Arc::clone(&self.file), annotation: annotation.clone() })
    }

    /// The artifacts that it names.
    pub fn names(&self) -> impl Iterator<Item = &ArtifactName> {
        self.artifacts.iter().map(|(name, _)| name)
    }

    /// Why an entry of an artifact may be there that could not be read: it, its name, or the whole file.
    pub fn hides(&self, name: &ArtifactName) -> Vec<String> {
        let own = name.as_str().rsplit(':').next();
        let may_be = |problem: &&FileProblem| {
            let entry = problem.entry.as_deref();
            problem.left_out && (entry == own || entry.is_none_or(|entry| entry.contains("${")))
        };
        let file = printable(&self.file);
        self.problems.iter().filter(may_be).map(|problem| problem.sentence(&file)).collect()
    }

    /// The artifacts whose entries could not be read, and what is wrong with others and with the whole file.
    pub fn left_out(&self) -> (Vec<ArtifactName>, Vec<String>) {
        let folder = self.folder();
        let (mut names, mut sentences) = (Vec::new(), Vec::new());
        for problem in self.problems.iter().filter(|problem| problem.left_out) {
            let entry = problem.entry.as_deref();
            let full = entry
                .map(|entry| if folder.is_empty() { entry.to_owned() } else { format!("{folder}:{entry}") });
            match full.and_then(|name| name.parse().ok()) {
                Some(name) => names.push(name),
                None => sentences.push(problem.sentence(&printable(&self.file))),
            }
        }
        (names, sentences)
    }

    /// Where it lies; empty for the root, which `artifacts.yaml` is about wherever it lies.
    pub fn folder(&self) -> &str {
        match self.source {
            Source::Gto => "",
            Source::Dvc => folder_of_path(&self.file),
        }
    }

    /// What is wrong with it.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let file = printable(&self.file);
        self.problems.iter().map(move |problem| problem.sentence(&file))
    }

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

/// What counts of what the files of a commit say of an artifact: a `dvc.yaml`, or if that says nothing `artifacts.yaml`. Where the
/// one cannot be read, what the other says may be out of date, and does not count; or why.
pub(in crate::registry) fn counting(
    files: &[Arc<Entries>],
    name: &ArtifactName,
) -> std::result::Result<Option<Sourced>, Vec<String>> {
    for entries in files.iter().rev() {
        if let Some(found) = entries.of(name) {
            return Ok(Some(found));
        }
        let why = entries.hides(name);
        if !why.is_empty() {
            return Err(why);
        }
    }
    Ok(None)
}

/// The folder of an artifact; empty for the root.
pub(in crate::registry) fn folder_of(name: &ArtifactName) -> &str {
    name.as_str().split_once(':').map_or("", |(folder, _)| folder)
}

/// The `dvc.yaml` in a folder.
pub(in crate::registry) fn dvc_yaml_in(folder: &str) -> String {
    if folder.is_empty() { dvc::FILE_NAME.to_owned() } else { format!("{folder}/{}", dvc::FILE_NAME) }
}

/// So many trees, or texts, are read by one thread at a time.
const READ_AT_ONCE: usize = 512;

/// The artifacts that the files of any of these commits name, each once, by name, with the newest of these commits. A tree is looked
/// into once, and a text parsed once, however many commits have it, on all processors.
fn names_in(
    repository: &Repository,
    index: &str,
    mut commits: Vec<CommitTree>,
) -> Vec<(ArtifactName, ObjectId)> {
    if repository.is_partial() {
        let commits = commits.iter().map(|commit| commit.commit).collect();
        repository.fetch_files(&commits, index);
    }
    // From here on, the first find is the newest: the position in this list is its age.
    commits.sort_unstable_by_key(|found| (Reverse(found.time), found.commit));
    let mut seen = foldhash::HashSet::default();
    commits.retain(|commit| seen.insert(commit.tree));
    let trees: Vec<(usize, ObjectId)> = commits.iter().map(|found| found.tree).enumerate().collect();
    let parts = trees.chunks(READ_AT_ONCE).collect();
    let found = repository.on_all_processors_with_bases(parts, |repository, trees: &[(usize, ObjectId)]| {
        let mut folders = Folders::with_index(index);
        let of = |(place, tree): &(usize, ObjectId)| {
            let (index, files) = folders.find_with_index(repository, *tree, index);
            (*place, index, files)
        };
        trees.iter().map(of).collect::<Vec<_>>()
    });
    let mut indexes = Vec::new();
    let mut dvc = Vec::new();
    let mut seen_indexes = foldhash::HashSet::default();
    let mut seen_dvc = foldhash::HashSet::default();
    for (place, index, files) in found.iter().flatten() {
        indexes.extend(index.filter(|id| seen_indexes.insert(*id)).map(|id| (*place, id)));
        for file in files {
            if let Ok(id) = file.id
                && seen_dvc.insert((id, file.params, &*file.folder))
            {
                dvc.push((*place, id, &*file.folder));
            }
        }
    }
    let parts = indexes.chunks(READ_AT_ONCE).collect();
    let of_index = |repository: &Repository, files: &[(usize, ObjectId)]| {
        let mut names = artifacts_yaml::Names::default();
        let mut data = Vec::new();
        let mut found = Vec::new();
        for (place, id) in files {
            if repository.small_file(*id, artifacts_yaml::MAX_SIZE, &mut data) {
                found.extend(names.new_in(&data).into_iter().map(|name| (name, *place)));
            }
        }
        found
    };
    // With the files whose meaning depends on other files in the commit.
    let of_dvc = |repository: &Repository, files: &[(usize, ObjectId, &str)]| {
        let mut reader = CommitFiles::new(repository, index);
        let mut found = HashMap::new();
        for (place, id, folder) in files {
            let entries = reader.dvc_yaml(trees[*place].1, folder, *id);
            for (name, _) in &entries.artifacts {
                if !found.contains_key(name) {
                    found.insert(name.clone(), *place);
                }
            }
        }
        let is_filled = |(_, text): &(&ObjectId, &Arc<DvcYaml>)| text.has_other_files();
        let filled: Vec<ObjectId> = reader.dvc_texts.iter().filter(is_filled).map(|(id, _)| *id).collect();
        (found.into_iter().collect::<Vec<_>>(), filled)
    };
    let mut names = repository.on_all_processors_with_bases(parts, of_index);
    let (of_texts, filled): (Vec<_>, Vec<_>) =
        repository.on_all_processors(dvc.chunks(READ_AT_ONCE).collect(), of_dvc).into_iter().unzip();
    names.extend(of_texts);
    let filled_ids: HashSet<ObjectId> = filled.into_iter().flatten().collect();
    if !filled_ids.is_empty() {
        let mut everywhere = Vec::new();
        for (place, _, files) in found.iter().flatten() {
            let filled =
                files.iter().filter_map(|file| Some((*place, *file.id.as_ref().ok()?, &*file.folder)));
            everywhere.extend(filled.filter(|(_, id, _)| filled_ids.contains(id)));
        }
        let found = repository.on_all_processors(everywhere.chunks(READ_AT_ONCE).collect(), of_dvc);
        names.extend(found.into_iter().map(|(names, _)| names));
    }
    let mut names: Vec<(ArtifactName, usize)> = names.into_iter().flatten().collect();
    names.sort_unstable();
    names.dedup_by(|(name, _), (before, _)| name == before);
    names.into_iter().map(|(name, place)| (name, commits[place].commit)).collect()
}

impl<'r> CommitFiles<'r> {
    pub fn new(repository: &'r Repository, index: &str) -> Self {
        Self {
            repository,
            index: index.into(),
            head: None,
            newest: HashMap::new(),
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
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// The artifacts that files name at the commits that are looked at, each once: those of the current commit first, and with
    /// it.
    pub fn annotated(
        &mut self,
        head: Option<ObjectId>,
        at: AnnotatedAt,
    ) -> Result<Vec<(ArtifactName, Option<ObjectId>)>> {
        self.head = head;
        let here = head.map(|head| self.names(head)).unwrap_or_default();
        let mut seen: HashSet<ArtifactName> = here.iter().cloned().collect();
        let mut names: Vec<_> = here.into_iter().map(|name| (name, head)).collect();
        if at != AnnotatedAt::Head {
            let commits = self.commits_at(at)?;
            let elsewhere = names_in(self.repository, &self.index, commits);
            let new = elsewhere.iter().filter(|(name, _)| seen.insert(name.clone()));
            names.extend(new.map(|(name, _)| (name.clone(), None)).collect::<Vec<_>>());
            self.newest = elsewhere.into_iter().collect();
        }
        Ok(names)
    }

    /// The artifacts that files name at the commits that are looked at, each with these commits, newest id first.
    pub fn annotated_commits(&mut self, at: AnnotatedAt) -> Result<Vec<(ArtifactName, Vec<ObjectId>)>> {
        let mut commits: Vec<ObjectId> = self.commits_at(at)?.into_iter().map(|found| found.commit).collect();
        commits.sort_unstable_by(|a, b| b.cmp(a));
        let mut places: HashMap<ArtifactName, usize> = HashMap::new();
        let mut found: Vec<(ArtifactName, Vec<ObjectId>)> = Vec::new();
        for commit in commits {
            for name in self.names(commit) {
                let place = *places.entry(name.clone()).or_insert(found.len());
                if place == found.len() {
                    found.push((name, Vec::new()));
                }
                found[place].1.push(commit);
            }
        }
        Ok(found)
    }

    /// The commits to read, with their trees.
    pub fn commits_at(&mut self, at: AnnotatedAt) -> Result<Vec<CommitTree>> {
        let tips = match at {
            AnnotatedAt::Head => self.head.into_iter().collect(),
            AnnotatedAt::Branches | AnnotatedAt::Commits => self.repository.branch_commits(),
        };
        if at == AnnotatedAt::Commits {
            return Ok(self.repository.history_of(&tips)?);
        }
        let tree = |id| {
            let tree = self.tree(id)?;
            let time = self.commit(id)?.committer.time.seconds();
            Some(CommitTree { commit: id, tree, time })
        };
        Ok(tips.into_iter().filter_map(tree).collect())
    }

    /// What is said of an artifact by the current commit or, where that does not name it, by the newest of the commits that were
    /// looked at and do (see [`CommitFiles::annotated`]).
    pub fn of_newest(&mut self, name: &ArtifactName) -> Vec<Sourced> {
        let here = self.head.map(|head| self.of(head, name)).unwrap_or_default();
        match self.newest.get(name) {
            Some(newest) if here.is_empty() => self.of(*newest, name),
            _ => here,
        }
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

    /// Which of these files of a commit `.dvcignore` excludes.
    pub fn left_out(&mut self, tree: ObjectId, paths: &[&str]) -> Vec<bool> {
        self.folders.left_out(self.repository, tree, paths)
    }

    /// Every annotation file of a commit: `artifacts.yaml`, then each `dvc.yaml` by its path.
    pub fn all(&mut self, commit: ObjectId) -> Vec<Arc<Entries>> {
        let mut files: Vec<_> = self.index_at(commit).into_iter().collect();
        let Some(tree) = self.tree(commit) else { return files };
        for found in self.folders.find(self.repository, tree) {
            let entries = match found.id {
                Ok(id) => self.dvc_yaml(tree, &found.folder, id),
                Err(why) => Arc::new(Entries::unreadable(&dvc_yaml_in(&found.folder), Source::Dvc, why)),
            };
            self.dvc.entry(commit).or_default().insert(found.folder, Some(Arc::clone(&entries)));
            files.push(entries);
        }
        files
    }

    /// Fetches what a reading of these will miss, where a partial clone left it out.
    pub fn fetch<'n>(&self, wanted: impl Iterator<Item = (&'n ArtifactName, ObjectId)>) {
        let mut by_path: HashMap<String, BTreeSet<ObjectId>> = HashMap::new();
        for (name, commit) in wanted {
            let folder = folder_of(name);
            if folder.is_empty() {
                by_path.entry(self.index.to_string()).or_default().insert(commit);
            }
            by_path.entry(dvc_yaml_in(folder)).or_default().insert(commit);
        }
        for (path, commits) in by_path {
            self.repository.fetch_files(&commits, &path);
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

    /// The tree of a commit.
    pub fn tree(&mut self, commit: ObjectId) -> Option<ObjectId> {
        self.commit_with_tree(commit).map(|(_, tree)| *tree)
    }

    fn index_at(&mut self, commit: ObjectId) -> Option<Arc<Entries>> {
        if let Some(known) = self.indexes.get(&commit) {
            return known.clone();
        }
        let found = self.tree(commit).map(|tree| self.repository.file_id_in(tree, &self.index));
        let entries = match found.transpose() {
            Ok(id) => id.flatten().map(|id| self.index_text(id)),
            Err(why) => Some(Arc::new(Entries::unreadable(&self.index, Source::Gto, why.of_file()))),
        };
        self.indexes.insert(commit, entries.clone());
        entries
    }

    fn index_text(&mut self, id: ObjectId) -> Arc<Entries> {
        let (repository, index) = (self.repository, Arc::clone(&self.index));
        let read = || match repository.file(id, &index, artifacts_yaml::MAX_SIZE) {
            Ok(bytes) => Entries::new(&index, Source::Gto, artifacts_yaml::read(&bytes)),
            Err(error) => Entries::unreadable(&index, Source::Gto, error.to_string()),
        };
        Arc::clone(self.index_texts.entry(id).or_insert_with(|| Arc::new(read())))
    }

    fn dvc_at(&mut self, commit: ObjectId, folder: &str) -> Option<Arc<Entries>> {
        if let Some(known) = self.dvc.get(&commit).and_then(|folders| folders.get(folder)) {
            return known.clone();
        }
        let found = self.tree(commit).map(|tree| (tree, dvc::dvc_yaml_in(self.repository, tree, folder)));
        let entries = match found {
            None | Some((_, Ok(None))) => None,
            Some((tree, Ok(Some(id)))) => Some(self.dvc_yaml(tree, folder, id)),
            Some((_, Err(why))) => {
                Some(Arc::new(Entries::unreadable(&dvc_yaml_in(folder), Source::Dvc, why.of_file())))
            }
        };
        self.dvc.entry(commit).or_default().insert(folder.to_owned(), entries.clone());
        entries
    }

    fn dvc_yaml(&mut self, tree: ObjectId, folder: &str, id: ObjectId) -> Arc<Entries> {
        let path = dvc_yaml_in(folder);
        let repository = self.repository;
        let text = match self.dvc_texts.get(&id) {
            Some(text) => Arc::clone(text),
            None => match repository.file(id, &path, dvc::MAX_SIZE) {
                Ok(bytes) => {
                    let text = Arc::new(DvcYaml::parse(&bytes));
                    self.dvc_texts.insert(id, Arc::clone(&text));
                    text
                }
                Err(error) => return Arc::new(Entries::unreadable(&path, Source::Dvc, error.to_string())),
            },
        };
        let files = text.files(folder);
        let find = |path: &str| repository.file_id_in(tree, path).map_err(|error| error.of_file());
        let ids = files.iter().map(|path| find(path).ok().flatten());
        let key = DvcKey { id, folder: folder.to_owned(), params: ids.collect() };
        if let Some(entries) = self.dvc_filled.get(&key) {
            return Arc::clone(entries);
        }
        let load = |path: &str| {
            let read = |id| repository.file(id, path, dvc::MAX_SIZE);
            find(path)?.map(read).transpose().map_err(|error| error.to_string())
        };
        let entries = Arc::new(Entries::new(&path, Source::Dvc, text.annotations(folder, &load)));
        self.dvc_filled.insert(key, Arc::clone(&entries));
        entries
    }
}
