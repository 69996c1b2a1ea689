//! Chance that can be repeated: SplitMix64, whose whole state is one number.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::ops::Range;

pub struct Chance(u64);

impl Chance {
    /// From the variable `name`, or from what the system calls random; printed either way.
    pub fn from_environment(name: &str) -> Self {
        let seed = match std::env::var(name) {
            Ok(digits) => digits.parse().expect("a seed is a number"),
            Err(_) => RandomState::new().hash_one(name) >> 32,
        };
        println!("{name}={seed}");
        Self(seed)
    }

    pub fn number(&mut self, range: Range<u64>) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        range.start + mixed % (range.end - range.start)
    }

    pub fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.number(0..things.len() as u64) as usize]
    }
}
