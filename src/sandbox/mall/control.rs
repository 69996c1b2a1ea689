//! The control paths of the mall and of faults, apart from the imitated ones.
//!
//! ```text
//! GET    /sandbox/mall           everything a page shows; ?records=N for the last N records only;
//!                                "traffic" is how many requests have arrived, are under way, and
//!                                were at the peak
//! POST   /sandbox/mall/switch    {"guild","on"}
//! POST   /sandbox/mall/balance   {"guild","user","points"}
//! POST   /sandbox/mall/shapes    any of the choices
//! POST   /sandbox/mall/banned    {"banned"}
//! GET    /sandbox/faults         the rules and their hits
//! POST   /sandbox/faults         {"endpoint","skip","count","kind","chance"?}
//! DELETE /sandbox/faults
//! ```
//!
//! Ids are strings, because a web page reads them. Refusals are `{"error":"a sentence"}`.

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

use super::MallRecord;
use super::MallRequest;
use super::MallWorld;
use super::Shapes;
use super::Traffic;
use super::bank::BALANCE_LIMIT;
use super::facts::Fact;
use crate::sandbox::fault::Chance;
use crate::sandbox::fault::FaultRule;
use crate::sandbox::fault::FaultState;
use crate::sandbox::service::Refused;
use crate::sandbox::service::merged;
use crate::sandbox::service::read;

/// Requests on the page.
const REQUESTS_SHOWN: usize = 50;

/// The control paths, without the guard that keeps foreign web pages out.
pub fn routes(mall: &MallWorld) -> Router {
    Router::new()
        .route("/sandbox/mall", get(show))
        .route("/sandbox/mall/switch", post(switch))
        .route("/sandbox/mall/balance", post(set_balance))
        .route("/sandbox/mall/shapes", post(set_shapes))
        .route("/sandbox/mall/banned", post(set_banned))
        .route(
            "/sandbox/faults",
            get(list_faults).post(set_fault).delete(clear_faults),
        )
        .with_state(mall.clone())
}

#[derive(Serialize)]
struct Page {
    guilds: Vec<PageGuild>,
    records: Vec<MallRecord>,
    requests: Vec<MallRequest>,
    traffic: Traffic,
    shapes: Shapes,
    banned: bool,
    faults: Vec<FaultState>,
}

#[derive(Serialize)]
struct PageGuild {
    #[serde(with = "super::digits")]
    id: u64,
    on: bool,
    balances: Vec<PageBalance>,
}

#[derive(Serialize)]
struct PageBalance {
    #[serde(with = "super::digits")]
    user: u64,
    points: i64,
}

#[derive(Deserialize)]
struct Shown {
    records: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    #[serde(with = "super::digits")]
    guild: u64,
    on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Balance {
    #[serde(with = "super::digits")]
    guild: u64,
    #[serde(with = "super::digits")]
    user: u64,
    points: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Banned {
    banned: bool,
}

#[derive(Deserialize)]
struct PostedFault {
    #[serde(flatten)]
    rule: FaultRule,
    #[serde(default)]
    chance: Option<Chance>,
}

async fn show(State(mall): State<MallWorld>, Query(shown): Query<Shown>) -> Json<Page> {
    Json(page(&mall, shown.records))
}

async fn switch(
    State(mall): State<MallWorld>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Page>, Refused> {
    let Switch { guild, on } = read(&headers, &body)?;
    known(&mall, guild)?;
    tell(&mall, Fact::Guild { id: guild, on })
}

async fn set_balance(
    State(mall): State<MallWorld>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Page>, Refused> {
    let Balance {
        guild,
        user,
        points,
    } = read(&headers, &body)?;
    known(&mall, guild)?;
    if !(0..=BALANCE_LIMIT).contains(&points) {
        return Err(Refused::wrong(format!(
            "A balance is from 0 to {BALANCE_LIMIT}."
        )));
    }
    tell(
        &mall,
        Fact::Balance {
            guild,
            user,
            points,
        },
    )
}

async fn set_shapes(
    State(mall): State<MallWorld>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Page>, Refused> {
    let chosen: Map<String, Value> = read(&headers, &body)?;
    tell(&mall, Fact::Shapes(merged(&mall.shapes(), chosen)?))
}

async fn set_banned(
    State(mall): State<MallWorld>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Page>, Refused> {
    let Banned { banned } = read(&headers, &body)?;
    tell(&mall, Fact::Banned(banned))
}

async fn list_faults(State(mall): State<MallWorld>) -> Json<Vec<FaultState>> {
    Json(mall.faults().list())
}

async fn set_fault(
    State(mall): State<MallWorld>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Vec<FaultState>>, Refused> {
    let PostedFault { rule, chance } = read(&headers, &body)?;
    match chance {
        Some(chance) if !(0.0..=1.0).contains(&chance.probability) => {
            return Err(Refused::wrong("A probability is from 0 to 1."));
        }
        Some(chance) => mall.faults().set_by_chance(rule, chance),
        None => mall.faults().set(rule),
    }
    Ok(Json(mall.faults().list()))
}

async fn clear_faults(State(mall): State<MallWorld>) -> Json<Vec<FaultState>> {
    mall.faults().clear();
    Json(mall.faults().list())
}

fn page(mall: &MallWorld, records_shown: Option<usize>) -> Page {
    let bank = mall.bank();
    let records = bank.records();
    let skipped = records
        .len()
        .saturating_sub(records_shown.unwrap_or(usize::MAX));
    Page {
        guilds: bank
            .guilds()
            .into_iter()
            .map(|guild| PageGuild {
                id: guild.id,
                on: guild.on,
                balances: guild
                    .balances
                    .into_iter()
                    .map(|(user, points)| PageBalance { user, points })
                    .collect(),
            })
            .collect(),
        records: records[skipped..].to_vec(),
        requests: mall.inner.office.requests.last(REQUESTS_SHOWN),
        traffic: mall.inner.office.requests.traffic(),
        shapes: bank.shapes().clone(),
        banned: bank.own().banned,
        faults: mall.faults().list(),
    }
}

fn tell(mall: &MallWorld, fact: Fact) -> Result<Json<Page>, Refused> {
    mall.try_tell(vec![fact])?;
    Ok(Json(page(mall, None)))
}

fn known(mall: &MallWorld, guild: u64) -> Result<(), Refused> {
    if mall.bank().knows(guild) {
        return Ok(());
    }
    Err(Refused::unknown(format!("The mall has no server {guild}.")))
}
