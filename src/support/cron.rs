//! When something is due again and again: a clock time, or five fields of cron, in a zone.
//!
//! ```text
//! at    = clock | cron
//! clock = 2digit ":" 2digit              daily
//! cron  = minute hour day month weekday  names of months and weekdays allowed; weekday 0 and 7 are Sunday
//! ```
//!
//! Where both day and weekday are given either is enough. A time that a change of the clock leaves out is
//! due when the clock has gone on; a fixed time that comes twice is due the first time alone.

use std::fmt;
use std::str::FromStr;

use croner::Cron;
use croner::parser::CronParser;
use croner::parser::Seconds;
use croner::parser::Year;
use jiff::Timestamp;
use jiff::Zoned;
use jiff::tz::TimeZone;

/// The shortest time between two moments, in seconds: whoever reads a channel is not to be buried.
pub const SHORTEST_SECONDS: i64 = 600;

/// Moments that are looked at to see whether any two of them are too near.
const LOOKED_AT: usize = 200;

/// Moments that come again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    text: String,
    cron: Cron,
}

/// The text names no such moments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRecurrence {
    /// Neither a clock time nor five fields.
    #[error("expected a clock time such as `09:00`, or five fields of cron such as `0 9 * * MON`")]
    Unknown,
    /// Five fields, one of which cannot be read.
    #[error("{0}")]
    Field(String),
    /// It never comes.
    #[error("there is no such day in the calendar, so it would never be due")]
    Never,
    /// It comes too often.
    #[error("it would be due more often than every {} minutes", SHORTEST_SECONDS / 60)]
    TooOften,
}

impl Recurrence {
    /// The first moment after `after_ms` (milliseconds since 1970) in `zone`, in milliseconds since 1970.
    pub fn after(&self, after_ms: i64, zone: &TimeZone) -> Option<i64> {
        let from = zoned(after_ms, zone)?;
        let next = self.cron.find_next_occurrence(&from, false).ok()?;
        Some(next.timestamp().as_millisecond())
    }

    /// The next so many moments after `after_ms`.
    pub fn next(&self, after_ms: i64, zone: &TimeZone, count: usize) -> Vec<i64> {
        let mut moments = Vec::with_capacity(count);
        let mut after = after_ms;
        while moments.len() < count
            && let Some(next) = self.after(after, zone)
        {
            moments.push(next);
            after = next;
        }
        moments
    }

    /// The last moment that is neither after `until_ms` nor before or at `since_ms`.
    pub fn last(&self, since_ms: i64, until_ms: i64, zone: &TimeZone) -> Option<i64> {
        // From the end: there may be a year of them.
        let from = zoned(until_ms, zone)?;
        let last = self.cron.find_previous_occurrence(&from, true).ok()?;
        let last = last.timestamp().as_millisecond();
        (since_ms < last && last <= until_ms).then_some(last)
    }
}

impl FromStr for Recurrence {
    type Err = NoRecurrence;

    fn from_str(text: &str) -> Result<Self, NoRecurrence> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let pattern = match clock(&text) {
            Some((hour, minute)) => format!("{minute} {hour} * * *"),
            None if text.split(' ').count() == 5 => text.clone(),
            None => return Err(NoRecurrence::Unknown),
        };
        let parser = CronParser::builder();
        let parser = parser.seconds(Seconds::Disallowed);
        let cron = parser
            .year(Year::Disallowed)
            .build()
            .parse(&pattern)
            .map_err(|error| NoRecurrence::Field(error.to_string()))?;
        let recurrence = Self { text, cron };
        // Any moment and any zone serve: what never comes never comes anywhere.
        let moments = recurrence.next(0, &TimeZone::UTC, LOOKED_AT);
        if moments.len() < 3 {
            return Err(NoRecurrence::Never);
        }
        let near = |pair: &[i64]| pair[1] - pair[0] < SHORTEST_SECONDS * 1_000;
        match moments.windows(2).any(near) {
            true => Err(NoRecurrence::TooOften),
            false => Ok(recurrence),
        }
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Hour and minute of a clock time.
fn clock(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let part = |part: &str, most: u8| -> Option<u8> {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| part.parse().ok())
            .flatten()
            .filter(|&part| part <= most)
    };
    Some((part(hour, 23)?, part(minute, 59)?))
}

fn zoned(ms: i64, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(ms).ok()?.to_zoned(zone.clone()))
}
