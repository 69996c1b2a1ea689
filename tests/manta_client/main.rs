//! The client of MantaGO over real HTTP, against a scripted service that speaks and checks in words of
//! its own.

mod attempts;
mod gathering;
mod lists;
mod pair;
mod refusals;
mod renewing;
mod server;
mod world;
