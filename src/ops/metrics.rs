//! What can be measured. Every name of the process stands in `METRICS`, whichever room emits it; a
//! test compares the table with the source.
//!
//! Beside these, `process_…` names tell of memory, processor time, open files and threads.

use std::sync::OnceLock;

use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::journal::Counts;
use crate::support::clock::Clock;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// One name on `/metrics`.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, its unit last.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it tells, in one line.
    pub help: &'static str,
}

/// Every name of this process, except `process_…`.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "guildpoints_info",
        kind: MetricKind::Gauge,
        labels: &["version"],
        help: "Always 1; the label has the version.",
    },
    Metric {
        name: "guildpoints_owner",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "1 while this process owns the bot, 0 while it stands by; the sum over all is 1.",
    },
    Metric {
        name: "guildpoints_role_changes_total",
        kind: MetricKind::Counter,
        labels: &["role"],
        help: "How often this process became the bot's owner, and how often it stood down.",
    },
    Metric {
        name: "guildpoints_edge_up",
        kind: MetricKind::Gauge,
        labels: &["edge"],
        help: "1 while the last attempt of an edge went well, else 0.",
    },
    Metric {
        name: "guildpoints_edge_last_success_timestamp_seconds",
        kind: MetricKind::Gauge,
        labels: &["edge"],
        help: "When an edge last did what it is for, in seconds since 1970.",
    },
    Metric {
        name: "guildpoints_journal_open_entries",
        kind: MetricKind::Gauge,
        labels: &["state"],
        help: "Changes of points that are not settled, by what they wait for.",
    },
    Metric {
        name: "guildpoints_journal_untold_entries",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "Settled changes whose giver does not know the end yet.",
    },
    Metric {
        name: "guildpoints_journal_undeliverable_entries",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "Settled changes whose giver will never be told, because the place to say it is gone.",
    },
    Metric {
        name: "guildpoints_journal_oldest_open_seconds",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "Age of the oldest change that is not settled, 0 where there is none.",
    },
    Metric {
        name: "guildpoints_journal_commits_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Transactions committed by the journal.",
    },
    Metric {
        name: "guildpoints_journal_synced_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Transactions that waited for the disk; the others reach it within about a second.",
    },
    Metric {
        name: "guildpoints_journal_group_size",
        kind: MetricKind::Histogram,
        labels: &[],
        help: "Writes that shared a transaction.",
    },
    Metric {
        name: "guildpoints_mall_requests_total",
        kind: MetricKind::Counter,
        labels: &["endpoint", "outcome"],
        help: "Requests to the mall by what came of them.",
    },
    Metric {
        name: "guildpoints_mall_request_seconds",
        kind: MetricKind::Histogram,
        labels: &["endpoint"],
        help: "How long requests to the mall took.",
    },
    Metric {
        name: "guildpoints_mall_in_flight",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "Requests to the mall under way.",
    },
    Metric {
        name: "guildpoints_swan_requests_total",
        kind: MetricKind::Counter,
        labels: &["system", "endpoint", "outcome"],
        help: "Requests to Swan installations, by what came of them.",
    },
    Metric {
        name: "guildpoints_swan_request_seconds",
        kind: MetricKind::Histogram,
        labels: &["system", "endpoint"],
        help: "How long a request to a Swan installation takes, waiting for a free slot excluded.",
    },
    Metric {
        name: "guildpoints_swan_in_flight",
        kind: MetricKind::Gauge,
        labels: &["system"],
        help: "Requests to a Swan installation under way.",
    },
    Metric {
        name: "guildpoints_mall_clock_difference_seconds",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "The mall's clock minus ours, from its last answer with a date.",
    },
    Metric {
        name: "guildpoints_manta_requests_total",
        kind: MetricKind::Counter,
        labels: &["endpoint", "outcome"],
        help: "Requests to MantaGO by what came of them.",
    },
    Metric {
        name: "guildpoints_manta_request_seconds",
        kind: MetricKind::Histogram,
        labels: &["endpoint"],
        help: "How long requests to MantaGO took.",
    },
    Metric {
        name: "guildpoints_manta_accounts_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Accounts that MantaGO was asked for, up to 200 in one request.",
    },
    Metric {
        name: "guildpoints_manta_token_left_seconds",
        kind: MetricKind::Gauge,
        labels: &["system"],
        help: "Time until the token of a MantaGO bot expires; below 0 it has expired.",
    },
    Metric {
        name: "guildpoints_api_calls_total",
        kind: MetricKind::Counter,
        labels: &["method", "outcome"],
        help: "Requests to the Bot API by what came of them.",
    },
    Metric {
        name: "guildpoints_api_call_seconds",
        kind: MetricKind::Histogram,
        labels: &["method"],
        help: "How long requests to the Bot API took, without waiting for a permit.",
    },
    Metric {
        name: "guildpoints_frames_total",
        kind: MetricKind::Counter,
        labels: &["kind"],
        help: "Frames from the gateway.",
    },
    Metric {
        name: "guildpoints_gateway_lost_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Gateway connections that were lost or failed.",
    },
    Metric {
        name: "guildpoints_idle_missed_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Commands that were nearly taken for talk; must stay 0.",
    },
    Metric {
        name: "guildpoints_commands_total",
        kind: MetricKind::Counter,
        labels: &["command"],
        help: "Commands that were understood.",
    },
    Metric {
        name: "guildpoints_caught_up_commands_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Commands typed while the bot was away and handled afterwards.",
    },
    Metric {
        name: "guildpoints_channels_unreadable",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "Channels whose history the bot may not read: what is missed there stays unanswered.",
    },
    Metric {
        name: "guildpoints_scheduled_posts_total",
        kind: MetricKind::Counter,
        labels: &["outcome"],
        help: "Moments of scheduled boards by their end: posted, late, skipped, failed, doubtful.",
    },
    Metric {
        name: "guildpoints_schedules_failing",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "Scheduled boards that do not come through now.",
    },
    Metric {
        name: "guildpoints_busy_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Commands turned away because too many waited.",
    },
    Metric {
        name: "guildpoints_answers_lost_total",
        kind: MetricKind::Counter,
        labels: &[],
        help: "Answers that could not be said and are not said again.",
    },
    Metric {
        name: "guildpoints_pictures_total",
        kind: MetricKind::Counter,
        labels: &["outcome"],
        help: "Pictures of boards that were rendered, or could not be.",
    },
    Metric {
        name: "guildpoints_picture_seconds",
        kind: MetricKind::Histogram,
        labels: &[],
        help: "How long rendering the picture of a board took, without waiting for its turn.",
    },
    Metric {
        name: "guildpoints_commands_waiting",
        kind: MetricKind::Gauge,
        labels: &[],
        help: "Commands that wait for their turn.",
    },
];

