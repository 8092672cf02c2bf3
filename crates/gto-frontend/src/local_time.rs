//! Times as a person at this machine reads them.

use gto::time::Timestamp;
use jiff::tz::TimeZone;

/// The time zone of the machine.
#[derive(Debug, Clone)]
pub struct LocalTime {
    zone: TimeZone,
}

impl LocalTime {
    /// The zone of the machine, or of `TZ`.
    pub fn of_machine() -> Self {
        Self { zone: local_zone() }
    }

    /// The local date and minute: `2026-11-24 06:39`.
    pub fn minute(&self, time: Timestamp) -> String {
        let instant = jiff::Timestamp::from_second(time.seconds());
        instant.map_or_else(
            |_| time.to_string(),
            |instant| self.zone.to_datetime(instant).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    }
}

/// The time zone of the machine, or of `TZ`.
pub(crate) fn local_zone() -> TimeZone {
    // The usual case is one file. The library would look for its name, in a folder of hundreds.
    let file = if std::env::var_os("TZ").is_none() { std::fs::read("/etc/localtime").ok() } else { None };
    file.and_then(|file| TimeZone::tzif("local", &file).ok()).unwrap_or_else(TimeZone::system)
}
