//! When something is due again and again: a clock time, or five fields of cron, in a zone.
//!
//! ```text
//! at      = clock | cron
//! clock   = 2digit ":" 2digit              daily
//! cron    = minute hour day month weekday  blanks between; weekday 0 and 7 are Sunday
//! field   = item { "," item }
//! item    = ( "*" | value [ "-" value ] ) [ "/" 1*2digit ]
//! value   = 1*2digit | the first three letters of a month or weekday, where one belongs
//! day     may also be "L", the last of its month
//! weekday may also be value "#" ( "1" .. "5" | "L" ), the so-many-th or last of its month
//! ```
//!
//! Where neither day nor weekday is `*`, either is enough. Every time of the clock comes once a day: one
//! that a change of the clock leaves out is due when the clock has gone on, one that comes twice is due
//! the first time alone. So the fields speak of the calendar, which `croner` knows, and never of a zone.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use croner::Cron;
use croner::parser::CronParser;
use croner::parser::Seconds;
use croner::parser::Year;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::civil::date;
use jiff::tz::AmbiguousOffset;
use jiff::tz::TimeZone;
use regex::Regex;

/// The shortest time between two moments, in seconds: whoever reads a channel is not to be buried. On
/// the day of a change of the clock two may be nearer.
pub const SHORTEST_SECONDS: i64 = 600;

/// Where looking for a calendar that serves begins: a Saturday, in the middle of years whose weekdays
/// come round every 28.
const FROM: DateTime = date(2000, 1, 1).at(0, 0, 0, 0);
/// After so many years weekdays and dates have met in every way.
const ROUND_YEARS: i16 = 28;

/// Moments that come again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    text: String,
    cron: Cron,
}

/// One of the five fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Of the month: 1 to 31, or L.
    Day,
    /// 1 to 12, or JAN to DEC.
    Month,
    /// 0 to 7, or SUN to SAT.
    Weekday,
}

/// The text names no such moments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRecurrence {
    /// Neither a clock time nor five fields.
    #[error("expected a clock time such as `09:00`, or five fields of cron such as `0 9 * * MON`")]
    Unknown,
    /// Five fields, one of which cannot be read.
    #[error("the {field} `{read}` cannot be read: {}", field.values())]
    Field {
        /// Which.
        field: Field,
        /// What stands there. Untrusted text.
        read: String,
    },
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
        let after = Timestamp::from_millisecond(after_ms).ok()?;
        let mut clock = zone.to_datetime(after);
        loop {
            clock = following(&self.cron, clock)?;
            // In an hour that comes twice the clock shows again what has been.
            let moment = moment(clock, zone)?;
            if moment > after {
                return Some(moment.as_millisecond());
            }
        }
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
        let until = Timestamp::from_millisecond(until_ms).ok()?;
        let clock = latest(until, zone)?;
        let before = self
            .cron
            .find_previous_occurrence(&utc(clock)?, true)
            .ok()?;
        let last = moment(before.datetime(), zone)?.as_millisecond();
        (since_ms < last && last <= until_ms).then_some(last)
    }
}

/// The moment at which clocks of `zone` first show `clock`, or have gone past it.
fn moment(clock: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(clock).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(clock).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(clock).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            // Read by the new time it lies before the change.
            let before = after.to_timestamp(clock).ok()?;
            Some(zone.following(before).next()?.timestamp())
        }
    }
}

/// The latest that a clock of `zone` has shown by `until`: where it was set back, what it showed then.
fn latest(until: Timestamp, zone: &TimeZone) -> Option<DateTime> {
    let clock = zone.to_datetime(until);
    let AmbiguousOffset::Fold { before, after } = zone.to_ambiguous_timestamp(clock).offset()
    else {
        return Some(clock);
    };
    if zone.to_offset(until) != after {
        return Some(clock);
    }
    let just_after = until.checked_add(1.nanosecond()).ok()?;
    let set_back = zone.preceding(just_after).next()?.timestamp();
    before.to_datetime(set_back).checked_sub(1.second()).ok()
}

/// The next time of the calendar after `clock`.
fn following(cron: &Cron, clock: DateTime) -> Option<DateTime> {
    let next = cron.find_next_occurrence(&utc(clock)?, false).ok()?;
    Some(next.datetime())
}

/// A time of the calendar as `croner` takes it: in a zone whose clocks never change.
fn utc(clock: DateTime) -> Option<jiff::Zoned> {
    clock.to_zoned(TimeZone::UTC).ok()
}

impl FromStr for Recurrence {
    type Err = NoRecurrence;

