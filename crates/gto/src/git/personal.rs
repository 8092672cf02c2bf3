//! Settings of gto in Git's own configuration, where a person sets them for one repository or for all: `gto.push`,
//! `gto.remote`, `gto.cache`.
//!
//! Owns looking them up. What they mean is for `config` and the caches to say.

use std::path::PathBuf;

use gix::config::file::{Metadata, includes, init};
use gix::config::source::Kind;

use crate::environment::Environment;
use crate::git::Repository;
use crate::git::open::command_line;

impl Repository {
    /// The value of `gto.KEY`; `true` where the file has the key alone, as Git takes it.
    pub fn personal_setting(&self, key: &str) -> Option<String> {
        value(self.gix().config_snapshot().plumbing(), key)
    }
}

/// The same where there is no repository yet: what holds for all of them, by the caller's variables.
pub(crate) fn global_setting(environment: &Environment, key: &str) -> Option<String> {
    command_line::setting(environment, &format!("gto.{key}")).or_else(|| value(&globals(environment)?, key))
}

/// The files that hold for all repositories. `gix::config::File::from_globals` would find them by the variables of the process.
fn globals(environment: &Environment) -> Option<gix::config::File> {
    let mut variable = |name: &str| environment.variable_os(name).map(ToOwned::to_owned);
    let home = variable("HOME").map(PathBuf::from).or_else(gix::path::env::home_dir);
    let sources =
        [Kind::GitInstallation, Kind::System, Kind::Global].into_iter().flat_map(Kind::sources).copied();
    let files: Vec<Metadata> = sources
        .map(|source| Metadata {
            path: source.storage_location(&mut variable).filter(|path| path.is_file()),
            source,
            level: 0,
            trust: gix::sec::Trust::Full,
        })
        .collect();
    let includes = includes::Options::follow_without_conditional(home.as_deref());
    gix::config::File::from_paths_metadata(files, init::Options { includes, ..init::Options::default() })
        .ok()?
}

fn value(config: &gix::config::File, key: &str) -> Option<String> {
    let key = format!("gto.{key}");
    let key = key.as_str();
    let flag = || config.boolean(key).ok().flatten().map(|flag| flag.to_string());
    config.string(key).map(|text| text.to_string()).or_else(flag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn the_callers_variables_say_where_the_configuration_is_and_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, "[gto]\n\tcache = always\n\tpush\n").unwrap();
        let file = file.to_string_lossy().into_owned();
        let now = Timestamp::new(0, 0).unwrap();
        let of = |more: &[(&str, &str)]| {
            let variables = [("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", file.as_str())];
            let variables = variables.iter().chain(more);
            Environment::new(variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), now)
        };
        assert_eq!(global_setting(&of(&[]), "cache").as_deref(), Some("always"));
        assert_eq!(global_setting(&of(&[]), "push").as_deref(), Some("true"));
        assert_eq!(global_setting(&of(&[]), "remote"), None);
        let wins = of(&[("GIT_CONFIG_PARAMETERS", "'gto.cache'='off' 'GTO.remote'='a'")]);
        assert_eq!(global_setting(&wins, "cache").as_deref(), Some("off"));
        assert_eq!(global_setting(&wins, "remote").as_deref(), Some("a"));
        assert_eq!(global_setting(&of(&[("GIT_CONFIG_GLOBAL", "")]), "cache"), None);
    }
}
