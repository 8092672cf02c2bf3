//! Paths inside a repository, as text: with slashes, and seen from its root, or as files have them.
//!
//! An address (`s3://…`) is no path, and stays as it is.

use std::iter;
use std::path::Path;

/// `folder/path` without `.` and, where it leads somewhere, without `..`.
pub(crate) fn normal(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// The folder that a file is in; empty for the root.
pub(crate) fn folder_of_path(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path as it was given, from the root of the work tree, wherever it may begin; `None` if it leaves the repository. What lies
/// elsewhere on this machine stays as it is.
pub(crate) fn from_root(root: &Path, path: &str) -> Option<String> {
    if path.starts_with('/') {
        let real = root.canonicalize().ok();
        let path = Path::new(path);
        let within = [Some(root), real.as_deref()].into_iter().flatten().find_map(|root| {
            let inside = normal("", path.strip_prefix(root).ok()?.to_str()?);
            (!leaves(&inside)).then_some(inside)
        });
        return Some(within.unwrap_or_else(|| path.to_string_lossy().into_owned()));
    }
    (is_elsewhere(path) || !leaves(path)).then(|| path.to_owned())
}

/// A path from the root as seen from a folder, as a `dvc.yaml` there has it.
pub(crate) fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.is_empty() || is_elsewhere(path) {
        return path.to_owned();
    }
    let (folder, path) = (parts(folder), parts(path));
    let same = folder.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = iter::repeat_n("..", folder.len() - same);
    let parts: Vec<&str> = up.chain(path[same..].iter().copied()).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A path of the repository, in the way that Git has it.
pub(crate) fn inside(path: &str) -> Option<String> {
    let is_inside = !is_elsewhere(path) && !leaves(path) && !parts(path).is_empty();
    is_inside.then(|| parts(path).join("/"))
}

/// A path relative to the root of the repository, in Git's form, so that it is the same on every system.
pub(crate) fn from_everywhere(path: &str) -> String {
    if is_elsewhere(path) || path.is_empty() { path.to_owned() } else { normal("", path) }
}

/// Whether one path is the other, or in it.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    if a.starts_with('/') != b.starts_with('/') {
        return false;
    }
    let (a, b) = (parts(a), parts(b));
    let shorter = a.len().min(b.len());
    a[..shorter] == b[..shorter]
}

fn is_elsewhere(path: &str) -> bool {
    path.starts_with('/') || path.contains("://")
}

/// Whether a path leads out of where it begins.
fn leaves(path: &str) -> bool {
    parts(path).first().is_some_and(|first| *first == "..")
}

/// The parts of a path, without `.` and, where it leads somewhere, without `..`.
fn parts(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_its_folder_sees_it() {
        assert_eq!(below("", "a/b"), "a/b");
        assert_eq!(below("cv", "cv/m.pkl"), "m.pkl");
        assert_eq!(below("cv/a", "cv/./b/../m.pkl"), "../m.pkl");
        assert_eq!(below("cv", "s3://x/y"), "s3://x/y");
        assert_eq!(below("cv", "cv"), ".");
    }

    #[test]
    fn a_path_begins_at_the_root_however_it_was_given() {
        let given = |path: &str| from_root(Path::new("/no/such/repo"), path);
        for (path, from_root) in [
            ("a/b", "a/b"),
            ("./a", "./a"),
            ("a/../b", "a/../b"),
            ("/no/such/repo/a/./b", "a/b"),
            ("/no/such/repo", "."),
            ("/no/such/repository", "/no/such/repository"),
            ("/no/such/repo/../x", "/no/such/repo/../x"),
            ("s3://x/../../../y", "s3://x/../../../y"),
            ("", ""),
        ] {
            assert_eq!(given(path).as_deref(), Some(from_root), "{path}");
        }
        for path in ["..", "../x", "a/../../x", "./.."] {
            assert_eq!(given(path), None, "{path}");
        }
    }

    #[test]
    fn paths_overlap_if_one_is_in_the_other() {
        for (a, b) in [("a", "a"), ("a/b", "a"), ("./a", "a/b/../c"), (".", "a"), ("s3://x/a", "s3://x/a/b")]
        {
            assert!(overlap(a, b) && overlap(b, a), "{a} {b}");
        }
        for (a, b) in [("a", "ab"), ("a/b", "a/c"), ("/a", "a"), ("../a", "a")] {
            assert!(!overlap(a, b), "{a} {b}");
        }
    }
}
