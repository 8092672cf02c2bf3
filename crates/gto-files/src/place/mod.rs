//! Where objects are kept: caches, folders, servers.
//!
//! Owns what all of these have in common. A place is asked for one object by its path, and may be wrong about it: whoever asks checks.

pub(crate) mod answer;
#[cfg(feature = "cloud")]
mod azure;
#[cfg(feature = "cloud")]
mod bucket;
pub(crate) mod folder;
#[cfg(feature = "cloud")]
mod gs;
pub(crate) mod http;
#[cfg(feature = "cloud")]
mod oauth;
mod resolver;
#[cfg(feature = "cloud")]
mod s3;
pub mod settings;
mod sftp;
mod source;
pub(crate) mod store;

use std::sync::Arc;

use gto::dvc::stored::Md5;
use gto::environment::Environment;

use crate::version_file::OwnName;
use answer::{Elsewhere, Opened, PlaceError};
#[cfg(feature = "cloud")]
use azure::Azure;
use folder::Folder;
#[cfg(feature = "cloud")]
use gs::Gs;
use http::Http;
#[cfg(feature = "cloud")]
use s3::S3;
use settings::{Remote, Trust};
use sftp::Sftp;

/// A place with objects.
pub(crate) enum Place {
    /// A folder of this machine.
    Folder(Folder),
    /// A server that is asked by HTTP.
    Http(Http),
    /// One object at an address of its own.
    Link {
        /// How it is asked for.
        http: Http,
        /// The address, which may have a signature in it.
        url: String,
    },
    /// A folder on a server of ssh.
    Sftp(Sftp),
    /// A bucket of S3.
    #[cfg(feature = "cloud")]
    S3(Box<S3>),
    /// A bucket of Google.
    #[cfg(feature = "cloud")]
    Gs(Box<Gs>),
    /// A container of Azure.
    #[cfg(feature = "cloud")]
    Azure(Box<Azure>),
    /// One file in one version, in a bucket that keeps files under their own names.
    Version {
        /// The bucket.
        bucket: Arc<Place>,
        /// What the file is called there.
        own: OwnName,
    },
    /// Another repository.
    Elsewhere(Box<dyn Elsewhere>),
    /// One that cannot be asked from here.
    Unusable {
        /// What it is, for messages.
        shown: String,
        /// Why it cannot be asked; `None` if there is nothing to ask.
        reason: Option<String>,
    },
}

impl Place {
    /// The place of a remote with an address of this kind.
    ///
    /// # Errors
    /// Why it cannot be asked, in one clause.
    fn on_server(
        scheme: &str,
        remote: &Remote,
        url: &str,
        name: &str,
        trust: &Trust,
        environment: &Environment,
    ) -> Result<Self, String> {
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        Ok(match scheme {
            "http" | "https" => Self::Http(Http::new(remote, url, name, trust)?),
            "ssh" => Self::Sftp(Sftp::new(remote, rest, name, trust)?),
            #[cfg(feature = "cloud")]
            "s3" => Self::S3(Box::new(S3::new(remote, rest, name, trust, environment)?)),
            #[cfg(feature = "cloud")]
            "gs" => Self::Gs(Box::new(Gs::new(remote, rest, name, trust, environment)?)),
            #[cfg(feature = "cloud")]
            "azure" => Self::Azure(Box::new(Azure::new(remote, rest, name, trust, environment)?)),
            #[cfg(not(feature = "cloud"))]
            "s3" | "gs" | "azure" => {
                let _ = environment;
                return Err("this gto was built without the clouds".to_owned());
            }
            scheme => {
                return Err(format!("gto cannot read remotes of the kind '{}'", crate::text::shown(scheme)));
            }
        })
    }

    /// What it is, for messages. Has no password.
    pub fn shown(&self) -> &str {
        match self {
            Self::Folder(folder) => folder.shown(),
            Self::Http(http) | Self::Link { http, .. } => http.shown(),
            Self::Sftp(sftp) => sftp.shown(),
            #[cfg(feature = "cloud")]
            Self::S3(s3) => s3.shown(),
            #[cfg(feature = "cloud")]
            Self::Gs(gs) => gs.shown(),
            #[cfg(feature = "cloud")]
            Self::Azure(azure) => azure.shown(),
            Self::Version { bucket, .. } => bucket.shown(),
            Self::Elsewhere(elsewhere) => elsewhere.shown(),
            Self::Unusable { shown, .. } => shown,
        }
    }

    /// A version of an object, or the current one, from a byte on.
    fn open_version(&self, path: &str, version: Option<&str>, offset: u64) -> Result<Opened, PlaceError> {
        match self {
            #[cfg(feature = "cloud")]
            Self::S3(s3) => s3.open(path, version, offset),
            #[cfg(feature = "cloud")]
            Self::Gs(gs) => gs.open(path, version, offset),
            #[cfg(feature = "cloud")]
            Self::Azure(azure) => azure.open(path, version, offset),
            Self::Unusable { .. } => self.open(path, offset),
            _ => {
                let _ = version;
                Err(PlaceError::Failed("only buckets of clouds keep versions".to_owned()))
            }
        }
    }

    /// Whether an object can be asked for from some byte on, which is worth it.
    pub fn has_parts(&self) -> bool {
        match self {
            Self::Http(_) | Self::Link { .. } => true,
            #[cfg(feature = "cloud")]
            Self::S3(_) | Self::Gs(_) | Self::Azure(_) => true,
            Self::Version { bucket, .. } => bucket.has_parts(),
            Self::Elsewhere(elsewhere) => elsewhere.has_parts(),
            Self::Folder(_) | Self::Sftp(_) | Self::Unusable { .. } => false,
        }
    }

    /// The hash of all that is there, where the commit does not say it.
    ///
    /// # Errors
    /// Why it is not known, in one clause.
    pub fn hash(&self) -> Result<Md5, String> {
        match self {
            Self::Elsewhere(elsewhere) => elsewhere.hash(),
            Self::Unusable { reason: Some(reason), .. } => Err(reason.clone()),
            _ => Err("it is not known what is there".to_owned()),
        }
    }

    /// Whether it is a folder that has an object.
    pub fn has(&self, path: &str) -> bool {
        matches!(self, Self::Folder(folder) if folder.has(path))
    }

    /// An object, from a byte on.
    pub fn open(&self, path: &str, offset: u64) -> Result<Opened, PlaceError> {
        match self {
            Self::Folder(folder) => folder.open(path),
            Self::Http(http) => http.open(path, offset),
            Self::Link { http, url } => http.open_at(url, offset),
            Self::Sftp(sftp) => sftp.open(path),
            #[cfg(feature = "cloud")]
            Self::S3(s3) => s3.open(path, None, offset),
            #[cfg(feature = "cloud")]
            Self::Gs(gs) => gs.open(path, None, offset),
            #[cfg(feature = "cloud")]
            Self::Azure(azure) => azure.open(path, None, offset),
            Self::Version { bucket, own } => {
                bucket.open_version(&own.path, own.version.id.as_deref(), offset)
            }
            Self::Elsewhere(elsewhere) => elsewhere.open(path, offset),
            Self::Unusable { reason, .. } => {
                Err(reason.clone().map_or(PlaceError::Absent, PlaceError::Failed))
            }
        }
    }
}
