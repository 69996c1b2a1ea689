//! Points systems behind one set of abilities, and the protocol that makes a change happen once.
//!
//! Invariants: what a system lacks cannot be called; a change needs a `Ticket`; an outcome is one of
//! applied, refused, not sent, unknown, and unknown is never turned into a refusal by a time-out.

mod backend;
pub mod mall;
pub mod sign;

pub use backend::*;
