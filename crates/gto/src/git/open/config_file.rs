//! The configuration file of a repository, and what of it ends every command of git.
//!
//! Owns refusing that: gix goes on without a file that it cannot make sense of, and takes a default in the place of a bad value.
//! Lines that git surely takes are recognised here; any other line is for git to judge. Must not know what a value is for.

use std::io;
use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::trust;
use crate::git::{Cause, GitError, OpenError};

/// The settings of `core` that are yes or no.
const BOOLEANS: [&str; 12] = [
    "bare",
    "filemode",
    "ignorecase",
    "ignorestat",
    "logallrefupdates",
    "precomposeunicode",
    "prefersymlinkrefs",
    "protecthfs",
    "protectntfs",
    "quotepath",
    "symlinks",
    "trustctime",
];

/// Those that are any text.
const TEXTS: [&str; 9] = [
    "askpass",
    "attributesfile",
    "editor",
    "excludesfile",
    "gitproxy",
    "hookspath",
    "pager",
    "sshcommand",
    "worktree",
];

/// The other sections of which git reads something before any command, beside those that are any text.
const READ_BY_GIT: [&str; 9] =
    ["advice", "attr", "branch", "color", "i18n", "mailmap", "pack", "pager", "push"];

/// The file of a repository that may still be refused by git.
pub(super) struct ConfigFile {
    is_plain: bool,
}

impl ConfigFile {
    /// Reads the file, and refuses one that cannot be read or that gix would read as another than it is. That of a FIFO it would
    /// wait for.
    pub fn read(path: &Path, common_dir: &Path) -> Result<Self, OpenError> {
        let config = common_dir.join("config");
        let shown = config.display();
        match std::fs::metadata(&config) {
            Ok(file) if file.is_file() => {}
            Ok(file) if file.is_dir() => {
                return Err(broken(path, format!("unable to access '{shown}': Is a directory")));
            }
            Ok(_) => return Err(broken(path, format!("unable to access '{shown}': it is not a file"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self { is_plain: true }),
            Err(_) => {}
        }
        let text = std::fs::read(&config)
            .map_err(|error| OpenError::PermissionDenied { path: path.to_owned(), source: error.into() })?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        if let Some(line) = line_outside_sections(text) {
            return Err(broken(path, format!("bad config line {line} in file {shown}")));
        }
        if let Some(line) = line_with_nul(text) {
            // Git takes the value up to there, which is not what anybody wrote.
            return Err(OpenError::NulInConfig { file: config, line });
        }
        Ok(Self { is_plain: is_plain(text) })
    }

    /// Lets git judge what it may refuse. To be called when the owner of the repository is known to be trusted.
    pub fn check(&self, path: &Path, git_dir: &Path) -> Result<(), OpenError> {
        if self.is_plain {
            return Ok(());
        }
        match trust::ask_git_for_settings(git_dir) {
            Ok(Some(message)) => {
                Err(broken(path, GitError::Command { command: "for-each-ref".to_owned(), message }))
            }
            // Without git, it is gix that reads it.
            Ok(None) | Err(_) => Ok(()),
        }
    }
}

fn broken(path: &Path, source: impl Into<Cause>) -> OpenError {
    OpenError::Broken { path: path.to_owned(), source: source.into() }
}

/// Refuses values that end every command of git, wherever they are set. gix takes the default instead.
pub(super) fn check_values(path: &Path, gix: &gix::Repository) -> Result<(), OpenError> {
    let snapshot = gix.config_snapshot();
    let sections = snapshot.plumbing().sections_by_name("core").into_iter().flatten();
    let names: Vec<String> = sections.flat_map(|section| section.value_names().collect::<Vec<_>>()).collect();
    let is_set = |name: &str| names.iter().any(|key| key.eq_ignore_ascii_case(name));
    for name in BOOLEANS.into_iter().filter(|name| is_set(name)) {
        let key = format!("core.{name}");
        if snapshot.try_boolean(key.as_str()).is_err() {
            let value = snapshot.string(key.as_str()).unwrap_or_default();
            if name != "logallrefupdates" || !value.eq_ignore_ascii_case(b"always") {
                return Err(broken(path, format!("bad boolean config value '{value}' for '{key}'")));
            }
        }
    }
    Ok(())
}

/// The line, from 1, of text that is in no section, which git refuses and gix passes over.
fn line_outside_sections(text: &[u8]) -> Option<usize> {
    let is_something = |line: &[u8]| !matches!(line.trim_ascii_start().first(), None | Some(b'#' | b';'));
    let (at, line) = text.split(|byte| *byte == b'\n').enumerate().find(|(_, line)| is_something(line))?;
    (line.trim_ascii_start().first() != Some(&b'[')).then_some(at + 1)
}

/// The line, from 1, with a NUL that is not in a comment.
fn line_with_nul(text: &[u8]) -> Option<usize> {
    text.find_byte(0)?;
    let has_nul = |line: &[u8]| !is_comment(line) && line.contains(&0);
    text.split(|byte| *byte == b'\n').position(has_nul).map(|at| at + 1)
}

fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), Some(b'#' | b';'))
}

/// Whether git surely takes all of it.
fn is_plain(text: &[u8]) -> bool {
    let mut section = Section { name: String::new(), is_named: false };
    text.lines().all(|line| {
        let line = line.trim_with(|c| matches!(c, ' ' | '\t' | '\r'));
        if line.is_empty() || is_comment(line) {
            return true;
        }
        match line.strip_prefix(b"[") {
            Some(header) => Section::of(header).map(|found| section = found).is_some(),
            None => setting(line).is_some_and(|(key, value)| section.takes(&key, value)),
        }
    })
}

