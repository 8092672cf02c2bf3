//! What is on the disk before it is reported.
//!
//! Owns the sync of files and of the folders that hold their names. A file whose name was not synced may be gone after a
//! power cut, and one whose content was not synced may be empty.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Syncs the names in a folder: what was renamed into it, or removed from it.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened.
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !is_supported(&error) => Ok(()),
        result => result,
    }
}

/// Whether the file system syncs folders at all: some network file systems refuse it.
fn is_supported(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported};
    !matches!(error.kind(), InvalidInput | Unsupported)
}

/// Syncs a file that another program wrote; `false` if there is none.
pub(super) fn sync_file(path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        // Elsewhere this needs the right to write, which files of objects do not give.
        Ok(_) if cfg!(not(unix)) => Ok(true),
        file => file?.sync_all().map(|()| true),
    }
}

/// Makes a folder and those above it that are missing, and syncs the name of each.
pub(super) fn create_folders(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(above) = folder.parent() else { return Err(error) };
            create_folders(above)?;
            fs::create_dir(folder).or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) })?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => return Ok(()),
        result => result?,
    }
    folder.parent().map_or(Ok(()), sync_folder)
}
