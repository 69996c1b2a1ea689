//! The checks before the business, in the order of the reference; the first that fails answers.
//!
//! ```text
//! 1 path and method   2 the gateway's credentials   3 X-Consumer-Custom-ID
//! 4 JSON and types    5 user known                  6 business, in `calls`
//! ```
//!
//! Source: points-backends, 5.2. Statuses are inventions of the sandbox.

use std::io;

use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::ALLOW;
use subtle::ConstantTimeEq;

use super::books::Books;
use super::calls;
use super::fields;
use super::reply;
use crate::sandbox::service::Answer;
use crate::sandbox::service::Arrived;

/// The header that says who is speaking. Source: points-backends, 2.1.
pub const CALLER: &str = "X-Consumer-Custom-ID";

/// What all of Swan's paths begin with, behind the base.
const PATH: &str = "/swan/api/v1/open/swan/integral";

/// The documented endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A balance, upstream 1.2.1.
    Balance,
    /// Balance and ledger, upstream 1.2.2.
    Mine,
    /// A page of the ledger, upstream 1.2.3.
    Ledger,
    /// A change, upstream 1.2.4.
    Add,
    /// An event, upstream 1.2.5.
    Report,
}

impl Endpoint {
    /// The endpoint of a path, compared exactly, and a method.
    pub fn of(path: &str, method: &Method) -> Option<Self> {
        let of_path = Self::of_path(path);
        of_path.iter().copied().find(|one| one.method() == *method)
    }

    /// The name by which faults call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Balance => "swan.balance",
            Self::Mine => "swan.mine",
            Self::Ledger => "swan.ledger",
            Self::Add => "swan.add",
            Self::Report => "swan.report",
        }
    }

    fn of_path(path: &str) -> &'static [Self] {
        match path.strip_prefix(PATH) {
            Some("/points") => &[Self::Balance, Self::Add],
            Some("/points/transaction/mine") => &[Self::Mine],
            Some("/points/transaction") => &[Self::Ledger],
            Some("/points/report") => &[Self::Report],
            _ => &[],
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Balance | Self::Mine | Self::Ledger => Method::GET,
            Self::Add | Self::Report => Method::POST,
        }
    }
}

/// Why a request is refused.
pub struct Refusal {
    /// The status, where the form of refusals has one.
    pub status: StatusCode,
    /// The code, where the form of refusals has one.
    pub errcode: &'static str,
    /// The sentence.
    pub words: String,
}

impl Refusal {
    /// A refusal with a status and a code.
    pub fn new(status: StatusCode, errcode: &'static str, words: impl Into<String>) -> Self {
        Self {
            status,
            errcode,
            words: words.into(),
        }
    }

    /// Check 4 failed.
    pub fn bad_json(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "FC_BAD_JSON", words)
    }

    /// Check 5 failed.
    pub fn no_such_user() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "SWAN_USER_NOT_FOUND",
            "user not found",
        )
    }
}

/// Answers a request at a moment; an error means that the file could not be written and nothing
/// was changed.
pub fn answer(
    books: &mut Books,
    gateway: Option<&(String, String)>,
    arrived: &Arrived,
    now_ms: i64,
) -> io::Result<Answer> {
    let form = books.shapes().error_form;
    let refuse = |refusal: Refusal| {
        let Refusal {
            status,
            errcode,
            words,
        } = refusal;
        let answer = reply::refused(form, status, errcode, &words);
        match status {
            StatusCode::METHOD_NOT_ALLOWED => answer.with(ALLOW, allowed(&arrived.path)),
            _ => answer,
        }
    };
    match checked(books, gateway, arrived) {
        Ok((endpoint, caller)) => {
            let called = calls::answer(books, endpoint, &caller, arrived, now_ms)?;
            Ok(called.unwrap_or_else(refuse))
        }
        Err(refusal) => Ok(refuse(refusal)),
    }
}

fn checked(
    books: &Books,
    gateway: Option<&(String, String)>,
    arrived: &Arrived,
) -> Result<(Endpoint, String), Refusal> {
    let endpoint = check_path(arrived)?; // 1
    if let Some((name, secret)) = gateway {
        check_gateway(&arrived.headers, name, secret)?; // 2
    }
    let caller = check_caller(books, &arrived.headers)?; // 3
    if books.shapes().strict_headers && !arrived.media().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "FC_BAD_JSON",
            "Content-Type must be application/json",
        )); // 4
    }
    Ok((endpoint, caller))
}

fn check_path(arrived: &Arrived) -> Result<Endpoint, Refusal> {
    if let Some(endpoint) = Endpoint::of(&arrived.path, &arrived.method) {
        return Ok(endpoint);
    }
    Err(if Endpoint::of_path(&arrived.path).is_empty() {
        Refusal::new(StatusCode::NOT_FOUND, "FC_NOT_FOUND", "no such path")
    } else {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Refusal::new(status, "FC_METHOD_NOT_ALLOWED", "method not allowed")
    })
}

fn allowed(path: &str) -> String {
    let methods = Endpoint::of_path(path).iter().map(|one| one.method());
    methods
        .map(|method| method.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

fn check_gateway(headers: &HeaderMap, name: &str, secret: &str) -> Result<(), Refusal> {
    let sent = single(headers, name).unwrap_or_default();
    if bool::from(sent.as_bytes().ct_eq(secret.as_bytes())) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNAUTHORIZED,
        "FC_UNAUTHORIZED",
        "the gateway's credentials are missing or wrong",
    ))
}

fn check_caller(books: &Books, headers: &HeaderMap) -> Result<String, Refusal> {
    let wrong = |words: &str| Refusal::new(StatusCode::UNAUTHORIZED, "FC_UNAUTHORIZED", words);
    let Some(sent) = single(headers, CALLER) else {
        return Err(wrong("X-Consumer-Custom-ID must stand exactly once"));
    };
    let bare = sent
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let id = match bare {
        Some(bare) if books.shapes().accept_quoted => bare,
        _ => sent,
    };
    if id.contains('"') {
        return Err(wrong("X-Consumer-Custom-ID stands in quotation marks"));
    }
    if !fields::is_user(id) {
        return Err(wrong("X-Consumer-Custom-ID is no user id"));
    }
    Ok(id.to_owned())
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => std::str::from_utf8(value.as_bytes()).ok(),
        _ => None,
    }
}
