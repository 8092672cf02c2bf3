//! The files from which a `dvc.yaml` takes parameters: YAML, JSON and TOML.
//!
//! Owns reading their values as DVC 3.66.1 does (`dvc/utils/serialize/`), where the suffix says what a file is.
//! Parameters in Python files, which DVC reads with Python's own parser, are refused. See `interpolate` for their use.

use serde_json::{Map, Value as Json};

use super::MAX_SIZE;
use super::interpolate as fill;
use crate::yaml::{self, Problem, Value, printable};

/// A file that fills parameters: its bytes, that there is none, or why it cannot be read.
pub type Loaded = Result<Option<Vec<u8>>, String>;

/// The values in a file; `None` if there is no such file.
pub(super) fn read(path: &str, loaded: Loaded) -> Result<Option<Map<String, Json>>, String> {
    let shown = printable(path);
    let Some(bytes) = loaded.map_err(|why| format!("'{shown}' cannot be read: {why}"))? else {
        return Ok(None);
    };
    if bytes.len() > MAX_SIZE {
        return Err(format!("'{shown}' is larger than {} MiB", MAX_SIZE >> 20));
    }
    let suffix = path.rsplit_once('.').map(|(_, suffix)| suffix.to_ascii_lowercase());
    let values = match suffix.as_deref() {
        Some("py") => return Err(format!("'{shown}' cannot be read: Python parameters are not read here")),
        Some("toml") => from_toml(&bytes),
        Some("json") => from_json(&bytes),
        _ => from_yaml(&bytes),
    };
    values.map(Some).map_err(|problem| match problem {
        Problem { line: 0, message, .. } => format!("'{shown}' {message}"),
        Problem { line, column, message } => format!("'{shown}', line {line}, column {column}: {message}"),
    })
}

/// The message for the whole file.
fn of_file(message: impl Into<String>) -> Problem {
    Problem { message: message.into(), line: 0, column: 0 }
}

fn from_yaml(bytes: &[u8]) -> Result<Map<String, Json>, Problem> {
    match yaml::parse(bytes, MAX_SIZE)? {
        None => Ok(Map::new()),
        Some(node) => match (node.problem(), &node.value) {
            (Some(problem), _) => Err(problem),
            (None, Value::Map(entries)) => Ok(fill::values(entries)),
            (None, _) => Err(of_file(format!("must be a mapping, not {}", node.kind()))),
        },
    }
}

fn from_json(bytes: &[u8]) -> Result<Map<String, Json>, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(values)) => Ok(values),
        Ok(_) => Err(of_file("must be a mapping")),
        Err(error) => {
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or_default();
            Err(Problem { message: printable(message), line: error.line(), column: error.column() })
        }
    }
}

fn from_toml(bytes: &[u8]) -> Result<Map<String, Json>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| of_file("is no text in UTF-8"))?;
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        Problem {
            message: printable(error.message()),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    })?;
    table.into_iter().map(|(key, value)| Ok((key, of_toml(value)?))).collect()
}

fn of_toml(value: toml::Value) -> Result<Json, Problem> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) if number.is_finite() => number.into(),
        // As Python writes it.
        toml::Value::Float(number) => number.to_string().to_lowercase().into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => {
            return Err(of_file(format!("has the date {date}, which DVC does not take for a parameter")));
        }
        toml::Value::Array(items) => items.into_iter().map(of_toml).collect::<Result<_, _>>()?,
        toml::Value::Table(table) => {
            let entry = |(key, value)| Ok((key, of_toml(value)?));
            Json::Object(table.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(path: &str, text: &str) -> Result<Json, String> {
        read(path, Ok(Some(text.as_bytes().to_vec()))).map(|values| Json::Object(values.unwrap()))
    }

    #[test]
    fn the_suffix_says_what_a_file_is() {
        let toml = "name = 'm'\nn = 3\n[train]\nlr = 1e-5\non = true\nlist = [1, 'x', inf]\n[train.deep]\nx = \"y\"\n";
        let expected = json!({"name": "m", "n": 3,
                              "train": {"lr": 1e-5, "on": true, "list": [1, "x", "inf"], "deep": {"x": "y"}}});
        assert_eq!(values("a/b.toml", toml), Ok(expected.clone()));
        assert_eq!(values("b.TOML", toml), Ok(expected));
        // Neither the tab nor the pair of halves is YAML.
        let json = "{\t\"a\": \"\\ud83d\\ude00\", \"a.b\": [1, null]}";
        assert_eq!(values("b.json", json), Ok(json!({"a": "😀", "a.b": [1, null]})));
        assert_eq!(values("b.yaml", "a: {b: 1}\n"), Ok(json!({"a": {"b": 1}})));
        assert_eq!(values("b", ""), Ok(json!({})));
        assert_eq!(read("b.toml", Ok(None)), Ok(None));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (path, text, expected) in [
            ("b.toml", "a = 1\nb = \n", "'b.toml', line 2, column 5: "),
            ("b.toml", "a = 1\na = 2\n", "'b.toml', line 2, column 1: duplicate key"),
            ("b.toml", "a = 1979-05-27\n", "'b.toml' has the date 1979-05-27, which DVC does not take"),
            ("b.json", "{\"a\": }", "'b.json', line 1, column 7: expected value"),
            ("b.json", "[1]", "'b.json' must be a mapping"),
            ("b.json", "", "'b.json', line 1, column 0: EOF while parsing a value"),
            ("b.py", "a = 1\n", "'b.py' cannot be read: Python parameters are not read here"),
            ("b.yaml", "- 1\n", "'b.yaml' must be a mapping, not a list"),
            ("b.yaml", "a: [\n", "'b.yaml', line 1, column 4: unclosed bracket"),
        ] {
            let error = values(path, text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(values("b.toml", &deep).is_err() && values("b.json", &deep.replace("a = ", "")).is_err());
        assert!(values("b.json", &" ".repeat(MAX_SIZE + 1)).unwrap_err().contains("larger than 8 MiB"));
    }
}
