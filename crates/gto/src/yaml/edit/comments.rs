//! The comments of a text before and after an edit.
//!
//! Owns what a comment belongs to, and the check that none is lost, doubled, or stands at something else now. It looks at both
//! texts and knows nothing of how the one became the other: a fault of the editor is to be seen here.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::align::align;
use super::editor::{Editor, UNSAFE};
use super::layout::{self, Document, Item, Kind};
use crate::yaml::Problem;

/// The way to an entry or an item: which part it is of what it is in, from the root down.
type Way = Vec<usize>;

/// Why an edit is refused.
pub(super) const LOST: &str = "a comment would get lost, or stand at something else: make the change by hand";

struct Comment<'a> {
    start: usize,
    text: &'a str,
    has_own_line: bool,
}

/// What is in both texts.
#[derive(Default)]
struct Kept {
    /// Where it is in the one and in the other.
    ways: HashMap<Way, Way>,
    /// Where it is in the one, if something in it has gone.
    shrunk: HashSet<Way>,
}

/// Comments may go with what they belong to, and only with that. One on a line of its own behind the last thing of a collection
/// stands behind the collection once that thing is gone, and may belong to what is around it then.
pub(super) fn check(text: &str, document: &Document, edited: &str) -> Result<(), Problem> {
    let after = layout::read(edited).ok_or_else(|| Problem::nowhere(UNSAFE))?;
    let mut kept = Kept::default();
    kept.ways.insert(Way::new(), Way::new());
    if let (Some(old), Some(new)) = (&document.root, &after.root) {
        kept.pair(old, new, (&mut Way::new(), &mut Way::new()));
    }
    let editor = Editor::new(text, document);
    let had = editor.comments_by_owner(document);
    let mut has = Editor::new(edited, &after).comments_by_owner(&after);
    let mut risen: HashMap<&str, VecDeque<(&Way, usize)>> = HashMap::new();
    for (way, comments) in &had {
        let Some(new_way) = kept.ways.get(way) else { continue };
        let new = has.entry(new_way.clone()).or_default();
        let places = align(comments, new, |old, new| old.text == new.text, |_, _| false);
        for (comment, _) in comments.iter().zip(&places).filter(|(_, place)| place.is_none()) {
            if !comment.has_own_line || !kept.shrunk.contains(way) {
                return Err(editor.error(comment.start, LOST));
            }
            risen.entry(comment.text).or_default().push_back((new_way, comment.start));
        }
        let mut place = 0..;
        new.retain(|_| !places.contains(&place.next()));
    }
    for (way, comment) in has.iter().flat_map(|(way, comments)| comments.iter().map(move |one| (way, one))) {
        let is_around = |(inner, _): &(&Way, usize)| {
            comment.has_own_line && inner.len() > way.len() && inner.starts_with(way)
        };
        let risen = risen.get_mut(comment.text);
        let found = risen.and_then(|risen| risen.remove(risen.iter().position(is_around)?));
        if found.is_none() {
            let place = had.values().flatten().find(|other| other.text == comment.text);
            return Err(place.map_or_else(|| Problem::nowhere(LOST), |place| editor.error(place.start, LOST)));
        }
    }
    match risen.values().flatten().map(|(_, start)| *start).min() {
        Some(lost) => Err(editor.error(lost, LOST)),
        None => Ok(()),
    }
}

impl<'a> Editor<'a> {
    /// The comments in their order, by what they belong to.
    fn comments_by_owner(&self, document: &Document) -> BTreeMap<Way, Vec<Comment<'a>>> {
        let mut owners: BTreeMap<Way, Vec<_>> = BTreeMap::new();
        // Of comments below each other, those further to the right belong to what the ones above belong to.
        let mut above: Option<(usize, usize)> = None;
        for comment in self.comments {
            let before = &self.text[self.line_start(comment.start)..comment.start];
            let has_own_line = before.trim_start_matches('\u{feff}').trim().is_empty();
            let column = self.column(comment.start);
            let column = match above {
                Some((end, above)) if self.text[end..comment.start].trim().is_empty() => column.min(above),
                _ => column,
            };
            above = has_own_line.then_some((comment.end, column));
            let own_column = has_own_line.then_some(column);
            let root = document.root.as_ref();
            let owner = root.map(|root| self.owner(root, comment.start, own_column)).unwrap_or_default();
            let text = self.text[comment.clone()].trim_end();
            owners.entry(owner).or_default().push(Comment { start: comment.start, text, has_own_line });
        }
        owners
    }

    /// What a comment belongs to. Behind something on its line: the innermost entry or item that began before it and can still
    /// go on there. On a line of its own, in a column: the innermost one that it stands in the midst of, or to the right of
    /// below it.
    fn owner(&self, root: &Item, comment: usize, own_column: Option<usize>) -> Way {
        let mut way = Way::new();
        let mut item = root;
        loop {
            let is_flow = item.is_flow();
            if is_flow && !item.span.contains(&comment) {
                return way;
            }
            let Some((part, value)) = self.last_part_before(item, comment) else { return way };
            let is_within = comment < self.content_end(value);
            let is_left = |column| is_flow || column <= self.column(self.part_start(item, part));
            if !is_within && own_column.is_some_and(is_left) {
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

impl Kept {
    /// Notes what is in both.
    fn pair(&mut self, old: &Item, new: &Item, (old_way, new_way): (&mut Way, &mut Way)) {
        let parts = same_parts(old, new);
        if parts.len() < old.parts() {
            self.shrunk.extend((0..=old_way.len()).map(|depth| old_way[..depth].to_vec()));
        }
        for (a, b) in parts {
            old_way.push(a);
            new_way.push(b);
            self.ways.insert(old_way.clone(), new_way.clone());
            if let (Some(old), Some(new)) = (old.part(a), new.part(b)) {
                self.pair(old, new, (old_way, new_way));
            }
            old_way.pop();
            new_way.pop();
        }
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
    fn a_comment_on_its_own_line_may_end_behind_what_has_lost_its_last_thing() {
        let text = "a:\n  k:\n  - 1\n  # in k\n  - 2\n# in a\n  l: 1 # l\n# end\n  # below end\nb: 1\n";
        for gone in ["  - 2\n", "  l: 1 # l\n", "  - 2\n# in a\n  l: 1 # l\n"] {
            let edited = text.replace(gone, "");
            assert_eq!(may(text, &edited), !gone.contains("# in a"), "{gone:?}");
            assert!(!may(text, &edited.replace("# end\n", "")), "{gone:?}");
            assert!(!may(text, &edited.replace("# end\n", "# end\n# in k\n")), "{gone:?}");
        }
        // Nothing has gone, or it does not stand around what it was in.
        assert!(!may(text, &text.replace("# in a\n  l: 1 # l\n", "  l: 1 # l\n# in a\n")));
        assert!(!may(text, &text.replace("  # in k\n  - 2\n", "").replace("b: 1", "b: 1\n  # in k")));
        assert!(!may(text, &text.replace("  # in k\n  - 2\n", "").replace("l: 1", "l: 1 # in k")));
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
