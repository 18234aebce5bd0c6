//! gzip: one plain member.

use super::read_to_limit;
use flate2::bufread::MultiGzDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

/// What Java writes for "the level that zlib thinks best".
pub(super) const OWN_DEFAULT: i32 = -1;
/// The largest window there is, 32 KiB.
const WINDOW_BITS: u8 = 15;

/// One deflate context, for the level that was asked last.
#[derive(Default)]
pub(super) struct Gzip {
    context: Option<(i32, Compress)>,
}

impl Gzip {
    pub(super) fn compress(&mut self, level: i32, records: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (_, context) = match &mut self.context {
            Some(kept) if kept.0 == level => {
                kept.1.reset();
                kept
            }
            other => {
                let compression = u32::try_from(level).map_or_else(|_| Compression::default(), Compression::new);
                other.insert((level, Compress::new_gzip(compression, WINDOW_BITS)))
            }
        };
        loop {
            let read = usize::try_from(context.total_in()).ok()?;
            // A batch seldom grows: at worst by 5 bytes in 16 KiB and the 18 of the frame.
            out.reserve(records.len() - read + records.len() / 1024 + 64);
            if context.compress_vec(records.get(read..)?, out, FlushCompress::Finish).ok()? == Status::StreamEnd {
                return Some(());
            }
        }
    }
}

pub(super) fn decompress(compressed: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<()> {
    read_to_limit(MultiGzDecoder::new(compressed), limit, out)
}
