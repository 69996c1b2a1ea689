//! The right to begin something outside, for as long as it is certain that nobody else has it.
//!
//! Invariants: a tenure ends once and for ever; it is asked before each beginning and on every step
//! of what has begun, so a process that slept through its end does nothing when it wakes. It is
//! measured from before the request that won it, so it ends here before it ends for anybody else.
//!
//! Two clocks bound it, and the earlier one counts. The monotonic clock runs on while a process is
//! stopped by a signal, and no operator can set it, but it stands still while the machine is
//! suspended; the wall clock shows that afterwards. A wall clock that is set forward ends a tenure
//! early, which costs a change of roles and no point. It is the machine's own and not the one the
//! house is given, which tests and the sandbox may shift.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::support::clock::Clock;

/// A right that ends. Cheap to clone; clones end together.
#[derive(Clone, Debug)]
pub struct Tenure {
    /// `None`: it never ends, because something else than time guards it.
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    until: Mutex<Moment>,
    ended: CancellationToken,
}

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    steady: Instant,
    wall_ms: i64,
}

impl Moment {
    /// The present.
    pub fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall_ms: Clock::system().now_ms(),
        }
    }

    fn after(self, length: Duration) -> Self {
        let length_ms = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self {
            steady: self.steady + length,
            wall_ms: self.wall_ms.saturating_add(length_ms),
        }
    }

    /// Whether neither clock has reached `other`.
    fn is_before(self, other: Self) -> bool {
        self.steady < other.steady && self.wall_ms < other.wall_ms
    }
}

impl Tenure {
    /// One that never ends.
    pub fn unlimited() -> Self {
        Self { inner: None }
    }

    /// One that lasts `length` from `begun` on, unless it is prolonged.
    pub fn lasting(begun: Moment, length: Duration) -> Self {
        Self {
            inner: Some(Arc::new(Inner {
                until: Mutex::new(begun.after(length)),
                ended: CancellationToken::new(),
            })),
        }
    }

    /// Lets it last `length` from `begun` on. `false`: it has ended, and stays so.
    pub fn prolong(&self, begun: Moment, length: Duration) -> bool {
        if !self.holds() {
            return false;
        }
        if let Some(inner) = &self.inner {
            *inner.lock() = begun.after(length);
        }
        true
    }

    /// Ends it now. One without an end goes on.
    pub fn end(&self) {
        if let Some(inner) = &self.inner {
            inner.ended.cancel();
        }
    }

    /// Whether something may be begun now.
    pub fn holds(&self) -> bool {
        let Some(inner) = &self.inner else {
            return true;
        };
        if inner.ended.is_cancelled() {
            return false;
        }
        let holds = Moment::now().is_before(*inner.lock());
        if !holds {
            inner.ended.cancel();
        }
        holds
    }

    /// Waits for its end. Losing this future is safe.
    pub async fn ended(&self) {
        let Some(inner) = &self.inner else {
            return std::future::pending().await;
        };
        while self.holds() {
            let until = inner.lock().steady;
            tokio::select! {
                () = inner.ended.cancelled() => return,
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Carries `future` out; `None` once the tenure is over, and no step of it is taken after that.
    ///
    /// What it had begun by then may still take effect.
    pub async fn during<F: Future>(&self, future: F) -> Option<F::Output> {
        if self.inner.is_none() {
            return Some(future.await);
        }
        let mut future = pin!(future);
        let steps = poll_fn(|context| match self.holds() {
            true => future.as_mut().poll(context).map(Some),
            false => Poll::Ready(None),
        });
        tokio::select! {
            biased;
            done = steps => done,
            // Wakes a future that waits for somebody else.
            () = self.ended() => None,
        }
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, Moment> {
        // The value is replaced whole, so a panic elsewhere leaves it fit for use.
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_ends_by_the_monotonic_clock_and_stays_ended() {
        let tenure = Tenure::lasting(Moment::now(), 5 * SECOND);
        tokio::time::advance(4 * SECOND).await;
        assert!(tenure.holds());
        assert!(tenure.prolong(Moment::now(), 5 * SECOND));
        tokio::time::advance(4 * SECOND).await;
        assert!(tenure.holds());
        tokio::time::advance(SECOND).await;
        assert!(!tenure.holds());
        assert!(!tenure.prolong(Moment::now(), 5 * SECOND));
        assert!(!tenure.clone().holds());
        tenure.ended().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_is_found_out_by_the_wall_clock() {
        // Suspended for ten seconds: the monotonic clock has not moved, the wall clock has.
        let mut begun = Moment::now();
        begun.wall_ms -= 10_000;
        assert!(!Tenure::lasting(begun, 5 * SECOND).holds());
        // Set back, the wall clock prolongs nothing.
        let mut begun = Moment::now();
        begun.wall_ms += 60_000;
        let tenure = Tenure::lasting(begun, 5 * SECOND);
        tokio::time::advance(5 * SECOND).await;
        assert!(!tenure.holds());
    }

    #[tokio::test(start_paused = true)]
    async fn it_counts_from_before_it_was_asked_for() {
        let begun = Moment::now();
        tokio::time::advance(3 * SECOND).await;
        let tenure = Tenure::lasting(begun, 5 * SECOND);
        tokio::time::advance(2 * SECOND).await;
        assert!(!tenure.holds());
    }

    #[tokio::test(start_paused = true)]
    async fn no_step_is_taken_after_the_end() {
        let tenure = Tenure::lasting(Moment::now(), 5 * SECOND);
        assert_eq!(tenure.during(async { 7 }).await, Some(7));
        let steps = AtomicUsize::new(0);
        let slow = async {
            for _ in 0..10 {
                steps.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(2 * SECOND).await;
            }
        };
        assert_eq!(tenure.during(slow).await, None);
        assert_eq!(steps.load(Ordering::Relaxed), 3);
        assert_eq!(tenure.during(async { 7 }).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_woken_when_it_is_ended_by_hand() {
        let tenure = Tenure::lasting(Moment::now(), 3_600 * SECOND);
        let waiting = tokio::spawn({
            let tenure = tenure.clone();
            async move { tenure.during(std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        tenure.end();
        assert_eq!(waiting.await.unwrap(), None);
        Tenure::unlimited().end();
        assert!(Tenure::unlimited().holds());
    }
}
