//! Objects in a folder of this machine: a cache, or a remote of DVC that is one.

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::answer::{Opened, PlaceError};

/// A folder with objects.
pub(crate) struct Folder {
    path: PathBuf,
    shown: String,
}

impl Folder {
    pub fn new(path: PathBuf, what: &str) -> Self {
        let shown = format!("{what} '{}'", path.display());
        Self { path, shown }
    }

    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn has(&self, path: &str) -> bool {
        self.path.join(path).is_file()
    }

    pub fn open(&self, path: &str) -> Result<Opened, PlaceError> {
        let path = self.path.join(path);
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => PlaceError::Absent,
            _ => PlaceError::Failed(error.to_string()),
        };
        // To open something else may wait, as a pipe does.
        if !std::fs::metadata(&path).map_err(failed)?.is_file() {
            return Err(PlaceError::Failed("there is something that is no file".to_owned()));
        }
        let file = File::open(&path).map_err(failed)?;
        Ok(Opened { content: Box::new(file), offset: 0 })
    }
}
