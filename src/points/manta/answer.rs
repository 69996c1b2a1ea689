//! What one request came to, before anybody asks what it means for points.
//!
//! Source: points-backends, 3.2 and 3.4. A reply is a success only where the status is 2xx and
//! `success` is true; else the code in `errResponse` counts, and without one the status.

use std::time::Duration;

use serde_json::Map;
use serde_json::Value;

use crate::points::mall::value::blot;
use crate::points::mall::value::integer;
use crate::points::mall::value::text;
use crate::points::mall::value::whole;

/// The largest body that is read, in bytes; a full list has about 20 kB.
pub(super) const LARGEST_BODY: usize = 1 << 20;

/// What one request came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// A success, with everything it says.
    Well(Map<String, Value>),
    /// A refusal in the service's own words, or by a status that is one.
    Refused(Refusal),
    /// It was sent, and what came back, if anything, settles nothing.
    Unclear {
        /// The HTTP status, if there was one.
        status: Option<u16>,
        /// What was seen, in our own words, fit for an operator.
        seen: String,
    },
    /// Connecting failed: not a byte of it left.
    NotSent {
        /// What was seen, in our own words, fit for an operator.
        seen: String,
    },
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The service's own code, where it has one.
    pub code: Option<i64>,
    /// The service's text. Untrusted text.
    pub text: String,
    /// The wait it asks for, capped; only with 429.
    pub retry_after: Option<Duration>,
}

/// A reply as HTTP brought it.
pub(super) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The stated wait, capped.
    pub retry_after: Option<Duration>,
    /// The whole body, or why there is none, in our own words.
    pub body: Result<Vec<u8>, String>,
}

impl Answer {
    /// Reads a reply; `secrets` are blotted out of every text it brings.
    pub(super) fn of(reply: Reply, secrets: &[&str]) -> Self {
        let Reply {
            status,
            retry_after,
            body,
        } = reply;
        let read = body.and_then(|body| fields(&body).map_err(str::to_owned));
        let (fields, why) = match read {
            Ok(fields) => (Some(fields), String::new()),
            Err(why) => (None, why),
        };
        let success = fields.as_ref().and_then(|fields| fields.get("success"));
        let succeeded = success.and_then(Value::as_bool);
        let own = fields.as_ref().map(|fields| own_words(fields, secrets));
        let (code, text) = own.unwrap_or_default();
        let refused = |code, text, retry_after| {
            Self::Refused(Refusal {
                status,
                code,
                text,
                retry_after,
            })
        };
        match (status, succeeded, fields) {
            (200..=299, Some(true), Some(fields)) => Self::Well(fields),
            (200..=299, Some(false), _) => refused(code, text, None),
            // The form of a refusal, although it does not say so.
            (200..=299, None, Some(_)) if code.is_some() => refused(code, text, None),
            (200..=299, _, Some(_)) => {
                Self::unclear(status, "an answer without a usable `success`")
            }
            (200..=299, _, None) => Self::unclear(status, &why),
            (300..=399, _, _) => Self::unclear(
                status,
                "a redirect, which is never followed: check `base_url`",
            ),
            (429, _, _) => refused(code, text, retry_after),
            (400..=499, _, _) => refused(code, text, None),
            _ if code.is_some() => refused(code, text, None),
            _ => Self::unclear(status, "an error of the service's own"),
        }
    }

    fn unclear(status: u16, seen: &str) -> Self {
        Self::Unclear {
            status: Some(status),
            seen: format!("status {status}: {seen}"),
        }
    }

    /// The refusal, if it is one.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What came of it in one word, for metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Well(_) => "ok",
            Self::Refused(Refusal { status: 429, .. }) => "too_fast",
            Self::Refused(_) => "refused",
            Self::Unclear { .. } => "unclear",
            Self::NotSent { .. } => "not_sent",
        }
    }
}

