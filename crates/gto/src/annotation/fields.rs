//! The fields of an annotation that `artifacts.yaml` and `dvc.yaml` write alike.
//!
//! Defines the valid values of fields, and the messages for invalid ones.

use super::path::normal;
use crate::yaml::{Node, Problem, Value, printable};

/// The message for a value of the wrong type.
pub(crate) fn wrong(field: &str, expected: &str, value: &Node) -> Problem {
    let kind = match &value.value {
        Value::Text(text) => format!("'{}'", printable(text)),
        Value::Number(number) => number.to_string(),
        _ => value.kind().to_owned(),
    };
    value.complain(format!("'{field}' must be {expected}, not {kind}"))
}

/// The message for an unknown field, which is usually a typo.
pub(crate) fn unknown_field(key: &Node) -> Problem {
    match key.key() {
        Ok(name) => key.complain(format!("'{}' is no field that is known here", printable(&name))),
        Err(problem) => problem,
    }
}

/// The message for a path, relative to the root of the repository, that scripts should not use; `value` is where it
/// stands.
pub(crate) fn odd_path(path: &str, value: &Node) -> Option<Problem> {
    if path.chars().any(char::is_control) {
        return Some(value.complain("'path' has control characters"));
    }
    let is_outside =
        !path.contains("://") && (path.starts_with('/') || normal("", path).split('/').next() == Some(".."));
    is_outside.then(|| value.complain("'path' leads out of the repository"))
}

pub(crate) fn text(field: &str, value: &Node) -> Result<String, Problem> {
    value.as_text().map(str::to_owned).ok_or_else(|| wrong(field, "a text", value))
}

pub(crate) fn optional_text(field: &str, value: &Node) -> Result<Option<String>, Problem> {
    if matches!(value.value, Value::Null) { Ok(None) } else { text(field, value).map(Some) }
}

pub(crate) fn labels(value: &Node) -> Result<Vec<String>, Problem> {
    match &value.value {
        Value::List(items) => items.iter().map(|item| text("labels", item)).collect(),
        _ => Err(wrong("labels", "a list of texts", value)),
    }
}
