//! What a place answers when it is asked for an object.

use std::io::Read;

use gto::dvc::stored::Md5;

/// What is asked for objects and is none of the usual places.
pub(crate) trait Elsewhere: Send + Sync {
    /// What it is, for messages.
    fn shown(&self) -> &str;

    /// Whether an object can be asked for from some byte on, which is worth it.
    fn has_parts(&self) -> bool {
        false
    }

    /// The hash of all that is there, where the commit does not say it.
    fn hash(&self) -> Result<Md5, String> {
        Err("it is not known what is there".to_owned())
    }

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

/// The hash of the object with this path, and whether that is the list of a folder.
pub(crate) fn hash_of(path: &str) -> (String, bool) {
    let (object, is_list) = path.strip_suffix(".dir").map_or((path, false), |object| (object, true));
    // The first two digits are a folder.
    (object.rsplit('/').take(2).fold(String::new(), |end, part| part.to_owned() + &end), is_list)
}
