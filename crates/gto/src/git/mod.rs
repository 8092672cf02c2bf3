//! A Git repository on this machine, as the registry needs it.
//!
//! Owns everything that names gix or starts `git`. Must not know what a registry is: tags come out as they are
//! written, and go in as they are given.

mod convert;
mod date;
mod durable;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod identity;
mod objects;
mod open;
mod own_folder;
mod pattern;
mod personal;
mod process;
mod refs;
mod remote;
mod repository;
mod signatures;
mod tag_cache;
#[cfg(test)]
pub(crate) mod test_repo;
mod worktree;

pub(crate) use date::parse_date;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use date::parse_exact;
pub(crate) use error::{GitError, OpenError};
pub(crate) use identity::IdentityError;
pub(crate) use objects::ambiguity::Ambiguity;
pub(crate) use objects::blob::BlobError;
pub(crate) use objects::commit::FileError;
pub(crate) use objects::history::CommitTree;
pub(crate) use objects::links::Entry;
pub(crate) use objects::revision::ResolveError;
pub(crate) use objects::tag::{ObjectKind, TagObject, UnreadableTag, Want, name_sum};
pub(crate) use objects::tree::{EntryKind, TreeEntry};
pub(crate) use pattern::Pattern;
pub(crate) use personal::global_setting;
pub(crate) use process::said::is_about_login;
pub(crate) use refs::edit::{ApplyError, TagEdit};
pub(crate) use refs::folders::GrownFolder;
pub(crate) use refs::packed::Salvage;
pub(crate) use refs::packed_damage::DamagedPackedRefs;
pub(crate) use refs::ref_lock::{HeldLock, LeftLock};
pub(crate) use refs::search::{Choice, Choose, TagSearch};
pub(crate) use refs::seen::SeenRefs;
pub(crate) use refs::writer_lock::{LOCKED, WriteLock};
pub(crate) use refs::{SeenHead, TagRef, TagRefs, is_valid_tag_name};
pub(crate) use remote::login::setting_in;
pub use remote::login::{Credential, RemoteAddress, SshAddress};
pub use remote::mirror::is_bundle;
pub(crate) use remote::mirror::{Access, MirrorError, url_of};
pub(crate) use remote::porcelain::{Outcome, PushReport};
pub(crate) use remote::reach::TagsWanted;
pub(crate) use remote::url::{Address, NoAddress, without_passwords};
pub(crate) use remote::{FetchedTags, PushedBranch, PushedTag, Remote, RemoteError, RemoteTag, batches};
pub(crate) use repository::Repository;
pub(crate) use signatures::keys::{CheckedTag, KeyRing};
pub(crate) use signatures::sign::SignError;
pub(crate) use signatures::signer::approval_id;
pub(crate) use tag_cache::keep::Keep;
pub(crate) use worktree::commit::{CommitError, Committed, FileStatus};
pub(crate) use worktree::index::{Index, Staged};

use convert::{from_gix, lossy};
use error::{Cause, denied};
use objects::OBJECT_LIMIT;
use open::options::{open_options, permissions};
use repository::RefStorage;
