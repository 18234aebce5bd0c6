//! How a broker treats producer ids, epochs and sequences: the vectors that were run on Kafka 3.7.2, 3.9.1, 4.3.1 and 4.4.0,
//! one test each, against the cluster's own Produce.

use crate::support::{DAY, HOUR, Run, TOPIC, b, from};
use milena_testkit::{Cluster, ClusterOptions, ErrorCode, Expiry, Release, TimestampType, TopicOptions};
use std::time::Duration;

const OUT_OF_ORDER: Result<i64, ErrorCode> = Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
const FENCED: Result<i64, ErrorCode> = Err(ErrorCode::INVALID_PRODUCER_EPOCH);

/// Checks every two seconds, as the brokers of the runs did.
fn expiring(after_ms: i64) -> ClusterOptions {
    let expiry = Expiry { expiration_ms: after_ms, check_interval_ms: 2_000 };
    ClusterOptions { expiry, ..ClusterOptions::default() }
}

fn two_replicas(min_insync_replicas: usize) -> Run {
    Run::with(&[1, 2], ClusterOptions::default(), TopicOptions { min_insync_replicas, ..TopicOptions::default() })
}

fn known(run: &Run) -> usize {
    let replica = run.cluster.partition(TOPIC, 0).and_then(|partition| partition.replica(run.broker));
    let mut log = replica.expect("the broker has a replica").log.clone();
    log.producers(run.now_ms()).producers().count()
}

#[test]
fn vector_01_five_batches_again_are_answered_with_their_first_offsets() {
    let mut run = Run::on(&[1]);
    run.fill(5);
    run.fill(5);
    assert_eq!(run.log_end(), 50);
}

#[test]
fn vector_02_the_sixth_last_batch_is_out_of_order() {
    let mut run = Run::on(&[1]);
    run.fill(6);
    assert_eq!(run.send(b(0)), OUT_OF_ORDER);
    assert_eq!(run.log_end(), 60);
}

#[test]
fn vector_03_after_a_clean_restart_only_the_newest_batch_is_known() {
    let mut run = Run::on(&[1]);
    run.fill(5);
    run.restart(Cluster::stop);
    for i in 0..4 {
        assert_eq!(run.send(b(i)), OUT_OF_ORDER);
    }
    assert_eq!(run.send(b(4)), Ok(40));
    assert_eq!(run.send(b(0).epoch(1)), Ok(50), "a bumped epoch makes the duplicate");
    assert_eq!(run.log_end(), 60);
}

#[test]
fn vector_04_halves_of_a_batch_are_out_of_order() {
    let mut run = Run::on(&[1]);
    run.fill(1);
    assert_eq!(run.send(from(0).count(5)), OUT_OF_ORDER);
    assert_eq!(run.send(from(5).count(5)), OUT_OF_ORDER);
    assert_eq!(run.send(from(0).count(20)), OUT_OF_ORDER);
    assert_eq!(run.log_end(), 10);
}

#[test]
fn vector_05_a_forgotten_producer_writes_its_last_batch_twice() {
    let mut run = Run::with(&[1], expiring(1_000), TopicOptions::default());
    run.fill(3);
    run.pass(Duration::from_secs(5));
    assert_eq!(known(&run), 0);
    run.cluster.set_producer_expiration(DAY);
    assert_eq!(run.send(b(2)), Ok(30));
    assert_eq!(run.send(b(0)), OUT_OF_ORDER);
}

#[test]
fn vector_06_a_producer_of_old_records_is_forgotten_at_the_next_check() {
    let mut run = Run::on(&[1]);
    let old = run.now_ms() - 25 * HOUR;
    assert_eq!(run.send(b(0).at(old)), Ok(0));
    assert_eq!(run.send(b(0).at(old)), Ok(0), "not before the check");
    run.pass(Duration::from_secs(600));
    assert_eq!(run.send(b(0).at(old)), Ok(10));
}

#[test]
fn vector_07_an_unknown_producer_may_begin_with_any_sequence() {
    let mut run = Run::on(&[1]);
    assert_eq!(run.send(from(30)), Ok(0));
    assert_eq!(run.send(from(20)), OUT_OF_ORDER);
    assert_eq!(run.send(from(40)), Ok(10));
}

#[test]
fn vector_07_on_a_newer_broker_a_partition_never_written_wants_sequence_0() {
    let options = ClusterOptions { release: Release::V4_5, ..ClusterOptions::default() };
    let mut run = Run::with(&[1], options, TopicOptions::default());
    assert_eq!(run.send(from(30)), OUT_OF_ORDER);
    assert_eq!(run.send(from(0)), Ok(0));
    assert_eq!(run.send(from(30).producer(8)), Ok(10), "but not one that was written before");
}

