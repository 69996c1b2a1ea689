//! Which moments are due, by nothing but times.
//!
//! Invariants: what is up to `since` is handled; of the moments after it at most the last is posted,
//! and only while it is no older than `catch_up`. A clock that was set back makes nothing due.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::journal::DueSlot;
use crate::journal::MOST_SKIPPED;
use crate::schedule::millis;
use crate::support::cron::Recurrence;

/// What is due of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Up to which moment all is handled once these are claimed.
    pub since_ms: i64,
    /// They, oldest first; the last may be posted, those before are skipped.
    pub slots: Vec<DueSlot>,
    /// Moments before the first of them, of which only the number is known: more than get a row.
    pub more: bool,
}

/// What is due at `now_ms` (milliseconds since 1970) of what comes `at` in `zone`; `None`: nothing.
pub fn outlook(
    at: &Recurrence,
    zone: &TimeZone,
    catch_up: Duration,
    since_ms: i64,
    now_ms: i64,
) -> Option<Outlook> {
    let mut slots = Vec::new();
    let mut until_ms = now_ms;
    // From the end: after a year there may be tens of thousands.
    while slots.len() <= MOST_SKIPPED
        && let Some(slot_ms) = at.last(since_ms, until_ms, zone)
    {
        slots.push(slot_ms);
        until_ms = slot_ms - 1;
    }
    let newest_ms = *slots.first()?;
    let more = slots.len() > MOST_SKIPPED;
    slots.truncate(MOST_SKIPPED);
    slots.reverse();
    let slots = slots.into_iter().map(|slot_ms| {
        let worth_until_ms = slot_ms.saturating_add(millis(catch_up));
        let is_worth_it = slot_ms == newest_ms && now_ms <= worth_until_ms;
        DueSlot {
            slot_ms,
            until_ms: is_worth_it.then_some(worth_until_ms),
        }
    });
    Some(Outlook {
        since_ms: newest_ms,
        slots: slots.collect(),
        more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn ms(text: &str) -> i64 {
        let zoned: jiff::Zoned = text.parse().unwrap();
        zoned.timestamp().as_millisecond()
    }

    fn seen(at: &str, zone: &str, since: &str, now: &str) -> Option<Vec<(String, bool)>> {
        let zone_found = TimeZone::get(zone).unwrap();
        let full = |text: &str| ms(&format!("{text}[{zone}]"));
        let outlook = outlook(
            &at.parse().unwrap(),
            &zone_found,
            HOUR,
            full(since),
            full(now),
        )?;
        let shown = |slot: &DueSlot| {
            let at = jiff::Timestamp::from_millisecond(slot.slot_ms).unwrap();
            let at = at.to_zoned(zone_found.clone());
            (at.strftime("%d %H:%M").to_string(), slot.until_ms.is_some())
        };
        assert_eq!(outlook.slots.last().unwrap().slot_ms, outlook.since_ms);
        Some(outlook.slots.iter().map(shown).collect())
    }

    #[test]
    fn only_the_last_of_those_that_were_missed_is_posted_and_only_within_its_time() {
        let monday = |since, now| seen("0 9 * * MON", "Asia/Shanghai", since, now);
        let posted = |at: &str| (at.to_owned(), true);
        let skipped = |at: &str| (at.to_owned(), false);
        assert_eq!(monday("2026-03-02T09:00:00", "2026-03-09T08:59:59"), None);
        assert_eq!(
            monday("2026-03-02T09:00:00", "2026-03-09T09:00:00"),
            Some(vec![posted("09 09:00")])
        );
        assert_eq!(
            monday("2026-03-02T08:59:59", "2026-03-09T10:00:00"),
            Some(vec![skipped("02 09:00"), posted("09 09:00")])
        );
        assert_eq!(
            monday("2026-03-02T09:00:00", "2026-03-09T10:00:01"),
            Some(vec![skipped("09 09:00")])
        );
        // Set back: what is handled stays handled.
        assert_eq!(monday("2026-03-09T09:00:00", "2026-03-09T08:00:00"), None);
        assert_eq!(monday("2026-03-09T09:00:00", "2026-03-09T09:00:00"), None);
    }

    #[test]
    fn a_day_with_a_change_of_the_clock_has_each_moment_once() {
        // 02:30 does not exist on the 29th of March and comes twice on the 25th of October.
        let berlin = |since, now| seen("02:30", "Europe/Berlin", since, now).map(|all| all.len());
        let spring = berlin("2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00");
        assert_eq!(spring, Some(1));
        let autumn = berlin("2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00");
        assert_eq!(autumn, Some(1));
    }

    #[test]
    fn a_year_away_leaves_the_newest_rows_alone() {
        let at: Recurrence = "*/10 * * * *".parse().unwrap();
        let day_ms = 24 * 3_600_000;
        let outlook = outlook(&at, &TimeZone::UTC, HOUR, 0, 365 * day_ms).unwrap();
        assert_eq!((outlook.slots.len(), outlook.more), (MOST_SKIPPED, true));
        assert_eq!(outlook.since_ms, 365 * day_ms);
        let posted = outlook.slots.iter().filter(|slot| slot.until_ms.is_some());
        assert_eq!(posted.count(), 1);
    }
}
