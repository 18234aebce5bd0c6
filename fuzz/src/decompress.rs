//! Five codecs on any bytes: nothing above the limit that was given.

use crate::memory::within;
use milena_wire::compression::{Codec, decompress};

const LIMIT: usize = 1 << 16;
/// What the codecs' own contexts and windows may take, beside what they write.
const CONTEXTS: usize = 24 << 20;

/// Opens them with the codec that the number names.
pub fn run((codec, bytes): (u8, &[u8])) {
    let Some(codec) = Codec::from_id(codec % 5) else { return };
    let mut out = Vec::new();
    let read = within(CONTEXTS + 4 * LIMIT, || decompress(codec, bytes, LIMIT, &mut out));
    assert!(out.len() <= LIMIT || read.is_err(), "{} bytes came out", out.len());
}
