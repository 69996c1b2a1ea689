//! The pace of requests: so many a second into one channel, so many a second in all.
//!
//! The platform documents no limits, so the budget is the operator's (fanbook-platform, 6).
//! Invariants: without bursts, so that any second holds no more than its share; those who wait for
//! the overall pace go in the order they came.

use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use governor::DefaultDirectRateLimiter;
use governor::DefaultKeyedRateLimiter;
use governor::Quota;
use governor::clock::Clock as _;
use governor::clock::DefaultClock;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::model::ChannelId;

/// Channels that have been silent are forgotten no more often than this, in seconds.
const SWEEP_EVERY: u64 = 60;

/// Timers are no finer than this, so a fast pace lets through what falls into one such stretch.
const TIMER_GRAIN: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Permits {
    per_channel: Option<DefaultKeyedRateLimiter<ChannelId>>,
    overall: Option<DefaultDirectRateLimiter>,
    /// Only the first in this queue watches the overall pace; the others need not wake.
    queue: Semaphore,
    clock: DefaultClock,
    began: Instant,
    /// Seconds since `began` at the last sweep.
    swept: AtomicU64,
}

impl Permits {
    /// `None` where a rate is not above zero. A rate too high to measure is no limit.
    pub(super) fn new(per_channel: f64, overall: f64) -> Option<Self> {
        Some(Self {
            per_channel: quota(per_channel)?.map(DefaultKeyedRateLimiter::keyed),
            overall: quota(overall)?.map(DefaultDirectRateLimiter::direct),
            queue: Semaphore::new(1),
            clock: DefaultClock::default(),
            began: Instant::now(),
            swept: AtomicU64::new(0),
        })
    }

    /// Whether one more message may go into `channel` this moment; if so, it is counted. Setting up a
    /// wait costs more than asking.
    pub(super) fn channel_now(&self, channel: ChannelId) -> bool {
        let Some(limiter) = &self.per_channel else {
            return true;
        };
        self.sweep(limiter);
        limiter.check_key(&channel).is_ok()
    }

    /// Whether one more request may go out this moment, ahead of nobody; if so, it is counted.
    pub(super) fn any_now(&self) -> bool {
        let Some(limiter) = &self.overall else {
            return true;
        };
        self.queue.try_acquire().is_ok() && limiter.check().is_ok()
    }

    /// Waits until one more message may go into `channel`. Losing this future loses no permit.
    pub(super) async fn channel(&self, channel: ChannelId) {
        let Some(limiter) = &self.per_channel else {
            return;
        };
        self.sweep(limiter);
        while let Err(until) = limiter.check_key(&channel) {
            sleep(until.wait_time_from(self.clock.now())).await;
        }
    }

    /// Waits until one more request may go out. Losing this future loses no permit.
    pub(super) async fn any(&self) {
        let Some(limiter) = &self.overall else {
            return;
        };
        let _turn = self
            .queue
            .acquire()
            .await
            .expect("the queue is never closed");
        while let Err(until) = limiter.check() {
            sleep(until.wait_time_from(self.clock.now())).await;
        }
    }

    /// A keyed limiter only ever grows, and only while it is used: so it is swept while it is used.
    fn sweep(&self, limiter: &DefaultKeyedRateLimiter<ChannelId>) {
        let now = self.began.elapsed().as_secs();
        let swept = self.swept.load(Ordering::Relaxed);
        if now < swept + SWEEP_EVERY {
            return;
        }
        let mine = self
            .swept
            .compare_exchange(swept, now, Ordering::Relaxed, Ordering::Relaxed);
        if mine.is_ok() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// The outer `None` refuses the rate, the inner one is no limit.
fn quota(per_second: f64) -> Option<Option<Quota>> {
    if per_second.is_nan() || per_second <= 0.0 {
        return None;
    }
    let Ok(period) = Duration::try_from_secs_f64(per_second.recip()) else {
        return None;
    };
    // The cast saturates, and a pace below one a grain is one at a time.
    let burst = (per_second * TIMER_GRAIN.as_secs_f64()) as u32;
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    Some(Quota::with_period(period).map(|quota| quota.allow_burst(burst)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_below_zero_are_refused_and_boundless_ones_are_no_limit() {
        for rate in [0.0, -1.0, f64::NAN, 1e-300] {
            assert!(quota(rate).is_none(), "{rate}");
        }
        assert!(quota(f64::INFINITY).unwrap().is_none());
        assert!(quota(1e12).unwrap().is_none());
        let slow = quota(0.5).unwrap().unwrap();
        assert_eq!(slow.burst_size().get(), 1);
        assert_eq!(slow.replenish_interval(), Duration::from_secs(2));
        assert_eq!(quota(1_000.0).unwrap().unwrap().burst_size().get(), 10);
    }

    #[tokio::test]
    async fn nobody_goes_ahead_of_those_who_wait() {
        let permits = Permits::new(1e12, 0.001).unwrap();
        assert!(permits.any_now());
        assert!(!permits.any_now());
        let permits = Permits::new(1e12, 1_000.0).unwrap();
        let first = permits.queue.acquire().await.unwrap();
        assert!(!permits.any_now());
        drop(first);
        assert!(permits.any_now());
    }

    #[tokio::test]
    async fn one_channel_waits_and_another_does_not() {
        let permits = Permits::new(0.001, 1e12).unwrap();
        permits.channel(ChannelId::new(1)).await;
        assert!(!permits.channel_now(ChannelId::new(1)));
        assert!(permits.channel_now(ChannelId::new(2)));
        permits.any().await;
        let again = tokio::time::timeout(
            Duration::from_millis(20),
            permits.channel(ChannelId::new(1)),
        );
        assert!(again.await.is_err());
    }
}
