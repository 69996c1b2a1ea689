//! The one source of time.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time; a shifted one is for tests and the sandbox.
///
/// Cheap to clone; all clones share one shift.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    shift_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// The machine's clock with a shift that somebody else moves too, in milliseconds: two clocks that
    /// are moved in the same instant.
    pub fn shifted_by(shift_ms: Arc<AtomicI64>) -> Self {
        Self { shift_ms }
    }

    /// Milliseconds since 1970.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine"
    )]
    pub fn now_ms(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.shift_ms.load(Ordering::Relaxed)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).unwrap_or(Timestamp::MAX)
    }

    /// Moves this clock and its clones forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.shift_ms.fetch_add(by, Ordering::Relaxed);
    }
}
