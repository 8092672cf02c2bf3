//! The names of approvals: the grammar that turns an approval of a version for a stage into a tag's name and back.
//!
//! ```text
//! tag = "gto-approval/" in-tag "@v" semver "/" stage "/-/" id "!"?
//! ```
//!
//! Owns that grammar. They are no events: what counts as an approval is decided by `policy`.

use std::fmt;
use std::str::FromStr;

use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::version::Version;

/// What the names of all approvals begin with.
pub const APPROVALS: &str = "gto-approval/";

/// The name of a tag that approves a version for a stage, or withdraws that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApprovalName {
    /// The artifact.
    pub artifact: ArtifactName,
    /// Its version.
    pub version: Version,
    /// The stage.
    pub stage: StageName,
    /// What tells approvals of other commits, and by other people, apart.
    pub id: ApprovalId,
    /// Whether it takes an approval back.
    pub is_withdrawal: bool,
}

/// 16 hexadecimal digits of a hash of the commit and the approver.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApprovalId(String);

/// The name is not that of an approval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not the name of an approval: gto-approval/NAME@VERSION/STAGE/-/ID")]
pub struct InvalidApproval(pub String);

impl ApprovalId {
    const LENGTH: usize = 16;

    /// The first 64 bits of a hash.
    pub fn of_bits(hash: u64) -> Self {
        Self(format!("{hash:016x}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        (text.len() == Self::LENGTH && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ApprovalName {
    /// What the names of all approvals of an artifact begin with.
    pub fn prefix_of_artifact(artifact: &ArtifactName) -> String {
        format!("{APPROVALS}{}@", artifact.in_tag())
    }

    /// What the names of all approvals of a version for a stage begin with.
    pub fn prefix(artifact: &ArtifactName, version: &str, stage: &StageName) -> String {
        format!("{}{version}/{stage}/-/", Self::prefix_of_artifact(artifact))
    }

    fn parse(text: &str) -> Option<Self> {
        let (artifact, rest) = text.strip_prefix(APPROVALS)?.split_once('@')?;
        // A stage may have slashes, a version has none.
        let (version, rest) = rest.split_once('/')?;
        let (stage, id) = rest.rsplit_once("/-/")?;
        let (id, is_withdrawal) = id.strip_suffix('!').map_or((id, false), |id| (id, true));
        Some(Self {
            artifact: ArtifactName::from_tag(artifact)?,
            version: version.parse().ok()?,
            stage: stage.parse().ok()?,
            id: ApprovalId::parse(id)?,
            is_withdrawal,
        })
    }
}

impl FromStr for ApprovalName {
    type Err = InvalidApproval;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| InvalidApproval(text.to_owned()))
    }
}

impl fmt::Display for ApprovalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::prefix(&self.artifact, &self.version.to_string(), &self.stage))?;
        f.write_str(self.id.as_str())?;
        if self.is_withdrawal { f.write_str("!") } else { Ok(()) }
    }
}

/// An approval of a version for a stage, or its withdrawal, as its tag has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalTag {
    /// What it is called.
    pub name: ApprovalName,
    /// What the tag's ref points to: the tag object.
    pub tag_id: ObjectId,
    /// The commit that is approved.
    pub commit: ObjectId,
    /// Who made the tag, and when. Anyone can write any name: what a signature says counts.
    pub tagger: Signature,
    /// The tag's message, without white space around it.
    pub message: String,
    /// Whether it was withdrawn by a tag of the same approver.
    pub is_withdrawn: bool,
}

impl ApprovalTag {
    /// The word for it in JSON and tables.
    pub fn word(&self) -> &'static str {
        if self.name.is_withdrawal { "withdrawal" } else { "approval" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_and_format_of_approvals_are_inverses(
            name in "gto-approval/([a-zA-Z0-9_./-]{1,8}=)?[a-z0-9]([a-z0-9/_-]{0,6}[a-z0-9])?\
                @v[1-9][0-9]?\\.0\\.[0-9](-rc\\.[1-9])?(\\+b-1)?/[a-z0-9]((/-/|[a-z0-9/_-]){0,6}[a-z0-9])?/-/[0-9a-f]{16}!?"
        ) {
            let parsed: ApprovalName = name.parse().unwrap();
            prop_assert_eq!(parsed.to_string(), name.clone());
            let begins = ApprovalName::prefix(&parsed.artifact, &parsed.version.to_string(), &parsed.stage);
            prop_assert!(name.starts_with(&begins));
            // They are no events, and not meant to be some.
            prop_assert!(name.parse::<crate::tag::TagName>().is_err());
            prop_assert!(!crate::tag::looks_like_registry_tag(&name));
        }

        #[test]
        fn any_text_is_an_approval_or_is_refused(text in "(gto-approval/)?[a-z@v0-9./!-]{0,40}") {
            if let Ok(name) = text.parse::<ApprovalName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
