//! Batches on their way: windows, rotation, retries, leaders.

use crate::script::{Script, metadata, produce_response};
use milena_core::config::Acks;
use milena_core::error::DeliveryFailure;
use milena_core::{Delivery, Written};
use milena_wire::Decode;
use milena_wire::buf::Reader;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::init_producer_id::InitProducerIdResponse;
use milena_wire::messages::metadata::MetadataRequest;
use milena_wire::messages::produce::{LeaderIdAndEpoch, NodeEndpoint};
use milena_wire::version::ApiKey;
use std::time::Duration;

fn offset(delivery: &Delivery) -> Option<i64> {
    delivery.now().expect("resolved").expect("acknowledged").offset
}

#[test]
fn one_request_carries_every_partition_that_is_ready() {
    let mut script = Script::ready(4, |_| {});
    let deliveries: Vec<_> = (0..4).map(|partition| script.send(partition, "v")).collect();
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    assert_eq!(request.batches().len(), 4);
    assert!(!script.has(ApiKey::PRODUCE));
    script.answer_produce(&request, ErrorCode::NONE, 10);
    assert!(deliveries.iter().all(|delivery| offset(delivery) == Some(10)));
}

#[test]
fn a_request_ends_at_max_request_size_and_the_rest_follows() {
    let mut script = Script::ready(3, |config| config.max_request_size = 2_000);
    let value = "x".repeat(900);
    let deliveries: Vec<_> = (0..3).map(|partition| script.send(partition, &value)).collect();
    script.connect_leader();
    assert_eq!(script.requests.iter().map(|request| request.batches().len()).collect::<Vec<_>>(), [2, 1]);
    for _ in 0..2 {
        let request = script.request_of(ApiKey::PRODUCE);
        script.answer_produce(&request, ErrorCode::NONE, 0);
    }
    assert!(deliveries.iter().all(|delivery| offset(delivery) == Some(0)));
}

