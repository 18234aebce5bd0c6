//! A small world around an accumulator: one topic, a clock that stands still, a sender that does nothing by itself.
#![allow(dead_code, unreachable_pub, reason = "every story uses some of it")]

use milena_core::delivery::RunResult;
use milena_core::output::News;
use milena_core::{
    Accumulator, Appended, Batch, Claim, Config, Parked, PartitionKey, Record, Refusal, Ticket, Time, Timestamp,
    TopicIndex, TopicLayout,
};
use milena_wire::record::Records;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

pub const TOPIC: &str = "orders";

pub struct World {
    pub accumulator: Accumulator,
    pub now: Time,
}

impl World {
    /// With [`TOPIC`] known and this many partitions, all with a leader.
    pub fn new(partitions: usize, config: Config) -> Self {
        let mut world = Self::without_topic(config);
        world.learn(&vec![true; partitions]);
        world
    }

    pub fn without_topic(config: Config) -> Self {
        Self { accumulator: Accumulator::new(Arc::new(config), 7), now: Time(1_000_000) }
    }

    pub fn learn(&mut self, available: &[bool]) {
        let layout = TopicLayout { index: TopicIndex(0), name: TOPIC.into(), available: available.into() };
        self.hear(News::Learned(Arc::new(layout)));
    }

    pub fn hear(&mut self, news: News) {
        self.accumulator.hear(news, self.now);
    }

    pub fn hungry(&mut self, partition: i32, hungry: bool) {
        self.hear(News::Hungry(key(partition), hungry));
    }

    pub fn pass(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
    }

    pub fn append(&mut self, record: &Record<'_>) -> Result<Appended, Refusal> {
        self.append_as(record, None)
    }

    pub fn append_as(&mut self, record: &Record<'_>, ticket: Option<Ticket>) -> Result<Appended, Refusal> {
        self.accumulator.append(record, Claim::Nothing, ticket, self.now, Timestamp(5_000))
    }

    /// Appends a value to a partition; it must be taken.
    pub fn put(&mut self, partition: i32, value: &[u8]) -> Appended {
        self.append(&Record::to(TOPIC).partition(partition).value(value)).unwrap()
    }

    pub fn due(&mut self) -> Vec<Batch> {
        let mut due = Vec::new();
        self.accumulator.take_due(self.now, &mut due);
        due
    }

    /// The sender is done with it.
    pub fn finish(&mut self, batch: Batch) {
        let partition = batch.key().partition;
        let (release, _) = batch.finish(RunResult::Acknowledged { partition, base_offset: Some(0), append_time: None });
        self.hear(News::Released(release));
    }

    /// Parks as the driver's handle does, with a deadline this many milliseconds away.
    pub fn park(
        &mut self,
        refusal: &Refusal,
        record: &Record<'_>,
        ticket: Option<Ticket>,
        bell: &Arc<Bell>,
        ms: u64,
    ) -> Parked {
        let deadline = self.now + Duration::from_millis(ms);
        self.accumulator.park(refusal, record, ticket, Waker::from(Arc::clone(bell)), deadline)
    }
}

pub fn key(partition: i32) -> PartitionKey {
    PartitionKey { topic: TopicIndex(0), partition }
}

/// The values of a batch's records, in order.
pub fn values(batch: &Batch) -> Vec<Vec<u8>> {
    let records = Records::new(batch.records());
    let records: Vec<_> = records.map(Result::unwrap).collect();
    assert!(records.iter().zip(0..).all(|(record, index)| record.offset_delta == index));
    records.iter().map(|record| record.value.unwrap_or_default().to_vec()).collect()
}

/// Counts how often it was rung.
#[derive(Default)]
pub struct Bell(AtomicUsize);

impl Bell {
    pub fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
