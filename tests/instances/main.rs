//! Several processes of the real program on one PostgreSQL, one bot and one points mall.
//!
//! `takeover` has one trouble at a time and prints how long the bot was without an owner; `random` has
//! all of them for a while: `GUILDPOINTS_INSTANCES_SECONDS` seconds (15 if it is not set), from
//! `GUILDPOINTS_INSTANCES_SEED` where that is set. An hour of it:
//! `GUILDPOINTS_INSTANCES_SECONDS=3600 cargo test --test instances random -- --nocapture`.
//!
//! Without a PostgreSQL server to start the tests say so and prove nothing; under
//! `GUILDPOINTS_TEST_ALL=1` they fail.

mod boards;
#[path = "../support/cable.rs"]
mod cable;
mod chance;
mod fencing;
mod instance;
#[path = "../support/postgres.rs"]
mod postgres;
mod random;
mod stage;
mod takeover;
