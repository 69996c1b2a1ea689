//! Dates and waits of HTTP headers (RFC 9110, 5.6.7 and 10.2.3).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// The longest wait that is believed; a stated one may be absurd.
///
/// Source: points-backends, 5.4 (`rate_429`). Ten minutes is what a signature lives.
pub(in crate::points) const LONGEST_WAIT: Duration = Duration::from_secs(600);

static RFC_2822: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// The two obsolete forms every reader must still accept: RFC 850 and asctime.
const OBSOLETE: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// The moment a `Date` names, in milliseconds since 1970; whole seconds only.
pub(in crate::points) fn http_date(value: &str) -> Option<i64> {
    let value = value.trim();
    let moment: Option<Timestamp> = RFC_2822.parse_timestamp(value).ok().or_else(|| {
        OBSOLETE.iter().find_map(|form| {
            let at = strtime::parse(form, value).ok()?.to_datetime().ok()?;
            Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })
    });
    moment.map(Timestamp::as_millisecond)
}

/// The wait a `Retry-After` asks for, at most `LONGEST_WAIT`; `None` where it cannot be read.
///
/// `now_ms` is the sender's present, for the form that names a moment.
pub(in crate::points) fn retry_after(value: &str, now_ms: i64) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Too many digits for a number are a long wait all the same.
        value.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let ahead = http_date(value)?.saturating_sub(now_ms).max(0);
        Duration::from_millis(ahead.unsigned_abs())
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOV_1994: i64 = 784_111_777_000;

    #[test]
    fn all_three_forms_of_a_date_are_read() {
        for value in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(http_date(value), Some(NOV_1994), "{value}");
        }
        for wrong in ["", "yesterday", "2024-02-30T00:00:00Z", "1700000000"] {
            assert_eq!(http_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn waits_are_seconds_or_dates_and_never_absurd() {
        let read = |value| retry_after(value, NOV_1994);
        assert_eq!(read("3"), Some(Duration::from_secs(3)));
        assert_eq!(read(" 0 "), Some(Duration::ZERO));
        assert_eq!(read("999999"), Some(LONGEST_WAIT));
        assert_eq!(read("99999999999999999999999999"), Some(LONGEST_WAIT));
        assert_eq!(
            read("Sun, 06 Nov 1994 08:50:07 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("Sun, 06 Nov 2094 08:00:00 GMT"), Some(LONGEST_WAIT));
        for wrong in ["", "-3", "1.5", "soon"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
