//! From nothing to the first acknowledged record.

use crate::script::{Script, metadata};
use milena_core::{Ack, Refusal, Timestamp};
use milena_wire::Decode;
use milena_wire::buf::Reader;
use milena_wire::buf::Uuid;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use milena_wire::messages::init_producer_id::InitProducerIdRequest;
use milena_wire::messages::metadata::{MetadataRequest, MetadataResponse};
use milena_wire::version::ApiKey;
use std::time::Duration;

#[test]
fn the_first_record_finds_its_way() {
    let mut script = Script::new(|_| {});
    assert_eq!(script.refusal("t"), Refusal::UnknownTopic);
    assert!(script.opening.is_empty(), "nobody is connected to before a topic is wanted");
    script.want("t");
    assert_eq!(script.opening[0].1.to_string(), "first:9092");
    script.open();
    script.answer_versions(13);
    let request = script.request();
    assert_eq!((request.api, request.version), (ApiKey::METADATA, 13));
    script.answer_metadata(&request, &metadata(4, 1, 0));

    let delivery = script.send(2, "hello");
    let question = script.requests.iter().find(|request| request.api == ApiKey::INIT_PRODUCER_ID);
    let question = question.expect("on the connection that is there");
    let asked = InitProducerIdRequest::decode(&mut Reader::new(&question.body), question.version).unwrap();
    assert_eq!(asked.transactional_id, None, "an empty one would be transactional");
    script.answer_identity(77);
    assert_eq!(script.opening[0].1.to_string(), "broker-1:9092", "the leader is connected to");
    script.open();
    script.answer_versions(13);
    let request = script.request_of(ApiKey::PRODUCE);
    assert_eq!(request.version, 13);
    let batches = request.batches();
    assert_eq!((batches[0].0, batches[0].1.producer_id, batches[0].1.base_sequence), (2, 77, 0));
    script.answer_produce(&request, ErrorCode::NONE, 41);
    assert_eq!(delivery.now(), Some(Ok(Ack { partition: 2, offset: Some(41), timestamp: Timestamp(5) })));
    assert_eq!(script.accumulator.buffered(), Default::default(), "all memory is back");
}

#[test]
fn a_broker_that_does_not_know_our_api_versions_is_asked_in_its_own() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    let request = script.request();
    let refusal = ApiVersionsResponse { error_code: ErrorCode::UNSUPPORTED_VERSION, ..Default::default() };
    let bytes = script.frame(&request, &refusal, 0);
    script.sender.handle_bytes(request.connection, &bytes, script.now);
    script.turn();
    let again = &script.requests[0];
    assert_eq!((again.api, again.version), (ApiKey::API_VERSIONS, 0));
    script.answer_versions(7);
    assert!(script.has(ApiKey::METADATA));
}

#[test]
fn a_topic_that_is_created_by_asking_is_asked_for_until_it_is_there() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    script.answer_versions(13);
    for code in [ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ErrorCode::LEADER_NOT_AVAILABLE] {
        let request = script.request_of(ApiKey::METADATA);
        let mut response = metadata(0, 1, 0);
        response.topics[0].error_code = code;
        script.answer_metadata(&request, &response);
        assert!(!script.has(ApiKey::METADATA), "not at once");
        script.pass(Duration::from_secs(1));
    }
    let request = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&request, &metadata(3, 1, 0));
    drop(script.send(0, "there"));
}

#[test]
fn metadata_without_brokers_is_asked_for_again() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    script.answer_versions(13);
    let request = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&request, &MetadataResponse::default());
    assert!(!script.has(ApiKey::METADATA));
    script.pass(Duration::from_millis(150));
    assert!(script.has(ApiKey::METADATA));
}

