//! zstd: one frame without a dictionary, its content size in its header, so that a reader needs no window beside it.

use super::read_to_limit;
use std::io::Cursor;
use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;
use zstd::zstd_safe::compress_bound;

/// One context, at the level that was asked last.
#[derive(Default)]
pub(super) struct Zstd {
    context: Option<(i32, Compressor<'static>)>,
}

impl Zstd {
    pub(super) fn compress(&mut self, level: i32, records: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (_, context) = match &mut self.context {
            Some(kept) => {
                if kept.0 != level {
                    kept.1.set_compression_level(level).ok()?;
                    kept.0 = level;
                }
                kept
            }
            none => none.insert((level, Compressor::new(level).ok()?)),
        };
        out.reserve(compress_bound(records.len()));
        let mut end = Cursor::new(&mut *out);
        end.set_position(end.get_ref().len() as u64);
        context.compress_to_buffer(records, &mut end).ok().map(drop)
    }
}

/// The library refuses windows above 128 MiB, and touches no more of one than the content fills.
pub(super) fn decompress(compressed: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<()> {
    read_to_limit(Decoder::with_buffer(compressed).ok()?, limit, out)
}
