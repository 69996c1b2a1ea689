//! What answers show of the service: its pulse, and what is counted; and how long the token lasts.

use std::sync::OnceLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dashmap::DashMap;
use jiff::Timestamp;
use metrics::Counter;
use metrics::Gauge;
use metrics::Histogram;

use super::answer::Answer;
use super::answer::Refusal;
use super::meaning::code;
use super::pair::Pair;
use super::request::Endpoint;
use super::token::TokenState;
use crate::model::System;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;

/// The warning of a token that ends stands in the log once a day.
const WARN_EVERY_MS: i64 = 24 * 60 * 60 * 1_000;
/// No warning was written yet.
const NEVER: i64 = i64::MIN;

/// The memory of one client.
pub(super) struct Watch {
    system: System,
    pulses: Pulses,
    warned_ms: AtomicI64,
    requests: DashMap<(Endpoint, &'static str), Counter>,
    seconds: DashMap<Endpoint, Histogram>,
    accounts: OnceLock<Counter>,
    left: OnceLock<Gauge>,
}

impl Watch {
    /// Nothing seen yet.
    pub(super) fn new(system: System, pulses: Pulses) -> Self {
        Self {
            system,
            pulses,
            warned_ms: AtomicI64::new(NEVER),
            requests: DashMap::new(),
            seconds: DashMap::new(),
            accounts: OnceLock::new(),
            left: OnceLock::new(),
        }
    }

    /// A list of so many accounts is asked for.
    pub(super) fn asks(&self, accounts: usize) {
        self.accounts
            .get_or_init(|| metrics::counter!("guildpoints_manta_accounts_total"))
            .increment(accounts as u64);
    }

    /// A request came to its end.
    pub(super) fn answered(&self, endpoint: Endpoint, answer: &Answer, took: Duration) {
        let outcome = answer.outcome();
        self.requests
            .entry((endpoint, outcome))
            .or_insert_with(|| {
                metrics::counter!(
                    "guildpoints_manta_requests_total",
                    "endpoint" => endpoint.name(),
                    "outcome" => outcome
                )
            })
            .increment(1);
        self.seconds
            .entry(endpoint)
            .or_insert_with(
                || metrics::histogram!("guildpoints_manta_request_seconds", "endpoint" => endpoint.name()),
            )
            .record(took.as_secs_f64());
        tracing::debug!(
            system = %self.system,
            endpoint = endpoint.name(),
            outcome,
            elapsed_ms = took.as_millis() as u64,
            "MantaGO was asked"
        );
        match self.trouble(answer) {
            None => self.pulses.well(self.system.name()),
            Some(what) => {
                tracing::warn!(system = %self.system, endpoint = endpoint.name(), "{what}");
                self.pulses.trouble(self.system.name(), what);
            }
        }
    }

    /// What is wrong, in words for an operator.
    fn trouble(&self, answer: &Answer) -> Option<String> {
        Some(match answer {
            Answer::Well(_) => return None,
            Answer::Refused(refusal) => self.refused(refusal)?,
            Answer::Unclear { seen, .. } | Answer::NotSent { seen } => seen.clone(),
        })
    }

