//! What we write is what the Java client writes, and what it wrote reads as what it meant.

use bytes::Bytes;
use kafka_protocol::records::RecordBatchDecoder;
use milena_wire::buf::Reader;
use milena_wire::compression::{Codec, Compression, Compressor, decompress};
use milena_wire::record::{Header, RecordView, Records};
use milena_wire::record_batch::{BatchHeader, RecordBatch, TimestampType};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

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

/// What the index says of a record.
fn described(record: &Value) -> (i64, i64, Value, Value, Value) {
    let number = |field: &str| record[field].as_i64().expect("a number");
    (number("offset"), number("timestamp"), record["key"].clone(), record["value"].clone(), record["headers"].clone())
}

/// A batch's records, in the form of the index.
fn read(batch: &RecordBatch<'_>) -> Vec<(i64, i64, Value, Value, Value)> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut records = Vec::new();
    decompress(batch.header.codec, batch.body, 1 << 20, &mut records).expect("decompresses");
    Records::new(&records)
        .map(|record| {
            let record = record.expect("a record");
            let headers: Vec<_> = record
                .headers()
                .map(|header| header.map(|header| json!([header.key, header.value.map(hex)])).expect("a header"))
                .collect();
            let timestamp = match batch.header.timestamp_type {
                TimestampType::CreateTime => batch.header.base_timestamp + record.timestamp_delta,
                TimestampType::LogAppendTime => batch.header.max_timestamp,
            };
            let offset = batch.header.base_offset + i64::from(record.offset_delta);
            (offset, timestamp, json!(record.key.map(hex)), json!(record.value.map(hex)), json!(headers))
        })
        .collect()
}

/// Java's batches of six shapes in every codec, with what Java reads in them.
fn golden() -> Vec<(Value, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/batches");
    let index = fs::read_to_string(folder.join("index.jsonl")).expect("an index");
    let batches: Vec<_> = index
        .lines()
        .map(|line| {
            let entry: Value = serde_json::from_str(line).expect("JSON");
            let bytes =
                fs::read(folder.join(entry.get("file").and_then(Value::as_str).expect("a file"))).expect("a batch");
            (entry, bytes)
        })
        .collect();
    assert_eq!(batches.len(), 30);
    batches
}

#[test]
fn javas_batches_read_as_java_reads_them() {
    for (entry, bytes) in golden() {
        let mut reader = Reader::new(&bytes);
        let batch = RecordBatch::decode(&mut reader).unwrap();
        assert_eq!((reader.remaining(), batch.verify_crc()), (0, Ok(())), "{}", entry["file"]);
        let header = batch.header;
        let timestamp_type = match header.timestamp_type {
            TimestampType::CreateTime => "CreateTime",
            TimestampType::LogAppendTime => "LogAppendTime",
        };
        let ours = json!({
            "crc": batch.crc,
            "codec": header.codec.name(),
            "baseOffset": header.base_offset,
            "lastOffset": header.base_offset + i64::from(header.last_offset_delta),
            "partitionLeaderEpoch": header.partition_leader_epoch,
            "timestampType": timestamp_type,
            "maxTimestamp": header.max_timestamp,
            "producerId": header.producer_id,
            "producerEpoch": header.producer_epoch,
            "baseSequence": header.base_sequence,
            "transactional": header.transactional,
            "control": header.control,
        });
        for (field, value) in ours.as_object().unwrap() {
            assert_eq!(value, &entry[field], "{field} of {}", entry["file"]);
        }
        let theirs: Vec<_> = entry["records"].as_array().unwrap().iter().map(described).collect();
        assert_eq!(usize::try_from(header.record_count).unwrap(), theirs.len());
        assert_eq!(read(&batch), theirs, "{}", entry["file"]);
    }
}

#[test]
fn what_we_write_is_what_java_wrote() {
    let mut compressor = Compressor::default();
    for (entry, bytes) in golden() {
        let batch = RecordBatch::decode(&mut Reader::new(&bytes)).unwrap();
        let mut records = Vec::new();
        decompress(batch.header.codec, batch.body, 1 << 20, &mut records).unwrap();

        let mut written = Vec::new();
        for record in Records::new(&records) {
            let record = record.unwrap();
            RecordView {
                timestamp_delta: record.timestamp_delta,
                offset_delta: record.offset_delta,
                key: record.key,
                value: record.value,
                headers: record.headers().map(Result::unwrap),
            }
            .encode(&mut written);
        }
        assert_eq!(written, records, "records of {}", entry["file"]);

        let codec = batch.header.codec;
        let mut body = Vec::new();
        compressor.compress(Compression { codec, level: None }, &written, &mut body).unwrap();
        let ours = [&batch.header.encode(&body)[..], &body].concat();
        if codec == Codec::None {
            assert_eq!(ours, bytes, "{}", entry["file"]);
        }
        let ours = RecordBatch::decode(&mut Reader::new(&ours)).unwrap();
        assert_eq!((ours.header, ours.verify_crc()), (batch.header, Ok(())));
        assert_eq!(read(&ours), read(&batch), "{}", entry["file"]);
    }
}

/// A third implementation. It keeps one value a header key, so duplicates are left to the Java client.
#[test]
fn another_implementation_reads_what_we_write() {
    let mut body = Vec::new();
    append(&mut body, (0, 0), Some("k1"), Some("v1"), &[("h1", Some(b"x")), ("h2", None)]);
    append(&mut body, (-70_000, 1), None, None, &[]);
    append(&mut body, (5, 2), Some(""), Some(&"long".repeat(5000)), &[]);
    let header = BatchHeader {
        last_offset_delta: 2,
        base_timestamp: 1_700_000_000_000,
        max_timestamp: 1_700_000_000_005,
        producer_id: 4711,
        producer_epoch: 3,
        base_sequence: 17,
        record_count: 3,
        transactional: true,
        ..BatchHeader::default()
    };
    let mut bytes = Bytes::from([&header.encode(&body)[..], &body].concat());
    let read = RecordBatchDecoder::decode(&mut bytes).unwrap().records;
    let text = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    let read: Vec<_> = read
        .iter()
        .map(|record| {
            assert!(record.transactional && !record.control);
            assert_eq!((record.producer_id, record.producer_epoch), (4711, 3));
            let headers = record.headers.iter().map(|(key, value)| (key.to_string(), text(value))).collect();
            (record.timestamp, record.offset, record.sequence, text(&record.key), text(&record.value), headers)
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    let headers: Vec<_> = vec![("h1".to_owned(), some("x")), ("h2".to_owned(), None)];
    assert_eq!(
        read,
        [
            (1_700_000_000_000, 0, 17, some("k1"), some("v1"), headers),
            (1_699_999_930_000, 1, 18, None, None, vec![]),
            (1_700_000_000_005, 2, 19, some(""), some(&"long".repeat(5000)), vec![]),
        ]
    );
}
