//! The chat platform: one websocket in, the Bot API out.
//!
//! Invariants: frames and answers are decoded here and nowhere else; ids go out exactly as each
//! method wants them; the bot's tokens never leave this room. Deliberately absent: commands, points.

pub mod api;
pub mod gateway;
pub mod text;
pub mod wire;

pub use wire::Event;