/// The key, in lower case, and the value of a line that is as simple as nearly all are.
fn setting(line: &[u8]) -> Option<(String, &[u8])> {
    let (key, value) = line.split_once_str(b"=")?;
    let key = key.trim_end_with(|c| matches!(c, ' ' | '\t'));
    let is_key = key.first().is_some_and(u8::is_ascii_alphabetic)
        && key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let is_value = !value.contains(&b'\\') && value.find_iter(b"\"").count() % 2 == 0;
    (is_key && is_value).then(|| (crate::git::lossy(key).to_ascii_lowercase(), value.trim_ascii_start()))
}

struct Section {
    /// In lower case.
    name: String,
    /// Whether it is one of several, as `[branch "main"]`.
    is_named: bool,
}

impl Section {
    /// By what comes behind the bracket.
    fn of(header: &[u8]) -> Option<Self> {
        let inside = header.strip_suffix(b"]")?;
        let (name, sub) = match inside.split_once_str(b" \"") {
            Some((name, sub)) => (name, Some(sub.strip_suffix(b"\"")?)),
            None => (inside, None),
        };
        let is_plain = !name.is_empty()
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && sub.is_none_or(|sub| !sub.iter().any(|byte| matches!(byte, b'"' | b'\\')));
        is_plain.then(|| Self { name: crate::git::lossy(name).to_ascii_lowercase(), is_named: sub.is_some() })
    }

    /// Whether git surely takes this setting in it.
    fn takes(&self, key: &str, value: &[u8]) -> bool {
        let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
        let is_boolean = || is(&["true", "false", "yes", "no", "on", "off", "0", "1"]);
        match (self.name.as_str(), key) {
            _ if self.is_named => true,
            ("core", "repositoryformatversion") => is(&["0", "1"]),
            ("core", "logallrefupdates") => is_boolean() || is(&["always"]),
            ("core", key) if BOOLEANS.contains(&key) => is_boolean(),
            // A folder of a user may not be found.
            ("core", key) => TEXTS.contains(&key) && !value.starts_with(b"~"),
            ("user", "useconfigonly") => is_boolean(),
            (section, _) => !READ_BY_GIT.contains(&section),
        }
    }
}

#[cfg(test)]
mod tests {
    use gto_testkit::{Repo, TagSpec};

    use super::*;
    use crate::git::Repository;

    #[test]
    fn a_configuration_that_git_refuses_is_refused_with_its_reason() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        repo.tag("t", "HEAD", &TagSpec::default());
        let config = repo.git_dir().join("config");
        let intact = std::fs::read_to_string(&config).unwrap();
        for (line, reason) in [
            ("[core]\n\tlogAllRefUpdates", Some("missing value for 'core.logallrefupdates'")),
            ("[core]\n\teditor\n", Some("missing value for 'core.editor'")),
            ("[user]\n\tname\n", Some("missing value for 'user.name'")),
            ("[core]\n\tstray line\n", Some("bad config line")),
            ("[core]\n\tcompression = 99\n", Some("bad zlib compression level 99")),
            ("[core]\n\tx = \"open\n", Some("bad config line")),
            ("[core]\n\tx = a\\q\n", Some("bad config line")),
            ("[push]\n\tdefault = whatever\n", Some("push.default")),
            ("[core]\n\tquotePath\n", None),
            ("[remote \"a\"]\n\tmirror\n", None),
            ("[core] abbrev = 12 ; a comment\n", None),
            ("[alias]\n\tx = \"!f() { \\\"a\\\"; }; f\"\n", None),
        ] {
            std::fs::write(&config, format!("{intact}{line}")).unwrap();
            assert_eq!(repo.git(&["for-each-ref"]).status.success(), reason.is_none(), "{line}");
            for opened in [
                Repository::discover(repo.path(), &crate::git::test_repo::environment()),
                Repository::open(&repo.git_dir(), &crate::git::test_repo::environment()),
            ] {
                match (opened, reason) {
                    (Ok(opened), None) => assert_eq!(opened.tag_refs("").unwrap().refs.len(), 1, "{line}"),
                    (Err(OpenError::Broken { source, .. }), Some(reason)) => {
                        assert!(source.to_string().contains(reason), "{line}: {source}");
                    }
                    (opened, _) => panic!("{line}: {:?}", opened.err()),
                }
            }
        }
        std::fs::write(&config, format!("{intact}[core]\n\teditor = a\0b\n")).unwrap();
        let refused = Repository::discover(repo.path(), &crate::git::test_repo::environment())
            .err()
            .map(|error| error.to_string());
        assert!(refused.is_some_and(|error| error.contains("NUL byte in line")));
    }

    #[test]
    fn git_is_asked_about_no_line_that_it_writes_itself() {
        let text = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\
                    \tlogallrefupdates = true\n; a \0 comment\n[remote \"origin\"]\n\turl = https://a/b.git\n\
                    \tfetch = +refs/heads/*:refs/remotes/origin/*\r\n[branch \"main\"]\n\
                    \tmerge = refs/heads/main\n[user]\n\tname = \"A # B\"\n[lfs]\n\trepositoryformatversion = 0\n";
        assert!(is_plain(text.as_bytes()));
        assert_eq!((line_outside_sections(text.as_bytes()), line_with_nul(text.as_bytes())), (None, None));
    }

    #[test]
    fn git_is_asked_about_what_it_may_refuse() {
        for line in [
            "logallrefupdates",
            "stray line",
            "compression = 99",
            "filemode = maybe",
            "bare = \"fal",
            "editor = a\\q",
            "1a = b",
            "editor",
            "excludesFile = ~nobody/x",
            "[push]\n\tdefault = whatever",
            "[a \"b]",
            "[a.b]",
        ] {
            assert!(!is_plain(format!("[core]\n\t{line}\n").as_bytes()), "{line}");
        }
    }
}
