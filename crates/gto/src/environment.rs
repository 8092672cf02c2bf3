//! What the library may know of the process it runs in: variables, the clock and the local time zone, all given
//! from outside.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::config::{self, ConfigError};
use crate::git::{Keep, SILENCE};
use crate::progress::Progress;
use crate::time::Timestamp;

/// The local time zone: for a local time, in seconds as if it were UTC, the seconds east of UTC.
type Zone = Arc<dyn Fn(i64) -> i32 + Send + Sync>;

/// The clock, read when it is needed.
type Clock = LazyLock<Timestamp, Box<dyn FnOnce() -> Timestamp + Send>>;

/// The caller's environment variables and clock. The library reads neither by itself.
#[derive(Clone)]
pub struct Environment {
    variables: HashMap<String, String>,
    now: Arc<Clock>,
    zone: Option<Zone>,
    progress: Arc<Progress>,
}

impl Environment {
    /// An environment with these variables, at this time. The offset of `now` is the one that new tags get, and
    /// that of local times, unless [`Environment::with_zone`] says better.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, now: Timestamp) -> Self {
        Self::with_clock(variables, move || now)
    }

    /// The same with a clock that is asked once at most, and only by questions that need the time: to find the local
    /// offset from UTC can take longer than many an answer.
    pub fn with_clock(
        variables: impl IntoIterator<Item = (String, String)>,
        clock: impl FnOnce() -> Timestamp + Send + 'static,
    ) -> Self {
        let clock: Box<dyn FnOnce() -> Timestamp + Send> = Box::new(clock);
        Self {
            variables: variables.into_iter().collect(),
            now: Arc::new(LazyLock::new(clock)),
            zone: None,
            progress: Arc::default(),
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
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// How far the readings of whole registries have come.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The value of a variable, if it is set.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
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
        **self.now
    }

    /// The seconds east of UTC at a local time, which is given in seconds since 1970 as if it were UTC.
    pub(crate) fn local_offset(&self, local: i64) -> i32 {
        self.zone.as_ref().map_or(self.now().offset(), |zone| zone(local))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variables may hold secrets.
        f.debug_struct("Environment").field("now", &**self.now).finish_non_exhaustive()
    }
}
