//! Moments as clocks show them, what is refused and why, and random recurrences against a plain model.

mod model;

use jiff::civil::Weekday;
use proptest::prelude::*;

use super::*;
use crate::support::cron::tests::model::field;
use crate::support::cron::tests::model::naive;
use crate::support::cron::tests::model::written;

fn recurrence(text: &str) -> Recurrence {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> (i64, TimeZone) {
    let zoned: jiff::Zoned = text.parse().unwrap();
    let zone = zoned.time_zone().clone();
    (zoned.timestamp().as_millisecond(), zone)
}

/// The next moments after `from`, as clocks there show them with their offset from UTC.
fn next(text: &str, from: &str, count: usize) -> Vec<String> {
    let (from, zone) = at(from);
    let moments = recurrence(text).next(from, &zone, count);
    let shown = |ms| {
        let moment = Timestamp::from_millisecond(ms).unwrap();
        let zoned = moment.to_zoned(zone.clone());
        zoned.strftime("%m-%d %H:%M %:z").to_string()
    };
    moments.into_iter().map(shown).collect()
}

#[test]
fn a_clock_time_comes_every_day_and_fields_as_the_calendar_has_them() {
    assert_eq!(
        next("09:00", "2026-03-01T09:00:00[Asia/Shanghai]", 3),
        [
            "03-02 09:00 +08:00",
            "03-03 09:00 +08:00",
            "03-04 09:00 +08:00"
        ]
    );
    assert_eq!(
        next("09:00", "2026-03-01T08:59:59.999[Asia/Shanghai]", 1),
        ["03-01 09:00 +08:00"]
    );
    // Monday is 1 and Sunday both 0 and 7.
    for text in ["0 9 * * MON", "0 9 * * 1", " 0  9 * * mon "] {
        let monday = next(text, "2026-03-01T00:00:00[Asia/Shanghai]", 1);
        assert_eq!(monday, ["03-02 09:00 +08:00"], "{text}");
    }
    for text in ["0 9 * * SUN", "0 9 * * 0", "0 9 * * 7", "0 9 * * SAT-SUN"] {
        let sunday = next(text, "2026-03-01T00:00:00[Asia/Shanghai]", 1);
        assert_eq!(sunday, ["03-01 09:00 +08:00"], "{text}");
    }
    assert_eq!(
        next("30 8 L * *", "2028-02-01T00:00:00[UTC]", 2),
        ["02-29 08:30 +00:00", "03-31 08:30 +00:00"]
    );
    assert_eq!(
        next("30 8 * * FRI#L", "2026-02-01T00:00:00[UTC]", 2),
        ["02-27 08:30 +00:00", "03-27 08:30 +00:00"]
    );
    assert_eq!(
        next("30 8 * JAN,JUL MON#1", "2026-02-01T00:00:00[UTC]", 2),
        ["07-06 08:30 +00:00", "01-04 08:30 +00:00"]
    );
    // Both given: either is enough.
    assert_eq!(
        next("0 9 13 * FRI", "2026-03-11T00:00:00[UTC]", 3),
        [
            "03-13 09:00 +00:00",
            "03-20 09:00 +00:00",
            "03-27 09:00 +00:00"
        ]
    );
    assert_eq!(
        next("0 9 14 * FRI", "2026-03-11T00:00:00[UTC]", 3),
        [
            "03-13 09:00 +00:00",
            "03-14 09:00 +00:00",
            "03-20 09:00 +00:00"
        ]
    );
}

#[test]
fn a_time_that_is_left_out_is_due_when_the_clock_has_gone_on() {
    // From 02:00 to 03:00 at once.
    assert_eq!(
        next("02:30", "2026-03-28T12:00:00[Europe/Berlin]", 2),
        ["03-29 03:00 +02:00", "03-30 02:30 +02:00"]
    );
    // Also one of several, and several of them once.
    assert_eq!(
        next("30 2,14 * * *", "2026-03-28T20:00:00[Europe/Berlin]", 2),
        ["03-29 03:00 +02:00", "03-29 14:30 +02:00"]
    );
    assert_eq!(
        next("0,30 * * * *", "2026-03-29T01:20:00[Europe/Berlin]", 3),
        [
            "03-29 01:30 +01:00",
            "03-29 03:00 +02:00",
            "03-29 03:30 +02:00"
        ]
    );
    // Half an hour, and a whole day.
    assert_eq!(
        next("02:15", "2026-10-03T12:00:00[Australia/Lord_Howe]", 1),
        ["10-04 02:30 +11:00"]
    );
    assert_eq!(
        next("09:00", "2011-12-29T12:00:00[Pacific/Apia]", 2),
        ["12-31 00:00 +14:00", "12-31 09:00 +14:00"]
    );
    // Where midnight itself is left out.
    assert_eq!(
        next("00:00", "2023-04-27T12:00:00[Africa/Cairo]", 1),
        ["04-28 01:00 +03:00"]
    );
}

#[test]
fn a_time_that_comes_twice_is_due_the_first_time_alone() {
    assert_eq!(
        next("02:30", "2026-10-24T12:00:00[Europe/Berlin]", 2),
        ["10-25 02:30 +02:00", "10-26 02:30 +01:00"]
    );
    for text in ["30 2,14 * * *", "30 2-2,14-14 * * *"] {
        assert_eq!(
            next(text, "2026-10-24T20:00:00[Europe/Berlin]", 2),
            ["10-25 02:30 +02:00", "10-25 14:30 +01:00"],
            "{text}"
        );
    }
    assert_eq!(
        next("0 * * * *", "2026-10-25T01:30:00[Europe/Berlin]", 2),
        ["10-25 02:00 +02:00", "10-25 03:00 +01:00"]
    );
    // Asked within the second of the two hours.
    assert_eq!(
        next("02:30", "2026-10-25T02:10:00+01:00[Europe/Berlin]", 1),
        ["10-26 02:30 +01:00"]
    );
    let (until, zone) = at("2026-10-25T02:10:00+01:00[Europe/Berlin]");
    let (first, _) = at("2026-10-25T02:30:00+02:00[Europe/Berlin]");
    let daily = recurrence("02:30");
    assert_eq!(daily.last(0, until, &zone), Some(first));
    let (just, _) = at("2026-10-25T02:00:00+01:00[Europe/Berlin]");
    assert_eq!(daily.last(0, just, &zone), Some(first));
    assert_eq!(daily.last(first, until, &zone), None);
}

#[test]
fn what_never_comes_and_what_comes_too_often_is_refused() {
    for text in ["0 0 31 2 *", "0 0 30 FEB *", "0 0 31 4,6,9,11 *"] {
        assert_eq!(
            text.parse::<Recurrence>(),
            Err(NoRecurrence::Never),
            "{text}"
        );
    }
    for text in ["0 0 29 2 *", "0 0 31 2 MON", "0 0 * 2 MON#5"] {
        assert!(text.parse::<Recurrence>().is_ok(), "{text}");
    }
    for text in [
        "* * * * *",
        "*/9 * * * *",
        "0,5 9 1 1 *",
        "0-59 9 * * MON",
        "0,55 0,23 * * *",
        // Near only where one of these days follows another: 31 and 1, Monday the 1st and Tuesday the
        // 2nd, Sunday and the 1st of January.
        "0,55 0,23 1,31 * *",
        "0,55 0,23 */2 * *",
        "0,55 0,23 1 1 SUN",
        "0,55 0,23 L,1 * *",
    ] {
        let why = text.parse::<Recurrence>();
        assert_eq!(why, Err(NoRecurrence::TooOften), "{text}");
    }
    for text in [
        "*/10 * * * *",
        "0,50 0,23 * * *",
        "0,55 0,23 * * MON,WED,FRI",
        "0,55 0,23 1,15 * *",
        "0,55 0,23 29 2 *",
    ] {
        assert!(text.parse::<Recurrence>().is_ok(), "{text}");
    }
}

#[test]
fn a_field_that_cannot_be_read_is_named_with_what_stands_in_it() {
    for (text, field, read) in [
        ("60 9 * * *", Field::Minute, "60"),
        ("0 24 * * *", Field::Hour, "24"),
        ("0 9 0 * *", Field::Day, "0"),
        ("0 9 32 * *", Field::Day, "32"),
        ("0 9 * 13 *", Field::Month, "13"),
        ("0 9 * * 8", Field::Weekday, "8"),
        ("0 9 * * MONDAY", Field::Weekday, "MONDAY"),
        ("0 9 * * 星期一", Field::Weekday, "星期一"),
        // `croner` would take these for something else.
        ("0 9 * MON *", Field::Month, "MON"),
        ("0 9 * * JAN", Field::Weekday, "JAN"),
        ("0 9 * 1JAN *", Field::Month, "1JAN"),
        ("0 9 , * *", Field::Day, ","),
        ("0 9 * * *,0", Field::Weekday, "*,0"),
        ("0 9 ? * *", Field::Day, "?"),
        ("0 9 * * +MON", Field::Weekday, "+MON"),
        ("*/0 9 * * *", Field::Minute, "*/0"),
        ("0 18-9 * * *", Field::Hour, "18-9"),
        ("0 9 * * MON#6", Field::Weekday, "MON#6"),
        ("0 9 15W * *", Field::Day, "15W"),
        ("-1 9 * * *", Field::Minute, "-1"),
    ] {
        let read = read.to_owned();
        assert_eq!(
            text.parse::<Recurrence>(),
            Err(NoRecurrence::Field { field, read }),
            "{text}"
        );
    }
    assert_eq!(
        "0 25 * * *".parse::<Recurrence>().unwrap_err().to_string(),
        "the hour `25` cannot be read: `*`, 0-23, `9,21`, `9-18`, `*/2`"
    );
    for text in [
        "",
        "9:00",
        "24:00",
        "09:60",
        "09:00:00",
        "9",
        "noon",
        "0 9 * *",
        "0 0 9 * * MON",
        "@daily",
        "@yearly x x x",
        "09:00 MON",
    ] {
        let why = text.parse::<Recurrence>().unwrap_err();
        let fits = why == NoRecurrence::Unknown || text.starts_with("@y");
        assert!(fits, "{text}: {why}");
    }
}

#[test]
fn it_is_written_so_that_it_is_read_again() {
    for text in ["09:00", "0 9 * * MON", "0 9 l * *"] {
        let read = recurrence(text);
        assert_eq!(read.to_string(), text.to_uppercase());
        assert_eq!(read.to_string().parse::<Recurrence>(), Ok(read));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn moments_are_those_that_looking_at_every_minute_finds(
        minute in proptest::collection::btree_set(proptest::sample::select(vec![0_i8, 10, 20, 30, 45]), 1..=2).prop_map(Some),
        hour in field(0, 4, 3),
        (day, month, weekday) in (field(1, 31, 3), field(1, 12, 6), field(0, 6, 3)),
        zone_name in proptest::sample::select(vec!["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana"]),
        from in 0..3_650_i32,
    ) {
        let fields = [minute, hour, day, month, weekday];
        let text: Vec<String> = fields.iter().map(written).collect();
        let zone = zone(zone_name);
        let first = date(2023, 1, 1).checked_add(from.days()).unwrap();
        let Ok(recurrence) = text.join(" ").parse::<Recurrence>() else { return Ok(()) };
        let begin = first.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond() - 1;
        let last = first.checked_add(60.days()).unwrap();
        let end = last.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond() - 1;
        let expected: Vec<i64> = naive(&fields, &zone, first, 61)
            .into_iter()
            .filter(|moment| (begin + 1..=end).contains(moment))
            .collect();
        let mut walked = Vec::new();
        let mut at = begin;
        while let Some(next) = recurrence.after(at, &zone).filter(|&next| next <= end) {
            prop_assert!(next > at);
            walked.push(next);
            at = next;
        }
        prop_assert_eq!(walked, expected, "{} in {}", text.join(" "), zone_name);
    }

    #[test]
    fn the_last_is_where_a_walk_from_the_start_ends(
        text in proptest::sample::select(vec!["02:30", "0 9 * * MON", "30 2,14 * * *", "*/10 * * * *", "0 3 L * *", "0,30 1-3 13 * FRI", "0 0 29 2 *"]),
        zone_name in proptest::sample::select(vec!["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
        // Also around the changes of the clock in Berlin in 2026.
        around in proptest::sample::select(vec![1_774_746_000_000_i64, 1_792_890_000_000, 1_325_203_200_000]),
        (since, length) in (-90_000_000_i64..90_000_000, 0_i64..200_000_000),
    ) {
        let (recurrence, zone) = (recurrence(text), zone(zone_name));
        let since = around + since;
        let until = since + length;
        let mut walked = None;
        let mut at = since;
        while let Some(next) = recurrence.after(at, &zone).filter(|&next| next <= until) {
            walked = Some(next);
            at = next;
        }
        prop_assert_eq!(recurrence.last(since, until, &zone), walked);
        // A clock that was set back finds nothing.
        prop_assert_eq!(recurrence.last(until, since, &zone), None);
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,40}|[0-9*/,LW#?+@MONJAFEB -]{0,30}|([0-9*/,#L-]{1,6} ){4}[0-9*/,#A-Z-]{1,6}", now in any::<i64>()) {
        if let Ok(recurrence) = text.parse::<Recurrence>() {
            let _next = recurrence.next(now, &TimeZone::UTC, 2);
            let _last = recurrence.last(now, now.wrapping_add(1_000), &TimeZone::UTC);
        }
    }

    #[test]
    fn what_is_taken_is_never_too_near(
        minute in "\\*/[1-9]|\\*/[1-5][0-9]|[0-5],5[0-9]|[0-9],[1-5][0-9]",
        hour in "\\*|\\*/[1-9]|0,23|2[0-3]|9-18",
        day in "\\*|\\*/[1-9]|[1-9],2[0-9]|L",
        weekday in "\\*|[0-7]|MON-FRI|[0-3],[4-7]",
    ) {
        let text = format!("{minute} {hour} {day} * {weekday}");
        let read = text.parse::<Recurrence>();
        let pattern = parsed(&text).unwrap();
        // Days and weekdays of some years, or the first two that are too near.
        let mut clock = FROM;
        let mut nearest = i64::MAX;
        for _ in 0..2_000 {
            let Some(next) = following(&pattern, clock) else { break };
            nearest = nearest.min(next.duration_since(clock).as_secs());
            clock = next;
            if nearest < SHORTEST_SECONDS { break }
        }
        match read {
            Ok(_) => prop_assert!(nearest >= SHORTEST_SECONDS || nearest == clock.duration_since(FROM).as_secs(), "{text}: {nearest}"),
            Err(why) => prop_assert_eq!(why, NoRecurrence::TooOften, "{}", text),
        }
    }
}

#[test]
fn weekdays_are_counted_as_in_the_calendar() {
    assert_eq!(FROM.date().weekday(), Weekday::Saturday);
}
