//! Records in, open batches, closed batches out when the sender is hungry and linger is over.
//!
//! ```text
//!  append ──► topic ──► partition ──► its open batch ──► closed ──► take_due
//!               │           │              │
//!          not there yet  too few    no memory ──► park: wait in line, be woken, append again
//! ```
//!
//! Shared by the callers and the driver behind one short lock, which the `milena` crate holds. An append copies the record
//! once and allocates only at a batch's birth; nothing here walks over partitions.

mod births;
mod due;
mod flush;
mod ratio;
mod round_trip;
mod slot;
mod topics;
mod waiters;
mod waiting;

pub use flush::Flush;
pub use slot::Claim;
pub use waiters::Ticket;
pub use waiting::Parked;

use crate::batch::Batch;
use crate::budget::Budget;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::error::SendError;
use crate::record::Record;
use crate::time::{Time, Timestamp};
use crate::topic::{PartitionKey, TopicIndex, TopicLayout};
use births::{Birth, Births};
use fastrand::Rng;
use flush::Ledger;
use milena_wire::record::{Header, PLACE_LEN_MAX, RecordView};
use milena_wire::record_batch::BATCH_HEADER_LEN;
use std::collections::VecDeque;
use std::sync::Arc;
use topics::{Choice, Topics};
use waiters::Waiters;

/// Draws for a keyless record whose partition is behind, before it waits for that one.
const SWITCHES_MAX: usize = 8;

/// Holds open batches: the machine that records go into.
#[derive(Debug)]
pub struct Accumulator {
    config: Arc<Config>,
    limits: Limits,
    rng: Rng,
    topics: Topics,
    budget: Budget,
    waiters: Waiters,
    ledger: Ledger,
    /// Open batches whose linger is not over.
    lingering: Births,
    /// Open batches whose linger is over, and whose partition is not hungry.
    behind: Births,
    /// Closed, in order; the driver takes them with its next [`take_due`](Self::take_due).
    closed: VecDeque<Batch>,
    /// The latest time seen. Callers read their clocks outside the lock, so theirs may be a little behind.
    now: Time,
    /// Batches born so far.
    born: u64,
    /// Linger counts as over for batches born before this number: they were flushed.
    hurried: u64,
    /// Records accepted and records released.
    accepted: u64,
    released: u64,
    /// Until when the driver sleeps; `None` while it is awake.
    asleep: Option<Time>,
    is_closed: bool,
    failed: Option<Arc<str>>,
}

/// A record that was accepted.
#[derive(Debug)]
#[must_use]
pub struct Appended {
    /// The claim on its result, if one was asked for.
    pub delivery: Option<Delivery>,
    /// Where it went.
    pub partition: i32,
    /// The driver sleeps and has work now: wake it. Said once a sleep.
    pub wake: bool,
}

/// Why a record was not accepted. Nothing has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The topic is not known yet: [`park`](Accumulator::park) and try again.
    UnknownTopic,
    /// The topic has not that many partitions yet: park and try again.
    UnknownPartition {
        /// How many it has.
        count: usize,
    },
    /// No memory, or others wait for some: park and try again.
    Full,
    /// No memory for this partition, which is behind: those that are hold all that they may together. Park and try again.
    Behind(PartitionKey),
    /// Its partition is behind, and its open batch full: one more would wait in line and fall out of the processor's cache.
    /// Its broker answers fast, so there will be room in a moment, or this is not said again: park and try again, or
    /// [`insist`](Accumulator::insist).
    Soon(PartitionKey),
    /// Trying again would not help.
    Never(SendError),
}

/// What is on its way, for displays of progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Buffered {
    /// Records accepted and not released.
    pub records: u64,
    /// Bytes of `buffer.memory` that they hold.
    pub bytes: usize,
    /// Callers that wait: for memory, for a topic, for a partition, or for a [deadline](Accumulator::alarm).
    pub waiters: usize,
}

/// What an append needs of the configuration.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// A batch is full at this many bytes, compressed.
    batch: usize,
    /// A batch whose partition is behind is full at this many.
    behind: usize,
    /// However well it compresses, a batch is full at this many.
    longest: usize,
    /// The largest upper bound of a record; zero when none is taken any more.
    record: usize,
    /// What a full batch is charged.
    batch_charge: usize,
    hash_keys: bool,
    in_turn: bool,
    adaptive: bool,
}

