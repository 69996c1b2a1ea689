//! The sandbox's own time: the machine's clock plus a shift, or a clock that stands still.
//!
//! It is not the bot's clock: the two sides of a wire never share one, and a test that moves only one of
//! them is how a wrong clock is tried out. Whoever runs a bot inside the sandbox gives it this shift,
//! so that both live through the same week.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::civil::Weekday;

/// The zone in which the pages show times and in which a weekday begins.
pub const ZONE: &str = "Asia/Shanghai";

/// The earliest moment the clock can be moved to: 2020, after the first id of the platform.
const EARLIEST_MS: i64 = 1_577_836_800_000;
/// The latest: 2100, far below the end of ids and calendars.
const LATEST_MS: i64 = 4_102_444_800_000;

/// Tells the sandbox's time, in milliseconds since 1970.
///
/// Cheap to clone; all clones share one shift.
#[derive(Clone, Debug, Default)]
pub struct SandboxClock {
    shift_ms: Arc<AtomicI64>,
    /// `None` follows the machine.
    stands_at_ms: Option<i64>,
}

/// A weekday and a time of it in the sandbox's zone, as `monday 08:59`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekTime {
    weekday: Weekday,
    time: Time,
}

impl SandboxClock {
    /// The machine's clock, not yet shifted.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at a moment (milliseconds since 1970) until it is advanced.
    pub fn standing_at(now_ms: i64) -> Self {
        Self {
            shift_ms: Arc::default(),
            stands_at_ms: Some(now_ms),
        }
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        let unshifted = self.stands_at_ms.unwrap_or_else(machine_ms);
        unshifted.saturating_add(self.shift_ms())
    }

    /// How far it has been moved, in milliseconds.
    pub fn shift_ms(&self) -> i64 {
        self.shift_ms.load(Ordering::Relaxed)
    }

    /// The shift itself, for another clock that is to be moved in the same instant.
    pub fn shift(&self) -> Arc<AtomicI64> {
        self.shift_ms.clone()
    }

    /// Whether it may be moved by `ms`: it stays between 2020 and 2100.
    pub fn can_advance(&self, ms: i64) -> bool {
        let then = self.now_ms().checked_add(ms);
        then.is_some_and(|then| (EARLIEST_MS..LATEST_MS).contains(&then))
    }

    /// Moves this clock and its clones, in milliseconds; a negative number moves them back.
    pub fn advance(&self, ms: i64) {
        self.shift_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl WeekTime {
    /// Reads `monday 08:59`: an English weekday in small letters and a clock time.
    pub fn read(text: &str) -> Option<Self> {
        let (weekday, time) = text.split_once(' ')?;
        let weekday = match weekday {
            "monday" => Weekday::Monday,
            "tuesday" => Weekday::Tuesday,
            "wednesday" => Weekday::Wednesday,
            "thursday" => Weekday::Thursday,
            "friday" => Weekday::Friday,
            "saturday" => Weekday::Saturday,
            "sunday" => Weekday::Sunday,
            _ => return None,
        };
        let (hour, minute) = time.split_once(':')?;
        let two_digits = |part: &str| (part.len() == 2).then(|| part.parse().ok())?;
        let time = Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()?;
        Some(Self { weekday, time })
    }

    /// When it next is on a later day than that of `now_ms`, both in milliseconds since 1970.
    ///
    /// Never today: on a Monday morning "next Monday" closes the week in which somebody is playing.
    pub fn after_today(self, now_ms: i64) -> Option<i64> {
        let now = Timestamp::from_millisecond(now_ms).ok()?;
        let today = now.in_tz(ZONE).ok()?.date();
        let day = today.nth_weekday(1, self.weekday).ok()?;
        let then = day.to_datetime(self.time).in_tz(ZONE).ok()?;
        Some(then.timestamp().as_millisecond())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox's one place that asks the machine; it must not share the bot's clock"
)]
fn machine_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_shift() {
        let clock = SandboxClock::standing_at(1_700_000_000_000);
        let clone = clock.clone();
        clone.advance(601_000);
        clone.advance(-1_000);
        assert_eq!(clock.now_ms(), 1_700_000_600_000);
        assert_eq!(clock.shift_ms(), 600_000);
        clone.shift().store(1, Ordering::Relaxed);
        assert_eq!(clock.now_ms(), 1_700_000_000_001);
    }

    #[test]
    fn it_stays_within_what_ids_and_calendars_hold() {
        let clock = SandboxClock::standing_at(1_700_000_000_000);
        assert!(clock.can_advance(70 * 365 * 86_400_000));
        assert!(!clock.can_advance(90 * 365 * 86_400_000));
        assert!(!clock.can_advance(-5 * 365 * 86_400_000));
        assert!(!clock.can_advance(i64::MAX) && !clock.can_advance(i64::MIN));
    }

    #[test]
    fn next_monday_is_never_today() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let monday = WeekTime::read("monday 08:59").unwrap();
        for (now, then) in [
            // Sunday night and Monday morning in Shanghai, one minute apart.
            ("2026-11-22T15:59:00Z", "2026-11-23T00:59:00Z"),
            ("2026-11-22T16:00:00Z", "2026-11-30T00:59:00Z"),
            ("2026-11-23T04:00:00Z", "2026-11-30T00:59:00Z"),
            // Over the end of a year.
            ("2026-12-29T04:00:00Z", "2027-01-04T00:59:00Z"),
        ] {
            assert_eq!(monday.after_today(at(now)), Some(at(then)), "{now}");
        }
        for text in [
            "",
            "monday",
            "Monday 08:59",
            "monday 8:59",
            "monday 24:00",
            "moonday 08:59",
        ] {
            assert_eq!(WeekTime::read(text), None, "{text}");
        }
    }
}
