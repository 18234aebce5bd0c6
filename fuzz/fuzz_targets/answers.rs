//! The answers that the producer reads where they lie.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, u8, &[u8])| milena_fuzz::answers::run(input));