impl Limits {
    fn new(config: &Config) -> Self {
        let batch = config.batch_size.max(1);
        // A record whose batch could never be charged is too large, not one to wait for.
        let memory = (config.buffer_memory + BATCH_HEADER_LEN).saturating_sub(slot::charge_alone(BATCH_HEADER_LEN));
        Self {
            batch,
            longest: batch.max(config.max_request_size),
            behind: if config.fill_behind { batch.max(config.max_request_size) } else { batch },
            record: config.max_request_size.min(memory).min(i32::MAX.cast_unsigned() as usize),
            batch_charge: batch + crate::budget::BATCH_OVERHEAD,
            hash_keys: !config.partitioner_ignore_keys,
            in_turn: config.partitioner_round_robin,
            adaptive: config.partitioner_adaptive,
        }
    }
}

impl Accumulator {
    /// An empty one. The same seed and the same calls choose the same partitions.
    pub fn new(config: Arc<Config>, seed: u64) -> Self {
        let limits = Limits::new(&config);
        Self {
            limits,
            rng: Rng::with_seed(seed),
            topics: Topics::default(),
            budget: Budget::new(config.buffer_memory, behind_max(&config), limits.batch),
            waiters: Waiters::default(),
            ledger: Ledger::new(),
            lingering: Births::default(),
            behind: Births::default(),
            closed: VecDeque::new(),
            now: Time::ZERO,
            born: 0,
            hurried: 0,
            accepted: 0,
            released: 0,
            asleep: None,
            is_closed: false,
            failed: None,
            config,
        }
    }

    /// Takes a record into its partition's open batch. Happens fully or not at all.
    ///
    /// `wall` is the record's timestamp unless it has its own; `ticket` is the caller's place in line, once it has one.
    ///
    /// # Order
    /// Records of one partition keep the order of the appends that accepted them. While somebody waits for memory, only the
    /// first in line is let in.
    ///
    /// # Errors
    /// [`Refusal::Never`] when the record will never do; else the caller may [`park`](Self::park) and try again.
    ///
    /// # Cost
    /// One look-up of the topic's name, one copy of the record. Allocates at a batch's birth and while its buffer grows.
    #[inline(always)] // What it returns goes through memory otherwise: a tenth of a send, in its few callers.
    pub fn append(
        &mut self,
        record: &Record<'_>,
        claim: Claim<'_>,
        ticket: Option<Ticket>,
        now: Time,
        wall: Timestamp,
    ) -> Result<Appended, Refusal> {
        self.append_with(None, record, claim, ticket, (now, wall), |appended| appended)
    }

    /// As [`append`](Self::append), for a caller that knows the topic's number already, from its
    /// [layout](Self::layout): the name is not looked up, and not compared.
    ///
    /// `topic` must be of the name that the record has. A name keeps its number for good, so it need not be asked for again
    /// when the topic is refused, changes or is created anew; then this does as `append` would.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline(always)]
    pub fn append_to(
        &mut self,
        topic: TopicIndex,
        record: &Record<'_>,
        claim: Claim<'_>,
        ticket: Option<Ticket>,
        now: Time,
        wall: Timestamp,
    ) -> Result<Appended, Refusal> {
        self.append_with(Some(topic), record, claim, ticket, (now, wall), |appended| appended)
    }

