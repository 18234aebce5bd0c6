//! Lies about where a log ends: what a probe proves hangs on it.

use crate::alone;
use crate::broker::{AGES, Age};
use crate::stage::Stage;
use milena_core::DeliveryError;
use milena_wire::Encode;
use milena_wire::buf::Writer;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::list_offsets::{
    ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use milena_wire::version::ApiKey;

/// The first answer is this lie; the cluster is honest from then on. What becomes of the older of the two batches that the
/// broker has and has forgotten.
fn lie(age: Age, change: impl FnOnce(&mut ListOffsetsResponse)) -> (Stage, Result<(), DeliveryError>) {
    let (mut stage, older, connection, question) = Stage::begin(age, ApiKey::LIST_OFFSETS);
    let mut response = stage.cluster.log_ends(&question);
    change(&mut response);
    let mut body = Writer::new();
    response.encode(&mut body, question.version).unwrap();
    let bytes = question.answer_raw(body.written());
    stage.say(connection, &question, &bytes, usize::MAX);
    assert!(older.as_ref().unwrap().now().is_none(), "where a log ends acknowledges nothing");
    let result = stage.resolves(older.as_ref()).unwrap();
    (stage, result)
}

fn end_of(response: &mut ListOffsetsResponse) -> &mut ListOffsetsPartitionResponse {
    &mut response.topics[0].partitions[0]
}

#[test]
fn the_truth_proves_the_older_batch() {
    let _alone = alone();
    for age in AGES {
        let (_, older) = lie(age, |_| ());
        assert!(older.is_ok());
    }
}

#[test]
fn an_offset_that_no_log_has_is_no_answer_and_the_leader_is_asked_again() {
    let _alone = alone();
    for age in AGES {
        for offset in [-1, -2, i64::MIN] {
            let (mut stage, older) = lie(age, |response| end_of(response).offset = offset);
            assert!(older.is_ok(), "by the next answer: {older:?}");
            stage.recovers();
        }
    }
}

/// With a log end below them, what is acknowledged may be a first copy: of the older batch it proves nothing, and it is
/// asked for by itself.
#[test]
fn an_end_that_is_too_low_proves_nothing() {
    let _alone = alone();
    for age in AGES {
        for offset in [0, 1, 2] {
            let (mut stage, older) = lie(age, |response| end_of(response).offset = offset);
            assert!(older.is_ok(), "it is there, as an answer of its own says: {older:?}");
            stage.recovers();
        }
    }
}

#[test]
fn an_end_that_is_too_high_makes_no_room_for_what_is_not_there() {
    let _alone = alone();
    for age in AGES {
        for offset in [4, 1_000_000, i64::MAX] {
            let (mut stage, older) = lie(age, |response| end_of(response).offset = offset);
            assert!(older.is_ok(), "{older:?}");
            stage.recovers();
        }
    }
}

#[test]
fn an_answer_about_something_else_is_no_answer() {
    let _alone = alone();
    let changes: [fn(&mut ListOffsetsResponse); 5] = [
        |response| response.topics.clear(),
        |response| response.topics[0].partitions.clear(),
        |response| response.topics[0].name = "other".into(),
        |response| end_of(response).partition_index = 1,
        |response| end_of(response).partition_index = i32::MIN,
    ];
    for age in AGES {
        for change in changes {
            let (mut stage, older) = lie(age, change);
            assert!(stage.warned("the answer to ListOffsets (2) cannot be read"));
            assert!(older.is_ok(), "{older:?}");
            stage.recovers();
        }
    }
}

#[test]
fn refusals_of_every_kind_end() {
    let _alone = alone();
    for age in AGES {
        for code in [-1, 3, 6, 9, 29, 35, 42, 78, 4711, i16::MIN, i16::MAX] {
            let (mut stage, _) = lie(age, |response| end_of(response).error_code = ErrorCode(code));
            stage.recovers();
        }
    }
}

/// The frame is refused before it is read: nobody asked for so much.
#[test]
fn many_topics_and_partitions_cost_nothing() {
    let _alone = alone();
    for age in AGES {
        for (topics, partitions) in [(10, 10), (300, 0), (100_000, 0), (1, 100_000), (300, 300)] {
            let (mut stage, _) = lie(age, |response| {
                let partitions = vec![ListOffsetsPartitionResponse::default(); partitions];
                let topic = ListOffsetsTopicResponse { name: String::new(), partitions };
                response.topics.extend(vec![topic; topics]);
            });
            stage.recovers();
        }
    }
}
