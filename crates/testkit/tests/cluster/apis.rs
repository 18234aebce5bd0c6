//! Every API in every version that some release offers; and what each of them says.

use crate::support::{Run, TOPIC, b, from};
use bytes::Bytes;
use milena_testkit::{
    ApiKey, ClusterOptions, ErrorCode, Expiry, Operation, Output, Release, TimestampType, TopicOptions, Uuid,
};
use milena_wire::buf::{Reader, Writer};
use milena_wire::frame::RequestHeader;
use milena_wire::messages::Request;
use milena_wire::messages::api_versions::ApiVersionsRequest;
use milena_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use milena_wire::messages::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use milena_wire::messages::delete_records::{DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic};
use milena_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use milena_wire::messages::describe_cluster::DescribeClusterRequest;
use milena_wire::messages::describe_producers::{DescribeProducersRequest, TopicRequest};
use milena_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic, PartitionData};
use milena_wire::messages::find_coordinator::FindCoordinatorRequest;
use milena_wire::messages::init_producer_id::InitProducerIdRequest;
use milena_wire::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use milena_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use milena_wire::record_batch::RecordBatch;
use std::time::Duration;

/// Calls with each version of an API that this release serves.
fn versions<R: Request>(release: Release) -> Vec<i16> {
    let (_, range) = release.announced().find(|(key, _)| *key == R::KEY).expect("the API is announced");
    (range.min.max(R::VERSIONS.min)..=range.max).collect()
}

fn any_id() -> InitProducerIdRequest {
    InitProducerIdRequest { transactional_id: None, ..Default::default() }
}

fn metadata_of(name: &str) -> MetadataRequest {
    let asked = MetadataRequestTopic { name: Some(name.to_owned()), ..Default::default() };
    MetadataRequest { topics: Some(vec![asked]), ..Default::default() }
}

