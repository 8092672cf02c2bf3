//! What is imported from another repository, with `dvc import`.
//!
//! Owns which addresses are followed, opening a repository when something of it is first asked for, and what DVC or Git has there at the
//! imported path. A commit names all of that, so that whoever asks checks what comes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, Cursor, Seek as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gto::dvc::manifest;
use gto::dvc::stored::{Import, Layout, Md5};
use gto::environment::Environment;
use gto::object_id::ObjectId;
use gto::{CommitContent, CommitPath, OpenOptions, Registry};

use super::dvc::{Search, is_file_of_dvc};
use super::git::below;
use crate::digest::md5;
use crate::place::Place;
use crate::place::answer::{Elsewhere, Opened, PlaceError, hash_of};
use crate::place::settings::Trust;
use crate::place::store::{Importer, Store};
use crate::rel_path::RelPath;
use crate::text::shown;
use crate::version_file::{Content, DvcObject};

/// What is imported may be imported there, too: so often at most.
const MAX_DEPTH: usize = 4;

/// The repositories that a commit imports from.
pub(super) struct Repositories {
    trust: Trust,
    environment: Environment,
    /// How many imports have led here.
    depth: usize,
    known: Mutex<HashMap<Import, Arc<Place>>>,
}

/// What is imported from one of them.
struct Imported {
    import: Import,
    shown: String,
    trust: Trust,
    environment: Environment,
    depth: usize,
    /// Or why it cannot be asked, in one clause.
    source: OnceLock<Result<Source, String>>,
}

/// What is at the imported path.
struct Source {
    /// Where DVC there has its objects.
    places: Vec<Arc<Place>>,
    registry: Registry,
    commit: ObjectId,
    at: CommitPath,
    folder: OnceLock<Result<Folder, String>>,
}

/// A folder as DVC has listed it.
struct Folder {
    /// The list of its files, and its hash.
    list: Vec<u8>,
    hash: String,
    /// Which blob of Git has which hash.
    blobs: HashMap<String, ObjectId>,
    /// Which object of DVC has which, and where DVC keeps them.
    objects: HashMap<String, DvcObject>,
    stores: Vec<Store>,
    /// Whether it is one, and not a file; `None` if there is nothing.
    has_many: Option<bool>,
}

impl Repositories {
    pub fn new(trust: &Trust, environment: &Environment) -> Arc<Self> {
        Self::at(0, trust, environment)
    }

    fn at(depth: usize, trust: &Trust, environment: &Environment) -> Arc<Self> {
        let (trust, environment) = (trust.clone(), environment.clone());
        Arc::new(Self { trust, environment, depth, known: Mutex::default() })
    }

    fn make(&self, import: &Import) -> Place {
        let Some((host, path)) = place_of(&import.url) else {
            let reason = Some("imports are followed over https and ssh alone".to_owned());
            return Place::Unusable { shown: format!("the repository '{}'", shown(&import.url)), reason };
        };
        let name = format!("the repository '{}'", shown(&format!("{host}{path}")));
        let allowed = if self.depth < MAX_DEPTH {
            self.trust.may_ask(host)
        } else {
            Err("it is imported there, too, and that there again: no more of it is followed".to_owned())
        };
        if let Err(reason) = allowed {
            return Place::Unusable { shown: name, reason: Some(reason) };
        }
        Place::Elsewhere(Box::new(Imported {
            import: import.clone(),
            shown: name,
            trust: self.trust.clone(),
            environment: self.environment.clone(),
            depth: self.depth,
            source: OnceLock::new(),
        }))
    }
}

impl Importer for Repositories {
    fn place(&self, import: &Import) -> Arc<Place> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(import.clone()).or_insert_with(|| Arc::new(self.make(import))))
    }
}

