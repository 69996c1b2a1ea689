//! Periods against calendars of several zones, and their text against itself.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> (i64, TimeZone) {
    let zoned: jiff::Zoned = text.parse().unwrap();
    (
        zoned.timestamp().as_millisecond(),
        zoned.time_zone().clone(),
    )
}

fn shown(days: Days) -> String {
    let (first, last) = days.dates().unwrap();
    format!("{first} {last}")
}

#[test]
fn periods_follow_the_calendar_of_the_zone() {
    let (now, zone) = at("2026-03-01T00:30:00[Asia/Shanghai]");
    for (period, running, ended) in [
        (
            Period::Day,
            "2026-03-01 2026-03-01",
            "2026-02-28 2026-02-28",
        ),
        (
            Period::Week,
            "2026-02-23 2026-03-01",
            "2026-02-16 2026-02-22",
        ),
        (
            Period::Month,
            "2026-03-01 2026-03-31",
            "2026-02-01 2026-02-28",
        ),
        (
            Period::Days(7),
            "2026-02-23 2026-03-01",
            "2026-02-23 2026-03-01",
        ),
    ] {
        assert_eq!(shown(period.running(now, &zone)), running, "{period}");
        assert_eq!(shown(period.ended(now, &zone)), ended, "{period}");
    }
    // The same moment is still February in London.
    let utc = TimeZone::UTC;
    assert_eq!(
        shown(Period::Month.running(now, &utc)),
        "2026-02-01 2026-02-28"
    );
    assert_eq!(Period::All.running(now, &zone).dates(), None);
}

#[test]
fn the_days_of_a_change_of_the_clock_are_days_like_any_other() {
    for text in [
        "2026-03-29T00:00:00[Europe/Berlin]",
        "2026-03-29T23:59:59[Europe/Berlin]",
        "2026-10-25T02:30:00+01:00[Europe/Berlin]",
    ] {
        let (now, zone) = at(text);
        let day = Period::Day.running(now, &zone);
        assert_eq!(shown(day), format!("{0} {0}", &text[..10]));
    }
    let (now, zone) = at("2028-02-29T12:00:00[Asia/Shanghai]");
    assert_eq!(
        shown(Period::Month.running(now, &zone)),
        "2028-02-01 2028-02-29"
    );
}

#[test]
fn what_is_no_period_says_why() {
    for (text, why) in [
        ("", NoPeriod::Unknown),
        ("d", NoPeriod::Unknown),
        ("0d", NoPeriod::Unknown),
        ("-7d", NoPeriod::Unknown),
        ("367d", NoPeriod::TooLong),
        ("99999999d", NoPeriod::Unknown),
        ("2026-03-01", NoPeriod::Unknown),
        ("2026-02-30..2026-03-01", NoPeriod::Unknown),
        ("2026-03-02..2026-03-01", NoPeriod::Backwards),
        ("2025-01-01..2026-01-02", NoPeriod::TooLong),
        ("year", NoPeriod::Unknown),
    ] {
        assert_eq!(text.parse::<Period>(), Err(why), "{text}");
    }
}

proptest! {
    #[test]
    fn every_day_counts_in_one_day_one_week_and_one_month(day in -100_000_i64..100_000) {
        let date = from_number(day);
        prop_assert_eq!(number(date), day);
        for (period, whole) in [
            (Period::Day, Whole::Day),
            (Period::Week, Whole::Week),
            (Period::Month, Whole::Month),
        ] {
            let days = period.of(date);
            prop_assert!(days.first <= day && day <= days.last);
            prop_assert_eq!(whole.key_of(day), days.key());
            prop_assert_eq!(whole.key_of(days.last), days.key());
            prop_assert_ne!(whole.key_of(days.last + 1), days.key());
        }
    }

    #[test]
    fn a_period_is_read_as_it_is_written(days in 1_u16..=MOST_DAYS, from in -20_000_i64..40_000, long in 0_i64..366) {
        for period in [
            Period::Days(days),
            Period::Dates(from_number(from), from_number(from + long)),
        ] {
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }
    }

    #[test]
    fn reading_never_panics(text in ".*") {
        let _read = text.parse::<Period>();
    }
}
