//! What happened, in order, in words; and how often each kind of thing did.

use std::collections::BTreeMap;

use guildpoints::support::clock::Clock;

/// How often each kind of thing happened.
pub type Tally = BTreeMap<&'static str, u64>;

/// The run as it is told afterwards.
pub struct Story {
    /// Milliseconds since the schedule began.
    pub now: u64,
    /// Grows with everything that happens between the bot and the world.
    pub activity: u64,
    /// What must never happen and did.
    pub blames: Vec<String>,
    pub tally: Tally,
    clock: Clock,
    lines: Vec<String>,
}

impl Story {
    pub fn new(clock: Clock) -> Self {
        Self {
            now: 0,
            activity: 0,
            blames: Vec::new(),
            tally: Tally::new(),
            clock,
            lines: Vec::new(),
        }
    }

    /// The time as the bot's clock has it.
    pub fn clock_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Something happened.
    pub fn tell(&mut self, what: String) {
        self.activity += 1;
        let seconds = self.now as f64 / 1_000.0;
        self.lines.push(format!("{seconds:8.1} s  {what}"));
    }

    /// Something of that kind happened.
    pub fn count(&mut self, kind: &'static str) {
        *self.tally.entry(kind).or_default() += 1;
    }

    /// Something happened that must not.
    pub fn blame(&mut self, what: String) {
        self.tell(format!("WRONG: {what}"));
        self.blames.push(what);
    }

    /// The whole, for people.
    pub fn told(&self) -> String {
        self.lines.join("\n")
    }
}
