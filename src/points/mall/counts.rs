//! What is counted of requests. Looking a counter up by its labels costs more than counting, so each
//! is looked up once.

use std::sync::OnceLock;
use std::time::Duration;

use dashmap::DashMap;
use metrics::Counter;
use metrics::Gauge;
use metrics::Histogram;

use super::request::Endpoint;

/// The counters used so far: as many as there are endpoints and outcomes in the code.
#[derive(Default)]
pub(super) struct Counts {
    requests: DashMap<(Endpoint, &'static str), Counter>,
    seconds: DashMap<Endpoint, Histogram>,
    in_flight: OnceLock<Gauge>,
    clocks: OnceLock<Gauge>,
}

/// Counts a request as under way until it is dropped, however it ends.
pub(super) struct UnderWay(Gauge);

impl Counts {
    /// A request begins.
    pub(super) fn under_way(&self) -> UnderWay {
        let gauge = self
            .in_flight
            .get_or_init(|| metrics::gauge!("guildpoints_mall_in_flight"));
        gauge.increment(1.0);
        UnderWay(gauge.clone())
    }

    /// The mall's clock minus ours was seen.
    pub(super) fn clocks_differ(&self, ms: i64) {
        self.clocks
            .get_or_init(|| metrics::gauge!("guildpoints_mall_clock_difference_seconds"))
            .set(ms as f64 / 1_000.0);
    }

    /// A request came to its end.
    pub(super) fn answered(&self, endpoint: Endpoint, outcome: &'static str, took: Duration) {
        self.requests
            .entry((endpoint, outcome))
            .or_insert_with(|| {
                metrics::counter!(
                    "guildpoints_mall_requests_total",
                    "endpoint" => endpoint.name(),
                    "outcome" => outcome
                )
            })
            .increment(1);
        self.seconds
            .entry(endpoint)
            .or_insert_with(
                || metrics::histogram!("guildpoints_mall_request_seconds", "endpoint" => endpoint.name()),
            )
            .record(took.as_secs_f64());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
