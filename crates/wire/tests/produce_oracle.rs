//! Another implementation reads the Produce requests that we write, and we read the responses that it writes.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint as TheirEndpoint, PartitionProduceResponse,
    TopicProduceResponse,
};
use kafka_protocol::messages::{BrokerId, ProduceRequest, ProduceResponse, RequestHeader, TopicName, TransactionalId};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use milena_wire::buf::{DecodeError, EncodeError, Reader, Uuid};
use milena_wire::elements::Elements;
use milena_wire::error_code::ErrorCode;
use milena_wire::frame::FrameSplitter;
use milena_wire::produce::{
    CurrentLeader, NodeEndpoint, PartitionBatch, PartitionResponse, RecordError, RequestParts, ResponseTail, TopicRef,
    VERSIONS, decode_response, encode_request,
};
use milena_wire::record_batch::BatchHeader;
use proptest::prelude::*;

const ORDERS: Uuid = Uuid([7; 16]);
const RETURNS: Uuid = Uuid([8; 16]);

fn parts<'a>() -> RequestParts<'a> {
    RequestParts { correlation_id: 77, client_id: Some("tester"), acks: -1, timeout_ms: 30_000, transactional_id: None }
}

fn frame_of(pieces: &[Bytes]) -> Bytes {
    let mut splitter = FrameSplitter::new(1 << 20);
    pieces.iter().for_each(|piece| splitter.push(piece));
    let frame = splitter.next_frame().expect("a frame").expect("a whole frame");
    assert_eq!(splitter.unfinished(), 0, "the frame's length ends before its last piece does");
    frame
}

/// The request as kafka-protocol reads it; nothing may be left over.
fn read(pieces: &[Bytes], version: i16) -> (RequestHeader, ProduceRequest) {
    let mut frame = frame_of(pieces);
    let header = RequestHeader::decode(&mut frame, if version >= 9 { 2 } else { 1 }).expect("a request header");
    let request = ProduceRequest::decode(&mut frame, version).expect("a Produce request");
    assert!(frame.is_empty(), "{} bytes after the request in version {version}", frame.len());
    (header, request)
}

#[test]
fn requests_of_every_version_read_as_they_were_meant() {
    let bodies = [Bytes::from_static(b"first"), Bytes::from(vec![1; 20_000]), Bytes::from_static(b"third")];
    let headers: Vec<_> = bodies.iter().map(|body| BatchHeader::default().encode(body)).collect();
    let batch = |topic, topic_id, index, at: usize| PartitionBatch {
        topic,
        topic_id,
        index,
        header: &headers[at],
        body: &bodies[at],
    };
    let batches = [batch("orders", ORDERS, 0, 0), batch("orders", ORDERS, 5, 1), batch("returns", RETURNS, 2, 2)];
    for version in VERSIONS.min..=VERSIONS.max {
        for transactional_id in [None, Some("pay-1")] {
            let parts = RequestParts { transactional_id, ..parts() };
            let pieces = encode_request(version, &parts, &batches).unwrap();
            let (header, request) = read(&pieces, version);
            assert_eq!((header.request_api_key, header.request_api_version), (0, version));
            assert_eq!((header.correlation_id, header.client_id.as_deref()), (77, Some("tester")));
            assert_eq!((request.acks, request.timeout_ms), (-1, 30_000));
            assert_eq!(request.transactional_id.as_ref().map(|id: &TransactionalId| id.as_str()), transactional_id);
            let mut read = Vec::new();
            for topic in &request.topic_data {
                for partition in &topic.partition_data {
                    let name = if version < 13 {
                        topic.name.to_string()
                    } else {
                        format!("{:032x}", topic.topic_id.as_u128())
                    };
                    read.push((name, partition.index, partition.records.clone().unwrap()));
                }
            }
            let name = |topic: &str, id: Uuid| {
                if version < 13 { topic.to_owned() } else { format!("{id:?}") }
            };
            let written: Vec<_> = batches
                .iter()
                .map(|b| (name(b.topic, b.topic_id), b.index, Bytes::from([&b.header[..], b.body].concat())))
                .collect();
            assert_eq!(read, written, "version {version}");
        }
    }
}

