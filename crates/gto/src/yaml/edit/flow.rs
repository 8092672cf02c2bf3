//! Edits within `[]` and `{}`: parts, the commas after them, and the comments between.
//!
//! Owns where a part begins and ends there. What is a part is for `list` and the mapping here to say.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::editor::Editor;
use super::layout::{Entry, Item, Kind};
use super::list::Added;
use crate::yaml::Problem;

/// What stands between the brackets, and what becomes of it.
struct Flow<'a> {
    /// The position of each part, without its comma.
    parts: &'a [Range<usize>],
    /// Where the comma after it is.
    commas: Vec<Option<usize>>,
    is_kept: Vec<bool>,
    added: Added,
}

impl Flow<'_> {
    fn last_kept(&self) -> Option<usize> {
        self.is_kept.iter().rposition(|kept| *kept)
    }

    /// Whether there is a comma before the closing bracket.
    fn has_last_comma(&self) -> bool {
        self.commas.last().is_some_and(Option::is_some)
    }

    /// The end of a part, with its comma.
    fn end(&self, part: usize) -> usize {
        self.commas[part].map_or(self.parts[part].end, |comma| comma + 1)
    }
}

impl Editor<'_> {
    pub(super) fn flow_map(
        &mut self,
        map: &Item,
        entries: &[Entry],
        old: &Map<String, Json>,
        new: &Map<String, Json>,
    ) -> Result<(), Problem> {
        let mut is_kept = vec![true; entries.len()];
        for (entry, is_kept) in entries.iter().zip(&mut is_kept) {
            let Kind::Scalar { text: key, .. } = &entry.key.kind else { continue };
            match (old.get(key), new.get(key)) {
                (Some(before), Some(after)) if before != after && entry.value.is_nothing() => {
                    let colon = self.colon_end(entry);
                    let at = colon.unwrap_or_else(|| self.content_end(&entry.key));
                    let colon = if colon.is_some() { "" } else { ":" };
                    let rest = self.text[at..].trim_start_matches(' ');
                    let end = if rest.starts_with(',') { self.text.len() - rest.len() } else { at };
                    self.replace(at..end, format!("{colon} {}", self.flow(after)));
                }
                (Some(before), Some(after)) => self.value(&entry.value, None, before, after)?,
                (Some(_), None) => *is_kept = false,
                _ => {}
            }
        }
        self.check_merged(entries, old, new)?;
        let is_here = |key: &str| entries.iter().any(|entry| entry.is_named(key));
        let added = new.iter().filter(|(key, value)| !is_here(key) && old.get(*key) != Some(*value));
        let added: Vec<String> = added.map(|(key, value)| self.flow_entry(key, value)).collect();
        let last = is_kept.iter().rposition(|kept| *kept);
        let added = if added.is_empty() { Added::new() } else { Added::from([(last, added)]) };
        let parts: Vec<_> = entries.iter().map(|entry| entry.key.start()..self.entry_end(entry)).collect();
        self.change_in_flow(map, &parts, &is_kept, &added);
        Ok(())
    }

    /// Takes out the parts that are not kept, each with the comment after it, and puts in what is new.
    pub(super) fn change_in_flow(
        &mut self,
        collection: &Item,
        parts: &[Range<usize>],
        is_kept: &[bool],
        added: &Added,
    ) {
        let next = |part: usize| parts.get(part + 1).map_or(collection.span.end, |next| next.start);
        let commas = (0..parts.len()).map(|part| self.comma_in(parts[part].end..next(part))).collect();
        let mut flow = Flow { parts, commas, is_kept: is_kept.to_vec(), added: Added::new() };
        // What is new takes the place of what goes, unless there is a comment that must go with it.
        for (before, texts) in added {
            let (mut before, mut texts) = (*before, texts.as_slice());
            while let Some((text, rest)) = texts.split_first() {
                let place = before.map_or(0, |before| before + 1);
                let is_free = parts.get(place).is_some_and(|part| {
                    let end = next(place).min(self.next_line(flow.end(place)));
                    !flow.is_kept[place] && self.comments_in(part.end..end).is_empty()
                });
                if !is_free {
                    break;
                }
                self.replace(parts[place].clone(), text.as_str());
                flow.is_kept[place] = true;
                (before, texts) = (Some(place), rest);
            }
            if !texts.is_empty() {
                flow.added.insert(before, texts.to_vec());
            }
        }
        self.finish_flow(&flow);
    }

    fn finish_flow(&mut self, flow: &Flow) {
        let parts = flow.parts;
        for part in (0..parts.len()).filter(|part| !flow.is_kept[*part]) {
            self.remove_in_flow(flow, part);
        }
        for (before, texts) in &flow.added {
            match before {
                Some(before) => self.add_after(flow, *before, texts),
                None => self.add_first(flow, texts),
            }
        }
        // The last one has a comma only if the last one had.
        if let Some(last) = flow.last_kept()
            && last + 1 < parts.len()
            && !flow.has_last_comma()
            && self.line_for_added(flow, last).is_none()
            && let Some(comma) = flow.commas[last]
        {
            self.replace(comma..comma + 1, "");
        }
    }

    fn remove_in_flow(&mut self, flow: &Flow, part: usize) {
        let Range { start, end } = flow.parts[part].clone();
        let next = flow.parts.get(part + 1).map(|next| next.start);
        match self.free_line_end(flow.end(part)) {
            Some(line_end) if self.is_first(start) => self.remove_lines(self.line_start(start)..line_end),
            Some(_) => {
                let line = self.line_start(start);
                // A comment after several is about those that stay, too.
                let is_shared = (0..part).any(|other| flow.is_kept[other] && flow.parts[other].end > line);
                let comment = self.comments_in(flow.end(part)..self.next_line(flow.end(part))).first();
                let end = comment.filter(|_| !is_shared).map_or(flow.end(part), |comment| comment.end);
                let start = self.text[..start].trim_end_matches([' ', '\t']).len();
                self.replace(start..end, "");
            }
            None => {
                let kept = (0..part).rev().find(|before| flow.is_kept[*before]);
                let kept = kept.filter(|kept| self.line_for_added(flow, *kept).is_none());
                let range = match (next, kept.map(|kept| flow.parts[kept].end)) {
                    (Some(next), _) if self.comments_in(end..next).is_empty() => start..next,
                    (None, Some(before)) if self.comments_in(before..start).is_empty() => before..end,
                    _ => start..flow.end(part),
                };
                self.replace(range, "");
            }
        }
    }

    /// Puts texts after a part that stays, on lines of their own if it has one.
    fn add_after(&mut self, flow: &Flow, part: usize, texts: &[String]) {
        let end = flow.parts[part].end;
        let Some(line) = self.line_for_added(flow, part) else {
            return self.replace(end..end, format!(", {}", texts.join(", ")));
        };
        if flow.commas[part].is_none() {
            self.replace(end..end, ",");
        }
        let is_last = flow.last_kept() == Some(part) && !flow.has_last_comma();
        let lines = self.lines_in_flow(flow.parts[part].start, texts, !is_last);
        self.insert_lines(line, &lines);
    }

    /// Puts texts before all parts.
    fn add_first(&mut self, flow: &Flow, texts: &[String]) {
        let Some(start) = flow.parts.first().map(|first| first.start) else { return };
        let has_comma = flow.last_kept().is_some() || flow.has_last_comma();
        if self.is_first(start) {
            let lines = self.lines_in_flow(start, texts, has_comma);
            return self.insert_lines(self.line_start(start), &lines);
        }
        let comma = match (has_comma, flow.last_kept()) {
            (true, Some(_)) => ", ",
            (true, None) => ",",
            (false, _) => "",
        };
        self.replace(start..start, format!("{}{comma}", texts.join(", ")));
    }

    fn lines_in_flow(&self, like: usize, texts: &[String], has_last_comma: bool) -> String {
        let indent = " ".repeat(self.column(like));
        let comma = if has_last_comma { "," } else { "" };
        format!("{indent}{}{comma}\n", texts.join(&format!(",\n{indent}")))
    }

    /// The line where what is added after a part begins, if it gets one: where the part has its own, or a comment behind it.
    fn line_for_added(&self, flow: &Flow, part: usize) -> Option<usize> {
        let end = flow.end(part);
        let next = self.free_line_end(end).filter(|_| flow.added.contains_key(&Some(part)))?;
        let has_line = self.is_first(flow.parts[part].start) || !self.comments_in(end..next).is_empty();
        has_line.then_some(next)
    }

    /// The start of the next line, if nothing but a comment stands before it.
    fn free_line_end(&self, at: usize) -> Option<usize> {
        let next = self.next_line(at);
        let content = self.comment_on_line(at).unwrap_or(next);
        (self.text[at..content].trim().is_empty() && self.text[..next].ends_with('\n')).then_some(next)
    }

    /// The comma in a piece of text in which there are only comments beside it.
    fn comma_in(&self, range: Range<usize>) -> Option<usize> {
        let mut start = range.start;
        for comment in self.comments_in(range.clone()).iter().chain([&(range.end..range.end)]) {
            if let Some(comma) = self.text.get(start..comment.start)?.find(',') {
                return Some(start + comma);
            }
            start = comment.end;
        }
        None
    }
}
