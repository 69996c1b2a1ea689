//! What one request came to, before anybody asks what it means for points.
//!
//! Nothing is documented of errors here, so this follows the vendor's sibling documents: a body that
//! names an error goes before the status, `FC_UNKNOWN` leaves it to the status. What was certainly not
//! carried out is told from what only probably was not; whoever pays has to know the difference.
//! Source: points-backends, 2.4.

use std::time::Duration;

use serde_json::Map;
use serde_json::Value;

use super::account::Blots;
use crate::points::mall::value::whole;

/// The largest body that is read, in bytes; a page of the ledger has about 5 kB.
pub(super) const LARGEST_BODY: usize = 1 << 20;

/// The body could not be read as what is wanted.
const BAD_JSON: &str = "FC_BAD_JSON";
/// The body knows nothing, the status decides.
const UNKNOWN: &str = "FC_UNKNOWN";
/// What a body without an error may say.
const OK: &str = "OK";

/// What one request came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// 200 and a JSON object that names no error.
    Body(Map<String, Value>),
    /// A no, of whatever certainty.
    Failed(Failure),
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

/// A no.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    /// What kind of no.
    pub kind: FailureKind,
    /// The HTTP status.
    pub status: u16,
    /// `errcode` and the text, for staff; no secret, no id. Untrusted text.
    pub text: String,
    /// `traceid`, for whoever runs the installation. Untrusted text.
    pub trace: String,
}

/// Kinds of no (source: points-backends, 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// 400, `FC_BAD_JSON`, or an error named under 200: not carried out.
    Refused,
    /// 401 or 403: whoever stands in front let nothing through.
    NoEntry,
    /// 404: no such user, or no such place.
    Missing {
        /// Whether the installation itself said so, in its own form.
        in_its_form: bool,
    },
    /// 409: probably the id was used before.
    Clash,
    /// 429.
    TooFast {
        /// The stated wait, capped.
        retry_after: Option<Duration>,
    },
    /// Another 4xx, or an error that is named behind a 5xx: probably not carried out.
    Declined,
    /// 5xx, or an answer that contradicts itself: nobody can tell.
    Broken,
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

/// What a body says of errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    /// Nothing: `errcode` is absent or empty.
    Absent,
    /// That all is well.
    Fine,
    /// That it does not know.
    Unknown,
    /// That it could not read the request.
    BadJson,
    /// Some other error.
    Named,
}

impl Answer {
    /// Reads a reply; what it is about is blotted out of every text.
    pub(super) fn of(reply: Reply, blots: &Blots<'_>) -> Self {
        let Reply {
            status,
            retry_after,
            body,
        } = reply;
        let fields = match body.and_then(|body| object(&body)) {
            Ok(fields) => fields,
            Err(seen) => return Self::without_object(status, retry_after, seen),
        };
        let Some((code, name)) = code(&fields) else {
            let seen = "an answer whose `errcode` is no text".to_owned();
            return Self::without_object(status, retry_after, seen);
        };
        let kind = match (status, code) {
            (200, Code::Absent | Code::Fine) => return Self::Body(fields),
            (200, Code::BadJson | Code::Named) => FailureKind::Refused,
            (400..=499, Code::Fine) => FailureKind::Broken,
            (409, _) => FailureKind::Clash,
            (429, _) => FailureKind::TooFast { retry_after },
            (400..=499, Code::BadJson) => FailureKind::Refused,
            (500..=599, Code::BadJson | Code::Named) => FailureKind::Declined,
            (200, Code::Unknown) => FailureKind::Broken,
            _ => match by_status(status, retry_after, code == Code::Named) {
                Some(kind) => kind,
                None => return Self::unclear(status, "an answer nobody documents"),
            },
        };
        let text = blots.clean(first_text(&fields, &["error", "msg", "message"]));
        let name = blots.clean(name);
        let text = match (name.as_str(), text.as_str()) {
            ("", text) => text.to_owned(),
            (name, "") => name.to_owned(),
            (name, text) => format!("{name}: {text}"),
        };
        Self::Failed(Failure {
            kind,
            status,
            text,
            trace: blots.clean(first_text(&fields, &["traceid", "traceId"])),
        })
    }

