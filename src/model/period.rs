//! The stretches of time a leaderboard counts, in a guild's calendar.
//!
//! ```text
//! period = "day" | "week" | "month" | "all" | days | dates
//! days   = 1*3digit "d"                   the last so many days, today included
//! dates  = date ".." date                 both included
//! date   = year "-" month "-" day
//! ```
//!
//! Weeks begin on Monday. A day is a day of the guild's zone, so one with a change of the clock has 23 or
//! 25 hours; nothing here counts hours.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The longest number of days a period may name.
pub const MOST_DAYS: u16 = 366;

/// What a board counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// The day.
    Day,
    /// The week.
    Week,
    /// The month.
    Month,
    /// Everything.
    All,
    /// The last days, today included: 1 to [`MOST_DAYS`].
    Days(u16),
    /// From one date to another, both included; at most [`MOST_DAYS`] of them.
    Dates(Date, Date),
}

/// What a board is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// What was earned through the bot within a period.
    Earned(Period),
    /// The balances that members have now.
    Balance,
}

/// A period of the calendar, found: the days it covers. Days are numbered from 1970-01-01, which is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    /// The first.
    pub first: i64,
    /// The last, included.
    pub last: i64,
    /// What they make up together, where sums of just that are kept.
    pub whole: Option<Whole>,
}

/// What is summed up as points come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whole {
    /// One day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// All time.
    All,
}

/// The text names no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPeriod {
    /// No known word and none of the forms.
    #[error(
        "expected day, week, month, all, balance, a number of days such as 7d, or \
         2026-03-01..2026-03-31"
    )]
    Unknown,
    /// More days than a board may count.
    #[error("at most {MOST_DAYS} days")]
    TooLong,
    /// The second date lies before the first.
    #[error("the end lies before the beginning")]
    Backwards,
}

impl Period {
    /// The period that is running at `now_ms` (milliseconds since 1970) in `zone`.
    pub fn running(self, now_ms: i64, zone: &TimeZone) -> Days {
        self.of(date(now_ms, zone))
    }

    /// The last day, week or month that had ended at `now_ms`; any other period as it is then.
    pub fn ended(self, now_ms: i64, zone: &TimeZone) -> Days {
        let today = date(now_ms, zone);
        let before = |days: Days| self.of(from_number(days.first.saturating_sub(1)));
        match self {
            Period::Day | Period::Week | Period::Month => before(self.of(today)),
            Period::All | Period::Days(_) | Period::Dates(..) => self.of(today),
        }
    }

    /// The first day of dates, numbered from 1970-01-01, and how many follow it; `None` of what is
    /// not given by its dates.
    pub fn numbered(self) -> Option<(i32, u16)> {
        let Period::Dates(first, last) = self else {
            return None;
        };
        let more = u16::try_from(number(last) - number(first)).ok()?;
        Some((i32::try_from(number(first)).ok()?, more))
    }

    /// Dates by the number of the first day and how many follow it, if a board may count so many.
    pub fn from_numbered(first: i32, more: u16) -> Option<Self> {
        let first = i64::from(first);
        let last = first + i64::from(more);
        let in_calendar = number(Date::MIN) <= first && last <= number(Date::MAX);
        (more < MOST_DAYS && in_calendar)
            .then(|| Period::Dates(from_number(first), from_number(last)))
    }

    /// The period around a date.
    fn of(self, today: Date) -> Days {
        let one = |first: Date, last: Date, whole| Days {
            first: number(first),
            last: number(last),
            whole,
        };
        match self {
            Period::Day => one(today, today, Some(Whole::Day)),
            Period::Week => {
                let monday = from_number(monday_of(number(today)));
                one(monday, from_number(number(monday) + 6), Some(Whole::Week))
            }
            Period::Month => one(
                today.first_of_month(),
                today.last_of_month(),
                Some(Whole::Month),
            ),
            Period::All => Days {
                first: i64::MIN,
                last: i64::MAX,
                whole: Some(Whole::All),
            },
            Period::Days(days) => {
                let last = number(today);
                Days {
                    first: last - i64::from(days.max(1)) + 1,
                    last,
                    whole: (days <= 1).then_some(Whole::Day),
                }
            }
            Period::Dates(first, last) => one(first, last, (first == last).then_some(Whole::Day)),
        }
    }
}

