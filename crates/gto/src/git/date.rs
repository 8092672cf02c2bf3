//! Dates as Git's users write them: `2026-11-24`, `2 weeks ago`, `1700000000 +0100`.
//!
//! Parses unambiguous dates. For other forms of `GIT_COMMITTER_DATE`, git is run.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::environment::Environment;
use crate::git::{GitError, Repository, lossy};
use crate::time::Timestamp;

/// Reads a date by Git's rules; relative ones count from the environment's time. `None` if it is none.
pub(crate) fn parse_date(text: &str, environment: &Environment) -> Option<Timestamp> {
    let now = environment.now();
    if let Some(seconds) = span(text.trim()) {
        return Timestamp::new(now.seconds().checked_sub(seconds)?, now.offset());
    }
    let offset = Offset::from_seconds(now.offset()).ok()?;
    let now = jiff::Timestamp::from_second(now.seconds()).ok()?.to_zoned(TimeZone::fixed(offset));
    parse(text.trim(), environment, now)
}

impl Repository {
    /// Reads a date as `git tag` reads `GIT_COMMITTER_DATE`; `None` if git refuses it.
    pub fn committer_date(&self, text: &str) -> Result<Option<Timestamp>, GitError> {
        const PURPOSE: &str =
            "a GIT_COMMITTER_DATE that is not like `@1700000000 +0000` or `2026-11-24T10:00:00Z`";
        const COMMAND: [&str; 2] = ["var", "GIT_COMMITTER_IDENT"];
        if let Some(time) = parse_exact(text) {
            return Ok(Some(time));
        }
        let output = self.run_git_as(PURPOSE, COMMAND, b"", |git| {
            git.env("GIT_COMMITTER_NAME", "x")
                .env("GIT_COMMITTER_EMAIL", "x")
                .env("GIT_COMMITTER_DATE", text);
        })?;
        if output.status.success() {
            let ident = crate::git::objects::text::Ident::parse(output.stdout.trim_ascii());
            return Ok(ident.and_then(|ident| ident.time));
        }
        if lossy(&output.stderr).contains("invalid date format") {
            return Ok(None);
        }
        Err(self.command_error("var", &output))
    }
}

/// Reads `@1700000000 +0100`, the same without `@`, and `2026-11-24T10:00:00+01:00`, which mean the same to everybody and
/// wherever it is. `None` for all others, which git may take or not.
pub(crate) fn parse_exact(text: &str) -> Option<Timestamp> {
    // Git takes a number without `@` for seconds if it is that long.
    const LEAST: i64 = 100_000_000;
    let (time, zone) = text.split_once(' ').unwrap_or((text, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = time.strip_prefix('@').unwrap_or(time);
    if is_number(seconds) {
        let seconds = seconds.parse().ok()?;
        let is_time = time.starts_with('@') || seconds >= LEAST;
        return if is_time { Timestamp::new(seconds, offset(zone)?) } else { None };
    }
    let (local, zone) = text.split_at_checked("2026-11-24T10:00:00".len())?;
    let shape: Vec<u8> = local.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect();
    if !matches!(shape.as_slice(), b"0000-00-00T00:00:00" | b"0000-00-00 00:00:00") {
        return None;
    }
    let local: DateTime =
        local.parse().ok().filter(|local: &DateTime| (1971..2099).contains(&local.year()))?;
    let offset = if zone == "Z" { 0 } else { offset(zone.strip_prefix(' ').unwrap_or(zone))? };
    let as_if_utc = Offset::UTC.to_timestamp(local).ok()?.as_second();
    Timestamp::new(as_if_utc - i64::from(offset), offset)
}

/// `12h`, `7d` or `2w` in seconds: so long ago. No `m`, which could be minutes or months.
fn span(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { number.parse::<i64>().ok()?.checked_mul(unit) } else { None }
}

/// `+0100` or `+01:00` in seconds, within a day.
fn offset(zone: &str) -> Option<i32> {
    let digits = zone.strip_prefix(['+', '-'])?.replacen(':', "", 1);
    let is_zone = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i32 = if is_zone { digits.parse().ok()? } else { return None };
    let (hours, minutes) = (number / 100, number % 100);
    let seconds = (hours * 60 + minutes) * 60;
    (hours < 15 && minutes < 60).then_some(if zone.starts_with('-') { -seconds } else { seconds })
}

fn parse(text: &str, environment: &Environment, now: jiff::Zoned) -> Option<Timestamp> {
    if let Some(local) = without_zone(text) {
        // What has no zone is local time; gix would take it for UTC.
        let as_if_utc = Offset::UTC.to_timestamp(local).ok()?.as_second();
        let offset = environment.local_offset(as_if_utc);
        return Timestamp::new(as_if_utc - i64::from(offset), offset);
    }
    let time = gix::date::parse(text, Some(now)).ok()?;
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
    fn a_span_is_so_long_ago() {
        assert_eq!(read("12h").as_deref(), Some("2023-11-13 22:30:00-05:00"));
        assert_eq!(read("7d").as_deref(), Some("2023-11-07 10:30:00-05:00"));
        assert_eq!(read(" 2w ").as_deref(), Some("2023-10-31 10:30:00-05:00"));
        for other in ["d", "7m", "-7d", "99999999999999999w", "999999999999d"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_date_with_one_meaning_needs_no_git() {
        let read = |text: &str| parse_exact(text).map(|time| time.to_string());
        assert_eq!(read("@0 +0000").as_deref(), Some("1970-01-01 00:00:00+00:00"));
        assert_eq!(read("1700000000 +0530").as_deref(), Some("2023-11-15 03:43:20+05:30"));
        for text in ["2024-05-05T10:00:00+02:00", "2024-05-05 10:00:00 +0200"] {
            assert_eq!(read(text).as_deref(), Some("2024-05-05 10:00:00+02:00"), "{text}");
        }
        assert_eq!(read("2024-05-05T10:00:00Z").as_deref(), Some("2024-05-05 10:00:00+00:00"));
        for other in [
            "@0",
            "5 +0000",
            "2024-05-05",
            "2024-05-05 10:00:00",
            "1700000000",
            "@1 +2500",
            "2 weeks ago",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
