//! Objects: reading, finding and writing them.

pub(super) mod ambiguity;
pub(in crate::git) mod ancestry;
pub(super) mod blob;
pub(super) mod commit;
pub(super) mod fetches;
pub(super) mod header;
pub(super) mod history;
pub(super) mod links;
pub(super) mod loose;
pub(super) mod packs;
pub(super) mod paths;
pub(super) mod promisor;
pub(super) mod revision;
pub(super) mod stored;
pub(super) mod tag;
pub(super) mod text;
pub(super) mod tree;

/// No object larger than this is taken into memory, whatever a repository claims: 64 MiB.
pub(super) const OBJECT_LIMIT: usize = 64 * 1024 * 1024;