    fn from_str(text: &str) -> Result<Self, NoRecurrence> {
        let fields: Vec<String> = text
            .split_whitespace()
            .map(str::to_ascii_uppercase)
            .collect();
        if let [time] = fields.as_slice()
            && let Some((hour, minute)) = clock(time)
        {
            let cron = parsed(&format!("{minute} {hour} * * *")).ok_or(NoRecurrence::Unknown)?;
            let text = time.clone();
            return Ok(Self { text, cron });
        }
        let Ok([minute, hour, day, month, weekday]) = <&[String; 5]>::try_from(fields.as_slice())
        else {
            return Err(NoRecurrence::Unknown);
        };
        for (field, read) in Field::ALL.into_iter().zip(&fields) {
            if !field.takes(read) {
                let read = read.clone();
                return Err(NoRecurrence::Field { field, read });
            }
        }
        let text = fields.join(" ");
        let cron = parsed(&text).ok_or(NoRecurrence::Unknown)?;
        let times = parsed(&format!("{minute} {hour} * * *")).ok_or(NoRecurrence::Unknown)?;
        let days = parsed(&format!("0 0 {day} {month} {weekday}")).ok_or(NoRecurrence::Unknown)?;
        if !comes(&days) {
            return Err(NoRecurrence::Never);
        }
        match are_apart(&times, &days) {
            true => Ok(Self { text, cron }),
            false => Err(NoRecurrence::TooOften),
        }
    }
}

/// Whether any of these days is in the calendar.
fn comes(days: &Cron) -> bool {
    let before = FROM.checked_sub(1.second()).ok();
    let first = before.and_then(|before| following(days, before));
    first.is_some_and(|first| first.year() < FROM.year() + ROUND_YEARS)
}

/// Whether no two times are nearer than they may be, on the same day or on one and the next.
fn are_apart(times: &Cron, days: &Cron) -> bool {
    let seconds = |one: DateTime, next: DateTime| next.duration_since(one).as_secs();
    let Some(midnight) = FROM.checked_sub(1.second()).ok() else {
        return false;
    };
    let Some(first) = following(times, midnight) else {
        return false;
    };
    let mut last = first;
    let of_next_day = loop {
        let Some(next) = following(times, last) else {
            return false;
        };
        if next.date() != first.date() {
            break next;
        }
        if seconds(last, next) < SHORTEST_SECONDS {
            return false;
        }
        last = next;
    };
    if seconds(last, of_next_day) >= SHORTEST_SECONDS {
        return true;
    }
    // Too near unless none of the days follows another.
    let mut day = midnight;
    let mut apart = true;
    while let Some(next) = following(days, day)
        && next.year() < FROM.year() + ROUND_YEARS
        && apart
    {
        apart = seconds(day, next) != 86_400;
        day = next;
    }
    apart
}

fn parsed(pattern: &str) -> Option<Cron> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed);
    parser.year(Year::Disallowed).build().parse(pattern).ok()
}

impl Field {
    /// All, as they stand.
    pub const ALL: [Field; 5] = [
        Field::Minute,
        Field::Hour,
        Field::Day,
        Field::Month,
        Field::Weekday,
    ];

    /// What may stand there, in signs that every language shares.
    pub fn values(self) -> &'static str {
        match self {
            Field::Minute => "`*`, 0-59, `0,30`, `*/30`",
            Field::Hour => "`*`, 0-23, `9,21`, `9-18`, `*/2`",
            Field::Day => "`*`, 1-31, `1,15`, `*/2`, `L`",
            Field::Month => "`*`, 1-12, `JAN`-`DEC`, `3-5`, `*/3`",
            Field::Weekday => "`*`, 0-7, `SUN`-`SAT`, `MON-FRI`, `MON#1`",
        }
    }

    /// Whether `read`, in capitals, may stand in this field.
    fn takes(self, read: &str) -> bool {
        // `croner` takes the name of a weekday for a month, and lists with nothing in them.
        let form = match self {
            Field::Minute | Field::Hour => &*NUMBERS,
            Field::Day => &*DAYS,
            Field::Month => &*MONTHS,
            Field::Weekday => &*WEEKDAYS,
        };
        let alone: Vec<&str> = Field::ALL
            .into_iter()
            .map(|field| if field == self { read } else { "*" })
            .collect();
        form.is_match(read) && parsed(&alone.join(" ")).is_some()
    }
}

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| list("[0-9]{1,2}", ""));
static DAYS: LazyLock<Regex> = LazyLock::new(|| list("[0-9]{1,2}", "|L"));
static MONTHS: LazyLock<Regex> = LazyLock::new(|| {
    let value = "(?:[0-9]{1,2}|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)";
    list(value, "")
});
static WEEKDAYS: LazyLock<Regex> = LazyLock::new(|| {
    let value = "(?:[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)";
    list(value, &format!("|{value}#[1-5L]"))
});

fn list(value: &str, also: &str) -> Regex {
    let item = format!(r"(?:(?:\*|{value}(?:-{value})?)(?:/[0-9]{{1,2}})?{also})");
    Regex::new(&format!("^{item}(?:,{item})*$")).expect("the pattern is fixed and valid")
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::Minute => "minute",
            Field::Hour => "hour",
            Field::Day => "day of the month",
            Field::Month => "month",
            Field::Weekday => "weekday",
        })
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

#[cfg(test)]
mod tests;
