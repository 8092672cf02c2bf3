//! Files of patterns like `.gitignore`, which `.dvcignore` is.
//!
//! Owns which paths such files leave out. Takes their text; where they lie is for others to know.

use crate::git::Pattern;

/// So many patterns of a file are followed: each is tried on each path.
const MAX_PATTERNS: usize = 1000;

/// The patterns of the files on the way from a root folder down to another.
#[derive(Default)]
pub(crate) struct Ignore {
    /// The folder of each file, and its patterns, from the top down.
    files: Vec<(String, Vec<Pattern>)>,
}

impl Ignore {
    /// A larger file counts for nothing, in bytes.
    pub const MAX_SIZE: usize = 1 << 20;

    /// Takes in the file in `folder` (empty for the root), which is below those of the files before.
    pub fn add(&mut self, folder: &str, text: &[u8]) {
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
        let patterns = lines.filter(|line| !line.starts_with(b"#")).filter_map(Pattern::parse);
        self.files.push((folder.to_owned(), patterns.take(MAX_PATTERNS).collect()));
    }

    /// Whether the file at `path` is left out, or a folder that it is in.
    pub fn leaves_out(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| (end, true)).chain([(path.len(), false)]);
        ends.into_iter().any(|(end, is_folder)| self.matches(&path[..end], is_folder))
    }

    /// Whether the last pattern that fits leaves it out.
    fn matches(&self, path: &str, is_folder: bool) -> bool {
        let mut verdict = false;
        for (folder, patterns) in &self.files {
            let inside = |path| str::strip_prefix(path, folder.as_str())?.strip_prefix('/');
            let Some(below) = (if folder.is_empty() { Some(path) } else { inside(path) }) else { continue };
            for pattern in patterns {
                if pattern.fits(below, is_folder) {
                    verdict = !pattern.is_negative();
                }
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_leave_out_what_they_would_for_git() {
        let mut ignore = Ignore::default();
        ignore.add("", b"# old\n\n/old/\n*.tmp\n!keep.tmp\na/**/b\r\n");
        ignore.add("sub", b"/x\n!/old.tmp\n");
        for path in ["old/dvc.yaml", "x.tmp/dvc.yaml", "a/c/d/b/dvc.yaml", "sub/x/dvc.yaml", "sub/y.tmp"] {
            assert!(ignore.leaves_out(path), "{path}");
        }
        for path in [
            "dvc.yaml",
            "new/old/dvc.yaml",
            "keep.tmp/x",
            "a/c/dvc.yaml",
            "x/dvc.yaml",
            "subx/x",
            "sub/old.tmp/x",
        ] {
            assert!(!ignore.leaves_out(path), "{path}");
        }
        assert!(!Ignore::default().leaves_out("dvc.yaml"));
    }
}
