//! The content of one file of a version: getting it, and knowing it again.
//!
//! Owns which place is asked for which kind of content. Everything that is handed out was checked by its hash.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;

use gto::Registry;
use gto::object_id::ObjectId;

use crate::digest::Digest;
use crate::download::{Download, Expected};
use crate::error::{Error, Keeper, Result};
use crate::lfs::{Pointer, Server};
use crate::listing::Listing;
use crate::place::Place;
use crate::place::folder::Folder;
use crate::transfer::Transfer;
use crate::version_file::{Content, DvcObject, VersionFile};

/// Gets the contents of a version's files.
pub(crate) struct Contents<'a> {
    pub listing: &'a Listing,
    registry: &'a Registry,
    lfs: Server<'a>,
}

impl<'a> Contents<'a> {
    pub fn new(registry: &'a Registry, listing: &'a Listing) -> Self {
        Self { listing, registry, lfs: Server::new(registry, listing) }
    }

    /// Gets the content into a file, which may have the beginning of it. `transfer` counts the bytes.
    ///
    /// # Errors
    /// The outer one is what keeps the file from being written.
    pub fn write(&self, file: &VersionFile, to: &mut File, transfer: &Transfer) -> io::Result<Result<()>> {
        match &file.content {
            Content::Git(id) => {
                to.set_len(0)?;
                io::Seek::rewind(to)?;
                let written = self.registry.write_blob(*id, to)?;
                transfer.heard(to.metadata()?.len());
                Ok(written.map_err(Error::from))
            }
            Content::Lfs(pointer) => self.lfs(file, pointer, to, transfer),
            Content::Dvc(object) => self.dvc(file, object, to, transfer),
            Content::Link(_) => Ok(Ok(())),
        }
    }

    fn dvc(
        &self,
        file: &VersionFile,
        object: &DvcObject,
        to: &mut File,
        transfer: &Transfer,
    ) -> io::Result<Result<()>> {
        let download = Download {
            path: file.path.as_str(),
            places: &self.listing.stores[object.store].places(object),
            object: &object.md5.path(),
            expected: Expected {
                hash: object.md5.hex().to_owned(),
                name: file.content.hash(),
                size: file.size,
                limit: None,
            },
            digest: &|| Digest::of_dvc(&object.md5),
            keeper: Keeper::Dvc,
            cancellation: &self.listing.cancellation,
        };
        download.write_file(to, transfer)
    }

    /// From the clone, else from the server. Its answer may be too old when a file's turn comes: then it is asked once more.
    fn lfs(
        &self,
        file: &VersionFile,
        pointer: &Pointer,
        to: &mut File,
        transfer: &Transfer,
    ) -> io::Result<Result<()>> {
        let folder = self.registry.common_dir().join("lfs/objects");
        let here = Arc::new(Place::Folder(Folder::new(folder, "the files of Git LFS in")));
        if here.has(&pointer.path()) {
            return self.lfs_from(&[here], file, pointer, to, transfer);
        }
        let places = [Arc::clone(&here), Arc::new(self.lfs.place(pointer, false))];
        match self.lfs_from(&places, file, pointer, to, transfer)? {
            Err(Error::Remote { .. } | Error::Missing { .. }) if matches!(*places[1], Place::Link { .. }) => {
                let places = [here, Arc::new(self.lfs.place(pointer, true))];
                self.lfs_from(&places, file, pointer, to, transfer)
            }
            gotten => Ok(gotten),
        }
    }

    fn lfs_from(
        &self,
        places: &[Arc<Place>],
        file: &VersionFile,
        pointer: &Pointer,
        to: &mut File,
        transfer: &Transfer,
    ) -> io::Result<Result<()>> {
        let download = Download {
            path: file.path.as_str(),
            places,
            object: &pointer.path(),
            expected: Expected {
                hash: pointer.sha256().to_owned(),
                name: file.content.hash(),
                size: Some(pointer.size),
                limit: None,
            },
            digest: &Digest::of_lfs,
            keeper: Keeper::Lfs,
            cancellation: &self.listing.cancellation,
        };
        download.write_file(to, transfer)
    }

    /// Whether the file at `path` has the content already. A link at its end is not followed.
    pub fn is_at(&self, file: &VersionFile, path: &Path) -> io::Result<bool> {
        let metadata = std::fs::symlink_metadata(path)?;
        if let Content::Link(target) = &file.content {
            return Ok(metadata.is_symlink() && std::fs::read_link(path)?.to_str() == Some(target));
        }
        if !metadata.is_file() || file.size.is_some_and(|size| size != metadata.len()) {
            return Ok(false);
        }
        self.has_hash(&file.content, &mut File::open(path)?, &metadata)
    }

    fn has_hash(&self, content: &Content, file: &mut File, metadata: &Metadata) -> io::Result<bool> {
        let has = |mut digest: Digest, file: &mut File, hash: &str| {
            digest.read(file)?;
            Ok(digest.is(hash))
        };
        match content {
            Content::Git(id) => Ok(self.blob_id(metadata.len(), file)? == Some(*id)),
            Content::Lfs(pointer) => has(Digest::of_lfs(), file, pointer.sha256()),
            Content::Dvc(object) => has(Digest::of_dvc(&object.md5), file, object.md5.hex()),
            Content::Link(_) => Ok(false),
        }
    }

    fn blob_id(&self, size: u64, file: &mut File) -> io::Result<Option<ObjectId>> {
        self.registry.blob_id(size, file)
    }
}
