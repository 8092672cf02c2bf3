//! The folder in which files wait until all are there.
//!
//! Owns its place, that one run at a time works in it, and that a run goes on with what the last one left. It is on the file system of
//! the target: from there, files are renamed.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The name of the folder, in a target that is a folder already; else it is beside the target, with its name before.
const NAME: &str = "gto-get";

/// The file that one run at a time has locked.
const LOCK: &str = "lock";

/// The folder with the files.
const FILES: &str = "files";

/// How often the folder may go while it is opened, since the run before is done with it.
const TRIES: usize = 10;

/// The folder in which files wait.
pub(super) struct Staging {
    path: PathBuf,
    /// Whether no run has left anything in it.
    pub is_new: bool,
    /// Locked for as long as it lives.
    _lock: File,
}

impl Staging {
    /// Opens the one for a target, which is a folder already or not.
    pub fn open(target: &Path, is_folder: bool) -> Result<Self> {
        let path = Self::path_for(target, is_folder);
        for _ in 0..TRIES {
            if let Some(staging) = Self::try_open(&path, target)? {
                return Ok(staging);
            }
        }
        Err(Error::Busy { target: target.to_owned() })
    }

    /// Removes what a run has left that was killed after its files had got their names.
    pub fn remove_left(target: &Path) {
        for path in [false, true].map(|is_folder| Self::path_for(target, is_folder)) {
            if path.is_dir()
                && let Ok(Some(staging)) = Self::try_open(&path, target)
            {
                staging.remove();
            }
        }
    }

    fn path_for(target: &Path, is_folder: bool) -> PathBuf {
        if is_folder {
            return target.join(format!(".{NAME}"));
        }
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{NAME}"));
        target.with_file_name(name)
    }

    /// `None` if another run has just removed it.
    fn try_open(path: &Path, target: &Path) -> Result<Option<Self>> {
        let is_new = match fs::create_dir(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(Error::write(path)(error)),
            made => made.is_ok(),
        };
        // Whoever else may write here could have put a link in its place.
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_dir() => return Err(Error::ForeignStaging { path: path.to_owned() }),
            Ok(_) => {}
            Err(_) => return Ok(None),
        }
        let lock_path = path.join(LOCK);
        let lock = match File::options().write(true).create(true).truncate(false).open(&lock_path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::write(lock_path)(error)),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { target: target.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(Error::write(lock_path)(error)),
        }
        if !is_at(&lock, &lock_path) {
            return Ok(None);
        }
        let files = path.join(FILES);
        fs::create_dir_all(&files).map_err(Error::write(files))?;
        Ok(Some(Self { path: path.to_owned(), is_new, _lock: lock }))
    }

    /// The folder with the files.
    pub fn files(&self) -> PathBuf {
        self.path.join(FILES)
    }

    /// Removes what is not wanted, as of a run that wanted other files: everything but these paths, and their folders.
    pub fn keep_only(&self, paths: &HashSet<PathBuf>) -> Result<()> {
        let mut folders = HashSet::new();
        for path in paths {
            folders.extend(path.ancestors().skip(1).map(Path::to_owned));
        }
        let files = self.files();
        remove_others(&files, &files, paths, &folders).map_err(Error::write(files.clone()))
    }

    /// Removes it. What cannot be removed is left: nobody needs it.
    pub fn remove(self) {
        let _ = fs::remove_dir_all(self.files());
        let _ = fs::remove_file(self.path.join(LOCK));
        let _ = fs::remove_dir(&self.path);
    }
}

fn remove_others(
    folder: &Path,
    root: &Path,
    files: &HashSet<PathBuf>,
    folders: &HashSet<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let below = path.strip_prefix(root).unwrap_or(&path);
        let is_folder = entry.file_type()?.is_dir();
        match (is_folder, folders.contains(below), files.contains(below)) {
            (true, true, _) => remove_others(&path, root, files, folders)?,
            (true, false, _) => fs::remove_dir_all(&path)?,
            (false, _, true) if entry.file_type()?.is_file() => {}
            (false, ..) => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |file: fs::Metadata| (file.dev(), file.ino());
    file.metadata().map(id).ok() == fs::metadata(path).map(id).ok()
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