#[test]
fn vector_08_content_is_not_compared() {
    let mut run = Run::on(&[1]);
    assert_eq!(run.send(b(0).value(b"first")), Ok(0));
    assert_eq!(run.send(b(0).value(b"second, and longer")), Ok(0));
    assert_eq!(run.log_end(), 10);
    assert!(run.cluster.records(TOPIC, 0).iter().all(|record| record.value.as_deref() == Some(b"first")));
}

#[test]
fn vector_09_an_old_epoch_is_fenced_even_for_what_it_wrote() {
    let mut run = Run::on(&[1]);
    run.fill(1);
    assert_eq!(run.send(from(0).epoch(1)), Ok(10));
    assert_eq!(run.send(from(10)), FENCED);
    assert_eq!(run.send(from(0)), FENCED);
}

#[test]
fn vector_10_sequences_wrap_to_0() {
    let mut run = Run::on(&[1]);
    assert_eq!(run.send(from(2_147_483_643)), Ok(0));
    let sequences: Vec<_> = run.cluster.records(TOPIC, 0).iter().map(|record| record.sequence).collect();
    assert_eq!(sequences[3..6], [2_147_483_646, 2_147_483_647, 0]);
    assert_eq!(sequences[9], 4);
    assert_eq!(run.send(from(5)), Ok(10));
    assert_eq!(run.send(from(2_147_483_643)), Ok(0));
}

#[test]
fn vector_11_a_snapshot_with_old_record_times_is_loaded_without_them() {
    let mut run = Run::with(&[1], expiring(10 * DAY), TopicOptions::default());
    let old = run.now_ms() - 25 * HOUR;
    assert_eq!(run.send(b(0).at(old)), Ok(0));
    assert_eq!(known(&run), 1);
    run.cluster.set_producer_expiration(DAY);
    run.restart(Cluster::stop);
    assert_eq!(known(&run), 0);
    assert_eq!(run.send(b(0).at(old)), Ok(10));
}

#[test]
fn vector_12_record_times_ahead_keep_a_producer_longer() {
    let mut run = Run::with(&[1], expiring(1_000), TopicOptions::default());
    let ahead = run.now_ms() + 10_000;
    assert_eq!(run.send(b(0).at(ahead)), Ok(0));
    run.pass(Duration::from_secs(5));
    assert_eq!(run.send(b(0).at(ahead)), Ok(0));
    run.pass(Duration::from_secs(9));
    assert_eq!(run.send(b(0).at(ahead)), Ok(10));
}

#[test]
fn vector_13a_of_seven_batches_five_are_known() {
    let mut run = Run::on(&[1]);
    run.fill(7);
    for i in 0..2 {
        assert_eq!(run.send(b(i)), OUT_OF_ORDER);
    }
    for i in 2..7 {
        assert_eq!(run.send(b(i)), Ok(i64::from(10 * i)));
    }
}

#[test]
fn vector_13b_a_follower_fed_six_batches_at_once_leads_and_knows_five() {
    let mut run = two_replicas(1);
    run.cluster.stop(2);
    run.fill(6);
    run.cluster.start(2);
    run.cluster.kill(1);
    run.pass(Duration::from_secs(10));
    run.turn_to(2);
    assert_eq!(run.send(b(0)), OUT_OF_ORDER);
    for i in 1..6 {
        assert_eq!(run.send(b(i)), Ok(i64::from(10 * i)));
    }
}

#[test]
fn vector_13c_after_a_kill_only_the_newest_is_known_whatever_the_last_snapshot_held() {
    let mut run = Run::on(&[1]);
    run.fill(3);
    run.restart(Cluster::stop);
    assert_eq!(run.send(b(3)), Ok(30));
    assert_eq!(run.send(b(4)), Ok(40));
    run.restart(Cluster::kill);
    for i in 0..4 {
        assert_eq!(run.send(b(i)), OUT_OF_ORDER);
    }
    assert_eq!(run.send(b(4)), Ok(40));
}

#[test]
fn vector_14_overlaps_and_gaps_are_out_of_order_and_the_next_sequence_is_not() {
    let mut run = Run::on(&[1]);
    run.fill(1);
    assert_eq!(run.send(from(0).count(20)), OUT_OF_ORDER);
    assert_eq!(run.send(from(11)), OUT_OF_ORDER);
    assert_eq!(run.send(from(9)), OUT_OF_ORDER);
    assert_eq!(run.send(from(10).count(3)), Ok(10));
    assert_eq!(run.send(from(13)), Ok(13));
}

