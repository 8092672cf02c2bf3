//! Values that JSON does not have, on their way from one file to another: `.inf`, times, keys that are no texts.
//!
//! Edits are made in JSON ([`super::edit`]), which turns these into texts. Owns putting them back as they stood, and finding out
//! whether two values are the same in every respect that a reader of YAML can see.

use std::cmp::Reverse;

use super::Source;
use crate::yaml::edit::is_meant_otherwise;
use crate::yaml::{Document, Node, Problem, Style, Value, printable};

/// A file's text, and which kind of file it is.
pub(crate) type File<'t> = (&'t Document, Source);

/// Makes the values of an entry in the file `to`, of which they are the JSON, those of the entry in the file `from`.
///
/// # Errors
/// If a value cannot be carried over as it is. Its place is that in `from`.
pub(crate) fn carry(from: File<'_>, to: File<'_>, entry: &str) -> Result<Document, Problem> {
    let old = fields(from, entry)?;
    let new = fields(to, entry)?;
    let mut differing = differences((old, from), (new, to))?;
    if differing.is_empty() {
        return Ok(to.0.clone());
    }
    // From the end, so that the places before stay what they are.
    differing.sort_by_key(|(_, there)| Reverse(there.written.map(|written| written.start)));
    let mut carried = to.0.text().to_owned();
    for (here, there) in differing {
        let (text, place) = raw(here, from.0.text()).zip(there.written).ok_or_else(|| unlike(here))?;
        let is_plain = here.written.is_some_and(|written| written.style == Style::Plain);
        if !is_plain || !is_simple(text) || carried.get(place.start..place.end).is_none() {
            return Err(unlike(here));
        }
        carried.replace_range(place.start..place.end, text);
    }
    let carried = to.0.with_text(carried);
    let to = (&carried, to.1);
    match differences((old, from), (fields(to, entry)?, to))?.first() {
        Some((here, _)) => Err(unlike(here)),
        None => Ok(carried.clone()),
    }
}

fn unlike(node: &Node) -> Problem {
    node.complain("a value of this kind would not arrive as it is")
}

/// The fields of an entry.
fn fields<'t>((document, source): File<'t>, entry: &str) -> Result<&'t [(Node, Node)], Problem> {
    let mut node = document.root().map_err(Clone::clone)?;
    for key in source.path(entry) {
        node = node.and_then(|node| match &node.value {
            Value::Map(entries) => {
                entries.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
            }
            _ => None,
        });
    }
    match node.map(|node| &node.value) {
        Some(Value::Map(fields)) => Ok(fields),
        _ => Err(Problem::nowhere(format!("there is no entry '{}'", printable(entry)))),
    }
}

/// The fields of an entry, and the file that has them.
type Fields<'n> = (&'n [(Node, Node)], File<'n>);

/// The scalars that are not the same in the fields that both kinds of file have.
///
/// # Errors
/// If the two are not even built alike.
fn differences<'n>(old: Fields<'n>, new: Fields<'n>) -> Result<Vec<(&'n Node, &'n Node)>, Problem> {
    let ((old, (old_text, source)), (new, (new_text, target))) = (old, new);
    let (old_text, new_text) = (old_text.text(), new_text.text());
    let find = |fields: &'n [(Node, Node)], name: &str| {
        fields.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
    };
    let names = [
        ("type", "type"),
        ("labels", "labels"),
        (source.description(), target.description()),
        (source.custom(), target.custom()),
    ];
    let mut compared = Compared { old_text, new_text, differing: Vec::new() };
    for (name, other) in names {
        match (find(old, name), find(new, other)) {
            (Some(old), Some(new)) => compared.compare(old, new)?,
            // Empty values are not written.
            (Some(old), None) if !says_nothing(old) => return Err(unlike(old)),
            _ => {}
        }
    }
    Ok(compared.differing)
}

fn says_nothing(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

struct Compared<'n> {
    old_text: &'n str,
    new_text: &'n str,
    differing: Vec<(&'n Node, &'n Node)>,
}

impl<'n> Compared<'n> {
    fn compare(&mut self, old: &'n Node, new: &'n Node) -> Result<(), Problem> {
        match (&old.value, &new.value) {
            (Value::List(items), Value::List(others)) if items.len() == others.len() => {
                items.iter().zip(others).try_for_each(|(old, new)| self.compare(old, new))
            }
            (Value::Map(entries), Value::Map(others)) if entries.len() == others.len() => {
                entries.iter().try_for_each(|(key, value)| {
                    let text = key.key()?;
                    let is_it = |(other, _): &&(Node, Node)| other.key().is_ok_and(|other| other == text);
                    let (other_key, other) = others.iter().find(is_it).ok_or_else(|| unlike(old))?;
                    self.compare(key, other_key)?;
                    self.compare(value, other)
                })
            }
            (Value::List(_) | Value::Map(_), _) | (_, Value::List(_) | Value::Map(_)) => Err(unlike(old)),
            _ => {
                if !self.is_same(old, new) {
                    self.differing.push((old, new));
                }
                Ok(())
            }
        }
    }

