//! Parses the JSON of custom data.
//!
//! Owns what is refused though it is json: it would arrive as something else than what was written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::yaml::printable;

/// Why json is not taken: what comes after the name of the argument.
#[derive(Debug, thiserror::Error)]
pub enum JsonFault {
    /// It is none.
    #[error("is no json: {0}")]
    Syntax(serde_json::Error),
    /// Of two values with one key only one would be kept.
    #[error("has {0}")]
    RepeatedKey(serde_json::Error),
    /// No number here can hold it.
    #[error("has an integer of more than 64 bits, which would be rounded: {0}")]
    LongInteger(String),
}

/// Reads json. No text takes the field out, as null does.
///
/// # Errors
/// Those of [`JsonFault`].
pub fn from_json(text: &str) -> Result<Value, JsonFault> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let Unrepeated(value) = serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => JsonFault::RepeatedKey(error),
        _ => JsonFault::Syntax(error),
    })?;
    match long_integer(text) {
        Some(integer) => Err(JsonFault::LongInteger(printable(integer))),
        None => Ok(value),
    }
}

/// The first integer in a JSON text that does not fit in 64 bits.
fn long_integer(text: &str) -> Option<&str> {
    // Every second part between quotes is a text; one that is escaped is in a text.
    let mut in_text = false;
    let mut is_escaped = false;
    let is_outside = |c: char| {
        let is_quote = c == '"' && !is_escaped;
        is_escaped = in_text && c == '\\' && !is_escaped;
        in_text ^= is_quote;
        in_text || !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')
    };
    let is_long = |word: &&str| {
        let digits = word.strip_prefix('-').unwrap_or(word);
        let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_integer && word.parse::<u64>().is_err() && word.parse::<i64>().is_err()
    };
    text.split(is_outside).find(is_long)
}

/// Json without two values for one key, of which a plain [`Value`] would silently keep the last.
pub(crate) struct Unrepeated(pub Value);

impl<'de> Deserialize<'de> for Unrepeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("json")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key '{}' twice", printable(&key))));
            }
            let Unrepeated(value) = map.next_value()?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unrepeated(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_arrive_as_it_was_written_is_refused() {
        let said = |text| from_json(text).map_or_else(|fault| fault.to_string(), |value| value.to_string());
        for text in [
            r#"{"a":[1,-9223372036854775808,18446744073709551615,0.5,1e30,true,null]}"#,
            r#"{"123456789012345678901":"a\"123456789012345678901","b\\":"x"}"#,
            r#"[{"a":1},{"a":2}]"#,
        ] {
            assert_eq!(from_json(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
        assert_eq!(said(""), "null");
        assert_eq!(said("{"), "is no json: EOF while parsing an object at line 1 column 1");
        let long = "has an integer of more than 64 bits, which would be rounded: ";
        assert_eq!(said(r#"{"\\":123456789012345678901}"#), format!("{long}123456789012345678901"));
        assert_eq!(said("-9223372036854775809"), format!("{long}-9223372036854775809"));
        assert_eq!(said(r#"{"x":[{"a":1,"a":2}]}"#), "has the key 'a' twice at line 1 column 16");
        assert_eq!(said(r#"{"a":1,"\u0061":2}"#), "has the key 'a' twice at line 1 column 15");
    }
}