    /// What a reply without a readable object comes to: the status alone speaks.
    fn without_object(status: u16, retry_after: Option<Duration>, seen: String) -> Self {
        match by_status(status, retry_after, false) {
            Some(kind) => Self::Failed(Failure {
                kind,
                status,
                text: String::new(),
                trace: String::new(),
            }),
            None if (300..=399).contains(&status) => Self::unclear(
                status,
                "a redirect, which is never followed: check `base_url`",
            ),
            None => Self::unclear(status, &seen),
        }
    }

    fn unclear(status: u16, seen: &str) -> Self {
        Self::Unclear {
            status: Some(status),
            seen: format!("status {status}: {seen}"),
        }
    }

    /// The HTTP status, where it says more than the outcome.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Body(_) | Self::NotSent { .. } => None,
            Self::Failed(failure) => Some(failure.status),
            Self::Unclear { status, .. } => *status,
        }
    }

    /// What came of it in one word, for metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Body(_) => "ok",
            Self::Failed(failure) => match failure.kind {
                FailureKind::Refused => "refused",
                FailureKind::NoEntry => "access_refused",
                FailureKind::Missing { .. } => "missing",
                FailureKind::Clash => "clash",
                FailureKind::TooFast { .. } => "too_fast",
                FailureKind::Declined => "declined",
                FailureKind::Broken => "unclear",
            },
            Self::Unclear { .. } => "unclear",
            Self::NotSent { .. } => "not_sent",
        }
    }
}

/// What a status says by itself; `None` where that is nothing.
fn by_status(status: u16, retry_after: Option<Duration>, in_its_form: bool) -> Option<FailureKind> {
    Some(match status {
        400 => FailureKind::Refused,
        401 | 403 => FailureKind::NoEntry,
        404 => FailureKind::Missing { in_its_form },
        // The request was cut off on its way, wherever that was.
        408 => FailureKind::Broken,
        409 => FailureKind::Clash,
        429 => FailureKind::TooFast { retry_after },
        400..=499 => FailureKind::Declined,
        500..=599 => FailureKind::Broken,
        _ => return None,
    })
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    let body = body.trim_ascii();
    let seen = match body.first() {
        None => "an empty answer",
        Some(b'<') => "a web page instead of an answer: check `base_url`",
        Some(_) => match whole(body) {
            Some(Value::Object(fields)) => return Ok(fields),
            Some(_) => "an answer that is no JSON object",
            None => "an answer that is not whole, not JSON, or says something twice",
        },
    };
    Err(seen.to_owned())
}

/// What `errcode` says; `None` where it is no text.
fn code(fields: &Map<String, Value>) -> Option<(Code, &str)> {
    Some(match fields.get("errcode") {
        None | Some(Value::Null) => (Code::Absent, ""),
        Some(Value::String(name)) => match name.as_str() {
            "" => (Code::Absent, ""),
            OK => (Code::Fine, OK),
            UNKNOWN => (Code::Unknown, UNKNOWN),
            BAD_JSON => (Code::BadJson, BAD_JSON),
            name => (Code::Named, name),
        },
        Some(_) => return None,
    })
}

