//! The frame splitter, in chunks of any size: the same frames as in one piece, and no memory for what was announced.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milena_fuzz::within;
use milena_wire::frame::{FrameError, FrameSplitter};

const LIMIT: usize = 1 << 16;

fn frames(bytes: &[u8], chunk: usize) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut splitter = FrameSplitter::new(LIMIT);
    let mut frames = Vec::new();
    for bytes in bytes.chunks(chunk) {
        splitter.push(bytes);
        loop {
            match splitter.next_frame() {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (chunk, bytes) = input;
    // A frame of no bytes takes four, and a vector of three words and a shared buffer's head.
    let allowed = 64 * bytes.len() + 4_096;
    let whole = within(allowed, || frames(bytes, usize::MAX));
    let pieces = within(allowed, || frames(bytes, usize::from(chunk) + 1));
    assert_eq!(whole, pieces);
});
