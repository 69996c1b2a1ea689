//! What is counted of requests to one installation. Looking a counter up by its labels costs more than
//! counting, so each is looked up once.

use std::time::Duration;

use dashmap::DashMap;
use metrics::Counter;
use metrics::Gauge;
use metrics::Histogram;

use super::request::Endpoint;
use crate::model::System;

/// The counters used so far: as many as there are endpoints and outcomes in the code.
pub(super) struct Counts {
    system: String,
    requests: DashMap<(Endpoint, &'static str), Counter>,
    seconds: DashMap<Endpoint, Histogram>,
}

/// Counts a request as under way until it is dropped, however it ends.
pub(super) struct UnderWay(Gauge);

impl Counts {
    /// Nothing counted yet.
    pub(super) fn new(system: &System) -> Self {
        Self {
            system: system.name().to_owned(),
            requests: DashMap::new(),
            seconds: DashMap::new(),
        }
    }

    /// A request begins.
    pub(super) fn under_way(&self) -> UnderWay {
        let gauge = metrics::gauge!("guildpoints_swan_in_flight", "system" => self.system.clone());
        gauge.increment(1.0);
        UnderWay(gauge)
    }

    /// A request came to its end.
    pub(super) fn answered(&self, endpoint: Endpoint, outcome: &'static str, took: Duration) {
        self.requests
            .entry((endpoint, outcome))
            .or_insert_with(|| {
                metrics::counter!(
                    "guildpoints_swan_requests_total",
                    "system" => self.system.clone(),
                    "endpoint" => endpoint.name(),
                    "outcome" => outcome
                )
            })
            .increment(1);
        self.seconds
            .entry(endpoint)
            .or_insert_with(|| {
                metrics::histogram!(
                    "guildpoints_swan_request_seconds",
                    "system" => self.system.clone(),
                    "endpoint" => endpoint.name()
                )
            })
            .record(took.as_secs_f64());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
