//! Writing a file of the work tree: in one step, never through a link and never outside of the work tree.
//!
//! Must not know what is in it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::{AnnotateError, FileEdit};
use crate::yaml::printable;

/// Puts the text in the place of that of before, in one step.
pub(super) fn write(root: &Path, edit: &FileEdit) -> Result<(), AnnotateError> {
    let file = printable(&edit.file);
    let path = root.join(&edit.file);
    check_place(root, &edit.file).map_err(|why| AnnotateError::Place { file: file.clone(), why })?;
    let failed = |source| AnnotateError::Write { file: file.clone(), source };
    let check_text = || {
        let now = match fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let is_same = now.as_deref() == edit.before.as_ref().map(String::as_bytes);
        if is_same { Ok(()) } else { Err(AnnotateError::Changed { file: file.clone() }) }
    };
    check_text()?;
    let Some(after) = &edit.after else { return fs::remove_file(&path).map_err(failed) };
    let folder = path.parent().unwrap_or(root);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gto-");
    // As any program makes a file: what the user's mask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut new = builder.tempfile_in(folder).map_err(failed)?;
    new.write_all(after.as_bytes()).map_err(failed)?;
    if let Ok(metadata) = fs::metadata(&path) {
        fs::set_permissions(new.path(), metadata.permissions()).map_err(failed)?;
    }
    // An editor waits for no lock, and may have saved the file meanwhile.
    check_text()?;
    new.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Whether a file, from the root of the repository, is in the work tree, in a folder that is there, and behind no link.
pub(super) fn check_place(root: &Path, file: &str) -> Result<(), String> {
    let mut here = root.to_owned();
    let parts: Vec<&str> = file.split('/').collect();
    for (place, part) in parts.iter().enumerate() {
        let is_odd = part.is_empty() || matches!(*part, "." | "..") || part.contains(['\\', ':', '\0']);
        if is_odd || part.eq_ignore_ascii_case(".git") {
            return Err("it is not a file of the work tree".to_owned());
        }
        here.push(part);
        let is_last = place + 1 == parts.len();
        let shown = printable(&parts[..=place].join("/"));
        match here.symlink_metadata() {
            Ok(found) if found.is_symlink() => return Err(format!("'{shown}' is a symbolic link")),
            Ok(found) if is_last && found.is_file() => {}
            Ok(found) if !is_last && found.is_dir() => {
                if here.join(".git").symlink_metadata().is_ok() {
                    return Err(format!("'{shown}' is another repository"));
                }
            }
            Ok(_) if is_last => return Err("it is not a file".to_owned()),
            Ok(_) => return Err(format!("'{shown}' is not a folder")),
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_last => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(format!("there is no folder '{shown}'"));
            }
            Err(error) => return Err(format!("'{shown}' cannot be looked at: {error}")),
        }
    }
    Ok(())
}
