//! What clusters do to a producer, row by row of docs/faults.md, where no other story has it.

use crate::script::{Script, metadata, produce_response};
use milena_core::error::DeliveryFailure;
use milena_core::{Delivery, DeliveryError, Written};
use milena_wire::buf::Uuid;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::metadata::MetadataResponse;
use milena_wire::version::ApiKey;
use std::time::Duration;

fn offset(delivery: &Delivery) -> Option<i64> {
    delivery.now().expect("resolved").expect("acknowledged").offset
}

fn error(delivery: &Delivery) -> DeliveryError {
    delivery.now().expect("resolved").expect_err("failed")
}

/// Plays for `duration` before a cluster that is ready: connections stand, Metadata is always this, each Produce request gets
/// `code`. How many Produce and how many Metadata requests there were.
fn play(script: &mut Script, duration: Duration, topic: &MetadataResponse, code: ErrorCode) -> (u32, u32) {
    let (mut produced, mut asked) = (0, 0);
    let end = script.now + duration;
    while script.now < end {
        while !script.opening.is_empty() {
            script.open();
        }
        while let Some(request) = script.requests.pop_front() {
            match request.api {
                ApiKey::METADATA => {
                    script.answer_metadata(&request, topic);
                    asked += 1;
                }
                ApiKey::PRODUCE => {
                    script.answer_produce(&request, code, -1);
                    produced += 1;
                }
                ApiKey::INIT_PRODUCER_ID => {
                    script.requests.push_front(request);
                    script.answer_identity(77);
                }
                _ => {
                    script.requests.push_front(request);
                    script.answer_versions(13);
                }
            }
        }
        script.pass(Duration::from_millis(50));
    }
    (produced, asked)
}

/// Row 9: a broker that answers after 29 of 30 seconds.
#[test]
fn a_slow_broker_is_waited_for_and_asked_nothing_twice() {
    let mut script = Script::ready(1, |config| config.request_timeout = Duration::from_secs(30));
    let delivery = script.send(0, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.pass(Duration::from_secs(29));
    assert!(script.closed.is_empty() && !script.has(ApiKey::PRODUCE));
    script.answer_produce(&request, ErrorCode::NONE, 0);
    assert_eq!(offset(&delivery), Some(0));
    assert_eq!(script.sender.stats().retries, 0);
}

/// Row 11: Kafka counts the replicas in sync before it looks for duplicates, so this refusal says nothing of the attempt before.
#[test]
fn a_refusal_of_the_second_attempt_says_nothing_of_the_first() {
    let mut script = Script::ready(1, |config| config.delivery_timeout = Duration::from_secs(40));
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    script.cut(connection, "connection reset");
    let (produced, _) = play(&mut script, Duration::from_secs(41), &metadata(1, 1, 0), ErrorCode::NOT_ENOUGH_REPLICAS);
    assert!(produced > 10);
    assert_eq!(error(&delivery).written, Written::Maybe);
}

#[test]
fn a_broker_that_only_ever_refuses_has_written_nothing() {
    let mut script = Script::ready(1, |config| config.delivery_timeout = Duration::from_secs(40));
    let delivery = script.send(0, "v");
    script.connect_leader();
    play(&mut script, Duration::from_secs(41), &metadata(1, 1, 0), ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(error(&delivery).written, Written::No);
}

/// Rows 12, 13, 14: appended, and then something went wrong.
#[test]
fn what_may_be_written_is_sent_again_under_its_number() {
    for code in [
        ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        ErrorCode::REQUEST_TIMED_OUT,
        ErrorCode::KAFKA_STORAGE_ERROR,
        ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ] {
        let mut script = Script::ready(1, |_| {});
        let delivery = script.send(0, "v");
        script.connect_leader();
        let first = script.request_of(ApiKey::PRODUCE);
        script.answer_produce(&first, code, -1);
        script.pass(Duration::from_secs(1));
        if script.has(ApiKey::METADATA) {
            let question = script.request_of(ApiKey::METADATA);
            script.answer_metadata(&question, &metadata(1, 1, 1));
        }
        let again = script.request_of(ApiKey::PRODUCE);
        assert_eq!(again.body, first.body, "{code}");
        script.answer_produce(&again, ErrorCode::NONE, 0);
        assert_eq!(offset(&delivery), Some(0));
        assert_eq!(script.sender.stats().epochs, 0);
    }
}

/// Row 14: a disk that is full or gone. Leaders may move away from it, so they are asked for; and nobody spins.
#[test]
fn a_broker_whose_disk_is_gone_is_tried_at_the_pace_of_retries() {
    let mut script = Script::ready(1, |_| {});
    let delivery = script.send(0, "v");
    script.connect_leader();
    let (produced, asked) =
        play(&mut script, Duration::from_secs(60), &metadata(1, 1, 0), ErrorCode::KAFKA_STORAGE_ERROR);
    assert!((50..80).contains(&produced), "retry.backoff.max.ms is a second: {produced} in a minute");
    assert!((30..90).contains(&asked), "{asked} in a minute");
    assert!(delivery.now().is_none());
}

/// Row 15, and D9: the bytes were damaged on their way, ours are right; so they go again as they are.
#[test]
fn a_batch_that_arrived_damaged_is_sent_again_as_it_was() {
    let mut script = Script::ready(1, |config| config.delivery_timeout = Duration::from_secs(40));
    let delivery = script.send(0, "v");
    script.connect_leader();
    let first = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&first, ErrorCode::CORRUPT_MESSAGE, -1);
    script.pass(Duration::from_secs(1));
    let again = script.request_of(ApiKey::PRODUCE);
    assert_eq!(again.body, first.body);
    script.answer_produce(&again, ErrorCode::CORRUPT_MESSAGE, -1);
    play(&mut script, Duration::from_secs(41), &metadata(1, 1, 0), ErrorCode::CORRUPT_MESSAGE);
    assert_eq!(error(&delivery).written, Written::No, "the checksum is checked before anything is appended");
}

/// Row 18: the controller is gone, and nobody leads.
#[test]
fn a_partition_without_a_leader_waits_until_its_deadline_and_no_longer() {
    let mut script = Script::ready(1, |config| {
        config.metadata_max_age = Duration::from_secs(1);
        config.delivery_timeout = Duration::from_secs(40);
    });
    script.pass(Duration::from_secs(2));
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, -1, 1));
    let delivery = script.send(0, "v");
    let (produced, asked) = play(&mut script, Duration::from_secs(39), &metadata(1, -1, 0), ErrorCode::NONE);
    assert_eq!(produced, 0);
    assert!((20..400).contains(&asked), "{asked} in 39 s");
    assert!(delivery.now().is_none());
    script.pass(Duration::from_secs(2));
    assert!(matches!(error(&delivery), DeliveryError { kind: DeliveryFailure::TimedOut { .. }, written: Written::No }));
}

