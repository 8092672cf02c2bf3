//! The approvals of versions, as their tags have them.

use std::collections::HashSet;

use crate::approval::{APPROVALS, ApprovalName, ApprovalTag};
use crate::damage::DamagedTag;
use crate::error::Result;
use crate::git::{TagObject, Want};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::registry::read::damage::damage_warning;
use crate::registry::read::scan::lightweight_warning;
use crate::registry::{Answer, Registry};

impl Registry {
    /// All approvals, or those of one artifact, and their withdrawals; oldest first. What each counts for depends on the policy.
    ///
    /// # Errors
    /// What keeps Git from reading the tags. A tag that cannot be read is named in the warnings.
    pub fn approvals(&self, artifact: Option<&ArtifactName>) -> Result<Answer<Vec<ApprovalTag>>> {
        let prefix = artifact.map_or_else(|| APPROVALS.to_owned(), ApprovalName::prefix_of_artifact);
        let tags = self.repository.tag_refs_with(&[&prefix])?;
        let mut damaged: Vec<DamagedTag> = self.damaged_refs(&tags.broken).collect();
        let objects = self.repository.read_tags(&tags.refs, Want::Everything);
        let (mut value, mut lightweight) = (Vec::new(), Vec::new());
        for (tag, object) in tags.refs.into_iter().zip(objects) {
            let Ok(name) = tag.name.parse::<ApprovalName>() else { continue };
            match object {
                TagObject::Annotated { tag_id, commit, tagger, message, .. } => {
                    let is_withdrawn = name.is_withdrawal;
                    value.push(ApprovalTag { name, tag_id, commit, tagger, message, is_withdrawn });
                }
                TagObject::Lightweight { .. } => lightweight.push(tag.name),
                TagObject::Unreadable(why) => {
                    let damage = self.damage(&tag, why);
                    damaged.extend(damage.map(|damage| DamagedTag { name: tag.name, damage }));
                }
            }
        }
        let withdrawn: HashSet<(ApprovalName, ObjectId)> = value
            .iter()
            .filter(|tag| tag.name.is_withdrawal)
            .map(|tag| (ApprovalName { is_withdrawal: false, ..tag.name.clone() }, tag.commit))
            .collect();
        for tag in &mut value {
            tag.is_withdrawn = tag.is_withdrawn || withdrawn.contains(&(tag.name.clone(), tag.commit));
        }
        value.sort_by_cached_key(|tag| (tag.tagger.time.seconds(), tag.name.to_string()));
        let warnings = damage_warning(damaged).into_iter().chain(lightweight_warning(lightweight)).collect();
        Ok(Answer { value, warnings })
    }
}
