//! The hot path's Produce and the generated one are the same message, and both are what Java wrote.

use bytes::Bytes;
use milena_wire::buf::{Reader, Uuid, Writer};
use milena_wire::frame::RequestHeader;
use milena_wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData, TopicProduceResponse,
};
use milena_wire::produce::{PartitionBatch, RequestParts, TopicRef, VERSIONS, decode_response, encode_request};
use milena_wire::record_batch::BatchHeader;
use milena_wire::version::ApiKey;
use milena_wire::{Decode, Encode};
use std::fs;
use std::path::Path;

#[test]
fn a_request_in_pieces_is_the_generated_request() {
    let body = Bytes::from_static(b"a body");
    let header = BatchHeader::default().encode(&body);
    let topics = [("orders", Uuid([7; 16]), vec![0, 5]), ("returns", Uuid([8; 16]), vec![2])];
    let batches: Vec<_> = topics
        .iter()
        .flat_map(|(topic, topic_id, indexes)| {
            let batch = |&index| PartitionBatch { topic, topic_id: *topic_id, index, header: &header, body: &body };
            indexes.iter().map(batch)
        })
        .collect();
    for version in VERSIONS.min..=VERSIONS.max {
        let generated = ProduceRequest {
            transactional_id: Some("pay-1".to_owned()),
            acks: -1,
            timeout_ms: 30_000,
            topic_data: topics
                .iter()
                .map(|(topic, topic_id, indexes)| TopicProduceData {
                    name: if version < 13 { (*topic).to_owned() } else { String::new() },
                    topic_id: if version < 13 { Uuid::ZERO } else { *topic_id },
                    partition_data: indexes
                        .iter()
                        .map(|&index| PartitionProduceData {
                            index,
                            records: Some([&header[..], &body].concat().into()),
                        })
                        .collect(),
                })
                .collect(),
        };
        let mut expected = Writer::new();
        RequestHeader { api_key: ApiKey::PRODUCE, api_version: version, correlation_id: 9, client_id: Some("tester") }
            .encode(&mut expected)
            .unwrap();
        generated.encode(&mut expected, version).unwrap();

        let parts = RequestParts {
            correlation_id: 9,
            client_id: Some("tester"),
            acks: -1,
            timeout_ms: 30_000,
            transactional_id: Some("pay-1"),
        };
        let ours = encode_request(version, &parts, &batches).unwrap().concat();
        assert_eq!(ours[4..], *expected.written(), "version {version}");
    }
}

#[test]
fn javas_responses_read_as_the_generated_code_reads_them() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages/produce.txt");
    let lines = fs::read_to_string(file).unwrap();
    let mut read = 0;
    for line in lines.lines().filter_map(|line| line.strip_prefix("response ")) {
        let mut words = line.split(' ');
        let version: i16 = words.next().unwrap().parse().unwrap();
        let bytes = unhex(words.next().unwrap());
        let generated = ProduceResponse::decode(&mut Reader::new(&bytes), version).unwrap();
        compare(&bytes, version, &generated);
        read += 1;
    }
    assert_eq!(read, 3 * (VERSIONS.min..=VERSIONS.max).count());
}

fn compare(bytes: &[u8], version: i16, generated: &ProduceResponse) {
    let named =
        |topic: &TopicProduceResponse| if version < 13 { topic.name.clone() } else { format!("{:?}", topic.topic_id) };
    let mut expected = generated
        .responses
        .iter()
        .flat_map(|topic| topic.partition_responses.iter().map(move |partition| (named(topic), partition)));
    let tail = decode_response(bytes, version, |ours| {
        let (topic, theirs) = expected.next().expect("a partition more than the generated code reads");
        let named = match ours.topic {
            TopicRef::Name(name) => name.to_owned(),
            TopicRef::Id(id) => format!("{id:?}"),
        };
        assert_eq!(named, topic);
        assert_eq!((ours.index, ours.error, ours.base_offset), (theirs.index, theirs.error_code, theirs.base_offset));
        assert_eq!(ours.log_append_time_ms, theirs.log_append_time_ms);
        assert_eq!(ours.log_start_offset, theirs.log_start_offset);
        assert_eq!(ours.error_message, theirs.error_message.as_deref());
        let errors: Vec<_> = ours.record_errors.iter().map(|error| (error.batch_index, error.message)).collect();
        let their_errors = theirs.record_errors.iter();
        assert!(
            errors
                .into_iter()
                .eq(their_errors.map(|error| (error.batch_index, error.batch_index_error_message.as_deref())))
        );
        let leader = &theirs.current_leader;
        let known =
            (leader.leader_id >= 0 && leader.leader_epoch >= 0).then_some((leader.leader_id, leader.leader_epoch));
        assert_eq!(ours.current_leader.map(|leader| (leader.leader_id, leader.leader_epoch)), known);
    })
    .expect("a response");
    assert!(expected.next().is_none());
    assert_eq!(tail.throttle_time_ms, generated.throttle_time_ms);
    let endpoints = tail.node_endpoints.iter().map(|node| (node.node_id, node.host, node.port, node.rack));
    let theirs = generated.node_endpoints.iter();
    assert!(endpoints.eq(theirs.map(|node| (node.node_id, node.host.as_str(), node.port, node.rack.as_deref()))));
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .map(|byte| byte.to_be_bytes()[3])
        .collect()
}
