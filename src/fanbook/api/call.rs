//! One request and what its answer means.

use reqwest::Method;
use reqwest::Request;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::fanbook::api::BotApi;
use crate::fanbook::api::errors::ApiError;
use crate::fanbook::api::errors::NoAnswer;
use crate::fanbook::api::errors::Pace;
use crate::fanbook::api::errors::Rejection;
use crate::fanbook::text;
use crate::fanbook::wire::lenient;
use crate::fanbook::wire::lenient::Raw;
use crate::support::pulse::edge;

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// How much of the platform's own words an error keeps, in characters.
const MOST_SAID: usize = 200;

/// Tries of a reading call after the first.
const READING_RETRIES: usize = 1;

/// Parameters of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a, B> {
    /// GET without any.
    None,
    /// POST with this as JSON.
    Json(&'a B),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    ok: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    status: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    result: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    data: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    error_code: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    err_code: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    code: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    description: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    message: Raw<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::present")]
    desc: Raw<'a>,
}

impl BotApi {
    /// A reading call: repeated once where that may help, and noted as a sign of life.
    pub(super) async fn read<B: Serialize + Sync>(
        &self,
        method: &'static str,
        body: Body<'_, B>,
    ) -> Result<Box<RawValue>, ApiError> {
        let mut delays = self.retries(READING_RETRIES).delays();
        let outcome = loop {
            match self.call(method, &body).await {
                Err(
                    ApiError::NotSent(_) | ApiError::Unknown(_) | ApiError::TooFast(Pace::Platform),
                ) if let Some(delay) = delays.next() => {
                    sleep(delay).await;
                }
                outcome => break outcome,
            }
        };
        let pulses = &self.inner.pulses;
        match &outcome {
            Err(error) if !error.is_answer() => pulses.trouble(
                edge::API,
                format!("`{method}` failed: {error}. Check the network and `api_url`"),
            ),
            // Each mention of the permission is about one place; only getMe is about the bot.
            Err(ApiError::Forbidden | ApiError::Rejected(_)) if method == "getMe" => pulses
                .trouble(
                    edge::API,
                    "`getMe` was refused: the bot token is probably wrong or was replaced. Copy it \
                 again from the developer console",
                ),
            // Waiting for one's turn says nothing about the other side.
            Err(ApiError::TooFast(_)) => {}
            _ => pulses.well(edge::API),
        }
        outcome
    }

    /// One request, after a permit, counted and timed.
    pub(super) async fn call<B: Serialize + Sync>(
        &self,
        method: &'static str,
        body: &Body<'_, B>,
    ) -> Result<Box<RawValue>, ApiError> {
        let permits = &self.inner.permits;
        let permit = match permits.any_now() {
            true => Ok(()),
            false => timeout(self.inner.times.permit, permits.any()).await,
        };
        let outcome = match permit {
            Ok(()) => {
                let began = Instant::now();
                let outcome = self.request(method, body).await;
                self.inner.counts.took(method, began.elapsed());
                outcome
            }
            Err(_) => Err(ApiError::TooFast(Pace::Ours)),
        };
        let name = outcome.as_ref().err().map_or("ok", ApiError::outcome);
        self.inner.counts.called(method, name);
        if let Err(error) = &outcome {
            tracing::debug!(method, error = %error, "a Bot API call failed");
        }
        outcome
    }

    async fn request<B: Serialize + Sync>(
        &self,
        method: &'static str,
        body: &Body<'_, B>,
    ) -> Result<Box<RawValue>, ApiError> {
        let address = self.inner.addresses.of(method);
        let request = match body {
            Body::None => Request::new(Method::GET, address),
            Body::Json(body) => {
                let mut request = Request::new(Method::POST, address);
                let written = serde_json::to_vec(body).expect("bodies have only string keys");
                *request.body_mut() = Some(written.into());
                let json = HeaderValue::from_static("application/json");
                request.headers_mut().insert(CONTENT_TYPE, json);
                request
            }
        };
        let response = self.inner.client.execute(request).await;
        let response = response.map_err(unsent_or_unknown)?;
        let status = response.status().as_u16();
        let body = whole_body(response).await?;
        interpret(status, &body, |said| self.inner.token.blot(said))
    }
}

/// Only failing to connect or to build the request proves that nothing was sent.
fn unsent_or_unknown(error: reqwest::Error) -> ApiError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        ApiError::NotSent(error)
    } else {
        ApiError::Unknown(NoAnswer::Broken(error))
    }
}

