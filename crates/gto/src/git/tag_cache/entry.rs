//! What is remembered of one tag, and how much of all.

use super::layout;
use crate::object_id::ObjectId;
use crate::signature::Signature;

/// More text than this in one tag is read from Git each time.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// Text beyond this is not in the file.
pub(super) const MAX_MESSAGES: usize = 1 << 30;

/// Nor are people beyond this, names and addresses in bytes: every tag may be by somebody else.
pub(super) const MAX_PEOPLE: usize = 64 << 20;

/// Tags beyond this are not in the file.
pub(super) const MAX_ENTRIES: usize = 20_000_000;

/// What is remembered of the object that a tag's ref points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) enum CachedTag<'a> {
    /// A tag object that leads to a commit.
    Annotated {
        /// The commit.
        commit: ObjectId,
        /// Who tagged, and when.
        tagger: Signature,
        /// The message; `None` if it was not asked for.
        message: Option<&'a str>,
        /// The sum of the name that it has inside.
        name_sum: u32,
    },
    /// Anything but a tag object.
    Lightweight,
}

impl CachedTag<'_> {
    /// Whether it may be in the cache.
    pub fn is_small(&self) -> bool {
        match self {
            Self::Annotated { tagger, message, .. } => {
                tagger.name.len() + tagger.email.len() + message.map_or(0, str::len) <= MAX_TEXT
            }
            Self::Lightweight => true,
        }
    }
}

/// Whether the file has no room for one more tag, whatever is in it.
pub(super) fn is_full(entries: usize, messages_len: usize, people_len: usize) -> bool {
    let has_room = |len: usize, max: usize| len + layout::PERSON_LEN + MAX_TEXT <= max;
    entries >= MAX_ENTRIES || !has_room(messages_len, MAX_MESSAGES) || !has_room(people_len, MAX_PEOPLE)
}
