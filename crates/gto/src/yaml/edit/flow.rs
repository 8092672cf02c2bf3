//! Edits within `[]` and `{}`.

use serde_json::{Map, Value as Json};

use super::layout::{Entry, Item, Kind};
use super::{Editor, UNSAFE, render};
use crate::yaml::Problem;

impl Editor<'_> {
    pub(super) fn flow_map(
        &mut self,
        map: &Item,
        entries: &[Entry],
        old: &Map<String, Json>,
        new: &Map<String, Json>,
    ) -> Result<(), Problem> {
        let gone: Vec<usize> = (0..entries.len())
            .filter(|&place| {
                let Kind::Scalar { text: key, .. } = &entries[place].key.kind else { return false };
                old.contains_key(key) && !new.contains_key(key)
            })
            .collect();
        let is_here = |key: &str| entries.iter().any(|entry| entry.is_named(key));
        let added = new.iter().filter(|(key, value)| !is_here(key) && old.get(*key) != Some(*value));
        let added: Vec<String> = added.map(|(key, value)| render::flow_entry(key, value)).collect();
        match gone.as_slice() {
            [] => {}
            [place] if added.is_empty() => self.remove_in_flow(entries, *place),
            _ => {
                self.replace(map.span.clone(), render::flow(&Json::Object(new.clone())));
                return Ok(());
            }
        }
        for entry in entries {
            let Kind::Scalar { text: key, .. } = &entry.key.kind else { continue };
            if let (Some(before), Some(after)) = (old.get(key), new.get(key)) {
                let is_nothing = entry.value.is_nothing() && before != after;
                if is_nothing {
                    return Err(self.error(entry.key.span.start, UNSAFE));
                }
                self.value(&entry.value, None, before, after)?;
            }
        }
        if let Some(last) = entries.last() {
            self.append_in_flow(map, last.key.start(), last.value.span.end.max(last.key.span.end), &added);
        }
        Ok(())
    }

    pub(super) fn remove_in_flow(&mut self, entries: &[Entry], place: usize) {
        let entry = &entries[place];
        let end = entry.value.span.end.max(entry.key.span.end);
        let before = place.checked_sub(1).map(|before| &entries[before]);
        let range = match (entries.get(place + 1), before) {
            (Some(next), _) => entry.key.start()..next.key.start(),
            (None, Some(before)) => before.value.span.end.max(before.key.span.end)..end,
            (None, None) => entry.key.start()..end,
        };
        self.replace(range, "");
    }

    /// Puts entries after the last one within `[]` or `{}`, on lines of their own if that one is.
    pub(super) fn append_in_flow(
        &mut self,
        collection: &Item,
        last_start: usize,
        last_end: usize,
        added: &[String],
    ) {
        if added.is_empty() {
            return;
        }
        let gap = &self.text[last_end..collection.span.end];
        let comma = comma_in(gap).map(|place| last_end + place + 1);
        let has_own_line = self.is_first(last_start) && gap.contains('\n');
        if !has_own_line {
            let added = added.join(", ");
            match comma {
                Some(comma) => self.replace(comma..comma, format!(" {added}")),
                None => self.replace(last_end..last_end, format!(", {added}")),
            }
            return;
        }
        let indent = " ".repeat(self.column(last_start));
        let tail = if comma.is_some() { "," } else { "" };
        if comma.is_none() {
            self.replace(last_end..last_end, ",");
        }
        let lines = added.join(&format!(",\n{indent}"));
        self.insert_lines(self.next_line(comma.unwrap_or(last_end)), &format!("{indent}{lines}{tail}\n"));
    }
}

/// The comma in the text between the last item and the closing bracket, where there are only comments beside it.
fn comma_in(gap: &str) -> Option<usize> {
    let mut is_comment = false;
    for (place, byte) in gap.bytes().enumerate() {
        match byte {
            b'\n' => is_comment = false,
            b'#' => is_comment = true,
            b',' if !is_comment => return Some(place),
            _ => {}
        }
    }
    None
}
