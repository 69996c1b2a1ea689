//! What has to hold for every input, one file a fuzz target.
//!
//! `fuzz_targets/` feeds these from libFuzzer, `tests/corpora.rs` feeds them every file of the corpora
//! on the stable toolchain. Each `check` panics where something does not hold, and returns for whatever
//! it has nothing to say of.
//!
//! Invariant: what is expected of an input is worked out here in another way than the program's own,
//! so that one mistake is not made on both sides.

pub mod command_text;
pub mod frames;
pub mod mall_answers;
pub mod settings;
