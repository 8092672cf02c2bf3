//! The entries of a folder.
//!
//! Owns reading them with little work: a folder with loose tags is listed several times by each write, and can have a million of
//! them. The standard library makes two texts of each, which on Linux took most of the time.

use std::io;
use std::path::Path;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Folder,
    File,
    Link,
    Other,
}

impl From<std::fs::FileType> for EntryKind {
    fn from(kind: std::fs::FileType) -> Self {
        match kind {
            kind if kind.is_dir() => Self::Folder,
            kind if kind.is_file() => Self::File,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// What is done with a name, and with what it is the name of, if the listing says so.
type Visit<'v> = dyn FnMut(&[u8], Option<EntryKind>) -> io::Result<()> + 'v;

/// Visits each entry of a folder.
#[cfg(target_os = "linux")]
pub(super) fn each_entry(folder: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
    use rustix::fs::{FileType, Mode, OFlags, RawDir};

    /// As much as glibc reads at once.
    const BUFFER: usize = 32 << 10;

    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Mode::empty())?;
    let mut buffer = Vec::with_capacity(BUFFER);
    let mut entries = RawDir::new(folder, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Directory => Some(EntryKind::Folder),
            FileType::RegularFile => Some(EntryKind::File),
            FileType::Symlink => Some(EntryKind::Link),
            FileType::Unknown => None,
            _ => Some(EntryKind::Other),
        };
        visit(name, kind)?;
    }
    Ok(())
}

/// Visits each entry of a folder.
#[cfg(not(target_os = "linux"))]
pub(super) fn each_entry(folder: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // No ref has a name that Git cannot write.
        if let Ok(name) = gix::path::os_string_into_bstring(entry.file_name()) {
            visit(&name, entry.file_type().ok().map(EntryKind::from))?;
        }
    }
    Ok(())
}
