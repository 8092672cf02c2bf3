//! Times as a person at this machine reads them.

use std::env::VarError;
use std::sync::{Arc, LazyLock};

use gto::time::Timestamp;
use jiff::tz::TimeZone;

/// The time zone of the machine, which is read when it is first needed, once for all copies of this.
#[derive(Debug, Clone)]
pub struct LocalTime {
    zone: Arc<LazyLock<TimeZone>>,
}

impl LocalTime {
    /// The zone of the machine, or of `TZ`.
    pub fn of_machine() -> Self {
        Self { zone: Arc::new(LazyLock::new(local_zone)) }
    }

    /// The zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The local date and minute: `2026-11-24 06:39`.
    pub fn minute(&self, time: Timestamp) -> String {
        let instant = jiff::Timestamp::from_second(time.seconds());
        instant.map_or_else(
            |_| time.to_string(),
            |instant| self.zone().to_datetime(instant).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    }
}

/// The time zone of the machine, or of `TZ`.
fn local_zone() -> TimeZone {
    // The usual case is one file. The library would look for its name, in a folder of hundreds.
    let file = match std::env::var("TZ") {
        Ok(zone) => zone_file(&zone),
        Err(VarError::NotPresent) => Some("/etc/localtime".into()),
        Err(VarError::NotUnicode(_)) => None,
    };
    let bytes = file.and_then(|file| std::fs::read(file).ok());
    bytes.and_then(|bytes| TimeZone::tzif("local", &bytes).ok()).unwrap_or_else(TimeZone::system)
}

/// The file of a zone such as `Europe/Berlin`, where most systems have it. `None` for other forms of `TZ`, which POSIX has.
fn zone_file(zone: &str) -> Option<String> {
    let name = zone.strip_prefix(':').unwrap_or(zone);
    let is_name = !name.is_empty() && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    is_name.then(|| format!("/usr/share/zoneinfo/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_zone_is_below_the_folder_of_zones() {
        assert_eq!(zone_file("Asia/Kolkata").as_deref(), Some("/usr/share/zoneinfo/Asia/Kolkata"));
        assert_eq!(zone_file(":UTC").as_deref(), Some("/usr/share/zoneinfo/UTC"));
        for other in ["", ":", "/etc/localtime", "../../etc/passwd", "Asia//Kolkata"] {
            assert_eq!(zone_file(other), None, "{other}");
        }
    }
}
