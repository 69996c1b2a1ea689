//! Settings files. What has to hold stands in `targets::settings`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::settings::check(input));
