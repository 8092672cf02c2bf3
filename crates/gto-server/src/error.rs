//! Why the server does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the server does not start. Each has a hint: what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An argument or a setting that cannot be used.
    #[error("{message}")]
    Setting {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The configuration file, or one that it names, cannot be read.
    #[error("Cannot read {what} '{}'", path.display())]
    File {
        /// What it is for.
        what: String,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("Cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system refuses what a server needs.
    #[error("Cannot start the server: {0}")]
    System(#[from] io::Error),
    /// A repository that is named alone cannot be opened.
    #[error(transparent)]
    Registry(#[from] gto::Error),
}

impl ServeError {
    /// A setting that cannot be used.
    pub(crate) fn setting(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Setting { message: message.into(), hint: hint.into() }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Setting { hint, .. } => Some(hint.clone()),
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => Some(
                "another program, perhaps another `gto serve`, listens there; choose a free port with \
                 `--listen 127.0.0.1:0`"
                    .to_owned(),
            ),
            Self::Listen { .. } => {
                Some("name an address of this machine, as in `--listen 127.0.0.1:8417`".to_owned())
            }
            _ => None,
        }
    }
}

/// What happened, and why, in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let why = cause.to_string();
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        source = cause.source();
    }
    text
}
