//! The configuration of DVC that is in force, and whose word it is.
//!
//! Owns which files there are, and that what a commit says may choose a place, but never a credential: those come from the user's own
//! files, and go to a host that these files name or that the user has confirmed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use gto::dvc::settings::{MAX_CONFIG, Settings};
use gto::environment::Environment;

/// The hosts that the user has confirmed, to which credentials may go, and which may be asked at all.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    confirmed: BTreeSet<String>,
    /// No other host is asked for anything.
    only: Option<BTreeSet<String>>,
}

impl Trust {
    /// These hosts.
    pub fn new(hosts: impl IntoIterator<Item = String>) -> Self {
        Self { confirmed: hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect(), only: None }
    }

    /// The same, where no host but these is asked for anything, and no folder that a commit alone names: for a service, which works
    /// for strangers. Without a host nothing leaves the machine.
    #[must_use]
    pub fn only(self, hosts: impl IntoIterator<Item = String>) -> Self {
        Self { only: Some(hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect()), ..self }
    }

    /// Fails for a host that is not to be asked, in one clause.
    pub(crate) fn may_ask(&self, host: &str) -> Result<(), String> {
        match &self.only {
            Some(only) if !has(only, host) => Err(format!("'{host}' may not be asked from here")),
            _ => Ok(()),
        }
    }

    /// Whether folders are looked into that a commit alone names.
    pub(crate) fn has_strange_folders(&self) -> bool {
        self.only.is_none()
    }

    /// Whether a host was confirmed, with its port or without.
    pub(crate) fn has(&self, host: &str) -> bool {
        has(&self.confirmed, host)
    }
}

fn has(hosts: &BTreeSet<String>, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    hosts.contains(&host) || hosts.contains(name)
}

/// The configuration in force.
pub(crate) struct Config {
    /// Where the cache is, if that is set.
    pub cache: Option<PathBuf>,
    /// Whether the user's own files say it.
    pub is_cache_own: bool,
    /// The remote that is used where none is named.
    pub default_remote: Option<String>,
    pub remotes: BTreeMap<String, Remote>,
}

/// A remote of DVC.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remote {
    options: BTreeMap<String, Setting>,
}

/// The value of an option.
#[derive(Debug, Clone)]
struct Setting {
    value: String,
    /// Whether the user's own files say it, and not the commit.
    is_own: bool,
    /// The folder of the file that says it.
    folder: Option<PathBuf>,
}

impl Config {
    /// What is in force for a commit whose `.dvc/config` is `committed`; `here` is the folder around `.dvc`, if it is checked out, and
    /// `is_own` says of a file below it whether it is the user's, since a commit can bring any.
    pub fn read(
        committed: &str,
        here: Option<&Path>,
        is_own: &dyn Fn(&str) -> bool,
        environment: &Environment,
    ) -> Self {
        let mut config =
            Self { cache: None, is_cache_own: false, default_remote: None, remotes: BTreeMap::new() };
        let own_folder = here.map(|here| here.join(".dvc"));
        for folder in [system_folder(environment), user_folder(environment)].into_iter().flatten() {
            config.add_file(&folder, "config", true, environment);
        }
        config.add(&Settings::parse(committed), false, own_folder.as_deref(), environment);
        if let Some(folder) = own_folder {
            let is_own = is_own(".dvc/config.local");
            config.add_file(&folder, "config.local", is_own, environment);
        }
        config
    }

    fn add_file(&mut self, folder: &Path, name: &str, is_own: bool, environment: &Environment) {
        let path = folder.join(name);
        // A commit can bring a link to a device, which has no end.
        let is_small = |found: Metadata| found.is_file() && found.len() <= MAX_CONFIG as u64;
        if std::fs::metadata(&path).is_ok_and(is_small)
            && let Ok(bytes) = std::fs::read(&path)
        {
            self.add(&Settings::parse(&String::from_utf8_lossy(&bytes)), is_own, Some(folder), environment);
        }
    }

