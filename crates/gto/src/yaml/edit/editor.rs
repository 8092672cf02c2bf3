//! The edits of one text: collected in its bytes, and made together.
//!
//! Each kind of value has its own module next to this one.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::layout::{Document, Entry, Item, Kind};
use super::render::{self, Style};
use crate::yaml::Problem;

/// Not foreseen, or it would change something else as well.
pub(super) const UNSAFE: &str = "the change cannot be made here without touching something else, such as an anchor that others \
                      refer to: make it by hand";

/// A text, and what is to be replaced in it.
pub(super) struct Editor<'a> {
    pub(super) text: &'a str,
    /// The positions of its comments.
    pub(super) comments: &'a [Range<usize>],
    /// What is replaced by what, each in the bytes of the text. They do not overlap.
    pub(super) edits: Vec<(Range<usize>, String)>,
    pub(super) style: Style,
}

/// The edits themselves.
impl<'a> Editor<'a> {
    pub(super) fn new(text: &'a str, document: &'a Document) -> Self {
        let style = Style { step: 2, list_step: 0, is_json: false };
        Self { text, comments: &document.comments, edits: Vec::new(), style }
    }

    pub(super) fn finish(mut self) -> String {
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut edited = String::with_capacity(self.text.len() + 256);
        let mut done = 0;
        for (range, new) in self.edits {
            // What is taken out with something around it is taken out already.
            edited.push_str(self.text.get(done..range.start).unwrap_or_default());
            edited.push_str(&new);
            done = done.max(range.end);
        }
        edited.push_str(&self.text[done..]);
        // Whether the text ends with a line end stays as it is.
        if !self.text.is_empty() && !self.text.ends_with('\n') && edited.ends_with('\n') {
            edited.truncate(edited.len() - if edited.ends_with("\r\n") { 2 } else { 1 });
        }
        edited
    }

    pub(super) fn replace(&mut self, range: Range<usize>, new: impl Into<String>) {
        self.edits.push((range, new.into()));
    }

    /// Puts lines in at the start of a line or the end of the text. Whether the text ends with a line end stays as it is.
    pub(super) fn insert_lines(&mut self, at: usize, lines: &str) {
        if lines.is_empty() {
            return;
        }
        let line_end = self.line_end(at);
        let is_cut = at > 0 && !self.text[..at].ends_with('\n') && self.text[..at] != *"\u{feff}";
        let lines = if is_cut {
            format!("\n{}", lines.strip_suffix('\n').unwrap_or(lines))
        } else {
            lines.to_owned()
        };
        let lines = if line_end == "\n" { lines } else { lines.replace('\n', line_end) };
        self.replace(at..at, lines);
    }

    /// Takes whole lines out.
    pub(super) fn remove_lines(&mut self, range: Range<usize>) {
        let is_cut = range.end == self.text.len() && !self.text.ends_with('\n');
        let before = &self.text[..range.start];
        let before = before.strip_suffix('\n').map_or(before, |b| b.strip_suffix('\r').unwrap_or(b));
        let start = if is_cut { before.len() } else { range.start };
        self.replace(start..range.end, "");
    }

    /// Puts lines in the place of others.
    pub(super) fn replace_lines(&mut self, range: Range<usize>, lines: &str) {
        if lines.is_empty() {
            return self.remove_lines(range);
        }
        let is_cut = !self.text[range.clone()].ends_with('\n');
        let lines = if is_cut { lines.trim_end_matches('\n') } else { lines };
        let lines = lines.replace('\n', self.line_end(range.start));
        self.replace(range, lines);
    }
}

