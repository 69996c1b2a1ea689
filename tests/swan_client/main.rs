//! The client of Swan over real HTTP, against a scripted installation that speaks and checks in words
//! of its own.

#[path = "../support/minting.rs"]
mod minting;
#[path = "../support/scripted.rs"]
mod scripted;

mod changes;
mod histories;
mod lookups;
mod reads;
mod reports;
mod secrecy;
mod server;
mod spellings;
mod starting;
mod world;