#[test]
fn api_versions_lists_what_the_release_speaks() {
    for release in Release::ALL {
        let mut run = Run::with(&[1], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        let request =
            ApiVersionsRequest { client_software_name: "test".to_owned(), client_software_version: "1".to_owned() };
        for version in versions::<ApiVersionsRequest>(release) {
            let answer = run.ask(&request, version).unwrap();
            assert_eq!(answer.error_code, ErrorCode::NONE);
            assert_eq!(answer.api_keys.len(), release.announced().count());
        }
    }
}

#[test]
fn an_api_version_too_new_is_refused_in_version_0_with_the_versions_there_are() {
    for (release, listed) in [(Release::V2_1, 0), (Release::V4_3, 1)] {
        let mut run = Run::with(&[1], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        let connection = run.cluster.open(1).unwrap();
        let mut writer = Writer::new();
        let header =
            RequestHeader { api_key: ApiKey::API_VERSIONS, api_version: 99, correlation_id: 3, client_id: None };
        header.encode(&mut writer).unwrap();
        run.cluster.handle_request(connection, writer.into_bytes().into(), run.now);
        let Output::Answer(_, frame) = run.cluster.poll_output() else { panic!("an answer") };
        let mut reader = Reader::new(&frame[4..]);
        assert_eq!(reader.i32(), Ok(3));
        assert_eq!(reader.i16(), Ok(35));
        assert_eq!(reader.array_length(false), Ok(listed), "{release:?}");
    }
}

#[test]
fn metadata_names_brokers_leaders_and_ids_in_every_version() {
    for release in Release::ALL {
        let mut run = Run::with(&[2, 3], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        let id = run.cluster.topic(TOPIC).unwrap().id;
        for version in versions::<MetadataRequest>(release) {
            let answer = run.ask(&metadata_of(TOPIC), version).unwrap();
            let ids: Vec<_> = answer.brokers.iter().map(|broker| broker.node_id).collect();
            assert_eq!(ids, [1, 2, 3]);
            let topic = &answer.topics[0];
            assert_eq!((topic.error_code, topic.name.as_deref()), (ErrorCode::NONE, Some(TOPIC)));
            assert_eq!(topic.topic_id, if version >= 10 { id } else { Uuid::ZERO });
            assert_eq!(topic.partitions[0].leader_id, 2);
            assert_eq!(topic.partitions[0].isr_nodes, [2, 3]);
        }
    }
}

#[test]
fn metadata_of_all_topics_and_of_none() {
    let mut run = Run::on(&[1]);
    run.cluster.create_topic("hidden", TopicOptions::default()).unwrap();
    run.cluster.deny(Operation::Describe("hidden".to_owned()));
    for version in 0..=13 {
        let topics = if version == 0 { Some(Vec::new()) } else { None };
        let answer = run.ask(&MetadataRequest { topics, ..Default::default() }, version).unwrap();
        assert_eq!(answer.topics.len(), 1, "version {version}");
    }
    let none = MetadataRequest { topics: Some(Vec::new()), ..Default::default() };
    assert_eq!(run.ask(&none, 9).unwrap().topics, []);
    assert_eq!(run.ask(&metadata_of("hidden"), 9).unwrap().topics[0].error_code, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(run.ask(&metadata_of("a b"), 9).unwrap().topics[0].error_code, ErrorCode::INVALID_TOPIC_EXCEPTION);
}

#[test]
fn a_topic_that_is_asked_for_exists_the_next_time() {
    for (release, first) in
        [(Release::V2_1, ErrorCode::LEADER_NOT_AVAILABLE), (Release::V4_3, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]
    {
        let mut run = Run::with(&[1], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        assert_eq!(run.ask(&metadata_of("new"), 7).unwrap().topics[0].error_code, first);
        let topic = run.ask(&metadata_of("new"), 7).unwrap().topics.remove(0);
        assert_eq!((topic.error_code, topic.partitions.len()), (ErrorCode::NONE, 6));
        let quiet = MetadataRequest { allow_auto_topic_creation: false, ..metadata_of("newer") };
        for _ in 0..2 {
            assert_eq!(run.ask(&quiet, 7).unwrap().topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
    }
}

#[test]
fn a_topic_is_found_by_its_id_until_it_is_created_again() {
    let mut run = Run::on(&[1]);
    let by_id = |id| {
        let asked = MetadataRequestTopic { topic_id: id, name: None };
        MetadataRequest { topics: Some(vec![asked]), ..Default::default() }
    };
    let id = run.cluster.topic(TOPIC).unwrap().id;
    assert_eq!(run.ask(&by_id(id), 12).unwrap().topics[0].name.as_deref(), Some(TOPIC));
    run.cluster.delete_topic(TOPIC);
    run.cluster.create_topic(TOPIC, TopicOptions::default()).unwrap();
    assert_eq!(run.ask(&by_id(id), 12).unwrap().topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
}

#[test]
fn producer_ids_are_new_each_time() {
    for release in Release::ALL {
        let mut run = Run::with(&[1], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        for (version, expected) in versions::<InitProducerIdRequest>(release).into_iter().zip(0..) {
            let given = run.ask(&any_id(), version).unwrap();
            assert_eq!((given.producer_id, given.producer_epoch), (expected, 0));
        }
        run.cluster.deny(Operation::IdempotentWrite);
        let refused = run.ask(&any_id(), 1).unwrap();
        assert_eq!(refused.error_code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    }
}

fn fetch_at(run: &Run, offset: i64) -> FetchRequest {
    let partition = FetchPartition { fetch_offset: offset, partition_max_bytes: 1 << 20, ..Default::default() };
    FetchRequest {
        max_wait_ms: 500,
        min_bytes: 1,
        max_bytes: 50 << 20,
        topics: vec![FetchTopic {
            topic: TOPIC.to_owned(),
            topic_id: run.cluster.topic(TOPIC).unwrap().id,
            partitions: vec![partition],
        }],
        ..Default::default()
    }
}

fn fetch(run: &mut Run, request: &FetchRequest, version: i16) -> PartitionData {
    run.ask(request, version).unwrap().responses.remove(0).partitions.remove(0)
}

/// First and last offset of each batch.
fn spans(records: Option<Bytes>) -> Vec<(i64, i64)> {
    let records = records.unwrap();
    let mut reader = Reader::new(&records);
    let mut spans = Vec::new();
    while reader.remaining() > 0 {
        let batch = RecordBatch::decode(&mut reader).unwrap();
        batch.verify_crc().unwrap();
        let first = batch.header.base_offset;
        spans.push((first, first + i64::from(batch.header.last_offset_delta)));
    }
    spans
}

#[test]
fn fetch_gives_whole_batches_from_the_offset_on_in_every_version() {
    for release in Release::ALL {
        let mut run = Run::with(&[1], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        run.fill(3);
        for version in versions::<FetchRequest>(release) {
            let request = fetch_at(&run, 15);
            let answer = fetch(&mut run, &request, version);
            assert_eq!(answer.error_code, ErrorCode::NONE);
            assert_eq!((answer.high_watermark, answer.last_stable_offset), (30, 30));
            assert_eq!(spans(answer.records), [(10, 19), (20, 29)]);
        }
    }
}

#[test]
fn fetch_gives_one_batch_even_if_it_is_too_large_and_no_more_than_fit() {
    let mut run = Run::on(&[1]);
    run.fill(3);
    let mut request = fetch_at(&run, 0);
    request.topics[0].partitions[0].partition_max_bytes = 1;
    assert_eq!(spans(fetch(&mut run, &request, 12).records), [(0, 9)]);
    let size = b(0).encode(run.now_ms()).len();
    request.topics[0].partitions[0].partition_max_bytes = i32::try_from(size * 2).unwrap();
    assert_eq!(spans(fetch(&mut run, &request, 12).records), [(0, 9), (10, 19)]);
    request.max_bytes = i32::try_from(size).unwrap();
    assert_eq!(spans(fetch(&mut run, &request, 12).records), [(0, 9)]);
}

#[test]
fn fetch_waits_for_records_and_no_longer_than_it_was_told() {
    let mut run = Run::on(&[1]);
    let request = fetch_at(&run, 0);
    assert_eq!(spans(fetch(&mut run, &request, 12).records), []);
    assert_eq!(run.now.as_millis(), 500);

    run.put(&request, 12);
    let producer = run.cluster.open(1).unwrap();
    let batch = crate::support::frame(&run.request(&b(0), b(0).encode(run.now_ms())), 8);
    run.cluster.handle_request(producer, batch, run.now);
    let mut outputs = [run.cluster.poll_output(), run.cluster.poll_output()];
    outputs.sort_by_key(|output| matches!(output, Output::Answer(to, _) if *to == producer));
    let Output::Answer(_, frame) = &outputs[0] else { panic!("the fetch is answered at once") };
    let response = crate::support::decode::<FetchRequest>(frame, 12);
    assert_eq!(spans(response.responses[0].partitions[0].records.clone()), [(0, 9)]);
    assert_eq!(run.now.as_millis(), 500);
}

#[test]
fn fetch_sees_nothing_above_the_high_watermark() {
    let mut run = Run::on(&[1, 2]);
    run.fill(1);
    run.cluster.set_fetching(2, false);
    assert_eq!(run.send(b(1).acks(1)), Ok(10));
    let request = fetch_at(&run, 0);
    let answer = fetch(&mut run, &request, 12);
    assert_eq!((answer.high_watermark, spans(answer.records)), (10, vec![(0, 9)]));
    let beyond = fetch_at(&run, 10);
    let answer = fetch(&mut run, &beyond, 12);
    assert_eq!((answer.error_code, spans(answer.records)), (ErrorCode::NONE, vec![]));
}

#[test]
fn fetch_errors() {
    let mut run = Run::on(&[1, 2]);
    run.fill(2);
    run.cluster.delete_records(TOPIC, 0, 10);
    for offset in [0, 21] {
        let request = fetch_at(&run, offset);
        assert_eq!(fetch(&mut run, &request, 12).error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
    }
    let mut fenced = fetch_at(&run, 10);
    run.cluster.elect(TOPIC, 0, 1);
    fenced.topics[0].partitions[0].current_leader_epoch = 0;
    assert_eq!(fetch(&mut run, &fenced, 12).error_code, ErrorCode::FENCED_LEADER_EPOCH);
    fenced.topics[0].partitions[0].current_leader_epoch = 9;
    assert_eq!(fetch(&mut run, &fenced, 12).error_code, ErrorCode::UNKNOWN_LEADER_EPOCH);
    let request = fetch_at(&run, 10);
    run.turn_to(2);
    let answer = fetch(&mut run, &request, 12);
    assert_eq!((answer.error_code, answer.current_leader.leader_id), (ErrorCode::NOT_LEADER_OR_FOLLOWER, 1));
    for (version, named) in [(15, 0), (16, 1)] {
        assert_eq!(run.ask(&request, version).unwrap().node_endpoints.len(), named);
    }
}

fn offset_of(run: &mut Run, timestamp: i64, version: i16) -> (i64, i64) {
    let partition = ListOffsetsPartition { timestamp, ..Default::default() };
    let topics = vec![ListOffsetsTopic { name: TOPIC.to_owned(), partitions: vec![partition] }];
    let request = ListOffsetsRequest { replica_id: -1, topics, ..Default::default() };
    let answer = run.ask(&request, version).unwrap().topics.remove(0).partitions.remove(0);
    assert_eq!(answer.error_code, ErrorCode::NONE);
    (answer.offset, answer.timestamp)
}

#[test]
fn offsets_by_time_in_every_version() {
    for release in Release::ALL {
        let mut run = Run::with(&[1], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        for (i, timestamp) in [(0, 1_000), (1, 3_000), (2, 2_000)] {
            run.send(b(i).at(timestamp)).unwrap();
        }
        run.cluster.delete_records(TOPIC, 0, 5);
        for version in versions::<ListOffsetsRequest>(release) {
            assert_eq!(offset_of(&mut run, -1, version), (30, -1), "latest");
            assert_eq!(offset_of(&mut run, -2, version), (5, -1), "earliest");
            assert_eq!(offset_of(&mut run, 500, version), (5, 1_000));
            assert_eq!(offset_of(&mut run, 1_500, version), (10, 3_000));
            assert_eq!(offset_of(&mut run, 9_000, version), (-1, -1), "nothing is as young");
            if version >= 7 {
                assert_eq!(offset_of(&mut run, -3, version), (10, 3_000), "the latest time");
            }
        }
    }
}

#[test]
fn topics_are_created_and_deleted_in_every_version() {
    for release in Release::ALL {
        let mut run = Run::with(&[1], ClusterOptions { release, ..Default::default() }, TopicOptions::default());
        for version in versions::<CreateTopicsRequest>(release) {
            let config =
                |name: &str, value: &str| CreatableTopicConfig { name: name.to_owned(), value: Some(value.to_owned()) };
            let topic = CreatableTopic {
                name: "made".to_owned(),
                num_partitions: 4,
                replication_factor: 2,
                configs: vec![
                    config("message.timestamp.type", "LogAppendTime"),
                    config("min.insync.replicas", "2"),
                    config("segment.bytes", "1000"),
                ],
                ..Default::default()
            };
            let request = CreateTopicsRequest { topics: vec![topic], timeout_ms: 1_000, ..Default::default() };
            let answer = run.ask(&request, version).unwrap();
            assert_eq!(answer.topics[0].error_code, ErrorCode::NONE, "version {version}");
            let made = run.cluster.topic("made").unwrap();
            assert_eq!((made.partition_count(), made.options.min_insync_replicas), (4, 2));
            assert_eq!(made.options.timestamp_type, TimestampType::LogAppendTime);
            let answer = run.ask(&request, version).unwrap();
            assert_eq!(answer.topics[0].error_code, ErrorCode::TOPIC_ALREADY_EXISTS);
            assert!(run.cluster.delete_topic("made"));
        }
        for version in versions::<DeleteTopicsRequest>(release) {
            run.cluster.create_topic("made", TopicOptions::default()).unwrap();
            let topics = vec![DeleteTopicState { name: Some("made".to_owned()), topic_id: Uuid::ZERO }];
            let request = match version {
                ..6 => DeleteTopicsRequest { topic_names: vec!["made".to_owned()], ..Default::default() },
                _ => DeleteTopicsRequest { topics, ..Default::default() },
            };
            assert_eq!(run.ask(&request, version).unwrap().responses[0].error_code, ErrorCode::NONE);
            let again = run.ask(&request, version).unwrap();
            assert_eq!(again.responses[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
    }
}

#[test]
fn partitions_are_added_and_records_deleted() {
    let mut run = Run::on(&[1]);
    run.fill(3);
    for version in versions::<CreatePartitionsRequest>(Release::V4_3) {
        let count = 2 + i32::from(version);
        let topics = vec![CreatePartitionsTopic { name: TOPIC.to_owned(), count, assignments: None }];
        let request = CreatePartitionsRequest { topics, ..Default::default() };
        assert_eq!(run.ask(&request, version).unwrap().results[0].error_code, ErrorCode::NONE);
        assert_eq!(run.ask(&request, version).unwrap().results[0].error_code, ErrorCode::INVALID_PARTITIONS);
    }
    for (version, offset) in versions::<DeleteRecordsRequest>(Release::V4_3).into_iter().zip([5, 12, -1]) {
        let partitions = vec![DeleteRecordsPartition { partition_index: 0, offset }];
        let topics = vec![DeleteRecordsTopic { name: TOPIC.to_owned(), partitions }];
        let answer = run.ask(&DeleteRecordsRequest { topics, ..Default::default() }, version).unwrap();
        let expected = if offset == -1 { 30 } else { offset };
        assert_eq!(answer.topics[0].partitions[0].low_watermark, expected);
    }
}

#[test]
fn what_is_known_of_producers_and_of_the_cluster_can_be_asked() {
    let mut run = Run::on(&[1]);
    run.fill(2);
    let topics = vec![TopicRequest { name: TOPIC.to_owned(), partition_indexes: vec![0, 9] }];
    let answer = run.ask(&DescribeProducersRequest { topics }, 0).unwrap().topics.remove(0);
    let producer = &answer.partitions[0].active_producers[0];
    assert_eq!((producer.producer_id, producer.producer_epoch, producer.last_sequence), (7, 0, 19));
    assert_eq!(answer.partitions[1].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    for version in versions::<DescribeClusterRequest>(Release::V4_3) {
        let answer = run.ask(&DescribeClusterRequest::default(), version).unwrap();
        assert_eq!((answer.brokers.len(), answer.controller_id), (3, 1));
    }
}

#[test]
fn groups_have_a_coordinator_and_transactions_none() {
    let mut run = Run::on(&[1]);
    for version in versions::<FindCoordinatorRequest>(Release::V4_3) {
        for (key_type, code) in [(0, ErrorCode::NONE), (1, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED)] {
            if version == 0 && key_type == 1 {
                continue;
            }
            let request = match version {
                ..4 => FindCoordinatorRequest { key: "k".to_owned(), key_type, ..Default::default() },
                _ => FindCoordinatorRequest { coordinator_keys: vec!["k".to_owned()], key_type, ..Default::default() },
            };
            let answer = run.ask(&request, version).unwrap();
            let found = answer.coordinators.first().map_or(answer.error_code, |coordinator| coordinator.error_code);
            assert_eq!(found, code, "version {version}");
        }
    }
}

#[test]
fn bytes_that_are_no_request_close_the_connection() {
    let mut run = Run::on(&[1]);
    let produce_3 = crate::support::frame(&run.request(&b(0), b(0).encode(run.now_ms())), 3);
    let mut produce_2 = produce_3.to_vec();
    produce_2[3] = 2;
    let mut join_group = produce_3.to_vec();
    join_group[1] = 11;
    let mut longer = produce_3.to_vec();
    longer.push(0);
    let shorter = produce_3[..produce_3.len() - 1].to_vec();
    for bytes in [Vec::new(), vec![0xff; 40], produce_2, join_group, longer, shorter] {
        let connection = run.cluster.open(1).unwrap();
        run.cluster.handle_request(connection, bytes.into(), run.now);
        assert_eq!(run.cluster.poll_output(), Output::Close(connection));
    }
    assert_eq!(run.log_end(), 0);
}

#[test]
fn the_oldest_records_go_when_a_partition_holds_too_much() {
    let topic = TopicOptions { retention_bytes: Some(2_000), ..TopicOptions::default() };
    let mut run = Run::with(&[1], ClusterOptions::default(), topic);
    for i in 0..50 {
        run.send(from(10 * i).value(&[7; 40])).unwrap();
    }
    let log = &run.cluster.partition(TOPIC, 0).unwrap().replica(1).unwrap().log;
    let held: usize = log.batches().map(|batch| batch.sent.len()).sum();
    assert!(held <= 2_000, "{held}");
    assert_eq!((log.end(), log.start()), (500, log.batches().next().unwrap().base_offset));
}

#[test]
fn expiry_is_an_option() {
    let expiry = Expiry { expiration_ms: 10_000, check_interval_ms: 1_000 };
    let mut run = Run::with(&[1], ClusterOptions { expiry, ..Default::default() }, TopicOptions::default());
    run.pass(Duration::from_millis(500));
    run.fill(1);
    run.pass(Duration::from_secs(10));
    assert_eq!(run.send(b(0)), Ok(0), "the check at ten seconds came just too early, the next is at eleven");
    run.pass(Duration::from_secs(1));
    assert_eq!(run.send(b(0)), Ok(10));
}
