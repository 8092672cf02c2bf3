//! A file of a version, and where its content is kept.
//!
//! Owns what is known of one before it is got. Does no I/O.

use std::sync::Arc;

use gto::dvc::stored::{CloudSource, CloudVersion, Import, Layout, Md5};
use gto::object_id::ObjectId;
use serde::Serialize;

use crate::lfs::Pointer;
use crate::rel_path::RelPath;

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFile {
    /// The path in the artifact's folder; of an artifact that is a file, its name.
    pub path: RelPath,
    /// The size, in bytes, where that is known before it is got.
    pub size: Option<u64>,
    /// Whether it can be executed.
    pub executable: bool,
    /// Where its content is kept.
    pub content: Content,
}

/// Where the content of a file is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// In Git.
    Git(ObjectId),
    /// By Git LFS.
    Lfs(Pointer),
    /// By DVC.
    Dvc(DvcObject),
    /// It is a link to another file of the version, in these words.
    Link(String),
}

/// An object of DVC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DvcObject {
    /// Its hash.
    pub md5: Md5,
    /// Which of the stores has it.
    pub(crate) store: usize,
    /// The remote that is named for it alone.
    pub(crate) remote: Option<String>,
    /// Where it is imported from.
    pub(crate) import: Option<Arc<Import>>,
    /// The versions in a cloud that it is imported from.
    pub(crate) source: Option<Arc<CloudSource>>,
    /// Its own name, for a remote that keeps files under these.
    pub(crate) own: Option<OwnName>,
}

/// What a remote with versions of the cloud calls a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnName {
    /// The path from the folder of the DVC repository.
    pub path: String,
    /// Which version of that it is.
    pub version: CloudVersion,
}

/// Which tool keeps a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeptBy {
    /// Git.
    Git,
    /// Git LFS.
    Lfs,
    /// DVC.
    Dvc,
    /// It is a link.
    Link,
}

impl KeptBy {
    /// The word for it, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Lfs => "lfs",
            Self::Dvc => "dvc",
            Self::Link => "link",
        }
    }
}

impl Content {
    /// Which tool keeps it.
    pub fn kept_by(&self) -> KeptBy {
        match self {
            Self::Git(_) => KeptBy::Git,
            Self::Lfs(_) => KeptBy::Lfs,
            Self::Dvc(_) => KeptBy::Dvc,
            Self::Link(_) => KeptBy::Link,
        }
    }

    /// The hash that its content is checked by, with its kind.
    pub fn hash(&self) -> String {
        match self {
            Self::Git(id) => format!("git:{id}"),
            Self::Lfs(pointer) => format!("sha256:{}", pointer.sha256()),
            Self::Dvc(object) => match object.md5.layout {
                Layout::Three => format!("md5:{}", object.md5),
                Layout::Two => format!("md5-dos2unix:{}", object.md5),
            },
            Self::Link(target) => format!("link:{target}"),
        }
    }
}
