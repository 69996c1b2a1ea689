//! What the answers of the mall show about the mall: its pulse, its clock, its look-ups.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;

use super::answer::Answer;
use super::counts::Counts;
use super::counts::UnderWay;
use super::meaning::code;
use super::request::Endpoint;
use crate::points::LookupError;
use crate::points::Record;
use crate::points::Repeats;
use crate::support::pulse::Pulses;
use crate::support::pulse::edge;

/// Clocks further apart than this are an operator's business.
///
/// Source: points-backends, 1.3. The mall is assumed to accept ten minutes.
const CLOCK_TOLERANCE_MS: i64 = 60_000;

/// No `Date` was seen yet.
const UNSEEN: i64 = i64::MIN;

/// Nothing is known of look-ups.
const UNPROVED: u8 = 0;
/// A look-up has worked.
const PROVED: u8 = 1;
/// The deployment has none. Final: a deployment without look-ups does not drop repeats either.
const MISSING: u8 = 2;

/// The memory of one client. Answers of all guilds feed it.
pub(super) struct Watch {
    pulses: Pulses,
    difference_ms: AtomicI64,
    clock_warned: AtomicBool,
    lookups: AtomicU8,
    counts: Counts,
}

impl Watch {
    /// Nothing seen yet.
    pub(super) fn new(pulses: Pulses) -> Self {
        Self {
            pulses,
            difference_ms: AtomicI64::new(UNSEEN),
            clock_warned: AtomicBool::new(false),
            lookups: AtomicU8::new(UNPROVED),
            counts: Counts::default(),
        }
    }

    /// A request begins; under way until this is dropped.
    pub(super) fn under_way(&self) -> UnderWay {
        self.counts.under_way()
    }

    /// The mall's clock minus ours.
    pub(super) fn clock_difference(&self) -> Option<SignedDuration> {
        match self.difference_ms.load(Ordering::Relaxed) {
            UNSEEN => None,
            ms => Some(SignedDuration::from_millis(ms)),
        }
    }

    /// An answer carried a `Date`.
    pub(super) fn saw_date(&self, theirs_ms: i64, ours_ms: i64) {
        let difference_ms = theirs_ms.saturating_sub(ours_ms).max(UNSEEN + 1);
        self.difference_ms.store(difference_ms, Ordering::Relaxed);
        self.counts.clocks_differ(difference_ms);
        let apart = difference_ms.saturating_abs() > CLOCK_TOLERANCE_MS;
        // Once for each crossing, not once for each request.
        if apart && !self.clock_warned.swap(apart, Ordering::Relaxed) {
            tracing::warn!(
                "{}: keep this machine's clock synchronised, the mall refuses signatures with a wrong time",
                in_words(difference_ms)
            );
        } else if !apart {
            self.clock_warned.store(false, Ordering::Relaxed);
        }
    }

    /// What is known of an id sent twice.
    pub(super) fn repeats(&self) -> Repeats {
        match self.lookups.load(Ordering::Acquire) {
            PROVED => Repeats::Dropped,
            _ => Repeats::Unpromised,
        }
    }

    /// A look-up came to its end.
    pub(super) fn looked_up(&self, found: &Result<Record, LookupError>) {
        match found {
            // Nothing leads out of `MISSING`; whichever way the exchange ends is right.
            Ok(_) => drop(self.lookups.compare_exchange(
                UNPROVED,
                PROVED,
                Ordering::AcqRel,
                Ordering::Acquire,
            )),
            Err(LookupError::Missing) => {
                if self.lookups.swap(MISSING, Ordering::AcqRel) != MISSING {
                    tracing::error!(
                        "the mall has no `findPointRecord` (404): until a restart no unconfirmed change is sent again, a moderator has to decide"
                    );
                }
            }
            Err(_) => {}
        }
    }

    /// Puts the difference of the clocks beside a refused signature, of which it is the likely cause.
    pub(super) fn with_clock(&self, answer: Answer) -> Answer {
        match answer {
            Answer::AccessRefused { status: 401, text } => {
                let text = match text.as_str() {
                    "" => self.clock_in_words(),
                    text => format!("{text} ({})", self.clock_in_words()),
                };
                Answer::AccessRefused { status: 401, text }
            }
            other => other,
        }
    }

    /// A request came to its end.
    pub(super) fn answered(&self, endpoint: Endpoint, answer: &Answer, took: Duration) {
        self.counts.answered(endpoint, answer.outcome(), took);
        let code = match answer {
            Answer::Envelope(envelope) => Some(envelope.counting_code()),
            _ => None,
        };
        tracing::debug!(
            endpoint = endpoint.name(),
            outcome = answer.outcome(),
            status = answer.status(),
            code,
            elapsed_ms = took.as_millis() as u64,
            "the mall was asked"
        );
        match self.sign(endpoint, answer) {
            Sign::Well => self.pulses.well(edge::MALL),
            Sign::Neither => {}
            Sign::Trouble(what) => {
                tracing::warn!(
                    endpoint = endpoint.name(),
                    status = answer.status(),
                    code,
                    "{what}"
                );
                self.pulses.trouble(edge::MALL, what);
            }
        }
    }

    fn sign(&self, endpoint: Endpoint, answer: &Answer) -> Sign {
        let what = match answer {
            Answer::Envelope(envelope) => match envelope.counting_code() {
                code::SUCCESS
                | code::INSUFFICIENT
                | code::NO_ACCOUNT
                | code::NOT_ENABLED
                | code::USED_BEFORE => return Sign::Well,
                code::BANNED => {
                    "the mall's developers have banned this app (60000): contact them".to_owned()
                }
                code::NO_SUCH_APP => {
                    "the mall does not know this app (60004): check `app_key`".to_owned()
                }
                code::NO_SUCH_GUILD => {
                    "the mall does not know a guild of the settings (1018): check its `id`"
                        .to_owned()
                }
                // 60005 and the undocumented ones may concern one member only.
                _ => return Sign::Neither,
            },
            Answer::AccessRefused { status: 401, .. } => format!(
                "the mall refuses the signature (401): check `app_secret`; {}",
                self.clock_in_words()
            ),
            Answer::AccessRefused { status, .. } => {
                format!("the mall refuses access ({status}): contact its developers")
            }
            Answer::Missing { .. } if endpoint == Endpoint::FindPointRecord => {
                "the mall has no `findPointRecord` (404): if other requests fail too, check `base_url`"
                    .to_owned()
            }
            Answer::Missing { .. } => {
                "the mall has nothing at this address (404): check `base_url`".to_owned()
            }
            Answer::TooFast { .. } => {
                "the mall asks for fewer requests (429): lower `mall_in_flight`".to_owned()
            }
            Answer::Unclear { seen, .. } | Answer::NotSent { seen } => seen.clone(),
        };
        Sign::Trouble(what)
    }

    fn clock_in_words(&self) -> String {
        match self.difference_ms.load(Ordering::Relaxed) {
            UNSEEN => "the mall's clock is not known".to_owned(),
            ms => in_words(ms),
        }
    }
}

enum Sign {
    Well,
    Trouble(String),
    Neither,
}

/// The difference of the clocks in words for an operator.
fn in_words(difference_ms: i64) -> String {
    let seconds = difference_ms.unsigned_abs().div_ceil(1_000);
    let direction = if difference_ms > 0 {
        "behind"
    } else {
        "ahead of"
    };
    format!("this machine's clock is {seconds} s {direction} the mall's")
}
