//! The filters of MLflow's searches, as far as they are about what gto has: conditions joined by `AND`.

use crate::mlflow::answer::{Error, Result};

/// Tags with this key are about prompts, which are no models.
const PROMPT: &str = "mlflow.prompt.is_prompt";
/// More conditions are refused.
const MOST: usize = 20;

/// Conditions, all of which hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<Condition>);

#[derive(Debug, PartialEq, Eq)]
enum Condition {
    Name(Operator, String),
    /// A tag, and whether it must or must not have the value.
    Tag(String, bool, String),
    Nothing,
}

#[derive(Debug, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Like,
    ILike,
}

impl Filter {
    /// Reads a filter.
    pub fn read(text: &str) -> Result<Self> {
        let mut conditions = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (condition, after) = condition(rest).ok_or_else(|| wrong(text))?;
            conditions.extend(condition);
            rest = after.trim_start();
            if !rest.is_empty() {
                let is_and = rest.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("and"));
                rest = rest
                    .get(3..)
                    .filter(|_| is_and)
                    .map(str::trim_start)
                    .filter(|rest| !rest.is_empty())
                    .ok_or_else(|| wrong(text))?;
            }
            if conditions.len() > MOST {
                return Err(wrong(text));
            }
        }
        Ok(Self(conditions))
    }

    /// The one name that it asks for, if it does.
    pub fn exact_name(&self) -> Option<&str> {
        self.0.iter().find_map(|condition| match condition {
            Condition::Name(Operator::Is, name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether something of this name fits, with these tags.
    pub fn fits(&self, name: &str, tag: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|condition| match condition {
            Condition::Name(Operator::Is, wanted) => name == wanted,
            Condition::Name(Operator::IsNot, wanted) => name != wanted,
            Condition::Name(Operator::Like, pattern) => like(pattern.as_bytes(), name.as_bytes()),
            Condition::Name(Operator::ILike, pattern) => {
                like(pattern.to_lowercase().as_bytes(), name.to_lowercase().as_bytes())
            }
            Condition::Tag(key, is, value) => tag(key).is_some_and(|found| (found == *value) == *is),
            Condition::Nothing => false,
        })
    }
}

fn wrong(text: &str) -> Error {
    let shown: String = text.chars().take(200).collect();
    Error::invalid(format!(
        "The filter \"{}\" is not supported by gto: it knows name =, !=, LIKE, ILIKE and tags.`key` =, !=, joined by AND",
        shown.escape_debug()
    ))
}

/// The first condition, and what follows. `None` in it always holds.
fn condition(text: &str) -> Option<(Option<Condition>, &str)> {
    let (key, rest) = key(text)?;
    let rest = rest.trim_start();
    let operators =
        [("!=", Operator::IsNot), ("=", Operator::Is), ("ilike", Operator::ILike), ("like", Operator::Like)];
    let (operator, rest) = operators.into_iter().find_map(|(word, operator)| {
        let is_it = rest.get(..word.len())?.eq_ignore_ascii_case(word);
        is_it.then(|| (operator, &rest[word.len()..]))
    })?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (value, rest) = rest.get(1..)?.split_once(quote)?;
    let is_tag = key.strip_prefix("tags.").or_else(|| key.strip_prefix("tag."));
    let condition = match (key.as_str(), is_tag, operator) {
        ("name", _, operator) => Some(Condition::Name(operator, value.to_owned())),
        (_, Some(PROMPT), Operator::IsNot) => None,
        (_, Some(PROMPT), Operator::Is) => Some(Condition::Nothing),
        (_, Some(key), Operator::Is) => Some(Condition::Tag(key.to_owned(), true, value.to_owned())),
        (_, Some(key), Operator::IsNot) => Some(Condition::Tag(key.to_owned(), false, value.to_owned())),
        // No version comes from a run.
        ("run_id", _, Operator::Is) => Some(Condition::Nothing),
        _ => return None,
    };
    Some((condition, rest))
}

/// The key before an operator, without its quotes.
fn key(text: &str) -> Option<(String, &str)> {
    let (start, text) = match text.split_once('.') {
        Some((start, rest)) if matches!(start, "tag" | "tags") => (format!("{start}."), rest),
        _ => (String::new(), text),
    };
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '`' | '"')) {
        let (key, rest) = text.get(1..)?.split_once(quote)?;
        return Some((format!("{start}{key}"), rest));
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
        .unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    (!key.is_empty()).then(|| (format!("{start}{key}"), rest))
}

/// A pattern of SQL: `%` is any text, `_` any character. Takes as many steps as the two are long, multiplied.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'%') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'_') => {
                p += 1;
                t += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((place, from)) = star else { return false };
                star = Some((place, from + 1));
                p = place + 1;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_the_client_are_read_and_others_are_refused() {
        let tag = |key: &str| (key == "gto.type").then(|| "model".to_owned());
        for (filter, fits) in [
            ("", true),
            ("name = 'nlp=m'", true),
            ("name='x'", false),
            ("name LIKE 'nlp%'", true),
            ("name like '%=_'", true),
            ("name ILIKE 'NLP%' AND name != 'x'", true),
            ("name = \"nlp=m\" and tag.`mlflow.prompt.is_prompt` != 'true'", true),
            ("tag.`mlflow.prompt.is_prompt` = 'true'", false),
            ("tags.`gto.type` = 'model'", true),
            ("tags.gto.type = 'data'", false),
            ("tags.absent = 'x'", false),
            ("run_id = 'x'", false),
        ] {
            let read = Filter::read(filter).unwrap_or_else(|_| panic!("{filter}"));
            assert_eq!(read.fits("nlp=m", tag), fits, "{filter}");
        }
        for wrong in [
            "name",
            "name = ",
            "name = 'x",
            "name > 'x'",
            "name = 'x' OR name = 'y'",
            "name = 'x' AND",
            "é",
            "'x' = name",
            "name = 'x' ANé",
        ] {
            assert!(Filter::read(wrong).is_err(), "{wrong}");
        }
    }
}
