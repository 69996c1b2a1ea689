//! What the kinds of trouble do to a Bot API call.
//!
//! Kinds that speak of points, batches or the mall's clock mean nothing here and let the call pass;
//! a `429` carries the platform's own 10002, another result code is a refusal by that code. Source: points-backends, 5.4; fanbook-platform, 8.

use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::body::to_bytes;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::stream;
use serde_json::Value;
use tokio::time::sleep;

use super::Platform;
use super::api;
use super::api::Incoming;
use super::params::Params;
use super::refusal::Refusal;
use crate::sandbox::fault::CloseConnection;
use crate::sandbox::fault::Delivery;
use crate::sandbox::fault::FaultKind;
use crate::sandbox::fault::Malformed;
use crate::sandbox::fault::Moment;
use crate::sandbox::fault::RetryAfter;

/// The largest body that is spoiled on its way out; answers here are far smaller.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Answers a call, with the trouble that is set for it.
pub async fn answer(platform: Platform, incoming: Incoming) -> Response {
    let concerned = |kind: &FaultKind| *kind != FaultKind::CardsRefused || carries_card(&incoming);
    let Some(kind) = platform.faults().hit_by(&incoming.name, concerned) else {
        return platform.call(&incoming);
    };
    match kind {
        FaultKind::DropBefore => closed(),
        FaultKind::DropAfter => {
            platform.call(&incoming);
            closed()
        }
        FaultKind::DelayBefore { ms } => late(platform, incoming, ms).await,
        FaultKind::DelayAfter { ms } => {
            let response = platform.call(&incoming);
            sleep(Duration::from_millis(ms)).await;
            response
        }
        FaultKind::Status500Before => broken(),
        FaultKind::Status500After => {
            platform.call(&incoming);
            broken()
        }
        FaultKind::MalformedJson { when, form } => {
            let whole = match when {
                Moment::Before => Bytes::from_static(br#"{"ok":true,"result":true}"#),
                Moment::After => body_of(platform.call(&incoming)).await,
            };
            malformed(&whole, form)
        }
        FaultKind::Html200 { when } => {
            if when == Moment::After {
                platform.call(&incoming);
            }
            Html("<!doctype html><title>Fanbook</title><p>502 Bad Gateway").into_response()
        }
        FaultKind::Rate429 { retry_after } => too_fast(&platform, retry_after),
        FaultKind::DuplicateRequest { sees } => {
            let first = platform.call(&incoming);
            let second = platform.call(&incoming);
            match sees {
                Delivery::First => first,
                Delivery::Second => second,
            }
        }
        FaultKind::Redirect302 { location } => {
            let location = location.as_deref().unwrap_or("https://elsewhere.invalid/");
            match HeaderValue::from_str(location) {
                Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
                Err(_) => StatusCode::FOUND.into_response(),
            }
        }
        FaultKind::CardsRefused => refused(&platform, &Refusal::kind()),
        FaultKind::AnswerCode { code, when } => {
            if when == Moment::After {
                platform.call(&incoming);
            }
            refused(&platform, &Refusal::other(code))
        }
        FaultKind::SlowBody => slowly(body_of(platform.call(&incoming)).await),
        FaultKind::OddCode { .. }
        | FaultKind::IdsAsFloat
        | FaultKind::PointsAsString
        | FaultKind::ExtraAndReorderedFields
        | FaultKind::ClockSkew { .. }
        | FaultKind::BatchTruncate { .. }
        | FaultKind::BatchExtra { .. } => platform.call(&incoming),
    }
}

/// Whether a call would show a message card.
fn carries_card(incoming: &Incoming) -> bool {
    let Incoming {
        query,
        content_type,
        body,
        ..
    } = incoming;
    let params = Params::read(query, content_type, body, false);
    params.is_ok_and(|params| {
        let text = params.text("text").unwrap_or_default();
        serde_json::from_str::<Value>(text).is_ok_and(|content| content["type"] == "messageCard")
    })
}

/// A refusal that no method has worded.
fn refused(platform: &Platform, refusal: &Refusal) -> Response {
    let settings = platform.state().settings.clone();
    let body = api::refused(refusal, settings.error_key);
    api::labelled(settings.refusal_status, body, &settings)
}

/// Waits, then does it, also when the client has hung up by then.
async fn late(platform: Platform, incoming: Incoming, ms: u64) -> Response {
    let tasks = platform.tasks().clone();
    let task = tasks.spawn(async move {
        tokio::select! {
            // Nothing has happened yet, so nothing is lost.
            () = platform.stopping().cancelled() => closed(),
            () = sleep(Duration::from_millis(ms)) => platform.call(&incoming),
        }
    });
    task.await.unwrap_or_else(|_| broken())
}

fn closed() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(CloseConnection);
    response
}

fn broken() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
}

fn too_fast(platform: &Platform, retry_after: RetryAfter) -> Response {
    let settings = platform.state().settings.clone();
    let body = api::refused(&Refusal::too_fast(), settings.error_key);
    let mut response = api::labelled(429, body, &settings);
    let wait = match retry_after {
        RetryAfter::Absent => return response,
        // A date is the mall's affair; here both forms are a number of seconds.
        RetryAfter::Seconds(seconds) | RetryAfter::Date(seconds) => seconds,
        RetryAfter::Absurd => 999_999,
    };
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(wait));
    response
}

fn malformed(whole: &Bytes, form: Malformed) -> Response {
    let mut bytes = whole[..whole.len() / 2].to_vec();
    if form == Malformed::NotUtf8 {
        bytes = whole.to_vec();
        bytes.insert(whole.len() / 2, 0xff);
    }
    let label = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (label, bytes).into_response()
}

async fn body_of(response: Response) -> Bytes {
    to_bytes(response.into_body(), LARGEST_ANSWER)
        .await
        .unwrap_or_default()
}

/// One byte a second.
fn slowly(whole: Bytes) -> Response {
    let bytes = stream::unfold(whole, |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(Duration::from_secs(1)).await;
        let byte = rest.split_to(1);
        Some((Ok::<_, std::io::Error>(byte), rest))
    });
    Body::from_stream(bytes).into_response()
}
