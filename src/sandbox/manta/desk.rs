//! The checks before the business, in the order of the reference; the first that fails answers.
//!
//! ```text
//! 1 path and method   2 bearer token   3 botId   4 body, secret, whose token, plan
//! 5 rate limit        6 lists, and 7 the answer, in `calls`
//! ```
//!
//! Source: points-backends, 5.3. The statuses of 110000 and 120000 are inventions of the sandbox.

use std::io;

use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::ALLOW;
use axum::http::header::AUTHORIZATION;
use axum::http::header::RETRY_AFTER;
use serde_json::Map;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::books::Books;
use super::books::Token;
use super::calls;
use super::fields;
use super::pass;
use super::reply;
use super::reply::NO_SUCH_BOT;
use super::reply::PAIR_REPLACED;
use super::reply::PERMISSION_DENIED;
use super::reply::TOKEN_INVALID;
use super::reply::VARIABLES_MISSING;
use super::shapes::RetryHint;
use crate::sandbox::service::Answer;
use crate::sandbox::service::Arrived;
use crate::sandbox::service::http_date;

/// The endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Points of up to 100 and 100 clients.
    Points,
    /// A new pair.
    Token,
    /// The list of clients.
    Clients,
}

impl Endpoint {
    /// The endpoint of a path, compared exactly.
    pub fn of(path: &str) -> Option<Self> {
        match path.strip_prefix("/manta/openapi/")? {
            "client/point" => Some(Self::Points),
            "token" => Some(Self::Token),
            "clients" => Some(Self::Clients),
            _ => None,
        }
    }

    /// The name by which faults call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Points => "manta.points",
            Self::Token => "manta.token",
            Self::Clients => "manta.clients",
        }
    }
}

/// Why a request is refused.
pub struct Refusal {
    /// The status, unless refusals have 200.
    pub status: StatusCode,
    /// The code, where there is one.
    pub code: Option<i64>,
    /// The sentence.
    pub words: String,
}

impl Refusal {
    /// A refusal with a status and a code.
    pub fn new(status: StatusCode, code: i64, words: impl Into<String>) -> Self {
        Self {
            status,
            code: Some(code),
            words: words.into(),
        }
    }

    /// Something is missing or of a wrong form.
    pub fn missing(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, VARIABLES_MISSING, words)
    }

    fn denied() -> Self {
        let status = StatusCode::FORBIDDEN;
        Self::new(status, PERMISSION_DENIED, "permission denied")
    }
}

/// A request that passed the first five checks.
pub struct Passed {
    /// What it calls.
    pub endpoint: Endpoint,
    /// For which bot.
    pub bot: String,
    /// The body's fields.
    pub body: Map<String, Value>,
}

