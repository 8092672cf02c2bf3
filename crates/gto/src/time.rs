//! Points in time as Git records them: seconds and the writer's offset from UTC.
//!
//! Owns printing them as the Python tool does. Must not read a clock.

use std::fmt;
use std::str::FromStr;

use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

/// A point in time with the writer's offset from UTC.
///
/// Compare instants by [`Timestamp::seconds`]; the offset is only for printing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    seconds: i64,
    offset: i32,
}

/// The text is no time with an offset, or no calendar has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no time such as 2026-11-24T05:39:01+00:00")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// The name of the newtype struct that it serialises as, around its form in JSON.
    pub const SERIALIZED_AS: &str = "gto::Timestamp";

    /// The instant `seconds` after 1970-01-01 00:00:00 UTC, seen `offset` seconds east of UTC.
    ///
    /// `None` outside the years 1 to 9999 or with an offset of a day or more: such times cannot be printed.
    pub fn new(seconds: i64, offset: i32) -> Option<Self> {
        const DAY: u32 = 24 * 60 * 60;
        // 0001-01-02 00:00 and 9999-12-30 00:00 UTC: a day to spare on either side for the offset.
        const RANGE: std::ops::RangeInclusive<i64> = -62_135_510_400..=253_402_128_000;
        (RANGE.contains(&seconds) && offset.unsigned_abs() < DAY).then_some(Self { seconds, offset })
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Seconds east of UTC.
    pub fn offset(self) -> i32 {
        self.offset
    }

    /// The form in JSON: `2026-11-24T05:39:01+00:00`.
    pub fn iso(self) -> String {
        self.text(b'T').as_str().to_owned()
    }

    /// How many characters it prints, all of ASCII.
    pub fn printed_len(self) -> usize {
        let seconds = if self.offset % 60 == 0 { "" } else { ":00" };
        "2026-11-24 05:39:01+00:00".len() + seconds.len()
    }

    fn text(self, separator: u8) -> Text {
        let offset = Offset::from_seconds(self.offset).expect("less than a day, checked by `new`");
        let instant = jiff::Timestamp::from_second(self.seconds).expect("years 1 to 9999, checked by `new`");
        let local = offset.to_datetime(instant);
        let away = self.offset.unsigned_abs();
        let year = local.year().unsigned_abs();
        let small = |number: i8| u32::from(number.unsigned_abs());
        let mut text = Text::default();
        text.push_two(u32::from(year / 100));
        text.push_two(u32::from(year % 100));
        for (before, number) in [
            (b'-', small(local.month())),
            (b'-', small(local.day())),
            (separator, small(local.hour())),
            (b':', small(local.minute())),
            (b':', small(local.second())),
            (if self.offset < 0 { b'-' } else { b'+' }, away / 3600),
            (b':', away / 60 % 60),
        ] {
            text.push(before);
            text.push_two(number);
        }
        if !away.is_multiple_of(60) {
            text.push(b':');
            text.push_two(away % 60);
        }
        text
    }
}

/// A printed time. A journal prints a million of them, so that this needs neither memory nor the machinery of `format!`.
#[derive(Default)]
struct Text {
    bytes: [u8; "2026-11-24T05:39:01+00:00:00".len()],
    len: usize,
}

impl Text {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// A number below a hundred, in two digits.
    fn push_two(&mut self, number: u32) {
        let digit = |number: u32| b"0123456789"[number as usize % 10];
        self.push(digit(number / 10));
        self.push(digit(number));
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

/// The form in tables: `2026-11-24 05:39:01+00:00`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(b' ').as_str())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads the form in JSON, which names the offset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let pieces = Pieces::parse(text).ok()?;
            let offset = pieces.to_numeric_offset()?;
            let instant = offset.to_timestamp(pieces.date().to_datetime(pieces.time()?)).ok()?;
            Self::new(instant.as_second(), offset.seconds())
        };
        read().ok_or_else(|| InvalidTimestamp(text.to_owned()))
    }
}

crate::text::read_as_text!(Timestamp);

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The name lets a format that has times of its own, as Python's values have, know one.
        serializer.serialize_newtype_struct(Self::SERIALIZED_AS, &self.iso())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_the_python_tool_prints_them() {
        let print = |s, o| Timestamp::new(s, o).unwrap().to_string();
        assert_eq!(print(1_700_000_000, 0), "2023-11-14 22:13:20+00:00");
        for offset in [0, -28_800, 3_601, -1] {
            let time = Timestamp::new(1_700_000_000, offset).unwrap();
            assert_eq!(time.printed_len(), time.to_string().len());
        }
        assert_eq!(print(1_700_000_000, 19_800), "2023-11-15 03:43:20+05:30");
        assert_eq!(print(1_700_000_000, -28_800), "2023-11-14 14:13:20-08:00");
        assert_eq!(Timestamp::new(0, -60).unwrap().iso(), "1969-12-31T23:59:00-00:01");
    }

    #[test]
    fn a_time_that_no_calendar_can_print_is_refused() {
        assert_eq!(Timestamp::new(i64::MAX, 0), None);
        assert_eq!([86_400, i32::MAX, i32::MIN].map(|offset| Timestamp::new(0, offset)), [None; 3]);
        for edge in [-62_135_510_400, 253_402_128_000] {
            for offset in [-86_399, 86_399] {
                let time = Timestamp::new(edge, offset).unwrap();
                assert_eq!(time.iso().parse(), Ok(time), "{time}");
            }
        }
    }
}
