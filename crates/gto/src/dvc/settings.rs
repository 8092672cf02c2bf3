//! The configuration of DVC, as text: `.dvc/config` and its like.
//!
//! Owns reading one file (DVC 3.67, `dvc/config.py`, by way of `configobj`). Which files there are, and whose word counts for what, is for
//! the caller.

use std::collections::BTreeMap;

/// A larger file is not read, in bytes.
pub const MAX_CONFIG: usize = 1 << 20;

/// What one file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// `core.remote`: the remote that is used where none is named.
    pub default_remote: Option<String>,
    /// `cache.dir`, as it is written.
    pub cache: Option<String>,
    /// By name in lower case, as DVC compares them: the options of each remote, by their names in lower case.
    pub remotes: BTreeMap<String, BTreeMap<String, String>>,
}

impl Settings {
    /// Reads a file. A line that is none is passed over: DVC would refuse the file, and says so.
    pub fn parse(text: &str) -> Self {
        let mut settings = Self::default();
        let mut section = String::new();
        for line in text.lines() {
            let line = line.trim();
            if let Some(name) = section_of(line) {
                section = name;
                if let Some(name) = remote_of(&section) {
                    settings.remotes.entry(name).or_default();
                }
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                settings.set(&section, &unquoted(key.trim()).to_ascii_lowercase(), value_of(value));
            }
        }
        settings
    }

    fn set(&mut self, section: &str, key: &str, value: String) {
        match (section, key) {
            ("core", "remote") => self.default_remote = Some(value.to_lowercase()),
            ("cache", "dir") => self.cache = Some(value),
            _ => {
                if let Some(name) = remote_of(section) {
                    self.remotes.entry(name).or_default().insert(key.to_owned(), value);
                }
            }
        }
    }
}

/// `['remote "name"']` without what is around it, in lower case.
fn section_of(line: &str) -> Option<String> {
    let inside = line.strip_prefix('[')?;
    let end = inside.rfind(']')?;
    Some(unquoted(inside[..end].trim()).to_lowercase())
}

fn remote_of(section: &str) -> Option<String> {
    let name = section.trim().strip_prefix("remote")?.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some(name.to_owned())
}

/// The value of a line, without quotes, or without a comment.
fn value_of(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some((value, _)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return value.to_owned();
        }
    }
    text.split('#').next().unwrap_or_default().trim().to_owned()
}

fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inside('\'').or_else(|| inside('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_dvc_writes_it_and_as_people_do() {
        let text = "# ours\n[core]\n    remote = Main # the default\n    autostage = true\n['remote \"Main\"']\n    \
                    url = s3://bucket/x\n    endpointurl = \"http://host:9000/#\"\n[cache]\ndir = '../c d'\n\
                    [\"remote \"x\"\"]\nURL=../../r\nno line\n[remote \"plain\"]\nurl = https://h/p\n";
        let settings = Settings::parse(text);
        assert_eq!(settings.default_remote.as_deref(), Some("main"));
        assert_eq!(settings.cache.as_deref(), Some("../c d"));
        let main = &settings.remotes["main"];
        assert_eq!(
            (main["url"].as_str(), main["endpointurl"].as_str()),
            ("s3://bucket/x", "http://host:9000/#")
        );
        assert_eq!(settings.remotes["x"]["url"], "../../r");
        assert_eq!(settings.remotes["plain"]["url"], "https://h/p");
    }
}
