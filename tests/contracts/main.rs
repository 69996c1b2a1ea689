//! One behaviour suite for each trait, to be run on each implementation.
//!
//! The store suite (`store/`) is written against the journal's public face. All of it but
//! `store/sqlite.rs` knows of the engine only what `Home` says, so a second engine is a second kind
//! of `Home`.

mod store;
