//! Tools without knowledge of the trade: time, secrets, signs of life, retry delays, rights that end.
//!
//! Invariants: nothing here knows a guild, a point or a command.

pub mod clock;
pub mod cron;
pub mod duration;
pub mod outage;
pub mod pulse;
pub mod retry;
pub mod seal;
pub mod secret;
pub mod tenure;
