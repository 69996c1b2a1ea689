//! One behaviour suite for each trait, run on each implementation.
//!
//! The store suite (`store/`) is written against the journal's public face. All of it but
//! `store/sqlite.rs`, `store/log.rs`, `store/postgres.rs`, `store/cut.rs`, `store/refusals.rs` and
//! `store/troubled.rs` knows of the engine only what `Home` says. The suite of points systems
//! (`points/`) is written against `PointsBackend`.

// First, for its macro.
#[macro_use]
mod store;

#[path = "../support/cable.rs"]
mod cable;
mod points;
#[path = "../support/postgres.rs"]
mod postgres;