async fn whole_body(mut response: Response) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| ApiError::Unknown(NoAnswer::Broken(error.without_url())))?
    {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(ApiError::Unknown(NoAnswer::Unreadable("length")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The payload of an answer, or what it refuses. Source: fanbook-platform, 6.
fn interpret(
    status: u16,
    body: &[u8],
    blot: impl Fn(&str) -> String,
) -> Result<Box<RawValue>, ApiError> {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else {
        return Err(by_status(status, None, String::new()));
    };
    let code = [envelope.error_code, envelope.err_code, envelope.code]
        .into_iter()
        .find_map(lenient::integer);
    let went_well = match (envelope.ok, envelope.status) {
        (Some(ok), _) => lenient::is_true(Some(ok)),
        (None, Some(status)) => lenient::is_true(Some(status)),
        (None, None) => matches!(code, Some(0 | 200 | 1_000)),
    };
    if went_well {
        return match envelope.result.or(envelope.data) {
            Some(payload) => Ok(payload.to_owned()),
            None => Ok(RawValue::NULL.to_owned()),
        };
    }
    let said = [envelope.description, envelope.message, envelope.desc]
        .into_iter()
        .find_map(lenient::string)
        .unwrap_or_default();
    let said: String = text::neutral(&blot(&said))
        .chars()
        .take(MOST_SAID)
        .collect();
    Err(match code {
        Some(10_002 | 429) => ApiError::TooFast(Pace::Platform),
        Some(1_004 | 1_007) => ApiError::NoSuchMember,
        Some(1_008 | 1_011 | 1_021) => ApiError::Gone,
        Some(1_012) => ApiError::Forbidden,
        Some(1_037 | 1_038) => ApiError::Closed,
        Some(5_104) => ApiError::TooLong,
        Some(code @ 500..=599) => ApiError::Unknown(NoAnswer::Server(code as u16)),
        // 1001, 1002, 1006, 2010, 5103, 5105, 901 to 1005 and whatever else: never right as sent.
        code => by_status(status, code, said),
    })
}

fn by_status(status: u16, code: Option<i64>, said: String) -> ApiError {
    match status {
        408 | 500.. => ApiError::Unknown(NoAnswer::Server(status)),
        _ if code.is_some() => ApiError::Rejected(Rejection { code, status, said }),
        401 | 403 => ApiError::Forbidden,
        429 => ApiError::TooFast(Pace::Platform),
        200..=299 if said.is_empty() => ApiError::Unknown(NoAnswer::Unreadable("envelope")),
        _ => ApiError::Rejected(Rejection { code, status, said }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str) -> Result<String, ApiError> {
        let secret = "s3cr3t";
        interpret(status, body.as_bytes(), |said| {
            said.replace(secret, "<secret>")
        })
        .map(|payload| payload.get().to_owned())
    }

    #[test]
    fn the_body_speaks_before_the_status() {
        assert_eq!(outcome(200, r#"{"ok":true,"result":[1]}"#).unwrap(), "[1]");
        assert_eq!(outcome(500, r#"{"ok":true,"result":7}"#).unwrap(), "7");
        assert_eq!(
            outcome(200, r#"{"status":true,"code":1000,"data":{"a":1}}"#).unwrap(),
            r#"{"a":1}"#
        );
        assert_eq!(outcome(200, r#"{"ok":true}"#).unwrap(), "null");
        assert_eq!(outcome(200, r#"{"code":200,"data":5}"#).unwrap(), "5");
        for status in [200, 400] {
            for key in ["error_code", "err_code", "code"] {
                let body = format!(r#"{{"ok":false,"{key}":1021,"description":"x"}}"#);
                assert!(matches!(outcome(status, &body), Err(ApiError::Gone)));
            }
        }
    }

    #[test]
    fn every_code_says_what_may_be_done_next() {
        let named = |code: i64| {
            let body = format!(r#"{{"ok":false,"error_code":{code},"description":"d"}}"#);
            outcome(200, &body).unwrap_err().outcome()
        };
        for (codes, name) in [
            (&[10_002, 429][..], "too_fast"),
            (&[1_004, 1_007], "no_such_member"),
            (&[1_008, 1_011, 1_021], "gone"),
            (&[1_012], "forbidden"),
            (&[1_037, 1_038], "closed"),
            (&[5_104], "too_long"),
            (&[500, 503], "unknown"),
            (
                &[
                    1_001, 1_002, 1_006, 2_010, 5_103, 5_105, 901, 902, 903, 1_003, 1_005, 77,
                ],
                "rejected",
            ),
        ] {
            for &code in codes {
                assert_eq!(named(code), name, "{code}");
            }
        }
    }

    #[test]
    fn without_a_body_the_status_speaks() {
        for (status, body, name) in [
            (502, "<html>", "unknown"),
            (500, r#"{"ok":false}"#, "unknown"),
            (504, "", "unknown"),
            (200, "", "unknown"),
            (200, "{}", "unknown"),
            (200, "[]", "unknown"),
            (200, "not json", "unknown"),
            (408, "", "unknown"),
            (429, "", "too_fast"),
            (401, "", "forbidden"),
            (403, "{}", "forbidden"),
            (400, "", "rejected"),
            (404, "page", "rejected"),
            (302, "", "rejected"),
            (
                200,
                r#"{"ok":false,"description":"Body contents error"}"#,
                "rejected",
            ),
        ] {
            assert_eq!(
                outcome(status, body).unwrap_err().outcome(),
                name,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn what_the_platform_said_is_cleaned_and_cut() {
        let long = "长".repeat(500);
        let body = format!(
            r#"{{"ok":false,"error_code":1001,"description":"a\nb s3cr3t ${{@&1}} {long}"}}"#
        );
        let error = outcome(200, &body).unwrap_err().to_string();
        assert!(error.contains("code 1001, a b <secret> $"), "{error}");
        assert!(!error.contains("s3cr3t") && !error.contains('\n') && !error.contains("${"));
        assert!(error.chars().count() < 260);
    }
}