/// The host of an address, with its port, and what follows; `None` if it is not of https or ssh.
fn place_of(url: &str) -> Option<(&str, &str)> {
    let (authority, path) = match url.split_once("://") {
        Some(("https" | "ssh", rest)) => rest.split_at(rest.find('/')?),
        Some(_) => return None,
        // Before `::` is the name of a program.
        None if url.contains("::") => return None,
        // As ssh has it: `git@host:path`.
        None => url.split_at(url.find(':').filter(|at| !url[..*at].contains('/'))?),
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // Ssh takes it for an option, and a drive of Windows is no host.
    let is_host = host.len() > 1 && ![authority, host].iter().any(|text| text.starts_with('-'));
    is_host.then_some((host, path))
}

impl Imported {
    /// An object that is none there, and made of what is: of a file of Git, or of a folder that is no output of its own.
    fn made(&self, source: &Source, path: &str) -> Result<Opened, PlaceError> {
        let (hash, is_list) = hash_of(path);
        match &source.at.content {
            CommitContent::File(file) if !is_list => return source.blob(file.id),
            CommitContent::File(_) | CommitContent::Submodule => return Err(PlaceError::Absent),
            CommitContent::Absent | CommitContent::Folder(_) => {}
        }
        let folder = self.folder_of(source).map_err(PlaceError::Failed)?;
        if !is_list {
            return match folder.blobs.get(&hash) {
                Some(blob) => source.blob(*blob),
                None => folder.object(&hash),
            };
        }
        if folder.hash != hash {
            return Err(PlaceError::Absent);
        }
        Ok(Opened { content: Box::new(Cursor::new(folder.list.clone())), offset: 0 })
    }

    fn folder_of<'s>(&self, source: &'s Source) -> Result<&'s Folder, String> {
        source.folder.get_or_init(|| self.folder(source)).as_ref().map_err(Clone::clone)
    }

    /// Makes the list that DVC has made of the folder, which has the hash of each file.
    fn folder(&self, source: &Source) -> Result<Folder, String> {
        let failed = |error: &dyn std::fmt::Display| shown(&error.to_string());
        let mut search = self.search(&source.registry, source.commit);
        let in_dvc = search.files(&source.at.path, &self.import.path).map_err(|error| failed(&error))?;
        let is_in_git = matches!(&source.at.content, CommitContent::Folder(_));
        let has_many = (is_in_git || in_dvc.is_anything).then_some(is_in_git || in_dvc.is_folder);
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        let (mut blobs, mut objects) = (HashMap::new(), HashMap::new());
        if let CommitContent::Folder(in_git) = &source.at.content {
            source.registry.fetch_blobs(&in_git.iter().map(|file| file.id).collect::<HashSet<_>>());
            for file in in_git {
                let path = below(&file.path, &source.at.path).unwrap_or_default();
                if RelPath::parse(path).is_ok_and(|path| in_dvc.is_dvc_repository && is_file_of_dvc(&path)) {
                    continue;
                }
                let hash = source.blob_file(file.id).and_then(|mut file| md5(&mut file));
                let hash = hash.map_err(|error| failed(&error))?;
                blobs.insert(hash.clone(), file.id);
                files.insert(path.to_owned(), hash);
            }
        }
        for (path, file) in in_dvc.files {
            if let Content::Dvc(object) = file.content {
                files.insert(path.as_str().to_owned(), object.md5.hex().to_owned());
                objects.insert(object.md5.hex().to_owned(), object);
            }
        }
        let list = manifest::write(&files);
        let hash = md5(&mut &*list).map_err(|error| failed(&error))?;
        Ok(Folder { list, hash, blobs, objects, stores: search.into_stores(), has_many })
    }

    fn search<'a>(&'a self, registry: &'a Registry, commit: ObjectId) -> Search<'a> {
        let importer = Repositories::at(self.depth + 1, &self.trust, &self.environment);
        Search::new(registry, &self.environment, commit, &self.trust, importer)
    }

    fn source(&self) -> Result<&Source, String> {
        self.source.get_or_init(|| self.find()).as_ref().map_err(Clone::clone)
    }

    fn find(&self) -> Result<Source, String> {
        let failed = |error: &dyn std::fmt::Display| shown(&error.to_string());
        let commit = self.import.commit.parse().map_err(|_| "its rev_lock is no commit".to_owned())?;
        let registry = OpenOptions::new(self.environment.clone()).open_url(&self.import.url);
        let registry = registry.map_err(|error| failed(&error))?;
        let path = self.import.path.trim_end_matches('/');
        let at = registry.files_at(commit, path).map_err(|error| failed(&error))?;
        let places = self.search(&registry, commit).places(&at.path, self.import.remote.as_deref());
        let places = places.map_err(|error| failed(&error))?;
        Ok(Source { places, registry, commit, at, folder: OnceLock::new() })
    }
}

