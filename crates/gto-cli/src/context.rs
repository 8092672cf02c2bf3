//! What every command needs: the printer, and the environment of the process.

use std::io::IsTerminal as _;
use std::path::Path;

use gto::environment::Environment;
use gto::time::Timestamp;
use gto::{Registry, config};
use jiff::tz::TimeZone;

use crate::error::Result;
use crate::printer::Printer;

/// What every command needs.
pub struct Context {
    /// Where to print.
    pub printer: Printer,
    /// Variables and clock, for the library.
    pub environment: Environment,
    /// The repository that was opened last, for hints.
    pub repository: String,
    /// Whether the warning that concerns the choice of it was given.
    warned: bool,
}

impl Context {
    /// The context of this process.
    pub fn from_process(verbose: bool) -> Self {
        // A variable that is no text cannot mean anything to the registry.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let environment = Environment::with_clock(variables, now).with_zone(local_offset);
        let emojis = environment.variable("GTO_EMOJIS").and_then(|text| config::parse_bool(&text));
        Self {
            printer: Printer::new(emojis.unwrap_or(true), verbose),
            environment,
            repository: ".".to_owned(),
            warned: false,
        }
    }

    /// The same for a person at a terminal, whom Git may ask for a password as it does when they call it.
    #[must_use]
    pub fn with_person(mut self) -> Self {
        const PROMPT: &str = "GIT_TERMINAL_PROMPT";
        let is_person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if is_person && self.environment.variable(PROMPT).is_none() {
            self.environment = self.environment.with_variable(PROMPT, "1");
        }
        self
    }

    /// Opens the registry that `--repo` names: a folder, or the address of a remote repository.
    pub fn open(&mut self, repo: &str) -> Result<Registry> {
        let registry = if self.is_remote(repo) {
            Registry::open_url(repo, self.environment.clone())?
        } else {
            let opened = Registry::open(repo, self.environment.clone());
            match self.git_dir_instead(repo, opened.as_ref().err()) {
                Some(git_dir) => Registry::open_git_dir(git_dir, self.environment.clone())?,
                None => opened?,
            }
        };
        self.opened(&registry);
        Ok(registry)
    }

    /// As [`Context::open`] for hints and completions: nobody waits for them, so that a remote repository is neither
    /// asked what is new nor cloned.
    pub fn open_again(&mut self, repo: &str) -> Option<Registry> {
        if is_remote(repo) {
            return Registry::open_kept(repo, self.environment.clone()).ok()?;
        }
        self.open(repo).ok()
    }

    /// As [`Context::open`], with what is wrong in the configuration.
    pub fn open_leniently(&mut self, repo: &str) -> Result<(Registry, Vec<gto::Error>)> {
        let (registry, errors) = if self.is_remote(repo) {
            Registry::open_url_leniently(repo, self.environment.clone())?
        } else {
            let opened = Registry::open_leniently(repo, self.environment.clone());
            match self.git_dir_instead(repo, opened.as_ref().err()) {
                Some(git_dir) => Registry::open_git_dir_leniently(git_dir, self.environment.clone())?,
                None => opened?,
            }
        };
        self.opened(&registry);
        Ok((registry, errors))
    }

    /// The repository of the variable `GIT_DIR`.
    pub fn git_dir(&self) -> Option<String> {
        self.environment.variable("GIT_DIR").filter(|git_dir| !git_dir.is_empty())
    }

    /// The same, if none is named and the current folder leads to none. Otherwise the folder counts, as in the Python
    /// tool: a program started from a Git hook inherits `GIT_DIR`, and may work elsewhere.
    fn git_dir_instead(&self, repo: &str, error: Option<&gto::Error>) -> Option<String> {
        let is_none = matches!(error?, gto::Error::NoRepository { .. } | gto::Error::BareNotAllowed { .. });
        self.git_dir().filter(|_| is_none && repo == ".")
    }

    /// Git would work in the repository of `GIT_DIR`, whatever the current folder is.
    fn warn_of_git_dir(&mut self, registry: &Registry) {
        let real = |path: &Path| path.canonicalize().ok();
        let Some(git_dir) = self.git_dir() else { return };
        let elsewhere = real(Path::new(&git_dir)) != real(registry.git_dir());
        if elsewhere && self.repository == "." && !self.warned {
            self.warned = true;
            let here = registry.root().display().to_string();
            self.printer.warning(format!(
                "GIT_DIR names another repository than the current folder, which counts here: '{here}'; \
                 unset it, or say with --repo which one is meant"
            ));
        }
    }

    fn is_remote(&mut self, repo: &str) -> bool {
        repo.clone_into(&mut self.repository);
        let is_remote = is_remote(repo);
        if is_remote {
            self.printer.debug("asking the remote repository what is new");
            // Git says how far it is, which is a long way the first time.
            self.printer.show_progress(self.environment.progress());
        }
        is_remote
    }

    fn opened(&mut self, registry: &Registry) {
        self.printer.emojis = registry.config().emojis;
        self.warn_of_git_dir(registry);
        self.printer.debug(format!("repository {}", registry.root().display()));
        for line in registry.config().lines() {
            self.printer.debug(line);
        }
        self.printer.show_progress(self.environment.progress());
    }
}

/// The local offset from UTC, in seconds, at a local time.
fn local_offset(local: i64) -> i32 {
    let zone = local_zone();
    let offset = jiff::Timestamp::from_second(local).ok().and_then(|as_if_utc| {
        let local = jiff::tz::Offset::UTC.to_datetime(as_if_utc);
        zone.to_timestamp(local).ok().map(|instant| zone.to_offset(instant).seconds())
    });
    offset.unwrap_or_default()
}

/// The time zone of the machine, or of `TZ`.
fn local_zone() -> TimeZone {
    // The usual case is one file. The library would look for its name, in a folder of hundreds.
    let file = if std::env::var_os("TZ").is_none() { std::fs::read("/etc/localtime").ok() } else { None };
    file.and_then(|file| TimeZone::tzif("local", &file).ok()).unwrap_or_else(TimeZone::system)
}

/// The clock, with the local offset from UTC, as Git writes it into tags.
fn now() -> Timestamp {
    let now = jiff::Timestamp::now().to_zoned(local_zone());
    Timestamp::new(now.timestamp().as_second(), now.offset().seconds())
        .or_else(|| Timestamp::new(now.timestamp().as_second(), 0))
        .expect("the clock of a machine is between the years 1 and 9999")
}

/// Whether `--repo` names a remote repository and no folder.
pub fn is_remote(repo: &str) -> bool {
    !Path::new(repo).exists() && is_url(repo)
}

/// `https://host/x`, `host:x`, `user@host:x`: what Git takes for the address of a remote repository.
fn is_url(text: &str) -> bool {
    let scp_like = || text.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'));
    text.contains("://") || scp_like()
}
