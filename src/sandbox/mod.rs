//! The world in miniature: an imitation of the chat platform and the points mall, over the real
//! wires and in its own words.

pub mod pages;
