//! Filling `${parameter}` in a `dvc.yaml`, as DVC does.
//!
//! Owns the values that fill and the grammar of what is filled; both are those of DVC 3.66.1 (`dvc/parsing/context.py` and
//! `interpolate.py`). What DVC makes of a list or a mapping within a text are arguments for a command, which no annotation
//! needs: that is refused.

use std::cell::Cell;
use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::{Map, Value as Json};

use crate::yaml::{Node, Value, printable};

/// So much may be filled into one file, in bytes: values may be large, and be used many times.
const MAX_FILLED: usize = 8 << 20;

/// The values that fill. A clone costs nothing, and shares the limit.
#[derive(Default, Clone)]
pub(super) struct Context {
    values: Rc<Map<String, Json>>,
    /// Those that come first: of one stage, and of one of its runs.
    own: Map<String, Json>,
    filled: Rc<Cell<usize>>,
}

/// A part of a text.
enum Part<'t> {
    Text(&'t str),
    /// The text between `${` and `}`.
    Expression(&'t str),
}

impl Context {
    /// Takes in more values. Mappings of one name are merged; any other name that is there already is refused.
    pub fn merge(&mut self, from: Map<String, Json>) -> Result<(), String> {
        merge(Rc::make_mut(&mut self.values), from)
    }

    /// Takes in values in place of those that have these names.
    pub fn set(&mut self, values: impl IntoIterator<Item = (String, Json)>) {
        self.own.extend(values);
    }

    /// The value with everything in it filled.
    pub fn fill(&self, node: &Node) -> Result<Json, String> {
        match &node.value {
            Value::Text(text) => self.fill_text(text),
            Value::List(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Map(entries) => {
                let entry = |(key, value): &(Node, Node)| {
                    let key = match key.as_text() {
                        Some(text) => plain(&self.fill_text(text)?)?,
                        None => key.key().map_err(|problem| problem.message)?.into_owned(),
                    };
                    Ok((key, self.fill(value)?))
                };
                entries.iter().map(entry).collect::<Result<Map<_, _>, String>>().map(Json::Object)
            }
            _ => Ok(node.to_json()),
        }
    }

    /// The text filled; if it is one `${…}` and nothing else, the value itself.
    pub fn fill_text(&self, text: &str) -> Result<Json, String> {
        let parts = parts(text);
        if let [Part::Expression(expression)] = parts[..] {
            let value = self.select(expression)?;
            self.charge(size(value))?;
            return Ok(value.clone());
        }
        let mut filled = String::new();
        for part in parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Expression(expression) => {
                    let value = plain(self.select(expression)?)?;
                    self.charge(value.len())?;
                    filled.push_str(&value);
                }
            }
        }
        Ok(Json::String(filled.replace("\\${", "${")))
    }

    fn charge(&self, size: usize) -> Result<(), String> {
        self.filled.set(self.filled.get().saturating_add(size));
        if self.filled.get() > MAX_FILLED {
            return Err(format!("the values filled in are larger than {} MiB", MAX_FILLED >> 20));
        }
        Ok(())
    }

    /// The value that `a.b[0]` names.
    fn select(&self, expression: &str) -> Result<&Json, String> {
        let shown = printable(expression);
        let words = words(expression).ok_or_else(|| format!("'${{{shown}}}' is no name of a parameter"))?;
        let missing = || format!("'${{{shown}}}' has no value in `params.yaml` or `vars`");
        let mut words = words.into_iter();
        let first = words
            .next()
            .and_then(|word| self.own.get(word).or_else(|| self.values.get(word)))
            .ok_or_else(missing)?;
        words
            .try_fold(first, |value, word| match value {
                Json::Object(map) => map.get(word),
                Json::Array(items) => items.get(place(word, items.len())?),
                _ => None,
            })
            .ok_or_else(missing)
    }
}

fn merge(into: &mut Map<String, Json>, from: Map<String, Json>) -> Result<(), String> {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Json::Object(into)), Json::Object(value)) => merge(into, value)?,
            (Some(_), _) => return Err(format!("'{}' has a value already", printable(&key))),
            (None, value) => {
                into.insert(key, value);
            }
        }
    }
    Ok(())
}

/// The values of a mapping; keys that are no text cannot be named, and are left out as DVC does.
pub(super) fn values(entries: &[(Node, Node)]) -> Map<String, Json> {
    let value = |node: &Node| match &node.value {
        Value::Map(entries) => Json::Object(values(entries)),
        _ => node.to_json(),
    };
    entries.iter().filter_map(|(key, node)| Some((key.as_text()?.to_owned(), value(node)))).collect()
}

/// Whether there is anything to fill in it.
pub(super) fn is_open(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.contains("${"),
        Value::List(items) => items.iter().any(is_open),
        Value::Map(entries) => entries.iter().any(|(key, value)| is_open(key) || is_open(value)),
        _ => false,
    }
}

