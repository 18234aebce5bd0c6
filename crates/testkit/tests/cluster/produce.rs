//! What Produce refuses, in Kafka's order, and how it answers.

use crate::support::{HOUR, Run, TOPIC, b, from};
use milena_testkit::{ClusterOptions, Codec, ErrorCode, Operation, TimestampType, TopicOptions};
use milena_wire::buf::Reader;
use milena_wire::messages::produce::ProduceRequest;
use milena_wire::record_batch::RecordBatch;
use std::time::Duration;

#[test]
fn every_version_appends_and_says_where() {
    for version in 3..=13 {
        let mut run = Run::on(&[1]);
        let answer = run.produce(&b(0), version).unwrap();
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, 0), "version {version}");
        let answer = run.produce(&b(1), version).unwrap();
        assert_eq!(answer.base_offset, 10, "version {version}");
        assert_eq!(answer.log_append_time_ms, -1);
    }
}

#[test]
fn every_codec_is_read_back_and_zstd_wants_version_7() {
    for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let mut run = Run::on(&[1]);
        let mut batch = b(0).value(&[b'x'; 500]);
        batch.codec = codec;
        assert_eq!(run.send(batch.clone()), Ok(0));
        let records = run.cluster.records(TOPIC, 0);
        assert_eq!(records.len(), 10);
        assert!(records.iter().all(|record| record.value.as_deref() == Some(&[b'x'; 500]) && record.codec == codec));
        let old = run.produce(&Batch10(batch).next(), 6).unwrap().error_code;
        let expected = if codec == Codec::Zstd { ErrorCode::UNSUPPORTED_COMPRESSION_TYPE } else { ErrorCode::NONE };
        assert_eq!(old, expected, "{codec:?}");
    }
}

/// A batch, to make the one after it.
struct Batch10(crate::support::Batch);

impl Batch10 {
    fn next(self) -> crate::support::Batch {
        crate::support::Batch { sequence: self.0.sequence + self.0.count, ..self.0 }
    }
}

#[test]
fn records_come_back_with_key_value_producer_and_sequence() {
    let mut run = Run::on(&[1]);
    let mut batch = from(4).count(2).epoch(3).producer(99).at(1_700_000_000_000);
    batch.key = Some(b"key");
    assert_eq!(run.send(batch), Ok(0));
    let records = run.cluster.records(TOPIC, 0);
    let record = &records[1];
    assert_eq!((record.offset, record.timestamp), (1, 1_700_000_000_000));
    assert_eq!((record.key.as_deref(), record.value.as_deref()), (Some(&b"key"[..]), Some(&b"value"[..])));
    assert_eq!((record.producer_id, record.producer_epoch, record.sequence), (99, 3, 5));
}

#[test]
fn without_acks_there_is_no_answer_and_an_error_closes_the_connection() {
    let mut run = Run::on(&[1]);
    assert_eq!(run.produce(&b(0).acks(0), 8), None);
    assert_eq!(run.log_end(), 10);
    let request = run.request(&b(1), b(1).acks(0).encode(run.now_ms()));
    run.put(&ProduceRequest { acks: 0, ..request }, 8);
    assert!(matches!(run.cluster.poll_output(), milena_testkit::Output::Done(_)));
    run.cluster.topic_mut(TOPIC).unwrap().options.max_message_bytes = 10;
    run.put(&run.request(&b(2).acks(0), b(2).encode(run.now_ms())), 8);
    assert!(matches!(run.cluster.poll_output(), milena_testkit::Output::Close(_)));
}

#[test]
fn acks_other_than_all_0_and_1_are_refused() {
    let mut run = Run::on(&[1]);
    assert_eq!(run.send(b(0).acks(2)), Err(ErrorCode::INVALID_REQUIRED_ACKS));
    assert_eq!(run.log_end(), 0);
}

