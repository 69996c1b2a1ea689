//! The thirteen checks, in the documented order; the first that fails answers.
//!
//! Nothing is changed before the thirteenth except the set of nonces, and that only for a valid
//! signature, so that strangers cannot burn them. Source: points-backends, 5.1.

use std::io;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::header::ALLOW;
use axum::http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use super::bank::Bank;
use super::calls;
use super::reply;
use super::reply::APP_BANNED;
use super::reply::NO_SUCH_APP;
use super::signature::signature;
use crate::sandbox::service::Answer;
use crate::sandbox::service::AnswerBody;
use crate::sandbox::service::Arrived;
use crate::sandbox::service::Pair;
use crate::sandbox::service::query_pairs;

/// Where the mall stands on its host; the endpoints' paths follow it. Source: points-backends, 1.1.
pub const BASE: &str = "/mp/138519745866498048/368331042878263296/shop-manage-pc";

/// How far a timestamp may be off, in milliseconds, ends included.
const WINDOW_MS: i64 = 600_000;

/// The documented endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A balance.
    GetUserPoint,
    /// One change.
    ModifyUserPoint,
    /// Up to a thousand changes.
    BatchModifyUserPoint,
    /// What became of a `bizId`.
    FindPointRecord,
}

impl Endpoint {
    /// The endpoint of a path, compared exactly.
    pub fn of(path: &str) -> Option<Self> {
        match path.strip_prefix(BASE)?.strip_prefix("/api/core/open/")? {
            "getUserPoint" => Some(Self::GetUserPoint),
            "modifyUserPoint" => Some(Self::ModifyUserPoint),
            "batchModifyUserPoint" => Some(Self::BatchModifyUserPoint),
            "findPointRecord" => Some(Self::FindPointRecord),
            _ => None,
        }
    }

    /// The last part of its path, by which faults name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetUserPoint => "getUserPoint",
            Self::ModifyUserPoint => "modifyUserPoint",
            Self::BatchModifyUserPoint => "batchModifyUserPoint",
            Self::FindPointRecord => "findPointRecord",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::GetUserPoint | Self::FindPointRecord => Method::GET,
            Self::ModifyUserPoint | Self::BatchModifyUserPoint => Method::POST,
        }
    }
}

/// Answers a request at a moment; an error means that the file could not be written and nothing
/// was changed.
pub fn answer(bank: &mut Bank, arrived: &Arrived, now_ms: i64) -> io::Result<Answer> {
    let mut answer = match checked(bank, arrived, now_ms) {
        Ok(passed) => calls::answer(bank, &passed, arrived, now_ms)?,
        Err(refusal) => refusal,
    };
    let said_ok = answer.status == StatusCode::OK && matches!(answer.body, AnswerBody::Json(_));
    if said_ok && bank.shapes().post_status_201 && arrived.method == Method::POST {
        answer.status = StatusCode::CREATED;
    }
    Ok(answer)
}

/// A request that passed the first ten checks.
pub struct Passed {
    /// What it calls.
    pub endpoint: Endpoint,
    /// Who calls.
    pub app_key: String,
    /// The decoded query.
    pub query: Vec<Pair>,
}

/// The headers of check 4.
struct Stamps<'a> {
    app_key: &'a str,
    nonce: &'a str,
    timestamp: &'a str,
    signature: &'a str,
}

fn checked(bank: &mut Bank, arrived: &Arrived, now_ms: i64) -> Result<Passed, Answer> {
    let endpoint = check_path(bank, arrived)?; // 1
    check_method(endpoint, arrived)?; // 2
    let body = check_body(arrived)?; // 3
    let stamps = check_stamps(&arrived.headers)?; // 4
    check_media(bank, arrived)?; // 5
    let sent_ms = check_time(&stamps, now_ms)?; // 6
    let Some(app) = bank.apps.get(stamps.app_key) else {
        return Err(reply::refused(NO_SUCH_APP)); // 7
    };
    let query = query_pairs(&arrived.query);
    check_signature(&app.secret, &stamps, arrived, &query, body)?; // 8
    let banned = app.banned;
    let until_ms = now_ms.max(sent_ms) + WINDOW_MS;
    if !bank
        .nonces
        .enter(stamps.app_key, stamps.nonce, now_ms, until_ms)
    {
        return Err(unauthorized("nonce has been used")); // 9
    }
    if banned {
        return Err(reply::refused(APP_BANNED)); // 10
    }
    Ok(Passed {
        endpoint,
        app_key: stamps.app_key.to_owned(),
        query,
    })
}