/// What is changed.
impl Editor<'_> {
    pub(super) fn document(
        &mut self,
        document: &Document,
        before: &Json,
        after: &Json,
    ) -> Result<(), Problem> {
        let Some(root) = &document.root else {
            let lines = self.entries_text(after, 0);
            let at = document.end.map_or(self.text.len(), |end| self.line_start(end));
            // An empty file gets a line end, as one that has never been cut.
            if at > 0 && !self.text[..at].ends_with('\n') && self.text[..at] != *"\u{feff}" {
                self.replace(at..at, "\n");
                self.replace(at..at, lines);
            } else {
                self.insert_lines(at, &lines);
            }
            return Ok(());
        };
        match &root.kind {
            Kind::Map { is_flow: false, entries } if after.as_object().is_some_and(Map::is_empty) => {
                for entry in entries {
                    let lines = self.lines_of(entry)?;
                    self.replace(lines, "");
                }
                let start = self.line_start(root.start());
                let start = if self.text[start..].starts_with('\u{feff}') {
                    start + '\u{feff}'.len_utf8()
                } else {
                    start
                };
                let line_end = if self.text.ends_with('\n') { self.line_end(start) } else { "" };
                self.replace(start..start, format!("{{}}{line_end}"));
                Ok(())
            }
            Kind::Map { is_flow: true, entries } if entries.is_empty() => {
                let lines = self.entries_text(after, 0);
                if self.comment_on_line(root.span.end).is_some() {
                    // It is about all, and not about what comes first now.
                    let end = self.text[root.span.end..].len()
                        - self.text[root.span.end..].trim_start_matches([' ', '\t']).len();
                    self.replace(root.span.start..root.span.end + end, "");
                    self.insert_lines(self.next_line(root.span.end), &lines);
                    return Ok(());
                }
                let line_end = self.line_end(root.span.start);
                let lines = lines.trim_end_matches('\n').replace('\n', line_end);
                let is_first = self.is_first(root.span.start);
                let lines = if is_first { lines } else { format!("{line_end}{lines}") };
                self.replace(root.span.clone(), lines);
                Ok(())
            }
            _ => self.value(root, None, before, after),
        }
    }

    pub(super) fn entries_text(&self, entries: &Json, column: usize) -> String {
        let entries = entries.as_object().into_iter().flatten();
        entries.map(|(key, value)| render::entry(key, value, column, self.style)).collect()
    }

    /// Changes a value in the place that it has. `entry`: the entry of a block mapping that it is the value of.
    pub(super) fn value(
        &mut self,
        item: &Item,
        entry: Option<&Entry>,
        before: &Json,
        after: &Json,
    ) -> Result<(), Problem> {
        if before == after {
            return Ok(());
        }
        match (&item.kind, before, after) {
            (Kind::Map { is_flow, entries }, Json::Object(old), Json::Object(new))
                if !new.is_empty() && !entries.is_empty() =>
            {
                if *is_flow {
                    self.flow_map(item, entries, old, new)
                } else {
                    self.block_map(entries, old, new)
                }
            }
            (Kind::List { is_flow, items }, Json::Array(old), Json::Array(new))
                if !new.is_empty() && !items.is_empty() =>
            {
                self.list(item, *is_flow, items, old, new)
            }
            (Kind::Alias(_), Json::Object(_) | Json::Array(_), Json::Object(_)) => Err(self.error(
                item.span.start,
                "this is only a reference to what stands elsewhere: change it there, or write it out here",
            )),
            _ => {
                if let Some(entry) = entry {
                    return self.replace_in_block(entry, after);
                }
                self.replace(item.span.clone(), self.inline_like(item, after));
                Ok(())
            }
        }
    }

    pub(super) fn inline_like(&self, item: &Item, value: &Json) -> String {
        match (&item.kind, value) {
            (Kind::Scalar { style, .. }, Json::String(text)) if !self.style.is_json => {
                render::line_in_flow(text, Some(*style))
            }
            _ => self.flow(value),
        }
    }

    /// A value within `[]` or `{}`.
    pub(super) fn flow(&self, value: &Json) -> String {
        if self.style.is_json { render::json(value) } else { render::flow(value) }
    }

    pub(super) fn flow_entry(&self, key: &str, value: &Json) -> String {
        format!("{}: {}", self.flow(&Json::from(key)), self.flow(value))
    }
}
