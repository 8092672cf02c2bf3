//! Where the repository of a folder is: the search that git makes.
//!
//! Owns telling a repository from what only looks like one, and stopping where git stops: a `.git` file that leads nowhere
//! is an error, never a reason to go on to the repository around it. Follows `setup_git_directory_gently_1`,
//! `read_gitfile_gently` and `is_git_directory` in git's `setup.c`. Must not read configuration.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;

use crate::environment::Environment;
use crate::git::OpenError;
use crate::git::process::said::shortened;

/// The maximum size of a `.git` file, as in git.
const MAX_GIT_FILE: u64 = 1 << 20;

/// Maximum number of characters of a path in a message: no system could follow a longer one.
const LONGEST_PATH: usize = 1000;

/// How much of `HEAD` git reads before it takes a folder for a repository.
const HEAD_START: u64 = 255;

/// Finds the repository of `start`, or of the nearest folder above that has one: the path of its `.git`, or of a bare
/// repository. `None` if there is none. `start` is absolute.
pub(in crate::git) fn find(start: &Path, environment: &Environment) -> Result<Option<PathBuf>, OpenError> {
    if let Some(found) = look_in(start)? {
        return Ok(Some(found));
    }
    // Git starts from the folder that the links lead to.
    let real = gix::path::realpath(start).unwrap_or_else(|_| start.to_owned());
    let ceilings = ceilings(start, environment);
    let device = if crosses_file_systems(environment) { None } else { device(&real) };
    for folder in real.ancestors().skip(1) {
        if ceilings.iter().any(|ceiling| ceiling.starts_with(folder)) || device != device_if(device, folder) {
            return Ok(None);
        }
        if let Some(found) = look_in(folder)? {
            return Ok(Some(as_given(start, folder, found)));
        }
    }
    Ok(None)
}

/// The repository that is explicitly named by a `.git` file or its own folder: that folder, if it is one.
pub(in crate::git) fn named(path: &Path) -> Result<Option<PathBuf>, OpenError> {
    let git_dir = match git_file(path)? {
        Some(git_dir) => git_dir,
        None => path.to_owned(),
    };
    Ok(is_git_dir(&git_dir)?.then_some(git_dir))
}

/// The folder with the refs and objects of what [`find`] or [`named`] gave.
pub(in crate::git) fn common_dir_of(found: &Path) -> Result<PathBuf, OpenError> {
    let git_dir = git_file(found)?;
    common_dir(git_dir.as_deref().unwrap_or(found))
}

/// The folder with the `HEAD` of what [`find`] gave.
pub(in crate::git) fn git_dir_of(found: &Path) -> Result<PathBuf, OpenError> {
    Ok(git_file(found)?.unwrap_or_else(|| found.to_owned()))
}

/// The repository in the folder itself.
fn look_in(folder: &Path) -> Result<Option<PathBuf>, OpenError> {
    let dot_git = folder.join(".git");
    if git_file(&dot_git)?.is_some() || is_git_dir(&dot_git)? {
        return Ok(Some(dot_git));
    }
    Ok(is_git_dir(folder)?.then(|| folder.to_owned()))
}

/// The folder that a `.git` file leads to; `None` if there is no such file. What is neither a file nor a folder is passed
/// over, as git does, and not even opened.
fn git_file(path: &Path) -> Result<Option<PathBuf>, OpenError> {
    let bad = |reason: String| OpenError::BadGitFile { path: path.to_owned(), reason };
    let shown = path.display();
    let size = match fs::metadata(path) {
        Ok(file) if file.is_file() => file.len(),
        _ => return Ok(None),
    };
    if size > MAX_GIT_FILE {
        return Err(bad(format!("too large to be a .git file: '{shown}'")));
    }
    let text = fs::read(path).map_err(|error| {
        if error.kind() == io::ErrorKind::PermissionDenied {
            OpenError::PermissionDenied { path: path.to_owned(), source: error.into() }
        } else {
            bad(format!("error reading {shown}: {error}"))
        }
    })?;
    let Some(target) = text.strip_prefix(b"gitdir: ") else {
        return Err(bad(format!("invalid gitfile format: {shown}")));
    };
    let target = target.trim_end_with(|c| c == '\n' || c == '\r');
    if target.is_empty() {
        return Err(bad(format!("no path in gitfile: {shown}")));
    }
    if target.contains(&0) {
        return Err(bad(format!("invalid gitfile format: {shown}")));
    }
    let target = gix::path::from_bstr(target.as_bstr())
        .map_err(|_| bad(format!("invalid gitfile format: {shown}")))?;
    let git_dir = path.parent().unwrap_or(path).join(target);
    if is_git_dir(&git_dir)? {
        return Ok(Some(git_dir));
    }
    Err(bad(format!("not a git repository: {}", shortened(git_dir.display().to_string(), LONGEST_PATH))))
}