    fn add(&mut self, settings: &Settings, is_own: bool, folder: Option<&Path>, environment: &Environment) {
        if let Some(name) = &settings.default_remote {
            self.default_remote = Some(name.clone());
        }
        if let Some(path) = &settings.cache {
            self.cache = resolve(path, folder, environment);
            self.is_cache_own = is_own;
        }
        for (name, options) in &settings.remotes {
            let remote = self.remotes.entry(name.clone()).or_default();
            for (key, value) in options {
                let folder = folder.map(Path::to_owned);
                remote.options.insert(key.clone(), Setting { value: value.clone(), is_own, folder });
            }
        }
    }
}

impl Remote {
    /// One that a commit describes, at this address.
    pub fn of_commit(url: &str, settings: &BTreeMap<String, String>) -> Self {
        let setting = |value: &str| Setting { value: value.to_owned(), is_own: false, folder: None };
        let mut options: BTreeMap<_, _> =
            settings.iter().map(|(key, value)| (key.clone(), setting(value))).collect();
        options.insert("url".to_owned(), setting(url));
        Self { options }
    }

    /// The value of an option that chooses a place, whoever says it.
    pub fn place(&self, key: &str) -> Option<&str> {
        Some(&self.options.get(key)?.value)
    }

    /// The value of an option that only the user may set: credentials, and what turns off a check.
    pub fn own(&self, key: &str) -> Option<&str> {
        self.options.get(key).filter(|setting| setting.is_own).map(|setting| &*setting.value)
    }

    /// Whether the user's own files say where it is.
    pub fn is_place_own(&self, key: &str) -> bool {
        self.options.get(key).is_some_and(|setting| setting.is_own)
    }

    /// The address as a path of this machine; `None` if it is none, or begins in a folder that is not here.
    pub fn path(&self, environment: &Environment) -> Option<PathBuf> {
        let setting = self.options.get("url")?;
        resolve(&setting.value, setting.folder.as_deref(), environment)
    }
}

/// A path as DVC's files have it, which begins in the folder of the file.
fn resolve(path: &str, folder: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    if path.contains("://") || path.contains('\0') {
        return None;
    }
    if let Some(rest) = path.strip_prefix("~/") {
        return Some(Path::new(&environment.variable("HOME")?).join(rest));
    }
    if Path::new(path).is_absolute() { Some(path.into()) } else { Some(folder?.join(path)) }
}

fn folder_of(environment: &Environment, name: &str) -> Option<PathBuf> {
    environment.variable(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Where the user's file is (`dvc/dirs.py`, `platformdirs`).
fn user_folder(environment: &Environment) -> Option<PathBuf> {
    let home = |below: &str| folder_of(environment, "HOME").map(|home| home.join(below));
    folder_of(environment, "DVC_GLOBAL_CONFIG_DIR").or_else(|| {
        if cfg!(windows) {
            folder_of(environment, "LOCALAPPDATA").map(|data| data.join("iterative").join("dvc"))
        } else if cfg!(target_os = "macos") {
            home("Library/Application Support/dvc")
        } else {
            folder_of(environment, "XDG_CONFIG_HOME")
                .map(|config| config.join("dvc"))
                .or_else(|| home(".config/dvc"))
        }
    })
}

/// Where the system's file is.
fn system_folder(environment: &Environment) -> Option<PathBuf> {
    folder_of(environment, "DVC_SYSTEM_CONFIG_DIR").or_else(|| {
        if cfg!(windows) {
            folder_of(environment, "PROGRAMDATA").map(|data| data.join("iterative").join("dvc"))
        } else if cfg!(target_os = "macos") {
            Some("/Library/Application Support/dvc".into())
        } else {
            let folders = environment.variable("XDG_CONFIG_DIRS").unwrap_or_default();
            let first = folders.split(':').next().filter(|folder| !folder.is_empty()).map(PathBuf::from);
            Some(first.unwrap_or_else(|| "/etc/xdg".into()).join("dvc"))
        }
    })
}