impl Days {
    /// The number that names the whole among its like: of a week its Monday, of a month its first day.
    pub fn key(self) -> i64 {
        match self.whole {
            Some(Whole::All) => 0,
            _ => self.first,
        }
    }

    /// The first and the last date; `None` for all time.
    pub fn dates(self) -> Option<(Date, Date)> {
        (self.whole != Some(Whole::All)).then(|| (from_number(self.first), from_number(self.last)))
    }
}

impl Whole {
    /// All of them.
    pub const ALL: [Whole; 4] = [Whole::Day, Whole::Week, Whole::Month, Whole::All];

    /// The number under which a day is counted in this: see [`Days::key`].
    pub fn key_of(self, day: i64) -> i64 {
        match self {
            Whole::Day => day,
            Whole::Week => monday_of(day),
            Whole::Month => number(from_number(day).first_of_month()),
            Whole::All => 0,
        }
    }
}

/// The day of `now_ms` (milliseconds since 1970) in `zone`, numbered from 1970-01-01.
pub fn day_of(now_ms: i64, zone: &TimeZone) -> i64 {
    number(date(now_ms, zone))
}

/// The date of a day that is numbered from 1970-01-01, as far as there is a calendar.
pub fn date_of(day: i64) -> Date {
    from_number(day)
}

fn date(now_ms: i64, zone: &TimeZone) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned(zone.clone()).date()
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

fn number(date: Date) -> i64 {
    i64::from(
        date.since((jiff::Unit::Day, EPOCH))
            .map_or(0, |span| span.get_days()),
    )
}

fn from_number(day: i64) -> Date {
    let first = Date::MIN;
    EPOCH
        .checked_add(day.clamp(number(first), number(Date::MAX)).days())
        .unwrap_or(first)
}

/// The Monday of the week of `day`; day 0 was a Thursday.
fn monday_of(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        match text {
            "day" => return Ok(Period::Day),
            "week" => return Ok(Period::Week),
            "month" => return Ok(Period::Month),
            "all" => return Ok(Period::All),
            _ => {}
        }
        if let Some(days) = text.strip_suffix('d') {
            let digits =
                !days.is_empty() && days.len() <= 6 && days.bytes().all(|b| b.is_ascii_digit());
            let days: u32 = digits
                .then(|| days.parse().ok())
                .flatten()
                .filter(|&days| days > 0)
                .ok_or(NoPeriod::Unknown)?;
            return match u16::try_from(days) {
                Ok(days) if days <= MOST_DAYS => Ok(Period::Days(days)),
                _ => Err(NoPeriod::TooLong),
            };
        }
        let (first, last) = text.split_once("..").ok_or(NoPeriod::Unknown)?;
        let read = |text: &str| text.parse::<Date>().map_err(|_| NoPeriod::Unknown);
        let (first, last) = (read(first)?, read(last)?);
        match number(last) - number(first) {
            ..=-1 => Err(NoPeriod::Backwards),
            days if days < i64::from(MOST_DAYS) => Ok(Period::Dates(first, last)),
            _ => Err(NoPeriod::TooLong),
        }
    }
}

impl From<Period> for Counted {
    fn from(period: Period) -> Self {
        Counted::Earned(period)
    }
}

impl FromStr for Counted {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        match text {
            "balance" => Ok(Counted::Balance),
            _ => text.parse().map(Counted::Earned),
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Counted::Earned(period) => period.fmt(f),
            Counted::Balance => f.write_str("balance"),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Day => f.write_str("day"),
            Period::Week => f.write_str("week"),
            Period::Month => f.write_str("month"),
            Period::All => f.write_str("all"),
            Period::Days(days) => write!(f, "{days}d"),
            Period::Dates(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

#[cfg(test)]
mod tests;