    /// As [`append_to`](Self::append_to) where the topic's number is known, else as [`append`](Self::append), and gives back
    /// what `accepted` makes of it. Who has a hook needs one bit of what is appended: so the rest need not go through memory.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline(always)]
    pub fn append_with<T>(
        &mut self,
        topic: Option<TopicIndex>,
        record: &Record<'_>,
        claim: Claim<'_>,
        ticket: Option<Ticket>,
        (now, wall): (Time, Timestamp),
        accepted: impl FnOnce(Appended) -> T,
    ) -> Result<T, Refusal> {
        self.now = self.now.max(now);
        let content = self.check(record)?;
        let len = PLACE_LEN_MAX + content;
        let index = match topic {
            Some(index) => self.topics.confirm(index, record.topic, ticket, self.now)?,
            None => self.topics.find(record.topic, ticket, self.now)?,
        };
        if self.waiters.head().is_some_and(|head| ticket != Some(head)) {
            return Err(Refusal::Full);
        }
        let Some(mut topic) = self.topics.topic_mut(index) else { return Err(Refusal::UnknownTopic) };
        let (partition, choice) = topic.choose(record, &self.limits, &mut self.rng)?;
        let key = PartitionKey { topic: index, partition };
        let timestamp = record.timestamp.unwrap_or(wall);

        let mut opened = false;
        if !topic.slot(partition).is_some_and(|slot| slot.has_room(len, &claim, &self.limits)) {
            opened = match self.make_room(key, record, &claim, ticket, timestamp) {
                Err(Refusal::Behind(_) | Refusal::Soon(_))
                    if choice == Choice::Sticky && self.goes_elsewhere(index, len) =>
                {
                    return self.append_once_more(record, claim, ticket, (now, wall)).map(accepted);
                }
                made => made?,
            };
            let Some(again) = self.topics.topic_mut(index) else { return Err(Refusal::UnknownTopic) };
            topic = again;
        }
        let Some((slot, sticky)) = topic.place_mut(partition) else { return Err(Refusal::UnknownTopic) };
        let (limit, hungry) = (slot.limit(&self.limits), slot.hungry);
        let Some(open) = &mut slot.open else { return Err(Refusal::Full) };
        let before = if open.count == 0 { 0 } else { open.size() };
        let at = open.push(record, content, timestamp);
        let delivery = open.claim(claim, at, timestamp);
        let size = open.size();
        match choice {
            Choice::Fixed => {}
            Choice::Sticky => sticky.add(size - before),
            Choice::InTurn => sticky.turn(),
        }
        self.accepted += 1;
        if size >= limit {
            self.hand_over(key);
        }
        let wake = self.asleep.is_some() && self.gives_work(opened, hungry);
        Ok(accepted(Appended { delivery, partition, wake }))
    }

    /// Another partition was drawn.
    #[cold]
    fn append_once_more(
        &mut self,
        record: &Record<'_>,
        claim: Claim<'_>,
        ticket: Option<Ticket>,
        (now, wall): (Time, Timestamp),
    ) -> Result<Appended, Refusal> {
        self.append(record, claim, ticket, now, wall)
    }

    /// The topic's layout, for a partitioner that runs outside the lock.
    pub fn layout(&self, topic: &str) -> Option<&Arc<TopicLayout>> {
        self.topics.layout(topic)
    }

    /// What is on its way.
    pub fn buffered(&self) -> Buffered {
        Buffered { records: self.accepted - self.released, bytes: self.budget.used(), waiters: self.waiters.len() }
    }

    /// Whether the driver, which sleeps, must be woken after a record was taken in.
    #[inline]
    fn gives_work(&mut self, opened: bool, hungry: bool) -> bool {
        // Nearly every record goes into a batch that the driver has heard of, and does not fill it.
        (opened || !self.closed.is_empty() || self.topics.wants())
            && (self.wake(opened && hungry) || opened && self.wake_before(self.now + self.config.delivery_timeout))
    }

    /// Bytes of the record's content, if it is one that Kafka can hold and the configuration allows.
    #[inline(always)]
    fn check(&self, record: &Record<'_>) -> Result<usize, Refusal> {
        let content = slot::view(record).content_len();
        let upper_bound = BATCH_HEADER_LEN + PLACE_LEN_MAX + content;
        let is_dated = record.timestamp.is_none_or(|timestamp| timestamp.0 >= 0);
        // One comparison for what is wrong with the record and what is wrong with the producer: once it is closed, or has
        // failed, the limit is zero.
        if upper_bound > self.limits.record || !is_dated {
            return Err(Refusal::Never(self.objection(record, upper_bound)));
        }
        Ok(content)
    }

    #[cold]
    fn objection(&self, record: &Record<'_>, size: usize) -> SendError {
        let Config { max_request_size, buffer_memory, .. } = *self.config;
        if self.is_closed {
            SendError::Closed
        } else if let Some(reason) = &self.failed {
            SendError::Fatal(Arc::clone(reason))
        } else if size > max_request_size {
            SendError::TooLarge { size, knob: "max.request.size", limit: max_request_size }
        } else if record.timestamp.is_some_and(|timestamp| timestamp.0 < 0) {
            SendError::InvalidRecord("negative timestamp")
        } else if slot::charge_alone(size) > buffer_memory {
            SendError::TooLarge { size: slot::charge_alone(size), knob: "buffer.memory", limit: buffer_memory }
        } else {
            SendError::InvalidRecord("larger than 2 GiB")
        }
    }

