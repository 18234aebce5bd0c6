//! Every response that is generated, in every version.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, u8, &[u8])| milena_fuzz::responses::run(input));
