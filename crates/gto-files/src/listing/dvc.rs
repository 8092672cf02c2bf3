//! The files of a version that DVC keeps.
//!
//! Owns finding the outputs at, in and around the artifact's path, and reading the lists of folders.

use std::collections::HashSet;
use std::sync::Arc;

use gto::Registry;
use gto::dvc::hash::Out;
use gto::dvc::manifest;
use gto::dvc::settings::MAX_CONFIG;
use gto::dvc::stored::{CloudVersion, Import, Listed, Md5, Stored};
use gto::environment::Environment;
use gto::object_id::ObjectId;

use super::git::below;
use crate::error::{Error, Keeper, Result};
use crate::place::Place;
use crate::place::settings::{Config, Trust};
use crate::place::store::{Importer, Store};
use crate::rel_path::RelPath;
use crate::text::shown;
use crate::version_file::{Content, DvcObject, OwnName, VersionFile};

/// What DVC keeps at the artifact's path.
pub(super) struct InDvc {
    /// Whether there is any output, at the path, in it, or around it.
    pub is_anything: bool,
    pub is_folder: bool,
    pub is_dvc_repository: bool,
    pub files: Vec<(RelPath, VersionFile)>,
    /// The size of all files together that have none of their own, as far as that is known.
    pub unsized_bytes: Option<u64>,
    /// What keeps an output there from being known.
    pub unknown: Option<String>,
}

impl InDvc {
    fn none() -> Self {
        Self {
            is_anything: false,
            is_folder: false,
            is_dvc_repository: false,
            files: Vec::new(),
            unsized_bytes: Some(0),
            unknown: None,
        }
    }
}

/// A search in one commit.
pub(super) struct Search<'a> {
    registry: &'a Registry,
    environment: &'a Environment,
    commit: ObjectId,
    trust: &'a Trust,
    importer: Arc<dyn Importer>,
    /// By the folder of the DVC repository.
    stores: Vec<(String, Store)>,
}

impl<'a> Search<'a> {
    pub fn new(
        registry: &'a Registry,
        environment: &'a Environment,
        commit: ObjectId,
        trust: &'a Trust,
        importer: Arc<dyn Importer>,
    ) -> Self {
        Self { registry, environment, commit, trust, importer, stores: Vec::new() }
    }

    pub fn into_stores(self) -> Vec<Store> {
        self.stores.into_iter().map(|(_, store)| store).collect()
    }

    /// What DVC keeps at `place`, a path without links, which the artifact's `path` has led to.
    pub fn files(&mut self, place: &str, path: &str) -> Result<InDvc> {
        let mut found = InDvc::none();
        let outs = self.registry.dvc_outs(self.commit)?;
        if outs.is_empty() {
            found.is_dvc_repository = self.store_of(place)?.is_some();
            return Ok(found);
        }
        found.is_dvc_repository = true;
        for out in &outs {
            let own = if out.path == "." { "" } else { &*out.path };
            let (inside, around) = (below(own, place), below(place, own));
            if inside.is_none() && around.is_none() {
                continue;
            }
            let Some(stored) = &out.stored else {
                found.unknown = found.unknown.or_else(|| out.hash.clone().err());
                continue;
            };
            // Without a cache it is in Git, which has been looked at, or nowhere.
            if !stored.is_cached && stored.md5.is_none() && stored.listed.is_none() {
                continue;
            }
            self.add(out, stored, inside, around, path, &mut found)?;
        }
        Ok(found)
    }

    /// The places with the objects of what DVC keeps at `place`. `remote` is asked where no other is named.
    pub fn places(&mut self, place: &str, remote: Option<&str>) -> Result<Vec<Arc<Place>>> {
        let (mut known, mut places) = (HashSet::new(), Vec::new());
        for out in self.registry.dvc_outs(self.commit)? {
            let own = if out.path == "." { "" } else { &*out.path };
            let Some(stored) =
                out.stored.filter(|_| below(own, place).is_some() || below(place, own).is_some())
            else {
                continue;
            };
            let Some(store) = self.store_of(own.rsplit_once('/').map_or("", |(folder, _)| folder))? else {
                continue;
            };
            let remote = stored.remote.as_deref().or(remote).map(str::to_lowercase);
            if known.insert((store, remote.clone(), stored.import.clone())) {
                places.extend(self.stores[store].1.places_of(
                    remote.as_deref(),
                    stored.import.as_deref(),
                    None,
                ));
            }
        }
        Ok(places)
    }

