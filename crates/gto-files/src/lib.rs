//! The files of an artifact's version, from wherever they are kept: Git, Git LFS, and what DVC keeps in caches and remotes.
//!
//! [`Listing::open`] finds which files a version has, [`get`] puts them where they are wanted, and [`cat`] writes one. Which version is
//! meant is for the registry (crate `gto`) to say, as everything about Git. This crate has no terminal, and it takes everything that a
//! commit or a remote says for a stranger's word: a path never leaves its target, content is checked by its hash, and no credential goes
//! where a commit alone wants it.

mod content;
mod digest;
mod download;
mod error;
mod lfs;
mod listing;
mod parallel;
mod pin;
mod place;
mod rel_path;
mod select;
mod target;
mod text;
mod transfer;
mod version_file;

pub use error::{Error, Keeper, Result};
pub use lfs::Pointer;
pub use listing::{Listing, Wanted};
pub use pin::Pin;
pub use place::settings::Trust;
pub use rel_path::RelPath;
pub use select::Selection;
pub use target::{GetOptions, Got, cat, get, open};
pub use transfer::{Progress, Transfer};
pub use version_file::{Content, DvcObject, KeptBy, VersionFile};