#[test]
fn a_refused_topic_fails_its_senders_at_once() {
    let mut script = Script::new(|_| {});
    assert_eq!(script.refusal("t"), Refusal::UnknownTopic);
    script.want("t");
    script.open();
    script.answer_versions(13);
    let request = script.request_of(ApiKey::METADATA);
    let mut response = metadata(0, 1, 0);
    response.topics[0].error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    script.answer_metadata(&request, &response);
    match script.refusal("t") {
        Refusal::Never(error) => assert_eq!(error.to_string(), "topic t: TOPIC_AUTHORIZATION_FAILED (29)"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_cluster_at_the_same_address_gets_nothing() {
    let mut script = Script::ready(1, |config| config.metadata_max_age = Duration::from_secs(10));
    script.pass(Duration::from_secs(11));
    let request = script.request_of(ApiKey::METADATA);
    let mut response = metadata(1, 1, 9);
    response.cluster_id = Some("other".into());
    script.answer_metadata(&request, &response);
    assert!(script.warned("another cluster answers"));
    assert_eq!(script.closed, [request.connection]);
}

#[test]
fn the_same_seed_and_the_same_story_give_the_same_outputs() {
    let play = || {
        let mut script = Script::ready(3, |_| {});
        for partition in [0, 2, 1, 0] {
            drop(script.send(partition, "value"));
        }
        let connection = script.connect_leader();
        script.cut(connection, "reset");
        script.pass(Duration::from_secs(5));
        script.trace
    };
    assert_eq!(play(), play());
}

#[test]
fn a_topic_that_is_refused_is_asked_for_again_only_when_somebody_sends_to_it_again() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    script.answer_versions(13);
    let mut refused = metadata(0, 1, 0);
    refused.topics[0].error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let request = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&request, &refused);
    script.pass(Duration::from_secs(5));
    assert!(!script.has(ApiKey::METADATA), "it is refused, not missing");
    script.want("t");
    assert!(script.has(ApiKey::METADATA));
}

#[test]
fn elections_of_brokers_before_2_4_are_not_compared() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    let request = script.request_of(ApiKey::API_VERSIONS);
    let offer = |api_key, max_version| ApiVersion { api_key, min_version: 0, max_version };
    let api_keys = vec![
        offer(ApiKey::PRODUCE, 7),
        offer(ApiKey::METADATA, 8),
        offer(ApiKey::API_VERSIONS, 4),
        offer(ApiKey::INIT_PRODUCER_ID, 1),
    ];
    script.answer(&request, &ApiVersionsResponse { api_keys, ..ApiVersionsResponse::default() });
    let request = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&request, &metadata(1, 1, 7));
    let delivery = script.send(0, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    // Deleted and created again: its elections start over, and without topic ids nothing else would tell.
    let request = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&request, &metadata(1, 2, 0));
    script.open();
    script.answer_versions(7);
    let again = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&again, ErrorCode::NONE, 0);
    assert!(delivery.now().is_some_and(|result| result.is_ok()));
}

#[test]
fn a_producer_id_is_asked_for_when_every_connection_was_closed_for_idleness() {
    let mut script = Script::ready(1, |config| config.connections_max_idle = Some(Duration::from_secs(5)));
    script.pass(Duration::from_secs(10));
    assert_eq!(script.closed.len(), 1, "and metadata is fresh: nothing else connects");
    drop(script.send(0, "v"));
    script.open();
    script.answer_versions(13);
    assert!(script.has(ApiKey::INIT_PRODUCER_ID));
}

#[test]
fn a_partition_that_is_gone_is_asked_for_at_the_pace_of_retries() {
    let mut script = Script::ready(2, |_| {});
    let delivery = script.send(1, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    drop(script.send(0, "v"));
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::UNKNOWN_TOPIC_ID, -1);
    let mut smaller = metadata(1, 1, 0);
    smaller.topics[0].topic_id = Uuid([8; 16]);
    let mut asked = 0;
    for _ in 0..40 {
        while script.has(ApiKey::METADATA) && asked < 1_000 {
            let request = script.request_of(ApiKey::METADATA);
            script.answer_metadata(&request, &smaller);
            asked += 1;
        }
        script.pass(Duration::from_millis(100));
    }
    assert!((2..12).contains(&asked), "{asked} times in four seconds");
    assert_eq!(delivery.now(), None, "it waits for its partition until its deadline");
}

