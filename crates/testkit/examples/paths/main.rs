//! The paths whose instructions `cargo xtask guards` counts: `paths PATH TIMES`.
//!
//! Callgrind counts only what happens below the one function that has the path's name: that is why each is a function of
//! its own, and never inlined.

#![allow(clippy::unwrap_used, reason = "a program that panics has measured nothing, as it should")]

mod handle;
mod stage;

use milena_core::{Accumulator, Batch, Claim, Hook, Record, Sealed, Timestamp};
use milena_wire::compression::{Codec, Compression, Compressor};
use stage::{Stage, TOPIC};
use std::hint::black_box;
use std::sync::Arc;

/// Records in a batch.
const RECORDS: u64 = 1_000;
const LZ4: Compression = Compression { codec: Codec::Lz4, level: None };

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap();
    let times: u64 = arguments.next().unwrap().parse().unwrap();
    if path.starts_with("send") || path.starts_with("topic") {
        handle::run(&path, times);
    }
    let mut stage = Stage::new(if path == "seal" { LZ4 } else { Compression::NONE });
    let hook: Hook = Arc::new(|token, result| {
        black_box((token, result.is_ok()));
    });
    let key = (path == "append_keyed").then_some(&b"a key of 16 byte"[..]);
    // Every time a batch is filled, sent, and acknowledged by the cluster in memory.
    for time in 0..times {
        append(&mut stage.accumulator, key, &hook, time * RECORDS);
        request(&mut stage);
        let answer = stage.answer();
        acknowledge(&mut stage, &answer);
        stage.ends_idle();
    }
}

/// A batch full of records, each with a hook.
#[inline(never)]
fn append(accumulator: &mut Accumulator, key: Option<&[u8]>, hook: &Hook, first_token: u64) {
    for token in first_token..first_token + RECORDS {
        let mut record = Record::to(black_box(TOPIC)).partition(0).value(black_box(&[b'v'; 100]));
        record.key = key;
        let claim = Claim::Hook(hook, token);
        let appended = accumulator.append(&record, claim, None, stage::NOW, Timestamp(stage::WALL_MS));
        assert!(appended.is_ok());
    }
}

/// From the open batch to the pieces of the request, its header and its checksum in it.
#[inline(never)]
fn request(stage: &mut Stage) {
    stage.exchange();
}

/// From the bytes of the answer to the hooks, and to the memory that is free again.
#[inline(never)]
fn acknowledge(stage: &mut Stage, answer: &[u8]) {
    stage.hear(answer);
}

/// A batch compressed. Part of `request`, and counted where it is asked for by name.
#[inline(never)]
fn seal(batch: Batch, compression: Compression, compressor: &mut Compressor) -> Sealed {
    batch.seal(compression, compressor)
}
