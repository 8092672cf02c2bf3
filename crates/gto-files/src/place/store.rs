//! Where a DVC repository keeps its objects: its cache first, then its remote.
//!
//! Owns the order, and making places of the configuration.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gto::dvc::manifest::MAX_LIST;
use gto::dvc::stored::{CloudSource, Import};
use gto::environment::Environment;

use super::Place;
use super::folder::Folder;
use super::settings::{Config, Remote, Trust};
use super::source::Source;
use crate::digest::Digest;
use crate::download::{Download, Expected};
use crate::error::{Keeper, Result};
use crate::version_file::{DvcObject, OwnName};

/// Who finds the repositories that outputs are imported from.
pub(crate) trait Importer: Send + Sync {
    /// The place of an import.
    fn place(&self, import: &Import) -> Arc<Place>;
}

/// Where a DVC repository keeps its objects.
pub(crate) struct Store {
    config: Config,
    importer: Arc<dyn Importer>,
    cache: Option<PathBuf>,
    trust: Trust,
    environment: Environment,
    remotes: Mutex<HashMap<String, Arc<Place>>>,
    sources: Mutex<Vec<(Arc<CloudSource>, Arc<Place>)>>,
}

impl Store {
    /// By its configuration; `here` is the folder around `.dvc`, if it is checked out.
    pub fn new(
        config: Config,
        here: Option<&Path>,
        trust: Trust,
        environment: &Environment,
        importer: Arc<dyn Importer>,
    ) -> Self {
        let named = config.cache.clone().filter(|_| config.is_cache_own || trust.has_strange_folders());
        let cache = named.or_else(|| here.map(|here| here.join(".dvc/cache")));
        let environment = environment.clone();
        Self {
            config,
            importer,
            cache,
            trust,
            environment,
            remotes: Mutex::default(),
            sources: Mutex::default(),
        }
    }

    /// The places that may have an object, in the order in which they are asked.
    pub fn places(&self, object: &DvcObject) -> Vec<Arc<Place>> {
        let mut places =
            self.places_of(object.remote.as_deref(), object.import.as_deref(), object.own.as_ref());
        // DVC pushes it to no remote.
        if let Some(source) = &object.source {
            places.insert(usize::from(self.cache.is_some()), self.source(source));
        }
        places
    }

    /// The places of what is kept in this remote, if one is named, and imported from there. It has a name of its own in a remote with
    /// versions.
    pub fn places_of(
        &self,
        remote: Option<&str>,
        import: Option<&Import>,
        own: Option<&OwnName>,
    ) -> Vec<Arc<Place>> {
        let cache =
            self.cache.iter().map(|path| Arc::new(Place::Folder(Folder::new(path.clone(), "the cache"))));
        let mut places: Vec<_> = cache.collect();
        // A version is one of the remote that it is written for, whatever is the default today.
        let of_version = own.map(|own| own.version.remote.to_lowercase());
        let of_version = of_version.as_deref().filter(|name| self.config.remotes.contains_key(*name));
        places.push(match of_version.or(remote).or(self.config.default_remote.as_deref()) {
            Some(name) if self.has_versions(name) => Arc::new(match own {
                Some(own) => Place::Version { bucket: self.remote(name), own: own.clone() },
                None => Place::Unusable {
                    shown: shown(name),
                    reason: Some(
                        "it keeps files in versions of the cloud, and the commit does not say in which; `dvc push` \
                         writes that into the file beside it, which has to be committed"
                            .to_owned(),
                    ),
                },
            }),
            Some(name) => self.remote(name),
            None => Arc::new(Place::Unusable {
                shown: "any remote: `.dvc/config` of the commit sets no default".to_owned(),
                reason: None,
            }),
        });
        // Where it is imported from is the last to be asked: it is a whole repository.
        places.extend(import.map(|import| self.importer.place(import)));
        places
    }

    fn remote(&self, name: &str) -> Arc<Place> {
        let mut remotes = self.remotes.lock().unwrap_or_else(PoisonError::into_inner);
        let place = remotes.entry(name.to_owned()).or_insert_with(|| Arc::new(self.make(name)));
        Arc::clone(place)
    }

    /// The versions in a cloud that something is imported from.
    fn source(&self, source: &Arc<CloudSource>) -> Arc<Place> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, place)) = sources.iter().find(|(known, _)| Arc::ptr_eq(known, source)) {
            return Arc::clone(place);
        }
        let (bucket, key) = self.bucket_of(source);
        let place = Arc::new(Place::Elsewhere(Box::new(Source::new(Arc::clone(source), bucket, key))));
        sources.push((Arc::clone(source), Arc::clone(&place)));
        place
    }

    /// The bucket of an import, and the rest of its address.
    fn bucket_of<'s>(&self, source: &'s CloudSource) -> (Arc<Place>, &'s str) {
        let shown = "the source of the import";
        let unusable = |reason: String| Place::Unusable { shown: shown.to_owned(), reason: Some(reason) };
        let (scheme, rest) = source.url.split_once("://").unwrap_or(("", &source.url));
        let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
        let bucket = match scheme.to_ascii_lowercase().as_str() {
            "remote" => return (self.remote(&name.to_lowercase()), key),
            scheme @ ("s3" | "gs" | "azure") => {
                let url = format!("{scheme}://{name}");
                let remote = Remote::of_commit(&url, &source.settings);
                Place::on_server(scheme, &remote, &url, shown, &self.trust, &self.environment)
                    .unwrap_or_else(unusable)
            }
            _ => unusable("versions of files are in s3, gs and azure alone".to_owned()),
        };
        (Arc::new(bucket), key)
    }

    fn has_versions(&self, name: &str) -> bool {
        let is_set = |remote: &Remote| is_set(remote, "version_aware") || is_set(remote, "worktree");
        self.config.remotes.get(name).is_some_and(is_set)
    }

    fn make(&self, name: &str) -> Place {
        let shown = shown(name);
        let unusable = |reason: String| Place::Unusable { shown: shown.clone(), reason: Some(reason) };
        let Some(remote) = self.config.remotes.get(name) else {
            return unusable("no such remote is configured".to_owned());
        };
        let Some(url) = remote.place("url") else { return unusable("it has no url".to_owned()) };
        match url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
            None | Some("file") => match remote.path(&self.environment) {
                Some(_) if !remote.is_place_own("url") && !self.trust.has_strange_folders() => {
                    unusable("a folder that the commit names is not looked into here".to_owned())
                }
                Some(path) => Place::Folder(Folder::new(path, &shown)),
                None => unusable(format!(
                    "'{}' is a folder beside the repository, which is not here",
                    crate::text::shown(url)
                )),
            },
            Some(scheme) => Place::on_server(scheme, remote, url, &shown, &self.trust, &self.environment)
                .unwrap_or_else(unusable),
        }
    }

    /// The content of the object that lists the files of a folder, at `path`.
    pub fn read(&self, object: &DvcObject, path: &str) -> Result<Vec<u8>> {
        let places = self.places(object);
        let download = Download {
            path,
            places: &places,
            object: &object.md5.path(),
            expected: Expected {
                hash: object.md5.hex().to_owned(),
                name: object.md5.to_string(),
                size: None,
                limit: Some(MAX_LIST),
            },
            digest: &|| Digest::of_dvc(&object.md5),
            keeper: Keeper::Dvc,
            cancellation: self.environment.cancellation(),
        };
        let mut content = Vec::new();
        download.read(&mut content)?;
        Ok(content)
    }
}

fn shown(name: &str) -> String {
    format!("remote '{}'", crate::text::shown(name))
}

fn is_set(remote: &Remote, key: &str) -> bool {
    remote.place(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
