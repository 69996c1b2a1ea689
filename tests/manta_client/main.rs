//! The client of MantaGO over real HTTP, against a scripted service that speaks and checks in words of
//! its own.

#[path = "../support/minting.rs"]
mod minting;
#[path = "../support/scripted.rs"]
mod scripted;

mod attempts;
mod gathering;
mod lists;
mod pair;
mod refusals;
mod renewing;
mod server;
mod world;
