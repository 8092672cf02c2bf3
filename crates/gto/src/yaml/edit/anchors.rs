//! Anchors that are in the way of an edit.
//!
//! Owns only where to look: whether an edit is refused is decided by what the text says after it.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::editor::{Editor, UNSAFE};
use super::layout::{Entry, Item, Kind};
use crate::yaml::Problem;

impl Editor<'_> {
    /// The first anchor that something else refers to and whose value would have changed.
    pub(super) fn anchor_in_the_way(&self, root: &Item, touched: &[Range<usize>]) -> Option<usize> {
        let (mut anchors, mut aliases) = (Vec::new(), HashSet::new());
        visit(root, &mut |item| {
            if let Kind::Alias(name) = &item.kind {
                if !touched.iter().any(|range| range.contains(&item.span.start)) {
                    aliases.insert(name.trim_start_matches('*').to_owned());
                }
            } else if let Some(properties) = &item.properties {
                anchors.push((properties.clone(), item));
            }
        });
        let is_in_the_way = |(properties, item): &(Range<usize>, &Item)| {
            let mut words = self.text[properties.clone()].split_whitespace();
            let (start, end) = (item.start(), self.content_end(item));
            let is_touched = |range: &Range<usize>| {
                let is_put_in =
                    range.is_empty() && range.start > start && range.start <= self.line_after(end);
                is_put_in || range.start < end && range.end > start
            };
            words.any(|word| word.strip_prefix('&').is_some_and(|name| aliases.contains(name)))
                && touched.iter().any(is_touched)
        };
        anchors.iter().find(|anchor| is_in_the_way(anchor)).map(|(properties, _)| properties.start)
    }

    /// What is merged in from elsewhere cannot be taken out here.
    pub(super) fn check_merged(
        &self,
        entries: &[Entry],
        old: &Map<String, Json>,
        new: &Map<String, Json>,
    ) -> Result<(), Problem> {
        let own: HashSet<&str> = entries.iter().filter_map(|entry| entry.key.text()).collect();
        if old.keys().all(|key| new.contains_key(key) || own.contains(key.as_str())) {
            return Ok(());
        }
        let merge = entries.iter().find(|entry| entry.is_named("<<"));
        Err(merge.map_or_else(|| Problem::nowhere(UNSAFE), |merge| self.error(merge.key.start(), UNSAFE)))
    }
}

fn visit<'a>(item: &'a Item, see: &mut impl FnMut(&'a Item)) {
    see(item);
    match &item.kind {
        Kind::Map { entries, .. } => {
            for entry in entries {
                visit(&entry.key, see);
                visit(&entry.value, see);
            }
        }
        Kind::List { items, .. } => items.iter().for_each(|item| visit(item, see)),
        _ => {}
    }
}
