//! The tags that were there before the policy, by the ids of their objects: they are valid as they are.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use crate::object_id::ObjectId;

/// The tags that no rule is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(HashMap<ObjectId, BTreeSet<String>>);

/// A line of the file `.gto-policy/baseline` that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no object id followed by the name of a tag")]
pub struct InvalidBaseline {
    /// Which line, from 1.
    pub line: usize,
}

impl Baseline {
    /// Larger files are refused: about a million tags.
    pub const MAX_SIZE: usize = 128 << 20;

    /// Reads lines of an object id and a tag's name. Empty lines, and those that begin with `#` and a space, say nothing.
    pub fn read(text: &str) -> Result<Self, InvalidBaseline> {
        let mut baseline = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with("# ") || line == "#" {
                continue;
            }
            let entry = line.split_once(' ').and_then(|(id, tag)| Some((id.parse().ok()?, tag.trim())));
            let (id, tag) =
                entry.filter(|(_, tag)| !tag.is_empty()).ok_or(InvalidBaseline { line: number + 1 })?;
            baseline.add(tag, id);
        }
        Ok(baseline)
    }

    /// The baseline of these tags, with the ids of their objects.
    pub fn of<'a>(tags: impl IntoIterator<Item = (&'a str, ObjectId)>) -> Self {
        let mut baseline = Self::default();
        tags.into_iter().for_each(|(tag, id)| baseline.add(tag, id));
        baseline
    }

    fn add(&mut self, tag: &str, id: ObjectId) {
        self.0.entry(id).or_default().insert(tag.to_owned());
    }

    /// The file's text, sorted by the names of the tags.
    pub fn to_text(&self) -> String {
        let tags = self.0.iter().flat_map(|(id, tags)| tags.iter().map(move |tag| (tag.as_str(), id)));
        let mut tags: Vec<(&str, &ObjectId)> = tags.collect();
        tags.sort_unstable();
        let head = "# Tags that were there before the policy: no rule is about them. `gto policy init` wrote this file.\n";
        tags.into_iter().fold(head.to_owned(), |mut text, (tag, id)| {
            let _ = writeln!(text, "{id} {tag}");
            text
        })
    }

    /// Whether the tag of that name is in it, with this object. The same object under another name is not.
    pub fn has(&self, tag: &str, id: &ObjectId) -> bool {
        self.0.get(id).is_some_and(|names| names.contains(tag))
    }

    /// How many tags.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_of_names_with_objects() {
        let id = ObjectId::from_bytes(&[7; 20]).unwrap();
        let baseline = Baseline::of([("m#prod#1", id)]);
        let read = Baseline::read(&baseline.to_text()).unwrap();
        assert_eq!(read, baseline);
        assert!(read.has("m#prod#1", &id) && !read.has("m#prod#2", &id));
        assert_eq!(Baseline::read("\n#\nm#prod#1\n"), Err(InvalidBaseline { line: 3 }));
    }
}
