//! Lines of the text, and where on them things begin and end.
//!
//! Owns what belongs to an entry beside its value: the end of its line, and the comments in it.

use std::ops::Range;

use super::layout::{Entry, Item, Kind};
use super::{Editor, UNSAFE};
use crate::yaml::Problem;

/// Lines and their ends.
impl Editor<'_> {
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The start of the next line, or the end of the text.
    pub(super) fn next_line(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    pub(super) fn column(&self, at: usize) -> usize {
        let line = self.text[self.line_start(at)..at].trim_start_matches('\u{feff}');
        line.chars().count()
    }

    /// Whether only spaces stand before it on its line.
    pub(super) fn is_first(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim_start_matches('\u{feff}').bytes().all(|byte| byte == b' ')
    }

    /// How lines end, near here.
    pub(super) fn line_end(&self, at: usize) -> &'static str {
        let before = self.text[..at].rfind('\n').or_else(|| self.text.find('\n'));
        match before {
            Some(newline) if self.text[..newline].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// The start of the comment on the line of `at`, after it.
    pub(super) fn comment_on_line(&self, at: usize) -> Option<usize> {
        let line = &self.text[at..self.next_line(at)];
        let is_comment = |(place, _): &(usize, &str)| *place > 0 && line[..*place].ends_with([' ', '\t']);
        line.match_indices('#').find(is_comment).map(|(place, _)| at + place)
    }

    pub(super) fn error(&self, at: usize, message: &str) -> Problem {
        let line = self.text[..at].matches('\n').count() + 1;
        Problem { message: message.to_owned(), line, column: self.column(at) + 1 }
    }
}

/// Where things end.
impl Editor<'_> {
    /// The end of what is written of a value, comments left aside.
    pub(super) fn content_end(&self, item: &Item) -> usize {
        match &item.kind {
            Kind::Map { is_flow: false, entries } => {
                entries.last().map_or(item.span.end, |entry| self.entry_end(entry))
            }
            Kind::List { is_flow: false, items } => {
                items.last().map_or(item.span.end, |item| self.content_end(item))
            }
            Kind::Scalar { .. } if item.is_block_text() => {
                // The blank lines below belong to it only if it says so; the indent of what follows never does.
                let end = item.span.end;
                if self.block_header(item).contains('+') {
                    return if self.is_first(end) { self.line_start(end) } else { end };
                }
                item.span.start + self.text[item.span.clone()].trim_end().len()
            }
            _ => item.span.end.max(item.properties.as_ref().map_or(0, |properties| properties.end)),
        }
    }

    pub(super) fn entry_end(&self, entry: &Entry) -> usize {
        let colon = self.colon_end(entry).unwrap_or(entry.key.span.end);
        self.content_end(&entry.value).max(colon)
    }

    /// `|-` of a text in a block: the line above it.
    pub(super) fn block_header(&self, item: &Item) -> &str {
        let end = self.text[..item.span.start].trim_end().len();
        let line = &self.text[self.line_start(end)..end];
        line.rfind(['|', '>']).map_or("", |at| &line[at..])
    }

    /// The end of the `:` of an entry, if it is on the line of the key.
    pub(super) fn colon_end(&self, entry: &Entry) -> Option<usize> {
        let end = entry.key.span.end;
        let rest = &self.text[end..];
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[spaces..].starts_with(':').then_some(end + spaces + 1)
    }

    /// The lines of an entry of a block mapping, with the comments in it: those further to the right than its key.
    pub(super) fn lines_of(&self, entry: &Entry) -> Result<Range<usize>, Problem> {
        let start = entry.key.start();
        if !self.is_first(start) {
            return Err(self.error(start, UNSAFE));
        }
        let mut end = self.line_after(self.entry_end(entry));
        let column = self.column(start);
        let mut next = end;
        while next < self.text.len() {
            let line = &self.text[next..self.next_line(next)];
            let inner = line.trim_start_matches([' ', '\t']);
            let is_blank = inner.trim().is_empty();
            let is_within = inner.starts_with('#') && line.len() - inner.len() > column;
            if !is_blank && !is_within {
                break;
            }
            next += line.len();
            end = if is_blank { end } else { next };
        }
        Ok(self.line_start(start)..end)
    }

    /// The start of the line after the one that ends, or whose last byte is before, `end`.
    pub(super) fn line_after(&self, end: usize) -> usize {
        if end > 0 && self.text[..end].ends_with('\n') { end } else { self.next_line(end) }
    }
}