    /// Makes room for the record: in the open batch, or else in a new one. Whether it is a new one.
    #[inline(never)]
    fn make_room(
        &mut self,
        key: PartitionKey,
        record: &Record<'_>,
        claim: &Claim<'_>,
        ticket: Option<Ticket>,
        timestamp: Timestamp,
    ) -> Result<bool, Refusal> {
        let Self { topics, limits, budget, waiters, now, .. } = self;
        let Some(topic) = topics.topic_mut(key.topic) else { return Err(Refusal::UnknownTopic) };
        let Some(slot) = topic.slot_or_new(key.partition) else { return Err(Refusal::UnknownTopic) };
        // Who came earlier and waited for another partition does not stand behind who waits for this one.
        let earlier = |first| ticket.is_none_or(|own| first < own);
        if !slot.hungry && waiters.first_behind(key).is_some_and(earlier) {
            return Err(Refusal::Behind(key));
        }
        if let Some(len) = slot.open.as_ref().map(|open| open.encoded_len(record, timestamp)) {
            if slot.make_room(len, claim, limits, budget) {
                topic.weigh(key.partition, limits);
                return Ok(false);
            }
            // Who is told to wait must not be woken at once: only where memory for a batch of its own is short too.
            let alone = slot::charge_alone(slot::view(record).upper_bound());
            if slot.may_wait(len, limits) && !budget.fits_behind(alone) {
                return Err(if budget.fits(alone) { Refusal::Behind(key) } else { Refusal::Full });
            }
            if slot.holds_back(len, limits, *now) {
                return Err(Refusal::Soon(key));
            }
            // Full, or no memory to grow: an open batch must not sit on what others wait for.
            self.hand_over(key);
        }
        self.open(key, slot::view(record), claim)?;
        Ok(true)
    }

    /// After a keyless record was refused because its partition is behind: whether another was found that is not.
    #[cold]
    fn goes_elsewhere(&mut self, index: TopicIndex, len: usize) -> bool {
        let Some(topic) = self.topics.topic_mut(index) else { return false };
        (0..SWITCHES_MAX).any(|_| {
            let partition = topic.sticky.switch(self.limits.adaptive, &mut self.rng);
            topic.slot(partition).is_none_or(|slot| slot.takes(len, &self.limits))
        })
    }

    /// After [`Refusal::Soon`], for who does not want to wait: closes the full batch, so that the next append opens another.
    pub fn insist(&mut self, key: PartitionKey) {
        self.hand_over(key);
    }

    /// Opens a batch in the empty slot, with room for the record and the claim.
    fn open<'h>(
        &mut self,
        key: PartitionKey,
        record: RecordView<'h, impl Iterator<Item = Header<'h>> + Clone>,
        claim: &Claim<'_>,
    ) -> Result<(), Refusal> {
        let len = record.encoded_len();
        let Self { topics, limits, budget, .. } = self;
        let Some(topic) = topics.topic_mut(key.topic) else { return Err(Refusal::UnknownTopic) };
        let full = topic.full(limits);
        let Some(slot) = topic.slot_or_new(key.partition) else { return Err(Refusal::UnknownTopic) };
        let hungry = slot.hungry;
        let Some(open) = slot.open(len, full, claim, limits, budget) else {
            let short = hungry || !budget.fits(slot::charge_alone(record.upper_bound()));
            return Err(if short { Refusal::Full } else { Refusal::Behind(key) });
        };
        open.created = self.now;
        open.birth = self.born;
        open.generation = self.ledger.open();
        topic.weigh(key.partition, limits);
        let birth = Birth { key, number: self.born, created: self.now };
        self.born += 1;
        let topics = &self.topics;
        self.lingering.push(birth, |other| is_open(topics, other) == Some(false));
        Ok(())
    }

    /// Closes the partition's open batch, for the next [`take_due`](Self::take_due).
    fn hand_over(&mut self, key: PartitionKey) {
        let Some(slot) = self.topics.slot_mut(key) else { return };
        let ripe = slot.open.as_ref().is_some_and(|open| open.ripe);
        let Some(batch) = slot.close(key) else { return };
        if ripe {
            self.behind.forget()
        } else {
            self.lingering.forget()
        }
        self.ledger.close(batch.meta.generation, batch.meta.count);
        self.closed.push_back(batch);
    }
}

/// What partitions that are behind may hold together, bytes.
fn behind_max(config: &Config) -> usize {
    // A wide product: buffer.memory may be all that a machine can address.
    let part = config.buffer_memory as u128 * config.memory_behind_percent.min(100) as u128 / 100;
    usize::try_from(part).unwrap_or(config.buffer_memory)
}

