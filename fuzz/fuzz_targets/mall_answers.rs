//! Answers of the mall. What has to hold stands in `targets::mall_answers`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::mall_answers::check(input));
