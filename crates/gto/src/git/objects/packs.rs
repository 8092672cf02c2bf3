//! Packs: which git does not open, and finding one object with as little of an index as that takes.
//!
//! Owns what gix leaves to others. It does not check whether a pack is the one that its index is of (`open_packed_git_1` in git's
//! `packfile.c`), and when it opens an index it reads every offset of it (`validate_size` in gix-pack 0.77), which for a million
//! objects takes longer than all the rest of a question about one artifact. Must not read a pack as a whole: nor does git.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use gix::objs::Kind;
use gix::odb::pack::cache::Never;
use gix::odb::pack::data;
use gix::zlib::Inflate;

use crate::git::OBJECT_LIMIT;

/// The length of the header of a pack.
const PACK_HEADER: usize = 12;

/// What an index of version 2 begins with.
const INDEX_HEADER: &[u8; 8] = b"\xfftOc\0\0\0\x02";

/// Where the table of an index of version 2 ends whose last number is that of its objects.
const FAN_OUT_END: usize = INDEX_HEADER.len() + 256 * 4;

/// A pack.
pub(in crate::git) struct Pack {
    pub(super) index: PathBuf,
    /// Why git does not open it.
    pub(super) fault: Option<String>,
}

/// The packs of a folder.
pub(super) fn packs(folder: &Path, hash: gix::hash::Kind) -> Vec<Pack> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let indexes = files.filter(|file| file.extension().is_some_and(|extension| extension == "idx"));
    indexes.map(|index| Pack { fault: check_pack(&index, hash).err(), index }).collect()
}

/// Compares a pack with its index by what is at their ends.
fn check_pack(index: &Path, hash: gix::hash::Kind) -> Result<(), String> {
    let pack = index.with_extension("pack");
    let shown = pack.display();
    let digest = hash.len_in_bytes();
    let ends = |path: &Path, head: usize, tail: usize| -> io::Result<(Vec<u8>, Vec<u8>)> {
        let mut file = File::open(path)?;
        let (mut first, mut last) = (vec![0; head], vec![0; tail]);
        file.read_exact(&mut first)?;
        file.seek(SeekFrom::End(-i64::try_from(tail).unwrap_or_default()))?;
        file.read_exact(&mut last)?;
        Ok((first, last))
    };
    // What is not there is no fault: a `git gc` may have taken it away.
    let Ok(len) = fs::metadata(index).map(|index| index.len()) else { return Ok(()) };
    let Ok((first, last)) = ends(index, FAN_OUT_END, 2 * digest) else {
        return if index.exists() {
            Err(format!("index file {} is too small", index.display()))
        } else {
            Ok(())
        };
    };
    check_index(&first, len, digest as u64).map_err(|fault| format!("{fault} {}", index.display()))?;
    let Ok((header, trailer)) = ends(&pack, PACK_HEADER, digest) else {
        return if pack.exists() {
            Err(format!("file {shown} is far too short to be a packfile"))
        } else {
            Ok(())
        };
    };
    let count = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_be_bytes);
    let claimed = count(&header[8..]);
    // Version 1 has no signature in front.
    let fan_out_end = if first.starts_with(&INDEX_HEADER[..4]) { FAN_OUT_END } else { FAN_OUT_END - 8 };
    let indexed = count(&first[fan_out_end - 4..fan_out_end]);
    if claimed != indexed {
        return Err(format!(
            "packfile {shown} claims to have {claimed} objects while index indicates {indexed} objects"
        ));
    }
    if trailer != last[..digest] {
        return Err(format!("packfile {shown} does not match index"));
    }
    Ok(())
}

