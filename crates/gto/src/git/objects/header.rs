//! Whether an object is there, and of which kind.
//!
//! Owns these questions. Must not read contents.

use gix::objs::Kind;
use gix::odb::Header as _;

use super::stored::find_again;
use crate::git::objects::tag::ObjectKind;
use crate::git::{Cause, GitError, Repository};
use crate::object_id::ObjectId;

impl Repository {
    /// Whether the object is in the repository.
    pub fn has_object(&self, id: ObjectId) -> bool {
        self.to_gix(id).is_some_and(|gix_id| {
            self.gix().has_object(gix_id) || self.fetch_promised(&[id]) && self.gix().has_object(gix_id)
        })
    }

    /// What kind of object it is; `None` if it is not there or cannot be read.
    pub fn kind_of(&self, id: ObjectId) -> Option<ObjectKind> {
        self.header(id).ok().map(|(kind, _)| kind.into())
    }

    /// The kind and size of an object, without reading its content.
    pub(in crate::git) fn header(&self, id: ObjectId) -> Result<(Kind, u64), GitError> {
        self.count_read(1);
        let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
        let mut header = self.find_header(&gix_id);
        if matches!(header, Ok(None)) && self.fetch_promised(&[id]) {
            header = self.find_header(&gix_id);
        }
        match header {
            Ok(Some(header)) => Ok(header),
            Ok(None) => Err(self.missing(id)),
            Err(error) => Err(GitError::broken_object(id, error)),
        }
    }

    /// The kind and size of an object, if it is here.
    pub(super) fn find_header(&self, id: &gix::oid) -> Result<Option<(Kind, u64)>, Cause> {
        let found = find_again(|| self.gix().objects.try_header(id))?;
        Ok(found.map(|header| (header.kind(), header.size())))
    }
}
