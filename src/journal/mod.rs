//! The memory of the house: every change of points before it happens, what came of it, and what was
//! said about it.
//!
//! Invariants:
//! - An intent is on disk, with its id and the time of sending, before anybody holds its `Ticket`.
//! - A cause has one row for ever; a second opening of it gets the row, never a ticket.
//! - Caps are counted in the transaction that writes the intent, so two givers cannot share what is
//!   left of a quota.
//! - A settled entry never changes its verdict.
//!
//! Deliberately absent: calls to a points system, sentences for people, and SQL outside `sqlite`.

mod entry;

pub use entry::*;