/// The code and the text of a refusal: in `errResponse`, or outside where that is missing.
fn own_words(fields: &Map<String, Value>, secrets: &[&str]) -> (Option<i64>, String) {
    let inner = fields.get("errResponse").and_then(Value::as_object);
    let mut told = Value::Object(inner.unwrap_or(fields).clone());
    blot(&mut told, secrets);
    let code = inner.and_then(|inner| inner.get("code")).and_then(integer);
    (code, told.as_object().map(text).unwrap_or_default())
}

fn fields(body: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let body = body.trim_ascii();
    if body.is_empty() {
        return Err("an empty answer");
    }
    if body.starts_with(b"<") {
        return Err("a web page instead of an answer: check `base_url`");
    }
    match whole(body) {
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err("an answer that is no JSON object"),
        None => Err("an answer that is not whole, not JSON, or says something twice"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Answer {
        let reply = Reply {
            status,
            retry_after: Some(Duration::from_secs(9)),
            body: Ok(body.as_bytes().to_vec()),
        };
        Answer::of(reply, &["s3cr3t"])
    }

    fn refusal(status: u16, body: &str) -> Refusal {
        match of(status, body) {
            Answer::Refused(refusal) => refusal,
            other => panic!("{status} {body}: {other:?}"),
        }
    }

    #[test]
    fn only_a_2xx_that_says_true_is_a_success() {
        let body = r#"{"success":true,"message":"Get client points successfully"}"#;
        for status in [200, 201, 299] {
            assert!(matches!(of(status, body), Answer::Well(_)));
        }
        for status in [400, 401, 403, 404, 429] {
            assert_eq!(refusal(status, body).code, None);
        }
        for status in [100, 302, 500, 503] {
            assert!(matches!(of(status, body), Answer::Unclear { .. }));
        }
        for success in ["\"true\"", "1", "null", "{}"] {
            let body = format!(r#"{{"success":{success}}}"#);
            assert!(matches!(of(200, &body), Answer::Unclear { .. }), "{body}");
        }
        assert!(matches!(of(200, "{}"), Answer::Unclear { .. }));
    }

    #[test]
    fn a_refusal_is_known_by_its_code_whatever_the_status() {
        let body = r#"{"success":false,"errResponse":{"message":"Token is invalid or expired","code":1004,"botId":"b"}}"#;
        for status in [200, 400, 401, 500] {
            let read = refusal(status, body);
            assert_eq!((read.status, read.code), (status, Some(1004)));
            assert_eq!(read.text, "Token is invalid or expired");
            assert_eq!(read.retry_after, None);
        }
        // Said in digits, or without the word `success`.
        let digits = r#"{"errResponse":{"code":"120000"}}"#;
        assert_eq!(refusal(200, digits).code, Some(120_000));
        // A code that stands elsewhere is nobody's.
        let outside = r#"{"success":false,"code":1004,"message":"m"}"#;
        let read = refusal(200, outside);
        assert_eq!((read.code, read.text.as_str()), (None, "m"));
        // The placeholder of the error page is no JSON.
        let placeholder = r#"{"success":false,"errResponse":{"code":0000}}"#;
        assert!(matches!(of(200, placeholder), Answer::Unclear { .. }));
    }

    #[test]
    fn only_429_states_a_wait() {
        assert_eq!(refusal(429, "").retry_after, Some(Duration::from_secs(9)));
        assert_eq!(refusal(401, "").retry_after, None);
    }

    #[test]
    fn what_is_no_answer_is_unclear() {
        for body in [
            "",
            "  ",
            "<!doctype html><title>login</title>",
            r#"{"success":true,"poi"#,
            r#"{"success":true,"success":false}"#,
            "[true]",
            "true",
            "OK",
        ] {
            assert!(matches!(of(200, body), Answer::Unclear { .. }), "{body}");
        }
    }

    #[test]
    fn an_echo_of_a_secret_is_blotted() {
        let body =
            r#"{"success":false,"errResponse":{"message":"bad secret s3cr3t\nX","code":1002}}"#;
        assert_eq!(refusal(403, body).text, "bad secret <secret> X");
    }
}
