//! Which tags are wanted of a remote, and how the repository that asks says that remotes are reached.
//!
//! Owns finding these settings. Must not run `git`.

use crate::git::{Repository, lossy};

/// Sections of a configuration that say how a remote is reached, as a checkout of a pipeline has its token there.
const REACHING: [&str; 4] = ["http", "url", "credential", "protocol"];

/// The same of the section `core`.
const REACHING_IN_CORE: [&str; 3] = ["sshCommand", "askPass", "gitProxy"];

/// The tags to have of a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagsWanted {
    /// How their names begin.
    pub prefixes: Vec<String>,
    /// Whether object ids are SHA-256.
    pub is_sha256: bool,
    /// Whether the commit of the remote's `HEAD` is wanted, too: it has the file `.gto`.
    pub has_head: bool,
    /// How the names of branches begin whose history is wanted, too: commits without files.
    pub branches: Vec<String>,
}

impl TagsWanted {
    /// Whether the clone has the same kind of ids.
    pub(super) fn fit(&self, clone: &Repository) -> bool {
        clone.is_sha256() == self.is_sha256
    }
}

impl Repository {
    /// Whether object ids are SHA-256.
    pub fn is_sha256(&self) -> bool {
        self.gix().object_hash() == gix::hash::Kind::Sha256
    }

    /// How this repository, and no other, is told to reach remotes: keys and values. Those of the user and the system count anyway.
    pub fn settings_to_reach(&self) -> Vec<(String, String)> {
        let config = self.gix().config_snapshot();
        let mut settings = Vec::new();
        for section in config.plumbing().sections() {
            if section.meta().source.kind() != gix::config::source::Kind::Repository {
                continue;
            }
            let header = section.header();
            let name = lossy(header.name()).to_lowercase();
            let is_core = name == "core";
            if !is_core && !REACHING.contains(&name.as_str()) {
                continue;
            }
            let prefix = match header.subsection_name() {
                Some(subsection) => format!("{name}.{}", lossy(subsection)),
                None => name,
            };
            let mut keys: Vec<String> = Vec::new();
            for key in section.value_names() {
                let key = key.clone();
                let is_known = keys.iter().any(|known| known.eq_ignore_ascii_case(&key));
                let is_wanted =
                    !is_core || REACHING_IN_CORE.iter().any(|name| name.eq_ignore_ascii_case(&key));
                if is_wanted && !is_known {
                    settings.extend(
                        section.values(&key).iter().map(|value| (format!("{prefix}.{key}"), lossy(value))),
                    );
                    keys.push(key);
                }
            }
        }
        settings
    }
}