/// Refuses an index as git does (`load_idx` in its `packfile.c`), by the head of it and its length.
fn check_index(head: &[u8], len: u64, digest: u64) -> Result<(), &'static str> {
    let is_new = head.starts_with(&INDEX_HEADER[..4]);
    if is_new && !head.starts_with(INDEX_HEADER) {
        return Err("unknown version of index file");
    }
    let counts = &head[if is_new { INDEX_HEADER.len() } else { 0 }..][..256 * 4];
    let number = |at: &[u8]| at.try_into().map_or(0, |bytes| u64::from(u32::from_be_bytes(bytes)));
    if !counts.chunks_exact(4).map(number).is_sorted() {
        return Err("non-monotonic index");
    }
    let count = number(&counts[255 * 4..]);
    let fixed = counts.len() as u64 + 2 * digest;
    if !is_new {
        return if len == fixed + count * (digest + 4) { Ok(()) } else { Err("wrong index v1 file size in") };
    }
    let least = INDEX_HEADER.len() as u64 + fixed + count * (digest + 4 + 4);
    // Each but one may be beyond 2 GiB.
    let most = least + count.saturating_sub(1) * 8;
    if (least..=most).contains(&len) { Ok(()) } else { Err("wrong index v2 file size in") }
}

impl Pack {
    /// Reads an object. `None` leaves the question to gix: it is not here, or anything is unusual.
    pub fn read(&self, id: &gix::oid, buffer: &mut Vec<u8>) -> Option<Kind> {
        let offset = offset_in(&self.index, id).ok().flatten()?;
        let file = data::File::at(self.index.with_extension("pack"), id.kind()).ok()?;
        let file = file.with_alloc_limit_bytes(Some(OBJECT_LIMIT));
        let entry = file.entry(offset).ok()?;
        // A base that is named by its id may be in another pack.
        let elsewhere = |_: &gix::oid, _: &mut Vec<u8>| Ok(None);
        file.decode_entry(entry, buffer, &mut Inflate::default(), &elsewhere, &mut Never)
            .ok()
            .map(|found| found.kind)
    }
}

/// Where the object is in the pack of an index; `None` if it is not there, or if the index is not as git writes it for a pack of
/// less than 2 GiB. See gitformat-pack(5).
fn offset_in(index: &Path, id: &gix::oid) -> io::Result<Option<u64>> {
    let width = id.as_bytes().len();
    let mut file = File::open(index)?;
    let mut head = [0; FAN_OUT_END];
    file.read_exact(&mut head)?;
    let number = |at: &[u8]| at.try_into().map_or(0, |bytes| u64::from(u32::from_be_bytes(bytes)));
    let counts = || head[INDEX_HEADER.len()..].chunks_exact(4).map(number);
    let count = number(&head[FAN_OUT_END - 4..]);
    let ids = FAN_OUT_END as u64;
    let offsets = ids + count * (width as u64 + 4);
    let is_whole = file.metadata()?.len() == offsets + count * 4 + 2 * width as u64;
    if !head.starts_with(INDEX_HEADER) || !is_whole || !counts().is_sorted() {
        return Ok(None);
    }
    let first = usize::from(id.first_byte());
    let mut read = |at: u64, bytes: &mut [u8]| {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(bytes)
    };
    let start = first.checked_sub(1).and_then(|before| counts().nth(before)).unwrap_or_default();
    let end = counts().nth(first).unwrap_or_default();
    let Ok(len) = usize::try_from((end - start) * width as u64) else { return Ok(None) };
    let mut bucket = vec![0; len];
    read(ids + start * width as u64, &mut bucket)?;
    let Some(place) = position(&bucket, id.as_bytes()) else { return Ok(None) };
    let mut offset = [0; 4];
    read(offsets + (start + place as u64) * 4, &mut offset)?;
    Ok(Some(number(&offset)))
}

/// The place of an id among others in order.
fn position(ids: &[u8], id: &[u8]) -> Option<usize> {
    let at = |place: usize| &ids[place * id.len()..][..id.len()];
    let (mut start, mut end) = (0, ids.len() / id.len());
    while start < end {
        let middle = start.midpoint(end);
        match at(middle).cmp(id) {
            Ordering::Less => start = middle + 1,
            Ordering::Greater => end = middle,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}