/// Upper bounds for histograms of seconds: the answer budget is 2 s, the mall's deadline 5 s.
const SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];

/// Upper bounds for histograms of counts.
const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1_000.0];

/// The recorder of this process, put in place at the first call. Rooms that take hold of a counter
/// before that count into the void, so the first call comes before they are built.
///
/// Where a program that uses this library has put in its own, ours stays empty.
pub fn record() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new()
                .set_buckets(COUNTS)
                .and_then(|builder| {
                    let seconds =
                        metrics_exporter_prometheus::Matcher::Suffix("_seconds".to_owned());
                    builder.set_buckets_for_metric(seconds, SECONDS)
                })
                .expect("the bounds above are not empty")
                .build_recorder();
            let handle = recorder.handle();
            if ::metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder counts in this process: /metrics stays empty");
            }
            describe();
            handle
        })
        .clone()
}

fn describe() {
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => ::metrics::describe_counter!(metric.name, metric.help),
            MetricKind::Gauge => ::metrics::describe_gauge!(metric.name, metric.help),
            MetricKind::Histogram => ::metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    metrics_process::Collector::default().describe();
    ::metrics::gauge!("guildpoints_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// Notes what is true at this moment, for the answer about to be written.
pub(super) fn note(pulses: &Pulses, counts: Option<Counts>, clock: &Clock) {
    metrics_process::Collector::default().collect();
    // The known edges only: others may have an id in their name.
    for name in [
        edge::GATEWAY,
        edge::API,
        edge::SENDING,
        edge::STORE,
        edge::MALL,
    ] {
        let pulse = pulses.of(name);
        let up = if pulse.beats() { 1.0 } else { 0.0 };
        ::metrics::gauge!("guildpoints_edge_up", "edge" => name).set(up);
        if let Some(at_ms) = pulse.last_success_ms {
            ::metrics::gauge!("guildpoints_edge_last_success_timestamp_seconds", "edge" => name)
                .set(at_ms as f64 / 1_000.0);
        }
    }
    let Some(counts) = counts else {
        return;
    };
    for (state, count) in [
        ("waiting", counts.waiting),
        ("queued", counts.queued),
        ("unconfirmed", counts.unconfirmed),
        ("held", counts.held),
        ("unresolved", counts.unresolved),
    ] {
        ::metrics::gauge!("guildpoints_journal_open_entries", "state" => state).set(count as f64);
    }
    ::metrics::gauge!("guildpoints_journal_untold_entries").set(counts.untold as f64);
    ::metrics::gauge!("guildpoints_journal_undeliverable_entries").set(counts.undeliverable as f64);
    let age_ms = counts
        .oldest_open_ms
        .map_or(0, |written_ms| clock.now_ms().saturating_sub(written_ms));
    ::metrics::gauge!("guildpoints_journal_oldest_open_seconds")
        .set(age_ms.max(0) as f64 / 1_000.0);
}
