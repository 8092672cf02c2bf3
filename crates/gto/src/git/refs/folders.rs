//! The folders in which loose tags are files.
//!
//! Owns telling those that once held far more files than now. Some file systems, ext4 among them, never make a folder smaller, so
//! that each listing reads all that it once was.

use std::fs;
use std::path::PathBuf;

use crate::git::refs::TAGS;
use crate::git::{RefStorage, Repository};

/// A folder smaller than this is read in a quarter of a millisecond.
const LARGE: u64 = 1024 * 1024;

/// What an entry takes beside its name: see `struct ext4_dir_entry_2` in Linux.
const ENTRY: u64 = 12;

/// A folder is nearly empty that takes as many times the space of what is in it.
const NEARLY_EMPTY: u64 = 16;

/// A folder of tags that is large on disk, and nearly empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrownFolder {
    /// The folder.
    pub path: PathBuf,
    /// How many bytes it takes, without the files in it.
    pub size: u64,
    /// How many files and folders are in it.
    pub entries: usize,
    /// Whether it is the one that holds all tags, which Git leaves in place when it packs them.
    pub is_root: bool,
}

impl Repository {
    /// The folders of loose tags that take far more space than what is in them.
    pub fn grown_folders(&self) -> Vec<GrownFolder> {
        if self.refs == RefStorage::Reftable {
            return Vec::new();
        }
        let root = self.common_dir().join(TAGS.trim_end_matches('/'));
        let mut folders = vec![root.clone()];
        let mut grown = Vec::new();
        while let Some(path) = folders.pop() {
            // What a link leads to is not Git's to make anew.
            let Ok(folder) = fs::symlink_metadata(&path) else { continue };
            let (mut needed, mut entries) = (0, 0);
            for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
                needed += ENTRY + entry.file_name().len() as u64;
                entries += 1;
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                }
            }
            if folder.is_dir() && is_grown(folder.len(), needed) {
                let is_root = path == root;
                let path = self.environment.absolute(&path).unwrap_or(path);
                grown.push(GrownFolder { size: folder.len(), entries, is_root, path });
            }
        }
        grown.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        grown
    }
}

fn is_grown(size: u64, needed: u64) -> bool {
    size >= LARGE && size / NEARLY_EMPTY > needed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_grown_if_it_is_large_and_nearly_empty() {
        assert!(is_grown(33 << 20, 0));
        assert!(is_grown(33 << 20, 300 * 30));
        // A million files of today.
        assert!(!is_grown(33 << 20, 1_000_000 * 30));
        // One block, as every new folder has it.
        assert!(!is_grown(4096, 0));
    }
}
