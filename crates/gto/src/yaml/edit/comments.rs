//! The comments of a text before and after an edit.
//!
//! Owns what a comment belongs to, and the check that none is lost, doubled, or stands at something else now. It looks at both
//! texts and knows nothing of how the one became the other: a fault of the editor is to be seen here.

use std::collections::{BTreeMap, HashMap};

use super::align::align;
use super::layout::{self, Document, Item, Kind};
use super::{Editor, UNSAFE};
use crate::yaml::Problem;

/// The way to an entry or an item: which part it is of what it is in, from the root down.
type Way = Vec<usize>;

/// Why an edit is refused.
pub(super) const LOST: &str = "a comment would get lost, or stand at something else: make the change by hand";

/// Comments may go with what they belong to, and only with that.
pub(super) fn check(text: &str, document: &Document, edited: &str) -> Result<(), Problem> {
    let after = layout::read(edited).ok_or_else(|| Problem::nowhere(UNSAFE))?;
    let mut pairs = HashMap::from([(Way::new(), Way::new())]);
    if let (Some(old), Some(new)) = (&document.root, &after.root) {
        pair(old, new, (&mut Way::new(), &mut Way::new()), &mut pairs);
    }
    let editor = Editor::new(text, document);
    let had = editor.comments_by_owner(document);
    let mut has = Editor::new(edited, &after).comments_by_owner(&after);
    for (way, comments) in &had {
        let Some(now) = pairs.get(way) else { continue };
        let now = has.remove(now).unwrap_or_default();
        let shown = comments.iter().map(|(_, comment)| comment);
        if !shown.eq(now.iter().map(|(_, comment)| comment)) {
            return Err(editor.error(comments[0].0, LOST));
        }
    }
    // What is left belongs to something that had none.
    match has.values().flatten().next() {
        None => Ok(()),
        Some((_, comment)) => {
            let place = had.values().flatten().find(|(_, other)| other == comment);
            Err(place.map_or_else(|| Problem::nowhere(LOST), |(place, _)| editor.error(*place, LOST)))
        }
    }
}

impl<'a> Editor<'a> {
    /// The comments and where they begin, in their order, by what they belong to.
    fn comments_by_owner(&self, document: &Document) -> BTreeMap<Way, Vec<(usize, &'a str)>> {
        let mut owners: BTreeMap<Way, Vec<_>> = BTreeMap::new();
        for comment in self.comments {
            let owner =
                document.root.as_ref().map(|root| self.owner(root, comment.start)).unwrap_or_default();
            owners.entry(owner).or_default().push((comment.start, self.text[comment.clone()].trim_end()));
        }
        owners
    }

    /// What a comment belongs to. Behind something on its line: the innermost entry or item that began before it and can still
    /// go on there. On a line of its own: the innermost one that it stands in the midst of, or to the right of below it.
    fn owner(&self, root: &Item, comment: usize) -> Way {
        let before = &self.text[self.line_start(comment)..comment];
        let has_own_line = before.trim_start_matches('\u{feff}').trim().is_empty();
        let column = self.column(comment);
        let mut way = Way::new();
        let mut item = root;
        loop {
            let is_flow = item.is_flow();
            if is_flow && !item.span.contains(&comment) {
                return way;
            }
            let Some((part, value)) = self.last_part_before(item, comment) else { return way };
            let is_within = comment < self.content_end(value);
            let is_right = !is_flow && column > self.column(self.part_start(item, part));
            if has_own_line && !is_within && !is_right {
                return way;
            }
            way.push(part);
            item = value;
        }
    }

    fn last_part_before<'i>(&self, collection: &'i Item, at: usize) -> Option<(usize, &'i Item)> {
        let (mut from, mut to) = (0, collection.parts());
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.part_start(collection, middle) < at {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        let part = from.checked_sub(1)?;
        Some((part, collection.part(part)?))
    }

    /// Where a part of a collection begins: its key, or its dash.
    fn part_start(&self, collection: &Item, part: usize) -> usize {
        match &collection.kind {
            Kind::Map { entries, .. } => entries[part].key.start(),
            Kind::List { is_flow, items } => {
                let start = items[part].start();
                if *is_flow { start } else { self.dash(&items[part]).unwrap_or(start) }
            }
            _ => collection.start(),
        }
    }
}

