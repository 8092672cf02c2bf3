//! Edits of lists: what stays keeps its bytes, what goes is taken out, and what is new is put between.
//!
//! Owns which items these are, and the lines of lists that have a dash for each item; `flow` has those within `[]`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;

use super::align::align;
use super::editor::{Editor, UNSAFE};
use super::layout::Item;
use super::render;
use crate::yaml::Problem;

/// What is new, as text, by the item that stays and comes before it.
pub(super) type Added = BTreeMap<Option<usize>, Vec<String>>;

impl Editor<'_> {
    pub(super) fn list(
        &mut self,
        list: &Item,
        is_flow: bool,
        items: &[Item],
        old: &[Json],
        new: &[Json],
    ) -> Result<(), Problem> {
        if items.len() != old.len() {
            return Err(self.error(list.span.start, UNSAFE));
        }
        let places = align(old, new, |a, b| a == b, are_alike);
        for ((item, before), place) in items.iter().zip(old).zip(&places) {
            if let Some(place) = place {
                self.value(item, None, before, &new[*place])?;
            }
        }
        let is_kept: Vec<bool> = places.iter().map(Option::is_some).collect();
        let mut moved: Vec<(&Item, &Json)> =
            items.iter().zip(old).zip(&is_kept).filter(|(_, kept)| !**kept).map(|(gone, _)| gone).collect();
        let column = items.last().and_then(|item| self.dash(item)).map_or(0, |dash| self.column(dash));
        let mut added = Added::new();
        for (place, value) in new.iter().enumerate().filter(|(place, _)| !places.contains(&Some(*place))) {
            let before = places.iter().rposition(|kept| kept.is_some_and(|kept| kept < place));
            let source = moved.iter().position(|(_, gone)| *gone == value).map(|at| moved.remove(at).0);
            let source = source.and_then(|item| self.source(item, is_flow));
            let text = source.unwrap_or_else(|| {
                if is_flow { self.flow(value) } else { render::items([value].into_iter(), column) }
            });
            added.entry(before).or_default().push(text);
        }
        if is_flow {
            let parts: Vec<_> = items.iter().map(|item| item.start()..self.content_end(item)).collect();
            self.change_in_flow(list, &parts, &is_kept, &added);
            return Ok(());
        }
        self.block_list(items, &is_kept, &added)
    }

    fn block_list(&mut self, items: &[Item], is_kept: &[bool], added: &Added) -> Result<(), Problem> {
        // What comes in the place of an item that goes: the last one of several, which may be the end of the text.
        let mut instead: BTreeMap<usize, String> = BTreeMap::new();
        for (before, lines) in added {
            let lines = lines.concat();
            let next = before.map_or(0, |before| before + 1);
            let gone = is_kept[next..].iter().take_while(|kept| !**kept).count();
            if gone > 0 {
                instead.insert(next + gone - 1, lines);
            } else if let Some(before) = before {
                let at = self.lines_of_item(&items[*before])?.end;
                self.insert_lines(at, &lines);
            } else if let Some(first) = items.first() {
                let at = self.lines_of_item(first)?.start;
                self.insert_lines(self.above_comments(at), &lines);
            }
        }
        for (place, item) in items.iter().enumerate().filter(|(place, _)| !is_kept[*place]) {
            let lines = self.lines_of_item(item)?;
            self.replace_lines(lines, instead.get(&place).map_or("", String::as_str));
        }
        Ok(())
    }

    /// The lines of an item of a block list, whose dash must be the first thing on its line, with the comments in it.
    pub(super) fn lines_of_item(&self, item: &Item) -> Result<Range<usize>, Problem> {
        let dash = self.dash(item).filter(|dash| self.is_first(*dash));
        let dash = dash.ok_or_else(|| self.error(item.span.start, UNSAFE))?;
        Ok(self.line_start(dash)..self.lines_end(dash, self.content_end(item)))
    }

    /// An item as it is written, to stand elsewhere in the same list. Within `[]` it must be on one line, and its comment does
    /// not come with it; else its comments do.
    fn source(&self, item: &Item, is_flow: bool) -> Option<String> {
        if is_flow {
            let source = &self.text[item.start()..self.content_end(item)];
            return (!source.contains('\n')).then(|| source.to_owned());
        }
        let lines = self.text[self.lines_of_item(item).ok()?].replace("\r\n", "\n");
        Some(if lines.ends_with('\n') { lines } else { lines + "\n" })
    }
}

/// Whether one may have become the other by changes within.
fn are_alike(old: &Json, new: &Json) -> bool {
    match (old, new) {
        (Json::Object(old), Json::Object(new)) => !old.is_empty() && !new.is_empty(),
        (Json::Array(old), Json::Array(new)) => !old.is_empty() && !new.is_empty(),
        _ => false,
    }
}
