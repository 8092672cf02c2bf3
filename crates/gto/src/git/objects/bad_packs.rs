//! Packs that git does not open.
//!
//! Owns whether a pack is the one that its index is of (`open_packed_git_1` in git's `packfile.c`), which gix does not check. Must not
//! read a pack as a whole: nor does git.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// The length of the header of a pack.
const PACK_HEADER: usize = 12;

/// Where the table of an index ends whose last number is that of its objects.
const FAN_OUT_END: usize = 8 + 256 * 4;

/// A pack that git does not open.
pub(in crate::git) struct BadPack {
    pub(super) index: PathBuf,
    pub(super) reason: String,
}

/// The packs of a folder that git does not open.
pub(super) fn bad_packs(folder: &Path, hash: gix::hash::Kind) -> Vec<BadPack> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let indexes = files.filter(|file| file.extension().is_some_and(|extension| extension == "idx"));
    let bad = indexes.filter_map(|index| {
        let reason = check_pack(&index, hash).err()?;
        Some(BadPack { index, reason })
    });
    bad.collect()
}

/// Compares a pack with its index by what is at their ends.
fn check_pack(index: &Path, hash: gix::hash::Kind) -> Result<(), String> {
    let pack = index.with_extension("pack");
    let shown = pack.display();
    let digest = hash.len_in_bytes();
    let ends = |path: &Path, head: usize, tail: usize| -> std::io::Result<(Vec<u8>, Vec<u8>)> {
        let mut file = File::open(path)?;
        let (mut first, mut last) = (vec![0; head], vec![0; tail]);
        file.read_exact(&mut first)?;
        file.seek(SeekFrom::End(-i64::try_from(tail).unwrap_or_default()))?;
        file.read_exact(&mut last)?;
        Ok((first, last))
    };
    // What is not there, or no index at all, gix does not read either.
    let Ok((first, last)) = ends(index, FAN_OUT_END, 2 * digest) else { return Ok(()) };
    let Ok((header, trailer)) = ends(&pack, PACK_HEADER, digest) else {
        return if pack.exists() {
            Err(format!("file {shown} is far too short to be a packfile"))
        } else {
            Ok(())
        };
    };
    let count = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_be_bytes);
    let claimed = count(&header[8..]);
    // Version 2 has a signature and the version in front.
    let fan_out_end = if first.starts_with(b"\xfftOc") { FAN_OUT_END } else { FAN_OUT_END - 8 };
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