/// Notes the ways to what is in both texts.
fn pair(old: &Item, new: &Item, (old_way, new_way): (&mut Way, &mut Way), pairs: &mut HashMap<Way, Way>) {
    for (a, b) in same_parts(old, new) {
        old_way.push(a);
        new_way.push(b);
        pairs.insert(old_way.clone(), new_way.clone());
        if let (Some(old), Some(new)) = (old.part(a), new.part(b)) {
            pair(old, new, (old_way, new_way), pairs);
        }
        old_way.pop();
        new_way.pop();
    }
}

/// Which parts of two collections are the same ones: those of the same key; items of the same value, wherever they stand, and
/// those that were changed within.
fn same_parts(old: &Item, new: &Item) -> Vec<(usize, usize)> {
    match (&old.kind, &new.kind) {
        (Kind::Map { entries: old, .. }, Kind::Map { entries: new, .. }) => {
            let places: HashMap<_, _> = new
                .iter()
                .enumerate()
                .filter_map(|(place, entry)| Some((entry.key.text()?, place)))
                .collect();
            let place = |(place, key): (usize, Option<&str>)| Some((place, *places.get(key?)?));
            old.iter().map(|entry| entry.key.text()).enumerate().filter_map(place).collect()
        }
        (Kind::List { items: old, .. }, Kind::List { items: new, .. }) => {
            let places = align(old, new, Item::is_like, |old, new| {
                let is_filled = old.part(0).is_some() && new.part(0).is_some();
                is_filled && std::mem::discriminant(&old.kind) == std::mem::discriminant(&new.kind)
            });
            let mut free: Vec<usize> =
                (0..new.len()).filter(|place| !places.contains(&Some(*place))).collect();
            let mut pairs = Vec::new();
            for (place, found) in places.into_iter().enumerate() {
                let found = found.or_else(|| {
                    let moved = free.iter().position(|new_place| old[place].is_like(&new[*new_place]))?;
                    Some(free.remove(moved))
                });
                pairs.extend(found.map(|found| (place, found)));
            }
            pairs
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an edit like this would get through.
    fn may(text: &str, edited: &str) -> bool {
        check(text, &layout::read(text).unwrap(), edited).is_ok()
    }

    #[test]
    fn a_comment_goes_with_what_it_belongs_to_and_only_with_that() {
        let text =
            "# top\na: 1 # a\n# about b\nb: # b\n  # in b\n  c: [x, # x\n    z] # c\n  # below c\n# end\n";
        assert!(may(text, text));
        for (line, comment) in text.lines().filter_map(|line| Some((line, &line[line.find('#')?..]))) {
            assert!(!may(text, &text.replace(comment, "")), "{line}");
            assert!(!may(text, &text.replace(comment, &format!("{comment}!"))), "{line}");
            assert!(!may(text, &format!("{text}{comment}\n")), "{line}");
        }
        for (old, new) in [("a: 1 # a\n", ""), ("x, # x\n", ""), ("a: 1", "a: [1]"), ("z]", "k,\n z]")] {
            assert!(may(text, &text.replace(old, new)), "{old}");
        }
        assert!(may(text, "# top\na: 1 # a\n# about b\n# end\n"));
        for (old, new) in [
            ("a: 1", "a: 1\nk: 1"),
            ("z]", "z, k]"),
            ("x, # x\n    z] # c", "x, # c\n    z] # x"),
            ("# x\n    z", "z # x\n    "),
            ("  c:", "  k: 1\n  c:"),
        ] {
            let is_moved = old.contains('#') || old == "a: 1";
            assert_eq!(may(text, &text.replace(old, new)), !is_moved, "{old}");
        }
    }

    #[test]
    fn comments_are_seen_wherever_they_are_and_texts_are_none() {
        let text = "%YAML 1.2 # 1\n--- # 2\n? a # 3\n: |- # 4\n  # text\n# 5\nb: &x # 6\n  - !!str # 7\n    'x # y'\n  -\t# 8\n    x#y\nc: {k: 1, # 9\n # 10\n l: \"a\n # b\"} # 11\n... # 12\n";
        let document = layout::read(text).unwrap();
        let shown: Vec<&str> = document.comments.iter().map(|comment| &text[comment.clone()]).collect();
        assert_eq!(shown, (1..13).map(|number| format!("# {number}")).collect::<Vec<_>>());
        let many = format!("a: [\n{}]\n", "# c\n".repeat(5000));
        assert_eq!(layout::read(&many).unwrap().comments.len(), 5000);
    }
}
