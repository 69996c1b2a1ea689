//! Takes talk out of the frames before anything else looks at them, and counts it.
//!
//! Invariant: one frame in [`SAMPLE_EVERY`] that would be taken is let through, so that somebody may
//! decode it and prove that it was talk. Counting touches the shared counter once per stretch only.

use metrics::Counter;

use crate::fanbook::wire;

/// One in so many idle frames is decoded after all, to prove that it was idle.
const SAMPLE_EVERY: u32 = 1_000;

#[derive(Debug)]
pub(super) struct Sieve {
    idle: Counter,
    /// Not yet in the counter.
    uncounted: u32,
    since_sample: u32,
}

impl Sieve {
    pub(super) fn new(idle: Counter) -> Self {
        Self {
            idle,
            uncounted: 0,
            since_sample: 0,
        }
    }

    /// Whether `frame` is talk that nobody needs to see. What is let through although it is idle
    /// is a sample.
    pub(super) fn takes(&mut self, frame: &[u8]) -> bool {
        if !wire::is_idle(frame) {
            return false;
        }
        self.uncounted += 1;
        self.since_sample += 1;
        if self.since_sample < SAMPLE_EVERY {
            return true;
        }
        self.since_sample = 0;
        false
    }

    /// Puts what was taken into the counter.
    pub(super) fn note(&mut self) {
        if self.uncounted > 0 {
            self.idle.increment(u64::from(self.uncounted));
            self.uncounted = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    const TALK: &[u8] =
        br#"{"action":"push","data":{"content":"{\"type\":\"text\",\"text\":\"hi\"}"}}"#;

    #[test]
    fn one_in_a_thousand_is_let_through_and_all_are_counted() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let idle = metrics::with_local_recorder(&recorder, || metrics::counter!("idle"));
        let mut sieve = Sieve::new(idle);
        let through = (0..2_500).filter(|_| !sieve.takes(TALK)).count();
        assert_eq!(through, 2);
        assert!(!sieve.takes(b"{}"));
        sieve.note();
        sieve.note();
        assert!(recorder.handle().render().contains("idle 2500\n"));
    }
}