/// Whether the batch is open still, and if so, whether it is ripe.
fn is_open(topics: &Topics, birth: &Birth) -> Option<bool> {
    let open = topics.slot(birth.key)?.open.as_ref()?;
    (open.birth == birth.number).then_some(open.ripe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::News;

    /// Entries of the two lines looked at in an hour of work on `active` of `partitions`.
    fn visited(partitions: usize, active: i32) -> usize {
        let config = Config { batch_size: 500, ..Config::default() };
        let mut accumulator = Accumulator::new(Arc::new(config), 1);
        let layout = TopicLayout { index: TopicIndex(0), name: "t".into(), available: vec![true; partitions] };
        accumulator.hear(News::Learned(Arc::new(layout)), Time::ZERO);
        let mut due = Vec::new();
        for turn in 0..1_000u64 {
            let now = Time(turn * 1_000);
            for partition in 0..active {
                let record = Record::to("t").partition(partition).value("v");
                let _ = accumulator.append(&record, Claim::Nothing, None, now, Timestamp(0)).unwrap();
                if partition % 3 == 0 {
                    accumulator.hear(News::Hungry(PartitionKey { topic: TopicIndex(0), partition }, turn % 7 < 3), now);
                }
            }
            let _ = accumulator.next_due();
            accumulator.take_due(now, &mut due);
            for batch in due.drain(..) {
                accumulator.hear(News::Released(batch.meta.release(Some(batch.records))), now);
            }
        }
        accumulator.lingering.visited + accumulator.behind.visited
    }

    #[test]
    fn a_batch_that_is_behind_is_not_closed_for_want_of_memory() {
        let config = Config { batch_size: 1_000, buffer_memory: 20_000, ..Config::default() };
        let mut accumulator = Accumulator::new(Arc::new(config), 1);
        let layout = TopicLayout { index: TopicIndex(0), name: "t".into(), available: vec![true] };
        let key = PartitionKey { topic: TopicIndex(0), partition: 0 };
        accumulator.hear(News::Learned(Arc::new(layout)), Time::ZERO);
        accumulator.hear(News::Hungry(key, false), Time::ZERO);
        let record = Record::to("t").value("a value of some length");
        let refusal = loop {
            if let Err(refusal) = accumulator.append(&record, Claim::Nothing, None, Time::ZERO, Timestamp(0)) {
                break refusal;
            }
        };
        assert_eq!(refusal, Refusal::Behind(key));
        let mut due = Vec::new();
        accumulator.take_due(Time::ZERO, &mut due);
        assert!(due.is_empty(), "closing it would free nothing");
        accumulator.hear(News::Hungry(key, true), Time::ZERO);
        accumulator.take_due(Time::ZERO, &mut due);
        assert!(matches!(due.as_slice(), [batch] if batch.records.len() > 14_000), "one batch of all that fits");
    }

    #[test]
    fn work_does_not_grow_with_the_number_of_partitions() {
        assert_eq!(visited(20, 20), visited(10_000, 20));
    }

    #[test]
    fn work_is_a_few_steps_a_batch() {
        // 20 partitions, 1,000 turns of 1 ms, linger 5 ms: at most 4,000 batches and as many again that are behind.
        let visited = visited(10_000, 20);
        assert!(visited < 3 * 4_000, "{visited}");
    }

    #[test]
    fn ten_thousand_open_batches_are_not_looked_at_until_they_are_due() {
        let mut accumulator = Accumulator::new(Arc::new(Config { buffer_memory: 1 << 30, ..Config::default() }), 1);
        let layout = TopicLayout { index: TopicIndex(0), name: "t".into(), available: vec![true; 10_000] };
        accumulator.hear(News::Learned(Arc::new(layout)), Time::ZERO);
        for partition in 0..10_000 {
            let record = Record::to("t").partition(partition).value("v");
            let _ = accumulator.append(&record, Claim::Nothing, None, Time(1), Timestamp(0)).unwrap();
        }
        let mut due = Vec::new();
        for now in 2..1_000 {
            accumulator.take_due(Time(now), &mut due);
            let _ = accumulator.next_due();
        }
        assert_eq!((due.len(), accumulator.lingering.visited), (0, 0));
        accumulator.take_due(Time(5_001), &mut due);
        assert_eq!((due.len(), accumulator.lingering.visited), (10_000, 10_000));
    }
}