#[test]
fn a_partition_takes_one_whole_batch_of_format_2() {
    let mut run = Run::on(&[1]);
    let now = run.now_ms();
    let good = b(0).encode(now);
    let mut old = good.to_vec();
    old[16] = 1;
    let mut strange = good.to_vec();
    strange[16] = 9;
    let mut tiny = good.to_vec();
    tiny[8..12].copy_from_slice(&3i32.to_be_bytes());
    let cases = [
        (Vec::new(), ErrorCode::INVALID_RECORD),
        (good[..good.len() - 1].to_vec(), ErrorCode::INVALID_RECORD),
        ([&good[..], &good].concat(), ErrorCode::INVALID_RECORD),
        (old, ErrorCode::INVALID_RECORD),
        (strange, ErrorCode::CORRUPT_MESSAGE),
        (tiny, ErrorCode::CORRUPT_MESSAGE),
    ];
    for (records, code) in cases {
        let request = run.request(&b(0), records.into());
        let response = run.ask(&request, 8).unwrap();
        assert_eq!(response.responses[0].partition_responses[0].error_code, code);
    }
    let trailing = [&good[..], &good[..40]].concat();
    let response = run.ask(&run.request(&b(0), trailing.into()), 8).unwrap();
    assert_eq!(
        response.responses[0].partition_responses[0].error_code,
        ErrorCode::NONE,
        "what is not whole is cut off"
    );
}

#[test]
fn a_batch_that_was_damaged_on_its_way_is_corrupt() {
    let mut run = Run::on(&[1]);
    let mut records = b(0).encode(run.now_ms()).to_vec();
    *records.last_mut().unwrap() ^= 1;
    let response = run.ask(&run.request(&b(0), records.into()), 8).unwrap();
    assert_eq!(response.responses[0].partition_responses[0].error_code, ErrorCode::CORRUPT_MESSAGE);
    assert_eq!(run.log_end(), 0);
}

#[test]
fn a_producer_id_wants_a_sequence_and_no_epoch() {
    // What `raw_edges` saw on 4.3.1.
    let mut run = Run::on(&[1]);
    assert_eq!(run.send(from(-1).producer(5)), Err(ErrorCode::INVALID_RECORD));
    assert_eq!(run.send(from(0).producer(5).epoch(-1)), Ok(0));
    assert_eq!(run.send(from(0).producer(6).acks(1)), Ok(10), "idempotent with acks=1");
}

#[test]
fn unknown_topics_and_forbidden_ones_are_told_apart() {
    let mut run = Run::on(&[1]);
    run.cluster.deny(Operation::Write(TOPIC.to_owned()));
    assert_eq!(run.send(b(0)), Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED));
    run.cluster.allow(&Operation::Write(TOPIC.to_owned()));
    run.cluster.delete_topic(TOPIC);
    assert_eq!(run.produce(&b(0), 12).unwrap().error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(run.produce(&b(0), 13).unwrap().error_code, ErrorCode::UNKNOWN_TOPIC_ID);
}

#[test]
fn a_wrong_record_takes_its_batch_with_it_and_is_named() {
    let compacted = TopicOptions { compacted: true, ..TopicOptions::default() };
    let mut run = Run::with(&[1], ClusterOptions::default(), compacted);
    let answer = run.produce(&b(0).count(3), 8).unwrap();
    assert_eq!(answer.error_code, ErrorCode::INVALID_RECORD);
    let wrong: Vec<_> = answer.record_errors.iter().map(|error| error.batch_index).collect();
    assert_eq!(wrong, [0, 1, 2]);
    assert!(answer.error_message.unwrap().contains("3 record errors"));
    assert_eq!(run.produce(&b(0).count(3), 7).unwrap().record_errors, [], "version 7 cannot say it");
}

#[test]
fn refusals_say_what_kafka_4_3_1_says() {
    // Seen on a real broker with the same bytes: code, message, log start (-1 where the log was not reached).
    let mut run = Run::on(&[1]);
    run.fill(1);
    let good = b(1).encode(run.now_ms());
    let patched = |at: usize, bytes: &[u8]| {
        let mut records = good.to_vec();
        records[at..at + bytes.len()].copy_from_slice(bytes);
        records
    };
    let short = "Record size 3 is less than the minimum record overhead (14)";
    let magic = "Invalid magic found in record: 9";
    let cases = [
        (patched(16, &[9]), ErrorCode::CORRUPT_MESSAGE, Some(magic), -1),
        (patched(8, &3i32.to_be_bytes()), ErrorCode::CORRUPT_MESSAGE, Some(short), -1),
        (patched(65, &[0x77]), ErrorCode::CORRUPT_MESSAGE, None, -1),
        (patched(22, &[7]), ErrorCode::UNKNOWN_SERVER_ERROR, None, 0),
        (patched(0, &5i64.to_be_bytes()), ErrorCode::INVALID_RECORD, None, 0),
        (Vec::new(), ErrorCode::INVALID_RECORD, None, -1),
        (b(9).encode(run.now_ms()).to_vec(), ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, None, 0),
    ];
    for (records, code, message, log_start_offset) in cases {
        let mut response = run.ask(&run.request(&b(1), records.into()), 8).unwrap();
        let answer = response.responses.remove(0).partition_responses.remove(0);
        let seen = (answer.error_code, answer.error_message.as_deref(), answer.log_start_offset, answer.base_offset);
        assert_eq!(seen, (code, message, log_start_offset, -1));
    }
}

