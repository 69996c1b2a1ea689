//! Frames as the platform spells them.
