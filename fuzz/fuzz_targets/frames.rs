//! Frames of the gateway. What has to hold stands in `targets::frames`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::frames::check(input));
