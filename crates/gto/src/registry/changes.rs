//! Which artifacts are not what they were at their last version.
//!
//! Owns finding what stands for the content of an artifact: the Git object at its path, or the hash by which DVC keeps it. The
//! content itself is never read.

use std::collections::HashMap;

use serde::Serialize;

use super::annotations::CommitFiles;
use super::reading::Annotated;
use super::{Answer, Author, Registry};
use crate::annotation::dvc_hash::{self, LOCK_FILE, Out};
use crate::annotation::dvc_yaml::{FILE_NAME, MAX_SIZE};
use crate::annotation::nearest;
use crate::error::{Error, Result};
use crate::git::Want;
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::plan::{Plan, Warning};
use crate::query::AnnotatedAt;
use crate::rules::Registering;
use crate::state::Artifact;
use crate::version::VersionLabel;

/// How an artifact compares to its last version.
#[derive(Debug, ::core::clone::Clone, PartialEq, Eq, Serialize)]
pub struct ArtifactChange {
    /// The artifact.
    pub artifact: ArtifactName,
    /// Its highest active version, if it has one.
    pub version: Option<VersionLabel>,
    /// Where it lies now, from the root of the repository.
    pub path: Option<String>,
    /// How it compares.
    pub state: Change,
    /// Why that is not known.
    pub reason: Option<String>,
}

/// How an artifact compares to its last version.
#[derive(Debug, ::core::clone::Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It has no version yet.
    New,
    /// It is another.
    Changed,
    /// It is the same.
    Same,
    /// Nothing stands for its content.
    Unknown,
}

impl Change {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Unknown => "unknown",
        }
    }
}

/// The last version of an artifact, and where.
type Last = (VersionLabel, ObjectId);

impl Registry {
    /// How every annotated artifact compares to its last version at the current commit, by name; deprecated ones are left out.
    pub fn all_changes(&self) -> Result<Answer<Vec<ArtifactChange>>> {
        let Some(head) = self.repository.head_commit()? else { return Err(Error::NoCommit) };
        let mut files = self.files();
        let last = |artifact: Artifact| {
            let is_active = artifact.is_active();
            is_active.then(|| (artifact.name().clone(), last_version(&artifact)))
        };
        let annotated = Annotated::Too(&mut files, AnnotatedAt::Head);
        let (artifacts, warnings) = self.each_artifact(Want::NoMessages, annotated, last)?;
        let mut contents = Contents::new(self, files);
        let last: HashMap<ArtifactName, Option<Last>> = artifacts.into_iter().flatten().collect();
        let mut names = contents.files.names(head);
        names.sort();
        let change = |name: ArtifactName| Some(contents.compare(&name, head, last.get(&name)?.as_ref()));
        let changes = names.into_iter().filter_map(change).collect();
        Ok(Answer { value: changes, warnings: self.also_unfetched(warnings) })
    }

    /// How an artifact at the commit that `revision` names compares to its last version.
    pub fn change(&self, name: &ArtifactName, revision: &str) -> Result<ArtifactChange> {
        let commit = self.repository.resolve(revision)?;
        let scan = self.scan(name, Want::NoMessages)?;
        let last = last_version(&Artifact::from_events(name.clone(), scan.events));
        Ok(Contents::new(self, self.files()).compare(name, commit, last.as_ref()))
    }

    /// As [`Registry::plan_register`], if the artifact is not what it was at its last version; else a plan of nothing.
    ///
    /// # Errors
    /// [`Error::CannotCompare`], or those of [`Registry::plan_register`].
    pub fn plan_register_if_changed(
        &self,
        name: &ArtifactName,
        revision: &str,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        let ArtifactChange { artifact, version, state, reason, .. } = self.change(name, revision)?;
        match (state, version) {
            (Change::Same, Some(version)) => {
                Ok(Plan { unchanged: vec![(artifact, version)], ..Plan::default() })
            }
            (Change::Unknown, _) => {
                Err(Error::CannotCompare { artifact, reason: reason.unwrap_or_default() })
            }
            _ => self.plan_register(name, revision, wish, author),
        }
    }

