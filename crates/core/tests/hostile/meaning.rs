//! Answers that are well formed and cannot be true.

use crate::alone;
use crate::broker::{AGES, NEWEST, Question, metadata};
use crate::stage::{DELIVERY_TIMEOUT, Stage};
use milena_core::Ack;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::metadata::{MetadataResponse, MetadataResponseBroker};
use milena_wire::messages::produce::{LeaderIdAndEpoch, NodeEndpoint, ProduceResponse};
use milena_wire::version::ApiKey;
use std::time::Duration;

/// Metadata with one thing wrong, to a record that waits for it and to one that is sent after it; then the cluster is
/// honest again.
fn metadata_lie(change: impl Fn(&mut MetadataResponse)) {
    for age in AGES {
        let (mut stage, _, connection, question) = Stage::begin(age, ApiKey::METADATA);
        let mut response = metadata(question.version);
        change(&mut response);
        let bytes = question.answer(&response);
        stage.say(connection, &question, &bytes, bytes.len());
        let delivery = stage.send();
        stage.resolves(delivery.as_ref());
        stage.recovers();
    }
}

/// A Produce answer with something wrong. Gives the stage right after it.
fn produce_lie(change: impl Fn(&mut ProduceResponse, &Question)) -> (Stage, milena_core::Delivery) {
    let (mut stage, delivery, connection, question) = Stage::begin(NEWEST, ApiKey::PRODUCE);
    let mut response = stage.cluster.produce(&question);
    change(&mut response, &question);
    let bytes = question.answer(&response);
    stage.say(connection, &question, &bytes, bytes.len());
    let delivery = delivery.unwrap();
    stage.is_believed_only_if_said(Some(&delivery));
    (stage, delivery)
}

#[test]
fn leaders_and_brokers_that_do_not_exist_hold_nothing_up_for_ever() {
    let _alone = alone();
    for leader_id in [-1, -2, 2, 7, i32::MIN, i32::MAX] {
        metadata_lie(|response| response.topics[0].partitions.iter_mut().for_each(|each| each.leader_id = leader_id));
    }
    for port in [0, -1, 1, 70_000, i32::MIN, i32::MAX] {
        metadata_lie(|response| response.brokers.iter_mut().for_each(|broker| broker.port = port));
    }
    for host in ["", "nowhere", "\u{0}\n\u{202e}", &"x".repeat(30_000)] {
        metadata_lie(|response| response.brokers.iter_mut().for_each(|broker| broker.host = host.into()));
    }
    metadata_lie(|response| response.brokers.clear());
    metadata_lie(|response| response.topics.clear());
    metadata_lie(|response| response.topics[0].partitions.clear());
    metadata_lie(|response| response.brokers.iter_mut().for_each(|broker| broker.node_id = -5));
    metadata_lie(|response| {
        let elsewhere = MetadataResponseBroker { node_id: 1, host: "elsewhere".into(), port: 1, ..Default::default() };
        response.brokers.push(elsewhere);
    });
}

#[test]
fn partitions_with_any_number_are_taken_only_where_they_fit() {
    let _alone = alone();
    for index in [-1, 1, 2, 1_000_000, i32::MIN, i32::MAX] {
        metadata_lie(|response| response.topics[0].partitions[0].partition_index = index);
    }
}

#[test]
fn an_election_that_never_was_is_forgotten() {
    let _alone = alone();
    // The leader is wrong, and every honest answer is older than the lie.
    metadata_lie(|response| {
        for partition in &mut response.topics[0].partitions {
            (partition.leader_id, partition.leader_epoch) = (7, i32::MAX);
        }
    });
    for leader_id in [2, 7] {
        let (mut stage, delivery) = produce_lie(|response, _| {
            let answer = &mut response.responses[0].partition_responses[0];
            answer.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            answer.current_leader = LeaderIdAndEpoch { leader_id, leader_epoch: i32::MAX };
            let endpoint = NodeEndpoint { node_id: 7, host: "nowhere".into(), port: 9092, rack: None };
            response.node_endpoints = vec![endpoint];
        });
        stage.resolves(Some(&delivery));
        stage.recovers();
    }
}

#[test]
fn endpoints_of_nonsense_lead_nowhere() {
    let _alone = alone();
    for (node_id, host, port) in
        [(-1, "x", 1), (i32::MAX, "x", 0), (1, "", 1), (1, "elsewhere", 70_000), (1, "\u{0}", i32::MIN)]
    {
        let (mut stage, delivery) = produce_lie(|response, _| {
            let answer = &mut response.responses[0].partition_responses[0];
            answer.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            answer.current_leader = LeaderIdAndEpoch { leader_id: node_id, leader_epoch: 6 };
            response.node_endpoints = vec![NodeEndpoint { node_id, host: host.into(), port, rack: None }];
        });
        stage.resolves(Some(&delivery));
        stage.recovers();
    }
}

#[test]
fn offsets_at_the_ends_of_all_numbers_are_taken_as_far_as_they_go() {
    let _alone = alone();
    for (base_offset, offset) in [(i64::MIN, None), (-2, None), (0, Some(0)), (i64::MAX, Some(i64::MAX))] {
        let (mut stage, delivery) = produce_lie(|response, _| {
            let answer = &mut response.responses[0].partition_responses[0];
            (answer.base_offset, answer.log_append_time_ms) = (base_offset, i64::MAX);
            (answer.log_start_offset, response.throttle_time_ms) = (i64::MIN, 0);
        });
        let Ack { offset: found, .. } = delivery.now().unwrap().unwrap();
        assert_eq!(found, offset);
        stage.recovers();
    }
}

#[test]
fn a_throttle_of_weeks_is_five_minutes() {
    let _alone = alone();
    let (mut stage, delivery) = produce_lie(|response, _| response.throttle_time_ms = i32::MAX);
    assert!(delivery.now().unwrap().is_ok());
    let later = stage.send().unwrap();
    stage.pass(DELIVERY_TIMEOUT, true);
    assert!(later.now().unwrap().is_err(), "nothing was sent meanwhile");
    stage.pass(Duration::from_secs(300) - DELIVERY_TIMEOUT, true);
    let at_last = stage.send().unwrap();
    stage.pass(Duration::from_secs(1), true);
    assert!(at_last.now().unwrap().is_ok());
}

#[test]
fn an_answer_under_another_number_closes_the_connection() {
    let _alone = alone();
    for age in AGES {
        let (mut stage, delivery, connection, question) = Stage::begin(age, ApiKey::PRODUCE);
        let answer = stage.cluster.answer(&question);
        let swapped = Question { correlation_id: question.correlation_id + 1, ..question.clone() };
        let body = &answer[answer.len().min(8)..];
        let bytes = swapped.answer_raw(body);
        stage.hear(connection, &bytes, bytes.len());
        assert!(delivery.as_ref().unwrap().now().is_none());
        assert!(stage.warned("that was not asked for"));
        assert!(stage.resolves(delivery.as_ref()).unwrap().is_ok());
    }
}

#[test]
fn a_frame_of_two_gigabytes_is_refused_when_it_is_announced() {
    let _alone = alone();
    for age in AGES {
        let (mut stage, delivery, connection, _) = Stage::begin(age, ApiKey::PRODUCE);
        stage.hear(connection, &i32::MAX.to_be_bytes(), 4);
        assert!(stage.warned("connection lost"));
        assert!(stage.resolves(delivery.as_ref()).unwrap().is_ok());
    }
}
