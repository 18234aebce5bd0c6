//! The frame splitter, in chunks of any size.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| milena_fuzz::frames::run(input));
