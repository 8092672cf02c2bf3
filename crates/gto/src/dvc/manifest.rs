//! The list of files by which DVC keeps a folder: an object whose hash ends with `.dir`.
//!
//! Owns reading it. Its paths are a stranger's, and not checked here.

use serde::Deserialize;

use super::stored::{Layout, Listed, Md5};

/// A larger list is not read, in bytes: some million files.
pub const MAX_LIST: u64 = 256 << 20;

#[derive(Deserialize)]
struct Entry {
    relpath: String,
    md5: String,
}

/// The files of a folder.
///
/// # Errors
/// What is wrong with the list, in one clause.
pub fn read(bytes: &[u8], layout: Layout) -> Result<Vec<Listed>, String> {
    let entries: Vec<Entry> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let listed = |entry: Entry| match Md5::parse(&entry.md5, layout) {
        Some(md5) if !md5.is_folder => Ok(Listed { path: entry.relpath, md5, size: None, version: None }),
        _ => Err(format!("the hash of '{}' is none", crate::text::printable(&entry.relpath))),
    };
    entries.into_iter().map(listed).collect()
}
