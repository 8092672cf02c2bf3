//! Files get their names.
//!
//! Owns folders, links and names in the target.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
#[cfg(unix)]
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::compare::look;
use super::run::{Run, Todo};
use super::sync;
use crate::error::{Error, Result};
use crate::version_file::VersionFile;

impl Run<'_> {
    /// Gives the files their names: all at once, where nothing is there yet.
    pub(super) fn publish(&self, todo: &Todo<'_>, files: &Path, is_folder: bool) -> Result<()> {
        let parent = self.target.parent().unwrap_or(self.target);
        if !self.listing().is_folder {
            let Some(file) = todo.write.first() else { return Ok(()) };
            fs::rename(file.path.below(files), self.target).map_err(Error::write(self.target))?;
            sync::folder(parent);
            return Ok(());
        }
        if !is_folder {
            fs::rename(files, self.target).map_err(Error::write(self.target))?;
            sync::folder(parent);
            return Ok(());
        }
        let mut folders = BTreeSet::from([self.target.to_owned()]);
        for file in &todo.write {
            for folder in file.path.folders() {
                let folder = self.target.join(folder);
                // Without --force, a link would have been in the way.
                if look(&folder)?.is_some_and(|found| found.is_symlink()) {
                    fs::remove_file(&folder).map_err(Error::write(&folder))?;
                }
                if folders.insert(folder.clone()) {
                    fs::create_dir_all(&folder).map_err(Error::write(folder))?;
                }
            }
            let place = self.place(file);
            fs::rename(file.path.below(files), &place).map_err(Error::write(place))?;
        }
        for folder in &folders {
            sync::folder(folder);
        }
        Ok(())
    }
}

/// Makes the folders that files go into. What a last run left there is a file or a folder of ours.
pub(super) fn make_folders(root: &Path, files: &[&VersionFile]) -> Result<()> {
    let folders: BTreeSet<PathBuf> =
        files.iter().filter_map(|file| file.path.below(root).parent().map(Path::to_owned)).collect();
    for folder in folders {
        fs::create_dir_all(&folder).map_err(Error::write(folder))?;
    }
    Ok(())
}

#[cfg(unix)]
pub(super) fn make_link(target: &str, path: &Path) -> Result<()> {
    match std::os::unix::fs::symlink(target, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Error::write(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) fn make_link(target: &str, path: &Path) -> Result<()> {
    let (path, target) = (path.display().to_string(), target.to_owned());
    Err(Error::Link {
        path,
        target,
        reason: "and links are not made on this system: leave it out with --exclude",
    })
}

#[cfg(unix)]
pub(super) fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    // Whoever may read it may execute it.
    file.set_permissions(fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
pub(super) fn make_executable(_: &File) -> io::Result<()> {
    Ok(())
}
