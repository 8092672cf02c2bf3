//! The variables that select a repository and parts of it: `GIT_DIR`, `GIT_WORK_TREE`, `GIT_OBJECT_DIRECTORY` and their like.
//!
//! A program started from a Git hook or alias inherits them. Owns for which repository they are meant: the one that Git itself would
//! work in here. For any other, such as that of `--repo` or a clone of ours, they do not count.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use tempfile::TempDir;

use crate::environment::Environment;
use crate::git::{Cause, OBJECT_LIMIT};

/// Variables that make git work on another repository than the one it is told to, or on a part of it.
pub(in crate::git) const SELECTING: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    OBJECTS,
    ALTERNATES,
    QUARANTINE,
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
];

const OBJECTS: &str = "GIT_OBJECT_DIRECTORY";
const ALTERNATES: &str = "GIT_ALTERNATE_OBJECT_DIRECTORIES";
pub(in crate::git) const QUARANTINE: &str = "GIT_QUARANTINE_PATH";

/// The settings of the variables for a repository.
#[derive(Debug, Default)]
pub(in crate::git) struct Inherited {
    /// Whether they are meant for it.
    pub counts: bool,
    /// Where objects are, if not where they are usually.
    pub objects: Option<Objects>,
}

#[derive(Debug)]
pub(in crate::git) struct Objects {
    /// Where new ones go.
    pub main: PathBuf,
    /// A folder with no objects, but with those to look into as its alternates: gix knows no other way to be told.
    _all: TempDir,
}

/// Whether the variables are meant for the repository of this folder with `HEAD`.
pub(in crate::git) fn counts_for(git_dir: &Path, environment: &Environment) -> bool {
    SELECTING.iter().any(|name| environment.variable_os(name).is_some())
        && selected(environment).is_some_and(|selected| is_same(&selected, git_dir))
}

/// Whether `GIT_WORK_TREE` is set and not meant for this repository: gix obeys it in any.
pub(in crate::git) fn is_work_tree_of_another(git_dir: &Path, environment: &Environment) -> bool {
    environment.variable_os("GIT_WORK_TREE").is_some() && !counts_for(git_dir, environment)
}

/// The repository that Git would work in here.
fn selected(environment: &Environment) -> Option<PathBuf> {
    let Some(git_dir) = variable(environment, "GIT_DIR") else {
        let (found, _) = gix::discover::upwards(environment.current_folder()?).ok()?;
        return Some(found.into_repository_and_work_tree_directories().0);
    };
    let git_dir = environment.absolute(Path::new(git_dir)).ok()?;
    // It may be the file that a linked work tree has for a repository.
    if git_dir.is_file() { gix::discover::path::from_gitdir_file(&git_dir).ok() } else { Some(git_dir) }
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one))
}

fn variable<'e>(environment: &'e Environment, name: &str) -> Option<&'e OsStr> {
    environment.variable_os(name).filter(|value| !value.is_empty())
}

impl Inherited {
    /// The settings of the variables for a repository, whose objects are found where Git finds them from here on. Paths
    /// begin in `root`, where Git reads them.
    pub fn by(gix: &mut gix::Repository, root: &Path, environment: &Environment) -> Result<Self, Cause> {
        if !counts_for(gix.git_dir(), environment) {
            return Ok(Self::default());
        }
        if let Some(common) = variable(environment, "GIT_COMMON_DIR")
            && !is_same(&root.join(common), gix.common_dir())
        {
            return Err(
                "GIT_COMMON_DIR names another folder than the repository, which gto does not support".into(),
            );
        }
        let (main, alternates) = (variable(environment, OBJECTS), variable(environment, ALTERNATES));
        if main.is_none() && alternates.is_none() {
            return Ok(Self { counts: true, objects: None });
        }
        let main = main.map_or_else(|| gix.common_dir().join("objects"), |main| root.join(main));
        let mut folders = vec![main.clone()];
        folders.extend(split_paths(alternates.unwrap_or_default()).iter().map(|path| root.join(path)));
        let all = with_alternates(folders, root)?;
        let options = gix::odb::store::init::Options {
            alloc_limit_bytes: Some(OBJECT_LIMIT),
            ..gix::odb::store::init::Options::default()
        };
        let replacements: Vec<_> = gix.objects.store_ref().replacements().collect();
        let handle = gix::odb::at_opts(all.path(), gix.object_hash(), replacements, options)?;
        gix.objects = gix::odb::memory::Proxy::from(handle).with_write_passthrough();
        Ok(Self { counts: true, objects: Some(Objects { main, _all: all }) })
    }
}

/// A folder for objects that has those of `folders`.
fn with_alternates(folders: Vec<PathBuf>, root: &Path) -> Result<TempDir, Cause> {
    let mut list = Vec::new();
    for folder in folders {
        let more = gix::odb::alternate::resolve(folder.clone(), root)?;
        for folder in [folder].into_iter().chain(more) {
            list.extend_from_slice(&quoted(&folder));
        }
    }
    let objects = tempfile::Builder::new().prefix("gto-objects-").tempdir()?;
    fs::create_dir_all(objects.path().join("info"))
        .and_then(|()| fs::create_dir(objects.path().join("pack")))
        .and_then(|()| fs::write(objects.path().join("info/alternates"), list))
        .map_err(|error: io::Error| Cause::from(error))?;
    Ok(objects)
}

/// A line of `info/alternates`.
fn quoted(path: &Path) -> Vec<u8> {
    let path = path.as_os_str().as_encoded_bytes();
    let path = path.replace(b"\\", b"\\\\").replace(b"\"", b"\\\"").replace(b"\n", b"\\n");
    [b"\"", path.as_slice(), b"\"\n"].concat()
}

/// The paths of a list as Git has them: between colons, or semicolons on Windows; in double quotes where it must.
fn split_paths(list: &OsStr) -> Vec<PathBuf> {
    const SEPARATOR: u8 = if cfg!(windows) { b';' } else { b':' };
    let mut rest = list.as_encoded_bytes();
    let mut paths = Vec::new();
    while !rest.is_empty() {
        let unquoted =
            rest.starts_with(b"\"").then(|| gix::quote::ansi_c::undo(rest.as_bstr()).ok()).flatten();
        let (path, len) = unquoted.map_or_else(
            || {
                let end = rest.find_byte(SEPARATOR).unwrap_or(rest.len());
                (rest[..end].to_vec(), end)
            },
            |(path, len)| (path.to_vec(), len),
        );
        rest = rest[len..].strip_prefix(&[SEPARATOR]).unwrap_or(&rest[len..]);
        if let Ok(path) = gix::path::from_bstr(path.as_bstr())
            && !path.as_os_str().is_empty()
        {
            paths.push(path.into_owned());
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_list_of_folders_is_split_as_git_splits_it() {
        let split = |list: &str| {
            let paths = split_paths(OsStr::new(list));
            paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("|")
        };
        assert_eq!(split("/a:/b c"), "/a|/b c");
        assert_eq!(split(r#""/a:b\"c":/d"#), r#"/a:b"c|/d"#);
        assert_eq!(split(r#":/a::"/b"#), r#"/a|"/b"#);
        assert_eq!(split(""), "");
    }
}