fn check_path(bank: &Bank, arrived: &Arrived) -> Result<Endpoint, Answer> {
    let shapes = bank.shapes();
    match Endpoint::of(&arrived.path) {
        // The older deployment does not know this path at all.
        Some(Endpoint::FindPointRecord) if !shapes.find_point_record => {}
        Some(endpoint) => return Ok(endpoint),
        None => {}
    }
    if shapes.not_found_html {
        return Err(Answer::page());
    }
    Err(reply::status(StatusCode::NOT_FOUND, "no such path"))
}

fn check_method(endpoint: Endpoint, arrived: &Arrived) -> Result<(), Answer> {
    let method = endpoint.method();
    if arrived.method == method {
        return Ok(());
    }
    let refusal = reply::status(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    Err(refusal.with(ALLOW, method.as_str()))
}

fn check_body(arrived: &Arrived) -> Result<&Bytes, Answer> {
    let Some(body) = &arrived.body else {
        return Err(reply::status(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body is longer than 1 MiB",
        ));
    };
    match (arrived.method == Method::POST, body.is_empty()) {
        (true, true) => Err(bad_request("POST needs a body")),
        (false, false) => Err(bad_request("GET must have no body")),
        _ => Ok(body),
    }
}

fn check_stamps(headers: &HeaderMap) -> Result<Stamps<'_>, Answer> {
    Ok(Stamps {
        app_key: stamp(headers, "AppKey")?,
        nonce: stamp(headers, "Nonce")?,
        timestamp: stamp(headers, "Timestamp")?,
        signature: stamp(headers, "Signature")?,
    })
}

fn stamp<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Answer> {
    let mut values = headers.get_all(name).iter();
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value,
        (None, _) => return Err(unauthorized(&format!("{name} is missing"))),
        (Some(_), Some(_)) => {
            return Err(unauthorized(&format!("{name} stands more than once")));
        }
    };
    match std::str::from_utf8(value.as_bytes()) {
        Ok("") => Err(unauthorized(&format!("{name} is empty"))),
        Ok(text) => Ok(text),
        Err(_) => Err(unauthorized(&format!("{name} is not text"))),
    }
}

fn check_media(bank: &Bank, arrived: &Arrived) -> Result<(), Answer> {
    if !arrived.media().eq_ignore_ascii_case("application/json") {
        return Err(reply::status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type must be application/json",
        ));
    }
    let language = arrived
        .headers
        .get(ACCEPT_LANGUAGE)
        .map(|value| value.as_bytes());
    if bank.shapes().strict_headers && language != Some(b"zh_CN".as_slice()) {
        return Err(bad_request("Accept-Language must be zh_CN"));
    }
    Ok(())
}

fn check_time(stamps: &Stamps<'_>, now_ms: i64) -> Result<i64, Answer> {
    let digits = stamps.timestamp;
    let sent_ms = match digits.parse::<i64>() {
        Ok(sent_ms) if digits.len() == 13 && digits.bytes().all(|b| b.is_ascii_digit()) => sent_ms,
        _ => return Err(unauthorized("timestamp must be 13 digits")),
    };
    if (now_ms - sent_ms).abs() > WINDOW_MS {
        return Err(unauthorized("timestamp is too far from the server's time"));
    }
    Ok(sent_ms)
}

fn check_signature(
    secret: &str,
    stamps: &Stamps<'_>,
    arrived: &Arrived,
    query: &[Pair],
    body: &[u8],
) -> Result<(), Answer> {
    let mut pairs = query.to_vec();
    let mut sign = |name: &str, value: &[u8]| pairs.push((name.into(), value.into()));
    sign("AppKey", stamps.app_key.as_bytes());
    sign("Nonce", stamps.nonce.as_bytes());
    sign("Timestamp", stamps.timestamp.as_bytes());
    for authorization in arrived.headers.get_all(AUTHORIZATION) {
        sign("Authorization", authorization.as_bytes());
    }
    if !body.is_empty() {
        sign("requestBody", body);
    }
    let expected = signature(secret, pairs);
    let equal = expected.as_bytes().ct_eq(stamps.signature.as_bytes());
    if bool::from(equal) {
        Ok(())
    } else {
        Err(unauthorized("signature is wrong"))
    }
}

fn unauthorized(words: &str) -> Answer {
    reply::status(StatusCode::UNAUTHORIZED, words)
}

fn bad_request(words: &str) -> Answer {
    reply::status(StatusCode::BAD_REQUEST, words)
}
