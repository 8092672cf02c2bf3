//! Patterns as in `.gitignore`: see gitignore(5).
//!
//! Owns the match of one pattern with one path. The caller decides where patterns come from, and which of them wins.

use gix::bstr::BStr;
use gix::glob::pattern::Case;
use gix::glob::wildmatch::Mode;

/// One pattern, without its line end.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(gix::glob::Pattern);

impl Pattern {
    /// `None` if the text is no pattern: it is empty, or nothing but white space.
    pub fn parse(text: &[u8]) -> Option<Self> {
        gix::glob::Pattern::from_bytes(text).map(Self)
    }

    /// Whether it begins with `!`: what fits it is in again.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// Whether the path fits, seen from the folder of the pattern's file.
    pub fn fits(&self, path: &str, is_folder: bool) -> bool {
        let name = path.rfind('/').map(|slash| slash + 1);
        self.0.matches_repo_relative_path(
            BStr::new(path),
            name,
            Some(is_folder),
            Case::Sensitive,
            Mode::NO_MATCH_SLASH_LITERAL,
        )
    }
}
