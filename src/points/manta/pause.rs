//! The wait that the service asked for: until it is over no request leaves, whoever asks.
//!
//! Source: points-backends, 3.4. Without a stated wait it is 1, 4, then 15 s.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

/// Waits after the first, the second and any further 429 in a row that states none.
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
];

/// The present wait of one bot over there.
#[derive(Default)]
pub(super) struct Pause {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    until: Option<Instant>,
    /// When it was last asked for.
    asked: Option<Instant>,
    /// How often in a row it was asked for without a length.
    in_a_row: usize,
}

impl Pause {
    /// Until when no request may leave, if it is not over.
    pub(super) fn until(&self) -> Option<Instant> {
        self.state().until.filter(|until| *until > Instant::now())
    }

    /// A request that left at `sent` was answered 429, with this wait if any.
    pub(super) fn ask(&self, sent: Instant, stated: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.state();
        // Several requests under way are refused for one and the same reason: that counts once.
        let known = state.asked.is_some_and(|asked| sent <= asked);
        let wait = match stated {
            Some(stated) => stated,
            None if known => return,
            None => {
                let wait = WAITS[state.in_a_row.min(WAITS.len() - 1)];
                state.in_a_row += 1;
                wait
            }
        };
        state.asked = Some(now);
        let until = now + wait;
        state.until = Some(state.until.map_or(until, |before| before.max(until)));
    }

    /// A request was answered otherwise.
    pub(super) fn over(&self) {
        self.state().in_a_row = 0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Its fields stand for themselves, so a panic elsewhere leaves them fit for use.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn left(pause: &Pause) -> u64 {
        let until = pause.until().map(|until| until - Instant::now());
        until.unwrap_or_default().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn waits_that_are_not_stated_grow_to_15_seconds() {
        let pause = Pause::default();
        assert_eq!(pause.until(), None);
        for wait in [1, 4, 15, 15] {
            pause.ask(Instant::now(), None);
            assert_eq!(left(&pause), wait);
            advance(Duration::from_secs(wait)).await;
            assert_eq!(pause.until(), None);
            advance(Duration::from_millis(1)).await;
        }
        pause.over();
        pause.ask(Instant::now(), None);
        assert_eq!(left(&pause), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_under_way_together_is_refused_once() {
        let pause = Pause::default();
        let sent = Instant::now();
        advance(Duration::from_millis(200)).await;
        for _ in 0..4 {
            pause.ask(sent, None);
        }
        assert_eq!(left(&pause), 1);
        pause.ask(sent, Some(Duration::from_secs(60)));
        assert_eq!(left(&pause), 60);
        // A shorter one does not let go earlier.
        pause.ask(Instant::now(), Some(Duration::from_secs(2)));
        assert_eq!(left(&pause), 60);
    }
}