/// Whether git takes the folder for a repository. Of a linked work tree's it needs the folder that all of them share.
fn is_git_dir(folder: &Path) -> Result<bool, OpenError> {
    if !is_head(&folder.join("HEAD")) {
        return Ok(false);
    }
    let common = common_dir(folder)?;
    Ok(common.join("objects").is_dir() && common.join("refs").is_dir())
}

/// Whether a file begins as `HEAD` does. A link counts by what is written in it, wherever that leads.
fn is_head(path: &Path) -> bool {
    let Ok(file) = fs::symlink_metadata(path) else { return false };
    if file.is_symlink() {
        return fs::read_link(path).is_ok_and(|target| target.starts_with("refs"));
    }
    let mut start = Vec::new();
    let is_read = || File::open(path)?.take(HEAD_START).read_to_end(&mut start);
    // A FIFO would wait for a writer.
    if !file.is_file() || { is_read }().is_err() {
        return false;
    }
    match start.strip_prefix(b"ref:") {
        Some(name) if name.trim_ascii_start().starts_with(b"refs/") => true,
        _ => [64, 40]
            .iter()
            .any(|&len| start.get(..len).is_some_and(|id| id.iter().all(u8::is_ascii_hexdigit))),
    }
}

/// The folder with refs and objects.
fn common_dir(git_dir: &Path) -> Result<PathBuf, OpenError> {
    let path = git_dir.join("commondir");
    let bad = |reason: String| OpenError::BadGitFile { path: path.clone(), reason };
    let failed = |why: &dyn std::fmt::Display| bad(format!("failed to read {}: {why}", path.display()));
    match fs::metadata(&path) {
        Ok(file) if !file.is_file() => return Err(failed(&"it is not a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(&path).is_err() => {
            return Ok(git_dir.to_owned());
        }
        _ => {}
    }
    let text = fs::read(&path).map_err(|error| failed(&error))?;
    if text.is_empty() {
        return Err(failed(&"it is empty"));
    }
    let target = text.trim_end_with(|c| c == '\n' || c == '\r');
    let target = gix::path::from_bstr(target.as_bstr()).map_err(|_| failed(&"it names no folder"))?;
    let common = git_dir.join(target);
    // Git insists that all but the last folder of the path are there.
    match common.parent().map(fs::metadata) {
        Some(Err(error)) => Err(bad(format!("invalid path '{}': {error}", common.display()))),
        _ => Ok(common),
    }
}

/// The folders of `GIT_CEILING_DIRECTORIES` above `start`, which are not looked into, nor what is above them: see git(1).
fn ceilings(start: &Path, environment: &Environment) -> Vec<PathBuf> {
    let Some(ceilings) = environment.variable_os("GIT_CEILING_DIRECTORIES") else {
        return Vec::new();
    };
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let start = real(start);
    let mut is_real = false;
    let ceilings = std::env::split_paths(ceilings).filter_map(|ceiling| {
        // Behind an empty entry git takes them as they are, so as not to touch slow file systems.
        is_real |= ceiling.as_os_str().is_empty();
        let ceiling = if is_real { ceiling } else { real(&ceiling) };
        (ceiling.is_absolute() && ceiling != start && start.starts_with(&ceiling)).then_some(ceiling)
    });
    ceilings.collect()
}

/// Whether the search goes on above the mount point of a file system.
fn crosses_file_systems(environment: &Environment) -> bool {
    let value = environment.variable_os("GIT_DISCOVERY_ACROSS_FILESYSTEM").unwrap_or_default();
    let is = |word: &str| value.eq_ignore_ascii_case(OsStr::new(word));
    value
        .to_str()
        .and_then(|value| value.parse::<i64>().ok())
        .map_or(is("true") || is("yes") || is("on"), |n| n != 0)
}

fn device_if(wanted: Option<u64>, folder: &Path) -> Option<u64> {
    wanted.and_then(|_| device(folder))
}

#[cfg(unix)]
fn device(folder: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(folder).ok().map(|folder| folder.dev())
}

#[cfg(not(unix))]
fn device(_: &Path) -> Option<u64> {
    None
}

/// What was found, by the path that the user gave if that leads there too.
fn as_given(start: &Path, folder: &Path, found: PathBuf) -> PathBuf {
    if start.starts_with(folder) {
        return found;
    }
    let is_it = |given: &&Path| gix::path::realpath(given).is_ok_and(|real| real == folder);
    match (start.ancestors().find(is_it), found.strip_prefix(folder)) {
        (Some(given), Ok(rest)) if rest.as_os_str().is_empty() => given.to_owned(),
        (Some(given), Ok(rest)) => given.join(rest),
        _ => found,
    }
}
