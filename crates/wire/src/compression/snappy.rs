//! Snappy: written in the chunks of xerial's Java library, as Java does; read in chunks or as one raw block, as
//! librdkafka and franz-go write it.
//!
//! ```text
//! 82 "SNAPPY" 00 │ version i32 = 1 │ compatible with i32 = 1 │ chunks: length i32, a raw block
//! ```

use super::append_block;
use crate::buf::Reader;
use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

const MAGIC: &[u8] = b"\x82SNAPPY\0";
/// What Java cuts at: a broker or consumer needs no more memory at once.
const CHUNK: usize = 32 << 10;
/// The densest that snappy can say is a copy of 64 bytes in three.
const EXPANSION_MAX: usize = 22;

/// The hash tables, and room for one compressed chunk.
pub(super) struct Snappy {
    encoder: Encoder,
    chunk: Vec<u8>,
}

impl Default for Snappy {
    fn default() -> Self {
        Self { encoder: Encoder::new(), chunk: Vec::new() }
    }
}

impl Snappy {
    pub(super) fn compress(&mut self, records: &[u8], out: &mut Vec<u8>) -> Option<()> {
        self.chunk.resize(max_compress_len(CHUNK), 0);
        out.reserve(16 + records.len().div_ceil(CHUNK) * 4 + max_compress_len(records.len()));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&1i32.to_be_bytes());
        out.extend_from_slice(&1i32.to_be_bytes());
        for chunk in records.chunks(CHUNK) {
            let size = self.encoder.compress(chunk, &mut self.chunk).ok()?;
            out.extend_from_slice(&i32::try_from(size).ok()?.to_be_bytes());
            out.extend_from_slice(self.chunk.get(..size)?);
        }
        Some(())
    }
}

pub(super) fn decompress(compressed: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<()> {
    let Some(chunks) = compressed.strip_prefix(MAGIC) else { return decompress_block(compressed, limit, out) };
    let end = out.len().checked_add(limit)?;
    let mut reader = Reader::new(chunks);
    reader.take(8).ok()?; // the versions, which have never been anything but 1
    while reader.remaining() > 0 {
        let size = usize::try_from(reader.i32().ok()?).ok()?;
        decompress_block(reader.take(size).ok()?, end - out.len(), out)?;
    }
    Some(())
}

fn decompress_block(block: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<()> {
    let announced = decompress_len(block).ok()?;
    if announced > limit || announced > block.len().saturating_mul(EXPANSION_MAX) {
        return None;
    }
    append_block(out, announced, |room| Decoder::new().decompress(block, room).ok())
}
