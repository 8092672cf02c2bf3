//! What the library may know of the process it runs in: variables, the clock and the local time zone, all given
//! from outside.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::cancellation::Cancellation;
use crate::config::{self, ConfigError};
use crate::git::Keep;
use crate::progress::Progress;
use crate::time::Timestamp;

/// How long a `git` may say nothing where no person waits for it who could stop it.
pub(crate) const SILENCE: Duration = Duration::from_secs(10 * 60);

/// The local time zone: for a local time, in seconds as if it were UTC, the seconds east of UTC.
type Zone = Arc<dyn Fn(i64) -> i32 + Send + Sync>;

/// The time now.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What wants to know of each `git` that was run.
type Trace = Arc<dyn Fn(&GitRun) + Send + Sync>;

/// A `git` that was run, for people who look for what went wrong. Addresses in it have no passwords.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GitRun {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// How long it took.
    pub took: Duration,
    /// How it ended, such as `exit status: 0`.
    pub ended: String,
    /// All that it printed on stderr.
    pub said: String,
}

/// The caller's environment variables, clock and current folder. The library reads none of them by itself.
#[derive(Clone)]
pub struct Environment {
    variables: Arc<foldhash::HashMap<String, OsString>>,
    clock: Clock,
    zone: Option<Zone>,
    folder: Option<Arc<Path>>,
    progress: Arc<Progress>,
    cancellation: Cancellation,
    trace: Option<Trace>,
}

impl Environment {
    /// An environment with these variables, at this time. The offset of `now` is the one that new tags get, and
    /// that of local times, unless [`Environment::with_zone`] says better.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, now: Timestamp) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name, value.into()));
        Self::with_clock(variables, move || now)
    }

    /// The same with variables that need not be text, and a clock that is asked whenever an answer needs the time.
    pub fn with_clock(
        variables: impl IntoIterator<Item = (String, OsString)>,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self {
            variables: Arc::new(variables.into_iter().collect()),
            clock: Arc::new(clock),
            zone: None,
            folder: None,
            progress: Arc::default(),
            cancellation: Cancellation::default(),
            trace: None,
        }
    }

    /// The same with a time zone: a function from a local time, in seconds since 1970 as if it were UTC, to the
    /// seconds east of UTC that hold then.
    #[must_use]
    pub fn with_zone(self, zone: impl Fn(i64) -> i32 + Send + Sync + 'static) -> Self {
        Self { zone: Some(Arc::new(zone)), ..self }
    }

    /// The same with this variable.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        Arc::make_mut(&mut self.variables).insert(name.into(), value.into());
        self
    }

    /// The same with the folder in which relative paths begin.
    #[must_use]
    pub fn with_current_folder(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into().into()), ..self }
    }

    /// The same with a handle that ends the processes which the registries start.
    #[must_use]
    pub fn with_cancellation(self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self }
    }

    /// The same with a function that is called after each `git` that the registries run. It may be called from several threads.
    #[must_use]
    pub fn with_trace(self, trace: impl Fn(&GitRun) + Send + Sync + 'static) -> Self {
        Self { trace: Some(Arc::new(trace)), ..self }
    }

    /// Reports a `git` that was run, if that is wanted. It is made only then.
    pub(crate) fn trace(&self, run: impl FnOnce() -> GitRun) {
        if let Some(trace) = &self.trace {
            trace(&run());
        }
    }

    /// The handle that ends the processes which the registries of this environment start. It is one of its own, unless
    /// [`Environment::with_cancellation`] gave another one.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// How far the readings of whole registries have come.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The value of a variable, if it is set and text. Of the names and addresses of people, which Git keeps as they are, what
    /// is no text is replaced.
    pub fn variable(&self, name: &str) -> Option<String> {
        let value = self.variable_os(name)?;
        let is_person = matches!(name, "GIT_COMMITTER_NAME" | "GIT_COMMITTER_EMAIL" | "EMAIL");
        match value.to_string_lossy() {
            Cow::Owned(_) if !is_person => None,
            text => Some(text.into_owned()),
        }
    }

    /// The value of a variable as it is, if it is set.
    pub(crate) fn variable_os(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    /// The path from the root. A relative one begins in the folder that the caller gave, or if none was given, where it begins
    /// for the system.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub(crate) fn absolute(&self, path: &Path) -> std::io::Result<PathBuf> {
        match &self.folder {
            Some(folder) if path.is_relative() && !path.as_os_str().is_empty() => {
                std::path::absolute(folder.join(path))
            }
            _ => std::path::absolute(path),
        }
    }

    /// The folder in which relative paths begin, if the caller gave one.
    pub(crate) fn current_folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// How long a `git` may be silent before it is killed: the seconds in `GTO_GIT_TIMEOUT`, where 0 means no limit. If
    /// that is unset or empty, ten minutes, or no limit where Git may prompt the user (`GIT_TERMINAL_PROMPT` is 1), who
    /// can interrupt it.
    pub(crate) fn git_timeout(&self) -> Result<Option<Duration>, ConfigError> {
        const NAME: &str = "GTO_GIT_TIMEOUT";
        // A pipeline that passes on what is not set has it empty.
        let Some(text) = self.variable(NAME).filter(|text| !text.is_empty()) else {
            let may_ask = self.variable("GIT_TERMINAL_PROMPT").is_some_and(|prompt| prompt == "1");
            return Ok((!may_ask).then_some(SILENCE));
        };
        match text.trim().parse() {
            Ok(0) => Ok(None),
            Ok(seconds) => Ok(Some(Duration::from_secs(seconds))),
            Err(_) => Err(ConfigError::Variable {
                name: NAME.to_owned(),
                fault: format!("it must be a number of seconds, as in {NAME}=600, or 0 for no limit"),
            }),
        }
    }

    /// Which of the caches the user wants: none if `GTO_CACHE`, or else the `setting` `cache` in Git's configuration, is `off`,
    /// `false`, `no` or `0`, and those of small registries too if it is `always`.
    pub(crate) fn keep(&self, setting: impl FnOnce(&str) -> Option<String>) -> Keep {
        let variable = self.variable("GTO_CACHE").filter(|text| !text.trim().is_empty());
        match variable.or_else(|| setting("cache")).unwrap_or_default().trim() {
            "always" => Keep::All,
            text if config::parse_bool(text) == Some(false) => Keep::Nothing,
            _ => Keep::Large,
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The time, for comparisons with those of files.
    pub(crate) fn system_time(&self) -> SystemTime {
        let since_1970 = Duration::from_secs(u64::try_from(self.now().seconds()).unwrap_or_default());
        SystemTime::UNIX_EPOCH.checked_add(since_1970).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The seconds east of UTC at a local time, which is given in seconds since 1970 as if it were UTC.
    pub(crate) fn local_offset(&self, local: i64) -> i32 {
        self.zone.as_ref().map_or(self.now().offset(), |zone| zone(local))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variables may hold secrets.
        f.debug_struct("Environment").field("cancellation", &self.cancellation).finish_non_exhaustive()
    }
}
