//! Who wrote something, and when: the author of a commit, the tagger of a tag.

use crate::time::Timestamp;

/// A person and a point in time, as Git records them. Name and address come from the repository: untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The person's name.
    pub name: String,
    /// The person's address, without the angle brackets.
    pub email: String,
    /// When.
    pub time: Timestamp,
}
