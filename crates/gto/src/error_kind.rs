//! What kind of error it is: what a server makes a status of, and a program decides by whether to try again.
//!
//! Owns the kinds, and which error is of which. What exactly went wrong is in the error.

use std::fmt;

use crate::annotation::error::AnnotateError;
use crate::error::Error;
use crate::rules::Refusal;

/// A kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was named is not there: a repository, an artifact, a version, a revision.
    NotFound,
    /// What was given is none of what it should be, or contradicts itself.
    InvalidInput,
    /// The registry's rules, or a hook, do not allow it as things are.
    Refused,
    /// Others have changed what it was planned from: plan it again.
    Conflict,
    /// The user may not do that, or Git does not trust the repository.
    Denied,
    /// Something else is at work there, or does not answer: try again later.
    Unavailable,
    /// Something in the repository is broken or missing.
    Damaged,
    /// The configuration, of the registry or of Git, does not fit.
    Misconfigured,
    /// Only a part of it was done, or nobody knows: look before trying again.
    Partial,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// The word for it, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::InvalidInput => "invalid_input",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Unavailable => "unavailable",
            Self::Damaged => "damaged",
            Self::Misconfigured => "misconfigured",
            Self::Partial => "partial",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Annotate(error) => error.kind(),
            Self::NoRepository { .. }
            | Self::RefNotFound { .. }
            | Self::NoVersion { .. }
            | Self::NotAnnotated { .. }
            | Self::NoCommit
            | Self::NoBranch { .. }
            | Self::NoEvent { .. }
            | Self::NotOnRemote { .. }
            | Self::NoPolicy
            | Self::ViolatingTag { .. }
            | Self::TagsMissing { .. }
            | Self::UnknownRemote { .. } => ErrorKind::NotFound,
            Self::Name(_)
            | Self::AmbiguousRef { .. }
            | Self::SeveralVersions { .. }
            | Self::NotACommit { .. }
            | Self::InvalidDate { .. }
            | Self::InvalidCommitterDate { .. }
            | Self::InvalidPlan { .. }
            | Self::TooEarly
            | Self::ReservedTrailer { .. }
            | Self::NothingToOverride
            | Self::TooManyTags { .. } => ErrorKind::InvalidInput,
            Self::CannotCompare { .. }
            | Self::Blocked { .. }
            | Self::InTheWay { .. }
            | Self::Hook { .. }
            | Self::PrePush { .. }
            | Self::Quarantined
            | Self::Bundle { .. }
            | Self::NotAtomic { .. }
            | Self::PolicyViolated { .. }
            | Self::PolicyUnknown { .. } => ErrorKind::Refused,
            Self::Conflict { .. }
            | Self::Outdated { .. }
            | Self::Differ { .. }
            | Self::RemoteMoved { .. } => ErrorKind::Conflict,
            Self::Untrusted { .. }
            | Self::BareNotAllowed { .. }
            | Self::PermissionDenied { .. }
            | Self::ReadOnly { .. } => ErrorKind::Denied,
            Self::Locked { .. }
            | Self::RemoteLocked { .. }
            | Self::GitSilent { .. }
            | Self::Clone { .. }
            | Self::NoRoom { .. }
            | Self::Fetch { .. }
            | Self::Unfetched { .. } => ErrorKind::Unavailable,
            Self::Push { broke_off, .. } => {
                if *broke_off {
                    ErrorKind::Partial
                } else {
                    ErrorKind::Unavailable
                }
            }
            Self::DamagedTags { .. } | Self::DamagedPackedRefs { .. } | Self::MissingObject { .. } => {
                ErrorKind::Damaged
            }
            Self::Config(_)
            | Self::Policy(_)
            | Self::NoDefaultBranch { .. }
            | Self::PolicyOfWhichRemote { .. }
            | Self::NoIdentity { .. }
            | Self::NoGit { .. }
            | Self::NoRemote { .. }
            | Self::ManyAddresses { .. }
            | Self::Sign { .. } => ErrorKind::Misconfigured,
            Self::Stopped { .. }
            | Self::PartialPush(_)
            | Self::MadeThereOnly { .. }
            | Self::DeletedThereOnly { .. } => ErrorKind::Partial,
            Self::Open { .. } | Self::UnreadableFile { .. } | Self::Cache { .. } | Self::Git { .. } => {
                ErrorKind::Other
            }
        }
    }
}

impl Refusal {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ArtifactNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::NotRegistered { .. }
            | Self::NeverRegistered { .. }
            | Self::TagNotFound { .. }
            | Self::NoTags => ErrorKind::NotFound,
            Self::VersionAndBump
            | Self::RevisionAndShortcut
            | Self::VersionAndSkip
            | Self::ForceWithSimple
            | Self::UnreadableVersion(_)
            | Self::InvalidVersion { .. }
            | Self::StageNotAllowed { .. }
            | Self::NoSuchTagPossible { .. } => ErrorKind::InvalidInput,
            _ => ErrorKind::Refused,
        }
    }
}

impl AnnotateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::PathNotThere { .. } | Self::NoFolder { .. } => ErrorKind::NotFound,
            Self::TypeNotAllowed { .. }
            | Self::LabelBothWays { .. }
            | Self::PathNeeded
            | Self::PathOutside { .. }
            | Self::PathUnprintable { .. }
            | Self::NoPath { .. }
            | Self::HasFolder { .. } => ErrorKind::InvalidInput,
            Self::Changed { .. } => ErrorKind::Conflict,
            Self::ReadOnly { .. } => ErrorKind::Denied,
            Self::NotPushed { commit: None, .. } => ErrorKind::Unavailable,
            Self::NotPushed { .. } | Self::PushInDoubt { .. } | Self::Unfinished { .. } => ErrorKind::Partial,
            Self::Text { .. } => ErrorKind::Damaged,
            Self::Write { .. } => ErrorKind::Other,
            _ => ErrorKind::Refused,
        }
    }
}
