//! When an API token expires, read from the token itself.
//!
//! Invariant: nothing is believed of it but the date, and the date only warns. Its signature is the
//! service's business: a token that lies about its date is refused there.
//!
//! Source: points-backends, 3.1.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// An operator is told so long before a token expires, in milliseconds: 7 days.
pub(super) const NOTICE_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// The last second that a date can name: the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// Longer than any token, in bytes.
const LONGEST_TOKEN: usize = 1 << 16;

/// How a token stands. Times are milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// It does not say when it expires.
    Unreadable,
    /// It is good for more than 7 days.
    Good {
        /// When it expires.
        until_ms: i64,
    },
    /// It expires within 7 days.
    Ending {
        /// When it expires.
        until_ms: i64,
    },
    /// It has expired.
    Over {
        /// Since when.
        since_ms: i64,
    },
}

impl TokenState {
    /// How a token that expires at `expiry_ms` stands at `now_ms`.
    pub(super) fn at(expiry_ms: Option<i64>, now_ms: i64) -> Self {
        match expiry_ms {
            None => Self::Unreadable,
            Some(since_ms) if since_ms <= now_ms => Self::Over { since_ms },
            Some(until_ms) if until_ms - now_ms <= NOTICE_MS => Self::Ending { until_ms },
            Some(until_ms) => Self::Good { until_ms },
        }
    }
}

/// When a token expires, in milliseconds since 1970; `None` where it does not say so.
pub(super) fn expiry_ms(token: &str) -> Option<i64> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let mut parts = token.split('.');
    let (_header, claims) = (parts.next()?, parts.next()?);
    let _signature = parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let seconds = whole_seconds(claims.get("exp")?)?;
    (1..=LAST_SECOND)
        .contains(&seconds)
        .then(|| seconds * 1_000)
}

/// A date of RFC 7519 may have a fraction; it expires no later for that.
fn whole_seconds(date: &Value) -> Option<i64> {
    date.as_i64().or_else(|| {
        let seconds = date.as_f64()?;
        // Out of range is caught by the caller: the conversion saturates.
        seconds.is_finite().then_some(seconds as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(claims))
    }

    #[test]
    fn the_date_is_read_and_nothing_else() {
        for (claims, expiry) in [
            (
                r#"{"exp":1700000000,"iat":1697408000}"#,
                Some(1_700_000_000_000),
            ),
            (r#"{"exp":1700000000.75}"#, Some(1_700_000_000_000)),
            (r#"{"exp":"1700000000"}"#, None),
            (r#"{"exp":0}"#, None),
            (r#"{"exp":-5}"#, None),
            (r#"{"exp":1e300}"#, None),
            (r#"{"exp":253402300800}"#, None),
            (r#"{"exp":null}"#, None),
            (r#"{"iat":1700000000}"#, None),
            ("[1700000000]", None),
            ("no claims", None),
        ] {
            assert_eq!(expiry_ms(&token(claims)), expiry, "{claims}");
        }
        for no_token in ["", "..", "a.b", "a.b.c", "a.b.c.d"] {
            assert_eq!(expiry_ms(no_token), None, "{no_token}");
        }
        let five = format!("{}.x.y", token(r#"{"exp":1700000000}"#));
        assert_eq!(expiry_ms(&five), None);
    }

    #[test]
    fn the_notice_is_given_7_days_before() {
        let day = 24 * 60 * 60 * 1_000;
        let until_ms = 100 * day;
        let at = |now_ms| TokenState::at(Some(until_ms), now_ms);
        assert_eq!(at(93 * day - 1), TokenState::Good { until_ms });
        assert_eq!(at(93 * day), TokenState::Ending { until_ms });
        assert_eq!(at(until_ms - 1), TokenState::Ending { until_ms });
        assert_eq!(at(until_ms), TokenState::Over { since_ms: until_ms });
        assert_eq!(TokenState::at(None, 0), TokenState::Unreadable);
    }
}
