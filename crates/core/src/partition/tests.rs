//! The delivery rules, one story each. A broker is played by hand: this batch goes out, that answer comes back.

#![allow(clippy::cast_possible_truncation, reason = "stories count in small numbers")]

use super::*;
use crate::batch::{Batch, Meta};
use crate::config::Config;
use crate::delivery::{Ack, Claims, Delivery};
use crate::error::{DeliveryFailure, Written};
use crate::output::News;
use crate::stats::Stats;
use crate::time::Timestamp;
use crate::topic::TopicIndex;
use fastrand::Rng;
use milena_wire::buf::Reader;
use milena_wire::compression::{Compression, Compressor};
use milena_wire::record::{Header, RecordView};
use milena_wire::record_batch::RecordBatch;

const PRODUCER: ProducerIdentity = ProducerIdentity { producer_id: 77, epoch: 0 };

/// A partition, and everything that its methods need.
struct Stage {
    partition: Partition,
    rules: Rules,
    producer: Option<ProducerIdentity>,
    now: Time,
    chance: Rng,
    compressor: Compressor,
    out: VecDeque<Output>,
    stats: Stats,
    attempts: u64,
}

/// What went out, read back from its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sent {
    attempt: AttemptId,
    producer_id: i64,
    epoch: i16,
    sequence: i32,
    count: i32,
}

impl Stage {
    fn new() -> Self {
        let key = PartitionKey { topic: TopicIndex(0), partition: 3 };
        let config = Config { request_timeout: Duration::from_secs(30), ..Config::default() };
        Self {
            partition: Partition::new(key, "orders".into()),
            rules: Rules::new(&config),
            producer: Some(PRODUCER),
            now: Time(1_000_000),
            chance: Rng::with_seed(1),
            compressor: Compressor::default(),
            out: VecDeque::new(),
            stats: Stats::default(),
            attempts: 0,
        }
    }

    fn turn<T>(&mut self, run: impl FnOnce(&mut Partition, &mut Turn<'_>) -> T) -> T {
        let mut turn = Turn {
            now: self.now,
            rules: &self.rules,
            chance: &mut self.chance,
            compressor: &mut self.compressor,
            out: &mut self.out,
            stats: &mut self.stats,
        };
        run(&mut self.partition, &mut turn)
    }

    /// A batch of `count` records joins the line: their deliveries.
    fn push(&mut self, count: u32) -> Vec<Delivery> {
        let mut claims = Claims::default();
        let mut records = Vec::new();
        let mut deliveries = Vec::new();
        for index in 0..count {
            let value = format!("record {index}");
            let view = RecordView {
                timestamp_delta: i64::from(index),
                offset_delta: index as i32,
                key: None,
                value: Some(value.as_bytes()),
                headers: std::iter::empty::<Header<'_>>(),
            };
            view.encode(&mut records);
            deliveries.push(claims.delivery(index, Timestamp(index.into())));
        }
        let meta = Meta {
            key: self.partition.key,
            created: self.now,
            count,
            base_timestamp: Timestamp(0),
            max_timestamp: Timestamp(i64::from(count) - 1),
            charge: 1_000,
            generation: 0,
            id: 0,
        };
        self.partition.push(Batch { meta, records, claims }.seal(Compression::NONE, &mut self.compressor));
        deliveries
    }

    /// Sends what can be sent now.
    fn send(&mut self) -> Option<Sent> {
        self.attempts += 1;
        let attempt = AttemptId(self.attempts);
        let outgoing = self.partition.take(attempt, self.producer, self.now, &self.rules)?;
        let bytes = [&outgoing.header[..], &outgoing.body[..]].concat();
        let batch = RecordBatch::decode(&mut Reader::new(&bytes)).unwrap();
        batch.verify_crc().unwrap();
        let header = batch.header;
        Some(Sent {
            attempt,
            producer_id: header.producer_id,
            epoch: header.producer_epoch,
            sequence: header.base_sequence,
            count: header.record_count,
        })
    }

    /// Sends until nothing more can be sent.
    fn send_all(&mut self) -> Vec<Sent> {
        std::iter::from_fn(|| self.send()).collect()
    }

    fn answer(&mut self, sent: Sent, code: ErrorCode, base_offset: i64) {
        let answer = Answer { code, base_offset, append_time: None, message: None, record_errors: Vec::new() };
        self.turn(|partition, turn| partition.answered(sent.attempt, &answer, turn));
    }

    fn acknowledge(&mut self, sent: Sent, base_offset: i64) {
        self.answer(sent, ErrorCode::NONE, base_offset);
    }

    fn lose(&mut self, sent: Sent) {
        self.turn(|partition, turn| partition.lost(sent.attempt, &"connection reset".into(), turn));
    }

    /// Time passes: every backoff is over.
    fn wait(&mut self, duration: Duration) {
        self.now = self.now + duration;
    }

    fn rest(&mut self) {
        self.wait(Duration::from_secs(2));
    }

    fn expire(&mut self) {
        self.turn(|partition, turn| partition.expire(turn));
    }

    /// A partition with a batch of 10 acknowledged at offset 0, five batches of 10 in flight at sequences 10 to 50.
    fn with_five_in_flight() -> (Self, Vec<Sent>, Vec<Delivery>) {
        let mut stage = Self::new();
        let _ = stage.push(10);
        let first = stage.send().unwrap();
        stage.acknowledge(first, 0);
        let firsts = (0..5).map(|_| stage.push(10).swap_remove(0)).collect();
        let sent = stage.send_all();
        assert_eq!(sent.iter().map(|sent| sent.sequence).collect::<Vec<_>>(), [10, 20, 30, 40, 50]);
        (stage, sent, firsts)
    }

    /// Bytes of memory given back so far.
    fn released(&self) -> usize {
        let charge = |output: &Output| match output {
            Output::News(News::Released(release)) => release.charge,
            _ => 0,
        };
        self.out.iter().map(charge).sum()
    }
}

fn offset(delivery: &Delivery) -> Option<i64> {
    delivery.now().expect("resolved").expect("acknowledged").offset
}

fn failure(delivery: &Delivery) -> (DeliveryFailure, Written) {
    let error = delivery.now().expect("resolved").expect_err("failed");
    (error.kind, error.written)
}

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
    stage.lose(sent);
    stage.rest();
    let again = stage.send().unwrap();
    assert_eq!(again.sequence, 0, "it is sent again, so that no hole is left");
    stage.acknowledge(again, 0);
    assert_eq!(stage.released(), 1_000);
    let next = stage.send().unwrap();
    assert_eq!((next.epoch, next.sequence), (0, 1));
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
fn an_overtaken_batch_that_the_broker_forgot_is_written() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    stage.lose(sent[0]);
    for sent in &sent[1..] {
        stage.acknowledge(*sent, i64::from(sent.sequence));
    }
    stage.rest();
    let again = stage.send().unwrap();
    stage.answer(again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert_eq!(offset(&firsts[0]), None);
    assert_eq!(stage.stats.epochs, 0);
}

#[test]
fn a_topic_created_again_takes_only_what_was_never_on_its_way() {
    let (mut stage, sent, firsts) = Stage::with_five_in_flight();
    let waiting = stage.push(1).swap_remove(0);
    stage.answer(sent[4], ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    stage.turn(|partition, turn| partition.recreated(turn));
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
fn a_duplicate_is_an_acknowledgement() {
    let mut stage = Stage::new();
    let first = stage.push(1).swap_remove(0);
    let sent = stage.send().unwrap();
    stage.answer(sent, ErrorCode::DUPLICATE_SEQUENCE_NUMBER, -1);
    assert_eq!(offset(&first), None);
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
