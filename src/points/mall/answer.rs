//! What one request came to, before anybody asks what it means for points.
//!
//! Source: points-backends, 1.4 and 1.6.

use std::time::Duration;

use serde_json::Value;

use super::value::blot;
use super::value::integer;
use super::value::is_empty;
use super::value::text;
use super::value::whole;

/// The largest body that is read, in bytes; a full batch answer has about 15 kB.
pub(super) const LARGEST_BODY: usize = 1 << 20;

/// What one request came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// The mall answered in its own form.
    Envelope(Envelope),
    /// 401 or 403.
    AccessRefused {
        /// Which of them.
        status: u16,
        /// The mall's text.
        text: String,
    },
    /// 404.
    Missing {
        /// The mall's text.
        text: String,
    },
    /// 429.
    TooFast {
        /// The stated wait, capped.
        retry_after: Option<Duration>,
        /// The mall's text.
        text: String,
    },
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

/// The form of the mall's answers: `{"code": 0, "msg": "SUCCESS", "data": {}}`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Envelope {
    /// The outer code; 0 is success.
    pub code: i64,
    /// The first of its texts that says anything. Untrusted text.
    pub text: String,
    /// `data`; null where absent.
    pub data: Value,
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
        let read = body
            .as_deref()
            .map_err(|why| Unreadable::NoBody(why.clone()))
            .and_then(|body| read(body, secrets));
        match (status, read) {
            (
                200..=299,
                Ok(Read {
                    code: Some(code),
                    text,
                    data,
                }),
            ) => Self::Envelope(Envelope { code, text, data }),
            (200..=299, Ok(_)) => Self::unclear(status, "an answer without a usable `code`"),
            (200..=299, Err(why)) => Self::unclear(status, why.seen()),
            (300..=399, _) => Self::unclear(
                status,
                "a redirect, which a signed request never follows: check `base_url`",
            ),
            (401 | 403, read) => Self::AccessRefused {
                status,
                text: text_of(read),
            },
            (404, read) => Self::Missing {
                text: text_of(read),
            },
            (429, read) => Self::TooFast {
                retry_after,
                text: text_of(read),
            },
            // The document knows no other 4xx; where one carries a refusal of the mall's own, that
            // is what counts, and a "success" in it is not believed.
            (
                400..=499,
                Ok(Read {
                    code: Some(code),
                    text,
                    data,
                }),
            ) if code != 0 => Self::Envelope(Envelope { code, text, data }),
            _ => Self::unclear(status, "an error of the mall's own"),
        }
    }

    fn unclear(status: u16, seen: impl Into<String>) -> Self {
        Self::Unclear {
            status: Some(status),
            seen: format!("status {status}: {}", seen.into()),
        }
    }

    /// The HTTP status as far as it says more than the envelope.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Envelope(_) | Self::NotSent { .. } => None,
            Self::AccessRefused { status, .. } => Some(*status),
            Self::Missing { .. } => Some(404),
            Self::TooFast { .. } => Some(429),
            Self::Unclear { status, .. } => *status,
        }
    }

    /// What came of it in one word, for metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Envelope(envelope) if envelope.counting_code() == 0 => "ok",
            Self::Envelope(_) => "refused",
            Self::AccessRefused { .. } => "access_refused",
            Self::Missing { .. } => "missing",
            Self::TooFast { .. } => "too_fast",
            Self::Unclear { .. } => "unclear",
            Self::NotSent { .. } => "not_sent",
        }
    }
}

impl Envelope {
    /// The code that counts: the outer one, or the inner one where the outer is 0.
    pub(super) fn counting_code(&self) -> i64 {
        match self.code {
            0 => self.data.get("code").and_then(integer).unwrap_or(0),
            code => code,
        }
    }

    /// Whether it carries nothing: `data` absent, null or empty.
    pub(super) fn is_bare(&self) -> bool {
        is_empty(&self.data)
    }
}

struct Read {
    code: Option<i64>,
    text: String,
    data: Value,
}

enum Unreadable {
    NoBody(String),
    Empty,
    Html,
    NotJson,
    NotAnObject,
}

impl Unreadable {
    fn seen(self) -> String {
        match self {
            Self::NoBody(why) => why,
            Self::Empty => "an empty answer".to_owned(),
            Self::Html => "a web page instead of an answer: check `base_url`".to_owned(),
            Self::NotJson => {
                "an answer that is not whole, not JSON, or says something twice".to_owned()
            }
            Self::NotAnObject => "an answer that is no JSON object".to_owned(),
        }
    }
}

