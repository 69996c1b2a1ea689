//! The client of the mall over real HTTP, against a scripted mall that speaks and checks in words of
//! its own.

mod access;
mod batches;
mod changes;
mod limits;
mod lookups;
mod reads;
mod server;
mod world;
