//! Texts of messages. What has to hold stands in `targets::command_text`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::command_text::check(input));