    /// Plans to register the next version of each annotated artifact that is not what it was at its last one, on the current
    /// commit. What cannot be compared is left out, with a warning.
    ///
    /// # Errors
    /// Those of [`Registry::plan_register`].
    pub fn plan_register_all_changed(&self, wish: &Registering, author: &Author) -> Result<Plan> {
        let Answer { value: changes, warnings } = self.all_changes()?;
        let mut plan = Plan { warnings, ..Plan::default() };
        for ArtifactChange { artifact, version, state, reason, .. } in changes {
            match (state, version) {
                (Change::Same, Some(version)) => plan.unchanged.push((artifact, version)),
                (Change::Unknown, _) => {
                    let reason = reason.unwrap_or_default();
                    plan.warnings
                        .push(Warning::Annotation { text: format!("'{artifact}' is left out: {reason}") });
                }
                _ => plan.join(self.plan_register(&artifact, "HEAD", wish, author)?),
            }
        }
        Ok(plan)
    }
}

fn last_version(artifact: &Artifact) -> Option<Last> {
    artifact.latest().map(|version| (version.label().clone(), version.commit()))
}

/// What stands for the content of artifacts, each commit's DVC files read once.
struct Contents<'r> {
    registry: &'r Registry,
    files: CommitFiles<'r>,
    /// By commit and folder, what its `dvc.lock` says.
    locks: HashMap<(ObjectId, String), Vec<Out>>,
}

impl<'r> Contents<'r> {
    fn new(registry: &'r Registry, files: CommitFiles<'r>) -> Self {
        Self { registry, files, locks: HashMap::new() }
    }

    fn compare(&mut self, name: &ArtifactName, commit: ObjectId, last: Option<&Last>) -> ArtifactChange {
        let found = nearest(&self.files.of(commit, name)).cloned();
        let path = found.and_then(|found| found.annotation.path);
        let content = match &path {
            None => Err("no path of it is annotated".to_owned()),
            Some(path) => self.content(commit, path).ok_or_else(|| {
                format!("there is no '{path}' in the commit, and no DVC file that keeps its hash")
            }),
        };
        let (state, reason) = match (content, last) {
            (Err(reason), _) => (Change::Unknown, Some(reason)),
            (Ok(_), None) => (Change::New, None),
            (Ok(content), Some((_, at))) => {
                let before =
                    nearest(&self.files.of(*at, name)).and_then(|found| found.annotation.path.clone());
                let before = before.or_else(|| path.clone()).and_then(|path| self.content(*at, &path));
                (if before == Some(content) { Change::Same } else { Change::Changed }, None)
            }
        };
        let version = last.map(|(version, _)| version.clone());
        ArtifactChange { artifact: name.clone(), version, path, state, reason }
    }

    /// What stands for the content at `path`: the Git object there, or else what DVC says of it or of a folder that it is in.
    fn content(&mut self, commit: ObjectId, path: &str) -> Option<String> {
        let tree = self.files.tree(commit)?;
        let repository = &self.registry.repository;
        if let Ok(Some(id)) = repository.object_id_in(tree, path) {
            return Some(format!("git:{id}"));
        }
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        let mut ends: Vec<usize> = ends.collect();
        ends.reverse();
        for end in ends {
            let out = &path[..end];
            let folder = out.rsplit_once('/').map_or("", |(folder, _)| folder);
            let file = self.read(tree, &format!("{out}.dvc"));
            let outs = file.map(|file| dvc_hash::outs(&file, folder)).unwrap_or_default();
            if let Some(found) = outs.into_iter().find(|found| found.path == out) {
                return Some(found.hash);
            }
        }
        self.locked(commit, tree, path)
    }

    /// What a `dvc.lock` in a folder above says of it.
    fn locked(&mut self, commit: ObjectId, tree: ObjectId, path: &str) -> Option<String> {
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        let mut folders: Vec<&str> = std::iter::once("").chain(folders).collect();
        folders.reverse();
        let is_it = |out: &&Out| {
            path.strip_prefix(out.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for folder in folders {
            let key = (commit, folder.to_owned());
            if !self.locks.contains_key(&key) {
                let slash = if folder.is_empty() { "" } else { "/" };
                let lock = self.read(tree, &format!("{folder}{slash}{LOCK_FILE}"));
                let outs = lock.map(|lock| {
                    let stages = self.read(tree, &format!("{folder}{slash}{FILE_NAME}")).unwrap_or_default();
                    dvc_hash::locked(&lock, &stages, folder)
                });
                self.locks.insert(key.clone(), outs.unwrap_or_default());
            }
            let found = self.locks.get(&key).and_then(|outs| outs.iter().find(is_it));
            if let Some(out) = found {
                return Some(out.hash.clone());
            }
        }
        None
    }

    fn read(&self, tree: ObjectId, path: &str) -> Option<Vec<u8>> {
        let repository = &self.registry.repository;
        let id = repository.file_id_in(tree, path).ok().flatten()?;
        repository.file(id, path, MAX_SIZE).ok()
    }
}
