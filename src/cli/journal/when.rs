//! Times as operators write and read them.
//!
//! ```text
//! when = date | date "T" time | timestamp with an offset | length of time ago
//! ```

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::support::duration;

/// A time as written, not yet placed in a zone.
#[derive(Clone, Debug)]
pub(super) enum When {
    /// A moment.
    Moment(Timestamp),
    /// What a clock on the wall shows.
    Wall(DateTime),
    /// So many milliseconds ago.
    Ago(i64),
}

/// Reads a time, for the command line.
pub(super) fn read(text: &str) -> Result<When, String> {
    let text = text.trim();
    if let Ok(ago) = duration::parse(text) {
        let ago = i64::try_from(ago.as_millis()).map_err(|_| WANTED.to_owned())?;
        return Ok(When::Ago(ago));
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(When::Moment(moment));
    }
    // A date alone is its first moment.
    text.parse::<DateTime>()
        .map(When::Wall)
        .map_err(|_| WANTED.to_owned())
}

const WANTED: &str = "expected a date such as 2026-11-23, a time such as 2026-11-23T08:00 or \
                      2026-11-23T08:00:00Z, or how long ago, such as 7d or 12h";

impl When {
    /// The moment in milliseconds since 1970.
    pub(super) fn ms(&self, zone: &TimeZone, now_ms: i64) -> i64 {
        match self {
            Self::Moment(moment) => moment.as_millisecond(),
            Self::Wall(wall) => match wall.to_zoned(zone.clone()) {
                Ok(zoned) => zoned.timestamp().as_millisecond(),
                // Only at the ends of the calendar.
                Err(_) if wall.year() > 0 => i64::MAX,
                Err(_) => i64::MIN,
            },
            Self::Ago(ago) => now_ms.saturating_sub(*ago),
        }
    }
}

/// A moment for a table: to the second, in the zone.
pub(in crate::cli) fn shown(ms: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(moment) => moment
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string(),
        Err(_) => ms.to_string(),
    }
}

/// A moment for programs: RFC 3339 in UTC.
pub(super) fn exact(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(moment) => moment.to_string(),
        Err(_) => ms.to_string(),
    }
}

/// A length of time for a table, by its two largest parts: `3d4h`, `25m10s`.
pub(super) fn long(ms: i64) -> String {
    let seconds = u64::try_from(ms.max(0)).unwrap_or_default() / 1_000;
    let (unit, rest) = match seconds {
        0..60 => (1, 0),
        60..3_600 => (60, 1),
        3_600..86_400 => (3_600, 60),
        _ => (86_400, 3_600),
    };
    let whole = match rest {
        0 => seconds,
        rest => seconds - (seconds % unit) % rest,
    };
    duration::write(std::time::Duration::from_secs(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_a_time_is_read() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let now = 1_800_000_000_000;
        for (text, ms) in [
            ("1d", now - 86_400_000),
            ("1970-01-02", 86_400_000 - 8 * 3_600_000),
            ("1970-01-01T08:00:01", 1_000),
            ("1970-01-01T00:00:01Z", 1_000),
            ("1970-01-01T08:00:01+08:00", 1_000),
        ] {
            assert_eq!(read(text).unwrap().ms(&zone, now), ms, "{text}");
        }
        for text in ["", "yesterday", "7", "2026-13-01", "11/23"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_have_two_parts() {
        for (ms, text) in [
            (-5, "0s"),
            (999, "0s"),
            (59_999, "59s"),
            (1_510_000, "25m10s"),
            (3_661_000, "1h1m"),
            (3 * 86_400_000 + 4 * 3_600_000 + 59_000, "3d4h"),
        ] {
            assert_eq!(long(ms), text);
        }
    }
}
