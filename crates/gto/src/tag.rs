//! The names of tags: the grammar that turns an event into a tag's name and back.
//!
//! ```text
//! tag = in-tag ( ( "#" stage | "@v" semver ) "!"? | "@deprecated" | "@created" ) ( "#" counter )?
//! ```
//!
//! Owns that grammar and what a look-alike is. Must not know what tags point to.

use std::fmt;
use std::str::FromStr;

use crate::approval::ApprovalName;
use crate::name::{ArtifactName, KnownStages, StageName};
use crate::version::Version;

/// The effect of a tag, according to its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// `m@created`: reserved by the format; no tool writes it.
    Create,
    /// `m@deprecated`
    Deprecate,
    /// `m@v1.0.0`
    Register(Version),
    /// `m@v1.0.0!`
    Deregister(Version),
    /// `m#prod`
    Assign(StageName),
    /// `m#prod!`
    Unassign(StageName),
}

impl Action {
    /// The version that it names.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::Register(version) | Self::Deregister(version) => Some(version),
            _ => None,
        }
    }

    /// The stage that it names.
    pub fn stage(&self) -> Option<&StageName> {
        match self {
            Self::Assign(stage) | Self::Unassign(stage) => Some(stage),
            _ => None,
        }
    }

    /// The word for the action in `parse-tag`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Deprecate => "deprecate",
            Self::Register(_) => "register",
            Self::Deregister(_) => "deregister",
            Self::Assign(_) => "assign",
            Self::Unassign(_) => "unassign",
        }
    }
}

/// The name of a tag in the registry's format.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagName {
    /// Whose event it is.
    pub artifact: ArtifactName,
    /// What the event does.
    pub action: Action,
    /// The number that keeps repeated events apart; one sequence for each artifact.
    ///
    /// A number that does not fit 64 bits is read as the largest that does.
    pub counter: Option<u64>,
}

/// The name is not in the registry's format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Cannot parse tag name '{0}'")]
pub struct InvalidTagName(pub String);

impl TagName {
    /// The name of the tag for an action without a counter.
    pub fn simple(artifact: ArtifactName, action: Action) -> Self {
        Self { artifact, action, counter: None }
    }

    fn parse(text: &str) -> Option<Self> {
        let (artifact, rest) = text.split_at(text.find(['#', '@'])?);
        Self::parse_event(&ArtifactName::from_tag(artifact)?, rest, &mut KnownStages::default())
    }

    /// Reads what follows the artifact's name in a tag: `@v1.0.0`, `#prod#3`.
    pub(crate) fn parse_event(artifact: &ArtifactName, rest: &str, stages: &mut KnownStages) -> Option<Self> {
        if !rest.starts_with(['#', '@']) {
            return None;
        }
        let (body, counter) = match rest[1..].split_once('#') {
            Some((body, counter)) => (body, Some(parse_counter(counter)?)),
            None => (&rest[1..], None),
        };
        let (value, cancel) = match body.strip_suffix('!') {
            Some(value) => (value, true),
            None => (body, false),
        };
        let action = match (rest.as_bytes()[0], value, cancel) {
            (b'#', stage, false) => Action::Assign(stages.name(stage)?),
            (b'#', stage, true) => Action::Unassign(stages.name(stage)?),
            (_, "deprecated", false) => Action::Deprecate,
            (_, "created", false) => Action::Create,
            (_, version, false) => Action::Register(version.parse().ok()?),
            (_, version, true) => Action::Deregister(version.parse().ok()?),
        };
        Some(Self { artifact: artifact.clone(), action, counter })
    }
}

fn parse_counter(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

impl FromStr for TagName {
    type Err = InvalidTagName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| InvalidTagName(text.to_owned()))
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.artifact.in_tag())?;
        match &self.action {
            Action::Create => f.write_str("@created")?,
            Action::Deprecate => f.write_str("@deprecated")?,
            Action::Register(version) => write!(f, "@{version}")?,
            Action::Deregister(version) => write!(f, "@{version}!")?,
            Action::Assign(stage) => write!(f, "#{stage}")?,
            Action::Unassign(stage) => write!(f, "#{stage}!")?,
        }
        match self.counter {
            Some(counter) => write!(f, "#{counter}"),
            None => Ok(()),
        }
    }
}

/// Whether a tag that does not parse looks as if its author meant it for the registry:
/// `m@1.0.0`, `m@v1`, `m@v1.0.0#`, `m#prod!!`, `m-v1@` are all of this kind; `release-1.0` is not.
pub fn looks_like_registry_tag(text: &str) -> bool {
    let Some(at) = text.find(['#', '@']) else {
        return false;
    };
    let (artifact, rest) = text.split_at(at);
    ArtifactName::from_tag(artifact).is_some()
        && rest.len() > 1
        && TagName::parse(text).is_none()
        && text.parse::<ApprovalName>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAME: &str = "[a-zA-Z0-9]([a-zA-Z0-9/_-]{0,8}[a-zA-Z0-9])?";
    const SEMVER: &str = "v(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})\
        (-(0|[1-9][0-9]{0,3}|[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,4})(\\.(0|[1-9][0-9]{0,3}|[a-zA-Z-][0-9a-zA-Z-]{0,4}))?)?\
        (\\+[0-9a-zA-Z-]{1,5}(\\.[0-9a-zA-Z-]{1,5})?)?";

    fn tags() -> impl Strategy<Value = String> {
        let action = format!("((#{NAME}|@{SEMVER})!?|@deprecated|@created)");
        let counter = "(#(0|[1-9][0-9]{0,9}))?";
        let tag = format!("([a-zA-Z0-9_./-]{{1,8}}=)?{NAME}{action}{counter}");
        proptest::string::string_regex(&tag).unwrap()
    }

    proptest! {
        #[test]
        fn parse_and_format_are_inverses_over_the_grammar(
            tag in tags()
        ) {
            let parsed: TagName = tag.parse().unwrap();
            prop_assert_eq!(parsed.to_string(), tag);
        }

        #[test]
        fn any_text_parses_or_is_refused_without_a_panic(text in "\\PC{0,30}") {
            if let Ok(tag) = text.parse::<TagName>() {
                prop_assert_eq!(tag.to_string().parse::<TagName>().unwrap(), tag);
            }
            looks_like_registry_tag(&text);
        }
    }

    #[test]
    fn a_number_after_one_hash_is_a_stage_and_after_two_a_counter() {
        let parse = |text: &str| text.parse::<TagName>().unwrap();
        assert_eq!(parse("m#6").action, Action::Assign("6".parse().unwrap()));
        assert_eq!(parse("m#6#007").counter, Some(7));
        assert_eq!(parse("m#6#99999999999999999999").counter, Some(u64::MAX));
    }

    #[test]
    fn other_peoples_tags_are_told_from_mistakes() {
        for text in ["m@1.0.0", "m@v1", "m@v1.0.0#", "m#prod!!", "d=m@deprecated!", "m@v1.0.0-01"] {
            assert!(looks_like_registry_tag(text), "{text}");
        }
        for text in ["v1.0.0", "release-1", "m", "m@v1.0.0", "@v1", "#1", "a b@v1", "m@"] {
            assert!(!looks_like_registry_tag(text), "{text}");
        }
    }
}