#[test]
fn a_partition_that_fills_its_window_does_not_hold_up_another() {
    let mut script = Script::ready(2, |_| {});
    drop(script.send(0, "first"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    for _ in 0..8 {
        drop(script.send(0, "busy"));
    }
    assert_eq!(script.requests.len(), 5, "five in flight");
    drop(script.send(1, "other"));
    let last = script.requests.back().unwrap();
    assert_eq!(last.batches()[0].0, 1);
}

#[test]
fn a_partition_that_is_behind_fills_one_large_batch() {
    let mut script = Script::ready(1, |config| config.batch_size = 200);
    drop(script.send(0, "first"));
    script.connect_leader();
    let value = "x".repeat(90);
    let deliveries: Vec<_> = (0..50).map(|_| script.send(0, &value)).collect();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    let request = script.request_of(ApiKey::PRODUCE);
    assert_eq!(request.batches()[0].1.record_count, 50, "past batch.size, in one batch");
    script.answer_produce(&request, ErrorCode::NONE, 1);
    assert_eq!(offset(&deliveries[49]), Some(50));
}

#[test]
fn a_leader_that_is_named_in_the_answer_is_sent_to_at_once() {
    let mut script = Script::ready(1, |_| {});
    let delivery = script.send(0, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    let mut response = produce_response(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    response.responses[0].partition_responses[0].current_leader = LeaderIdAndEpoch { leader_id: 2, leader_epoch: 5 };
    script.answer(&request, &response);
    let at = script.opening.iter().position(|(_, endpoint)| endpoint.to_string() == "broker-2:9092");
    assert!(at.is_some(), "KIP-951: no backoff");
    script.open();
    script.answer_versions(13);
    let again = script.request_of(ApiKey::PRODUCE);
    assert_eq!(again.batches()[0].1.base_sequence, 0);
    script.answer_produce(&again, ErrorCode::NONE, 3);
    assert_eq!(offset(&delivery), Some(3));
}

/// Metadata of a broker that lags, and a leader's hint, may take turns at leaving a broker out and naming it.
#[test]
fn a_broker_that_was_forgotten_is_left_alone_as_long_as_before() {
    let long = Duration::from_secs(60);
    let mut script = Script::ready(1, |config| (config.reconnect_backoff, config.reconnect_backoff_max) = (long, long));
    let _delivery = script.send(0, "v");
    script.connect_leader();
    let hint = |script: &mut Script, leader_epoch| {
        let request = script.request_of(ApiKey::PRODUCE);
        let mut response = produce_response(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
        response.responses[0].partition_responses[0].current_leader = LeaderIdAndEpoch { leader_id: 2, leader_epoch };
        let (node_id, host) = (2, "broker-2".into());
        response.node_endpoints = vec![NodeEndpoint { node_id, host, port: 9092, ..Default::default() }];
        script.answer(&request, &response);
    };
    hint(&mut script, 5);
    let (refused, _) = script.opening.pop_front().expect("the leader that was named");
    script.cut(refused, "connection refused");

    script.pass(Duration::from_secs(1));
    let question = script.request_of(ApiKey::METADATA);
    let mut without = metadata(1, 1, 6);
    without.brokers.truncate(1);
    script.answer_metadata(&question, &without);
    script.pass(Duration::from_secs(1));
    hint(&mut script, 7);
    script.pass(Duration::from_secs(10));
    assert!(script.opening.is_empty(), "the backoff is not over");
    script.pass(long);
    assert_eq!(script.opening.len(), 1);
}

#[test]
fn an_older_election_is_not_believed() {
    let mut script = Script::ready(1, |_| {});
    script.want("t");
    let delivery = script.send(0, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 2, 7));
    assert!(script.opening.iter().any(|(_, endpoint)| endpoint.to_string() == "broker-2:9092"));
    script.open();
    script.answer_versions(13);
    let again = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&again, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 1, 6));
    script.pass(Duration::from_secs(1));
    let again = script.request_of(ApiKey::PRODUCE);
    assert_ne!(again.connection, request.connection, "broker 1 has the older election");
    script.answer_produce(&again, ErrorCode::NONE, 0);
    assert_eq!(offset(&delivery), Some(0));
}

#[test]
fn a_partition_left_out_of_the_answer_is_sent_again() {
    let mut script = Script::ready(2, |_| {});
    let deliveries = [script.send(0, "v"), script.send(1, "v")];
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    let mut response = produce_response(&request, ErrorCode::NONE, 0);
    response.responses[0].partition_responses.pop();
    script.answer(&request, &response);
    assert_eq!(offset(&deliveries[0]), Some(0));
    assert!(deliveries[1].now().is_none());
    script.pass(Duration::from_secs(1));
    let again = script.request_of(ApiKey::PRODUCE);
    assert_eq!((again.batches()[0].0, again.batches()[0].1.base_sequence), (1, 0));
}

#[test]
fn a_topic_without_an_id_is_named_by_name() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    script.answer_versions(13);
    let request = script.request_of(ApiKey::METADATA);
    let mut response = metadata(1, 1, 0);
    response.topics[0].topic_id = Default::default();
    script.answer_metadata(&request, &response);
    let delivery = script.send(0, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    assert_eq!(request.version, 12);
    script.answer_produce(&request, ErrorCode::NONE, 8);
    assert_eq!(offset(&delivery), Some(8));
}

/// Three batches in flight, cut; the broker starts anew, has all three, and remembers the newest.
fn restarted_with_three() -> (Script, Vec<Delivery>) {
    let mut script = Script::ready(1, |_| {});
    drop(script.send(0, "first"));
    let connection = script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    let deliveries = (0..3).map(|_| script.send(0, "v")).collect();
    script.cut(connection, "reset");
    script.pass(Duration::from_secs(1));
    script.open();
    script.answer_versions(13);
    let oldest = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&oldest, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    (script, deliveries)
}

#[test]
fn before_a_probe_the_leader_is_asked_where_its_log_ends() {
    let (mut script, deliveries) = restarted_with_three();
    assert!(!script.has(ApiKey::PRODUCE), "first the question");
    script.answer_log_end(ErrorCode::OFFSET_NOT_AVAILABLE, -1);
    assert!(!script.has(ApiKey::LIST_OFFSETS), "not at once");
    script.pass(Duration::from_secs(1));
    script.answer_log_end(ErrorCode::NONE, 4);
    let newest = script.request_of(ApiKey::PRODUCE);
    assert_eq!(newest.batches()[0].1.base_sequence, 3);
    script.answer_produce(&newest, ErrorCode::NONE, 3);
    assert_eq!(deliveries.iter().map(offset).collect::<Vec<_>>(), [None, None, Some(3)]);
}

#[test]
fn a_probe_does_not_wait_for_ever_for_the_end_of_the_log() {
    let (mut script, deliveries) = restarted_with_three();
    let mut asked = 0;
    while script.has(ApiKey::LIST_OFFSETS) {
        script.answer_log_end(ErrorCode::TOPIC_AUTHORIZATION_FAILED, -1);
        script.pass(Duration::from_secs(2));
        asked += 1;
    }
    assert_eq!(asked, 10);
    let newest = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&newest, ErrorCode::NONE, 3);
    assert_eq!(offset(&deliveries[2]), Some(3));
    assert!(deliveries[0].now().is_none(), "it may be a first copy");
}

#[test]
fn with_acks_0_a_record_is_done_when_its_frame_is_written() {
    let mut script = Script::ready(1, |config| {
        config.acks = Acks::None;
        config.idempotence = false;
    });
    script.transmits = false;
    let delivery = script.send(0, "v");
    let connection = script.open();
    script.sender.handle_transmitted(connection, script.now); // ApiVersions
    script.answer_versions(13);
    assert!(script.has(ApiKey::PRODUCE));
    assert!(delivery.now().is_none(), "given, not written");
    script.sender.handle_transmitted(connection, script.now);
    script.turn();
    assert_eq!(offset(&delivery), None);
}

/// D13: so did this one.
#[test]
fn a_producer_that_may_not_have_an_id_fails_what_waits_and_asks_again_later() {
    let mut script = Script::ready(1, |_| {});
    let delivery = script.send(0, "v");
    let request = script.request_of(ApiKey::INIT_PRODUCER_ID);
    let refusal = InitProducerIdResponse { error_code: ErrorCode::CLUSTER_AUTHORIZATION_FAILED, ..Default::default() };
    script.answer(&request, &refusal);
    let error = delivery.now().unwrap().unwrap_err();
    assert!(matches!(error.kind, DeliveryFailure::Rejected { code: ErrorCode::CLUSTER_AUTHORIZATION_FAILED, .. }));
    assert_eq!(error.written, Written::No);
    drop(script.send(0, "later"));
    script.pass(Duration::from_secs(1));
    assert!(script.has(ApiKey::INIT_PRODUCER_ID));
}

#[test]
fn a_topic_deleted_and_created_again_is_noticed_by_its_id() {
    let mut script = Script::ready(1, |_| {});
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    script.cut(connection, "reset");
    let question = script.request_of(ApiKey::METADATA);
    let mut response = metadata(1, 1, 0);
    response.topics[0].topic_id = milena_wire::buf::Uuid([9; 16]);
    script.answer_metadata(&question, &response);
    let error = delivery.now().unwrap().unwrap_err();
    assert_eq!((error.kind, error.written), (DeliveryFailure::TopicRecreated, Written::Maybe));
}

#[test]
fn work_per_batch_does_not_grow_with_the_number_of_partitions() {
    let outputs = |partitions: i32| {
        let mut script = Script::ready(partitions, |_| {});
        drop(script.send(0, "v"));
        script.connect_leader();
        for _ in 0..2 {
            while script.has(ApiKey::PRODUCE) {
                let request = script.request_of(ApiKey::PRODUCE);
                script.answer_produce(&request, ErrorCode::NONE, 0);
            }
            for partition in 0..partitions.min(50) {
                drop(script.send(partition, "v"));
            }
        }
        let before = script.trace.len();
        drop(script.send(7, "v"));
        script.pass(Duration::from_millis(1));
        script.trace.len() - before
    };
    assert_eq!(outputs(50), outputs(10_000));
}

/// The topics that a Metadata request names.
fn named(request: &crate::script::Request) -> Vec<String> {
    let request = MetadataRequest::decode(&mut Reader::new(&request.body), request.version).unwrap();
    request.topics.unwrap().into_iter().filter_map(|topic| topic.name).collect()
}

#[test]
fn a_topic_whose_batches_wait_for_a_dead_leader_is_asked_for_however_long_nothing_was_sent_to_it() {
    let mut script = Script::ready(1, |config| {
        config.metadata_max_idle = Duration::from_secs(5);
        config.delivery_timeout = Duration::from_secs(120);
    });
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    script.cut(connection, "connection reset");
    for _ in 0..200 {
        script.pass(Duration::from_millis(100));
        while let Some((connection, _)) = script.opening.pop_front() {
            script.cut(connection, "connection refused");
        }
        while script.has(ApiKey::METADATA) {
            let question = script.request_of(ApiKey::METADATA);
            assert_eq!(named(&question), ["t"], "at {:?}", script.now);
            script.answer_metadata(&question, &metadata(1, 1, 0));
        }
    }
    assert!(delivery.now().is_none());
}

#[test]
fn a_new_topic_that_is_not_whole_yet_is_asked_for_until_it_is() {
    let mut script = Script::ready(1, |_| {});
    script.want("t2");
    let mut response = metadata(2, 1, 0);
    response.topics[0].name = Some("t2".into());
    response.topics[0].topic_id = milena_wire::buf::Uuid([8; 16]);
    response.topics[0].partitions[1].leader_id = -1;
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &response);
    script.pass(Duration::from_secs(1));
    let question = script.request_of(ApiKey::METADATA);
    assert_eq!(named(&question), ["t2"]);
    response.topics[0].partitions[1].leader_id = 2;
    script.answer_metadata(&question, &response);
    script.pass(Duration::from_secs(1));
    assert!(!script.has(ApiKey::METADATA));
}

/// D13: a fatal error left the producer around it stuck for ever.
#[test]
fn what_is_in_line_when_the_producer_is_fenced_goes_on_under_another_id() {
    let mut script = Script::ready(6, |_| {});
    drop(script.send(0, "first"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    // Five requests fill the connection: what follows stands in line.
    drop(script.send(0, "fenced"));
    (1..5).for_each(|partition| drop(script.send(partition, "v")));
    let waits = script.send(0, "waits");
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::INVALID_PRODUCER_EPOCH, -1);
    script.pass(Duration::from_secs(1));
    script.answer_identity(78);
    assert!(waits.now().is_none());
    while script.has(ApiKey::PRODUCE) {
        let request = script.request_of(ApiKey::PRODUCE);
        script.answer_produce(&request, ErrorCode::NONE, 100);
    }
    assert_eq!(offset(&waits), Some(100));
}
