//! Edits of mappings and values that are laid out by lines and indents.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::editor::{Editor, UNSAFE};
use super::layout::{Entry, Item, Kind};
use super::render::{self, Rendered, Style};
use crate::yaml::Problem;

impl Editor<'_> {
    pub(super) fn block_map(
        &mut self,
        entries: &[Entry],
        old: &Map<String, Json>,
        new: &Map<String, Json>,
    ) -> Result<(), Problem> {
        for entry in entries {
            let Kind::Scalar { text: key, .. } = &entry.key.kind else { continue };
            match (old.get(key), new.get(key)) {
                (Some(before), Some(after)) => self.value(&entry.value, Some(entry), before, after)?,
                (Some(_), None) => {
                    let lines = self.lines_of(entry)?;
                    self.remove_lines(lines);
                }
                _ => {}
            }
        }
        let Some(last) = entries.last() else { return Ok(()) };
        let column = self.column(last.key.start());
        self.check_merged(entries, old, new)?;
        let is_here = |key: &str| entries.iter().any(|entry| entry.is_named(key));
        let added = new.iter().filter(|(key, value)| !is_here(key) && old.get(*key) != Some(*value));
        let lines: String = added.map(|(key, value)| render::entry(key, value, column, self.style)).collect();
        self.insert_lines(self.lines_end(last.key.start(), self.entry_end(last)), &lines);
        Ok(())
    }

    /// Puts a value in the place of another one.
    pub(super) fn replace_in_block(&mut self, entry: &Entry, new: &Json) -> Result<(), Problem> {
        let item = &entry.value;
        let colon = self.colon_end(entry).ok_or_else(|| self.error(entry.key.start(), UNSAFE))?;
        let after_properties = item.properties.as_ref().map_or(colon, |properties| properties.end.max(colon));
        let column = self.column(entry.key.start());
        let end = self.entry_end(entry);
        // Below the comment lines about it.
        let below = self.lines_end(entry.key.start(), end);
        let Rendered { inline, lines } = match new {
            // It would be a part of a text in a block.
            Json::String(text) if text.contains('\n') && self.has_comment_below(entry, end..below) => {
                Rendered { inline: render::line(text, None), lines: String::new() }
            }
            _ => self.render_like(item, new, column),
        };
        let space = if inline.is_empty() { "" } else { " " };
        match &item.kind {
            Kind::Map { is_flow: false, .. } | Kind::List { is_flow: false, .. } => {
                self.replace(after_properties..after_properties, format!("{space}{inline}"));
                // Comments between them stay.
                let mut lines = lines.as_str();
                for gone in self.block_lines(item)? {
                    self.replace_lines(gone, std::mem::take(&mut lines));
                }
            }
            Kind::Scalar { .. } if item.is_block_text() => {
                let header = self.text[..item.span.start].trim_end_matches([' ', '\t', '\r', '\n']).len();
                let end = self.comment_on_line(after_properties).unwrap_or(header);
                let end = self.text[..end].trim_end().len();
                self.replace(after_properties..end, format!("{space}{inline}"));
                let range = self.next_line(header)..self.line_after(self.content_end(item));
                self.replace_lines(range, &lines);
            }
            _ if item.is_nothing() => {
                self.replace(after_properties..after_properties, format!("{space}{inline}"));
                self.insert_lines(below, &lines);
            }
            _ if inline.is_empty() => {
                // `{}` and `[]` make room for lines.
                let start = self.text[..item.span.start].trim_end_matches([' ', '\t']).len();
                self.replace(start..item.span.end, "");
                self.insert_lines(below, &lines);
            }
            _ if !lines.is_empty() && self.has_lines_of_its_own(item, after_properties) => {
                self.replace(after_properties..after_properties, format!(" {inline}"));
                self.replace_lines(self.line_start(item.span.start)..self.line_after(item.span.end), &lines);
            }
            _ => {
                self.replace(item.span.clone(), inline);
                self.insert_lines(self.next_line(item.span.end), &lines);
            }
        }
        Ok(())
    }

    pub(super) fn render_like(&self, item: &Item, new: &Json, column: usize) -> Rendered {
        let old = match &item.kind {
            Kind::Scalar { style, .. } => Some(*style),
            _ => None,
        };
        let makes_room = match &item.kind {
            Kind::Map { is_flow, entries } => !is_flow || entries.is_empty(),
            Kind::List { is_flow, items } => !is_flow || items.is_empty(),
            _ => item.is_nothing(),
        };
        match new {
            Json::String(text) if !text.contains('\n') => {
                let style = old.filter(|_| !item.is_nothing());
                Rendered { inline: render::line(text, style), lines: String::new() }
            }
            Json::String(_) => render::block(new, column, self.style),
            _ if makes_room => render::block(new, column, self.style),
            _ => Rendered { inline: render::flow(new), lines: String::new() },
        }
    }

    /// Whether a comment below an entry stands where a text of several lines would, or where it would come between.
    fn has_comment_below(&self, entry: &Entry, below: Range<usize>) -> bool {
        let column = self.column(entry.key.start()) + self.style.step;
        let comments = self.comments_in(self.line_after(below.start).min(below.end)..below.end);
        comments.iter().any(|comment| entry.value.is_nothing() || self.column(comment.start) >= column)
    }

    /// Whether nothing but a value stands on its lines, which are below that of its key.
    fn has_lines_of_its_own(&self, item: &Item, key_end: usize) -> bool {
        let lines = self.line_start(item.span.start)..self.line_after(item.span.end);
        lines.start > key_end && self.is_first(item.span.start) && self.comments_in(lines).is_empty()
    }

    /// The lines of each part of a block mapping or list.
    fn block_lines(&self, item: &Item) -> Result<Vec<Range<usize>>, Problem> {
        match &item.kind {
            Kind::Map { entries, .. } => entries.iter().map(|entry| self.lines_of(entry)).collect(),
            Kind::List { items, .. } => items.iter().map(|item| self.lines_of_item(item)).collect(),
            _ => Err(Problem::nowhere(UNSAFE)),
        }
    }
}

/// The indents of the file.
impl Editor<'_> {
    /// Takes the indents from the file: the first mapping in a mapping, and the first list; and whether it is JSON.
    pub(super) fn learn_style(&mut self, root: Option<&Item>) {
        let mut steps = (None, None);
        if let Some(root) = root {
            self.find_steps(root, &mut steps);
        }
        let is_json = serde_json::from_str::<Json>(self.text).is_ok();
        self.style = Style { step: steps.0.unwrap_or(2), list_step: steps.1.unwrap_or(0), is_json };
    }

    pub(super) fn find_steps(&self, item: &Item, steps: &mut (Option<usize>, Option<usize>)) {
        let Kind::Map { is_flow: false, entries } = &item.kind else { return };
        for entry in entries.iter().filter(|entry| self.is_first(entry.key.start())) {
            let column = self.column(entry.key.start());
            match &entry.value.kind {
                Kind::Map { is_flow: false, entries } => {
                    let inner = entries.first().map(|inner| self.column(inner.key.start()));
                    steps.0 = steps
                        .0
                        .or(inner.and_then(|inner| inner.checked_sub(column)).filter(|step| *step > 0));
                    self.find_steps(&entry.value, steps);
                }
                Kind::List { is_flow: false, items } => {
                    let dash = items.first().and_then(|item| self.dash(item)).map(|dash| self.column(dash));
                    steps.1 = steps.1.or(dash.and_then(|dash| dash.checked_sub(column)));
                }
                _ => {}
            }
        }
    }
}
