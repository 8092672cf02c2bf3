//! Which files a version has, and where each is kept.
//!
//! Owns putting together what Git and DVC have at the artifact's path. Asks a remote for nothing but the lists of folders that DVC keeps.

mod dvc;
mod git;
mod import;

use std::collections::{BTreeMap, HashSet};

use gto::Cancellation;
use gto::environment::Environment;
use gto::object_id::ObjectId;
use gto::plan::Warning;
use gto::{Located, Registry};

use crate::error::{Error, Result};
use crate::lfs::Pointer;
use crate::place::settings::Trust;
use crate::place::store::Store;
use crate::rel_path::RelPath;
use crate::select::Selection;
use crate::version_file::{Content, VersionFile};
use import::Repositories;

/// What is wanted of which version.
#[derive(Debug, Default)]
pub struct Wanted {
    /// An artifact, a version, a stage or a tag, as for `gto resolve`.
    pub reference: String,
    /// The path from the root of the repository, where the annotation has none, or another one is wanted.
    pub path: Option<String>,
    /// Which of its files.
    pub selection: Selection,
    /// Whose remotes are trusted.
    pub trust: Trust,
}

/// The files of a version.
pub struct Listing {
    /// The version.
    pub located: Located,
    /// The artifact's path, from the root of the repository.
    pub path: String,
    /// Whether that is a folder.
    pub is_folder: bool,
    /// The wanted files, in the order of their paths.
    pub files: Vec<VersionFile>,
    /// The size of all files together that have none of their own; `None` if not all of them are wanted, or it is not known.
    pub(crate) unsized_bytes: Option<u64>,
    /// What may keep the answer from being the one that was expected.
    pub warnings: Vec<Warning>,
    /// Where DVC keeps its objects: see `DvcObject::store`.
    pub(crate) stores: Vec<Store>,
    /// Whose servers get credentials, and which are asked at all.
    pub(crate) trust: Trust,
    /// Whether the caller wants no more.
    pub(crate) cancellation: Cancellation,
}

impl Listing {
    /// The files of the version that a reference selects.
    ///
    /// # Errors
    /// Why there is no such version, or its files cannot be known.
    pub fn open(registry: &Registry, environment: &Environment, wanted: &Wanted) -> Result<Self> {
        let answer = registry.locate(&wanted.reference)?;
        let (located, mut warnings) = (answer.value, answer.warnings);
        let path = if let Some(path) = &wanted.path {
            path.clone()
        } else {
            let described = registry.describe_located(&located)?;
            warnings.extend(described.warnings);
            let (artifact, commit) = (located.artifact.clone(), located.commit);
            let path = described.value.annotation().path.clone();
            path.ok_or(Error::NoPath { artifact, commit })?
        };
        let mut listing = Self::at(registry, environment, located, &path, &wanted.trust)?;
        listing.warnings = warnings;
        listing.select(&wanted.selection)?;
        listing.find_pointers(registry)?;
        Ok(listing)
    }

    /// All files at a path of a commit, some of which may be pointers of Git LFS.
    pub(crate) fn at(
        registry: &Registry,
        environment: &Environment,
        located: Located,
        path: &str,
        trust: &Trust,
    ) -> Result<Self> {
        if path.starts_with('/') || path.contains("://") {
            return Err(Error::Elsewhere { path: path.to_owned() });
        }
        let mut listing = Self {
            located,
            path: path.trim_end_matches('/').to_owned(),
            is_folder: false,
            files: Vec::new(),
            unsized_bytes: Some(0),
            warnings: Vec::new(),
            stores: Vec::new(),
            trust: trust.clone(),
            cancellation: environment.cancellation().clone(),
        };
        listing.gather(registry, environment)?;
        Ok(listing)
    }

