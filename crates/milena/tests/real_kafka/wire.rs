//! Every version of our Produce request, taken by a real broker.

use crate::kafka::Kafka;
use bytes::Bytes;
use milena_wire::buf::{Reader, Uuid};
use milena_wire::error_code::ErrorCode;
use milena_wire::frame::ResponseHeader;
use milena_wire::produce::{PartitionBatch, RequestParts, VERSIONS, decode_response, encode_request};
use milena_wire::record::RecordView;
use milena_wire::record_batch::BatchHeader;
use milena_wire::version::ApiKey;
use std::iter::empty;

const TIMESTAMP: i64 = 1_700_000_000_000;

/// A batch of one record.
fn batch_of(value: &str) -> (BatchHeader, Bytes) {
    let mut body = Vec::new();
    let record = RecordView {
        timestamp_delta: 0,
        offset_delta: 0,
        key: Some(b"key"),
        value: Some(value.as_bytes()),
        headers: empty(),
    };
    record.encode(&mut body);
    let header =
        BatchHeader { base_timestamp: TIMESTAMP, max_timestamp: TIMESTAMP, record_count: 1, ..BatchHeader::default() };
    (header, body.into())
}

#[test]
fn a_broker_takes_every_version_of_our_produce_request() {
    takes_every_version(&Kafka::one(), 1);
}

#[test]
fn replicas_take_every_version_of_our_produce_request() {
    takes_every_version(&Kafka::three(), 3);
}

fn takes_every_version(kafka: &Kafka, replicas: i16) {
    let topic = kafka.create_topic(1, replicas, &[]);
    let topic_id = Uuid(kafka.topic_id(&topic));
    let mut connection = kafka.connect_to_leader(&topic, 0);
    for version in VERSIONS.min..=VERSIONS.max {
        let (header, body) = batch_of(&format!("version {version}"));
        let header = header.encode(&body);
        let parts = RequestParts {
            correlation_id: i32::from(version),
            client_id: Some("real-kafka"),
            acks: -1,
            timeout_ms: 30_000,
            transactional_id: None,
        };
        let batch = PartitionBatch { topic: &topic, topic_id, index: 0, header: &header, body: &body };
        let frame = encode_request(version, &parts, &[batch]).expect("a request").concat();
        let answer = connection.exchange(&frame);
        let mut reader = Reader::new(&answer);
        ResponseHeader::decode(&mut reader, ApiKey::PRODUCE, version).expect("a response header");
        let mut verdicts = Vec::new();
        decode_response(reader.rest(), version, |partition| {
            verdicts.push((partition.error, partition.base_offset, partition.error_message));
        })
        .expect("a response");
        let offset = i64::from(version - VERSIONS.min);
        assert_eq!(verdicts, [(ErrorCode::NONE, offset, None)], "version {version}");
    }
    let written = kafka.read(&topic).concat().into_iter().map(|record| {
        assert_eq!((record.key.as_deref(), record.timestamp), (Some(&b"key"[..]), TIMESTAMP));
        record.value.expect("a value")
    });
    let expected: Vec<_> =
        (VERSIONS.min..=VERSIONS.max).map(|version| Bytes::from(format!("version {version}"))).collect();
    assert_eq!(written.collect::<Vec<_>>(), expected);
}
