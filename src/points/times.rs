//! How long things take in the protocol: what is waited for, and when nothing sent can be alive any more.

use std::time::Duration;

/// How long things take in the protocol.
#[derive(Clone, Debug)]
pub struct PointsTimes {
    /// A change is answered after this long at the latest, settled or not (product: 2 s).
    pub answer_budget: Duration,
    /// No request lives longer than this, waiting for its turn not counted.
    pub request_limit: Duration,
    /// How long the points system believes a signed request; nothing sent lands later.
    pub signature_window: Duration,
    /// Waits before the look-ups of an unknown outcome; the last repeats (points-backends, 1.7).
    pub look_ups: Vec<Duration>,
    /// After this long unsettled a moderator has to decide (points-backends, 1.7).
    pub give_up_after: Duration,
    /// How often the sweep looks for what is due.
    pub sweep_every: Duration,
}

impl PointsTimes {
    /// The times of points-backends 1.7, for a request limit, a signature window and a first wait
    /// (2 s there, then 8, 30 and 60 s).
    pub fn new(
        request_limit: Duration,
        signature_window: Duration,
        look_up_after: Duration,
    ) -> Self {
        Self {
            answer_budget: Duration::from_millis(1_700),
            request_limit,
            signature_window,
            look_ups: [1, 4, 15, 30].map(|times| look_up_after * times).to_vec(),
            give_up_after: Duration::from_secs(20 * 60),
            sweep_every: (look_up_after / 4)
                .clamp(Duration::from_millis(20), Duration::from_millis(500)),
        }
    }

    /// The wait before the look-up that follows `looks` earlier ones.
    pub(super) fn look_up_wait(&self, looks: u32) -> Duration {
        let at = usize::try_from(looks).unwrap_or(usize::MAX);
        let last = self
            .look_ups
            .last()
            .copied()
            .unwrap_or(Duration::from_secs(60));
        self.look_ups.get(at).copied().unwrap_or(last)
    }

    /// How long a history is searched before a change that it does not show is left to a moderator:
    /// two minutes with the usual waits (points-backends, 2.5).
    pub(super) fn history_patience(&self) -> Duration {
        self.look_up_wait(u32::MAX) * 2
    }

    /// How long after a sending nothing of it can be alive any more.
    ///
    /// The window is counted on the points system's clock; where that is behind ours, a request lives
    /// so much longer. A tenth is one minute of the usual ten, beyond which the operator is warned.
    pub fn quiet_period(&self) -> Duration {
        self.request_limit + self.signature_window + self.signature_window / 10
    }
}
