//! Five codecs on any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| milena_fuzz::decompress::run(input));
