//! What the library needs to know about its process, and which registry `--repo` names.
//!
//! The command and the Python module share it: both are programs of a user, with variables, a clock and a current folder.

use std::path::Path;

use gto::config::ConfigError;
use gto::environment::Environment;
use gto::name::ArtifactName;
use gto::reference::Reference;
use gto::tag::TagName;
use gto::time::Timestamp;
use gto::{Error, OpenOptions, Registry, Result};
use jiff::tz::TimeZone;

use crate::local_time::LocalTime;

/// The artifact that a reference is about, if it can be told from that alone.
pub fn artifact_of(reference: &str) -> Option<ArtifactName> {
    let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
    let artifact = name.parse::<TagName>().map(|tag| tag.artifact);
    artifact.ok().or_else(|| Reference::parse(reference).name.parse().ok())
}

/// The variables, the clock and the current folder of this process.
pub fn environment() -> Environment {
    environment_in(&LocalTime::of_machine())
}

/// The same, with a time zone that other parts of the program use too.
pub fn environment_in(local_time: &LocalTime) -> Environment {
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let (of_clock, of_dates) = (local_time.clone(), local_time.clone());
    let environment = Environment::with_clock(variables, move || now(of_clock.zone()))
        .with_zone(move |local| local_offset(of_dates.zone(), local));
    match std::env::current_dir() {
        Ok(folder) => environment.with_current_folder(folder),
        Err(_) => environment,
    }
}

/// Opens the registry that `repo` names, for one question or one write: a folder, or the address of a remote repository.
///
/// # Errors
/// Those of [`OpenOptions::open`] and [`OpenOptions::open_url`].
pub fn open(repo: &str, options: &OpenOptions, environment: &Environment) -> Result<Registry> {
    let options = options.clone().keep_config(true);
    if is_remote(repo) {
        return options.open_url(repo);
    }
    let opened = options.open(repo);
    match git_dir_instead(repo, opened.as_ref().err(), environment) {
        Some(git_dir) => options.git_dir(true).open(git_dir),
        None => opened,
    }
}

/// Whether answers are to obey the promotion policy, by the variable `GTO_POLICY`.
///
/// # Errors
/// [`Error::Config`] if it has another value than `enforce` and `off`: nobody may believe that a policy is obeyed which is not.
pub fn obeys_policy(environment: &Environment) -> Result<bool> {
    match environment.variable("GTO_POLICY").as_deref() {
        None | Some("" | "off") => Ok(false),
        Some("enforce") => Ok(true),
        Some(_) => {
            let name = "GTO_POLICY".to_owned();
            let fault = "it is `enforce`, or `off` as without it".to_owned();
            Err(ConfigError::Variable { name, fault }.into())
        }
    }
}

/// The repository of the variable `GIT_DIR`.
pub fn git_dir(environment: &Environment) -> Option<String> {
    environment.variable("GIT_DIR").filter(|git_dir| !git_dir.is_empty())
}

/// The same, if none is named and the current folder leads to none. Otherwise the folder counts, as in the Python
/// tool: a program started from a Git hook inherits `GIT_DIR`, and may work elsewhere.
fn git_dir_instead(repo: &str, error: Option<&Error>, environment: &Environment) -> Option<String> {
    let is_none = matches!(error?, Error::NoRepository { .. } | Error::BareNotAllowed { .. });
    git_dir(environment).filter(|_| is_none && repo == ".")
}

/// Whether `--repo` names a remote repository, or one in a file, and no folder.
pub fn is_remote(repo: &str) -> bool {
    let path = Path::new(repo);
    if path.exists() { gto::is_bundle(path) } else { is_url(repo) }
}

/// `https://host/x`, `host:x`, `user@host:x`: what Git takes for the address of a remote repository.
fn is_url(text: &str) -> bool {
    let scp_like = || text.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'));
    text.contains("://") || scp_like()
}

/// The local offset from UTC, in seconds, at a local time.
fn local_offset(zone: &TimeZone, local: i64) -> i32 {
    let offset = jiff::Timestamp::from_second(local).ok().and_then(|as_if_utc| {
        let local = jiff::tz::Offset::UTC.to_datetime(as_if_utc);
        zone.to_timestamp(local).ok().map(|instant| zone.to_offset(instant).seconds())
    });
    offset.unwrap_or_default()
}

/// The clock, with the local offset from UTC, as Git writes it into tags.
fn now(zone: &TimeZone) -> Timestamp {
    let now = jiff::Timestamp::now().to_zoned(zone.clone());
    Timestamp::new(now.timestamp().as_second(), now.offset().seconds())
        .or_else(|| Timestamp::new(now.timestamp().as_second(), 0))
        .expect("the clock of a machine is between the years 1 and 9999")
}
