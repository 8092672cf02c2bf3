//! Where objects are kept: caches, folders, servers.
//!
//! Owns what all of these have in common. A place is asked for one object by its path, and may be wrong about it: whoever asks checks.

pub(crate) mod answer;
pub(crate) mod folder;
pub(crate) mod http;
#[cfg(feature = "cloud")]
pub(crate) mod s3;
pub mod settings;
pub(crate) mod store;

use answer::{Opened, PlaceError};
use folder::Folder;
use http::Http;
#[cfg(feature = "cloud")]
use s3::S3;

/// A place with objects.
pub(crate) enum Place {
    /// A folder of this machine.
    Folder(Folder),
    /// A server that is asked by HTTP.
    Http(Http),
    /// A bucket.
    #[cfg(feature = "cloud")]
    S3(Box<S3>),
    /// One that cannot be asked from here.
    Unusable {
        /// What it is, for messages.
        shown: String,
        /// Why it cannot be asked; `None` if there is nothing to ask.
        reason: Option<String>,
    },
}

impl Place {
    /// What it is, for messages. Has no password.
    pub fn shown(&self) -> &str {
        match self {
            Self::Folder(folder) => folder.shown(),
            Self::Http(http) => http.shown(),
            #[cfg(feature = "cloud")]
            Self::S3(s3) => s3.shown(),
            Self::Unusable { shown, .. } => shown,
        }
    }

    /// Whether an object can be asked for from some byte on, which is worth it.
    pub fn has_parts(&self) -> bool {
        match self {
            Self::Http(_) => true,
            #[cfg(feature = "cloud")]
            Self::S3(_) => true,
            Self::Folder(_) | Self::Unusable { .. } => false,
        }
    }

    /// An object, from a byte on.
    pub fn open(&self, path: &str, offset: u64) -> Result<Opened, PlaceError> {
        match self {
            Self::Folder(folder) => folder.open(path),
            Self::Http(http) => http.open(path, offset),
            #[cfg(feature = "cloud")]
            Self::S3(s3) => s3.open(path, offset),
            Self::Unusable { reason, .. } => {
                Err(reason.clone().map_or(PlaceError::Absent, PlaceError::Failed))
            }
        }
    }
}
