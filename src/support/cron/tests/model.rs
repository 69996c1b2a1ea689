//! A recurrence as a set of numbers for each field, whose moments are found by looking at every minute.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::time;
use jiff::tz::AmbiguousOffset;
use jiff::tz::TimeZone;
use proptest::prelude::Strategy;

/// What a field may be in the model, and the numbers it stands for; `None` is `*`.
pub(super) type Model = Option<BTreeSet<i8>>;

pub(super) fn field(least: i8, most: i8, at_most: usize) -> impl Strategy<Value = Model> {
    proptest::option::of(proptest::collection::btree_set(least..=most, 1..=at_most))
}

pub(super) fn written(model: &Model) -> String {
    match model {
        None => "*".to_owned(),
        Some(values) => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            values.join(",")
        }
    }
}

fn has(model: &Model, value: i8) -> bool {
    model.as_ref().is_none_or(|values| values.contains(&value))
}

/// Every moment within some days, found by looking at each minute of each day.
pub(super) fn naive(
    [minute, hour, day, month, weekday]: &[Model; 5],
    zone: &TimeZone,
    first: jiff::civil::Date,
    days: i32,
) -> BTreeSet<i64> {
    let mut moments = BTreeSet::new();
    for date in (0..days).map(|more| first.checked_add(more.days()).unwrap()) {
        let of_week = has(weekday, date.weekday().to_sunday_zero_offset());
        let of_month = has(day, date.day());
        let is_due = match (day, weekday) {
            (Some(_), Some(_)) => of_week || of_month,
            _ => of_week && of_month,
        };
        if !is_due || !has(month, date.month()) {
            continue;
        }
        for (h, m) in (0..24).flat_map(|h| (0..60).map(move |m| (h, m))) {
            if !has(hour, h) || !has(minute, m) {
                continue;
            }
            let clock = date.to_datetime(time(h, m, 0, 0));
            // Minute by minute to the first that clocks do show.
            let shown = (0..)
                .map(|more: i64| clock.checked_add(more.minutes()).unwrap())
                .find(|&clock| {
                    !matches!(
                        zone.to_ambiguous_timestamp(clock).offset(),
                        AmbiguousOffset::Gap { .. }
                    )
                })
                .unwrap();
            let first = zone.to_ambiguous_timestamp(shown).earlier().unwrap();
            moments.insert(first.as_millisecond());
        }
    }
    moments
}
