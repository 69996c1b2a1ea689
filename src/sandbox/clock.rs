//! The sandbox's own time: the machine's clock plus a shift, or a clock that stands still.
//!
//! It is deliberately not the bot's clock: the two sides of a wire never share one, and a test
//! that moves only one of them is how a wrong clock is tried out.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// Tells the sandbox's time, in milliseconds since 1970.
///
/// Cheap to clone; all clones share one shift.
#[derive(Clone, Debug, Default)]
pub struct SandboxClock {
    shift_ms: Arc<AtomicI64>,
    /// `None` follows the machine.
    stands_at_ms: Option<i64>,
}

impl SandboxClock {
    /// The machine's clock, not yet shifted.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at a moment (milliseconds since 1970) until it is advanced.
    pub fn standing_at(now_ms: i64) -> Self {
        Self {
            shift_ms: Arc::default(),
            stands_at_ms: Some(now_ms),
        }
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        let unshifted = self.stands_at_ms.unwrap_or_else(machine_ms);
        unshifted.saturating_add(self.shift_ms.load(Ordering::Relaxed))
    }

    /// Moves this clock and its clones, in milliseconds; a negative number moves them back.
    pub fn advance(&self, ms: i64) {
        self.shift_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox's one place that asks the machine; it must not share the bot's clock"
)]
fn machine_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_shift() {
        let clock = SandboxClock::standing_at(1_700_000_000_000);
        let clone = clock.clone();
        clone.advance(601_000);
        clone.advance(-1_000);
        assert_eq!(clock.now_ms(), 1_700_000_600_000);
    }
}
