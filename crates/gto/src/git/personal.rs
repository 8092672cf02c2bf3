//! Settings of gto in Git's own configuration, where a person sets them for one repository or for all: `gto.push`,
//! `gto.remote`, `gto.cache`.
//!
//! Owns looking them up. What they mean is for `config` and the caches to say.

use crate::git::Repository;

impl Repository {
    /// The value of `gto.KEY`; `true` where the file has the key alone, as Git takes it.
    pub fn personal_setting(&self, key: &str) -> Option<String> {
        value(self.gix().config_snapshot().plumbing(), key)
    }
}

/// The same where there is no repository yet: what holds for all of them.
pub(crate) fn global_setting(key: &str) -> Option<String> {
    value(&gix::config::File::from_globals().ok()?, key)
}

fn value(config: &gix::config::File, key: &str) -> Option<String> {
    let key = format!("gto.{key}");
    let key = key.as_str();
    let flag = || config.boolean(key).ok().flatten().map(|flag| flag.to_string());
    config.string(key).map(|text| text.to_string()).or_else(flag)
}