/// Row 19: a topic that is deleted for good. A broker may lag behind, so it is asked for until the deadline.
#[test]
fn a_topic_that_stays_deleted_fails_at_the_deadline_and_says_what_is_known() {
    let mut script = Script::ready(1, |config| config.delivery_timeout = Duration::from_secs(40));
    let delivery = script.send(0, "v");
    script.connect_leader();
    let mut gone = metadata(0, 1, 0);
    gone.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    play(&mut script, Duration::from_secs(41), &gone, ErrorCode::UNKNOWN_TOPIC_ID);
    let told = error(&delivery);
    assert_eq!(told.written, Written::No, "ids are looked up before anything is appended");
    assert!(told.to_string().contains("UNKNOWN_TOPIC_ID"), "{told}");
}

/// Row 21, and D4: librdkafka before 1.9 began at sequence 0 again, and brokers took the new records for the old ones.
#[test]
fn a_topic_that_vanishes_for_one_answer_keeps_its_sequences() {
    let mut script = Script::ready(1, |config| config.metadata_max_age = Duration::from_secs(10));
    let delivery = script.send(0, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    assert_eq!(offset(&delivery), Some(0));
    script.pass(Duration::from_secs(11));
    let question = script.request_of(ApiKey::METADATA);
    let mut gone = metadata(0, 1, 0);
    gone.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    script.answer_metadata(&question, &gone);
    script.pass(Duration::from_secs(1));
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 1, 0));
    let delivery = script.send(0, "v");
    let request = script.request_of(ApiKey::PRODUCE);
    let (_, header) = request.batches()[0];
    assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (77, 0, 1));
    script.answer_produce(&request, ErrorCode::NONE, 1);
    assert_eq!(offset(&delivery), Some(1));
}

