//! The control paths of the imitated Manta service.
//!
//! ```text
//! GET  /sandbox/manta          everything a page shows, without token and secret
//! POST /sandbox/manta/points   {"client","points"}
//! POST /sandbox/manta/add      {"client","points"}
//! POST /sandbox/manta/client   {"id","platform","platform_client_id","customer_id"?,"points"}
//! POST /sandbox/manta/gone     {"client"}
//! POST /sandbox/manta/plan     {"open"}
//! POST /sandbox/manta/renew    {}            as in the console; the old pair is dead
//! POST /sandbox/manta/shapes   any of the choices
//! ```
//!
//! Clients are named by their encoded id. Each answers what the page shows; refusals are
//! `{"error":"a sentence"}`. Faults are set on `/sandbox/faults`.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::routing::post;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use super::MantaClient;
use super::MantaShapes;
use super::MantaWorld;
use super::books::Fact;
use super::fields::PLATFORMS;
use crate::sandbox::fault::FaultState;
use crate::sandbox::service::Refused;
use crate::sandbox::service::Request;
use crate::sandbox::service::Traffic;
use crate::sandbox::service::merged;
use crate::sandbox::service::read;

/// Requests on the page.
const REQUESTS_SHOWN: usize = 50;
/// The largest balance a page can write: beyond it JavaScript rounds.
const POINTS_LIMIT: i64 = 9_007_199_254_740_991;

/// The control paths, without the guard that keeps foreign web pages out.
pub fn routes(manta: &MantaWorld) -> Router {
    Router::new()
        .route("/sandbox/manta", get(show))
        .route("/sandbox/manta/points", post(set_points))
        .route("/sandbox/manta/add", post(add))
        .route("/sandbox/manta/client", post(put_client))
        .route("/sandbox/manta/gone", post(remove_client))
        .route("/sandbox/manta/plan", post(set_plan))
        .route("/sandbox/manta/renew", post(renew))
        .route("/sandbox/manta/shapes", post(set_shapes))
        .with_state(manta.clone())
}

#[derive(Serialize)]
struct Page {
    bots: Vec<PageBot>,
    requests: Vec<Request>,
    traffic: Traffic,
    shapes: MantaShapes,
    faults: Vec<FaultState>,
}

#[derive(Serialize)]
struct PageBot {
    id: String,
    own: bool,
    plan_open: bool,
    expires_ms: i64,
    clients: Vec<MantaClient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Points {
    client: String,
    points: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    client: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    open: bool,
}

type Shows = Result<Json<Page>, Refused>;

async fn show(State(manta): State<MantaWorld>) -> Json<Page> {
    Json(page(&manta))
}

async fn set_points(State(manta): State<MantaWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let Points { client, points } = read(&headers, &body)?;
    within(points)?;
    moved(&manta, &client, manta.try_points(&client, |_| points)?)
}

async fn add(State(manta): State<MantaWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let Points { client, points } = read(&headers, &body)?;
    let has = manta.balance(&client).unwrap_or(0);
    within(has.checked_add(points).unwrap_or(-1))?;
    let more = |balance: i64| balance.saturating_add(points);
    moved(&manta, &client, manta.try_points(&client, more)?)
}

async fn put_client(State(manta): State<MantaWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let client: MantaClient = read(&headers, &body)?;
    within(client.points)?;
    if !PLATFORMS.contains(&client.platform.as_str()) {
        return Err(Refused::wrong(format!(
            "A platform is one of {}.",
            PLATFORMS.join(", ")
        )));
    }
    if client.id.trim().is_empty() || client.platform_client_id.trim().is_empty() {
        return Err(Refused::wrong("A client needs both ids."));
    }
    let bot = manta.inner.own.clone();
    manta.try_tell(Fact::Client { bot, client })?;
    Ok(Json(page(&manta)))
}

async fn remove_client(State(manta): State<MantaWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let Gone { client } = read(&headers, &body)?;
    let known = manta.balance(&client).is_some();
    if known {
        let (bot, client) = (manta.inner.own.clone(), client.clone());
        manta.try_tell(Fact::Gone { bot, client })?;
    }
    moved(&manta, &client, known)
}

async fn set_plan(State(manta): State<MantaWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let Plan { open } = read(&headers, &body)?;
    manta.try_plan(open)?;
    Ok(Json(page(&manta)))
}

async fn renew(State(manta): State<MantaWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let _: Map<String, Value> = read(&headers, &body)?;
    manta.try_renew()?;
    Ok(Json(page(&manta)))
}

async fn set_shapes(State(manta): State<MantaWorld>, headers: HeaderMap, body: Bytes) -> Shows {
    let chosen: Map<String, Value> = read(&headers, &body)?;
    let shapes: MantaShapes = merged(&manta.shapes(), chosen)?;
    if shapes.rate_per_minute == Some(0) || shapes.rate_burst == 0 {
        return Err(Refused::wrong("A rate and a burst are at least 1."));
    }
    manta.try_tell(Fact::Shapes(shapes))?;
    Ok(Json(page(&manta)))
}

fn page(manta: &MantaWorld) -> Page {
    let books = manta.books();
    let bots = books.bots().filter_map(|id| {
        let bot = books.bot(id)?;
        Some(PageBot {
            id: id.to_owned(),
            own: id == manta.inner.own,
            plan_open: bot.plan_open,
            expires_ms: books.pair(id).expires_ms,
            clients: bot.clients.values().cloned().collect(),
        })
    });
    Page {
        bots: bots.collect(),
        requests: manta.inner.office.requests.last(REQUESTS_SHOWN),
        traffic: manta.traffic(),
        shapes: books.shapes().clone(),
        faults: manta.faults().list(),
    }
}

fn moved(manta: &MantaWorld, client: &str, known: bool) -> Shows {
    if known {
        return Ok(Json(page(manta)));
    }
    Err(Refused::unknown(format!(
        "The bot has no client `{client}`."
    )))
}

fn within(points: i64) -> Result<(), Refused> {
    if (0..=POINTS_LIMIT).contains(&points) {
        return Ok(());
    }
    Err(Refused::wrong(format!(
        "Points are from 0 to {POINTS_LIMIT}."
    )))
}