    fn refused(&self, refusal: &Refusal) -> Option<String> {
        let name = self.system.given_name().unwrap_or_default();
        let status = refusal.status;
        Some(match refusal.code {
            // One member's business.
            Some(code::NO_CLIENT) => return None,
            Some(code::TOKEN) => format!(
                "MantaGO says that the token is invalid or expired (1004): renew the pair with `guildpoints manta refresh {name}` or in the console"
            ),
            Some(code::DENIED) => "MantaGO denies access (1002): check `token` and `secret`, and whether the plan includes the Open API".to_owned(),
            Some(code::NO_SUCH_BOT) => "MantaGO does not know this bot (5001): check `bot_id`".to_owned(),
            Some(code::INCOMPLETE) => "MantaGO misses something in the request (110000): it may have changed, look for a newer version of guildpoints".to_owned(),
            Some(code::RENEWED) => "MantaGO says that the pair was renewed elsewhere (120000), by another process or in the console: put the new pair in its place".to_owned(),
            code => match (status, code) {
                (429, _) => "MantaGO asks for fewer requests (429)".to_owned(),
                (401, None) => format!(
                    "MantaGO refuses the token (401): renew the pair with `guildpoints manta refresh {name}` or in the console"
                ),
                (403, None) => "MantaGO denies access (403): check `token` and `secret`, and whether the plan includes the Open API".to_owned(),
                (404, None) => "MantaGO has nothing at this address (404): check `base_url` and `bot_id`".to_owned(),
                (_, Some(code)) => format!("MantaGO refuses with a code of its own ({code}, status {status})"),
                (_, None) => format!("MantaGO refuses without a code (status {status})"),
            },
        })
    }

    /// Notes how long the pair lasts, for whoever looks, and warns once a day when it ends soon.
    pub(super) fn lasts(&self, pair: &Pair, now_ms: i64) {
        if let Some(expiry_ms) = pair.expiry_ms() {
            let name = self.system.name().to_owned();
            self.left
                .get_or_init(
                    || metrics::gauge!("guildpoints_manta_token_left_seconds", "system" => name),
                )
                .set((expiry_ms - now_ms) as f64 / 1_000.0);
        }
        let edge = edge::token_of(self.system.name());
        let Some(what) = in_words(pair.stands(now_ms), self.system.given_name(), now_ms) else {
            self.pulses.well(&edge);
            return;
        };
        let warned_ms = self.warned_ms.load(Ordering::Relaxed);
        let due = warned_ms == NEVER || now_ms - warned_ms >= WARN_EVERY_MS;
        let first = || {
            let noted = Ordering::Relaxed;
            self.warned_ms
                .compare_exchange(warned_ms, now_ms, noted, noted)
                .is_ok()
        };
        if due && first() {
            tracing::warn!(system = %self.system, "{what}");
        }
        self.pulses.trouble(&edge, what);
    }
}

/// What an operator has to know of a token; nothing of one that is good.
fn in_words(state: TokenState, name: Option<&str>, now_ms: i64) -> Option<String> {
    let renew = format!(
        "renew it with `guildpoints manta refresh {}` or in the console",
        name.unwrap_or_default()
    );
    let date = |ms| {
        Timestamp::from_millisecond(ms).map_or_else(|_| "?".to_owned(), |at| format!("{at:.0}"))
    };
    match state {
        TokenState::Good { .. } | TokenState::Unreadable => None,
        TokenState::Ending { until_ms } => {
            let days = (until_ms - now_ms) / (24 * 60 * 60 * 1_000);
            let left = match days {
                0 => "within a day".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            };
            Some(format!(
                "the MantaGO token expires {left} ({}): {renew}",
                date(until_ms)
            ))
        }
        TokenState::Over { since_ms } => Some(format!(
            "the MantaGO token expired on {}: {renew}",
            date(since_ms)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_ends_is_told_with_its_date_and_what_to_do() {
        let day = 24 * 60 * 60 * 1_000;
        let told = |state, now_ms| in_words(state, Some("shop"), now_ms);
        let until_ms = 10 * day;
        assert_eq!(told(TokenState::Good { until_ms }, 0), None);
        assert_eq!(told(TokenState::Unreadable, 0), None);
        let ending = TokenState::Ending { until_ms };
        let text = "the MantaGO token expires in 5 days (1970-01-11T00:00:00Z): renew it with `guildpoints manta refresh shop` or in the console";
        assert_eq!(told(ending, 5 * day).as_deref(), Some(text));
        assert!(told(ending, 10 * day - 5).unwrap().contains("within a day"));
        let over = TokenState::Over { since_ms: until_ms };
        assert!(
            told(over, 11 * day)
                .unwrap()
                .contains("expired on 1970-01-11")
        );
    }
}
