//! Being operated: health, readiness and metrics over HTTP.
//!
//! - `GET /health`: always 200 while the process can answer; JSON with the version, the uptime, the role
//!   with its time and fencing number, every edge with its last success and its present trouble, and
//!   what waits in the journal. For people and dashboards.
//! - `GET /ready`: 503 while the store is down, or the gateway of the bot's owner; 200 with
//!   `{"status":"ready","role":"owner"}`, or with `{"status":"degraded", …}` while a points system that
//!   a guild uses is in trouble, or a board that posts itself, because reading commands and writing the
//!   journal go on. A standby is ready too: it takes over by itself. For supervisors and load balancers.
//! - `GET /metrics`: the Prometheus text form. Its names stand in `metrics`.
//! - `GET /boards/{token}.png`: the picture of a board, for whoever has been shown its address; `.svg` is
//!   the drawing it was made of. Any process that reads the store has them, owner or not.
//!
//! Invariants: nothing here shows a secret or changes anything; no id of the platform becomes a
//! label; only GET (and HEAD) is answered; whoever does not know the address of a picture learns nothing
//! of it, not even whether it was there.
//!
//! Deliberately absent: TLS and passwords, which belong to whatever publishes the address, and a
//! dashboard.

mod duty;
mod metrics;
mod pictures;
mod routes;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::BoxFuture;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub use duty::Duty;
pub use duty::Role;
pub use metrics::METRICS;
pub use metrics::Metric;
pub use metrics::MetricKind;
pub use metrics::record;

use crate::journal::Journal;
use crate::model::System;
use crate::ops::pictures::PICTURES;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where /health, /ready, /metrics and the pictures of boards are served.
    pub listen: SocketAddr,
    /// Under which address others fetch the pictures, without a final slash; `None`: boards are posted
    /// without pictures.
    pub public_url: Option<String>,
    /// Further folders with fonts for pictures.
    pub font_dirs: Vec<PathBuf>,
}

impl HttpSettings {
    /// Under which address others fetch pictures, by their names.
    pub fn pictures(&self) -> Option<String> {
        let public_url = self.public_url.as_ref()?;
        Some(format!("{public_url}{PICTURES}"))
    }
}

/// What is shown. Cheap to clone.
#[derive(Clone)]
pub struct OpsState {
    /// The signs of life of this process.
    pub pulses: Pulses,
    /// What waits.
    pub journal: Journal,
    /// The time.
    pub clock: Clock,
    /// What this process is to the bot.
    pub duty: Duty,
    /// The points systems that guilds of the settings use; the edge of each is called as it is.
    pub systems: Arc<BTreeSet<System>>,
}

/// The server, to be spawned: it works while it is polled and ends shortly after the stop token.
pub struct Served {
    /// Where it listens, with the port the system chose where the settings say 0.
    pub address: SocketAddr,
    work: BoxFuture<'static, ()>,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// Somebody else has the port.
    #[error(
        "`http.listen`: {address} is taken, perhaps by another guildpoints: stop it or name another port"
    )]
    Taken {
        /// The address of the settings.
        address: SocketAddr,
    },
    /// The system does not give us the address.
    #[error("`http.listen`: cannot listen on {address}")]
    Listen {
        /// The address of the settings.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// How long answers under way may take once we are asked to stop.
const GRACE: Duration = Duration::from_secs(2);

/// How often histograms are drained; without it they grow until somebody asks for them.
///
/// Source: dependencies, 4.
const UPKEEP: Duration = Duration::from_secs(5);

/// Takes the address; the future that is answered serves there until `stop`.
pub async fn serve(
    settings: HttpSettings,
    state: OpsState,
    stop: CancellationToken,
) -> Result<Served, OpsError> {
    let address = settings.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| refused(address, source))?;
    serve_on(listener, address, state, stop)
}

/// Serves on an address that is taken already; `address` is how the settings call it.
pub fn serve_on(
    listener: TcpListener,
    address: SocketAddr,
    state: OpsState,
    stop: CancellationToken,
) -> Result<Served, OpsError> {
    let address = listener
        .local_addr()
        .map_err(|source| refused(address, source))?;
    tracing::info!(%address, "serving /health, /ready and /metrics");
    let recorder = record();
    let work = Box::pin(work(listener, state, recorder, stop));
    Ok(Served { address, work })
}

impl Future for Served {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.work.as_mut().poll(context)
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn refused(address: SocketAddr, source: io::Error) -> OpsError {
    match source.kind() {
        io::ErrorKind::AddrInUse => OpsError::Taken { address },
        _ => OpsError::Listen { address, source },
    }
}

async fn work(
    listener: TcpListener,
    state: OpsState,
    recorder: PrometheusHandle,
    stop: CancellationToken,
) {
    let server = axum::serve(listener, routes::router(state, recorder.clone()))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let upkeep = async {
        let mut beat = tokio::time::interval(UPKEEP);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            recorder.run_upkeep();
        }
    };
    let patience = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        // Losing it closes what is still open, after the grace period only.
        served = server.into_future() => {
            if let Err(error) = served {
                tracing::error!(%error, "the server of /health failed");
            }
        }
        // Never ends by itself; losing it between two beats loses nothing.
        () = upkeep => {}
        // Losing it when the server ended first is the normal case.
        () = patience => tracing::warn!("answers of the /health server were cut off"),
    }
}