#[test]
fn a_request_shares_the_batches_and_cuts_one_buffer_around_them() {
    let body = Bytes::from(vec![9; 1000]);
    let header = BatchHeader::default().encode(&body);
    let batches: Vec<_> = (0..50)
        .map(|index| PartitionBatch { topic: "orders", topic_id: ORDERS, index, header: &header, body: &body })
        .collect();
    for version in [3, 9, 13] {
        let pieces = encode_request(version, &parts(), &batches).unwrap();
        assert_eq!(pieces.len(), if version < 9 { 100 } else { 101 }, "there is nothing behind the last body before 9");
        let mut end_of_last = None;
        for (at, piece) in pieces.iter().enumerate() {
            if at % 2 == 1 {
                assert_eq!(piece.as_ptr(), body.as_ptr(), "a body was copied");
            } else {
                let range = piece.as_ptr_range();
                assert!(end_of_last.is_none_or(|end| end == range.start), "the small pieces are not one buffer");
                end_of_last = Some(range.end);
            }
        }
    }
}

#[test]
fn no_client_id_and_no_batch_is_still_a_request() {
    for version in VERSIONS.min..=VERSIONS.max {
        let parts = RequestParts { client_id: None, acks: 0, ..parts() };
        let pieces = encode_request(version, &parts, &[]).unwrap();
        assert_eq!(pieces.len(), 1);
        let (header, request) = read(&pieces, version);
        assert_eq!((header.client_id, request.acks, request.topic_data.len()), (None, 0, 0));
    }
}

#[test]
fn a_topic_without_an_id_is_refused_where_ids_are_written() {
    let body = Bytes::from_static(b"body");
    let header = BatchHeader::default().encode(&body);
    let batch = PartitionBatch { topic: "orders", topic_id: Uuid::ZERO, index: 0, header: &header, body: &body };
    assert!(encode_request(12, &parts(), &[batch]).is_ok());
    assert_eq!(
        encode_request(13, &parts(), &[batch]),
        Err(EncodeError::Unsupported { field: "name", version: 13 }),
        "an id of zeros names no topic, or any"
    );
}

/// A response that uses everything its version has a place for.
fn their_response(version: i16) -> ProduceResponse {
    let topic = |name: &'static str, id: Uuid, partitions| {
        TopicProduceResponse::default()
            .with_name(TopicName(StrBytes::from_static_str(if version < 13 { name } else { "" })))
            .with_topic_id(format!("{:?}", if version < 13 { Uuid::ZERO } else { id }).parse().expect("a topic id"))
            .with_partition_responses(partitions)
    };
    let stored = PartitionProduceResponse::default().with_index(4).with_base_offset(1 << 40);
    let stored = stored.with_log_append_time_ms(1_700_000_000_000);
    let stored = if version >= 5 { stored.with_log_start_offset(17) } else { stored };
    let mut refused = PartitionProduceResponse::default()
        .with_index(5)
        .with_error_code(6)
        .with_base_offset(-1)
        .with_log_append_time_ms(-1);
    if version >= 8 {
        let error = |index, message| {
            BatchIndexAndErrorMessage::default().with_batch_index(index).with_batch_index_error_message(message)
        };
        refused.record_errors = vec![error(3, Some(StrBytes::from_static_str("bad"))), error(9, None)];
        refused.error_message = Some(StrBytes::from_static_str("not here"));
    }
    let mut response = ProduceResponse::default().with_throttle_time_ms(250);
    if version >= 10 {
        refused.current_leader = LeaderIdAndEpoch::default().with_leader_id(BrokerId(2)).with_leader_epoch(31);
        response.node_endpoints = vec![
            TheirEndpoint::default()
                .with_node_id(BrokerId(2))
                .with_host(StrBytes::from_static_str("kafka-2"))
                .with_port(9092)
                .with_rack(Some(StrBytes::from_static_str("west"))),
        ];
    }
    response.with_responses(vec![
        topic("orders", ORDERS, vec![stored, refused.clone()]),
        topic("returns", RETURNS, vec![refused]),
    ])
}

fn encoded(response: &ProduceResponse, version: i16) -> Bytes {
    let mut bytes = BytesMut::new();
    response.encode(&mut bytes, version).expect("kafka-protocol encodes");
    bytes.freeze()
}

fn decoded(body: &[u8], version: i16) -> Result<(Vec<PartitionResponse<'_>>, ResponseTail<'_>), DecodeError> {
    let mut partitions = Vec::new();
    let tail = decode_response(body, version, |partition| partitions.push(partition))?;
    Ok((partitions, tail))
}

