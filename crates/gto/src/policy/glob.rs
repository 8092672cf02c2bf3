//! Patterns over names: `*` stands for any text, also an empty one and one with `/`; `?` for one character.
//!
//! Matching takes at most the product of both lengths, and needs no memory.

use std::fmt;
use std::str::FromStr;

/// A pattern over names of artifacts, branches or addresses.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob(String);

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGlob {
    /// It is empty, so that it matches nothing.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// It is longer than any name.
    #[error("a pattern has at most {} characters", Glob::MAX_LEN)]
    TooLong,
    /// It has a character that other languages of patterns have, and this one has not.
    #[error("a pattern has no meaning for '{0}': only '*' and '?' stand for other text")]
    Unsupported(char),
}

impl Glob {
    /// Longer patterns are refused.
    pub const MAX_LEN: usize = 256;

    /// The pattern that matches everything.
    pub fn everything() -> Self {
        Self("*".to_owned())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a plain name.
    pub fn is_literal(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// How everything begins that it matches.
    pub fn beginning(&self) -> &str {
        self.0.split(['*', '?']).next().unwrap_or_default()
    }

    /// Whether the pattern matches the whole text. Upper and lower case differ.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text): (Vec<char>, Vec<char>) = (self.0.chars().collect(), text.chars().collect());
        let (mut at, mut place) = (0, 0);
        // Where the last `*` is, and how much of the text it stands for so far ends where.
        let mut star: Option<(usize, usize)> = None;
        while place < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, place));
                    at += 1;
                }
                Some(c) if *c == '?' || *c == text[place] => {
                    at += 1;
                    place += 1;
                }
                _ => match star {
                    Some((star_at, end)) => {
                        at = star_at + 1;
                        place = end + 1;
                        star = Some((star_at, place));
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|c| *c == '*')
    }
}

impl FromStr for Glob {
    type Err = InvalidGlob;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(InvalidGlob::Empty);
        }
        if text.chars().count() > Self::MAX_LEN {
            return Err(InvalidGlob::TooLong);
        }
        let unsupported = text.chars().find(|c| matches!(c, '[' | ']' | '{' | '}' | '\\' | '!'));
        unsupported.map_or_else(|| Ok(Self(text.to_owned())), |c| Err(InvalidGlob::Unsupported(c)))
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl serde::Serialize for Glob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_one_character() {
        let matches = |pattern: &str, text: &str| pattern.parse::<Glob>().unwrap().matches(text);
        for (pattern, text) in [
            ("*", ""),
            ("nlp:*", "nlp:a/b"),
            ("m?", "m1"),
            ("a*b*c", "axxbyyc"),
            ("*@x.org", "ada@x.org"),
            ("é?", "éü"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("m", "m1"), ("m?", "m"), ("nlp:*", "cv:m"), ("a*b", "ab1"), ("M", "m"), ("*a", "")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_that_other_languages_would_explode_on_takes_no_time() {
        let pattern: Glob = "*a".repeat(128).parse().unwrap();
        let start = Instant::now();
        assert!(!pattern.matches(&"a".repeat(4096).replace("aa", "ab")));
        assert!(start.elapsed() < Duration::from_secs(1));
        assert_eq!("a".repeat(257).parse::<Glob>(), Err(InvalidGlob::TooLong));
        assert_eq!("[a-z]".parse::<Glob>(), Err(InvalidGlob::Unsupported('[')));
    }
}
