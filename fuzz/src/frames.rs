//! The frame splitter, in chunks of any size: the same frames as in one piece, and no memory for what was announced.

use crate::memory::{Peak, received};
use milena_wire::frame::{FrameError, FrameSplitter};

const LIMIT: usize = 1 << 16;

/// What came out: how many frames, and a number made of all their bytes; and what stopped it.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    frames: usize,
    content: u64,
    error: Option<FrameError>,
}

fn frames(bytes: &[u8], chunk: usize) -> Found {
    let mut peak = Peak::default();
    let found = cut(bytes, chunk, &mut peak);
    assert!(peak.bytes <= received(bytes), "{} bytes held for {} received", peak.bytes, bytes.len());
    found
}

fn cut(bytes: &[u8], chunk: usize, peak: &mut Peak) -> Found {
    let mut splitter = FrameSplitter::new(LIMIT);
    let mut found = Found { frames: 0, content: 0, error: None };
    for bytes in bytes.chunks(chunk) {
        peak.step(|| splitter.push(bytes));
        loop {
            match peak.step(|| splitter.next_frame()) {
                Ok(Some(frame)) => {
                    found.frames += 1;
                    let mix = |mix: u64, byte: &u8| mix.wrapping_mul(31).wrapping_add((*byte).into());
                    found.content = frame.iter().fold(found.content.rotate_left(7), mix);
                }
                Ok(None) => break,
                Err(error) => return Found { error: Some(error), ..found },
            }
        }
    }
    found
}

/// Cuts the same bytes twice: in one piece, and in many.
pub fn run((chunk, bytes): (u8, &[u8])) {
    let whole = frames(bytes, usize::MAX);
    let pieces = frames(bytes, usize::from(chunk) + 1);
    assert_eq!(whole, pieces);
}
