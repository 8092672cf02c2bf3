//! What a place answers when it is asked for an object.

use std::io::Read;

/// What is asked for objects and is none of the usual places.
pub(crate) trait Elsewhere: Send + Sync {
    /// What it is, for messages.
    fn shown(&self) -> &str;

    /// An object, from a byte on.
    fn open(&self, path: &str, offset: u64) -> Result<Opened, PlaceError>;
}

/// An object as a place has it.
pub(crate) struct Opened {
    /// The content from `offset` on.
    pub content: Box<dyn Read>,
    /// Where it begins: what was asked for, or 0 if the place knows no parts.
    pub offset: u64,
}

/// Why a place does not give an object.
#[derive(Debug)]
pub(crate) enum PlaceError {
    /// It does not have it.
    Absent,
    /// It may have it when it is asked again.
    Later(String),
    /// It does not have so much: it is to be asked from the beginning.
    Restart,
    /// It does not give it.
    Failed(String),
}
