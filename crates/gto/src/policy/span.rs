//! Lengths of time and moments as a policy writes them: `24h`, `2026-12-20`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// A length of time in whole seconds: `90s`, `30m`, `24h`, `7d`, `2w`, and sums of these as in `1d12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    /// A hundred years: longer ones are refused.
    const MAX: i64 = 100 * 366 * 86_400;
    const UNITS: [(char, i64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

    /// So many seconds; none if there are fewer.
    pub fn seconds(seconds: i64) -> Self {
        Self(seconds.clamp(0, Self::MAX))
    }

    /// How many seconds.
    pub fn as_seconds(self) -> i64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut total: i64 = 0;
        let mut rest = text;
        if rest.is_empty() {
            return Err(());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(())?;
            let number: i64 = rest[..digits].parse().map_err(|_| ())?;
            let unit = rest[digits..].chars().next().ok_or(())?;
            let (_, seconds) = Self::UNITS.iter().find(|(name, _)| *name == unit).ok_or(())?;
            total = number.checked_mul(*seconds).and_then(|part| total.checked_add(part)).ok_or(())?;
            rest = &rest[digits + unit.len_utf8()..];
        }
        if total > Self::MAX { Err(()) } else { Ok(Self(total)) }
    }
}

impl fmt::Display for Span {
    /// The two largest units: `1d 12h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut parts = Vec::new();
        for (unit, seconds) in &Self::UNITS[1..] {
            if rest >= *seconds && parts.len() < 2 {
                parts.push(format!("{}{unit}", rest / seconds));
                rest %= seconds;
            }
        }
        if parts.is_empty() { f.pad("0s") } else { f.pad(&parts.join(" ")) }
    }
}

impl serde::Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

/// A moment as a policy writes it: a day, or a time of it, in UTC unless it names an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Its first second since 1970.
    pub first: i64,
    /// Its last second: of a day the last of that day.
    pub last: i64,
}

impl FromStr for Moment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Self { first: time.seconds(), last: time.seconds() });
        }
        let second = |time: DateTime| {
            let zoned = TimeZone::UTC.to_zoned(time).map_err(|_| ())?;
            Timestamp::new(zoned.timestamp().as_second(), 0).map(Timestamp::seconds).ok_or(())
        };
        if text.len() == "2026-12-20".len() {
            let first = second(text.parse::<Date>().map_err(|_| ())?.at(0, 0, 0, 0))?;
            return Ok(Self { first, last: first + 86_399 });
        }
        if text.ends_with(['Z', 'z']) {
            let instant: jiff::Timestamp = text.parse().map_err(|_| ())?;
            return Ok(Self { first: instant.as_second(), last: instant.as_second() });
        }
        let at = second(text.parse::<DateTime>().map_err(|_| ())?)?;
        Ok(Self { first: at, last: at })
    }
}

/// A second since 1970, for a person.
pub(super) fn shown_time(seconds: i64) -> String {
    Timestamp::new(seconds, 0)
        .map_or_else(|| seconds.to_string(), |time| time.to_string().replace("+00:00", " UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_sums_of_units() {
        let read = |text: &str| text.parse::<Span>().map(Span::as_seconds);
        assert_eq!(
            [read("24h"), read("1d12h"), read("2w"), read("0s")],
            [Ok(86_400), Ok(129_600), Ok(1_209_600), Ok(0)]
        );
        for bad in ["", "24", "h", "-1h", "1.5h", "24 h", "1y", "99999999999999999999h", "9999999w"] {
            assert_eq!(read(bad), Err(()), "{bad}");
        }
        assert_eq!(Span::seconds(90_061).to_string(), "1d 1h");
    }

    #[test]
    fn a_day_is_all_its_seconds_in_utc() {
        let day: Moment = "2026-12-20".parse().unwrap();
        assert_eq!(
            (shown_time(day.first), day.last - day.first),
            ("2026-12-20 00:00:00 UTC".to_owned(), 86_399)
        );
        let read = |text: &str| text.parse::<Moment>().map(|at| shown_time(at.first));
        assert_eq!(read("2026-12-20T08:00:00+02:00"), Ok("2026-12-20 06:00:00 UTC".to_owned()));
        assert_eq!(read("2026-12-20T08:00:00Z"), read("2026-12-20 08:00:00"));
        for bad in ["", "soon", "2026-13-01", "2026-12-20T", "99999-01-01"] {
            assert_eq!(read(bad), Err(()), "{bad}");
        }
    }
}
