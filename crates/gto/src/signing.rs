//! Signed tags: whether and how a write signs, and the result of checking a signature.
//!
//! Owns these values and their words, no I/O. Who runs the programs that sign and verify is `git`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a write signs its tags.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// If Git is configured to: `tag.gpgSign`, `tag.forceSignAnnotated` (decision D21).
    #[default]
    AsConfigured,
    /// Whatever Git is configured to do.
    Never,
    /// With this key, or with the one that Git would use.
    Always(Option<String>),
}

/// A kind of signature: the words of `gpg.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SignatureFormat {
    /// By `gpg`.
    OpenPgp,
    /// By `gpgsm`.
    X509,
    /// By `ssh-keygen`.
    Ssh,
}

impl SignatureFormat {
    /// Reads the value of `gpg.format`.
    pub fn from_config(text: &str) -> Option<Self> {
        [Self::OpenPgp, Self::X509, Self::Ssh].into_iter().find(|format| format.word() == text)
    }

    /// The word of `gpg.format`.
    pub fn word(self) -> &'static str {
        match self {
            Self::OpenPgp => "openpgp",
            Self::X509 => "x509",
            Self::Ssh => "ssh",
        }
    }
}

/// How the tags of a plan will be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// The kind of signature.
    pub format: SignatureFormat,
    /// The key, as the signing program is given it. `None` where it is found only then: for SSH by
    /// `gpg.ssh.defaultKeyCommand`, else by the tagger's name and address.
    pub key: Option<String>,
}

impl fmt::Display for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            SignatureFormat::OpenPgp => "OpenPGP",
            SignatureFormat::X509 => "X.509",
            SignatureFormat::Ssh => "SSH",
        };
        match (&self.key, self.format) {
            (Some(key), _) => write!(f, "with the {format} key '{key}'"),
            (None, SignatureFormat::Ssh) => {
                write!(f, "with the {format} key that gpg.ssh.defaultKeyCommand names")
            }
            (None, _) => write!(f, "with the {format} key of the tagger"),
        }
    }
}

/// The result of checking a tag's signature, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verified {
    /// Signed, by a key that Git accepts.
    Good,
    /// The signature is right, but it or its key has expired.
    Expired,
    /// The signature is valid, but the key has less trust than `gpg.minTrustLevel` requires.
    Untrusted,
    /// It cannot be checked, most often because the key is not known here.
    Unknown,
    /// There is no signature.
    Unsigned,
    /// The signature is right, but its key was revoked.
    Revoked,
    /// The signature is not of this tag, or damaged.
    Bad,
}

impl Verified {
    /// The word for it, in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Expired => "expired",
            Self::Untrusted => "untrusted",
            Self::Unknown => "unknown",
            Self::Unsigned => "unsigned",
            Self::Revoked => "revoked",
            Self::Bad => "bad",
        }
    }

    /// Whether the tag was tampered with, or signed with a revoked key.
    pub fn is_bad(self) -> bool {
        self >= Self::Revoked
    }
}

/// Who signed a tag, and whether that is true. Names and keys come from the verifying program: untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The tag.
    pub tag: String,
    /// What it came to.
    pub result: Verified,
    /// Whose signature it is, if the key is known.
    pub signer: Option<String>,
    /// The key: a fingerprint, or what is known of it.
    pub key: Option<String>,
    /// Why it is not good.
    pub reason: Option<String>,
}
