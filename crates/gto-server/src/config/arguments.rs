//! The arguments of `gto serve`, as they were typed.

use std::path::PathBuf;

/// The arguments of `gto serve`; what is `None` or empty comes from the file, or is the default.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// Folders and addresses of repositories.
    pub repositories: Vec<String>,
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// `127.0.0.1:8417`
    pub listen: Option<String>,
    /// `off`, `local` or `service`
    pub write: Option<String>,
    /// `token`, `proxy` or `none`
    pub auth: Option<String>,
    /// Ranges of addresses.
    pub trusted_proxies: Vec<String>,
    /// The header in which a proxy names the user.
    pub user_header: Option<String>,
    /// Names under which the server is reached.
    pub allowed_hosts: Vec<String>,
    /// `30s`
    pub refresh: Option<String>,
    /// The token, from the variable `GTO_SERVE_TOKEN`: in an argument, other users of the machine would see it.
    pub token: Option<String>,
}
