//! Reading the bytes of objects.
//!
//! Owns refusing what git refuses about the files that hold them and gix does not look at: how the stream of a loose object ends
//! (`unpack_loose_rest` in git's `object-file.c`), and what is in a pack that git does not open. Must not know what is in an object.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use gix::objs::Kind;
use gix::odb::pack::{self, Find as _};
use gix::zlib::{Decompress, FlushDecompress, Status};

use super::loose::loose_object_path;
use super::packs::{Pack, packs};
use crate::git::{Cause, OBJECT_LIMIT, Repository};

/// How much of a loose object is inflated at once.
const BLOCK: usize = 4096;

/// More than the header of any loose object takes.
const LONGEST_HEADER: usize = 64;

/// What git calls it.
const CORRUPT: &str = "corrupt loose object";

impl Repository {
    /// Reads the object that has this id, or that is in its place by `git replace`. `None` if it is not there.
    pub(in crate::git) fn read_object(
        &self,
        id: &gix::oid,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Kind>, Cause> {
        self.expect_reads(1);
        let is_replaced = self.gix().objects.store_ref().replacements().next().is_some();
        if !is_replaced
            && !self.reads_many.load(Ordering::Relaxed)
            && let Some(kind) = self.read_directly(id, buffer)
        {
            return Ok(Some(kind));
        }
        let found = find_again(|| {
            let found = self.gix().objects.try_find(id, buffer)?;
            Ok::<_, Cause>(found.map(|(object, packed)| (object.kind, packed.is_some())))
        });
        let Some((kind, is_packed)) = found? else { return Ok(None) };
        match is_packed {
            _ if is_replaced => {}
            true => self.check_pack_of(id)?,
            false => self.check_loose(id, kind, buffer.len())?,
        }
        Ok(Some(kind))
    }

    /// Reads an object without gix opening the packs, which pays if few are read: it has the hash that was asked for, so that it
    /// is right however it was found. `None` leaves the question to gix, with all that can be wrong.
    fn read_directly(&self, id: &gix::oid, buffer: &mut Vec<u8>) -> Option<Kind> {
        let packed = || {
            let mut good = self.packs().iter().filter(|pack| pack.fault.is_none());
            good.find_map(|pack| pack.read(id, buffer))
        };
        let kind = { packed }().or_else(|| {
            let file = fs::read(loose_object_path(self.objects_dir(), id)).ok()?;
            let (kind, content) = loose_object(&file, OBJECT_LIMIT).ok()?;
            *buffer = content;
            Some(kind)
        })?;
        (gix::objs::compute_hash(id.kind(), kind, buffer).ok()? == id).then_some(kind)
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

    /// What of the places of objects cannot be used, in the words of git, which says so whenever it looks for an object.
    pub(crate) fn object_faults(&self) -> Vec<String> {
        let folders = self.object_folders();
        let absent = folders.iter().skip(1).filter(|folder| !folder.is_dir()).map(|folder| {
            format!(
                "object directory {} does not exist; check .git/objects/info/alternates",
                folder.display()
            )
        });
        let of_packs = self.packs().iter().filter_map(|pack| pack.fault.clone());
        absent.chain(of_packs).collect()
    }

    fn check_loose(&self, id: &gix::oid, kind: Kind, size: usize) -> Result<(), Cause> {
        let read = |folder: &Path| fs::read(loose_object_path(folder, id)).ok();
        let file = read(self.objects_dir())
            .or_else(|| self.object_folders().iter().skip(1).find_map(|folder| read(folder)));
        // It may have been packed meanwhile.
        let Some(file) = file else { return Ok(()) };
        let len = gix::objs::encode::loose_header(kind, size as u64).len() + size;
        let mut seen = 0;
        inflate(&file, |block| {
            seen += block.len();
            if seen <= len { Ok(()) } else { Err(CORRUPT) }
        })?;
        if seen == len { Ok(()) } else { Err(CORRUPT.into()) }
    }

    fn check_pack_of(&self, id: &gix::oid) -> Result<(), Cause> {
        let has_it = |pack: &Pack| {
            pack::index::File::at(&pack.index, id.kind()).is_ok_and(|index| index.lookup(id).is_some())
        };
        let mut bad = self.packs().iter().filter_map(|pack| Some((pack, pack.fault.as_ref()?)));
        bad.find(|(pack, _)| has_it(pack)).map_or(Ok(()), |(_, fault)| Err(fault.clone().into()))
    }

    /// The packs, as they were when the first object was read.
    fn packs(&self) -> &[Pack] {
        self.packs.get_or_init(|| {
            let hash = self.gix().object_hash();
            self.object_folders().iter().flat_map(|folder| packs(&folder.join("pack"), hash)).collect()
        })
    }
}

/// Looks for an object, and again where none was found: gix asks whether its file is there and then opens it (`contains`, then
/// `try_find`, in gix-odb 0.87), and between the two a `git gc` may have packed it.
pub(super) fn find_again<T, E>(mut find: impl FnMut() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
    match find()? {
        None => find(),
        found => Ok(found),
    }
}

/// What the file of a loose object says, if that is at most so many bytes, and as many as it claims.
fn loose_object(file: &[u8], limit: usize) -> Result<(Kind, Vec<u8>), &'static str> {
    let mut object = Vec::new();
    let mut claimed = None;
    inflate(file, |block| {
        object.extend_from_slice(block);
        if claimed.is_none()
            && let Ok((kind, size, header)) = gix::objs::decode::loose_header(&object)
        {
            let size = usize::try_from(size).ok().filter(|size| *size <= limit).ok_or(CORRUPT)?;
            object.reserve_exact((header + size).saturating_sub(object.len()));
            claimed = Some((kind, size, header));
        }
        let most = claimed.map_or(LONGEST_HEADER, |(_, size, header)| header + size);
        if object.len() <= most { Ok(()) } else { Err(CORRUPT) }
    })?;
    let (kind, size, header) = claimed.ok_or(CORRUPT)?;
    object.drain(..header);
    if object.len() == size { Ok((kind, object)) } else { Err(CORRUPT) }
}

/// Inflates a loose object block by block. Refused are a stream that does not end, and what comes after its end.
fn inflate(file: &[u8], mut take: impl FnMut(&[u8]) -> Result<(), &'static str>) -> Result<(), &'static str> {
    let mut inflate = Decompress::new();
    let mut block = [0; BLOCK];
    loop {
        let before = (inflate.total_in(), inflate.total_out());
        let rest = usize::try_from(before.0).ok().and_then(|at| file.get(at..)).ok_or(CORRUPT)?;
        let status = inflate.decompress(rest, &mut block, FlushDecompress::None).map_err(|_| CORRUPT)?;
        let len = usize::try_from(inflate.total_out() - before.1).map_err(|_| CORRUPT)?;
        take(block.get(..len).ok_or(CORRUPT)?)?;
        match status {
            Status::StreamEnd => break,
            _ if (inflate.total_in(), inflate.total_out()) != before => {}
            _ => return Err(CORRUPT),
        }
    }
    if inflate.total_in() == file.len() as u64 { Ok(()) } else { Err("garbage at end of loose object") }
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

    #[test]
    fn a_few_objects_are_read_without_gix_and_what_is_in_doubt_is_left_to_it() {
        let repo = Repo::new();
        let text = "a line that stays\n".repeat(100);
        for n in 0..5 {
            repo.commit(&[("file", &format!("{text}{n}\n"))], "x");
            repo.tag(&format!("t{n}"), "HEAD", &TagSpec::default());
        }
        repo.git_ok(&["repack", "-q", "-a", "-d", "-f", "--depth=10"]);
        let packed = repo.git_ok(&["cat-file", "--batch-all-objects", "--batch-check"]);
        assert!(
            repo.git_ok(&["cat-file", "--batch-all-objects", "--batch-check=%(deltabase)"]).contains('1')
        );
        repo.tag("loose", "HEAD", &TagSpec::default());
        let loose = repo.git_ok(&["rev-parse", "loose"]);
        let repository = open(&repo);
        let ids = packed.lines().map(|line| line.split(' ').next().unwrap()).chain([loose.as_str()]);
        for id in ids.map(|hex| repository.to_gix(id(hex)).unwrap()) {
            let (mut direct, mut by_gix) = (Vec::new(), Vec::new());
            let kind = repository.read_directly(&id, &mut direct).unwrap();
            let (found, _) = repository.gix().objects.try_find(&id, &mut by_gix).unwrap().unwrap();
            assert_eq!((kind, &*direct), (found.kind, found.data), "{id}");
        }
        let absent = repository.to_gix(id(&"1".repeat(40))).unwrap();
        assert_eq!(repository.read_directly(&absent, &mut Vec::new()), None);
        let folder = repo.git_dir().join("objects/pack");
        let mut files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let index = files.find(|file| file.extension().is_some_and(|ending| ending == "idx")).unwrap();
        let intact = fs::read(&index).unwrap();
        let packed = repository.to_gix(id(&repo.git_ok(&["rev-parse", "t1"]))).unwrap();
        // A signature, a count, an id, an offset, and the length.
        let ids = 8 + 256 * 4;
        let count = u32::from_be_bytes(intact[ids - 4..ids].try_into().unwrap()) as usize;
        let offsets = ids + count * 24;
        let flip = |at: usize| [&intact[..at], &[intact[at] ^ 1], &intact[at + 1..]].concat();
        let every_offset: Vec<u8> = (0..intact.len())
            .map(|at| if (offsets..offsets + count * 4).contains(&at) { 0xff } else { intact[at] })
            .collect();
        let cut = intact[..intact.len() - 1].to_vec();
        for damaged in [flip(0), flip(ids - 1), every_offset, cut] {
            put(&index, &damaged);
            assert_eq!(open(&repo).read_directly(&packed, &mut Vec::new()), None);
        }
    }
}
