//! A push as a server hook sees it, and what the policy says about it.

use std::str::FromStr;

use crate::object_id::ObjectId;

use super::judgement::{Judgement, Remedy, Verdict};
use super::rule::Place;

/// A change of one ref: a line that git gives to the hook `pre-receive`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name of the ref.
    pub name: String,
    /// What it points to now; `None` if it is new.
    pub old: Option<ObjectId>,
    /// What it will point to; `None` if it is deleted.
    pub new: Option<ObjectId>,
}

/// The line is none of those.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is no line 'OLD NEW REF' of git", crate::text::printable(.0))]
pub struct InvalidUpdate(pub String);

impl FromStr for RefUpdate {
    type Err = InvalidUpdate;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidUpdate(line.to_owned());
        let mut words = line.splitn(3, ' ');
        let mut id = || {
            let text = words.next().ok_or_else(invalid)?;
            if text.len() >= 40 && text.bytes().all(|byte| byte == b'0') {
                return Ok(None);
            }
            text.parse().map(Some).map_err(|_| invalid())
        };
        let (old, new) = (id()?, id()?);
        let name = words.next().filter(|name| name.starts_with("refs/")).ok_or_else(invalid)?;
        Ok(Self { name: name.to_owned(), old, new })
    }
}

impl RefUpdate {
    /// The name of the tag, if it is one.
    pub fn tag(&self) -> Option<&str> {
        self.name.strip_prefix("refs/tags/")
    }

    /// The name of the branch, if it is one.
    pub fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }
}

/// A ref that a push must not change so, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The tag, or the full name of another ref.
    pub name: String,
    /// All reasons.
    pub reasons: Vec<Reason>,
}

/// Why a push must not change a ref.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// The rule.
    pub rule: Place,
    /// What it asks for.
    pub wanted: String,
    /// What was found, or what is not known.
    pub found: String,
    /// What would satisfy it.
    pub fix: Option<String>,
    /// Whether it is no more than not known that it is so as it is wanted.
    pub is_unknown: bool,
}

impl Reason {
    /// Something that holds without a rule.
    pub fn new(wanted: &str, found: impl Into<String>, fix: Option<&str>) -> Self {
        let (wanted, fix) = (wanted.to_owned(), fix.map(str::to_owned));
        Self { rule: Place::DEFAULT, wanted, found: found.into(), fix, is_unknown: false }
    }

    /// Something that is not known, for this reason.
    pub fn unknown(wanted: &str, why: &str) -> Self {
        Self { is_unknown: true, ..Self::new(wanted, format!("this cannot be judged: {why}"), None) }
    }

    /// What is wrong by a judgement; none if it is valid.
    pub fn of(judgement: &Judgement) -> Vec<Self> {
        match judgement.verdict() {
            Verdict::Valid => Vec::new(),
            Verdict::Violations(violations) => violations
                .into_iter()
                .map(|violation| Self {
                    rule: violation.rule,
                    wanted: violation.wanted,
                    found: violation.found,
                    fix: (violation.remedy != Remedy::Nothing).then(|| violation.remedy.to_string()),
                    is_unknown: false,
                })
                .collect(),
            Verdict::CannotJudge(missing) => missing
                .into_iter()
                .map(|missing| Self { rule: missing.rule, ..Self::unknown(&missing.wanted, &missing.reason) })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_git_are_read_and_others_refused() {
        let (zero, one) = ("0".repeat(40), "1".repeat(40));
        let read = |line: &str| line.parse::<RefUpdate>();
        let update = read(&format!("{zero} {one} refs/tags/m#prod#1")).unwrap();
        assert_eq!((update.tag(), update.old, update.branch()), (Some("m#prod#1"), None, None));
        let update = read(&format!("{one} {} refs/heads/a b", "0".repeat(64))).unwrap();
        assert_eq!((update.branch(), update.new), (Some("a b"), None));
        for line in [
            "",
            "x",
            &format!("{zero} {one}"),
            &format!("{zero} {one} main"),
            &format!("{zero} x refs/tags/a"),
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
