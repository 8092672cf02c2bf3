//! The fingerprint of the content at a path of a commit: the Git objects there, and the hashes by which DVC keeps what
//! is not in Git.
//!
//! Owns putting these together, each file read once. The content itself is never read. Where nothing stands for a part of it, the
//! whole is not known.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::annotation::path::folder_of_path;
use crate::dvc::MAX_SIZE;
use crate::dvc::hash::{self as dvc_hash, Out, Pipelines};
use crate::dvc::{Kept, KeptFile, Outputs};
use crate::git::Entry;
use crate::object_id::ObjectId;
use crate::registry::Registry;
use crate::registry::annotations::commits::CommitFiles;
use crate::yaml::printable;

/// The fingerprint of an artifact's content: equal if and only if the content is.
pub(in crate::registry) type Content = BTreeSet<String>;

/// The key of a file's meaning: its path, its id, and those of the files that it depends on.
type OutsKey = (String, ObjectId, Vec<Option<ObjectId>>);

/// The fingerprints of artifacts' content; each commit's DVC files are read once.
pub(in crate::registry) struct Contents<'r> {
    registry: &'r Registry,
    pub files: CommitFiles<'r>,
    outputs: Outputs,
    pipelines: HashMap<ObjectId, Arc<Result<Pipelines, String>>>,
    read: HashMap<OutsKey, Arc<[Out]>>,
    /// What was found in a tree of a commit.
    found: HashMap<ObjectId, Result<Arc<Found>, String>>,
}

/// A commit's data about content outside Git, and its links.
struct Found {
    outs: Vec<Arc<[Out]>>,
    links: Vec<String>,
}

impl<'r> Contents<'r> {
    pub fn new(registry: &'r Registry, files: CommitFiles<'r>) -> Self {
        let (pipelines, read, found) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { registry, files, outputs: Outputs::default(), pipelines, read, found }
    }

    /// The fingerprint of the content at `path`, or why there is none.
    pub fn content(&mut self, commit: ObjectId, path: &str) -> Result<Content, String> {
        let shown = printable(path);
        if path.contains("://") || path.starts_with('/') {
            return Err(format!("'{shown}' is not in the repository"));
        }
        let tree = self.files.tree(commit).ok_or_else(|| format!("commit {commit} cannot be read"))?;
        let mut content = Content::new();
        self.gather(tree, path, false, &mut HashSet::new(), &mut content)?;
        Ok(content)
    }

    /// What DVC keeps outside Git in a commit.
    pub fn outs(&mut self, commit: ObjectId) -> Result<Vec<Out>, String> {
        let tree = self.files.tree(commit).ok_or_else(|| format!("commit {commit} cannot be read"))?;
        let found = self.found(tree)?;
        Ok(found.outs.iter().flat_map(|outs| outs.iter().cloned()).collect())
    }

    /// Adds what stands for the content at `path`: what Git has there, where links are followed, and what DVC says of what is
    /// there, in it, or around it. What a link in it leads to (`is_link`) is told apart by where that is: it could be exchanged for what
    /// another one leads to.
    fn gather(
        &mut self,
        tree: ObjectId,
        path: &str,
        is_link: bool,
        seen: &mut HashSet<String>,
        content: &mut Content,
    ) -> Result<(), String> {
        let repository = &self.registry.repository;
        let place = repository.place_of(tree, path).map_err(|error| error.to_string())?;
        if !seen.insert(place.path.clone()) {
            return Ok(());
        }
        let by = if is_link { &*place.path } else { "" };
        if let Some((id, kind)) = place.entry {
            content.insert(format!("{by} git:{id}"));
            // A file is all there, and a submodule names its commit.
            if kind != Entry::Folder {
                return Ok(());
            }
        }
        let found = self.found(tree)?;
        let mut is_known = place.entry.is_some();
        for out in found.outs.iter().flat_map(|outs| outs.iter()) {
            let own = if out.path == "." { "" } else { &out.path };
            let (inside, around) = (below(own, &place.path), below(&place.path, own));
            if inside.is_some() || around.is_some() {
                let hash = out.hash.as_ref().map_err(Clone::clone)?;
                let (around, inside) = (around.unwrap_or(""), inside.unwrap_or(""));
                content.insert(format!("{by} {around} in {inside}: {hash}"));
                is_known = true;
            }
        }
        for link in found.links.iter().filter(|link| below(link, &place.path).is_some()) {
            self.gather(tree, link, true, seen, content)?;
        }
        let nothing = || {
            let shown = printable(path);
            format!("there is no '{shown}' in the commit, and no DVC file that keeps its hash")
        };
        if is_known { Ok(()) } else { Err(nothing()) }
    }

