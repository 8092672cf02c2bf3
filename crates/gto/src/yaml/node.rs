//! The values of a YAML file, each with its place, and what can be wrong with one.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::text::printable;

/// What is wrong, in one clause without control characters, and where (both from 1, 0 where unknown).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

impl Problem {
    /// A problem that has no place.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self { message: message.into(), line: 0, column: 0 }
    }
}

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub value: Value,
    pub line: usize,
    pub column: usize,
    /// Its notation in the file; `None` if it is not a scalar, or not from a file.
    pub written: Option<Written>,
}

/// The notation of a scalar in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub style: Style,
    /// Where it begins and ends, in bytes.
    pub start: usize,
    pub end: usize,
}

/// What determines the kind of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// What it looks like.
    Plain,
    /// Quotes, or a block: it is a text.
    Quoted,
    /// A tag.
    Tagged,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A finite number that JSON can hold.
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; keys may be repeated, see [`Node::problem`].
    Map(Vec<(Node, Node)>),
    /// Cannot be read, with the reason.
    Invalid(String),
}

impl Node {
    /// A problem that begins where this value begins.
    pub fn complain(&self, message: impl Into<String>) -> Problem {
        Problem { message: message.into(), line: self.line, column: self.column }
    }

    /// The first thing in here that no reader can use: an unreadable value, a repeated key, a key that is no text.
    pub fn problem(&self) -> Option<Problem> {
        match &self.value {
            Value::Invalid(message) => Some(self.complain(message)),
            Value::List(items) => items.iter().find_map(Self::problem),
            Value::Map(entries) => {
                let mut seen = HashSet::new();
                entries.iter().find_map(|(key, value)| match key.key() {
                    Err(problem) => Some(problem),
                    Ok(text) if seen.contains(text.as_ref()) => {
                        Some(key.complain(format!("repeated key '{}'", printable(&text))))
                    }
                    Ok(text) => {
                        seen.insert(text);
                        value.problem()
                    }
                })
            }
            _ => None,
        }
    }

    /// The text of this value as a key of a JSON object, as Python's `json` writes keys.
    pub fn key(&self) -> Result<Cow<'_, str>, Problem> {
        match &self.value {
            Value::Text(text) => Ok(Cow::Borrowed(text)),
            Value::Null => Ok(Cow::Borrowed("null")),
            Value::Bool(flag) => Ok(Cow::Owned(flag.to_string())),
            Value::Number(number) => Ok(Cow::Owned(number.to_string())),
            Value::Invalid(message) => Err(self.complain(message)),
            Value::List(_) | Value::Map(_) => Err(self.complain("a key must be a text or a number")),
        }
    }

    /// The kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a yes or no",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Invalid(_) => "an unreadable value",
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The flag, in any spelling that pydantic takes for a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => match number.as_f64() {
                Some(1.0) => Some(true),
                Some(0.0) => Some(false),
                _ => None,
            },
            Value::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
                "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value as JSON; of repeated keys the last. Ask [`Self::problem`] first.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null | Value::Invalid(_) => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => {
                let entry =
                    |(key, value): &(Self, Self)| Some((key.key().ok()?.into_owned(), value.to_json()));
                Json::Object(entries.iter().filter_map(entry).collect())
            }
        }
    }

    /// A value that does not come from a file, without a position.
    pub fn from_json(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => Value::Number(number),
            Json::String(text) => Value::Text(text),
            Json::Array(items) => Value::List(items.into_iter().map(Self::from_json).collect()),
            Json::Object(entries) => Value::Map(
                entries.into_iter().map(|(k, v)| (Self::from_json(k.into()), Self::from_json(v))).collect(),
            ),
        };
        Self { value, line: 0, column: 0, written: None }
    }
}
