//! Dates as Git's users write them: `2026-11-24`, `2 weeks ago`, `1700000000 +0100`.

use jiff::tz::{Offset, TimeZone};

use crate::time::Timestamp;

/// Reads a date by Git's rules; relative ones count from `now`. `None` if it is none.
pub(crate) fn parse_date(text: &str, now: Timestamp) -> Option<Timestamp> {
    let offset = Offset::from_seconds(now.offset()).ok()?;
    let now = jiff::Timestamp::from_second(now.seconds()).ok()?.to_zoned(TimeZone::fixed(offset));
    let time = gix::date::parse(text.trim(), Some(now)).ok()?;
    Timestamp::new(time.seconds, time.offset)
}
