//! One replica's log of a partition: batches as they came, their offsets, and what is remembered of their producers.

use crate::producer_state::{Authorship, ProducerState, Remembered, Snapshot};
use bytes::Bytes;
use milena_wire::error_code::ErrorCode;
use std::collections::VecDeque;

/// When producers are forgotten: `producer.id.expiration.ms` and `producer.id.expiration.check.interval.ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// A producer is forgotten this long after the timestamp of its last batch, milliseconds. Kafka's default: 1 day.
    pub expiration_ms: i64,
    /// It is looked for only this often, and when a log is loaded, milliseconds. Kafka's default: 10 minutes.
    pub check_interval_ms: i64,
}

impl Default for Expiry {
    fn default() -> Self {
        Self { expiration_ms: 86_400_000, check_interval_ms: 600_000 }
    }
}

/// A batch in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBatch {
    /// Offset of its first record.
    pub base_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// The leader's epoch when it was appended.
    pub leader_epoch: i32,
    /// The latest timestamp of its records, milliseconds since 1970; the append time where the topic uses it.
    pub max_timestamp: i64,
    /// Who wrote it; `None` without a producer id.
    pub authorship: Option<Authorship>,
    /// Header and records as the producer sent them: the base offset and the leader epoch in it are not yet the log's.
    pub sent: Bytes,
}

impl StoredBatch {
    /// Appends the batch as a consumer gets it. Base offset and leader epoch stand before the part that the CRC covers.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.base_offset.to_be_bytes());
        out.extend_from_slice(self.sent.get(8..12).unwrap_or_default());
        out.extend_from_slice(&self.leader_epoch.to_be_bytes());
        out.extend_from_slice(self.sent.get(16..).unwrap_or_default());
    }

    fn remembered(&self) -> Option<(Authorship, Remembered)> {
        let authorship = self.authorship?;
        let written = Remembered {
            last_sequence: authorship.last_sequence,
            last_offset: self.last_offset,
            offset_delta: i32::try_from(self.last_offset - self.base_offset).unwrap_or(i32::MAX),
            timestamp: self.max_timestamp,
        };
        Some((authorship, written))
    }
}

/// One replica's log.
///
/// `start ≤ high_watermark ≤ end`; batches are in order and without gaps from the first one's base offset to `end`.
#[derive(Debug, Clone)]
pub struct Log {
    batches: VecDeque<StoredBatch>,
    start: i64,
    high_watermark: i64,
    end: i64,
    bytes: usize,
    producers: ProducerState,
    /// Offset up to which each covers the log, ascending; the two newest are kept, as Kafka does.
    snapshots: VecDeque<(i64, Snapshot)>,
    expiry: Expiry,
    next_check_ms: i64,
}

impl Log {
    /// An empty log, loaded at `now_ms`.
    pub fn new(expiry: Expiry, now_ms: i64) -> Self {
        Self {
            batches: VecDeque::new(),
            start: 0,
            high_watermark: 0,
            end: 0,
            bytes: 0,
            producers: ProducerState::default(),
            snapshots: VecDeque::new(),
            expiry,
            next_check_ms: now_ms + expiry.check_interval_ms,
        }
    }

