//! A stranger's text in messages.

use gto::text::is_dangerous;

/// The text on one line, without what could drive a terminal or deceive its reader.
pub(crate) fn shown(text: &str) -> String {
    let is_bad = |c: char| is_dangerous(c) || matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_bad(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