#[test]
fn times_too_far_ahead_are_refused_with_the_span_that_is_allowed() {
    let mut run = Run::on(&[1]);
    let limit = run.now_ms() + HOUR;
    assert_eq!(run.send(b(0).at(limit)), Ok(0));
    let answer = run.produce(&b(1).count(1).at(limit + 1), 8).unwrap();
    assert_eq!(answer.error_code, ErrorCode::INVALID_TIMESTAMP);
    let text = answer.record_errors[0].batch_index_error_message.clone().unwrap();
    assert!(text.contains(&limit.to_string()), "{text}");
}

#[test]
fn append_time_is_the_brokers_in_the_answer_and_in_the_log() {
    let topic = TopicOptions { timestamp_type: TimestampType::LogAppendTime, ..TopicOptions::default() };
    let mut run = Run::with(&[1], ClusterOptions::default(), topic);
    run.pass(Duration::from_secs(3));
    let answer = run.produce(&b(0).at(5), 8).unwrap();
    assert_eq!(answer.log_append_time_ms, run.now_ms());
    assert!(run.cluster.records(TOPIC, 0).iter().all(|record| record.timestamp == run.now_ms()));
}

#[test]
fn a_header_that_is_wrong_about_its_records_times_is_put_right() {
    let mut run = Run::on(&[1]);
    let mut records = b(0).at(5).encode(run.now_ms()).to_vec();
    records[42] = 77; // the last byte of max_timestamp
    let crc = crc32c::crc32c(&records[21..]).to_be_bytes();
    records[17..21].copy_from_slice(&crc);
    run.ask(&run.request(&b(0), records.into()), 8).unwrap();
    let log = run.cluster.partition(TOPIC, 0).unwrap().log().unwrap();
    let stored = log.batches().next().unwrap();
    assert_eq!(stored.max_timestamp, 5);
    let batch = RecordBatch::decode(&mut Reader::new(&stored.sent)).unwrap();
    assert_eq!((batch.header.max_timestamp, batch.verify_crc()), (5, Ok(())));
}

#[test]
fn a_duplicates_answer_has_an_append_time_whatever_the_topics_timestamps_are() {
    let mut run = Run::on(&[1]);
    let batch = b(0).at(1_700_000_000_000);
    assert_eq!(run.produce(&batch, 8).unwrap().log_append_time_ms, -1);
    assert_eq!(run.produce(&batch, 8).unwrap().log_append_time_ms, 1_700_000_000_000);
}

#[test]
fn who_is_not_the_leader_says_who_is_from_version_10_on() {
    let mut run = Run::on(&[1, 2]);
    run.turn_to(2);
    for version in [9, 10, 13] {
        let mut response = run.ask(&run.request(&b(0), b(0).encode(run.now_ms())), version).unwrap();
        let answer = response.responses.remove(0).partition_responses.remove(0);
        assert_eq!(answer.error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        assert_eq!(answer.base_offset, -1);
        assert_eq!(answer.current_leader.leader_id, if version >= 10 { 1 } else { -1 });
        let endpoints: Vec<_> = response.node_endpoints.iter().map(|endpoint| endpoint.node_id).collect();
        assert_eq!(endpoints, if version >= 10 { vec![1] } else { vec![] });
    }
}

#[test]
fn a_request_that_times_out_is_in_the_log_and_says_its_offset() {
    let mut run = Run::on(&[1, 2]);
    run.cluster.set_fetching(2, false);
    let mut batch = b(0);
    batch.timeout = Duration::from_millis(200);
    let answer = run.produce(&batch, 8).unwrap();
    assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::REQUEST_TIMED_OUT, 0));
    assert_eq!(run.now.as_millis(), 200);
    assert_eq!(run.log_end(), 10);
}

#[test]
fn records_of_a_transaction_are_refused_as_a_whole() {
    let mut run = Run::on(&[1]);
    let mut records = b(0).encode(run.now_ms()).to_vec();
    records[22] |= 1 << 4;
    let response = run.ask(&run.request(&b(0), records.into()), 8).unwrap();
    let code = response.responses[0].partition_responses[0].error_code;
    assert_eq!(code, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
}
