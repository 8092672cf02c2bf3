//! The folder `gto` in a repository's own, with the files that are ours.
//!
//! Owns where it is, who may read it, and removing what killed processes left in it. What the files hold is for those who
//! write them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How such files end.
pub(super) const LEFTOVER: &str = ".tmp";

/// Where it is.
pub(super) fn folder_in(common_dir: &Path) -> PathBuf {
    common_dir.join("gto")
}

/// Removes the files of writers that were killed at least so long ago.
pub(super) fn remove_leftovers(folder: &Path, prefix: &str, before: Option<SystemTime>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_leftover = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(prefix) && name.ends_with(LEFTOVER));
        let is_old =
            |before| entry.metadata().and_then(|file| file.modified()).is_ok_and(|time| time < before);
        if is_leftover && before.is_none_or(is_old) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The folder of our own files in a repository, which is made if it is not there.
pub(super) fn make_folder(common_dir: &Path) -> io::Result<PathBuf> {
    let folder = folder_in(common_dir);
    match std::fs::create_dir(&folder) {
        Ok(()) => follow_mode(&common_dir.join("objects"), &folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // Not through a link.
    if is_folder(&folder) { Ok(folder) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

pub(super) fn is_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Lets those read and write `path` who may read and write `model`, as Git itself does in a shared repository.
#[cfg(unix)]
pub(super) fn follow_mode(model: &Path, path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(model) = std::fs::metadata(model) {
        let mode = model.permissions().mode();
        let mode = if path.is_dir() { mode & 0o7777 | 0o700 } else { mode & 0o666 | 0o600 };
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    }
}

#[cfg(not(unix))]
pub(super) fn follow_mode(_: &Path, _: &Path) {}