    /// The first offset that can be read.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The offset behind the last record that every in-sync replica has: consumers see what is below.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// The offset that the next record gets.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// The batches, oldest first.
    pub fn batches(&self) -> impl Iterator<Item = &StoredBatch> + '_ {
        self.batches.iter()
    }

    /// What is remembered of producers, after the checks that were due.
    pub fn producers(&mut self, now_ms: i64) -> &ProducerState {
        self.check_expiry(now_ms);
        &self.producers
    }

    /// Changes `producer.id.expiration.ms`, as it can be on a running broker.
    pub fn set_expiration(&mut self, expiration_ms: i64, now_ms: i64) {
        // Checks are made when someone looks: those of the past still go by the old number.
        self.check_expiry(now_ms);
        self.expiry.expiration_ms = expiration_ms;
    }

    /// Writes a batch behind the last one. Its offsets must follow [`end`](Self::end).
    pub fn append(&mut self, batch: StoredBatch) {
        debug_assert_eq!(batch.base_offset, self.end, "a log has no gaps");
        self.end = batch.last_offset + 1;
        self.bytes += batch.sent.len();
        if let Some((authorship, written)) = batch.remembered() {
            self.producers.remember(authorship, written);
        }
        self.batches.push_back(batch);
    }

    /// Moves the high watermark up; it never goes back but by truncation.
    pub fn raise_high_watermark(&mut self, to: i64) {
        self.high_watermark = self.high_watermark.max(to.min(self.end));
    }

    /// Whole batches from the one that holds `offset` on, below `limit`: as many as fit in `max_bytes`, the first one
    /// even if it does not fit when `at_least_one`.
    ///
    /// # Errors
    /// `OFFSET_OUT_OF_RANGE` when `offset` is not between start and end.
    pub fn read(&self, offset: i64, limit: i64, max_bytes: usize, at_least_one: bool) -> Result<Vec<u8>, ErrorCode> {
        if offset < self.start || offset > self.end {
            return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        let mut out = Vec::new();
        let first = self.batches.partition_point(|batch| batch.last_offset < offset);
        for batch in self.batches.range(first..).take_while(|batch| batch.last_offset < limit) {
            let fits = out.len() + batch.sent.len() <= max_bytes;
            if !(fits || out.is_empty() && at_least_one) {
                break;
            }
            batch.write_to(&mut out);
        }
        Ok(out)
    }

    /// The batch that holds `offset` or, if none does, the first behind it.
    pub fn batches_from(&self, offset: i64) -> impl Iterator<Item = &StoredBatch> + '_ {
        let first = self.batches.partition_point(|batch| batch.last_offset < offset);
        self.batches.range(first..)
    }

    /// The broker stopped and started again, cleanly or not: the log is whole, and of each producer the newest batch is
    /// remembered. (Recovery after a kill takes a snapshot at the log's end and loads that: vectors 3, 13c and 16.)
    pub fn restart(&mut self, now_ms: i64) {
        self.take_snapshot();
        self.load_snapshot(now_ms);
        self.next_check_ms = now_ms + self.expiry.check_interval_ms;
    }

    /// Closes a segment, which writes a snapshot. Nothing else in here depends on segments.
    pub fn roll(&mut self) {
        self.take_snapshot();
    }

    /// Drops everything from the batch that holds `to` on, and remembers of the producers what the newest snapshot
    /// before it and the batches behind that say.
    pub fn truncate(&mut self, to: i64, now_ms: i64) {
        while let Some(batch) = self.batches.back().filter(|batch| batch.last_offset >= to) {
            self.bytes -= batch.sent.len();
            self.end = batch.base_offset;
            self.batches.pop_back();
        }
        self.start = self.start.min(self.end);
        self.high_watermark = self.high_watermark.min(self.end);
        self.snapshots.retain(|(offset, _)| *offset <= self.end);
        let from = self.load_snapshot(now_ms);
        let replayed: Vec<_> = self.batches_from(from).filter_map(StoredBatch::remembered).collect();
        for (authorship, written) in replayed {
            self.producers.remember(authorship, written);
        }
        self.take_snapshot();
    }

    /// DeleteRecords, or retention: the log begins at `offset` from now on. What is remembered of producers stays.
    pub fn delete_before(&mut self, offset: i64) {
        self.start = self.start.max(offset.min(self.high_watermark));
        while let Some(batch) = self.batches.front().filter(|batch| batch.last_offset < self.start) {
            self.bytes -= batch.sent.len();
            self.batches.pop_front();
        }
    }

    /// Drops the oldest batches below the high watermark until at most `bytes` are held, or one batch is left.
    pub fn retain(&mut self, bytes: usize) {
        while self.bytes > bytes && self.batches.len() > 1 {
            let Some(first) = self.batches.front() else { return };
            let next = first.last_offset + 1;
            if next > self.high_watermark {
                return;
            }
            self.delete_before(next);
        }
    }

    /// The end of what both logs have in common: where a follower of `leader` must cut its own.
    pub fn common_end(&self, leader: &Self) -> i64 {
        // From the end backwards: followers differ in their last batches, if at all.
        for batch in self.batches.iter().rev() {
            let at = leader.batches.partition_point(|other| other.base_offset < batch.base_offset);
            match leader.batches.get(at) {
                Some(other) if other.base_offset == batch.base_offset && other.leader_epoch == batch.leader_epoch => {
                    return batch.last_offset + 1;
                }
                _ => {}
            }
        }
        leader.start.min(self.end).max(self.start)
    }

    /// Follows `leader`: cuts what it has not got, takes what is new, its start and its high watermark.
    pub fn follow(&mut self, leader: &Self, now_ms: i64) {
        let common = self.common_end(leader);
        if common < self.end {
            self.truncate(common, now_ms);
        }
        if self.end < leader.start {
            self.start_over(leader.start);
        }
        let missing: Vec<_> = leader.batches_from(self.end).cloned().collect();
        missing.into_iter().for_each(|batch| self.append(batch));
        self.raise_high_watermark(leader.high_watermark);
        self.delete_before(leader.start);
    }

    /// The leader no longer has what comes next here: the log begins anew at `offset`, with no producers known.
    fn start_over(&mut self, offset: i64) {
        self.batches.clear();
        self.snapshots.clear();
        self.bytes = 0;
        self.producers = ProducerState::default();
        (self.start, self.high_watermark, self.end) = (offset, offset, offset);
    }

    fn take_snapshot(&mut self) {
        self.snapshots.retain(|(offset, _)| *offset != self.end);
        self.snapshots.push_back((self.end, self.producers.snapshot()));
        if self.snapshots.len() > 2 {
            self.snapshots.pop_front();
        }
    }

    /// Loads the newest snapshot and says how far it covers the log.
    fn load_snapshot(&mut self, now_ms: i64) -> i64 {
        match self.snapshots.back() {
            Some((offset, snapshot)) => {
                self.producers = ProducerState::load(snapshot, now_ms, self.expiry.expiration_ms);
                *offset
            }
            None => {
                self.producers = ProducerState::default();
                self.start
            }
        }
    }

    fn check_expiry(&mut self, now_ms: i64) {
        let interval = self.expiry.check_interval_ms.max(1);
        if now_ms < self.next_check_ms {
            return;
        }
        // Of the checks that were due only the last matters: what an earlier one forgets, a later one forgets too.
        let last_check = self.next_check_ms + (now_ms - self.next_check_ms) / interval * interval;
        self.producers.expire(last_check, self.expiry.expiration_ms);
        self.next_check_ms = last_check + interval;
    }
}
