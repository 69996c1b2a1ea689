//! How long to wait before trying again.
//!
//! Invariants: a source of delays and nothing more; who tries again, and whether that is safe, is
//! decided where the request is made. Every delay is jittered, so that many who failed together do
//! not come back together.

use std::time::Duration;

use backon::BackoffBuilder;
use backon::ExponentialBackoff;
use backon::ExponentialBuilder;

/// Delays that double from `first` up to `most`, each with up to its own length added by chance.
///
/// The chance part never lifts a delay above `most`. Ends after `times`; `None` never ends.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first delay, before the chance part.
    pub first: Duration,
    /// No delay is longer than this, the chance part included.
    pub most: Duration,
    /// How many delays there are.
    pub times: Option<usize>,
}

impl Backoff {
    /// The delays, from the first.
    pub fn delays(&self) -> Delays {
        // The chance part can double a delay: growth stops at half, so that the longest delays keep
        // their jitter instead of all being cut to the same length.
        let growth_ends = (self.most / 2).max(self.first);
        let builder = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(growth_ends)
            .with_jitter();
        let builder = match self.times {
            Some(times) => builder.with_max_times(times),
            None => builder.without_max_times(),
        };
        Delays {
            inner: builder.build(),
            most: self.most,
        }
    }
}

/// The delays of a [`Backoff`].
#[derive(Debug)]
pub struct Delays {
    inner: ExponentialBackoff,
    most: Duration,
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.inner.next().map(|delay| delay.min(self.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_with_jitter_and_stay_within_the_bounds() {
        let seconds = Duration::from_secs;
        let backoff = Backoff {
            first: seconds(1),
            most: seconds(60),
            times: None,
        };
        for _ in 0..50 {
            let delays: Vec<_> = backoff.delays().take(12).collect();
            for (delay, least) in delays.iter().zip([1, 2, 4, 8, 16]) {
                assert!(*delay >= seconds(least) && *delay <= seconds(2 * least));
            }
            assert!(delays[5..].iter().all(|delay| *delay >= seconds(30)));
            assert!(delays.iter().all(|delay| *delay <= seconds(60)));
        }
    }

    #[test]
    fn a_bounded_source_ends() {
        let backoff = Backoff {
            first: Duration::from_millis(1),
            most: Duration::from_millis(8),
            times: Some(3),
        };
        assert_eq!(backoff.delays().count(), 3);
    }
}