    fn found(&mut self, tree: ObjectId) -> Result<Arc<Found>, String> {
        if let Some(known) = self.found.get(&tree) {
            return known.clone();
        }
        let found = self.find(tree).map(Arc::new);
        self.found.insert(tree, found.clone());
        found
    }

    fn find(&mut self, tree: ObjectId) -> Result<Found, String> {
        let files = self.outputs.find(&self.registry.repository, tree)?;
        let locks: HashMap<&str, &KeptFile> =
            files.iter().filter(|file| file.what == Kept::Lock).map(|file| (&*file.path, file)).collect();
        let mut found = Found { outs: Vec::new(), links: Vec::new() };
        let paths: Vec<&str> = files.iter().map(|file| &*file.path).collect();
        let left_out = self.files.left_out(tree, &paths);
        for (file, is_left_out) in files.iter().zip(left_out) {
            match file.what {
                // A link is content itself.
                Kept::Outputs | Kept::Pipelines if is_left_out => {}
                Kept::Link => found.links.push(file.path.clone()),
                Kept::Lock => {}
                Kept::Outputs => found.outs.push(self.outs_of(tree, file, None)),
                Kept::Pipelines => {
                    let lock = format!("{}dvc.lock", &file.path[..file.path.len() - "dvc.yaml".len()]);
                    found.outs.push(self.outs_of(tree, file, locks.get(&*lock).copied()));
                }
            }
        }
        Ok(found)
    }

    /// The contents of a DVC file, with the lock file next to it.
    fn outs_of(&mut self, tree: ObjectId, file: &KeptFile, lock: Option<&KeptFile>) -> Arc<[Out]> {
        let repository = &self.registry.repository;
        let folder = folder_of_path(&file.path);
        let find = |path: &str| repository.file_id_in(tree, path);
        // It may be a link.
        let id_of = |file: &KeptFile| find(&file.path).ok().flatten().unwrap_or(file.id);
        let read = |id, path: &str| repository.file(id, path, MAX_SIZE).map_err(|error| error.to_string());
        let id = id_of(file);
        let lock = lock.map(|lock| (id_of(lock), &*lock.path));
        let pipelines = (file.what == Kept::Pipelines).then(|| {
            let parsed = || Pipelines::parse(&read(id, &file.path)?);
            Arc::clone(self.pipelines.entry(id).or_insert_with(|| Arc::new(parsed())))
        });
        let fills = pipelines.iter().filter_map(|parsed| parsed.as_ref().as_ref().ok());
        let fills: Vec<String> = fills.flat_map(|pipelines| pipelines.files(folder)).collect();
        let beside = lock.iter().map(|(id, _)| Some(*id));
        let beside = beside.chain(fills.iter().map(|path| find(path).ok().flatten())).collect();
        let key = (file.path.clone(), id, beside);
        if let Some(known) = self.read.get(&key) {
            return Arc::clone(known);
        }
        let load = |path: &str| {
            let id = find(path).map_err(|error| error.of_file())?;
            id.map(|id| read(id, path)).transpose()
        };
        let read = |id, path: &str| read(id, path).map_err(|why| cannot_be_read(path, &why));
        let outs = || match pipelines.as_deref() {
            None => Ok(dvc_hash::outs(&read(id, &file.path)?, &file.path, folder)),
            Some(Err(why)) => Err(cannot_be_read(&file.path, why)),
            Some(Ok(pipelines)) => {
                let lock = lock.map(|(id, path)| read(id, path)).transpose()?;
                Ok(pipelines.outs(lock.as_deref(), folder, &load))
            }
        };
        let outs: Arc<[Out]> = outs().unwrap_or_else(|why| vec![Out::unknown(folder, why)]).into();
        self.read.insert(key, Arc::clone(&outs));
        outs
    }
}

fn cannot_be_read(path: &str, why: &str) -> String {
    format!("'{}' cannot be read: {why}", printable(path))
}

/// The path from `folder`, if it is that or below.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}
