//! Ends that no answer brings.

use super::*;

#[test]
fn a_lost_connection_sends_the_same_numbers_again_in_order() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    for sent in &sent {
        stage.lose(*sent);
    }
    assert_eq!(stage.send(), None, "it backs off");
    stage.rest();
    let again = stage.send_all();
    assert_eq!(again.len(), 1, "alone until it is acknowledged");
    assert_eq!((again[0].sequence, again[0].epoch), (10, 0));
    stage.acknowledge(again[0], 10);
    let rest = stage.send_all();
    assert_eq!(
        rest.iter().map(|sent| (sent.sequence, sent.epoch)).collect::<Vec<_>>(),
        [(20, 0), (30, 0), (40, 0), (50, 0)]
    );
    for (sent, base) in rest.into_iter().zip([20, 30, 40, 50]) {
        stage.acknowledge(sent, base);
    }
    assert_eq!(firsts.iter().map(offset).collect::<Vec<_>>(), [10, 20, 30, 40, 50].map(Some));
}

#[test]
fn one_record_too_large_fails_alone() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    for sent in sent {
        stage.acknowledge(sent, i64::from(sent.sequence));
    }
    drop(firsts);
    let single = stage.push(1).swap_remove(0);
    let after = stage.push(1).swap_remove(0);
    let sent = stage.send_all();
    stage.answer(sent[0], ErrorCode::MESSAGE_TOO_LARGE, -1);
    stage.answer(sent[1], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert_eq!(failure(&single).1, Written::No);
    stage.rest();
    let next = stage.send().unwrap();
    stage.acknowledge(next, 60);
    assert_eq!(offset(&after), Some(60));
}

