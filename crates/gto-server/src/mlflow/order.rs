//! The orders of MLflow's searches: keys, each upwards or downwards.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::mlflow::answer::{Error, Result};

/// More keys are refused.
const MOST: usize = 10;

/// What is sorted by, the first key first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Order(Vec<Key>);

#[derive(Debug, PartialEq, Eq)]
struct Key {
    by: By,
    is_falling: bool,
}

/// What something is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Name,
    Version,
    Created,
    Updated,
}

/// A value that is sorted by. Those of one key are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Number(i64),
    Text(String),
}

impl Order {
    /// Reads what `order_by` says, each time that it is there. `known` are the names of what can be sorted by.
    pub fn read<'t>(texts: impl Iterator<Item = &'t str>, known: &[(&str, By)]) -> Result<Self> {
        let mut keys = Vec::new();
        for text in texts.flat_map(|text| text.split(',')) {
            keys.push(Key::read(text, known).ok_or_else(|| wrong(text, known))?);
            if keys.len() > MOST {
                return Err(wrong(text, known));
            }
        }
        Ok(Self(keys))
    }

    /// Whether none was asked for, or what is the order anyway.
    pub fn is_default(&self) -> bool {
        self.0.first().is_none_or(|key| key.by == By::Name && !key.is_falling) && self.0.len() < 2
    }

    /// What something is sorted by, from each of its values.
    pub fn values(&self, value: impl Fn(By) -> Value) -> Vec<Value> {
        self.0.iter().map(|key| value(key.by)).collect()
    }

    /// Which of two comes first.
    pub fn compare(&self, one: &[Value], other: &[Value]) -> Ordering {
        let pairs = self.0.iter().zip(one.iter().zip(other));
        let orders = pairs.map(|(key, (one, other))| {
            let order = one.cmp(other);
            if key.is_falling { order.reverse() } else { order }
        });
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl Key {
    fn read(text: &str, known: &[(&str, By)]) -> Option<Self> {
        let text = text.replace(['`', '"'], "");
        let mut words = text.split_whitespace();
        let name = words.next()?;
        let is_falling = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("asc") => false,
            Some(word) if word.eq_ignore_ascii_case("desc") => true,
            Some(_) => return None,
        };
        let by = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1;
        words.next().is_none().then_some(Self { by, is_falling })
    }
}

fn wrong(text: &str, known: &[(&str, By)]) -> Error {
    let shown: String = text.chars().take(100).collect();
    let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    Error::invalid(format!(
        "The order \"{}\" is not supported by gto: it knows {}, each with ASC or DESC",
        shown.escape_debug(),
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [(&str, By); 2] = [("name", By::Name), ("version_number", By::Version)];

    #[test]
    fn keys_count_in_their_order_and_what_is_not_known_is_refused() {
        let order =
            Order::read(["name DESC", "`version_number` asc"].into_iter(), &KNOWN).unwrap_or_default();
        let of = |name: &str, number| [Value::Text(name.to_owned()), Value::Number(number)];
        assert!(order.compare(&of("b", 2), &of("a", 1)).is_lt());
        assert!(order.compare(&of("a", 1), &of("a", 2)).is_lt());
        assert!(order.compare(&of("a", 1), &of("a", 1)).is_eq());
        assert!(!order.is_default());
        for text in ["name", "NAME asc"] {
            assert!(Order::read([text].into_iter(), &KNOWN).is_ok_and(|order| order.is_default()), "{text}");
        }
        for wrong in ["", "x", "name up", "name desc x", "name,,version_number", "é"] {
            assert!(Order::read([wrong].into_iter(), &KNOWN).is_err(), "{wrong}");
        }
    }
}
