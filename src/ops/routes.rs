//! What the paths answer.

use std::collections::BTreeMap;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::Duty;
use super::OpsState;
use super::Role;
use super::metrics;
use super::pictures::PICTURES;
use super::pictures::picture;
use crate::journal::Counts;
use crate::model::System;
use crate::support::pulse::Pulse;
use crate::support::pulse::edge;

/// Edges without which the owner can carry no command out.
const NEEDED_BY_OWNER: &[&str] = &[edge::GATEWAY, edge::STORE];
/// Edges without which a standby cannot take over.
const NEEDED_BY_STANDBY: &[&str] = &[edge::STORE];

#[derive(Clone)]
pub(super) struct Shown {
    pub ops: OpsState,
    recorder: PrometheusHandle,
    started_ms: i64,
}

/// The paths of `/health`, `/ready`, `/metrics` and pictures.
pub(super) fn router(ops: OpsState, recorder: PrometheusHandle) -> Router {
    let started_ms = ops.clock.now_ms();
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(measured))
        .layer(SetResponseHeaderLayer::overriding(
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .route(&format!("{PICTURES}/{{name}}"), get(picture))
        .layer(SetResponseHeaderLayer::overriding(
            X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(CatchPanicLayer::new())
        .with_state(Shown {
            ops,
            recorder,
            started_ms,
        })
}

#[derive(Serialize)]
struct Health {
    version: &'static str,
    uptime_seconds: i64,
    role: RoleHealth,
    edges: BTreeMap<String, EdgeHealth>,
    /// `null` where the store does not answer.
    journal: Option<JournalHealth>,
}

#[derive(Serialize)]
struct RoleHealth {
    is: &'static str,
    since: String,
    /// The owner's number; `null` for a standby.
    fence: Option<i64>,
}

#[derive(Serialize)]
struct EdgeHealth {
    ok: bool,
    last_success: Option<String>,
    trouble: Option<TroubleHealth>,
}

#[derive(Serialize)]
struct TroubleHealth {
    since: String,
    what: String,
}

#[derive(Serialize)]
struct JournalHealth {
    waiting: u64,
    queued: u64,
    unconfirmed: u64,
    held: u64,
    unresolved: u64,
    untold: u64,
    undeliverable: u64,
    oldest_open: Option<String>,
}

async fn health(State(shown): State<Shown>) -> Json<Health> {
    let edges = shown
        .ops
        .pulses
        .all()
        .into_iter()
        .filter(|(name, _)| !edge::is_of_one_guild(name))
        .map(|(name, pulse)| (name, EdgeHealth::from(pulse)))
        .collect();
    let uptime_ms = shown.ops.clock.now_ms() - shown.started_ms;
    Json(Health {
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: uptime_ms / 1_000,
        role: RoleHealth::of(&shown.ops.duty),
        edges,
        journal: counts(&shown.ops).await.map(JournalHealth::from),
    })
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    role: &'static str,
    /// The edges in trouble, with what is wrong.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    trouble: BTreeMap<String, String>,
}

async fn ready(State(shown): State<Shown>) -> Response {
    let pulses = &shown.ops.pulses;
    let (role, _) = shown.ops.duty.now();
    let needed = match role {
        Role::Owner { .. } => NEEDED_BY_OWNER,
        Role::Standby => NEEDED_BY_STANDBY,
    };
    let mut trouble = BTreeMap::new();
    let mut status = (StatusCode::OK, "ready");
    // The ledger is a part of the store. What no guild uses concerns nobody.
    let systems = shown.ops.systems.iter().map(System::name);
    for name in systems.chain([edge::SCHEDULES]) {
        // Never asked is no trouble: the first command asks.
        if let Some(seen) = pulses.of(name).trouble {
            trouble.insert(name.to_owned(), seen.what);
            status = (StatusCode::OK, "degraded");
        }
    }
    for &name in needed {
        let pulse = pulses.of(name);
        if pulse.beats() {
            continue;
        }
        let what = pulse
            .trouble
            .map_or_else(|| "not up yet".to_owned(), |seen| seen.what);
        trouble.insert(name.to_owned(), what);
        status = (StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    }
    let (code, status) = status;
    let readiness = Readiness {
        status,
        role: role.name(),
        trouble,
    };
    (code, Json(readiness)).into_response()
}

async fn measured(State(shown): State<Shown>) -> Response {
    let counts = counts(&shown.ops).await;
    metrics::note(&shown.ops.pulses, counts, &shown.ops.clock);
    let form = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, form)], shown.recorder.render()).into_response()
}

async fn counts(ops: &OpsState) -> Option<Counts> {
    match ops.journal.counts().await {
        Ok(counts) => Some(counts),
        Err(error) => {
            // The journal has noted the trouble with its own edge; here it only explains a gap.
            tracing::debug!(%error, "the journal could not be counted");
            None
        }
    }
}

impl RoleHealth {
    fn of(duty: &Duty) -> Self {
        let (role, since_ms) = duty.now();
        Self {
            is: role.name(),
            since: written(since_ms),
            fence: match role {
                Role::Owner { fence } => Some(fence),
                Role::Standby => None,
            },
        }
    }
}

impl From<Pulse> for EdgeHealth {
    fn from(pulse: Pulse) -> Self {
        Self {
            ok: pulse.beats(),
            last_success: pulse.last_success_ms.map(written),
            trouble: pulse.trouble.map(|trouble| TroubleHealth {
                since: written(trouble.since_ms),
                what: trouble.what,
            }),
        }
    }
}

impl From<Counts> for JournalHealth {
    fn from(counts: Counts) -> Self {
        Self {
            waiting: counts.waiting,
            queued: counts.queued,
            unconfirmed: counts.unconfirmed,
            held: counts.held,
            unresolved: counts.unresolved,
            untold: counts.untold,
            undeliverable: counts.undeliverable,
            oldest_open: counts.oldest_open_ms.map(written),
        }
    }
}

/// A moment in the form of RFC 3339, in UTC.
fn written(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .unwrap_or(Timestamp::MIN)
        .to_string()
}
