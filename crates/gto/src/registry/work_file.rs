//! Reading a file of the work tree.
//!
//! Owns that nothing outside of the repository is read, and nothing but a file.

use std::io::{self, Read as _};
use std::path::Path;

use crate::error::{Error, Result};

/// The content of a file, which must be one if it is there. A link may not lead out of the repository. One byte more than `max_size` is read at
/// most, so that the reader can tell that the file is too large.
pub(super) fn read_file_inside(root: &Path, path: &Path, max_size: usize) -> Result<Option<Vec<u8>>> {
    let unreadable = |source: io::Error| Error::UnreadableFile { path: path.to_owned(), source };
    let real = match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        real => real.map_err(unreadable)?,
    };
    if !real.starts_with(root.canonicalize().map_err(unreadable)?) {
        let outside = "it is a link that leads out of the repository";
        return Err(unreadable(io::Error::new(io::ErrorKind::PermissionDenied, outside)));
    }
    // Nobody may come to read from the other end of a pipe.
    if !real.is_file() {
        let why = if real.is_dir() { "it is a folder" } else { "it is not a regular file" };
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, why)));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(max_size).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(real)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(Some(bytes))
}
