//! Damaged tags of the registry (decision D27), and their reports.
//!
//! Owns that questions are answered with a warning, while commands that act on one answer, and all writes, fail. What a
//! damaged tag is is decided by `git::tags`, and by the listing of refs.

use std::path::PathBuf;

use crate::damage::{Damage, DamagedTag};
use crate::error::{Error, Result};
use crate::git::{TagRef, UnreadableTag, is_valid_tag_name};
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::registry::read::scan::{Scan, lightweight_warning, renamed_warning};
use crate::registry::{Answer, Registry};
use crate::tag::TagName;

impl<T> Answer<T> {
    /// The answer, for a caller that acts on it: not if a tag that counts for it is damaged, since it may be the one of
    /// before then (decision D27).
    ///
    /// # Errors
    /// [`Error::DamagedTags`].
    pub fn unless_damaged(self) -> Result<Self> {
        match damaged_in(&self.warnings) {
            [] => Ok(self),
            tags => Err(Error::DamagedTags { tags: tags.to_vec() }),
        }
    }

    /// Whether tags that count for it are damaged, so that nothing need not be nothing.
    pub fn has_damage(&self) -> bool {
        !damaged_in(&self.warnings).is_empty()
    }
}

/// The damaged tags that these warnings name.
pub(in crate::registry) fn damaged_in(warnings: &[Warning]) -> &[DamagedTag] {
    let found = warnings.iter().find_map(|warning| match warning {
        Warning::DamagedTags(tags) => Some(tags.as_slice()),
        _ => None,
    });
    found.unwrap_or_default()
}

/// Fails if there are damaged tags.
pub(in crate::registry) fn refuse(tags: Vec<DamagedTag>) -> Result<()> {
    if tags.is_empty() { Ok(()) } else { Err(Error::DamagedTags { tags }) }
}

impl Registry {
    /// The damaged tags of a scan, by their names.
    pub(in crate::registry) fn damaged(&self, scan: &Scan) -> Vec<DamagedTag> {
        let objects = scan.unreadable.iter().filter_map(|(tag, why)| {
            let damage = self.damage(tag, *why)?;
            Some(DamagedTag { name: tag.name.clone(), damage })
        });
        let mut damaged: Vec<DamagedTag> = objects.chain(self.damaged_refs(&scan.broken)).collect();
        damaged.sort_unstable();
        damaged
    }

    /// Those of the refs without an object id that are the registry's, and the names that may be what is left of one.
    pub(in crate::registry) fn damaged_refs<'a>(
        &'a self,
        names: &'a [String],
    ) -> impl Iterator<Item = DamagedTag> + use<'a> {
        names.iter().filter_map(|name| {
            let damage = if name.parse::<TagName>().is_ok() {
                Damage::Ref { file: self.ref_file(name) }
            } else if is_valid_tag_name(name) {
                return None;
            } else {
                Damage::Name
            };
            Some(DamagedTag { name: name.clone(), damage })
        })
    }

    /// Warnings about the tags of a scan.
    pub(in crate::registry) fn warnings_of(&self, scan: &Scan) -> Vec<Warning> {
        let mut warnings = lightweight_warning(scan.lightweight.clone());
        warnings.extend(renamed_warning(scan.renamed.iter().map(|(tag, _)| tag.clone()).collect()));
        warnings.extend(damage_warning(self.damaged(scan)));
        warnings.extend(self.store_warning());
        warnings
    }

    /// The warning of places of objects that cannot be used, if there are any.
    pub(in crate::registry) fn store_warning(&self) -> Option<Warning> {
        let faults = self.repository.object_faults();
        (!faults.is_empty()).then_some(Warning::ObjectStore { faults })
    }

    /// The file with the alternates (see `git help repository-layout`), if there is one.
    pub fn borrowed_from(&self) -> Option<PathBuf> {
        let path = self.repository.common_dir().join("objects/info/alternates");
        path.is_file().then_some(path)
    }

    /// What is damaged, if that is why the tag cannot be read.
    pub(in crate::registry) fn damage(&self, tag: &TagRef, why: UnreadableTag) -> Option<Damage> {
        let object = tag.target;
        match why {
            UnreadableTag::Missing => Some(Damage::Missing { object }),
            why if why.is_damage() => Some(Damage::Object { object, file: self.object_file(object) }),
            _ => None,
        }
    }

    /// The file of a loose object, if it has one here.
    fn object_file(&self, id: ObjectId) -> Option<PathBuf> {
        let id = id.to_string();
        let (folder, file) = id.split_at_checked(2)?;
        let path = self.repository.common_dir().join("objects").join(folder).join(file);
        path.is_file().then_some(path)
    }

    /// The file of a loose tag, if its name is one that cannot lead anywhere else.
    pub(in crate::registry) fn ref_file(&self, name: &str) -> Option<PathBuf> {
        let is_safe = is_valid_tag_name(name) && !name.contains(char::REPLACEMENT_CHARACTER);
        let path = self.repository.common_dir().join("refs/tags").join(name);
        (is_safe && path.symlink_metadata().is_ok_and(|file| !file.is_dir())).then_some(path)
    }
}

/// The warning of damaged tags, if there are any.
pub(in crate::registry) fn damage_warning(damaged: Vec<DamagedTag>) -> Option<Warning> {
    (!damaged.is_empty()).then_some(Warning::DamagedTags(damaged))
}
