//! Values of gix, and bytes, as ours.

use crate::object_id::ObjectId;

/// The id of gix as ours.
pub(super) fn from_gix(id: &gix::oid) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("gix knows hashes of 20 and 32 bytes only")
}

/// Bytes of a repository as text. Git promises no encoding; what is not UTF-8 becomes replacement characters.
pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
