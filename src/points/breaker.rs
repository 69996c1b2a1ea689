//! Whether a question leaves for a points system that failed several times in a row.
//!
//! One for each guild and system, so that a guild whose questions wait for their own turns does not
//! close a system to the others. It counts what shows that the system is in trouble; what a system
//! says about a member is an answer.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use crate::journal::BalanceRead;
use crate::model::refusal::PointsRefusal;
use crate::points::ReadError;

/// Failures in a row from which on it is spared.
const SEVERAL: u32 = 3;

/// How long a failure speaks for the system: whoever asks later than this asks anew.
const A_WHILE: Duration = Duration::from_secs(30);

/// The breaker of one system in one guild.
#[derive(Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Failures since the last answer.
    in_a_row: u32,
    /// The last one, and when it was.
    last: Option<(Instant, ReadError)>,
    /// Somebody is finding out whether it works again.
    probing: bool,
}

/// Whether a question leaves.
pub(super) enum Entry {
    /// It does; what comes of it is to be told.
    Ask(Leave),
    /// Somebody else is finding out; this is how it failed last.
    Failed(ReadError),
}

/// Leave to ask once. Dropped without an answer, it changes nothing.
pub(super) struct Leave {
    breaker: Arc<Breaker>,
    probes: bool,
}

impl Breaker {
    /// Asks for leave.
    pub(super) fn enter(self: &Arc<Self>) -> Entry {
        let mut state = self.state();
        let probes = match &state.last {
            Some((at, failure)) if state.in_a_row >= SEVERAL && at.elapsed() < A_WHILE => {
                if state.probing {
                    return Entry::Failed(failure.clone());
                }
                true
            }
            _ => false,
        };
        state.probing |= probes;
        Entry::Ask(Leave {
            breaker: Arc::clone(self),
            probes,
        })
    }

    /// Whether questions are spared the system just now.
    pub(super) fn is_open(&self) -> bool {
        let state = self.state();
        let last = state.last.as_ref();
        state.in_a_row >= SEVERAL && last.is_some_and(|(at, _)| at.elapsed() < A_WHILE)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole, so a panic elsewhere leaves it fit for use.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave {
    /// What came of asking.
    pub(super) fn heard(self, answer: &Result<BalanceRead, ReadError>) {
        let mut state = self.breaker.state();
        match answer.as_ref().map_err(|error| error.refused.meaning) {
            Err(PointsRefusal::Unavailable | PointsRefusal::TooFast) => {
                state.in_a_row = state.in_a_row.saturating_add(1);
                state.last = answer
                    .as_ref()
                    .err()
                    .map(|error| (Instant::now(), error.clone()));
            }
            // The system was not asked.
            Err(PointsRefusal::NotLinked) => {}
            Ok(_) | Err(_) => {
                state.in_a_row = 0;
                state.last = None;
            }
        }
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.probes {
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Refused;

    fn failed(meaning: PointsRefusal) -> Result<BalanceRead, ReadError> {
        Err(ReadError {
            refused: Refused {
                meaning,
                code: Some(502),
                text: String::new(),
            },
        })
    }

    const READ: Result<BalanceRead, ReadError> = Ok(BalanceRead {
        points: 1,
        read_ms: 1,
    });

    fn leave(breaker: &Arc<Breaker>) -> Option<Leave> {
        match breaker.enter() {
            Entry::Ask(leave) => Some(leave),
            Entry::Failed(error) => {
                assert_eq!(error.refused.code, Some(502));
                None
            }
        }
    }

    fn broken() -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..SEVERAL {
            let (one, other) = (leave(&breaker).unwrap(), leave(&breaker).unwrap());
            one.heard(&failed(PointsRefusal::Unavailable));
            drop(other);
        }
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn after_several_failures_in_a_row_one_asks_at_a_time() {
        let breaker = broken();
        let probe = leave(&breaker).unwrap();
        assert!(leave(&breaker).is_none());
        // A probe that is given up leaves the place to another.
        drop(probe);
        leave(&breaker)
            .unwrap()
            .heard(&failed(PointsRefusal::TooFast));
        let probe = leave(&breaker).unwrap();
        assert!(leave(&breaker).is_none());
        probe.heard(&READ);
        let many = [leave(&breaker), leave(&breaker), leave(&breaker)];
        assert!(many.iter().all(Option::is_some));
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_failure_speaks_for_nobody() {
        let breaker = broken();
        let _probe = leave(&breaker).unwrap();
        assert!(leave(&breaker).is_none());
        tokio::time::advance(A_WHILE).await;
        let (one, _other) = (leave(&breaker).unwrap(), leave(&breaker).unwrap());
        // One more closes it again at once.
        one.heard(&failed(PointsRefusal::Unavailable));
        assert!(leave(&breaker).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn answers_about_a_member_are_no_failures() {
        let breaker = broken();
        // Nobody was asked, so nothing is known anew.
        leave(&breaker)
            .unwrap()
            .heard(&failed(PointsRefusal::NotLinked));
        let probe = leave(&breaker).unwrap();
        assert!(leave(&breaker).is_none());
        probe.heard(&failed(PointsRefusal::NoAccount));
        for _ in 0..2 * SEVERAL {
            leave(&breaker)
                .unwrap()
                .heard(&failed(PointsRefusal::NotEnabledHere));
        }
        let _one = leave(&breaker).unwrap();
        assert!(leave(&breaker).is_some());
    }
}
