//! What the fuzz target of edits has to know of a text: where its parts stand, and its comments.

use std::ops::Range;

use super::editor::Editor;
use super::layout::{self, Kind};

/// The comments of a text that can be edited, in their order.
pub(crate) fn comments(text: &str) -> Option<Vec<&str>> {
    let document = layout::read(text)?;
    Some(document.comments.into_iter().map(|comment| text[comment].trim_end()).collect())
}

/// Where the entry at a path begins, and where the lines end that it stands on, with the comments in it.
pub(crate) fn entry(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let document = layout::read(text)?;
    let editor = Editor::new(text, &document);
    let mut item = document.root.as_ref()?;
    let mut found = None;
    for key in path {
        let Kind::Map { entries, .. } = &item.kind else { return None };
        let entry = entries.iter().find(|entry| entry.is_named(key))?;
        let start = entry.key.start();
        found = Some(start..editor.lines_end(start, editor.entry_end(entry)));
        item = &entry.value;
    }
    found
}
