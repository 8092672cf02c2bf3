//! Files that `dvc import-url --version-aware` has brought: versions in a cloud, which DVC pushes nowhere else.
//!
//! Owns finding the version that an object is. A commit names all of that, so that whoever asks checks what comes.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gto::dvc::manifest;
use gto::dvc::stored::{CloudSource, Layout, Md5, SourceFile};

use super::Place;
use super::answer::{Elsewhere, Opened, PlaceError, hash_of};
use crate::digest::md5;

/// Where an output is imported from.
pub(super) struct Source {
    versions: Arc<CloudSource>,
    bucket: Arc<Place>,
    /// The name of the file in the bucket, or of the folder.
    key: String,
    shown: String,
    /// What the cloud says of their contents.
    stated: OnceLock<Hashes>,
    /// What their contents are, once that had to be found out.
    hashed: Mutex<Option<Arc<Hashes>>>,
}

/// The hashes of the files of a folder.
struct Hashes {
    /// Which file has which.
    files: HashMap<String, usize>,
    /// The list that DVC makes of them, and its hash.
    list: Vec<u8>,
    hash: Option<String>,
}

impl Source {
    pub fn new(versions: Arc<CloudSource>, bucket: Arc<Place>, key: &str) -> Self {
        let shown = format!("the import's source '{}'", crate::text::shown(&versions.url));
        let key = key.trim_matches('/').to_owned();
        Self { versions, bucket, key, shown, stated: OnceLock::new(), hashed: Mutex::default() }
    }

    fn open_file(&self, file: &SourceFile, offset: u64) -> Result<Opened, PlaceError> {
        let key = if self.key.is_empty() { file.path.clone() } else { format!("{}/{}", self.key, file.path) };
        self.bucket.open_version(&key, Some(&file.version), offset)
    }

    /// Of a file that was put there in one piece, S3 and Azure say its hash.
    fn stated(&self) -> &Hashes {
        let hash = |file: &SourceFile| {
            let md5 = Md5::parse(file.etag.as_deref()?.trim_matches('"'), Layout::Three)?;
            (!md5.is_folder).then(|| md5.hex().to_owned())
        };
        self.stated.get_or_init(|| Hashes::new(self.versions.files.iter().map(|file| (file, hash(file)))))
    }

    /// The hashes of what is there, for which all of it has to be read.
    fn hashed(&self) -> Result<Arc<Hashes>, PlaceError> {
        let mut hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hashes) = &*hashed {
            return Ok(Arc::clone(hashes));
        }
        let hash = |file| {
            let mut content = self.open_file(file, 0)?.content;
            let hash = md5(&mut content).map_err(|error| PlaceError::Later(error.to_string()))?;
            Ok((file, Some(hash)))
        };
        let found: Result<Vec<_>, PlaceError> = self.versions.files.iter().map(hash).collect();
        let hashes = Arc::new(Hashes::new(found?.into_iter()));
        *hashed = Some(Arc::clone(&hashes));
        Ok(hashes)
    }

    /// An object of the folder, if these hashes have it.
    fn find(&self, hashes: &Hashes, object: &str, is_list: bool, offset: u64) -> Result<Opened, PlaceError> {
        if is_list {
            if hashes.hash.as_deref() != Some(object) {
                return Err(PlaceError::Absent);
            }
            return Ok(Opened { content: Box::new(Cursor::new(hashes.list.clone())), offset: 0 });
        }
        let file = hashes.files.get(object).and_then(|place| self.versions.files.get(*place));
        file.map_or(Err(PlaceError::Absent), |file| self.open_file(file, offset))
    }
}

impl Elsewhere for Source {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn has_parts(&self) -> bool {
        self.bucket.has_parts()
    }

    fn open(&self, path: &str, offset: u64) -> Result<Opened, PlaceError> {
        if let Some(version) = &self.versions.version {
            return self.bucket.open_version(&self.key, Some(version), offset);
        }
        let (object, is_list) = hash_of(path);
        match self.find(self.stated(), &object, is_list, offset) {
            Err(PlaceError::Absent) => self.find(&*self.hashed()?, &object, is_list, offset),
            opened => opened,
        }
    }
}

impl Hashes {
    fn new<'s>(hashes: impl Iterator<Item = (&'s SourceFile, Option<String>)>) -> Self {
        let (mut files, mut listed) = (HashMap::new(), BTreeMap::new());
        for (place, (file, hash)) in hashes.enumerate() {
            if let Some(hash) = hash {
                files.insert(hash.clone(), place);
                listed.insert(file.path.clone(), hash);
            }
        }
        let list = manifest::write(&listed);
        Self { files, hash: md5(&mut &*list).ok(), list }
    }
}
