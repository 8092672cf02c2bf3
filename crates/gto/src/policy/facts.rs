//! Facts: what the judge has to know and cannot find out by itself, since it reads nothing.
//!
//! Each is gathered once. A fact that cannot be had is one too: why it is missing.

use std::collections::HashMap;

use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::signing::Verified;
use crate::version::VersionLabel;

use super::glob::Glob;
use super::people::Key;

/// A question to who reads the repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// Who signed a tag, and what its trailers say: [`Facts::signatures`].
    Signature {
        /// The name of the tag's ref.
        tag: String,
        /// The tag object.
        id: ObjectId,
    },
    /// Whether a commit is in the history of a branch: [`Facts::branches`].
    Branch {
        /// The commit.
        commit: ObjectId,
        /// One of the branches that these match.
        branches: Vec<Glob>,
    },
    /// The approvals of a version for a stage, withdrawn ones with their withdrawals: [`Facts::approvals`].
    Approvals {
        /// The artifact.
        artifact: ArtifactName,
        /// Its version's number, as in the names of the tags.
        version: String,
        /// The stage.
        stage: StageName,
    },
}

impl Need {
    /// The approvals of a version for a stage.
    pub(super) fn approvals(artifact: &ArtifactName, version: &VersionLabel, stage: &StageName) -> Self {
        Self::Approvals { artifact: artifact.clone(), version: version.to_string(), stage: stage.clone() }
    }
}

/// What is known. `Err` has the reason why something cannot be known, in one clause.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// By the name of the tag's ref and its object.
    pub signatures: HashMap<(String, ObjectId), Result<TagSignature, String>>,
    /// By commit and the patterns of the branches.
    pub branches: HashMap<(ObjectId, Vec<Glob>), Result<BranchFact, String>>,
    /// By artifact, version number and stage.
    pub approvals: HashMap<(ArtifactName, String, StageName), Result<KnownApprovals, String>>,
    /// Tags that are yet to be made and will be signed, with the trailers that they will have: whether the signature is good is
    /// seen then.
    pub planned: HashMap<String, Trailers>,
    /// Who pushes, from what the server says; `None` where there is no server, or it does not say.
    pub pusher: Option<String>,
    /// The time now, in seconds since 1970: when a deletion happens, which has no time of its own.
    pub now: i64,
}

impl Facts {
    /// Whether this need is answered.
    pub fn has(&self, need: &Need) -> bool {
        match need {
            Need::Signature { tag, id } => self.signatures.contains_key(&(tag.clone(), *id)),
            Need::Branch { commit, branches } => self.branches.contains_key(&(*commit, branches.clone())),
            Need::Approvals { artifact, version, stage } => {
                self.approvals.contains_key(&(artifact.clone(), version.clone(), stage.clone()))
            }
        }
    }
}

/// Who signed a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSignature {
    /// What the signature is worth, checked with the keys of the policy and no others. The tag's name inside must be that of its
    /// ref, or else it is [`Verified::Bad`].
    pub result: Verified,
    /// The key; also of a signature that is not good, where it says so.
    pub key: Option<Key>,
    /// The addresses that the policy's keys bind to it.
    pub addresses: Vec<String>,
    /// The key as the names of approvals are made of it: its fingerprint, behind its kind.
    pub fingerprint: Option<String>,
    /// Why it is not good.
    pub reason: Option<String>,
    /// What the last lines of the tag's message say.
    pub trailers: Trailers,
}

impl TagSignature {
    /// That of a tag without a signature.
    pub fn unsigned() -> Self {
        Self {
            result: Verified::Unsigned,
            key: None,
            addresses: Vec::new(),
            fingerprint: None,
            reason: None,
            trailers: Trailers::default(),
        }
    }
}

/// The trailers of a tag's message that a policy knows. Anyone can write them: they count in a signed tag only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers {
    /// `Gto-Registry:` the registry that the tag was made for.
    pub registry: Option<String>,
    /// `Gto-Override:` why the rules were not kept.
    pub override_reason: Option<String>,
    /// `Gto-Actor:` for whom a service made the tag.
    pub actor: Option<String>,
}

impl Trailers {
    /// The names of the trailers.
    pub const NAMES: [&str; 3] = ["Gto-Registry", "Gto-Override", "Gto-Actor"];

    /// Reads the lines of a message. Of a name that stands twice, or with nothing behind it, none counts.
    pub fn of(message: &str) -> Self {
        let value = |name: &str| {
            let mut values = message.lines().filter_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim())
            });
            let first = values.next().filter(|value| !value.is_empty())?;
            values.next().is_none().then(|| first.to_owned())
        };
        let [registry, override_reason, actor] = Self::NAMES.map(value);
        Self { registry, override_reason, actor }
    }

    /// The name of the first of these trailers that a text has: a message of a user must have none.
    pub fn found_in(text: &str) -> Option<&'static str> {
        let begins = |name: &&str| {
            text.lines().any(|line| {
                line.split_once(':').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            })
        };
        Self::NAMES.into_iter().find(begins)
    }
}

/// Where a commit is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchFact {
    /// A branch that has it in its history; `None` if none of those that match has.
    pub on: Option<String>,
    /// The branches that match.
    pub looked_at: Vec<String>,
}

/// The approvals of a version for a stage that are here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownApprovals {
    /// Those that are here, withdrawn ones with their withdrawals.
    pub here: Vec<Approval>,
    /// Whether there may be others.
    pub others: OtherApprovals,
}

impl KnownApprovals {
    /// These, and no others.
    pub fn all(here: Vec<Approval>) -> Self {
        Self { here, others: OtherApprovals::None }
    }
}

/// Whether there may be approvals that are not here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OtherApprovals {
    /// There are none.
    #[default]
    None,
    /// Some may not have been fetched, which is not likely: this command fetches them.
    Unlikely(String),
    /// They are fetched here with some luck only, so that none need not be none: why, and what to do.
    Unknown(String),
}

/// An approval, or a withdrawal of one: a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The tag's name.
    pub tag: String,
    /// The tag object.
    pub id: ObjectId,
    /// What tells approvers apart in the names of tags: the same in an approval and its withdrawal.
    pub approver: String,
    /// The commit that is approved.
    pub commit: ObjectId,
    /// Whether it takes an approval back.
    pub is_withdrawal: bool,
    /// The tagger's address.
    pub email: String,
    /// The tagger's time, in seconds since 1970.
    pub seconds: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_that_stands_twice_counts_for_nothing() {
        let trailers = Trailers::of("Ship it\n\nGto-Registry: acme/ml\ngto-override: outage 17\n");
        assert_eq!(trailers.registry.as_deref(), Some("acme/ml"));
        assert_eq!(trailers.override_reason.as_deref(), Some("outage 17"));
        assert_eq!(Trailers::of("Gto-Registry: a\nGto-Registry: b\n").registry, None);
        assert_eq!(Trailers::of("Gto-Override:\n").override_reason, None);
        assert_eq!(Trailers::found_in("text\n gto-actor : x"), Some("Gto-Actor"));
        assert_eq!(Trailers::found_in("about Gto-Actor and others"), None);
    }
}