fn read(body: &[u8], secrets: &[&str]) -> Result<Read, Unreadable> {
    let body = body.trim_ascii();
    if body.is_empty() {
        return Err(Unreadable::Empty);
    }
    if body.starts_with(b"<") {
        return Err(Unreadable::Html);
    }
    let mut value = whole(body).ok_or(Unreadable::NotJson)?;
    blot(&mut value, secrets);
    let Value::Object(mut fields) = value else {
        return Err(Unreadable::NotAnObject);
    };
    Ok(Read {
        code: fields.get("code").and_then(integer),
        text: text(&fields),
        data: fields.remove("data").unwrap_or_default(),
    })
}

fn text_of(read: Result<Read, Unreadable>) -> String {
    read.map(|read| read.text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: u16, body: &str) -> Answer {
        let reply = Reply {
            status,
            retry_after: None,
            body: Ok(body.as_bytes().to_vec()),
        };
        Answer::of(reply, &["s3cr3t"])
    }

    fn envelope(status: u16, body: &str) -> Envelope {
        match of(status, body) {
            Answer::Envelope(envelope) => envelope,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn a_code_is_a_number_or_its_digits_and_nothing_else() {
        for (code, read) in [("0", 0), ("\"0\"", 0), ("60001", 60001), ("\"-3\"", -3)] {
            let body = format!(r#"{{"code":{code}}}"#);
            assert_eq!(envelope(200, &body).code, read, "{body}");
        }
        for code in [
            "null", "\"\"", "\"ok\"", "true", "0.0", "[0]", "{}", "\"+0\"", "1e400",
        ] {
            let body = format!(r#"{{"code":{code},"data":{{}}}}"#);
            assert!(
                matches!(
                    of(200, &body),
                    Answer::Unclear {
                        status: Some(200),
                        ..
                    }
                ),
                "{body}"
            );
        }
        assert!(matches!(of(200, r#"{"data":1}"#), Answer::Unclear { .. }));
    }

    #[test]
    fn the_first_text_that_says_anything_is_taken() {
        for (fields, text) in [
            (r#""msg":"a","message":"b""#, "a"),
            (r#""msg":" ","message":"b""#, "b"),
            (r#""msg":null,"message":7,"desc":"c","error":"d""#, "c"),
            (r#""error":"d\nX-Log: e""#, "d X-Log: e"),
            (r#""hint":"f""#, ""),
        ] {
            let body = format!(r#"{{{fields},"code":1}}"#);
            assert_eq!(envelope(200, &body).text, text, "{body}");
        }
        let long = format!(r#"{{"code":1,"msg":"{}"}}"#, "长".repeat(5_000));
        assert_eq!(envelope(200, &long).text.chars().count(), 200);
    }

    #[test]
    fn an_echo_of_the_secret_is_blotted_wherever_it_stands() {
        let body =
            r#"{"code":1,"msg":"md5(s3cr3t&AppKey=1&s3cr3t)","data":[{"message":"s3cr3t"}]}"#;
        let read = envelope(200, body);
        assert_eq!(read.text, "md5(<secret>&AppKey=1&<secret>)");
        assert_eq!(read.data, json!([{ "message": "<secret>" }]));
    }

    #[test]
    fn any_2xx_counts_by_its_body() {
        for status in [200, 201, 202, 299] {
            assert_eq!(envelope(status, r#"{"code":0}"#).data, Value::Null);
        }
    }

    #[test]
    fn what_is_no_envelope_is_unclear() {
        for body in [
            "",
            "  ",
            "<!doctype html><title>admin</title>",
            r#"{"code":0,"data":{"poi"#,
            r#"{"code":0} {"code":0}"#,
            "[0]",
            "0",
            "OK",
        ] {
            assert!(
                matches!(
                    of(200, body),
                    Answer::Unclear {
                        status: Some(200),
                        ..
                    }
                ),
                "{body}"
            );
        }
        let not_utf_8 = Reply {
            status: 200,
            retry_after: None,
            body: Ok(b"{\"code\":0,\"msg\":\"\xff\xfe\"}".to_vec()),
        };
        assert!(matches!(Answer::of(not_utf_8, &[]), Answer::Unclear { .. }));
    }

    #[test]
    fn a_status_outside_2xx_speaks_for_itself() {
        let body = r#"{"code":0,"desc":"sign error"}"#;
        for status in [401, 403] {
            let text = "sign error".to_owned();
            assert_eq!(of(status, body), Answer::AccessRefused { status, text });
        }
        assert!(matches!(of(404, "<html>"), Answer::Missing { .. }));
        assert!(matches!(of(429, ""), Answer::TooFast { .. }));
        for status in [100, 302, 308, 400, 405, 418, 500, 502, 503, 504, 599] {
            assert!(
                matches!(of(status, body), Answer::Unclear { .. }),
                "{status}"
            );
        }
        // A refusal of the mall's own under a status nobody documents is still its refusal ...
        assert_eq!(envelope(400, r#"{"code":400}"#).code, 400);
        // ... but behind a broken gateway nothing is believed.
        assert!(matches!(
            of(502, r#"{"code":30001}"#),
            Answer::Unclear { .. }
        ));
    }
}
