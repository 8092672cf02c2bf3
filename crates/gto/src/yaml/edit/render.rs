//! Values as YAML text.
//!
//! Owns the choice between plain, quoted and block text, such that every reader of YAML 1.1 or 1.2 gets the same value
//! back. Lines end with a line feed here; the caller converts them to the file's line endings.

use std::fmt::Write as _;

use serde_json::Value as Json;
use serde_saphyr::granit_parser::ScalarStyle;

use crate::yaml::{Value, scalar};

/// How a file is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// The indentation of a mapping in a mapping, in columns.
    pub step: usize,
    /// The same for a list.
    pub list_step: usize,
    /// Whether the file is JSON, and is to stay so.
    pub is_json: bool,
}

/// A value on the line of its key, and the lines below that it needs.
pub(super) struct Rendered {
    pub inline: String,
    pub lines: String,
}

impl Rendered {
    fn inline(inline: String) -> Self {
        Self { inline, lines: String::new() }
    }
}

/// A value for a key that stands in `column`, outside of `[]` and `{}`.
pub(super) fn block(value: &Json, column: usize, style: Style) -> Rendered {
    match value {
        Json::Object(entries) if !entries.is_empty() => {
            let inner = column + style.step;
            let lines = entries.iter().map(|(key, value)| entry(key, value, inner, style));
            Rendered { inline: String::new(), lines: lines.collect() }
        }
        Json::Array(items) if !items.is_empty() => {
            Rendered { inline: String::new(), lines: self::items(items.iter(), column + style.list_step) }
        }
        Json::String(text) => match block_text(text, column + style.step) {
            Some(rendered) => rendered,
            None => Rendered::inline(line(text, None)),
        },
        value => Rendered::inline(flow(value)),
    }
}

/// Items of a block list in `column`, with their line ends. What is in a list is short here: it stays on its line.
pub(super) fn items<'a>(items: impl Iterator<Item = &'a Json>, column: usize) -> String {
    let dash = format!("{}- ", " ".repeat(column));
    items.flat_map(|item| [dash.clone(), flow(item), "\n".to_owned()]).collect()
}

/// An entry of a block mapping in `column`, with its line ends.
pub(super) fn entry(key: &str, value: &Json, column: usize, style: Style) -> String {
    let Rendered { inline, lines } = block(value, column, style);
    let space = if inline.is_empty() { "" } else { " " };
    format!("{}{}:{space}{inline}\n{lines}", " ".repeat(column), line(key, None))
}

/// A value on one line, in the way that is allowed within `[]` and `{}`, too.
pub(super) fn flow(value: &Json) -> String {
    inline(value, &|text| line_in_flow(text, None))
}

/// The same as JSON.
pub(super) fn json(value: &Json) -> String {
    inline(value, &double_quoted)
}

fn inline(value: &Json, quoted: &dyn Fn(&str) -> String) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            let items = items.iter().map(|item| inline(item, quoted));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Json::Object(entries) => {
            let entries =
                entries.iter().map(|(key, value)| format!("{}: {}", quoted(key), inline(value, quoted)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text on one line, quoted as the one in its place was, if it was.
pub(super) fn line(text: &str, like: Option<ScalarStyle>) -> String {
    quoted(text, like, is_plain(text))
}

/// The same within `[]` and `{}`.
pub(super) fn line_in_flow(text: &str, like: Option<ScalarStyle>) -> String {
    quoted(text, like, is_plain(text) && !text.contains([',', '[', ']', '{', '}']))
}

fn quoted(text: &str, like: Option<ScalarStyle>, may_be_plain: bool) -> String {
    let needs_escapes = text.chars().any(needs_escape);
    match like {
        _ if needs_escapes => double_quoted(text),
        Some(ScalarStyle::DoubleQuoted) => double_quoted(text),
        Some(ScalarStyle::SingleQuoted) => single_quoted(text),
        _ if may_be_plain => text.to_owned(),
        _ => single_quoted(text),
    }
}

/// A text of several lines, as they are.
pub(super) fn block_text(text: &str, column: usize) -> Option<Rendered> {
    let (body, header) = text.strip_suffix('\n').map_or((text, "|-"), |body| (body, "|"));
    let is_simple = !body.ends_with('\n') && !body.starts_with([' ', '\t', '\n']) && body.contains('\n');
    if !is_simple || body.chars().any(|c| c != '\n' && c != '\t' && needs_escape(c)) {
        return None;
    }
    let indent = " ".repeat(column);
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") };
    Some(Rendered { inline: header.to_owned(), lines: body.split('\n').map(line).collect() })
}

fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            // Such characters have four hexadecimal digits at most.
            c if needs_escape(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether the text without quotes is this text for everybody, outside of `[]` and `{}`.
fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '$'));
    let is_allowed = |c: char| !needs_escape(c) && c != '\u{85}';
    starts_well
        && text.chars().all(is_allowed)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains("\u{a0}")
        && !is_meant_otherwise(text)
}

/// Whether it is a number, a flag, a time or nothing, in this YAML or the one before, or a mark of its own.
pub(crate) fn is_meant_otherwise(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let lower = text.to_ascii_lowercase();
    WORDS.contains(&lower.as_str())
        || text.starts_with("...")
        || !matches!(scalar::plain(text), Value::Text(same) if same == text)
        // Dates, times, numbers with underscores and in base 60: `2024-01-02`, `1:30`, `0o7`, `.inf`.
        || text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && text.chars().all(|c| c.is_ascii_hexdigit() || "_.:-+oxXtTzZ infINFaA".contains(c))
            && !text.contains('/')
}
