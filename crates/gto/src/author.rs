//! Who writes: a value that every write has.

use serde::{Deserialize, Serialize};

use crate::signing::Sign;

/// Who writes, if not who Git is configured for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Author {
    /// The tagger's name.
    pub name: Option<String>,
    /// The tagger's address.
    pub email: Option<String>,
    /// Whether the new tags are signed.
    pub sign: Sign,
    /// Why the policy's rules are not kept. It counts in a signed tag of somebody who may say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_reason: Option<String>,
    /// For whom a service writes: an address or a name that groups of the policy match as `email:`. It counts in a tag that is
    /// signed with a key of `service` in the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// What Git would leave out of a tag without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorFault {
    /// The name is empty.
    Name,
    /// The address has a `<`, a `>` or a line break.
    Email,
}

impl Author {
    /// What of it no tag can have, if anything.
    pub fn fault(&self) -> Option<AuthorFault> {
        if self.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Some(AuthorFault::Name);
        }
        let is_impossible = |email: &str| email.contains(['<', '>', '\n', '\r']);
        self.email.as_deref().is_some_and(is_impossible).then_some(AuthorFault::Email)
    }
}
