//! Taking a tag over from another clone of the same remote, in place of the one of that name here.
//!
//! Writes the tag object and its ref, and nothing else: no commit, no setting. Must not ask the remote.

use crate::git::objects::loose::Unsynced;
use crate::git::refs::TAGS;
use crate::git::refs::edit::ApplyError;
use crate::git::{GitError, Repository, TagRef};
use crate::object_id::ObjectId;
use gix::objs::Kind;

/// A tag of a tag of a tag …: nobody makes more.
const DEEPEST: usize = 8;

impl Repository {
    /// Whether the object is here now: nothing is fetched.
    pub fn is_here(&self, id: ObjectId) -> bool {
        self.to_gix(id).is_some_and(|id| self.gix().has_object(id))
    }

    /// Makes the tag here the one that `from` has, whatever is here of that name. `false` if what it is on is not here, so that
    /// the repository would be broken.
    pub fn take_tag(&self, tag: &TagRef, from: &Self) -> Result<bool, ApplyError> {
        let mut objects = Vec::new();
        let mut id = tag.target;
        while let Some(object) = from.tag_bytes(id)? {
            let target = crate::git::objects::text::Parts::of(&object).id("object");
            objects.push(object);
            match target {
                Some(target) if objects.len() < DEEPEST => id = target,
                _ => return Ok(false),
            }
        }
        if !self.is_here(id) {
            return Ok(false);
        }
        let mut unsynced = Unsynced::default();
        for object in objects.iter().rev() {
            self.write_tag_object(object, &mut unsynced)?;
        }
        unsynced.sync().map_err(|error| self.object_error(error))?;
        let full_name = format!("{TAGS}{}", tag.name);
        let target = tag.target.to_string();
        let args = ["update-ref", "--no-deref", "--", &full_name, &target];
        let output = self.run_git("replacing a tag", args, b"")?;
        if !output.status.success() {
            return Err(self.command_error("update-ref", &output).into());
        }
        self.see_packed_refs();
        Ok(true)
    }

    /// The tag object, if it is one.
    fn tag_bytes(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        if self.header(id)?.0 != Kind::Tag {
            return Ok(None);
        }
        let mut object = Vec::new();
        let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
        match self.read_object(&gix_id, &mut object) {
            Ok(Some(_)) => Ok(Some(object)),
            Ok(None) => Err(GitError::Missing { id }),
            Err(error) => Err(GitError::broken_object(id, error)),
        }
    }
}