    fn add(
        &mut self,
        out: &Out,
        stored: &Stored,
        inside: Option<&str>,
        around: Option<&str>,
        path: &str,
        found: &mut InDvc,
    ) -> Result<()> {
        let file = |object: DvcObject, path: RelPath, size, executable| {
            (path.clone(), VersionFile { path, size, executable, content: Content::Dvc(object) })
        };
        let imported = match &stored.import {
            Some(import) if stored.md5.is_none() && stored.listed.is_none() => {
                Some(self.hash_of_import(import, &out.path)?)
            }
            _ => None,
        };
        let listed = match (stored.md5.as_ref().or(imported.as_ref()), &stored.listed) {
            (_, Some(listed)) => listed.clone(),
            (Some(md5), None) if !md5.is_folder => {
                // A file at the path, or in it.
                let name = match inside {
                    Some("") => path.rsplit('/').next().unwrap_or(path),
                    Some(inside) => inside,
                    None => return Ok(()),
                };
                found.is_anything = true;
                found.is_folder |= inside != Some("");
                let name = checked(name, &out.path, "the commit")?;
                let object = self.object(out, stored, md5)?;
                let object = self.named(object, &out.path, stored.version.as_ref());
                found.files.push(file(object, name, stored.size, stored.is_executable));
                return Ok(());
            }
            (Some(md5), None) => {
                let size = stored.size.filter(|_| inside.is_some());
                found.unsized_bytes =
                    found.unsized_bytes.zip(size).map(|(all, size)| all.saturating_add(size));
                let object = self.object(out, stored, md5)?;
                self.list(&object, &out.path)?
            }
            (None, None) => return Err(without_hash(out)),
        };
        for Listed { path: listed, md5, size, version } in listed {
            let object = self.object(out, stored, &md5)?;
            let object = self.named(object, &format!("{}/{listed}", out.path), version.as_ref());
            let source = format!("the list of '{}'", shown(&out.path));
            let listed = checked(&listed, &listed, &source)?;
            let name = match (inside, around) {
                (Some(""), _) => listed,
                (Some(inside), _) => {
                    checked(&format!("{inside}/{}", listed.as_str()), listed.as_str(), &source)?
                }
                (_, Some(around)) => match below(listed.as_str(), around) {
                    Some("") => {
                        let name = checked(path.rsplit('/').next().unwrap_or(path), path, &source)?;
                        found.is_anything = true;
                        found.files.push(file(object, name, size, false));
                        continue;
                    }
                    Some(rest) => checked(rest, listed.as_str(), &source)?,
                    None => continue,
                },
                (None, None) => continue,
            };
            found.is_folder = true;
            found.is_anything = true;
            found.files.push(file(object, name, size, false));
        }
        // An empty folder is one, too.
        if inside.is_some() {
            found.is_anything = true;
            found.is_folder = true;
        }
        Ok(())
    }

    /// The hash of what `dvc import --no-download` has not looked at: the commit that it is imported from has it.
    fn hash_of_import(&self, import: &Import, path: &str) -> Result<Md5> {
        let place = self.importer.place(import);
        place.hash().map_err(|why| Error::Remote {
            path: shown(path),
            object: "the commit has no hash of it".to_owned(),
            places: vec![format!("{}: {why}", place.shown())],
            keeper: Keeper::Dvc,
        })
    }

    /// The object with this hash, of an output or of a file in it.
    fn object(&mut self, out: &Out, stored: &Stored, md5: &Md5) -> Result<DvcObject> {
        let folder = out.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let store = self
            .store_of(folder)?
            .ok_or_else(|| unsupported(out, "without a `.dvc/config` in the commit".to_owned()))?;
        let (remote, import) = (stored.remote.clone(), stored.import.clone());
        let remote = remote.map(|name| name.to_lowercase());
        let source = stored.source.clone();
        Ok(DvcObject { md5: md5.clone(), store, remote, import, own: None, source })
    }

    /// With its own name, if it has a version of a cloud.
    fn named(&self, object: DvcObject, path: &str, version: Option<&CloudVersion>) -> DvcObject {
        let Some(version) = version.cloned() else { return object };
        let path = below(path, &self.stores[object.store].0).unwrap_or(path).to_owned();
        DvcObject { own: Some(OwnName { path, version }), ..object }
    }

    fn list(&self, object: &DvcObject, path: &str) -> Result<Vec<Listed>> {
        let bytes = self.stores[object.store].1.read(object, path)?;
        let wrong = |reason| Error::Manifest { path: shown(path), object: object.md5.to_string(), reason };
        manifest::read(&bytes, object.md5.layout).map_err(wrong)
    }

    /// Where the DVC repository around a folder keeps its objects; `None` if there is none.
    fn store_of(&mut self, folder: &str) -> Result<Option<usize>> {
        let mut root = folder;
        loop {
            if let Some(known) = self.stores.iter().position(|(known, _)| known == root) {
                return Ok(Some(known));
            }
            let slash = if root.is_empty() { "" } else { "/" };
            let file = format!("{root}{slash}.dvc/config");
            if let Some(text) = self.registry.read_file_at(self.commit, &file, MAX_CONFIG)? {
                let here = self.registry.work_dir().map(|dir| dir.join(root));
                let is_own = |file: &str| self.registry.is_untracked(&format!("{root}{slash}{file}"));
                let text = String::from_utf8_lossy(&text);
                let config = Config::read(&text, here.as_deref(), &is_own, self.environment);
                let (trust, importer) = (self.trust.clone(), Arc::clone(&self.importer));
                let store = Store::new(config, here.as_deref(), trust, self.environment, importer);
                self.stores.push((root.to_owned(), store));
                return Ok(Some(self.stores.len() - 1));
            }
            if root.is_empty() {
                return Ok(None);
            }
            root = root.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

/// Why an output cannot be got that has no hash.
fn without_hash(out: &Out) -> Error {
    let why = match &out.hash {
        Ok(_) => "by another hash than md5".to_owned(),
        Err(why) => format!("without a hash ({why}; `dvc update` adds what `--no-download` has left out)"),
    };
    unsupported(out, why)
}

fn unsupported(out: &Out, how: String) -> Error {
    Error::Unsupported { path: shown(&out.path), how }
}

/// What `dvc get` leaves out of a folder: DVC's own files.
pub(super) fn is_file_of_dvc(path: &RelPath) -> bool {
    let name = path.name();
    name.strip_suffix(".dvc").is_some()
        || matches!(name, "dvc.yaml" | ".dvcignore")
        || path.as_str().split('/').any(|part| part == ".dvc")
}

fn checked(text: &str, full: &str, source: &str) -> Result<RelPath> {
    RelPath::parse(text).map_err(|reason| Error::UnsafePath {
        path: shown(full),
        source_name: source.to_owned(),
        reason,
    })
}