/// KIP-467: the broker names two of five records.
#[test]
fn only_the_records_that_the_broker_names_fail() {
    let mut stage = Stage::new();
    let deliveries = stage.push(5);
    let sent = stage.send().unwrap();
    let answer = Answer {
        code: ErrorCode::INVALID_RECORD,
        base_offset: -1,
        append_time: None,
        message: Some("batch refused".into()),
        record_errors: vec![(3, Some("no key".into())), (0, None)],
    };
    stage.turn(|partition, turn| partition.answered(sent.attempt, &answer, turn));
    let text = |index: usize| match failure(&deliveries[index]) {
        (DeliveryFailure::Rejected { message, .. }, Written::No) => message.unwrap().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!((text(0).as_str(), text(3).as_str()), ("batch refused", "no key"));
    let run = stage.send().unwrap();
    assert_eq!((run.epoch, run.sequence, run.count), (1, 0, 2));
    stage.acknowledge(run, 10);
    let run = stage.send().unwrap();
    assert_eq!((run.epoch, run.sequence, run.count), (1, 2, 1));
    stage.acknowledge(run, 12);
    assert_eq!([1, 2, 4].map(|index: usize| offset(&deliveries[index])), [10, 11, 12].map(Some));
    assert_eq!(stage.released(), 1_000);
}

#[test]
fn a_batch_in_flight_at_its_deadline_is_reported_and_keeps_its_place() {
    let mut stage = Stage::new();
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.wait(Duration::from_secs(120));
    let _ = stage.push(1);
    stage.expire();
    assert_eq!(failure(&first).1, Written::Maybe);
    assert_eq!(stage.released(), 0, "its memory is held still");
    assert_eq!(stage.send(), None);
    stage.acknowledge(sent, 0);
    assert_eq!(stage.released(), 1_000);
    let next = stage.send().unwrap();
    assert_eq!((next.epoch, next.sequence), (0, 1));
}

/// A link slower than `request.timeout.ms`; a partition that is gone: no attempt will ever end well.
#[test]
fn a_reported_batch_that_nobody_waits_for_ends_and_what_follows_goes_on_under_the_next_epoch() {
    let mut stage = Stage::new();
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.wait(Duration::from_secs(30));
    stage.lose(sent);
    stage.wait(Duration::from_secs(80));
    let sent = stage.send().unwrap();
    let never_sent = stage.push(1).swap_remove(0);
    stage.wait(Duration::from_secs(10));
    stage.expire();
    assert_eq!(failure(&first).1, Written::Maybe);
    stage.wait(Duration::from_secs(20));
    stage.lose(sent);
    assert_eq!(stage.released(), 1_000, "its memory is back");
    stage.rest();
    let next = stage.send().unwrap();
    assert_eq!((next.epoch, next.sequence), (1, 0), "which fences the requests that are still on their way");
    stage.acknowledge(next, 7);
    assert_eq!(offset(&never_sent), Some(7));
}

#[test]
fn a_reported_batch_keeps_its_place_while_the_fate_of_another_hangs_on_it() {
    let mut stage = Stage::new();
    let _ = stage.push(10);
    let first = stage.send().unwrap();
    stage.acknowledge(first, 0);
    let older = stage.push(10).swap_remove(0);
    stage.wait(Duration::from_secs(100));
    let younger = stage.push(10).swap_remove(0);
    let sent = stage.send_all();
    sent.iter().for_each(|sent| stage.lose(*sent));
    stage.wait(Duration::from_secs(20));
    stage.expire();
    assert_eq!(failure(&older).1, Written::Maybe);
    assert_eq!(stage.released(), 1_000, "it is held for the other's sake");
    let again = stage.send().unwrap();
    assert_eq!((again.epoch, again.sequence), (0, 10));
    stage.answer(again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    stage.log_end = Some(30);
    let probe = stage.send().unwrap();
    stage.acknowledge(probe, 20);
    assert_eq!(offset(&younger), Some(20));
    assert_eq!(stage.released(), 3_000);
    assert_eq!(stage.stats.epochs, 0);
}

#[test]
fn without_a_producer_id_a_reported_batch_is_not_sent_again() {
    let mut stage = Stage::new();
    stage.rules.idempotent = false;
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.lose(sent);
    stage.wait(Duration::from_secs(120));
    stage.expire();
    assert_eq!(failure(&first).1, Written::Maybe);
    assert_eq!(stage.released(), 1_000);
    assert_eq!(stage.send(), None);
}

/// The broker looks the id up before it appends anything.
#[test]
fn a_batch_refused_for_its_topic_id_alone_goes_to_the_topic_that_was_created_again() {
    let mut stage = Stage::new();
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::UNKNOWN_TOPIC_ID, -1);
    stage.turn(|partition, turn| partition.recreated(false, turn));
    stage.rest();
    let again = stage.send().unwrap();
    assert_eq!((again.epoch, again.sequence), (1, 0));
    stage.acknowledge(again, 0);
    assert_eq!(offset(&first), Some(0));
}

/// The log that was created may have taken a late request of the newer one first, by the name alone: in any sequence.
#[test]
fn what_stands_before_a_batch_that_may_be_in_a_topic_of_the_same_name_fails_with_it() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    for sent in [sent[0], sent[1], sent[4]] {
        stage.answer(sent, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    }
    stage.turn(|partition, turn| partition.recreated(true, turn));
    for (first, written) in firsts.iter().zip([Written::No, Written::No, Written::Maybe, Written::Maybe]) {
        assert_eq!(failure(first), (DeliveryFailure::TopicRecreated, written));
    }
    stage.rest();
    let kept = stage.send().unwrap();
    assert_eq!((kept.epoch, kept.sequence), (1, 0), "nothing that may be written stands behind it");
    stage.acknowledge(kept, 0);
    assert_eq!(offset(&firsts[4]), Some(0));
}

#[test]
fn what_was_never_sent_by_its_deadline_is_not_written() {
    let mut stage = Stage::new();
    stage.producer = None;
    let first = stage.push(1).swap_remove(0);
    assert_eq!(stage.send(), None, "no producer id yet");
    stage.wait(Duration::from_secs(120));
    stage.expire();
    assert!(matches!(failure(&first), (DeliveryFailure::TimedOut { timeout_ms: 120_000, .. }, Written::No)));
}

#[test]
fn a_topic_created_again_takes_only_what_was_never_on_its_way() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    let waiting = stage.push(1).swap_remove(0);
    stage.answer(sent[4], ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    stage.turn(|partition, turn| partition.recreated(false, turn));
    for first in &firsts[..4] {
        assert_eq!(failure(first), (DeliveryFailure::TopicRecreated, Written::Maybe));
    }
    stage.rest();
    let kept = stage.send().unwrap();
    assert_eq!((kept.epoch, kept.sequence, kept.count), (1, 0, 10), "refused, so surely not in the old log");
    stage.acknowledge(kept, 0);
    assert_eq!(offset(&firsts[4]), Some(0), "offsets of the new log begin anew");
    let last = stage.send().unwrap();
    stage.acknowledge(last, 10);
    assert_eq!(offset(&waiting), Some(10));
}

#[test]
fn retries_end_with_what_held_it_up() {
    let mut stage = Stage::new();
    stage.rules.retries = 2;
    let first = stage.push(1).swap_remove(0);
    for _ in 0..3 {
        stage.rest();
        let sent = stage.send().unwrap();
        stage.answer(sent, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    }
    let (kind, written) = failure(&first);
    assert_eq!(written, Written::No);
    assert!(kind.to_string().contains("NOT_ENOUGH_REPLICAS"), "{kind}");
}

#[test]
fn closing_says_of_each_batch_whether_it_was_on_its_way() {
    let (mut stage, _, firsts) = Stage::with_five_in_flight();
    let waiting = stage.push(1).swap_remove(0);
    stage.turn(|partition, turn| partition.fail_all(&DeliveryFailure::Closed, turn));
    assert_eq!(failure(&firsts[0]), (DeliveryFailure::Closed, Written::Maybe));
    assert_eq!(failure(&waiting), (DeliveryFailure::Closed, Written::No));
    assert_eq!(stage.released(), 7_000, "one acknowledged before, six now");
}

#[test]
fn what_follows_when_everything_fails_waits_for_no_backoff() {
    let mut stage = Stage::new();
    let deliveries = stage.push(1);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    stage.turn(|partition, turn| partition.fail_all(&DeliveryFailure::Closed, turn));
    assert_eq!(failure(&deliveries[0]), (DeliveryFailure::Closed, Written::No));
    assert!(stage.partition.is_hungry(stage.now, &stage.rules));
    assert_eq!(stage.stats.epochs, 1);
    stage.turn(|partition, turn| partition.fail_all(&DeliveryFailure::Closed, turn));
    assert_eq!(stage.stats.epochs, 1, "nothing failed, nothing is numbered again");
}

#[test]
fn a_batch_behind_one_that_is_still_compressed_fails_at_its_deadline_once() {
    let mut stage = Stage::new();
    stage.partition.push_sealing(7);
    let deliveries = stage.push(2);
    stage.wait(Duration::from_secs(200));
    stage.expire();
    assert_eq!(failure(&deliveries[1]).1, Written::No);
    assert_eq!(stage.partition.next_look(stage.now, &stage.rules), None, "no deadline is left in the past");
}

#[test]
fn a_batch_too_large_whose_records_were_reported_is_not_split_but_dropped() {
    let mut stage = Stage::new();
    let deliveries = stage.push(4);
    let sent = stage.send().unwrap();
    stage.wait(Duration::from_secs(200));
    stage.expire();
    assert_eq!(failure(&deliveries[0]).1, Written::Maybe);
    stage.answer(sent, ErrorCode::MESSAGE_TOO_LARGE, -1);
    stage.wait(Duration::from_secs(200));
    stage.expire();
    assert_eq!(stage.send(), None, "nothing of it is left");
    assert_eq!(stage.released(), 1_000);
    let _ = stage.push(1);
    assert_eq!(stage.send().map(|sent| (sent.epoch, sent.sequence)), Some((1, 0)));
}

#[test]
fn a_batch_behind_which_one_was_given_up_that_may_be_written_is_not_written_again() {
    let (mut stage, sent, deliveries) = Stage::with_five_in_flight();
    sent.iter().for_each(|sent| stage.lose(*sent));
    stage.rest();
    // The broker started anew: it has written all five, and remembers the newest.
    let oldest = stage.send().unwrap();
    stage.answer(oldest, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    let newest = stage.send().unwrap();
    assert_eq!(newest.sequence, 50);
    // It finds that one and fails all the same: the batch is given up, and nobody will say of the others that they are there.
    stage.answer(newest, ErrorCode::UNKNOWN_SERVER_ERROR, -1);
    assert_eq!(failure(&deliveries[4]).1, Written::Maybe);
    stage.wait(Duration::from_secs(31));
    for _ in 0..40 {
        stage.rest();
        let Some(sent) = stage.send() else { break };
        assert_eq!(sent.epoch, 0, "written again, sequence {}", sent.sequence);
        stage.answer(sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    for delivery in &deliveries {
        assert_eq!(failure(delivery).1, Written::Maybe);
    }
    let _ = stage.push(1);
    assert_eq!(stage.send().map(|sent| (sent.epoch, sent.sequence)), Some((1, 0)));
}
