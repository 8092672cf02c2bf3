//! Reading the bytes of objects.
//!
//! Owns refusing what git refuses about the files that hold them and gix does not look at: how the stream of a loose object ends
//! (`unpack_loose_rest` in git's `object-file.c`), and what is in a pack of `bad_packs`. Must not know what is in an object.

use std::fs;
use std::path::{Path, PathBuf};

use gix::objs::Kind;
use gix::odb::pack::{self, Find as _};
use gix::zlib::{Decompress, FlushDecompress, Status};

use super::bad_packs::{BadPack, bad_packs};
use super::loose::loose_object_path;
use crate::git::{Cause, Repository};

/// How much of a loose object is inflated at once.
const BLOCK: usize = 4096;

impl Repository {
    /// Reads the object that has this id, or that is in its place by `git replace`. `None` if it is not there.
    pub(in crate::git) fn read_object(
        &self,
        id: &gix::oid,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Kind>, Cause> {
        let Some((object, packed)) = self.gix().objects.try_find(id, buffer)? else { return Ok(None) };
        let kind = object.kind;
        if self.gix().objects.store_ref().replacements().next().is_some() {
            return Ok(Some(kind));
        }
        match packed {
            Some(_) => self.check_pack_of(id)?,
            None => self.check_loose(id, kind, buffer.len())?,
        }
        Ok(Some(kind))
    }

    /// The folders with objects, the repository's own first.
    fn object_folders(&self) -> Vec<PathBuf> {
        let store = self.gix().objects.store_ref();
        let mut folders = vec![self.objects_dir().to_owned()];
        if store.path() != self.objects_dir() {
            folders.push(store.path().to_owned());
        }
        folders.extend(store.alternate_db_paths().unwrap_or_default());
        folders
    }

    fn check_loose(&self, id: &gix::oid, kind: Kind, size: usize) -> Result<(), Cause> {
        let read = |folder: &Path| fs::read(loose_object_path(folder, id)).ok();
        let file = read(self.objects_dir())
            .or_else(|| self.object_folders().iter().skip(1).find_map(|folder| read(folder)));
        // It may have been packed meanwhile.
        let Some(file) = file else { return Ok(()) };
        let len = gix::objs::encode::loose_header(kind, size as u64).len() + size;
        check_stream(&file, len as u64).map_err(Into::into)
    }

    fn check_pack_of(&self, id: &gix::oid) -> Result<(), Cause> {
        let bad = self.bad_packs.get_or_init(|| {
            let hash = self.gix().object_hash();
            self.object_folders().iter().flat_map(|folder| bad_packs(&folder.join("pack"), hash)).collect()
        });
        let has_it = |pack: &&BadPack| {
            pack::index::File::at(&pack.index, id.kind()).is_ok_and(|index| index.lookup(id).is_some())
        };
        match bad.iter().find(has_it) {
            Some(pack) => Err(pack.reason.clone().into()),
            None => Ok(()),
        }
    }
}

/// Refuses the file of a loose object whose stream has another length, does not end, or is not the end of the file.
fn check_stream(file: &[u8], len: u64) -> Result<(), &'static str> {
    const CORRUPT: &str = "corrupt loose object";
    let mut inflate = Decompress::new();
    let mut block = [0; BLOCK];
    loop {
        let before = (inflate.total_in(), inflate.total_out());
        let rest = usize::try_from(before.0).ok().and_then(|at| file.get(at..)).ok_or(CORRUPT)?;
        match inflate.decompress(rest, &mut block, FlushDecompress::None) {
            Ok(Status::StreamEnd) => break,
            Ok(_) if (inflate.total_in(), inflate.total_out()) != before => {}
            _ => return Err(CORRUPT),
        }
    }
    if inflate.total_out() != len {
        return Err(CORRUPT);
    }
    if inflate.total_in() != file.len() as u64 {
        return Err("garbage at end of loose object");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gto_testkit::{Repo, TagSpec};

    use super::*;
    use crate::git::test_repo::{id, open};
    use crate::git::{TagObject, UnreadableTag};

    fn is_damaged(repo: &Repo, tag: &str) -> bool {
        let repository = open(repo);
        let tag = repository.tag_ref(tag).unwrap().unwrap();
        repository.read_tag(&tag) == TagObject::Unreadable(UnreadableTag::Malformed)
    }

    fn put(path: &Path, bytes: &[u8]) {
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_loose_object_that_does_not_end_as_git_wants_is_refused_as_git_does() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        let tag = repo.tag("t", "HEAD", &TagSpec::default());
        repo.lightweight("light", "HEAD");
        for (object, name) in [(&tag, "t"), (&commit, "light")] {
            let path =
                loose_object_path(&repo.git_dir().join("objects"), &open(&repo).to_gix(id(object)).unwrap());
            let intact = fs::read(&path).unwrap();
            let len = intact.len();
            let mut flipped = intact.clone();
            flipped[len - 1] ^= 1;
            let damaged = [1, 2, 4, 5, 6].map(|cut| intact[..len - cut].to_vec());
            for bytes in damaged.into_iter().chain([flipped, [&intact[..], b"x"].concat()]) {
                put(&path, &bytes);
                assert!(!repo.git(&["cat-file", "-p", object]).status.success(), "{} of {len}", bytes.len());
                assert!(is_damaged(&repo, name), "{} of {len}", bytes.len());
                assert_eq!(open(&repo).commit(id(&commit)).is_err(), name == "light");
            }
            put(&path, &intact);
            assert!(!is_damaged(&repo, name));
        }
    }

    #[test]
    fn a_pack_that_is_not_the_one_of_its_index_is_refused_as_git_does() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        repo.tag("older", "HEAD", &TagSpec::default());
        repo.git_ok(&["repack", "-q", "-a", "-d"]);
        let folder = repo.git_dir().join("objects/pack");
        let packs = || fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let pack = packs().find(|file| file.extension().is_some_and(|ending| ending == "pack")).unwrap();
        repo.tag("newer", "HEAD", &TagSpec::default());
        repo.git_ok(&["repack", "-q", "-d"]);
        let intact = fs::read(&pack).unwrap();
        let mut miscounted = intact.clone();
        miscounted[11] += 1;
        for bytes in [&intact[..intact.len() - 1], &[&intact[..], b"x"].concat(), &miscounted, b"PACK"] {
            put(&pack, bytes);
            assert!(!repo.git(&["cat-file", "-p", "older"]).status.success(), "{}", bytes.len());
            assert!(is_damaged(&repo, "older"), "{}", bytes.len());
            assert!(!is_damaged(&repo, "newer"), "{}", bytes.len());
        }
        put(&pack, &intact);
        assert!(!is_damaged(&repo, "older"));
    }
}
