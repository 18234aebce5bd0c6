//! The delivery rules, one story each. A broker is played by hand: this batch goes out, that answer comes back.

#![allow(clippy::cast_possible_truncation, reason = "stories count in small numbers")]

mod ending;
mod probe;
mod refused;
mod sending;

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
    /// What the leader says when it is asked where its log ends; `None`: it refuses.
    log_end: Option<i64>,
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
            log_end: Some(60),
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
            sent: None,
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
        if self.partition.choice(self.now, &self.rules) == Choice::LogEnd {
            self.partition.log_end_asked(attempt);
            self.tell_log_end(attempt);
            return self.send();
        }
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

    /// The leader answers the question where its log ends.
    fn tell_log_end(&mut self, question: AttemptId) {
        let (code, offset) =
            self.log_end.map_or((ErrorCode::UNKNOWN_SERVER_ERROR, -1), |offset| (ErrorCode::NONE, offset));
        self.turn(|partition, turn| partition.log_end_told(question, code, offset, turn));
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
