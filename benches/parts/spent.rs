//! What a benchmark spent, so that a ratio can be printed: absolute times move by half from run to
//! run, ratios within one run do not.

use std::cell::Cell;
use std::time::Duration;

/// All rounds of one benchmark.
pub struct Spent {
    rounds: Cell<u64>,
    time: Cell<Duration>,
}

impl Spent {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            rounds: Cell::new(0),
            time: Cell::new(Duration::ZERO),
        }
    }

    /// Adds what was measured, and gives the time back to who asked for it.
    pub fn note(&self, rounds: u64, time: Duration) -> Duration {
        self.rounds.set(self.rounds.get() + rounds);
        self.time.set(self.time.get() + time);
        time
    }

    /// Prints this one's rate as a part of the bound's; nothing where one of them was not run.
    pub fn print_ratio(&self, name: &str, bound: &Self, target: &str) {
        let [Some(measured), Some(bound)] = [self.round(), bound.round()] else {
            return;
        };
        println!(
            "{name}: {:.2} of the bound's rate {target}\n",
            bound / measured
        );
    }

    /// Seconds a round.
    fn round(&self) -> Option<f64> {
        let rounds = self.rounds.get();
        (rounds > 0).then(|| self.time.get().as_secs_f64() / rounds as f64)
    }
}
