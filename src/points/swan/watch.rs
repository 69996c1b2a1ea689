//! What the answers of an installation show about it: its pulse, its counts, its troubles in the log.

use std::time::Duration;

use super::answer::Answer;
use super::answer::Failure;
use super::answer::FailureKind;
use super::counts::Counts;
use super::counts::UnderWay;
use super::request::Endpoint;
use crate::model::System;
use crate::support::pulse::Pulses;

/// The memory of one client.
pub(super) struct Watch {
    system: System,
    pulses: Pulses,
    counts: Counts,
}

enum Sign {
    Well,
    Trouble(String),
    Neither,
}

impl Watch {
    /// Nothing seen yet.
    pub(super) fn new(system: System, pulses: Pulses) -> Self {
        Self {
            counts: Counts::new(&system),
            system,
            pulses,
        }
    }

    /// A request begins; under way until this is dropped.
    pub(super) fn under_way(&self) -> UnderWay {
        self.counts.under_way()
    }

    /// A request came to its end.
    pub(super) fn answered(&self, endpoint: Endpoint, answer: &Answer, took: Duration) {
        self.counts.answered(endpoint, answer.outcome(), took);
        let trace = match answer {
            Answer::Failed(failure) => failure.trace.as_str(),
            _ => "",
        };
        tracing::debug!(
            system = %self.system,
            endpoint = endpoint.name(),
            outcome = answer.outcome(),
            status = answer.status(),
            trace,
            elapsed_ms = took.as_millis() as u64,
            "a points system was asked"
        );
        match sign(answer) {
            Sign::Well => self.pulses.well(self.system.name()),
            Sign::Neither => {}
            Sign::Trouble(what) => {
                tracing::warn!(
                    system = %self.system,
                    endpoint = endpoint.name(),
                    status = answer.status(),
                    trace,
                    "{what}"
                );
                self.pulses.trouble(self.system.name(), what);
            }
        }
    }
}

fn sign(answer: &Answer) -> Sign {
    let Failure {
        kind, status, text, ..
    } = match answer {
        Answer::Body(_) => return Sign::Well,
        Answer::Failed(failure) => failure,
        Answer::Unclear { seen, .. } | Answer::NotSent { seen } => {
            return Sign::Trouble(seen.clone());
        }
    };
    Sign::Trouble(match kind {
        // These may concern one member or one change only.
        FailureKind::Refused
        | FailureKind::Clash
        | FailureKind::Declined
        | FailureKind::Missing { in_its_form: true } => return Sign::Neither,
        FailureKind::NoEntry => format!(
            "access is refused ({status}): check `headers`, and whether the gateway takes \
             `X-Consumer-Custom-ID` from here"
        ),
        FailureKind::Missing { in_its_form: false } => {
            "there is nothing at this address (404): check `base_url`".to_owned()
        }
        FailureKind::TooFast { .. } => "it asks for fewer requests (429)".to_owned(),
        FailureKind::Broken if text.is_empty() => format!("an error of its own ({status})"),
        FailureKind::Broken => format!("an error of its own ({status}): {text}"),
    })
}
