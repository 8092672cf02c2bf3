//! A path below a target, wherever its text comes from.
//!
//! Owns the rules for what may be written: nothing outside the target, and nothing that Git takes for a repository.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A path that stays below where it begins: with slashes, without `.` and `..`, and without a part that Git takes for a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RelPath(String);

impl RelPath {
    /// Checks a path that a tree or a list has.
    ///
    /// # Errors
    /// Why it may not be written, in one clause.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains('\0') {
            return Err("has a NUL character");
        }
        if text.starts_with('/') {
            return Err("is absolute");
        }
        text.split('/').try_for_each(check_part)?;
        Ok(Self(text.to_owned()))
    }

    /// With slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folders that it is in, the outermost first.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// The path below a folder.
    pub fn below(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::text::shown(&self.0))
    }
}

fn check_part(part: &str) -> Result<(), &'static str> {
    match part {
        "" | "." => return Err("has an empty part"),
        ".." => return Err("leads out of its folder"),
        _ => {}
    }
    // As Git's `is_hfs_dotgit` and `is_ntfs_dotgit`, for every system: what is got here may be copied there.
    let visible: String = part.chars().filter(|char| !is_ignored(*char)).collect();
    let visible = visible.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    if visible.eq_ignore_ascii_case(".git") || visible.eq_ignore_ascii_case("git~1") {
        return Err("has a part that Git takes for a repository");
    }
    if cfg!(windows) && (part.contains(['\\', ':']) || part.ends_with(['.', ' '])) {
        return Err("has a part that Windows takes for another");
    }
    Ok(())
}

/// Characters that some file systems do not see.
fn is_ignored(char: char) -> bool {
    matches!(char, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_below_is_a_path() {
        for good in ["a", "a/b.c", ".gitignore", "a b/ü", "..a", "git", "...", "a/.github/x", "-rf"] {
            assert!(RelPath::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/../b",
            "../x",
            "a/..",
            "a//b",
            "a/",
            "./a",
            "a\0b",
            ".git",
            "a/.git/hooks/x",
            ".GIT/config",
            ".git./x",
            ".git /x",
            "git~1/x",
            ".g\u{200c}it/x",
            ".git::$INDEX_ALLOCATION/x",
        ] {
            assert!(RelPath::parse(bad).is_err(), "{bad:?}");
        }
    }
}
