//! The client of the mall over real HTTP, against a scripted mall that speaks and checks in words of
//! its own.

#[path = "../support/minting.rs"]
mod minting;
#[path = "../support/scripted.rs"]
mod scripted;

mod access;
mod batches;
mod changes;
mod limits;
mod lookups;
mod reads;
mod server;
mod world;