#[test]
fn a_cluster_without_idempotence_fails_the_producer_once() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    let request = script.request_of(ApiKey::API_VERSIONS);
    let offer = |api_key, min_version, max_version| ApiVersion { api_key, min_version, max_version };
    let api_keys = vec![offer(ApiKey::PRODUCE, 0, 9), offer(ApiKey::METADATA, 0, 9)];
    script.answer(&request, &ApiVersionsResponse { api_keys, ..Default::default() });
    let request = script.request();
    script.answer_metadata(&request, &metadata(1, 1, 0));
    let delivery = script.send(0, "v");
    assert!(delivery.now().unwrap().is_err());
    let failed = script.notices.iter().filter(|notice| notice.text.contains("enable.idempotence=false"));
    assert_eq!(failed.count(), 1);
}

/// The leader goes away while metadata is asked for: the answer may be older than that.
#[test]
fn what_is_wanted_while_a_question_is_open_is_asked_after_its_answer() {
    let mut script = Script::ready(1, |config| config.metadata_max_age = Duration::from_secs(10));
    drop(script.send(0, "v"));
    let connection = script.connect_leader();
    script.pass(Duration::from_secs(11));
    let question = script.request_of(ApiKey::METADATA);
    assert_ne!(question.connection, connection, "the first address is asked");
    script.cut(connection, "reset");
    script.answer_metadata(&question, &metadata(1, 1, 0));
    assert!(!script.has(ApiKey::METADATA), "not at once");
    script.pass(Duration::from_millis(150));
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 2, 1));
    script.pass(Duration::from_millis(1));
    assert!(script.opening.iter().any(|(_, endpoint)| endpoint.to_string() == "broker-2:9092"));
}

/// KIP-1102: REBOOTSTRAP_REQUIRED.
#[test]
fn a_broker_that_asks_to_start_over_is_obeyed_at_once_and_alone_first_addresses_are_asked() {
    let mut script = Script::ready(1, |config| config.connections_max_idle = Some(Duration::from_secs(5)));
    drop(script.send(0, "v"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    script.pass(Duration::from_secs(4));
    drop(script.send(0, "v"));
    script.pass(Duration::from_secs(2));
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    let question = script.request_of(ApiKey::METADATA);
    assert_eq!(question.connection, request.connection, "of the leader, for the first one is closed");
    let refusal = MetadataResponse { error_code: ErrorCode::REBOOTSTRAP_REQUIRED, ..metadata(1, 1, 0) };
    script.answer_metadata(&question, &refusal);
    let asked: Vec<String> = script.opening.iter().map(|(_, endpoint)| endpoint.to_string()).collect();
    assert_eq!(asked, ["first:9092"]);
    script.open();
    script.answer_versions(13);
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &refusal);
    assert!(script.opening.is_empty(), "a first address that says so too is left alone for a while");
    script.pass(Duration::from_secs(2));
    let at = script.opening.iter().position(|(_, endpoint)| endpoint.to_string() == "first:9092");
    script.opening.rotate_left(at.expect("and is asked again"));
    script.open();
    script.answer_versions(13);
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 2, 1));
    script.pass(Duration::from_secs(2));
    assert!(script.opening.iter().any(|(_, endpoint)| endpoint.to_string() == "broker-2:9092"));
}