#[test]
fn responses_of_every_version_read_as_they_were_meant() {
    for version in VERSIONS.min..=VERSIONS.max {
        let body = encoded(&their_response(version), version);
        let (partitions, tail) = decoded(&body, version).unwrap();
        let topic = |name, id| if version < 13 { TopicRef::Name(name) } else { TopicRef::Id(id) };
        let stored = PartitionResponse {
            topic: topic("orders", ORDERS),
            index: 4,
            error: ErrorCode::NONE,
            base_offset: 1 << 40,
            log_append_time_ms: 1_700_000_000_000,
            log_start_offset: if version >= 5 { 17 } else { -1 },
            record_errors: Elements::empty(),
            error_message: None,
            current_leader: None,
        };
        let errors =
            [RecordError { batch_index: 3, message: Some("bad") }, RecordError { batch_index: 9, message: None }];
        let refused = PartitionResponse {
            index: 5,
            error: ErrorCode(6),
            base_offset: -1,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: partitions[1].record_errors,
            error_message: (version >= 8).then_some("not here"),
            current_leader: (version >= 10).then_some(CurrentLeader { leader_id: 2, leader_epoch: 31 }),
            ..stored.clone()
        };
        let errors = if version >= 8 { &errors[..] } else { &[] };
        assert!(refused.record_errors.iter().eq(errors.iter().copied()), "version {version}");
        let returned = PartitionResponse { topic: topic("returns", RETURNS), ..refused.clone() };
        assert_eq!(partitions, [stored, refused, returned], "version {version}");
        let endpoint = NodeEndpoint { node_id: 2, host: "kafka-2", port: 9092, rack: Some("west") };
        assert_eq!(tail.throttle_time_ms, 250);
        assert!(tail.node_endpoints.iter().eq((version >= 10).then_some(endpoint)));
    }
}

#[test]
fn a_response_cut_anywhere_or_with_more_behind_it_is_an_error() {
    for version in VERSIONS.min..=VERSIONS.max {
        let body = encoded(&their_response(version), version);
        for cut in 0..body.len() {
            assert!(decoded(&body[..cut], version).is_err(), "version {version}, {cut} of {} bytes", body.len());
        }
        assert!(decoded(&[&body[..], &[0]].concat(), version).is_err());
    }
}

#[test]
fn announced_counts_reserve_nothing() {
    // Classic: 2³¹−1 topics in four bytes; flexible: 2³²−2.
    assert!(decoded(&i32::MAX.to_be_bytes(), 3).is_err());
    assert!(decoded(&[0xff, 0xff, 0xff, 0xff, 0x0f], 9).is_err());
    // An array of record errors whose announced count is all that is there.
    let mut body = vec![0x02, 0x02, b't', 0x02];
    body.extend([0; 4 + 2 + 8 + 8 + 8]);
    body.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert!(decoded(&body, 9).is_err());
}

proptest! {
    #[test]
    fn changed_responses_never_panic(version in VERSIONS.min..=VERSIONS.max, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut body = encoded(&their_response(version), version).to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let mut record_errors = 0;
        let _ = decode_response(&body, version, |partition| record_errors += partition.record_errors.len());
        prop_assert!(record_errors <= body.len() / 4);
    }

    #[test]
    fn requests_with_any_number_of_batches_are_read_back(
        version in VERSIONS.min..=VERSIONS.max,
        batches in proptest::collection::vec((0..4u8, any::<i32>(), 1..300usize), 0..20),
    ) {
        let mut batches = batches;
        batches.sort();
        let bodies: Vec<_> = batches.iter().map(|&(_, _, size)| Bytes::from(vec![3; size])).collect();
        let headers: Vec<_> = bodies.iter().map(|body| BatchHeader::default().encode(body)).collect();
        let names = ["a", "bb", "ccc", "dddd"];
        let ours: Vec<_> = batches.iter().zip(&headers).zip(&bodies).map(|((&(topic, index, _), header), body)| {
            PartitionBatch { topic: names[topic as usize], topic_id: Uuid([topic + 1; 16]), index, header, body }
        }).collect();
        let pieces = encode_request(version, &parts(), &ours).unwrap();
        let (_, request) = read(&pieces, version);
        let theirs: Vec<_> = request.topic_data.iter().flat_map(|topic| &topic.partition_data).collect();
        prop_assert_eq!(theirs.len(), ours.len());
        for (theirs, ours) in theirs.iter().zip(&ours) {
            prop_assert_eq!(theirs.index, ours.index);
            let records = theirs.records.clone().unwrap();
            let batch = milena_wire::record_batch::RecordBatch::decode(&mut Reader::new(&records)).unwrap();
            prop_assert_eq!(batch.body, &ours.body[..]);
            prop_assert_eq!(batch.verify_crc(), Ok(()));
        }
    }
}
