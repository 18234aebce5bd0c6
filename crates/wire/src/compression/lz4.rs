//! LZ4: one frame of independent 64 KiB blocks without checksums, exactly as Java writes it, so that its header is a
//! constant and only the block format is left to the library.
//!
//! ```text
//! 04 22 4d 18 │ FLG 60 │ BD 40 │ checksum of FLG and BD 82 │ blocks: length u32 LE (high bit: stored), bytes │ 0 u32
//! ```

use super::append_block;
use crate::buf::Reader;
use ::lz4::block::{CompressionMode, compress_to_buffer};
use lz4_flex::block::{CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size};

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
const HEADER: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const BLOCK: usize = 64 << 10;
/// The level that in Java is not HC but the fast compressor (KIP-390), and the default.
const FAST: i32 = 9;
/// In a block's length: the block could not be made smaller and lies there as it is.
const STORED: u32 = 1 << 31;
/// The densest that LZ4 can say: each further byte of a match's length stands for 255.
const EXPANSION_MAX: usize = 255;

/// The hash table, and room for one compressed block.
#[derive(Default)]
pub(super) struct Lz4 {
    table: CompressTable,
    block: Vec<u8>,
}

impl Lz4 {
    /// At the fast level with a table that is used again; at any other, as Java, with LZ4 HC, whose own context costs far
    /// less than its work.
    pub(super) fn compress(&mut self, level: i32, records: &[u8], out: &mut Vec<u8>) -> Option<()> {
        self.block.resize(get_maximum_output_size(BLOCK), 0);
        out.reserve(HEADER.len() + records.len() + (records.len().div_ceil(BLOCK) + 1) * 4);
        out.extend_from_slice(&HEADER);
        for block in records.chunks(BLOCK) {
            let size = if level == FAST {
                compress_into_with_table(block, &mut self.block, &mut self.table).ok()?
            } else {
                compress_to_buffer(block, Some(CompressionMode::HIGHCOMPRESSION(level)), false, &mut self.block).ok()?
            };
            let (written, stored) = if size < block.len() { (self.block.get(..size)?, 0) } else { (block, STORED) };
            out.extend_from_slice(&(u32::try_from(written.len()).ok()? | stored).to_le_bytes());
            out.extend_from_slice(written);
        }
        out.extend_from_slice(&[0; 4]);
        Some(())
    }
}

/// Reads any single frame of independent blocks. Checksums are passed over: the batch's own covers these bytes.
pub(super) fn decompress(compressed: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<()> {
    let end = out.len().checked_add(limit)?;
    let mut reader = Reader::new(compressed);
    let frame = Frame::decode(&mut reader)?;
    loop {
        let size = reader.u32().ok()?.swap_bytes();
        if size == 0 {
            break;
        }
        let block = reader.take((size & !STORED) as usize).ok()?;
        let room = frame.block_max.min(end - out.len());
        if size & STORED == 0 {
            let most = room.min(block.len().saturating_mul(EXPANSION_MAX));
            append_block(out, most, |room| decompress_into(block, room).ok())?;
        } else if block.len() <= room {
            out.extend_from_slice(block);
        } else {
            return None;
        }
        reader.take(frame.block_checksum).ok()?;
    }
    reader.take(frame.content_checksum).ok()?;
    reader.finish().ok()
}

/// What a frame's header says about what follows.
struct Frame {
    /// Bytes of the largest block, decompressed.
    block_max: usize,
    /// Bytes of the checksum behind each block.
    block_checksum: usize,
    /// Bytes of the checksum behind the last block.
    content_checksum: usize,
}

impl Frame {
    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.take(MAGIC.len()).ok()? != MAGIC {
            return None;
        }
        let flags = reader.u8().ok()?;
        let flag = |bit: u8| flags & 1 << bit != 0;
        let block_max = match reader.u8().ok()? >> 4 & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return None,
        };
        let version = flags >> 6;
        let (independent, dictionary) = (flag(5), flag(0));
        if version != 1 || !independent || dictionary {
            return None;
        }
        let content_size = if flag(3) { 8 } else { 0 };
        let header_checksum = 1;
        reader.take(content_size + header_checksum).ok()?;
        let checksum = |bit| if flag(bit) { 4 } else { 0 };
        Some(Self { block_max, block_checksum: checksum(4), content_checksum: checksum(2) })
    }
}
