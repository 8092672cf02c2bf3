//! What is different between two versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::view::content::{Content, File};

/// What is different between two versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Differences {
    pub annotation: Changes,
    pub parameters: Changes,
    pub metrics: Changes,
    pub files: Changes,
}

/// What is different in one respect.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Changes {
    pub changes: Vec<Change>,
    /// What is in both, and the same.
    pub unchanged: usize,
}

/// Something that is different.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    pub key: String,
    /// `changed`, `new` or `removed`.
    #[schema(value_type = String)]
    pub kind: &'static str,
    #[schema(required)]
    pub from: Option<String>,
    #[schema(required)]
    pub to: Option<String>,
    /// By how much, of numbers.
    #[schema(required)]
    pub by: Option<String>,
}

impl Differences {
    /// From one to the other.
    pub fn new(from: &Content, to: &Content) -> Self {
        Self {
            annotation: changes(&from.annotation, &to.annotation),
            parameters: changes(&from.parameters, &to.parameters),
            metrics: changes(&from.metrics, &to.metrics),
            files: of_files(&from.files, &to.files),
        }
    }

    /// With their headings, those in which there is anything.
    pub fn shown(&self) -> Vec<(&'static str, &Changes)> {
        let all = [
            ("Metrics", &self.metrics),
            ("Parameters", &self.parameters),
            ("Files", &self.files),
            ("What it is", &self.annotation),
        ];
        all.into_iter().filter(|(_, changes)| !changes.changes.is_empty() || changes.unchanged > 0).collect()
    }

    /// Whether anything is different.
    pub fn is_any(&self) -> bool {
        self.shown().iter().any(|(_, changes)| !changes.changes.is_empty())
    }
}

fn changes(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Changes {
    let mut found = Changes::default();
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for key in keys {
        let (before, after) = (from.get(key), to.get(key));
        if before == after {
            found.unchanged += 1;
            continue;
        }
        found.changes.push(Change {
            key: key.clone(),
            kind: kind(before.is_some(), after.is_some()),
            by: before.zip(after).and_then(|(before, after)| by(before, after)),
            from: before.cloned(),
            to: after.cloned(),
        });
    }
    found
}

fn kind(was: bool, is: bool) -> &'static str {
    match (was, is) {
        (true, true) => "changed",
        (false, _) => "new",
        (true, false) => "removed",
    }
}

/// By how much a number is another one.
fn by(before: &str, after: &str) -> Option<String> {
    let (before, after): (f64, f64) = (before.parse().ok()?, after.parse().ok()?);
    let by = after - before;
    let rounded = (by * 1e6).round() / 1e6;
    rounded.is_finite().then(|| format!("{}{rounded}", if rounded > 0.0 { "+" } else { "" }))
}

fn of_files(from: &[File], to: &[File]) -> Changes {
    let by_path = |files: &[File]| files.iter().map(|file| (file.path.clone(), file.clone())).collect();
    let (before, after): (BTreeMap<String, File>, BTreeMap<String, File>) = (by_path(from), by_path(to));
    let mut found = Changes::default();
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let (was, is) = (before.get(path), after.get(path));
        if was.map(|file| &file.hash) == is.map(|file| &file.hash) {
            found.unchanged += 1;
            continue;
        }
        let size = |file: Option<&File>| {
            file.map(|file| file.size.map_or_else(|| "kept by DVC".to_owned(), |_| file.shown_size()))
        };
        let kind = kind(was.is_some(), is.is_some());
        found.changes.push(Change { key: path.clone(), kind, from: size(was), to: size(is), by: None });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_changed_removed_and_the_same_is_told_apart() {
        let map =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let found = changes(
            &map(&[("a", "0.81"), ("b", "x"), ("c", "1")]),
            &map(&[("a", "0.86"), ("c", "1"), ("d", "2")]),
        );
        let told: Vec<_> = found.changes.iter().map(|c| (c.key.as_str(), c.kind, c.by.as_deref())).collect();
        assert_eq!(told, [("a", "changed", Some("+0.05")), ("b", "removed", None), ("d", "new", None)]);
        assert_eq!(found.unchanged, 1);
    }
}