    fn gather(&mut self, registry: &Registry, environment: &Environment) -> Result<()> {
        let commit = self.located.commit;
        let place = registry.files_at(commit, &self.path)?;
        let in_git = git::files(registry, commit, &self.path, &place)?;
        self.is_folder = in_git.is_folder;
        let mut files: BTreeMap<RelPath, VersionFile> = BTreeMap::new();
        // What Git has as a file, DVC need not be asked about.
        if in_git.is_file {
            files.extend(in_git.files);
        } else {
            let trust = self.trust.clone();
            let importer = Repositories::new(&trust, environment);
            let mut in_dvc = dvc::Search::new(registry, environment, commit, &trust, importer);
            let found = in_dvc.files(&place.path, &self.path)?;
            if !in_git.is_folder && !found.is_anything {
                let unknown = found.unknown;
                return Err(Error::NotThere { path: self.path.clone(), commit, unknown });
            }
            if let Some(unknown) = found.unknown {
                return Err(Error::NotThere { path: self.path.clone(), commit, unknown: Some(unknown) });
            }
            self.is_folder |= found.is_folder;
            let hides = |path: &RelPath| found.is_dvc_repository && dvc::is_file_of_dvc(path);
            self.unsized_bytes = found.unsized_bytes;
            files.extend(found.files);
            files.extend(in_git.files.into_iter().filter(|(path, _)| !hides(path)));
            self.stores = in_dvc.into_stores();
        }
        self.files = files.into_values().collect();
        check_collisions(&self.files)
    }

    fn select(&mut self, selection: &Selection) -> Result<()> {
        let total = self.files.len();
        self.files.retain(|file| selection.wants(&file.path));
        self.unsized_bytes = self.unsized_bytes.filter(|_| self.files.len() == total);
        if self.files.is_empty() && total > 0 {
            return Err(Error::NothingWanted { path: self.path.clone(), total });
        }
        Ok(())
    }

    /// Finds the files in Git that are pointers of Git LFS.
    pub(crate) fn find_pointers(&mut self, registry: &Registry) -> Result<()> {
        for file in &mut self.files {
            let Content::Git(id) = file.content else { continue };
            if file.size.is_some_and(|size| size < Pointer::MAX_SIZE as u64)
                && let Some(pointer) = Pointer::parse(&registry.read_blob(id, Pointer::MAX_SIZE)?)
            {
                file.size = Some(pointer.size);
                file.content = Content::Lfs(pointer);
            }
        }
        Ok(())
    }

    /// Brings what a partial clone has left with its remote, all at once, and what is known then: sizes, and pointers of Git LFS.
    ///
    /// # Errors
    /// What keeps a pointer from being read.
    pub fn fetch_blobs(&mut self, registry: &Registry) -> Result<()> {
        let unknown = |file: &&VersionFile| file.size.is_none();
        let ids: HashSet<ObjectId> = self
            .files
            .iter()
            .filter(unknown)
            .filter_map(|file| if let Content::Git(id) = file.content { Some(id) } else { None })
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        registry.fetch_blobs(&ids);
        for file in self.files.iter_mut().filter(|file| file.size.is_none()) {
            if let Content::Git(id) = file.content {
                file.size = registry.blob_size(id);
            }
        }
        self.find_pointers(registry)
    }

    /// Keeps one file alone: the one at that path in the artifact's folder, or without a path the artifact's own.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`] and [`Error::NotOneFile`].
    pub fn keep_one(&mut self, file: Option<&str>) -> Result<()> {
        let path = || self.path.clone();
        let place = match file {
            Some(file) => {
                let is_it = |of: &VersionFile| of.path.as_str() == file.trim_start_matches("./");
                let none = || Error::NoSuchFile { file: file.to_owned(), path: path() };
                self.files.iter().position(is_it).ok_or_else(none)?
            }
            None if self.is_folder => {
                return Err(Error::NotOneFile { path: path(), count: self.files.len() });
            }
            None => 0,
        };
        self.files = self.files.drain(place..).take(1).collect();
        Ok(())
    }

    /// What is meant, for messages: `model@v1.0.0`.
    pub fn name(&self) -> String {
        match &self.located.version {
            Some(version) => format!("{}@{}", self.located.artifact, version.short()),
            None => self.located.reference.clone(),
        }
    }

    /// The name of the artifact's file or folder, which is where it goes by default; `None` for the root of the repository.
    pub fn name_of_target(&self) -> Option<&str> {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        (!matches!(name, "" | "." | "..")).then_some(name)
    }

    /// The size of all files, as far as it is known.
    pub fn size(&self) -> u64 {
        self.files.iter().filter_map(|file| file.size).fold(0, u64::saturating_add)
    }
}

/// Refuses files that cannot both be there. They are in the order of their paths, each once.
fn check_collisions(files: &[VersionFile]) -> Result<()> {
    let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for file in files {
        if file.path.folders().any(|folder| paths.contains(folder)) {
            return Err(Error::Collision { path: file.path.clone() });
        }
    }
    Ok(())
}