/// The first of the fields for a text that says anything.
fn first_text<'a>(fields: &'a Map<String, Value>, names: &[&str]) -> &'a str {
    names
        .iter()
        .filter_map(|name| fields.get(*name)?.as_str())
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Answer {
        let reply = Reply {
            status,
            retry_after: Some(Duration::from_secs(3)),
            body: Ok(body.as_bytes().to_vec()),
        };
        Answer::of(reply, &Blots::new(&[], &["@retail_20871:corp.example"]))
    }

    fn kind(status: u16, body: &str) -> FailureKind {
        match of(status, body) {
            Answer::Failed(failure) => failure.kind,
            other => panic!("{status} {body}: {other:?}"),
        }
    }

    #[test]
    fn success_is_200_with_an_object_that_names_no_error() {
        for body in [
            "{}",
            r#"{"errcode":""}"#,
            r#"{"errcode":null}"#,
            r#"{"errcode":"OK","error":"x"}"#,
            r#" {"balance":1} "#,
        ] {
            assert!(matches!(of(200, body), Answer::Body(_)), "{body}");
        }
        for body in [
            "",
            " ",
            "OK",
            "[]",
            "null",
            "<html>",
            r#"{"balance":1"#,
            "{} {}",
            r#"{"errcode":"X","errcode":"OK"}"#,
            r#"{"errcode":0}"#,
            r#"{"errcode":["OK"]}"#,
        ] {
            let answer = of(200, body);
            assert!(
                matches!(
                    answer,
                    Answer::Unclear {
                        status: Some(200),
                        ..
                    }
                ),
                "{body}: {answer:?}"
            );
        }
        for status in [100, 201, 202, 204, 206, 301, 302, 307, 600] {
            let answer = of(status, "{}");
            assert!(
                matches!(answer, Answer::Unclear { .. }),
                "{status}: {answer:?}"
            );
        }
    }

    #[test]
    fn a_named_error_goes_before_the_status_and_an_unknown_one_does_not() {
        let named = r#"{"errcode":"SWAN_NO","error":"no"}"#;
        let unknown = r#"{"errcode":"FC_UNKNOWN","error":"?"}"#;
        let bad = r#"{"errcode":"FC_BAD_JSON","error":"?"}"#;
        assert_eq!(kind(200, named), FailureKind::Refused);
        assert_eq!(kind(200, bad), FailureKind::Refused);
        assert_eq!(kind(200, unknown), FailureKind::Broken);
        for body in [named, unknown, bad, "", "no", "<html>"] {
            assert_eq!(kind(400, body), FailureKind::Refused, "{body}");
        }
        assert_eq!(kind(422, bad), FailureKind::Refused);
        for body in [named, unknown, ""] {
            assert_eq!(kind(401, body), FailureKind::NoEntry, "{body}");
            assert_eq!(kind(403, body), FailureKind::NoEntry, "{body}");
            assert_eq!(kind(409, body), FailureKind::Clash, "{body}");
            assert_eq!(kind(422, body), FailureKind::Declined, "{body}");
            let retry_after = Some(Duration::from_secs(3));
            assert_eq!(
                kind(429, body),
                FailureKind::TooFast { retry_after },
                "{body}"
            );
        }
        assert_eq!(kind(404, named), FailureKind::Missing { in_its_form: true });
        assert_eq!(
            kind(404, "<h1>"),
            FailureKind::Missing { in_its_form: false }
        );
        assert_eq!(kind(408, named), FailureKind::Broken);
        for body in [unknown, "", "<html>", "{}", r#"{"errcode":"OK"}"#] {
            assert_eq!(kind(500, body), FailureKind::Broken, "{body}");
            assert_eq!(kind(503, body), FailureKind::Broken, "{body}");
        }
        // Behind a 5xx even a named error is only probably the truth.
        assert_eq!(kind(500, named), FailureKind::Declined);
        // A "success" under a refusal contradicts itself.
        for status in [400, 401, 404, 409, 429] {
            assert_eq!(
                kind(status, r#"{"errcode":"OK"}"#),
                FailureKind::Broken,
                "{status}"
            );
        }
    }

    #[test]
    fn staff_read_the_code_and_the_text_without_anybodys_id() {
        let body = r#"{"errcode":"SWAN_NO","error":" ","msg":"no @retail_20871:corp.example\u0007","traceid":"t-7"}"#;
        let Answer::Failed(failure) = of(400, body) else {
            panic!("{body}");
        };
        assert_eq!(failure.text, "SWAN_NO: no <account>");
        assert_eq!(failure.trace, "t-7");
    }
}
