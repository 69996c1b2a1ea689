//! Boards as pictures and cards: what they look like, and that every form says the same.
//!
//! A picture needs fonts: Debian's `fonts-noto-cjk` and `fonts-noto-color-emoji`. Without them these
//! tests are skipped with a word on standard error, and fail where `GUILDPOINTS_TEST_ALL=1` is set.
//! Pictures that were drawn are left in the build's folder for test data, to be looked at.

mod golden;
mod names;
mod saying;
mod stage;
