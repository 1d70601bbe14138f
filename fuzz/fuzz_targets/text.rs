#![no_main]
//! The target `text` of `tests/src/bin/fuzz/targets.rs`, for libFuzzer.

#[path = "../../tests/src/bin/fuzz/targets.rs"]
#[allow(dead_code)]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (targets::ALL[2].run)(bytes));
