//! Writing objects to files of their own.
//!
//! Owns the steps that leave no empty or torn object behind, whenever the power goes: gix renames the file without a sync,
//! and git by default too. Must not decide what is written.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use gix::objs::Kind;
use gix::zlib::Compression;
use gix::zlib::stream::deflate;

use crate::git::durable::{sync_file, sync_folder};
use crate::git::{Repository, from_gix};
use crate::object_id::ObjectId;

/// Maximum number of attempts to write an object while another process removes its folder, as `git gc` does.
const ATTEMPTS: usize = 10;

/// Git removes unfinished files with this name: see git-prune(1).
const UNFINISHED: &str = "tmp_obj_";

/// The folders whose names are still to be synced.
#[derive(Debug, Default)]
pub(in crate::git) struct Unsynced(BTreeSet<PathBuf>);

impl Unsynced {
    /// Adds the folder that holds this name.
    pub fn add_folder_of(&mut self, path: &Path) {
        self.0.extend(path.parent().map(Path::to_owned));
    }

    /// Syncs them; an object's folder before that which holds it. One that a `git gc` has removed holds nothing to be synced:
    /// what was in it is in a pack, or is found missing when the refs are changed.
    pub fn sync(self) -> io::Result<()> {
        self.0.iter().rev().try_for_each(|folder| match sync_folder(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        })
    }
}

impl Repository {
    /// The id that an object has here.
    pub(in crate::git) fn id_of(&self, kind: Kind, content: &[u8]) -> io::Result<gix::ObjectId> {
        gix::objs::compute_hash(self.gix().object_hash(), kind, content).map_err(io::Error::other)
    }

    /// Writes an object, also where there is a file of its name: that may be empty or not on the disk. The name is there for
    /// good once `unsynced` is synced.
    pub(in crate::git) fn write_loose(
        &self,
        kind: Kind,
        content: &[u8],
        unsynced: &mut Unsynced,
    ) -> io::Result<ObjectId> {
        let id = self.id_of(kind, content)?;
        let path = loose_object_path(self.objects_dir(), &id);
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.write_loose_at(&path, kind, content, unsynced) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempts < ATTEMPTS => {}
                written => return written.map(|()| from_gix(&id)),
            }
        }
    }

    fn write_loose_at(
        &self,
        path: &Path,
        kind: Kind,
        content: &[u8],
        unsynced: &mut Unsynced,
    ) -> io::Result<()> {
        let folder = path.parent().unwrap_or(path);
        unsynced.add_folder_of(path);
        match fs::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                made?;
                unsynced.add_folder_of(folder);
            }
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o444));
        let mut file = builder.tempfile_in(folder)?;
        let header = gix::objs::encode::loose_header(kind, content.len() as u64);
        match (self.loose_compression(), stored(&[&header, content].concat())) {
            (None, Some(stored)) => file.write_all(&stored)?,
            (level, _) => {
                let mut deflated = deflate::Write::new(file, level.unwrap_or(Compression::BEST_SPEED));
                deflated.write_all(&header)?;
                deflated.write_all(content)?;
                deflated.flush()?;
                file = deflated.into_inner();
            }
        }
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    /// Syncs an object that another process wrote, if it is loose.
    pub(in crate::git) fn sync_loose(&self, id: ObjectId, unsynced: &mut Unsynced) -> io::Result<()> {
        let Some(id) = self.to_gix(id) else { return Ok(()) };
        let path = loose_object_path(self.objects_dir(), &id);
        if sync_file(&path)? {
            unsynced.add_folder_of(&path);
            return Ok(());
        }
        // Those of another repository may be on a file system that cannot be synced by us.
        for objects in self.gix().objects.store_ref().alternate_db_paths().unwrap_or_default() {
            let path = loose_object_path(&objects, &id);
            if sync_file(&path).unwrap_or_default() {
                let _ = path.parent().map(sync_folder);
            }
        }
        Ok(())
    }

    /// How git is told to compress such objects: see `core.looseCompression` in git-config(1).
    fn loose_compression(&self) -> Option<Compression> {
        let config = self.gix().config_snapshot();
        let level = ["core.looseCompression", "core.compression"].iter().find_map(|key| config.integer(*key));
        let compression = |level| i32::try_from(level).ok().and_then(Compression::new);
        level.map(|level| compression(level).unwrap_or(Compression::DEFAULT))
    }
}

/// A larger object is compressed.
const STORED: usize = 1024;

/// A small object as zlib writes it at level 0 (RFC 1950, and 3.2.4 of RFC 1951), which git does if it is told to. A file takes a block
/// of the disk even if it is compressed, and to make ready to compress takes longer than all the rest of writing it; git compresses it
/// when it packs it. Neither zlib nor gix do this without the memory that compressing takes.
fn stored(object: &[u8]) -> Option<Vec<u8>> {
    let len = u16::try_from(object.len()).ok().filter(|_| object.len() <= STORED)?;
    let mut sums = (1_u32, 0_u32);
    for byte in object {
        // So few bytes add up to far less than 2^32.
        sums.0 += u32::from(*byte);
        sums.1 += sums.0;
    }
    let adler = ((sums.1 % 65521) << 16) | (sums.0 % 65521);
    let (len, inverted) = (len.to_le_bytes(), (!len).to_le_bytes());
    Some([&[0x78, 1, 1][..], &len, &inverted, object, &adler.to_be_bytes()].concat())
}

/// The path of a loose object.
pub(in crate::git) fn loose_object_path(objects: &Path, id: &gix::oid) -> PathBuf {
    let hex = id.to_string();
    objects.join(&hex[..2]).join(&hex[2..])
}

#[cfg(test)]
mod tests {
    use gix::zlib::{Decompress, FlushDecompress, Status};

    use super::*;

    #[test]
    fn a_small_object_is_stored_as_zlib_reads_it() {
        for len in [0, 1, 200, STORED] {
            let object: Vec<u8> =
                (0..len).map(|at| u8::MAX.wrapping_sub(u8::try_from(at % 7).unwrap())).collect();
            let stored = stored(&object).unwrap();
            let mut read = vec![0; len + 1];
            let mut inflate = Decompress::new();
            let status = inflate.decompress(&stored, &mut read, FlushDecompress::Finish).unwrap();
            assert!(matches!(status, Status::StreamEnd), "{len}");
            assert_eq!((inflate.total_in(), inflate.total_out()), (stored.len() as u64, len as u64));
            assert_eq!(&read[..len], object);
            let mut damaged = stored.clone();
            *damaged.last_mut().unwrap() ^= 1;
            let checked = Decompress::new().decompress(&damaged, &mut read, FlushDecompress::Finish);
            assert!(!matches!(checked, Ok(Status::StreamEnd)), "{len}");
        }
        assert_eq!(stored(&[0; STORED + 1]), None);
    }

    #[test]
    fn a_folder_that_gc_removed_meanwhile_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let mut unsynced = Unsynced::default();
        unsynced.add_folder_of(&folder.path().join("ab/cdef"));
        unsynced.sync().unwrap();
    }
}
