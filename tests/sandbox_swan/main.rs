//! The imitated Swan over real HTTP, asked by hand-written requests.

mod books;
mod checks;
mod control;
mod faults;
mod ledger;
mod shapes;
mod stage;
mod wire;