/// A value as it is written into a text, which is how Python's `str` writes it.
pub(super) fn plain(value: &Json) -> Result<String, String> {
    match value {
        Json::Null => Ok("None".to_owned()),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) if number.is_f64() => Ok(python_float(number.as_f64().unwrap_or_default())),
        Json::Number(number) => Ok(number.to_string()),
        Json::Array(_) => Err("a list cannot be filled into a text".to_owned()),
        Json::Object(_) => Err("a mapping cannot be filled into a text".to_owned()),
    }
}

/// `1e-05` and `1e+16`, where Rust has `1e-5` and `1e16`. Both write the same digits.
fn python_float(number: f64) -> String {
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    let mut written = digits.strip_suffix(".0").unwrap_or(digits).to_owned();
    let _ = write!(written, "e{sign}{exponent:0>2}");
    written
}

/// About how many bytes a value takes.
fn size(value: &Json) -> usize {
    let inner: usize = match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(entries) => entries.iter().map(|(key, value)| key.len() + size(value)).sum(),
        _ => 0,
    };
    inner + size_of::<Json>()
}

/// Takes a text apart: DVC's `(?<!\\)\${(.*?)}`, where the dot is no line break.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let inner = start + 2;
        let line = text[inner..].split('\n').next().unwrap_or_default();
        match line.find('}') {
            Some(len) if !text[..start].ends_with('\\') => {
                if done < start {
                    parts.push(Part::Text(&text[done..start]));
                }
                parts.push(Part::Expression(&text[inner..inner + len]));
                done = inner + len + 1;
                from = done;
            }
            _ => from = inner,
        }
    }
    if done < text.len() {
        parts.push(Part::Text(&text[done..]));
    }
    parts
}

/// `a.b[0]` in words; `None` if it is not written so.
fn words(expression: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = expression;
    let mut is_index = false;
    loop {
        let end = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        let word = rest[..end].trim();
        if end == 0 {
            return None;
        }
        words.push(word);
        rest = &rest[end..];
        if is_index {
            rest = rest.strip_prefix(']')?;
        }
        if rest.is_empty() {
            return Some(words);
        }
        is_index = rest.starts_with('[');
        rest = rest.strip_prefix(['.', '['])?;
    }
}

/// The place in a list that `word` names; from the end if it is negative, as in Python.
fn place(word: &str, len: usize) -> Option<usize> {
    let number: isize = word.parse().ok()?;
    if number < 0 { len.checked_add_signed(number) } else { usize::try_from(number).ok() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context() -> Context {
        let mut context = Context::default();
        let values = json!({
            "lr": 0.00001, "big": 1e16, "one": 1.0, "n": 3, "on": true, "none": null, "dir": "models",
            "a": {"b": [{"c": "deep"}, 7], "0": "zero"}
        });
        let Json::Object(values) = values else { unreachable!() };
        context.merge(values).unwrap();
        context
    }

    /// Expected: what DVC 3.66.1 makes of it.
    #[test]
    fn texts_are_filled_as_dvc_fills_them() {
        for (text, expected) in [
            ("plain", json!("plain")),
            ("${dir}/m.pkl", json!("models/m.pkl")),
            ("${ dir }/${a.b[0].c}", json!("models/deep")),
            ("${n}", json!(3)),
            ("${none}", json!(null)),
            ("x ${none} ${on} ${n} ${one} ${lr} ${big}", json!("x None true 3 1.0 1e-05 1e+16")),
            ("${a.b}", json!([{"c": "deep"}, 7])),
            ("${a.b[-1]}", json!(7)),
            ("${a.b.1}", json!(7)),
            ("${a.0}", json!("zero")),
            (r"\${dir} and ${dir}", json!("${dir} and models")),
            ("${dir\n}", json!("${dir\n}")),
            ("$dir ${dir", json!("$dir ${dir")),
        ] {
            assert_eq!(context().fill_text(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_plain_value_is_refused() {
        for text in [
            "${}",
            "${x}",
            "${a..b}",
            "${.a}",
            "${a.}",
            "${a[0}",
            "${a]}",
            "${a.b[2]}",
            "${a.b.c}",
            "${n.m}",
            "${a.b} x",
            "x${a}",
            "${a.b[x]}",
        ] {
            assert!(context().fill_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn mappings_are_merged_and_nothing_is_redefined() {
        let mut context = context();
        let values = |value: Json| value.as_object().cloned().unwrap();
        assert_eq!(context.merge(values(json!({"a": {"new": 1}}))), Ok(()));
        assert_eq!(context.fill_text("${a.new}${a.0}"), Ok(json!("1zero")));
        assert_eq!(
            context.merge(values(json!({"a": {"new": 1}}))),
            Err("'new' has a value already".to_owned())
        );
    }

    #[test]
    fn a_large_value_cannot_be_filled_in_without_end() {
        let mut context = Context::default();
        context.merge(json!({"x": "x".repeat(1 << 20)}).as_object().cloned().unwrap()).unwrap();
        assert!(context.fill_text("${x} ").is_ok());
        assert!(context.fill_text(&"${x}".repeat(9)).unwrap_err().contains("larger than 8 MiB"));
    }
}
