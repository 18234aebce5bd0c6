//! What the broker still knows is found out from the newest batch down.

use super::*;

/// D1, D2: Java, librdkafka and franz-go take a new epoch or id here, and write what is in the log once more.
#[test]
fn out_of_order_to_a_batch_behind_others_starts_no_epoch() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    stage.lose(sent[0]);
    for sent in &sent[1..] {
        stage.answer(*sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    stage.rest();
    let mut base = 10;
    while let Some(sent) = stage.send() {
        assert_eq!((sent.epoch, sent.sequence), (0, base as i32));
        stage.acknowledge(sent, base);
        base += 10;
    }
    assert_eq!(base, 60);
    assert_eq!(offset(&firsts[4]), Some(50));
}

/// The ordinary restart: all five are in the log, the broker remembers the newest only.
#[test]
fn a_broker_that_remembers_only_the_newest_is_asked_for_it() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    for sent in &sent {
        stage.lose(*sent);
    }
    stage.rest();
    let oldest = stage.send().unwrap();
    stage.answer(oldest, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    let newest = stage.send().unwrap();
    assert_eq!((newest.sequence, newest.epoch), (50, 0), "the newest is probed");
    stage.acknowledge(newest, 50);
    assert_eq!(firsts.iter().map(offset).collect::<Vec<_>>(), [None, None, None, None, Some(50)]);
    assert_eq!(stage.stats.epochs, 0);
    let _ = stage.push(10);
    assert_eq!(stage.send().unwrap().sequence, 60);
}

#[test]
fn a_probe_goes_down_to_what_is_written_and_on_from_there() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    for sent in &sent {
        stage.lose(*sent);
    }
    stage.rest();
    // The log holds 10 to 39; the broker remembers 30.
    stage.log_end = Some(40);
    for expected in [10, 50, 40] {
        let probe = stage.send().unwrap();
        assert_eq!(probe.sequence, expected);
        stage.answer(probe, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    let probe = stage.send().unwrap();
    assert_eq!(probe.sequence, 30);
    stage.acknowledge(probe, 30);
    let rest = stage.send_all();
    assert_eq!(rest.iter().map(|sent| sent.sequence).collect::<Vec<_>>(), [40, 50]);
    stage.acknowledge(rest[0], 40);
    stage.acknowledge(rest[1], 50);
    assert_eq!(firsts.iter().map(offset).collect::<Vec<_>>(), [None, None, Some(30), Some(40), Some(50)]);
}

#[test]
fn a_broker_that_refuses_every_probe_has_lost_records_and_that_is_said() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    for sent in &sent {
        stage.lose(*sent);
    }
    let mut probes = 0;
    for _ in 0..40 {
        stage.wait(Duration::from_secs(3));
        while let Some(probe) = stage.send().filter(|probe| probe.epoch == 0) {
            stage.answer(probe, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
            probes += 1;
        }
        if firsts[0].now().is_some() {
            break;
        }
    }
    assert!(probes > 15, "three sweeps of five at least, and as long as a request may be under way: {probes}");
    for first in &firsts {
        assert_eq!(failure(first), (DeliveryFailure::DataLoss { acknowledged: 9 }, Written::Maybe));
    }
    let _ = stage.push(1);
    let next = stage.send().unwrap();
    assert_eq!((next.epoch, next.sequence), (1, 0), "what comes later goes on under the next epoch");
}

#[test]
fn the_late_answer_to_an_overtaken_batch_is_no_breach() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    stage.answer(sent[0], ErrorCode::REQUEST_TIMED_OUT, -1);
    for sent in &sent[1..] {
        stage.acknowledge(*sent, i64::from(sent.sequence));
    }
    stage.rest();
    let again = stage.send().unwrap();
    stage.acknowledge(again, 10);
    assert_eq!(offset(&firsts[0]), Some(10));
}

#[test]
fn whether_an_overtaken_batch_is_written_that_the_broker_does_not_know_is_not_told() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    stage.lose(sent[0]);
    for sent in &sent[1..] {
        stage.acknowledge(*sent, i64::from(sent.sequence));
    }
    stage.rest();
    let again = stage.send().unwrap();
    stage.answer(again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert_eq!(failure(&firsts[0]).1, Written::Maybe);
    let _ = stage.push(1);
    assert_eq!(stage.send().map(|sent| (sent.epoch, sent.sequence)), Some((0, 60)), "the newer ones are in order");
}

/// All five batches are lost on their way, and the broker answers OUT_OF_ORDER to the oldest.
fn out_of_order_to_the_oldest(log_end: Option<i64>) -> (Stage, Vec<Delivery>) {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    stage.log_end = log_end;
    sent.iter().for_each(|sent| stage.lose(*sent));
    stage.rest();
    let oldest = stage.send().unwrap();
    stage.answer(oldest, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    (stage, firsts)
}

/// Sends what there is, refused as out of order each, until nothing is left of epoch 0 that could be sent.
fn refuse_the_rest(stage: &mut Stage) {
    while let Some(sent) = stage.send() {
        assert_eq!(sent.epoch, 0);
        stage.answer(sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
}

/// The broker forgets its producers after it said OUT_OF_ORDER: it takes the probe for a first batch.
#[test]
fn a_probe_that_is_a_first_copy_acknowledges_nothing_but_itself() {
    for (log_end, taken_at) in [(Some(10), 10), (Some(1_000), 1_000), (Some(1_000), 1_007), (None, 1_000)] {
        let (mut stage, firsts) = out_of_order_to_the_oldest(log_end);
        for _ in 0..20 {
            stage.rest();
            let Some(probe) = stage.send() else { continue };
            assert_eq!(probe.sequence, 50);
            stage.acknowledge(probe, taken_at);
            break;
        }
        refuse_the_rest(&mut stage);
        assert_eq!(offset(&firsts[4]), Some(taken_at));
        for first in &firsts[..4] {
            assert_eq!(failure(first).1, Written::Maybe, "{log_end:?} {taken_at}");
        }
        let _ = stage.push(1);
        assert_eq!(stage.send().map(|sent| (sent.epoch, sent.sequence)), Some((0, 60)), "and the partition goes on");
    }
}

/// 10 to 49 are in the log and 40 is remembered, so 50 is appended: only now.
#[test]
fn behind_a_first_copy_the_next_older_batch_proves_the_rest() {
    let (mut stage, firsts) = out_of_order_to_the_oldest(Some(50));
    let newest = stage.send().unwrap();
    stage.acknowledge(newest, 50);
    let next = stage.send().unwrap();
    assert_eq!(next.sequence, 40);
    stage.acknowledge(next, 40);
    assert_eq!(firsts.iter().map(offset).collect::<Vec<_>>(), [None, None, None, Some(40), Some(50)]);
    assert_eq!(stage.send(), None);
}

/// What was acknowledged last ended at 9: five batches of ten do not fit before 30.
#[test]
fn a_duplicate_without_room_for_the_older_ones_proves_nothing_of_them() {
    let (mut stage, firsts) = out_of_order_to_the_oldest(Some(60));
    let newest = stage.send().unwrap();
    stage.acknowledge(newest, 30);
    refuse_the_rest(&mut stage);
    assert!(firsts[..4].iter().all(|first| failure(first).1 == Written::Maybe));
}

/// The broker forgot its producers, took 40 as a first batch at offset 10, and 50 behind it: both are duplicates, and 10 to 30
/// are nowhere. They do not fit before 40 either, which is asked for next.
#[test]
fn an_overtaken_duplicate_without_room_for_the_older_ones_proves_nothing_of_them() {
    let (mut stage, firsts) = out_of_order_to_the_oldest(Some(30));
    let newest = stage.send().unwrap();
    stage.acknowledge(newest, 20);
    let next = stage.send().unwrap();
    assert_eq!(next.sequence, 40);
    stage.acknowledge(next, 10);
    refuse_the_rest(&mut stage);
    assert_eq!([&firsts[3], &firsts[4]].map(offset), [Some(10), Some(20)]);
    assert!(firsts[..3].iter().all(|first| failure(first).1 == Written::Maybe));
}

/// The first probe was taken as a first copy, and its answer was lost: the second is a duplicate of that.
#[test]
fn a_probe_of_a_probe_is_held_against_the_end_before_the_first() {
    let (mut stage, firsts) = out_of_order_to_the_oldest(Some(50));
    let newest = stage.send().unwrap();
    stage.lose(newest);
    stage.partition.leader_changed();
    stage.log_end = Some(60);
    stage.rest();
    let newest = stage.send().unwrap();
    assert_eq!(newest.sequence, 50);
    stage.acknowledge(newest, 50);
    assert!(firsts[0].now().is_none(), "50 was free when it was first probed");
    refuse_the_rest(&mut stage);
    assert!(firsts[..4].iter().all(|first| failure(first).1 == Written::Maybe));
}

#[test]
fn where_the_log_of_the_leader_before_ends_is_not_taken_for_that_of_the_next() {
    let (mut stage, firsts) = out_of_order_to_the_oldest(Some(1_000));
    stage.partition.log_end_asked(AttemptId(900));
    stage.partition.leader_changed();
    stage.partition.log_end_asked(AttemptId(901));
    stage.tell_log_end(AttemptId(900));
    assert_eq!(stage.send(), None, "the question to the new leader is open");
    stage.log_end = Some(10);
    stage.tell_log_end(AttemptId(901));
    let newest = stage.send().unwrap();
    stage.acknowledge(newest, 50);
    assert!(firsts[0].now().is_none());
}

#[test]
fn an_offset_that_goes_back_proves_nothing_of_older_batches() {
    let (mut stage, sent, deliveries) = Stage::with_five_in_flight();
    stage.lose(sent[0]);
    stage.acknowledge(sent[1], 3);
    assert!(matches!(failure(&deliveries[1]).0, DeliveryFailure::Integrity { expected: 10, found: 3 }));
    for sent in &sent[2..] {
        stage.answer(*sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    stage.wait(Duration::from_secs(31));
    for _ in 0..40 {
        stage.rest();
        let Some(sent) = stage.send() else { break };
        stage.answer(sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    }
    assert_eq!(failure(&deliveries[0]).1, Written::Maybe, "nobody has said that it is there");
}

/// Two batches, the older of them refused for good, the newer lost on its way and out of order ever since; the older one may be
/// written, for it was lost once before (`maybe`), or is surely not. What goes out once the broker is believed, and the newer
/// one's delivery.
fn behind_a_hole(epoch: i16, maybe: bool) -> (Stage, Option<Sent>, Delivery) {
    let mut stage = Stage::new();
    stage.producer = Some(ProducerIdentity { producer_id: 77, epoch });
    let _ = stage.push(1);
    let first = stage.send().unwrap();
    stage.acknowledge(first, 0);
    let _ = stage.push(1);
    let newer = stage.push(1).remove(0);
    let sent = stage.send_all();
    if maybe {
        sent.iter().for_each(|sent| stage.lose(*sent));
        stage.rest();
        let again = stage.send().unwrap();
        stage.answer(again, ErrorCode::INVALID_RECORD, -1);
    } else {
        stage.answer(sent[0], ErrorCode::INVALID_RECORD, -1);
        stage.lose(sent[1]);
    }
    for _ in 0..40 {
        stage.wait(Duration::from_secs(3));
        if stage.partition.identity_wanted(stage.producer) {
            stage.producer = Some(ProducerIdentity { producer_id: 78, epoch: 0 });
        }
        while let Some(sent) = stage.send() {
            if (sent.producer_id, sent.epoch) != (77, epoch) {
                return (stage, Some(sent), newer);
            }
            stage.answer(sent, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        }
    }
    (stage, None, newer)
}

#[test]
fn what_a_hole_kept_out_goes_on_under_the_next_epoch() {
    let (_stage, sent, newer) = behind_a_hole(4, false);
    let sent = sent.unwrap();
    assert_eq!((sent.producer_id, sent.epoch, sent.sequence), (77, 5, 0));
    assert_eq!(newer.now(), None, "it is under way");
}

/// D10: another producer id does not fence the requests of the old one, which may come late.
#[test]
fn what_may_be_written_is_not_sent_again_when_epochs_are_used_up() {
    for maybe in [false, true] {
        let (_stage, sent, newer) = behind_a_hole(i16::MAX, maybe);
        assert_eq!(sent, None);
        assert_eq!(failure(&newer).1, Written::Maybe);
    }
}

/// A broker that hung for longer than `request.timeout.ms` takes both in turn, late: the newer one's record would be there
/// twice (`numbers_end` seed 37514 of the simulator).
#[test]
fn what_may_follow_a_late_batch_in_is_not_sent_again() {
    let (_stage, sent, newer) = behind_a_hole(4, true);
    assert_eq!(sent, None);
    assert_eq!(failure(&newer).1, Written::Maybe);
}
