//! The file `gto-serve.yaml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::ServeError;

/// A larger file is refused.
const MAX_SIZE: u64 = 1 << 20;

/// The file, as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the file")]
pub struct File {
    /// The heading of every page.
    pub title: Option<String>,
    pub repositories: Vec<Repository>,
    pub listen: Option<String>,
    pub write: Option<String>,
    pub auth: Option<String>,
    /// A file with the token in its first line.
    pub token_file: Option<PathBuf>,
    /// The secret that hosts sign their hooks with.
    pub hook_secret_file: Option<PathBuf>,
    /// A token that opens badges alone.
    pub badge_token_file: Option<PathBuf>,
    /// A token that opens `/metrics` alone.
    pub metrics_token_file: Option<PathBuf>,
    pub trusted_proxies: Vec<String>,
    pub user_header: Option<String>,
    pub allowed_hosts: Vec<String>,
    pub refresh: Option<String>,
    /// What looks at the repositories of one host may take in an hour.
    pub host_budget: Option<String>,
}

/// A repository in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// What it is called in addresses; by default the last part of its path.
    pub id: Option<String>,
    /// A folder, from the folder of the file.
    pub path: Option<PathBuf>,
    /// The address of a remote repository.
    pub url: Option<String>,
}

impl File {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, ServeError> {
        let unreadable = |source| ServeError::File {
            what: "the configuration file".to_owned(),
            path: path.to_owned(),
            source,
        };
        if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_SIZE {
            let message = format!("The configuration file '{}' is larger than 1 MiB", path.display());
            return Err(ServeError::setting(message, "is it the right file? docs/dashboard.md shows one"));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(&text).map_err(|error| {
            let error = error.to_string();
            let message = format!(
                "Wrong configuration file '{}': {}",
                path.display(),
                error.lines().next().unwrap_or_default()
            );
            ServeError::setting(message, "docs/dashboard.md lists the keys of this file")
        })
    }
}
