//! The imitated mall over real HTTP, signed by a third small implementation of the rules.

mod books;
mod checks;
mod control;
mod faults;
mod late;
mod operations;
mod shapes;
mod stage;