    fn is_same(&self, old: &Node, new: &Node) -> bool {
        match (&old.value, &new.value) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(old), Value::Bool(new)) => old == new,
            (Value::Number(old), Value::Number(new)) => old == new,
            (Value::Text(a), Value::Text(b)) => match (kind(old, self.old_text), kind(new, self.new_text)) {
                (Kind::Text, Kind::Text) => a == b,
                (Kind::Other(a), Kind::Other(b)) => a == b,
                _ => false,
            },
            _ => false,
        }
    }
}

/// What a reader may see in what is a text here.
enum Kind<'t> {
    Text,
    /// A time, a number that JSON does not have, …: as it stands.
    Other(&'t str),
    /// The value of a tag.
    Tagged,
}

fn kind<'t>(node: &Node, text: &'t str) -> Kind<'t> {
    let raw = raw(node, text).unwrap_or_default();
    let may_be_other = is_meant_otherwise(raw) || node.as_text().is_some_and(is_meant_otherwise);
    match node.written.map(|written| written.style) {
        Some(Style::Plain) if may_be_other => Kind::Other(raw),
        Some(Style::Plain | Style::Quoted) => Kind::Text,
        Some(Style::Tagged) | None => Kind::Tagged,
    }
}

/// A scalar as written in its file.
fn raw<'t>(node: &Node, text: &'t str) -> Option<&'t str> {
    text.get(node.written?.start..node.written?.end)
}

/// What stays what it is wherever it stands, in `[]` and `{}` too: all that is no text looks like that.
fn is_simple(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".:+-_~ ".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::artifacts_yaml;
    use crate::annotation::edit::{Changes, annotate};

    /// The custom data in `dvc.yaml`, moved there from `artifacts.yaml`.
    fn moved(custom: &str) -> Result<String, String> {
        let from = format!("m:\n  path: p\n  custom: {custom}\n");
        let annotation = artifacts_yaml::read(from.as_bytes()).artifacts.remove(0).1;
        let to = annotate("", Source::Dvc, "m", &Changes::all_of(&annotation)).unwrap();
        let read = |text: &str| Document::read(text, 1 << 20);
        let carried = carry((&read(&from), Source::Gto), (&read(&to), Source::Dvc), "m");
        let carried = carried.map_err(|problem| format!("{}:{}", problem.line, problem.column))?;
        Ok(carried.text().split_once("    meta:").unwrap().1.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_json_does_not_have_arrives_as_it_stood() {
        for value in [
            ".inf",
            "-.INF",
            ".nan",
            "2024-01-02",
            "2024-01-02 10:00:00 +5:30",
            "123456789012345678901234",
            "1e400",
            "1:30",
            "no",
            "'no'",
            "'2024-01-02'",
            "'.inf'",
            "Infinity",
            "text",
            "'3'",
        ] {
            assert_eq!(moved(value).unwrap(), value);
            assert_eq!(
                moved(&format!("[1, {value}, {{a: {value}}}]")).unwrap(),
                format!("- 1 - {value} - {{a: {value}}}")
            );
        }
        assert_eq!(
            moved("{1: a, true: b, 2024-01-02: c, '2': d, ~: e}").unwrap(),
            "1: a true: b 2024-01-02: c '2': d ~: e"
        );
        assert_eq!(moved("{a: &x .nan, b: *x}").unwrap(), "a: .nan b: .nan");
        assert_eq!(moved("'3d-model'").unwrap(), "3d-model");
    }

    #[test]
    fn what_cannot_arrive_is_told_with_its_place() {
        assert_eq!(moved("[a, !!timestamp '2024-01-02']").unwrap_err(), "3:27");
        assert_eq!(moved("{a: 2024-01-02\n      10:00:00}").unwrap_err(), "3:15");
    }

    #[test]
    fn a_text_is_not_the_time_that_it_looks_like() {
        let same = |a: &str, b: &str| {
            let file = |value: &str| Document::read(format!("m: {{custom: {{k: {value}}}}}\n"), 1 << 20);
            let (a, b) = (file(a), file(b));
            let (a, b) = ((&a, Source::Gto), (&b, Source::Gto));
            differences((fields(a, "m").unwrap(), a), (fields(b, "m").unwrap(), b)).unwrap().is_empty()
        };
        assert!(same("1.0", "1.00") && same("a", "'a'") && same("2024-01-02", "2024-01-02"));
        assert!(!same("2024-01-02", "'2024-01-02'") && !same(".inf", "Infinity") && !same("1", "1.0"));
    }
}
