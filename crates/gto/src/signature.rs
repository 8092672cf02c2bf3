//! Who wrote something, and when: the author of a commit, the tagger of a tag.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A person and a point in time, as Git records them. Name and address come from the repository: untrusted
/// text. They are shared, because a few people write all tags of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The person's name.
    pub name: Arc<str>,
    /// The person's address, without the angle brackets.
    pub email: Arc<str>,
    /// When.
    pub time: Timestamp,
}
