//! A record batch and its records.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| milena_fuzz::batches::run(input));
