//! What is in the target already, and what is in the way there.
//!
//! Owns comparing. Changes nothing.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::run::{Run, Todo};
use crate::error::{Error, Result};
use crate::parallel;
use crate::version_file::VersionFile;

impl<'a> Run<'a> {
    /// Finds what is there already, and what is in the way.
    pub(super) fn compare(&self) -> Result<Todo<'a>> {
        let files = &self.listing().files;
        let Some(found) = look(self.target)? else {
            return Ok(Todo { write: files.iter().collect(), kept: 0, others: 0 });
        };
        if self.listing().is_folder && !self.target.is_dir() {
            let reason = if found.is_symlink() {
                "is a link that leads to no folder"
            } else {
                "is a file, and the artifact is a folder"
            };
            return Err(Error::InTheWay { path: self.target.to_owned(), reason });
        }
        let (same, differ) = (Mutex::new(HashSet::new()), Mutex::new(BTreeSet::new()));
        let note = |set: &Mutex<BTreeSet<String>>, file: &VersionFile| {
            set.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.as_str().to_owned());
        };
        parallel::for_each(files, self.options.jobs, |file| {
            let place = self.place(file);
            if self.is_through_link(file)? {
                note(&differ, file);
                return Ok(());
            }
            let Some(found) = look(&place)? else { return Ok(()) };
            if found.is_dir() {
                return Err(Error::InTheWay {
                    path: place,
                    reason: "is a folder, and the artifact has a file there",
                });
            }
            if !found.is_file() && !found.is_symlink() {
                return Err(Error::InTheWay { path: place, reason: "is a device, a pipe or a socket" });
            }
            if self.contents.is_at(file, &place).map_err(Error::write(place))? {
                same.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.clone());
            } else {
                note(&differ, file);
            }
            Ok(())
        })?;
        let same = same.into_inner().unwrap_or_else(PoisonError::into_inner);
        let differ = differ.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !differ.is_empty() && !self.options.force {
            let differ = if self.listing().is_folder { differ.into_iter().collect() } else { Vec::new() };
            return Err(Error::Exists {
                target: self.target.to_owned(),
                what: self.listing().name(),
                differ,
            });
        }
        let write = files.iter().filter(|file| !same.contains(&file.path)).collect();
        Ok(Todo { write, kept: same.len(), others: self.others() })
    }

    /// Whether a folder of the target that the file goes into is a link, which may lead anywhere.
    fn is_through_link(&self, file: &VersionFile) -> Result<bool> {
        if !self.listing().is_folder {
            return Ok(false);
        }
        for folder in file.path.folders() {
            match look(&self.target.join(folder))? {
                Some(found) if found.is_symlink() => return Ok(true),
                Some(found) if !found.is_dir() => {
                    let path = self.target.join(folder);
                    return Err(Error::InTheWay {
                        path,
                        reason: "is a file, and the artifact has a folder there",
                    });
                }
                Some(_) => {}
                None => break,
            }
        }
        Ok(false)
    }

    /// The number of files in the target that are not of this version.
    fn others(&self) -> usize {
        if !self.listing().is_folder {
            return 0;
        }
        let ours: HashSet<PathBuf> =
            self.listing().files.iter().map(|file| PathBuf::from(file.path.as_str())).collect();
        let mut others = 0;
        let mut folders = vec![self.target.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let below = path.strip_prefix(self.target).unwrap_or(&path);
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    // A repository, and what waits, are no files of the target.
                    if !matches!(below.to_str(), Some(".git" | ".gto-get")) {
                        folders.push(path);
                    }
                } else if !ours.contains(below) {
                    others += 1;
                }
            }
        }
        others
    }
}

pub(super) fn exists(path: &Path) -> Result<bool> {
    Ok(look(path)?.is_some())
}

/// What is at a path, a link itself.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::write(path)(error)),
    }
}
