//! Where the repository is, as the user sees it: what the commands in a hint need, to be typed as they stand.
//!
//! The one place that knows. Hints are written for the repository of the current folder, and the printer passes them through here.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use gto_frontend::process::is_remote;
use gto_frontend::text::shell_quote;

/// The repository, named from the folder where the user typed the command.
#[derive(Debug, Clone)]
pub struct Place {
    /// What `-C` led to; empty without it.
    folder: PathBuf,
    repository: String,
    /// Whether a command of gto has `--repo`.
    takes_repository: fn(&str) -> bool,
}

impl Default for Place {
    fn default() -> Self {
        Self::new(&[], |_| false)
    }
}

impl Place {
    /// The current folder, or what `-C` made of it.
    pub fn new(folders: &[PathBuf], takes_repository: fn(&str) -> bool) -> Self {
        let (folder, repository) = (folders.iter().collect(), String::new());
        let mut place = Self { folder, repository, takes_repository };
        place.set_repository(".");
        place
    }

    /// What `--repo` names. An address may have a password, and is not shown before the library has read it.
    pub fn set_repository(&mut self, repo: &str) {
        self.repository = match (self.folder.as_os_str().is_empty(), repo) {
            (_, repo) if repo.contains("://") && repo.contains('@') => "URL".to_owned(),
            (true, repo) => repo.to_owned(),
            (false, ".") => self.folder.display().to_string(),
            (false, repo) if is_remote(repo) => repo.to_owned(),
            (false, repo) => self.folder.join(repo).display().to_string(),
        };
    }

    /// The address of the remote repository, without what must not be shown.
    pub fn set_url(&mut self, url: &str) {
        url.clone_into(&mut self.repository);
    }

    /// The repository, for commands of Git.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The text with each command between back-ticks as it must be typed to be about the same repository.
    pub fn typeable<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.repository == "." || !text.contains('`') {
            return Cow::Borrowed(text);
        }
        let parts = text.split('`').enumerate().map(|(index, part)| match index % 2 {
            0 => Cow::Borrowed(part),
            _ => self.command(part),
        });
        Cow::Owned(parts.collect::<Vec<_>>().join("`"))
    }

    fn command<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let first = line.split([' ', '=']).next().unwrap_or_default();
        match first {
            "gto" => self.command_of_gto(line),
            "git" if !is_about_no_repository(line) => self.command_of_git(line),
            _ => Cow::Borrowed(line),
        }
    }

    fn command_of_gto<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut words = line.split(' ').skip(1);
        let name = words.next().unwrap_or_default();
        // `gto cache clear --remotes` is about all remotes.
        let is_named =
            words.any(|word| word == "-r" || word.starts_with("--repo") || word.starts_with("--remotes"));
        if is_named || !(self.takes_repository)(name) {
            return Cow::Borrowed(line);
        }
        Cow::Owned(format!("{line} -r {}", shell_quote(&self.repository)))
    }

    /// Of a remote repository there is no folder to run it in.
    fn command_of_git<'a>(&self, line: &'a str) -> Cow<'a, str> {
        if is_remote(&self.repository) || self.is_url() {
            return Cow::Borrowed(line);
        }
        let git = format!("git -C {} ", shell_quote(&self.repository));
        let commands = line.split(" && ").map(|command| match command.strip_prefix("git ") {
            Some(rest) => format!("{git}{rest}"),
            None => command.to_owned(),
        });
        Cow::Owned(commands.collect::<Vec<_>>().join(" && "))
    }

    fn is_url(&self) -> bool {
        self.repository.contains("://") && !Path::new(&self.repository).exists()
    }
}

/// Whether a command of Git works anywhere, or says already where.
fn is_about_no_repository(line: &str) -> bool {
    line.starts_with("git -C ")
        || line.starts_with("git --git-dir")
        || line.contains(" --global ")
        || ["help", "ls-remote", "clone"].iter().any(|verb| line.split(' ').nth(1) == Some(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_a_hint_names_the_repository_that_the_user_named() {
        let typeable = |folders: &[&str], repo: &str, text: &str| {
            let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
            let mut place = Place::new(&folders, |name| ["show", "doctor"].contains(&name));
            place.set_repository(repo);
            place.typeable(text).into_owned()
        };
        let hint = "try `gto show m`, or `git add -- a && git commit`; `gto help environment`";
        assert_eq!(typeable(&[], ".", hint), hint);
        assert_eq!(
            typeable(&[], "a b", hint),
            "try `gto show m -r 'a b'`, or `git -C 'a b' add -- a && git -C 'a b' commit`; `gto help environment`"
        );
        assert_eq!(typeable(&["x", "y"], ".", "`gto doctor`"), "`gto doctor -r x/y`");
        assert_eq!(typeable(&["x"], "../z", "`git fetch`"), "`git -C x/../z fetch`");
        let url = "https://host/x.git";
        assert_eq!(
            typeable(&["x"], url, "`git fetch` or `gto show`"),
            format!("`git fetch` or `gto show -r {url}`")
        );
        for line in [
            "`gto show --remotes`",
            "`git config --global user.name X`",
            "`git ls-remote URL`",
            "`gto show m -r c`",
            "a ` b",
        ] {
            assert_eq!(typeable(&[], "c", line), line);
        }
    }
}
