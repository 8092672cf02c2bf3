//! Lines of the text, and where on them things begin and end.
//!
//! Owns what belongs to an entry beside its value: the end of its line, and the comments in it.

use std::ops::Range;

use super::editor::{Editor, UNSAFE};
use super::layout::{Entry, Item, Kind};
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

    /// Whether only spaces precede it on its line.
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
        self.comments_in(at..self.next_line(at)).first().map(|comment| comment.start)
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
                if self.block_header(item).is_some_and(|header| self.text[header].contains('+')) {
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

    /// `|-` of a text in a block, somewhere above it.
    fn block_header(&self, item: &Item) -> Option<Range<usize>> {
        let end = self.before_space(item.span.start);
        let mark = self.text[..end].trim_end_matches(|c: char| matches!(c, '+' | '-') || c.is_ascii_digit());
        Some(mark.strip_suffix(['|', '>'])?.len()..end)
    }

    /// The end of the `:` of an entry, if it is on the line of the key.
    pub(super) fn colon_end(&self, entry: &Entry) -> Option<usize> {
        let end = entry.key.span.end;
        let rest = &self.text[end..];
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[spaces..].starts_with(':').then_some(end + spaces + 1)
    }

    /// The lines of an entry of a block mapping, with the comments in it.
    pub(super) fn lines_of(&self, entry: &Entry) -> Result<Range<usize>, Problem> {
        let start = entry.key.start();
        if !self.is_first(start) {
            return Err(self.error(start, UNSAFE));
        }
        Ok(self.line_start(start)..self.lines_end(start, self.entry_end(entry)))
    }

    /// Where the lines end of what begins at `start`, its key or dash, and whose content ends at `end`: after the comments
    /// below that are in it, which are those further to the right.
    pub(super) fn lines_end(&self, start: usize, end: usize) -> usize {
        let mut end = self.line_after(end);
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
        end
    }

    /// The start of the first of the comments that stand directly above a line, as far to the right as what is on it.
    pub(super) fn above_comments(&self, line: usize) -> usize {
        let indent = |at: usize| {
            let line = &self.text[at..self.next_line(at)];
            line.len() - line.trim_start_matches(' ').len()
        };
        let (mut first, column) = (line, indent(line));
        while first > 0 {
            let above = self.line_start(first - 1);
            if indent(above) != column || !self.text[above + column..].starts_with('#') {
                break;
            }
            first = above;
        }
        first
    }

    /// The dash of an item of a block list: before it, with nothing but space and comments between.
    pub(super) fn dash(&self, item: &Item) -> Option<usize> {
        let header = if item.is_block_text() { self.block_header(item) } else { None };
        let start = header.map_or(item.start(), |header| header.start.min(item.start()));
        Some(self.text[..self.before_space(start)].strip_suffix('-')?.len())
    }

    /// The end of the content before spaces and comments.
    fn before_space(&self, at: usize) -> usize {
        let mut end = self.text[..at].trim_end().len();
        while let Some(comment) = self.comment_that_ends(end) {
            end = self.text[..comment].trim_end().len();
        }
        end
    }

    /// The start of the comment that ends there.
    fn comment_that_ends(&self, end: usize) -> Option<usize> {
        let place = self.comments.binary_search_by_key(&end, |comment| comment.end).ok()?;
        Some(self.comments[place].start)
    }

    /// Where the comments in this piece of the text begin.
    pub(super) fn comments_in(&self, range: Range<usize>) -> &[Range<usize>] {
        let first = self.comments.partition_point(|comment| comment.start < range.start);
        let end = self.comments.partition_point(|comment| comment.start < range.end);
        &self.comments[first..end.max(first)]
    }

    /// The start of the line after the one that ends, or whose last byte is before, `end`.
    pub(super) fn line_after(&self, end: usize) -> usize {
        if end > 0 && self.text[..end].ends_with('\n') { end } else { self.next_line(end) }
    }
}