/// What the first batch is numbered by that follows when a topic was sent to, answered so, deleted, and is there again.
fn number_after_the_topic_was_gone(answer: ErrorCode) -> (i64, i16, i32) {
    let mut script = Script::ready(1, |config| {
        config.metadata_max_idle = Duration::from_secs(30);
        config.metadata_max_age = Duration::from_secs(10);
    });
    drop(script.send(0, "v"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    assert_eq!(request.batches()[0].1.producer_id, 77);
    script.answer_produce(&request, answer, 0);
    let mut gone = metadata(0, 1, 0);
    gone.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    for _ in 0..60 {
        script.pass(Duration::from_secs(1));
        while script.has(ApiKey::METADATA) {
            let question = script.request_of(ApiKey::METADATA);
            script.answer_metadata(&question, &gone);
        }
    }
    assert_eq!(script.refusal("t"), Refusal::UnknownTopic, "the accumulator has forgotten it too");
    script.want("t");
    script.pass(Duration::from_secs(1));
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 1, 0));
    drop(script.send(0, "v"));
    script.answer_identity(78);
    let request = script.request_of(ApiKey::PRODUCE);
    let (_, header) = request.batches()[0];
    (header.producer_id, header.producer_epoch, header.base_sequence)
}

/// A producer that writes to a topic a day must not remember them all.
#[test]
fn the_queues_of_a_topic_that_was_deleted_are_removed_and_their_numbers_not_used_again() {
    assert_eq!(number_after_the_topic_was_gone(ErrorCode::NONE), (78, 0, 0));
}

/// `numbers_end` 34574: its producer id was used up, and it had not needed another since.
#[test]
fn nor_are_those_that_its_partitions_had_used_up() {
    assert_eq!(number_after_the_topic_was_gone(ErrorCode::INVALID_PRODUCER_EPOCH), (78, 0, 0));
}

/// The leader before is on the cluster's list still, and cannot be reached from here.
#[test]
fn what_is_ready_for_a_leader_that_cannot_be_reached_goes_to_the_next() {
    let mut script = Script::ready(1, |_| {});
    drop(script.send(0, "v"));
    script.answer_identity(77);
    assert_eq!(script.opening[0].1.to_string(), "broker-1:9092", "which swallows everything");
    script.pass(Duration::from_secs(1));
    script.want("other");
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 2, 1));
    assert!(script.opening.iter().any(|(_, endpoint)| endpoint.to_string() == "broker-2:9092"));
}

/// An answer without the topic, which says neither that it is there nor that it is not.
#[test]
fn a_topic_that_answers_leave_out_is_asked_for_at_the_pace_of_retries() {
    let mut script = Script::new(|_| {});
    script.want("t");
    script.open();
    script.answer_versions(13);
    let mut asked = 0;
    for _ in 0..40 {
        while script.has(ApiKey::METADATA) && asked < 1_000 {
            let request = script.request_of(ApiKey::METADATA);
            let mut without = metadata(1, 1, 0);
            without.topics.clear();
            script.answer_metadata(&request, &without);
            asked += 1;
        }
        script.pass(Duration::from_millis(100));
    }
    assert!((4..12).contains(&asked), "{asked} times in four seconds");
}

/// Java let it grow old and asked no more (KAFKA-2948).
#[test]
fn a_topic_that_somebody_waits_for_is_asked_for_beyond_metadata_max_idle() {
    let mut script = Script::new(|config| {
        config.metadata_max_idle = Duration::from_secs(5);
        config.max_block = Duration::from_secs(60);
    });
    script.want("t");
    script.open();
    script.answer_versions(13);
    for _ in 0..25 {
        let request = script.request_of(ApiKey::METADATA);
        let asked = MetadataRequest::decode(&mut Reader::new(&request.body), request.version).unwrap();
        let names: Vec<_> = asked.topics.iter().flatten().map(|topic| topic.name.as_deref()).collect();
        assert_eq!(names, [Some("t")]);
        let mut response = metadata(0, 1, 0);
        response.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        script.answer_metadata(&request, &response);
        script.pass(Duration::from_secs(2));
    }
    let request = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&request, &metadata(3, 1, 0));
    drop(script.send(0, "there"));
}
