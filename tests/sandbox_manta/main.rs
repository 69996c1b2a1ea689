//! The imitated Manta over real HTTP, asked by hand-written requests.

mod checks;
mod control;
mod faults;
mod points;
mod refresh;
mod stage;
#[path = "../sandbox_swan/wire.rs"]
mod wire;
