//! What is counted of calls. Looking a counter up by its labels costs more than counting, so each is
//! looked up once.

use std::fmt;
use std::time::Duration;

use dashmap::DashMap;
use metrics::Counter;
use metrics::Histogram;

/// The counters of the calls made so far: as many as there are methods and outcomes in the code.
#[derive(Default)]
pub(super) struct Counts {
    calls: DashMap<(&'static str, &'static str), Counter>,
    seconds: DashMap<&'static str, Histogram>,
}

impl Counts {
    /// A call came to its end.
    pub(super) fn called(&self, method: &'static str, outcome: &'static str) {
        self.calls
            .entry((method, outcome))
            .or_insert_with(|| {
                metrics::counter!("guildpoints_api_calls_total", "method" => method, "outcome" => outcome)
            })
            .increment(1);
    }

    /// How long a request took, permits aside.
    pub(super) fn took(&self, method: &'static str, took: Duration) {
        self.seconds
            .entry(method)
            .or_insert_with(
                || metrics::histogram!("guildpoints_api_call_seconds", "method" => method),
            )
            .record(took);
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts").finish_non_exhaustive()
    }
}
