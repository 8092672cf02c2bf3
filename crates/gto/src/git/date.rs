//! Dates as Git's users write them: `2026-11-24`, `2 weeks ago`, `1700000000 +0100`.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::environment::Environment;
use crate::time::Timestamp;

/// Reads a date by Git's rules; relative ones count from the environment's time. `None` if it is none.
pub(crate) fn parse_date(text: &str, environment: &Environment) -> Option<Timestamp> {
    let now = environment.now();
    let offset = Offset::from_seconds(now.offset()).ok()?;
    let now = jiff::Timestamp::from_second(now.seconds()).ok()?.to_zoned(TimeZone::fixed(offset));
    parse(text.trim(), environment, Some(now))
}

/// As [`parse_date`], for `GIT_COMMITTER_DATE`, where Git takes no relative dates.
pub(crate) fn parse_exact_date(text: &str, environment: &Environment) -> Option<Timestamp> {
    parse(text.trim(), environment, None)
}

fn parse(text: &str, environment: &Environment, now: Option<jiff::Zoned>) -> Option<Timestamp> {
    if let Some(local) = without_zone(text) {
        // What has no zone is local time; gix would take it for UTC.
        let as_if_utc = Offset::UTC.to_timestamp(local).ok()?.as_second();
        let offset = environment.local_offset(as_if_utc);
        return Timestamp::new(as_if_utc - i64::from(offset), offset);
    }
    let time = gix::date::parse(text, now).ok()?;
    Timestamp::new(time.seconds, time.offset)
}

/// `2026-11-24`, `2026-11-24 10:00:00`, `2026-11-24T10:00`: a date with nothing that could be a zone.
fn without_zone(text: &str) -> Option<DateTime> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b' ' | b'T' | b'.'));
    let has_zone = text.matches('-').count() != 2;
    if is_plain && !has_zone { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half past ten in the morning of 2023-11-14, five hours west of UTC.
    fn read(text: &str) -> Option<String> {
        let now = Timestamp::new(1_699_975_800, -18_000).unwrap();
        parse_date(text, &Environment::new([], now)).map(|time| time.to_string())
    }

    #[test]
    fn a_date_without_a_zone_is_local_time() {
        for text in ["2023-11-14 00:00:00", "2023-11-14T00:00:00", "2023-11-14"] {
            assert_eq!(read(text).as_deref(), Some("2023-11-14 00:00:00-05:00"), "{text}");
        }
        assert_eq!(read("2023-11-14 00:00:00 +0000").as_deref(), Some("2023-11-14 00:00:00+00:00"));
        assert_eq!(read("1699920000 -0500").as_deref(), Some("2023-11-13 19:00:00-05:00"));
        assert_eq!(read("1 hour ago").as_deref(), Some("2023-11-14 09:30:00-05:00"));
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn the_date_of_a_tag_is_never_relative() {
        let environment = Environment::new([], Timestamp::new(1_699_975_800, 0).unwrap());
        assert_eq!(parse_exact_date("2 weeks ago", &environment), None);
        assert!(parse_exact_date("@1600000000 +0000", &environment).is_some());
    }
}