/// What stops a request before the business.
enum Stopped {
    Refused(Refusal),
    TooMany { wait_ms: i64 },
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Answers a request at a moment; an error means that the file could not be written and nothing
/// was changed.
pub fn answer(books: &mut Books, arrived: &Arrived, now_ms: i64) -> io::Result<Answer> {
    match checked(books, arrived, now_ms) {
        Ok(passed) => {
            let called = calls::answer(books, &passed, arrived, now_ms)?;
            Ok(called.unwrap_or_else(|refusal| refused(books, arrived, refusal)))
        }
        Err(Stopped::Refused(refusal)) => Ok(refused(books, arrived, refusal)),
        Err(Stopped::TooMany { wait_ms }) => Ok(too_many(books, arrived, wait_ms, now_ms)),
    }
}

fn checked(books: &mut Books, arrived: &Arrived, now_ms: i64) -> Result<Passed, Stopped> {
    let endpoint = check_path(arrived)?; // 1
    let token = check_token(books, arrived, endpoint, now_ms)?; // 2
    let bot = check_bot(books, arrived)?; // 3
    let body = check_secret(books, arrived, &token, &bot)?; // 4
    let shapes = books.shapes();
    if let Some(per_minute) = shapes.rate_per_minute {
        let burst = shapes.rate_burst;
        let taken = books.bucket.take(per_minute, burst, now_ms);
        taken.map_err(|wait_ms| Stopped::TooMany { wait_ms })?; // 5
    }
    Ok(Passed {
        endpoint,
        bot,
        body,
    })
}

fn check_path(arrived: &Arrived) -> Result<Endpoint, Refusal> {
    let refusal = |status, words: &str| Refusal {
        status,
        code: None,
        words: words.to_owned(),
    };
    let Some(endpoint) = Endpoint::of(&arrived.path) else {
        return Err(refusal(StatusCode::NOT_FOUND, "no such path"));
    };
    if arrived.method != Method::POST {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(refusal(status, "method not allowed"));
    }
    Ok(endpoint)
}

fn check_token(
    books: &Books,
    arrived: &Arrived,
    endpoint: Endpoint,
    now_ms: i64,
) -> Result<String, Refusal> {
    let invalid = || {
        let status = StatusCode::UNAUTHORIZED;
        Refusal::new(status, TOKEN_INVALID, "Token is invalid or expired")
    };
    let mut sent = arrived.headers.get_all(AUTHORIZATION).iter();
    let (Some(sent), None) = (sent.next(), sent.next()) else {
        return Err(invalid());
    };
    let token = sent.to_str().ok().and_then(|t| t.strip_prefix("Bearer "));
    let token = token.ok_or_else(invalid)?;
    let expires_ms = pass::expires_ms(token).ok_or_else(invalid)?;
    match books.token(token) {
        Token::Unknown => Err(invalid()),
        Token::Dead => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            PAIR_REPLACED,
            "the token and secret have been refreshed",
        )),
        // The one thing an expired token is still good for.
        Token::Of(_) if endpoint != Endpoint::Token && expires_ms <= now_ms => Err(invalid()),
        Token::Of(bot) => Ok(bot.to_owned()),
    }
}

fn check_bot(books: &Books, arrived: &Arrived) -> Result<String, Refusal> {
    let Some(id) = fields::query(&arrived.query, "botId") else {
        return Err(Refusal::missing("botId: is missing"));
    };
    if books.bot(&id).is_none() {
        let status = StatusCode::NOT_FOUND;
        return Err(Refusal::new(status, NO_SUCH_BOT, "bot not found"));
    }
    Ok(id)
}

fn check_secret(
    books: &Books,
    arrived: &Arrived,
    token_of: &str,
    bot: &str,
) -> Result<Map<String, Value>, Refusal> {
    let Some(body) = fields::body(arrived.bytes()) else {
        return Err(Refusal::missing("body: a JSON object is needed"));
    };
    let Some(Value::String(secret)) = body.get("secret") else {
        return Err(Refusal::missing("secret: is missing"));
    };
    let right = books.pair(bot).secret.as_bytes().ct_eq(secret.as_bytes());
    let plan_open = books.bot(bot).is_some_and(|bot| bot.plan_open);
    if !bool::from(right) || token_of != bot || !plan_open {
        return Err(Refusal::denied());
    }
    Ok(body)
}

fn refused(books: &Books, arrived: &Arrived, refusal: Refusal) -> Answer {
    let shapes = books.shapes();
    let bot = fields::query(&arrived.query, "botId").filter(|_| shapes.bot_id_in_errors);
    let status = match shapes.refusal_status_200 {
        true => StatusCode::OK,
        false => refusal.status,
    };
    let answer = reply::failed(status, refusal.code, &refusal.words, bot.as_deref());
    match refusal.status {
        StatusCode::METHOD_NOT_ALLOWED => answer.with(ALLOW, "POST"),
        _ => answer,
    }
}

fn too_many(books: &Books, arrived: &Arrived, wait_ms: i64, now_ms: i64) -> Answer {
    let refusal = Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: None,
        words: "Rate limit exceeded".to_owned(),
    };
    let answer = refused(books, arrived, refusal);
    // Seconds are whole in both forms: who comes then must find room.
    match books.shapes().retry_after {
        RetryHint::Absent => answer,
        RetryHint::Seconds => answer.with(RETRY_AFTER, ((wait_ms + 999) / 1000).to_string()),
        RetryHint::Date => answer.with(RETRY_AFTER, http_date(now_ms + wait_ms + 999)),
    }
}
