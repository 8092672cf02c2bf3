//! Tags of the registry that are there and cannot be read (decision D27).
//!
//! Defines the kinds of damage, and their messages. Front ends add hints. A tag that Git reads and that is no event for
//! another reason (decisions D5 and D22) is not damaged.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::object_id::ObjectId;

/// A tag that cannot be read, so that what its artifact is now cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DamagedTag {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub damage: Damage,
}

/// Why a tag cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Damage {
    /// Its ref holds no object id: an empty file after a power cut.
    Ref {
        /// The file of the ref, if it is loose.
        file: Option<PathBuf>,
    },
    /// A name that no ref can have, which Git passes over: what is left of a damaged line of `packed-refs`.
    Name,
    /// Its object, or one that this leads to, is not in the repository.
    Missing {
        /// The object that its ref names.
        object: ObjectId,
    },
    /// Its object, or one that this leads to, is damaged.
    Object {
        /// The object that its ref names.
        object: ObjectId,
        /// The file of the object, if it is loose.
        file: Option<PathBuf>,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ref { .. } => f.write_str("its ref holds no object id"),
            Self::Name => f.write_str("no tag can have that name"),
            Self::Missing { object } => write!(f, "its object {} is missing", object.short()),
            Self::Object { object, .. } => {
                write!(f, "its object {} is damaged or larger than 1 MiB", object.short())
            }
        }
    }
}

/// `tag 'a' cannot be read: its ref holds no object id`, or how many cannot, and the first of them.
pub(crate) fn sentence(tags: &[DamagedTag]) -> String {
    const SHOWN: usize = 3;
    let described = |tag: &DamagedTag| format!("'{}' ({})", tag.name, tag.damage);
    match tags {
        [] => "no tag is damaged".to_owned(),
        [only] => format!("tag '{}' cannot be read: {}", only.name, only.damage),
        several => {
            let shown = several.iter().take(SHOWN).map(described).collect::<Vec<_>>().join(", ");
            let more = several.len().saturating_sub(SHOWN);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{} tags cannot be read: {shown}{more}", several.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_damaged_tags_are_counted_and_the_first_are_named() {
        let tag = |n: usize| DamagedTag { name: format!("m@v{n}.0.0"), damage: Damage::Ref { file: None } };
        let tags: Vec<DamagedTag> = (1..=5).map(tag).collect();
        assert_eq!(sentence(&tags[..1]), "tag 'm@v1.0.0' cannot be read: its ref holds no object id");
        let several = sentence(&tags);
        assert!(
            several.starts_with("5 tags cannot be read: 'm@v1.0.0' (its ref holds no object id), 'm@v2.0.0'")
        );
        assert!(several.ends_with("'m@v3.0.0' (its ref holds no object id) and 2 more"), "{several}");
    }
}