#[test]
fn vector_15_a_new_epoch_begins_with_0_and_a_refused_one_changes_nothing() {
    let mut run = Run::on(&[1]);
    run.fill(2);
    assert_eq!(run.send(from(20).epoch(1)), OUT_OF_ORDER);
    assert_eq!(run.send(from(5).epoch(1)), OUT_OF_ORDER);
    assert_eq!(run.send(from(20)), Ok(20));
    assert_eq!(run.send(from(0).epoch(7)), Ok(30));
    assert_eq!(run.send(from(0).epoch(7)), Ok(30));
}

#[test]
fn vector_16_after_a_kill_only_the_newest_is_known_with_or_without_rolled_segments() {
    for rolled in [false, true] {
        let mut run = Run::on(&[1]);
        for i in 0..5 {
            assert_eq!(run.send(b(i)), Ok(i64::from(10 * i)));
            if rolled {
                run.cluster.roll(TOPIC, 0);
            }
        }
        assert_eq!(run.send(b(0)), Ok(0), "a roll forgets nothing");
        run.restart(Cluster::kill);
        for i in 0..4 {
            assert_eq!(run.send(b(i)), OUT_OF_ORDER);
        }
        assert_eq!(run.send(b(4)), Ok(40));
        assert_eq!(run.send(b(5)), Ok(50));
    }
}

#[test]
fn vector_17_a_follower_knows_five_and_the_old_leader_back_from_disk_one() {
    let mut run = two_replicas(1);
    run.fill(5);
    run.cluster.kill(1);
    run.pass(Duration::from_secs(10));
    run.turn_to(2);
    run.fill(5);
    run.cluster.start(1);
    run.cluster.kill(2);
    run.pass(Duration::from_secs(10));
    run.turn_to(1);
    for i in 0..4 {
        assert_eq!(run.send(b(i)), OUT_OF_ORDER);
    }
    assert_eq!(run.send(b(4)), Ok(40));
}

#[test]
fn vector_18_producers_do_not_disturb_each_other_and_nobody_is_never_checked() {
    let mut run = Run::on(&[1]);
    assert_eq!(run.send(b(0)), Ok(0));
    assert_eq!(run.send(b(0).producer(8)), Ok(10));
    assert_eq!(run.send(b(1)), Ok(20));
    assert_eq!(run.send(b(0).producer(8)), Ok(10));
    assert_eq!(run.send(b(0)), Ok(0));
    let nobody = from(-1).producer(-1).epoch(-1);
    assert_eq!(run.send(nobody.clone()), Ok(30));
    assert_eq!(run.send(nobody), Ok(40));
}

#[test]
fn vector_19_a_duplicate_waits_for_the_replicas_like_its_original() {
    let mut run = two_replicas(1);
    run.cluster.pause(2);
    assert_eq!(run.send(b(0).acks(1)), Ok(0));
    let mut again = b(0);
    again.timeout = Duration::from_secs(1);
    assert_eq!(run.send(again), Err(ErrorCode::REQUEST_TIMED_OUT));
    run.cluster.resume(2);
    assert_eq!(run.send(b(0)), Ok(0));
    assert_eq!(run.log_end(), 10);
}

#[test]
fn vector_20_deleting_records_forgets_no_producer() {
    let mut run = Run::on(&[1]);
    run.fill(3);
    run.cluster.delete_records(TOPIC, 0, 30);
    assert_eq!(run.cluster.records(TOPIC, 0), []);
    assert_eq!(run.send(b(0)), Ok(0));
    assert_eq!(run.send(b(2)), Ok(20));
    assert_eq!(run.send(b(3)), Ok(30));
}

#[test]
fn vector_21_a_topic_created_again_knows_nobody() {
    let mut run = Run::on(&[1]);
    let topic = || TopicOptions { assignment: Some(vec![vec![1]]), ..TopicOptions::default() };
    assert_eq!(run.send(b(0).epoch(3)), Ok(0));
    assert!(run.cluster.delete_topic(TOPIC));
    run.cluster.create_topic(TOPIC, topic()).unwrap();
    assert_eq!(run.send(b(1).epoch(1)), Ok(0), "a lower epoch is taken too");
    assert_eq!(run.send(b(0).epoch(1)), OUT_OF_ORDER);
}

#[test]
fn vector_22_a_batch_refused_for_its_content_leaves_no_trace() {
    let compacted = TopicOptions { compacted: true, ..TopicOptions::default() };
    let mut run = Run::with(&[1], ClusterOptions::default(), compacted);
    assert_eq!(run.send(b(0)), Err(ErrorCode::INVALID_RECORD));
    assert_eq!(known(&run), 0);
}

