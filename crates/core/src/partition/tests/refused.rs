//! Batches that are not acknowledged.

use super::*;

/// D5: franz-go took REQUEST_TIMED_OUT for "not written".
#[test]
fn a_timed_out_request_may_be_written_whatever_is_said_later() {
    let mut stage = Stage::new();
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::REQUEST_TIMED_OUT, -1);
    stage.rest();
    let again = stage.send().unwrap();
    stage.answer(again, ErrorCode::INVALID_TIMESTAMP, -1);
    assert_eq!(failure(&first).1, Written::Maybe, "the check of timestamps comes before that of duplicates");
}

#[test]
fn a_leader_that_steps_down_may_have_written() {
    let mut stage = Stage::new();
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    stage.wait(Duration::from_secs(121));
    stage.expire();
    assert_eq!(failure(&first).1, Written::Maybe);
}

#[test]
fn what_a_broker_refuses_for_good_is_not_written_and_the_rest_goes_on_under_the_next_epoch() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    stage.answer(sent[0], ErrorCode::INVALID_RECORD, -1);
    assert_eq!(failure(&firsts[0]).1, Written::No);
    for sent in &sent[1..4] {
        stage.answer(*sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    assert_eq!(stage.send(), None, "one is in flight still: it may yet be written");
    stage.answer(sent[4], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    stage.rest();
    let next = stage.send().unwrap();
    assert_eq!((next.epoch, next.sequence), (1, 0));
    assert_eq!(stage.send(), None, "the first of an epoch goes alone");
    stage.acknowledge(next, 10);
    let rest = stage.send_all();
    assert_eq!(rest.iter().map(|sent| (sent.epoch, sent.sequence)).collect::<Vec<_>>(), [(1, 10), (1, 20), (1, 30)]);
}

/// A hole beside something uncertain: the epoch waits for the proof.
#[test]
fn no_epoch_starts_while_a_batch_may_be_written() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    stage.lose(sent[1]);
    stage.answer(sent[0], ErrorCode::INVALID_RECORD, -1);
    for sent in &sent[2..] {
        stage.answer(*sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    let mut under_the_next = None;
    for _ in 0..60 {
        stage.wait(Duration::from_secs(1));
        let Some(sent) = stage.send() else { continue };
        if sent.epoch == 1 {
            under_the_next = Some(sent);
            break;
        }
        stage.answer(sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    let sent = under_the_next.expect("three sweeps prove that it is not in the log");
    assert_eq!(sent.sequence, 0);
    assert!(stage.now >= Time(1_000_000) + Duration::from_secs(30), "not before a late request would have arrived");
    assert!(firsts[1].now().is_none(), "it was not given up");
    stage.acknowledge(sent, 10);
    assert_eq!(offset(&firsts[1]), Some(10));
}

#[test]
fn a_batch_too_large_is_split_and_every_record_keeps_its_sequence() {
    let mut stage = Stage::new();
    let deliveries = stage.push(5);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let head = stage.send().unwrap();
    assert_eq!((head.sequence, head.count, head.epoch), (0, 2, 0));
    stage.acknowledge(head, 100);
    let tail = stage.send().unwrap();
    assert_eq!((tail.sequence, tail.count, tail.epoch), (2, 3, 0));
    stage.answer(tail, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let middle = stage.send().unwrap();
    assert_eq!((middle.sequence, middle.count), (2, 1), "at any depth");
    stage.acknowledge(middle, 102);
    let last = stage.send().unwrap();
    stage.acknowledge(last, 103);
    let acks: Vec<Ack> = deliveries.iter().map(|delivery| delivery.now().unwrap().unwrap()).collect();
    assert_eq!(acks.iter().map(|ack| ack.offset.unwrap()).collect::<Vec<_>>(), [100, 101, 102, 103, 104]);
    assert_eq!(acks.iter().map(|ack| ack.timestamp.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(stage.released(), 1_000, "the parts give back what the whole held");
}

/// D18: Java and krafka split here, and write the parts beside the whole.
#[test]
fn a_batch_that_may_be_written_is_never_split() {
    let mut stage = Stage::new();
    let deliveries = stage.push(5);
    let sent = stage.send().unwrap();
    stage.lose(sent);
    stage.rest();
    let again = stage.send().unwrap();
    stage.answer(again, ErrorCode::MESSAGE_TOO_LARGE, -1);
    for delivery in &deliveries {
        assert_eq!(failure(delivery).1, Written::Maybe);
    }
}

/// D10: the last epoch.
#[test]
fn after_the_last_epoch_comes_another_producer_id() {
    let mut stage = Stage::new();
    stage.producer = Some(ProducerIdentity { producer_id: 77, epoch: i16::MAX });
    let _ = stage.push(1);
    let _ = stage.push(1);
    let sent = stage.send().unwrap();
    assert_eq!(sent.epoch, i16::MAX);
    stage.answer(sent, ErrorCode::INVALID_RECORD, -1);
    assert_eq!(stage.send(), None, "the old id is used up");
    assert!(stage.partition.identity_wanted(stage.producer));
    assert_eq!(stage.partition.spent(), Some(77));
    stage.producer = Some(ProducerIdentity { producer_id: 78, epoch: 0 });
    let sent = stage.send().unwrap();
    assert_eq!((sent.producer_id, sent.epoch, sent.sequence), (78, 0, 0));
}

/// The vector of real brokers: base 2147483643 and ten records end at 4, the next begins at 5.
#[test]
fn sequences_wrap_to_zero() {
    let mut stage = Stage::new();
    let _ = stage.push(1);
    let first = stage.send().unwrap();
    stage.acknowledge(first, 0);
    stage.partition.next_sequence = 2_147_483_643;
    let _ = stage.push(10);
    let _ = stage.push(10);
    let sent = stage.send_all();
    assert_eq!([sent[0].sequence, sent[1].sequence], [2_147_483_643, 5]);
}

#[test]
fn a_fenced_producer_stops_and_goes_on_under_another_id_with_what_it_never_sent() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    let waiting = stage.push(1).swap_remove(0);
    stage.answer(sent[0], ErrorCode::INVALID_PRODUCER_EPOCH, -1);
    for first in &firsts {
        let (kind, _) = failure(first);
        assert!(matches!(kind, DeliveryFailure::Rejected { code: ErrorCode::INVALID_PRODUCER_EPOCH, .. }));
    }
    assert_eq!(failure(&firsts[1]).1, Written::Maybe);
    assert_eq!(failure(&firsts[0]).1, Written::No, "its only attempt was refused");
    stage.producer = Some(ProducerIdentity { producer_id: 99, epoch: 0 });
    let sent = stage.send().unwrap();
    assert_eq!((sent.producer_id, sent.sequence), (99, 0));
    stage.acknowledge(sent, 70);
    assert_eq!(offset(&waiting), Some(70));
}
