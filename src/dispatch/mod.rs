//! From an event to an answer.
