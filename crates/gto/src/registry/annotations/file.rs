//! Writing files of the work tree, each in one step, and never outside of the work tree.
//!
//! Owns what a file must be to be replaced, and that all of the work that can fail is done before the first one is. Must not
//! know what is in them.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::annotation::error::AnnotateError;
use crate::plan::FileEdit;
use crate::yaml::printable;

/// An edit of which only the last step is left: the new text is on the disk, beside the file.
pub(in crate::registry) struct Prepared<'e> {
    edit: &'e FileEdit,
    path: PathBuf,
    /// `None` if there is to be no file.
    new: Option<NamedTempFile>,
}

/// Makes an edit ready. Nothing has changed after it, whether it goes well or not.
pub(in crate::registry) fn prepare<'e>(
    root: &Path,
    edit: &'e FileEdit,
) -> Result<Prepared<'e>, AnnotateError> {
    let file = printable(&edit.file);
    let real = check_place(root, &edit.file)?;
    if real != edit.file {
        return Err(AnnotateError::Changed { file });
    }
    let path = root.join(real);
    let mut prepared = Prepared { edit, path, new: None };
    prepared.check_text()?;
    let failed = |source| AnnotateError::Write { file: file.clone(), source };
    let permissions = prepared.permissions().map_err(failed)?;
    // To put another file in its place only the folder must be writable: the file's own mode shows the intent.
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(AnnotateError::ReadOnly { file });
    }
    if permissions.is_some() {
        fs::OpenOptions::new().append(true).open(&prepared.path).map_err(failed)?;
    }
    if let Some(after) = &edit.after {
        prepared.new = Some(prepared.written(after, permissions).map_err(failed)?);
    }
    Ok(prepared)
}

impl Prepared<'_> {
    /// The last step, if the file still is what the edit was made from: an editor waits for no lock.
    pub(in crate::registry) fn put(self) -> Result<(), AnnotateError> {
        self.check_text()?;
        let failed = |source| AnnotateError::Write { file: printable(&self.edit.file), source };
        match self.new {
            Some(new) => new.persist(&self.path).map(drop).map_err(|error| failed(error.error))?,
            None => fs::remove_file(&self.path).map_err(failed)?,
        }
        // So that the next file cannot be on the disk before this one. Not every system can do that.
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }

    /// The text in a new file beside the one that it is to replace, and on the disk.
    fn written(&self, text: &str, permissions: Option<fs::Permissions>) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".gto-");
        // As any program makes a file: what the user's mask leaves.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut new = builder.tempfile_in(self.path.parent().unwrap_or(Path::new(".")))?;
        new.write_all(text.as_bytes())?;
        if let Some(permissions) = permissions {
            fs::set_permissions(new.path(), permissions)?;
        }
        // Otherwise a computer that loses power may have the new name and no text.
        new.as_file().sync_all()?;
        Ok(new)
    }

    /// Those of the file; `None` if there is none.
    fn permissions(&self) -> io::Result<Option<fs::Permissions>> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(Some(metadata.permissions())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn check_text(&self) -> Result<(), AnnotateError> {
        let file = printable(&self.edit.file);
        let now = match fs::read(&self.path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(AnnotateError::Write { file, source }),
        };
        let is_same = now.as_deref() == self.edit.before.as_ref().map(String::as_bytes);
        if is_same { Ok(()) } else { Err(AnnotateError::Changed { file }) }
    }
}

/// Why a file is not in its place.
enum Misplaced {
    NoFolder(String),
    Other(String),
}

impl From<String> for Misplaced {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

/// Whether a file, from the root of the repository, is in the work tree, in a folder that is there and behind no link. Which
/// file it is: another one of the work tree if it is a link itself.
pub(in crate::registry) fn check_place(root: &Path, file: &str) -> Result<String, AnnotateError> {
    look_at_place(root, file).map_err(|misplaced| match misplaced {
        Misplaced::NoFolder(folder) => AnnotateError::NoFolder { file: printable(file), folder },
        Misplaced::Other(why) => AnnotateError::Place { file: printable(file), why },
    })
}

fn look_at_place(root: &Path, file: &str) -> Result<String, Misplaced> {
    let mut here = root.to_owned();
    let parts: Vec<&str> = file.split('/').collect();
    for (place, part) in parts.iter().enumerate() {
        let is_odd = part.is_empty() || matches!(*part, "." | "..") || part.contains(['\\', ':', '\0']);
        if is_odd || part.eq_ignore_ascii_case(".git") {
            return Err("it is not a file of the work tree".to_owned().into());
        }
        here.push(part);
        let is_last = place + 1 == parts.len();
        let shown = printable(&parts[..=place].join("/"));
        match here.symlink_metadata() {
            Ok(found) if found.is_symlink() && is_last => return behind_link(root, &here, &shown),
            Ok(found) if found.is_symlink() => return Err(format!("'{shown}' is a symbolic link").into()),
            Ok(found) if is_last && found.is_file() => {}
            Ok(found) if !is_last && found.is_dir() => {
                if here.join(".git").symlink_metadata().is_ok() {
                    return Err(format!("'{shown}' is another repository").into());
                }
            }
            Ok(_) if is_last => return Err("it is not a file".to_owned().into()),
            Ok(_) => return Err(format!("'{shown}' is not a folder").into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_last => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // All of it, and not only the first of several folders that are missing.
                return Err(Misplaced::NoFolder(printable(&parts[..parts.len() - 1].join("/"))));
            }
            Err(error) => return Err(format!("'{shown}' cannot be looked at: {error}").into()),
        }
    }
    Ok(file.to_owned())
}

/// The file of the work tree that a link leads to: it is the one that Git has the text of.
fn behind_link(root: &Path, link: &Path, shown: &str) -> Result<String, Misplaced> {
    let root = root.canonicalize().map_err(|error| error.to_string())?;
    let real = link.canonicalize().map_err(|error| format!("'{shown}' is a symbolic link: {error}"))?;
    let outside = || format!("'{shown}' is a symbolic link that leads out of the work tree");
    let real = real.strip_prefix(&root).map_err(|_| outside())?;
    let parts: Option<Vec<&str>> = real.components().map(|part| part.as_os_str().to_str()).collect();
    // What it is now is no link any more.
    look_at_place(&root, &parts.ok_or_else(outside)?.join("/"))
}
