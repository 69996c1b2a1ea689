//! The control paths of the imitated Swan service.
//!
//! ```text
//! GET  /sandbox/swan           everything a page shows; ?ledger=N for the last N entries only
//! POST /sandbox/swan/balance   {"user","points"}          an entry makes up the difference
//! POST /sandbox/swan/add       {"user","points","info"?}
//! POST /sandbox/swan/rule      {"type","points"}           null makes the type unknown
//! POST /sandbox/swan/shapes    any of the choices
//! ```
//!
//! A new user is made where one is named. Each answers what the page shows, without the gateway's
//! credentials; refusals are `{"error":"a sentence"}`. Faults are set on `/sandbox/faults`.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Query;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::routing::post;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use super::SwanEntry;
use super::SwanShapes;
use super::SwanUser;
use super::SwanWorld;
use super::books::BALANCE_LIMIT;
use super::books::Fact;
use super::fields::is_user;
use crate::sandbox::fault::FaultState;
use crate::sandbox::service::Refused;
use crate::sandbox::service::Request;
use crate::sandbox::service::Traffic;
use crate::sandbox::service::merged;
use crate::sandbox::service::read;

/// Requests on the page.
const REQUESTS_SHOWN: usize = 50;

/// The control paths, without the guard that keeps foreign web pages out.
pub fn routes(swan: &SwanWorld) -> Router {
    Router::new()
        .route("/sandbox/swan", get(show))
        .route("/sandbox/swan/balance", post(set_balance))
        .route("/sandbox/swan/add", post(add))
        .route("/sandbox/swan/rule", post(set_rule))
        .route("/sandbox/swan/shapes", post(set_shapes))
        .with_state(swan.clone())
}

#[derive(Serialize)]
struct Page {
    users: Vec<SwanUser>,
    /// Newest first.
    ledger: Vec<SwanEntry>,
    /// Entries there are, shown or not.
    entries: usize,
    rules: Vec<Rule>,
    requests: Vec<Request>,
    traffic: Traffic,
    shapes: SwanShapes,
    faults: Vec<FaultState>,
}

#[derive(Serialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    points: i64,
}

#[derive(Deserialize)]
struct Shown {
    ledger: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Balance {
    user: String,
    points: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    user: String,
    points: i64,
    #[serde(default)]
    info: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRule {
    #[serde(rename = "type")]
    kind: String,
    points: Option<i64>,
}

type Shows = Result<Json<Page>, Refused>;

async fn show(State(swan): State<SwanWorld>, Query(shown): Query<Shown>) -> Json<Page> {
    Json(page(&swan, shown.ledger))
}

async fn set_balance(State(swan): State<SwanWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let Balance { user, points } = read(&headers, &body)?;
    named(&user)?;
    within(points)?;
    swan.try_set_balance(&user, points)?;
    Ok(Json(page(&swan, None)))
}

async fn add(State(swan): State<SwanWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let Added { user, points, info } = read(&headers, &body)?;
    named(&user)?;
    let after = swan.balance(&user).unwrap_or(0).checked_add(points);
    within(after.unwrap_or(-1))?;
    swan.try_add(&user, points, &info)?;
    Ok(Json(page(&swan, None)))
}

async fn set_rule(State(swan): State<SwanWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let NewRule { kind, points } = read(&headers, &body)?;
    if kind.trim().is_empty() {
        return Err(Refused::wrong("A rule needs the type of its events."));
    }
    if points.is_some_and(|points| !(-BALANCE_LIMIT..=BALANCE_LIMIT).contains(&points)) {
        return Err(Refused::wrong(format!(
            "An event is worth at most {BALANCE_LIMIT} points."
        )));
    }
    swan.try_tell(vec![Fact::Rule { kind, points }])?;
    Ok(Json(page(&swan, None)))
}

async fn set_shapes(State(swan): State<SwanWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let chosen: Map<String, Value> = read(&headers, &body)?;
    let shapes = merged(&swan.shapes(), chosen)?;
    swan.try_tell(vec![Fact::Shapes(shapes)])?;
    Ok(Json(page(&swan, None)))
}

fn page(swan: &SwanWorld, entries_shown: Option<usize>) -> Page {
    let books = swan.books();
    let newest = books.entries().iter().rev();
    let rules = books.rules().into_iter();
    Page {
        users: books.users(),
        ledger: newest
            .take(entries_shown.unwrap_or(usize::MAX))
            .cloned()
            .collect(),
        entries: books.entries().len(),
        rules: rules.map(|(kind, points)| Rule { kind, points }).collect(),
        requests: swan.inner.office.requests.last(REQUESTS_SHOWN),
        traffic: swan.traffic(),
        shapes: books.shapes().clone(),
        faults: swan.faults().list(),
    }
}

fn named(user: &str) -> Result<(), Refused> {
    if is_user(user) {
        return Ok(());
    }
    Err(Refused::wrong("A user is written @localpart:domain."))
}

fn within(points: i64) -> Result<(), Refused> {
    if (0..=BALANCE_LIMIT).contains(&points) {
        return Ok(());
    }
    Err(Refused::wrong(format!(
        "A balance is from 0 to {BALANCE_LIMIT}."
    )))
}
