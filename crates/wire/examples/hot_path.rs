//! What the hot path costs, in CPU time of one thread: `cargo run --release -p milena-wire --example hot_path`.
//!
//! Prints the least of several runs, in nanoseconds per record or per batch.

use bytes::Bytes;
use milena_wire::buf::Uuid;
use milena_wire::compression::{Codec, Compression, Compressor};
use milena_wire::produce::{PartitionBatch, RequestParts, encode_request};
use milena_wire::record::{Header, RecordView, Records};
use milena_wire::record_batch::BatchHeader;
use std::hint::black_box;
use std::time::Instant;

const RUNS: usize = 9;

fn main() {
    copy();
    for (size, key) in [(100, false), (100, true), (1024, false), (1024, true)] {
        let name = format!("encode {size} B value{}", if key { ", key" } else { "" });
        encode(&name, size, key, &[]);
    }
    encode("encode 100 B value, key, 2 headers", 100, true, &[("trace", b"0123456789abcdef"), ("kind", b"order")]);
    for kib in [16, 128] {
        let body = vec![7u8; kib << 10];
        report(&format!("header and CRC of a {kib} KiB batch"), 100_000, |times| {
            for _ in 0..times {
                let header = black_box(BatchHeader::default());
                black_box(header.encode(black_box(&body)));
            }
        });
    }
    walk();
    request();
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        compress(codec);
    }
}

/// What nobody can go below: the value's bytes alone.
fn copy() {
    let value = vec![b'v'; 100];
    let mut batch = Vec::with_capacity(64 << 10);
    report("copy a 100 B value", 4_000_000, |times| {
        for _ in 0..times {
            let value = black_box(&value);
            if batch.capacity() - batch.len() < value.len() {
                black_box(&batch);
                batch.clear();
            }
            batch.extend_from_slice(value);
        }
    });
}

/// Fills 64 KiB batches, as an accumulator does.
fn encode(name: &str, size: usize, key: bool, headers: &[(&str, &[u8])]) {
    let value = vec![b'v'; size];
    let key = key.then_some(&b"user-1234567"[..]);
    let mut batch = Vec::with_capacity(64 << 10);
    let mut count = 0;
    report(name, 4_000_000, |times| {
        for n in 0..times {
            let headers = black_box(headers).iter().map(|&(key, value)| Header { key, value: Some(value) });
            let record = RecordView {
                timestamp_delta: n as i64 & 0xfff,
                offset_delta: count,
                key: black_box(key),
                value: black_box(Some(&value)),
                headers,
            };
            if batch.capacity() - batch.len() < record.encoded_len() {
                black_box(&batch);
                batch.clear();
                count = 0;
            }
            record.encode(&mut batch);
            count += 1;
        }
    });
}

fn walk() {
    let mut body = Vec::new();
    for n in 0..500 {
        let headers = std::iter::empty();
        let value = Some(&[7u8; 100][..]);
        RecordView { timestamp_delta: 1, offset_delta: n, key: None, value, headers }.encode(&mut body);
    }
    report("read a 100 B record", 1_000_000, |times| {
        for _ in 0..times / 500 {
            assert_eq!(Records::new(black_box(&body)).filter(Result::is_ok).count(), 500);
        }
    });
}

fn request() {
    let body = Bytes::from(vec![7u8; 16 << 10]);
    let header = BatchHeader::default().encode(&body);
    let batches: Vec<_> = (0..16)
        .map(|index| PartitionBatch { topic: "orders", topic_id: Uuid([1; 16]), index, header: &header, body: &body })
        .collect();
    let parts =
        RequestParts { correlation_id: 1, client_id: Some("client"), acks: -1, timeout_ms: 1, transactional_id: None };
    report("a request of 16 batches, per batch", 16 * 20_000, |times| {
        for _ in 0..times / 16 {
            black_box(encode_request(12, black_box(&parts), black_box(&batches))).expect("a request");
        }
    });
}

fn compress(codec: Codec) {
    let mut compressor = Compressor::default();
    for kib in [16, 128] {
        let records: Vec<u8> = (0..)
            .flat_map(|n: u64| {
                let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                format!(
                    r#"{{"user":{},"event":"click","page":"/item/{}","at":17000{n}}}"#,
                    mixed >> 50,
                    mixed >> 40 & 0x3ff
                )
                .into_bytes()
            })
            .take(kib << 10)
            .collect();
        let mut out = Vec::new();
        let name = format!("{codec:?} of a {kib} KiB batch");
        report(&name, 32_000 / kib, |times| {
            for _ in 0..times {
                out.clear();
                let compression = Compression { codec, level: None };
                compressor.compress(compression, black_box(&records), &mut out).expect("compresses");
            }
        });
        println!("{:42} {:9.2} times smaller", "", records.len() as f64 / out.len() as f64);
    }
}

fn report(name: &str, times: usize, mut run: impl FnMut(usize)) {
    let least = (0..RUNS)
        .map(|_| {
            let before = cpu_ns();
            run(times);
            cpu_ns() - before
        })
        .min();
    println!("{name:42} {:9.1} ns", least.unwrap_or(0) as f64 / times as f64);
}

/// CPU time of this thread where Linux tells it, else the clock's.
fn cpu_ns() -> u128 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_else(|| {
            static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
            START.get_or_init(Instant::now).elapsed().as_nanos()
        })
}