/// Rows 28 and 29: a quota so low that delivery cannot be.
#[test]
fn deadlines_run_on_while_a_broker_throttles() {
    let mut script = Script::ready(1, |config| config.delivery_timeout = Duration::from_secs(40));
    drop(script.send(0, "v"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    let mut response = produce_response(&request, ErrorCode::NONE, 0);
    response.throttle_time_ms = 100_000;
    script.answer(&request, &response);
    let later = script.send(0, "later");
    script.pass(Duration::from_secs(41));
    assert_eq!(error(&later).written, Written::No);
    assert!(!script.has(ApiKey::PRODUCE));
}

/// D2, D11: what one partition goes through is its own. Elsewhere, the next epoch under an old sequence is refused, or an old
/// batch under the next epoch is written once more.
#[test]
fn another_epoch_for_one_partition_leaves_the_others_alone() {
    let mut script = Script::ready(2, |_| {});
    let deliveries = [script.send(0, "v"), script.send(1, "v")];
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    assert!(deliveries.iter().all(|delivery| offset(delivery) == Some(0)));
    let refused = script.send(0, "refused");
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::INVALID_RECORD, -1);
    assert_eq!(error(&refused).written, Written::No);
    for (partition, expected) in [(0, (1, 0)), (1, (0, 1))] {
        let delivery = script.send(partition, "v");
        let request = script.request_of(ApiKey::PRODUCE);
        let (_, header) = request.batches()[0];
        assert_eq!((header.producer_epoch, header.base_sequence), expected, "partition {partition}");
        script.answer_produce(&request, ErrorCode::NONE, 1);
        assert_eq!(offset(&delivery), Some(1));
    }
}

/// Row 32: half of the day after which a broker forgets a producer.
#[test]
fn after_half_a_day_of_silence_one_batch_goes_alone() {
    let mut script = Script::ready(1, |config| {
        config.connections_max_idle = None;
        config.metadata_max_idle = Duration::from_secs(1 << 20);
    });
    drop(script.send(0, "v"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    let after = |script: &mut Script, silence| {
        play(script, silence, &metadata(1, 1, 0), ErrorCode::NONE);
        (0..3).for_each(|_| drop(script.send(0, "v")));
        let together = script.requests.iter().filter(|request| request.api == ApiKey::PRODUCE).count();
        while script.has(ApiKey::PRODUCE) {
            let request = script.request_of(ApiKey::PRODUCE);
            script.answer_produce(&request, ErrorCode::NONE, request.batches()[0].1.base_sequence.into());
        }
        together
    };
    assert_eq!(after(&mut script, Duration::from_secs(60)), 3, "five may be in flight");
    assert_eq!(after(&mut script, Duration::from_secs(13 * 3_600)), 1, "the broker may know nothing of us");
}

/// Row 33: what brokers before 2.4 say when they know nothing of a producer. That is not "not written".
#[test]
fn a_broker_that_knows_nothing_of_us_proves_nothing_of_what_may_be_written() {
    let mut script = Script::ready(1, |_| {});
    let uncertain = script.send(0, "v");
    let connection = script.connect_leader();
    script.cut(connection, "connection reset");
    script.pass(Duration::from_secs(1));
    script.open();
    script.answer_versions(13);
    let again = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&again, ErrorCode::UNKNOWN_PRODUCER_ID, -1);
    assert_eq!(error(&uncertain).written, Written::Maybe);
    script.pass(Duration::from_secs(1));
    let next = script.send(0, "v");
    let request = script.request_of(ApiKey::PRODUCE);
    let (_, header) = request.batches()[0];
    assert_eq!((header.producer_epoch, header.base_sequence), (1, 0));
    script.answer_produce(&request, ErrorCode::UNKNOWN_PRODUCER_ID, -1);
    assert!(next.now().is_none(), "it was refused, and never uncertain: it goes on");
}

/// Row 37: a broker that comes back as an older Kafka, as a rolling downgrade does it.
#[test]
fn a_broker_that_comes_back_older_is_spoken_to_in_its_own_versions() {
    let mut script = Script::ready(1, |_| {});
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    let first = script.request_of(ApiKey::PRODUCE);
    assert_eq!(first.version, 13);
    script.cut(connection, "connection reset");
    script.pass(Duration::from_secs(1));
    script.open();
    script.answer_versions(9);
    let again = script.request_of(ApiKey::PRODUCE);
    assert_eq!(again.version, 9);
    assert_eq!(again.batches(), first.batches(), "the same batch under the same number");
    script.answer_produce(&again, ErrorCode::NONE, 0);
    assert_eq!(offset(&delivery), Some(0));
}

/// Row 38: brokers that have not heard yet of the topic's new id, or of its end. The first code proves that nothing was
/// written, so the batch goes to the new topic; of the second nobody has shown that.
#[test]
fn a_topic_id_that_the_leader_does_not_know_is_asked_about() {
    for code in [ErrorCode::UNKNOWN_TOPIC_ID, ErrorCode::INCONSISTENT_TOPIC_ID] {
        let mut script = Script::ready(1, |_| {});
        let delivery = script.send(0, "v");
        script.connect_leader();
        let request = script.request_of(ApiKey::PRODUCE);
        script.answer_produce(&request, code, -1);
        let question = script.request_of(ApiKey::METADATA);
        let mut another = metadata(1, 1, 0);
        another.topics[0].topic_id = Uuid([9; 16]);
        script.answer_metadata(&question, &another);
        script.pass(Duration::from_secs(1));
        let next = if code == ErrorCode::UNKNOWN_TOPIC_ID {
            delivery
        } else {
            assert_eq!(error(&delivery).kind, DeliveryFailure::TopicRecreated, "{code}");
            script.send(0, "v")
        };
        let request = script.request_of(ApiKey::PRODUCE);
        script.answer_produce(&request, ErrorCode::NONE, 0);
        assert_eq!(offset(&next), Some(0), "into the new topic, from its first offset on");
    }
}

/// Row 43: one byte a second.
#[test]
fn an_answer_that_trickles_in_is_given_up_at_request_timeout() {
    let mut script = Script::ready(1, |config| config.request_timeout = Duration::from_secs(5));
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    let response = produce_response(&request, ErrorCode::NONE, 0);
    for byte in script.frame(&request, &response, request.version) {
        if !script.closed.is_empty() {
            break;
        }
        script.sender.handle_bytes(connection, &[byte], script.now);
        script.turn();
        script.pass(Duration::from_secs(1));
    }
    assert_eq!(script.closed, [connection]);
    assert!(delivery.now().is_none(), "it is sent again");
}

/// Row 48 (KIP-1102): every broker that we know of has moved away.
#[test]
fn a_cluster_that_moved_away_is_found_again_at_the_first_address() {
    let mut script = Script::ready(1, |config| {
        config.rebootstrap_trigger = Duration::from_secs(20);
        config.connections_max_idle = Some(Duration::from_secs(5));
        config.metadata_max_age = Duration::from_secs(10);
    });
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    script.cut(connection, "connection reset");
    let mut found = None;
    for _ in 0..600 {
        while let Some((connection, endpoint)) = script.opening.pop_front() {
            if &*endpoint.host == "first" {
                found = Some(script.now);
                script.opening.push_front((connection, endpoint));
                break;
            }
            script.cut(connection, "connection refused");
        }
        if found.is_some() {
            break;
        }
        script.requests.clear();
        script.pass(Duration::from_millis(100));
    }
    assert!(found.is_some(), "the first address is asked again");
    script.open();
    script.answer_versions(13);
    let question = script.request_of(ApiKey::METADATA);
    let mut moved = metadata(1, 1, 1);
    moved.brokers[0].host = "elsewhere".into();
    script.answer_metadata(&question, &moved);
    script.pass(Duration::from_secs(2));
    let elsewhere = script.opening.iter().position(|(_, endpoint)| endpoint.to_string() == "elsewhere:9092");
    script.opening.rotate_left(elsewhere.expect("the leader is connected to where it went"));
    script.open();
    script.answer_versions(13);
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    assert_eq!(offset(&delivery), Some(0));
}

/// Row 49: a broker that bootstrap.servers names too is one broker.
#[test]
fn a_broker_that_is_named_twice_is_connected_to_once_a_second() {
    let first = milena_core::output::Endpoint { host: "broker-1".into(), port: 9092 };
    let mut script = Script::ready(1, |config| {
        config.bootstrap_servers = vec![first];
        config.metadata_max_age = Duration::from_secs(3_600);
    });
    script.pass(Duration::from_secs(1));
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    script.cut(connection, "connection reset");
    let end = script.now + Duration::from_secs(60);
    let mut attempts = 0;
    while script.now < end {
        while let Some((connection, endpoint)) = script.opening.pop_front() {
            attempts += u32::from(endpoint.to_string() == "broker-1:9092");
            script.cut(connection, "connection refused");
        }
        // The first connection, which stands still, is silent.
        script.requests.clear();
        script.pass(Duration::from_millis(100));
    }
    assert!((50..=75).contains(&attempts), "{attempts} in a minute");
    assert!(delivery.now().is_none());
}
