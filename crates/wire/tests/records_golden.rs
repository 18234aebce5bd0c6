//! What we write is what the Java client writes, and what it wrote reads as what it meant.

use milena_wire::record::{Header, RecordView};
use milena_wire::record_batch::BatchHeader;

type Headers<'a> = &'a [(&'a str, Option<&'a [u8]>)];

fn append(body: &mut Vec<u8>, deltas: (i64, i32), key: Option<&str>, value: Option<&str>, headers: Headers<'_>) {
    RecordView {
        timestamp_delta: deltas.0,
        offset_delta: deltas.1,
        key: key.map(str::as_bytes),
        value: value.map(str::as_bytes),
        headers: headers.iter().map(|&(key, value)| Header { key, value }),
    }
    .encode(body);
}

fn hex(header: &BatchHeader, body: &[u8]) -> String {
    header.encode(body).iter().chain(body).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn one_record_without_idempotence() {
    let mut body = Vec::new();
    append(&mut body, (0, 0), None, Some("hello"), &[]);
    let header = BatchHeader {
        base_timestamp: 1_700_000_000_000,
        max_timestamp: 1_700_000_000_000,
        record_count: 1,
        ..BatchHeader::default()
    };
    assert_eq!(
        hex(&header, &body),
        "00000000000000000000003dffffffff02e641a44b0000000000000000018bcfe568000000018bcfe56800\
         ffffffffffffffffffffffffffff0000000116000000010a68656c6c6f00"
    );
}

#[test]
fn an_earlier_timestamp_nulls_and_headers_under_a_producer_id() {
    let mut body = Vec::new();
    append(&mut body, (0, 0), Some("k1"), Some("v1"), &[]);
    append(&mut body, (-1, 1), None, None, &[]);
    append(&mut body, (4000, 2), Some("k3"), Some(""), &[("h1", Some(b"x")), ("h2", None)]);
    let header = BatchHeader {
        last_offset_delta: 2,
        base_timestamp: 1000,
        max_timestamp: 5000,
        producer_id: 4660,
        producer_epoch: 7,
        base_sequence: 100,
        record_count: 3,
        ..BatchHeader::default()
    };
    assert_eq!(
        hex(&header, &body),
        "000000000000000000000056ffffffff02d72b994200000000000200000000000003e800000000000013880000000000001234\
         0007000000640000000314000000046b31047631000c0001020101002400c03e04046b330004046831027804683201"
    );
}

#[test]
fn empty_key_and_value_without_a_timestamp_in_a_transaction() {
    let mut body = Vec::new();
    append(&mut body, (0, 0), Some(""), Some(""), &[]);
    let header = BatchHeader {
        transactional: true,
        base_timestamp: -1,
        producer_id: 1,
        producer_epoch: 0,
        base_sequence: 0,
        record_count: 1,
        ..BatchHeader::default()
    };
    assert_eq!(
        hex(&header, &body),
        "000000000000000000000038ffffffff027d558335001000000000ffffffffffffffffffffffffffffffff\
         0000000000000001000000000000000000010c000000000000"
    );
}
