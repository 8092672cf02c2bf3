//! Who somebody is: keys, and groups of them. People are compared by key.

use std::fmt;
use std::str::FromStr;

use super::glob::Glob;

/// A key that signs, by the fingerprint that its kind has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What kind of key.
    pub kind: KeyKind,
    /// `SHA256:…` of an SSH key, 40 or 64 hexadecimal digits in upper case of one for `gpg`, the subject of a certificate as
    /// `gpgsm` prints it (`/CN=Ada/O=Acme`).
    pub id: String,
}

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// An SSH key.
    Ssh,
    /// A key of `gpg`.
    OpenPgp,
    /// An X.509 certificate.
    X509,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Ssh, Self::OpenPgp, Self::X509];

    /// The word before the colon in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::OpenPgp => "openpgp",
            Self::X509 => "x509",
        }
    }
}

impl Key {
    /// A key of that kind; its id is put into the one form that is compared.
    pub fn new(kind: KeyKind, id: &str) -> Self {
        let id = match kind {
            KeyKind::OpenPgp => id.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase(),
            KeyKind::Ssh | KeyKind::X509 => id.trim().to_owned(),
        };
        Self { kind, id }
    }

    /// Whether a policy may name a key so: a whole fingerprint, since short ids can be forged.
    fn is_whole(&self) -> bool {
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
        match self.kind {
            KeyKind::Ssh => self
                .id
                .strip_prefix("SHA256:")
                .is_some_and(|digest| digest.len() == 43 && digest.chars().all(is_base64)),
            KeyKind::OpenPgp => {
                matches!(self.id.len(), 40 | 64) && self.id.chars().all(|c| c.is_ascii_hexdigit())
            }
            KeyKind::X509 => self.id.starts_with('/') && self.id.contains('='),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.id)
    }
}

impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Somebody who made a tag, or for whom a service made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Person {
    /// Whoever has this key, to which the policy's keys bind these addresses.
    Key(Key, Vec<String>),
    /// Whoever has this address: the tagger's, or one that a service names.
    Address(String),
}

impl Person {
    /// Whether that is one person: people are compared by key, and where one of them has none, by address.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Key(one, _), Self::Key(other, _)) => one == other,
            (Self::Address(one), Self::Address(other)) => one.eq_ignore_ascii_case(other),
            (Self::Key(_, addresses), Self::Address(address))
            | (Self::Address(address), Self::Key(_, addresses)) => {
                addresses.iter().any(|one| one.eq_ignore_ascii_case(address))
            }
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key, _) => key.fmt(f),
            Self::Address(address) => write!(f, "email:{}", crate::text::printable(address)),
        }
    }
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// Whoever has this key.
    Key(Key),
    /// Whoever has a key of the policy that names a fitting address.
    Email(Glob),
}

/// What a member of a group can be, for messages.
const MEMBERS: &str =
    "a member is 'ssh:SHA256:…', 'openpgp:' and 40 or 64 digits, 'x509:/CN=…' or 'email:*@example.com'";

impl FromStr for Member {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("'{}' is no member of a group: {MEMBERS}", crate::text::printable(text));
        let (kind, id) = text.split_once(':').ok_or_else(invalid)?;
        if kind == "email" {
            return id.parse().map(Self::Email).map_err(|error| error.to_string());
        }
        let kind = KeyKind::ALL.into_iter().find(|known| known.word() == kind).ok_or_else(invalid)?;
        let key = Key::new(kind, id);
        if key.is_whole() { Ok(Self::Key(key)) } else { Err(invalid()) }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Email(pattern) => write!(f, "email:{pattern}"),
        }
    }
}

/// People who may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What rules call it.
    pub name: String,
    /// Who is in it.
    pub members: Vec<Member>,
    /// The line of the policy.
    pub line: usize,
}

impl Group {
    /// Whether this key, or one of the addresses that are bound to it, is in the group.
    pub fn has(&self, key: &Key, addresses: &[String]) -> bool {
        self.members.iter().any(|member| match member {
            Member::Key(member) => member == key,
            Member::Email(_) => addresses.iter().any(|address| self.has_address(address)),
        })
    }

    /// Whether the group names an address like this one.
    pub fn has_address(&self, address: &str) -> bool {
        self.members.iter().any(|member| matches!(member, Member::Email(pattern) if pattern.matches(address)))
    }
}
