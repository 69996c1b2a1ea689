//! Lengths of time as operators write them: `10m`, `5s`, `500ms`, `1h30m`, `0s`.
//!
//! ```text
//! duration = part { part }
//! part     = digits ( "ms" | "s" | "m" | "h" | "d" )
//! ```
//!
//! Invariant: a bare number is refused, because nobody agrees on its unit.

use std::time::Duration;

/// Why a text is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It does not follow the grammar.
    #[error("expected a length of time such as `10m`, `5s`, `500ms` or `1h30m`")]
    Form,
    /// It is beyond what can be counted.
    #[error("this length of time is too long")]
    TooLong,
}

/// Reads a length of time; parts add up.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(DurationError::Form);
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        if number.is_empty() {
            return Err(DurationError::Form);
        }
        let number: u64 = number.parse().map_err(|_| DurationError::TooLong)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let part = match unit {
            "ms" => Some(Duration::from_millis(number)),
            "s" => Some(Duration::from_secs(number)),
            "m" => number.checked_mul(60).map(Duration::from_secs),
            "h" => number.checked_mul(3_600).map(Duration::from_secs),
            "d" => number.checked_mul(86_400).map(Duration::from_secs),
            _ => return Err(DurationError::Form),
        };
        total = part
            .and_then(|part| total.checked_add(part))
            .ok_or(DurationError::TooLong)?;
        rest = after;
    }
    Ok(total)
}

/// Writes a length of time in the form `parse` reads, in milliseconds at the finest.
pub fn write(duration: Duration) -> String {
    let mut left = duration.as_millis();
    if left == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        let count = left / size;
        left %= size;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["10m", "5s", "500ms", "1h30m", "0s", "1d2h3m4s5ms"] {
            assert_eq!(write(parse(text).unwrap()), text);
        }
        assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("0ms"), Ok(Duration::ZERO));
    }

    #[test]
    fn what_could_be_misread_is_refused() {
        for text in [
            "", " ", "10", "m", "10 m", "1.5h", "-5s", "5S", "10min", "秒",
        ] {
            assert_eq!(parse(text), Err(DurationError::Form), "{text}");
        }
        assert_eq!(parse("99999999999999999999s"), Err(DurationError::TooLong));
        assert_eq!(parse("18446744073709551615d"), Err(DurationError::TooLong));
    }
}