impl Elsewhere for Imported {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn hash(&self) -> Result<Md5, String> {
        let source = self.source()?;
        let none = || "it has no hash of that either".to_owned();
        if let CommitContent::File(file) = &source.at.content {
            let hash = source.blob_file(file.id).and_then(|mut file| md5(&mut file));
            let hash = hash.map_err(|error| shown(&error.to_string()))?;
            return Md5::parse(&hash, Layout::Three).ok_or_else(none);
        }
        let folder = self.folder_of(source)?;
        match folder.has_many {
            Some(true) => Md5::parse(&format!("{}.dir", folder.hash), Layout::Three),
            Some(false) => folder.objects.values().next().map(|object| object.md5.clone()),
            None => return Err("it has nothing at that path".to_owned()),
        }
        .ok_or_else(none)
    }

    fn open(&self, path: &str, offset: u64) -> Result<Opened, PlaceError> {
        let source = self.source().map_err(PlaceError::Failed)?;
        match source.stored(path, offset) {
            Err(failure @ (PlaceError::Absent | PlaceError::Failed(_))) => match self.made(source, path) {
                Err(PlaceError::Absent) => Err(failure),
                opened => opened,
            },
            opened => opened,
        }
    }
}

impl Source {
    /// An object that DVC keeps there.
    fn stored(&self, path: &str, offset: u64) -> Result<Opened, PlaceError> {
        first_of(&self.places, path, offset)
    }

    /// A blob, which waits in a file without a name.
    fn blob(&self, id: ObjectId) -> Result<Opened, PlaceError> {
        let file = self.blob_file(id).map_err(|error| PlaceError::Failed(shown(&error.to_string())))?;
        Ok(Opened { content: Box::new(file), offset: 0 })
    }

    fn blob_file(&self, id: ObjectId) -> io::Result<File> {
        let mut file = tempfile::tempfile()?;
        self.registry.write_blob(id, &mut file)?.map_err(io::Error::other)?;
        file.rewind()?;
        Ok(file)
    }
}

impl Folder {
    /// An object that DVC keeps under the name of the file, in some version, or elsewhere again.
    fn object(&self, hash: &str) -> Result<Opened, PlaceError> {
        let object = self.objects.get(hash).ok_or(PlaceError::Absent)?;
        let store = self.stores.get(object.store).ok_or(PlaceError::Absent)?;
        first_of(&store.places(object), &object.md5.path(), 0)
    }
}

/// What the first place gives that has it.
fn first_of(places: &[Arc<Place>], path: &str, offset: u64) -> Result<Opened, PlaceError> {
    let mut failure = PlaceError::Absent;
    for place in places {
        match place.open(path, offset) {
            Err(PlaceError::Absent) => {}
            Err(PlaceError::Failed(why)) => {
                failure = PlaceError::Failed(format!("{}: {why}", place.shown()));
            }
            opened => return opened,
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_followed_over_https_and_ssh_alone() {
        for (url, host) in [
            ("https://host/r", Some("host")),
            ("https://user:secret@host:8443/r.git", Some("host:8443")),
            ("ssh://git@host/r", Some("host")),
            ("git@host:org/r.git", Some("host")),
            ("http://host/r", None),
            ("git://host/r", None),
            ("file:///r", None),
            ("ext::sh -c x", None),
            ("ext::sh -c x", None),
            ("ssh::ssh://host/r", None),
            ("/r", None),
            ("../r", None),
            ("./a:b", None),
            ("C:/r", None),
            ("ssh://-oProxyCommand=x/r", None),
            ("-x@host:r", None),
            ("", None),
        ] {
            assert_eq!(place_of(url).map(|(host, _)| host), host, "{url}");
        }
    }
}
