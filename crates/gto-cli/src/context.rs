//! What every command needs: the printer, and the environment of the process.

use std::path::Path;

use gto::environment::Environment;
use gto::time::Timestamp;
use gto::{Registry, config};

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
        }
    }

    /// Opens the registry that `--repo` names: a folder, or the address of a remote repository.
    pub fn open(&mut self, repo: &str) -> Result<Registry> {
        let registry = if self.is_remote(repo) {
            Registry::open_url(repo, self.environment.clone())?
        } else {
            Registry::open(repo, self.environment.clone())?
        };
        self.opened(&registry);
        Ok(registry)
    }

    /// As [`Context::open`], with what is wrong in the configuration.
    pub fn open_leniently(&mut self, repo: &str) -> Result<(Registry, Vec<gto::Error>)> {
        let (registry, errors) = if self.is_remote(repo) {
            Registry::open_url_leniently(repo, self.environment.clone())?
        } else {
            Registry::open_leniently(repo, self.environment.clone())?
        };
        self.opened(&registry);
        Ok((registry, errors))
    }

    fn is_remote(&mut self, repo: &str) -> bool {
        repo.clone_into(&mut self.repository);
        let is_remote = !Path::new(repo).exists() && is_url(repo);
        if is_remote {
            self.printer.debug(format!("cloning {repo}"));
        }
        is_remote
    }

    fn opened(&mut self, registry: &Registry) {
        self.printer.emojis = registry.config().emojis;
        self.printer.debug(format!("repository {}", registry.root().display()));
        for line in registry.config().lines() {
            self.printer.debug(line);
        }
        self.printer.show_progress(self.environment.progress());
    }
}

/// The local offset from UTC, in seconds, at a local time.
fn local_offset(local: i64) -> i32 {
    let zone = jiff::tz::TimeZone::system();
    let offset = jiff::Timestamp::from_second(local).ok().and_then(|as_if_utc| {
        let local = jiff::tz::Offset::UTC.to_datetime(as_if_utc);
        zone.to_timestamp(local).ok().map(|instant| zone.to_offset(instant).seconds())
    });
    offset.unwrap_or_default()
}

/// The clock, with the local offset from UTC, as Git writes it into tags.
fn now() -> Timestamp {
    let now = jiff::Zoned::now();
    Timestamp::new(now.timestamp().as_second(), now.offset().seconds())
        .or_else(|| Timestamp::new(now.timestamp().as_second(), 0))
        .expect("the clock of a machine is between the years 1 and 9999")
}

/// `https://host/x`, `host:x`, `user@host:x`: what Git takes for the address of a remote repository.
fn is_url(text: &str) -> bool {
    let scp_like = || text.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'));
    text.contains("://") || scp_like()
}
