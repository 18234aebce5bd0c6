//! What goes out, in which order, and what an acknowledgement does.

use super::*;

/// D3 (KAFKA-15591): the first of two in flight is refused, the second taken, and the first can never be written.
#[test]
fn the_first_batch_travels_alone_then_five() {
    let mut stage = Stage::new();
    for _ in 0..7 {
        let _ = stage.push(10);
    }
    let first = stage.send_all();
    assert_eq!(first.len(), 1, "nothing is acknowledged yet");
    stage.acknowledge(first[0], 0);
    assert_eq!(stage.send_all().len(), 5, "a broker remembers five");
}

#[test]
fn after_another_leader_one_batch_goes_alone_again() {
    let (mut stage, sent, _) = Stage::with_five_in_flight();
    stage.partition.leader_changed();
    for (sent, offset) in sent.into_iter().zip([10, 20, 30, 40]) {
        stage.acknowledge(sent, offset);
        stage.partition.leader_changed();
    }
    let _ = stage.push(1);
    assert_eq!(stage.send(), None, "one is in flight still");
}

#[test]
fn a_retry_waits_for_those_behind_it() {
    let (mut stage, sent, _) = Stage::with_five_in_flight();
    stage.answer(sent[0], ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    stage.rest();
    assert_eq!(stage.send(), None, "sent now, it would arrive behind the others");
    for sent in &sent[1..] {
        stage.answer(*sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    stage.rest();
    assert_eq!(stage.send().unwrap().sequence, 10);
}

/// D4, D6: a sequence used twice is acknowledged with the first one's offset, and nothing is written.
#[test]
fn an_offset_that_goes_back_is_no_acknowledgement() {
    let mut stage = Stage::new();
    let _ = stage.push(10);
    let sent = stage.send().unwrap();
    stage.acknowledge(sent, 500);
    let next = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.acknowledge(sent, 500);
    assert_eq!(failure(&next), (DeliveryFailure::Integrity { expected: 510, found: 500 }, Written::Maybe));
}

#[test]
fn a_duplicate_is_an_acknowledgement() {
    let mut stage = Stage::new();
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::DUPLICATE_SEQUENCE_NUMBER, -1);
    assert_eq!(offset(&first), None);
}

#[test]
fn without_idempotence_batches_carry_no_number_and_five_go_at_once() {
    let mut stage = Stage::new();
    stage.rules.idempotent = false;
    stage.producer = None;
    for _ in 0..6 {
        let _ = stage.push(10);
    }
    let sent = stage.send_all();
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|sent| (sent.producer_id, sent.epoch, sent.sequence) == (-1, -1, -1)));
}

#[test]
fn it_is_hungry_only_while_a_batch_would_go_out_at_once() {
    let mut stage = Stage::new();
    assert!(stage.partition.is_hungry(stage.now, &stage.rules));
    let _ = stage.push(1);
    assert!(!stage.partition.is_hungry(stage.now, &stage.rules), "one waits");
    let sent = stage.send().unwrap();
    assert!(!stage.partition.is_hungry(stage.now, &stage.rules), "the first travels alone");
    stage.acknowledge(sent, 0);
    assert!(stage.partition.is_hungry(stage.now, &stage.rules));
    let _ = stage.push(1);
    let sent = stage.send().unwrap();
    assert!(stage.partition.is_hungry(stage.now, &stage.rules), "there is room for four more");
    stage.answer(sent, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    assert!(!stage.partition.is_hungry(stage.now, &stage.rules), "it backs off");
}

#[test]
fn it_is_hungry_again_after_a_backoff_that_nothing_is_left_of() {
    let mut stage = Stage::new();
    let _ = stage.push(1);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    stage.rest();
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::INVALID_TIMESTAMP, -1);
    assert!(stage.partition.is_hungry(stage.now, &stage.rules), "the broker has spoken: nothing is in the way");
    let _ = stage.push(1);
    let sent = stage.send().unwrap();
    stage.lose(sent);
    stage.answer(sent, ErrorCode::NONE, 0);
    assert!(!stage.partition.is_hungry(stage.now, &stage.rules));
    assert_eq!(stage.partition.next_look(stage.now, &stage.rules).map(|at| at > stage.now), Some(true));
}

#[test]
fn what_the_leader_before_acknowledges_opens_no_window_to_the_next() {
    let (mut stage, sent, _) = Stage::with_five_in_flight();
    let _ = stage.push(10);
    let _ = stage.push(10);
    stage.partition.leader_changed();
    for (sent, offset) in sent.iter().zip((10..).step_by(10)) {
        assert_eq!(stage.send(), None, "one at a time, and those are in flight still");
        stage.acknowledge(*sent, offset);
    }
    let first = stage.send().unwrap();
    assert_eq!(stage.send(), None, "alone, for this leader has acknowledged nothing");
    stage.acknowledge(first, 60);
    assert!(stage.send().is_some());
}