#[test]
fn vector_23_the_fence_outlives_a_restart() {
    let mut run = Run::on(&[1]);
    run.fill(5);
    assert_eq!(run.send(from(0).epoch(1)), Ok(50));
    assert_eq!(run.send(from(10).epoch(1)), Ok(60));
    assert_eq!(run.send(from(40)), FENCED);
    run.restart(Cluster::stop);
    assert_eq!(run.send(from(40)), FENCED);
    assert_eq!(run.send(from(10).epoch(1)), Ok(60));
}

// More of the same runs, by the names they have there.

#[test]
fn e1_an_id_that_nobody_gave_out_is_accepted_and_remembered() {
    let mut run = Run::on(&[1]);
    let batch = from(70).epoch(5).producer(1 << 62);
    assert_eq!(run.send(batch.clone()), Ok(0));
    assert_eq!(run.send(batch), Ok(0));
}

#[test]
fn e4_size_and_time_are_checked_before_duplicates() {
    let mut run = Run::on(&[1]);
    let old = run.now_ms() - 2 * HOUR;
    assert_eq!(run.send(b(0).value(&[1; 300])), Ok(0));
    run.cluster.topic_mut(TOPIC).unwrap().options.max_message_bytes = 1_000;
    assert_eq!(run.send(b(0).value(&[1; 300])), Err(ErrorCode::MESSAGE_TOO_LARGE));
    run.cluster.topic_mut(TOPIC).unwrap().options.max_message_bytes = 10_000;
    assert_eq!(run.send(b(0).value(&[1; 300])), Ok(0));
    assert_eq!(run.send(b(1).at(old)), Ok(10));
    run.cluster.topic_mut(TOPIC).unwrap().options.timestamp_before_max_ms = HOUR;
    assert_eq!(run.send(b(1).at(old)), Err(ErrorCode::INVALID_TIMESTAMP));
    run.cluster.topic_mut(TOPIC).unwrap().options.timestamp_before_max_ms = DAY;
    run.cluster.topic_mut(TOPIC).unwrap().options.min_insync_replicas = 2;
    assert_eq!(run.send(b(1).at(old)), Ok(10), "one replica: min.insync.replicas counts as one");
}

#[test]
fn e8_under_append_time_old_records_forget_no_producer() {
    let topic = TopicOptions { timestamp_type: TimestampType::LogAppendTime, ..TopicOptions::default() };
    let mut run = Run::with(&[1], expiring(DAY), topic);
    let old = run.now_ms() - 25 * HOUR;
    assert_eq!(run.send(b(0).at(old)), Ok(0));
    run.pass(Duration::from_secs(5));
    assert_eq!(known(&run), 1);
    assert_eq!(run.send(b(0).at(old)), Ok(0));
}

#[test]
fn e12_the_replicas_in_sync_are_counted_before_duplicates_are_looked_for() {
    let mut run = two_replicas(2);
    assert_eq!(run.send(b(0)), Ok(0));
    run.cluster.stop(2);
    assert_eq!(run.send(b(0)), Err(ErrorCode::NOT_ENOUGH_REPLICAS));
    assert_eq!(run.send(b(1)), Err(ErrorCode::NOT_ENOUGH_REPLICAS));
    assert_eq!(run.send(b(0).acks(1)), Ok(0));
    assert_eq!(run.send(b(1).acks(1)), Ok(10));
    run.cluster.start(2);
    assert_eq!(run.send(b(0)), Ok(0));
    assert_eq!(run.send(b(1)), Ok(10));
}

#[test]
fn a_truncated_log_knows_what_its_snapshot_and_the_batches_behind_it_say() {
    let mut run = Run::on(&[1]);
    run.fill(2);
    run.cluster.roll(TOPIC, 0);
    for i in 2..6 {
        assert_eq!(run.send(b(i)), Ok(i64::from(10 * i)));
    }
    run.cluster.lose(TOPIC, 0, 1, 40);
    let log = &run.cluster.partition(TOPIC, 0).unwrap().replica(1).unwrap().log;
    let mut log = log.clone();
    let offsets: Vec<_> = log.producers(run.now_ms()).remembered(7).map(|batch| batch.first_offset()).collect();
    assert_eq!(offsets, [10, 20, 30], "b1 from the snapshot, b2 and b3 from the log");
    assert_eq!(run.send(b(5)), OUT_OF_ORDER);
    assert_eq!(run.send(b(4)), Ok(40));
}
