//! Draws operations: mostly what a producer does, often what it does after trouble, sometimes what nobody should.

use super::batch::{Batch, Damage, Who};
use super::operation::{Operation, Produce};
use super::side::Answer;
use fastrand::Rng;
use milena_wire::compression::Codec;
use std::collections::{BTreeMap, HashMap, VecDeque};

const TOPICS: [&str; 5] = ["t0", "t1", "t2", "t3", "t4"];
const HOUR: i64 = 3_600_000;
/// More than a broker remembers.
const HISTORY: usize = 7;
/// An id that no broker of this run comes to.
const STRANGER: i64 = 4_000_000_000;
/// Of Produce, and of Metadata, that Kafka 4 serves.
const PRODUCE: std::ops::RangeInclusive<i16> = 3..=13;
const METADATA: std::ops::RangeInclusive<i16> = 0..=13;

pub(super) struct Author {
    chance: Rng,
    restart_every: usize,
    /// Partitions of the topics that are there.
    topics: BTreeMap<String, i32>,
    /// The same in every life of a topic: Kafka 4.3.1 gives a topic that was created again the settings of its former lives back
    /// when it starts anew, which the model does not.
    settings: HashMap<String, Vec<(&'static str, &'static str)>>,
    producers: usize,
    histories: HashMap<(String, i32, Who), History>,
}

/// Of a topic whose records are stamped by the broker.
const LOG_APPEND_TIME: (&str, &str) = ("message.timestamp.type", "LogAppendTime");

/// What a producer has written to a partition, as far as it was told.
#[derive(Default)]
struct History {
    epoch: i16,
    next: i32,
    /// Epoch, sequence and count, newest last.
    written: VecDeque<(i16, i32, i32)>,
}

impl Author {
    pub(super) fn new(seed: u64, restart_every: usize) -> Self {
        let chance = Rng::with_seed(seed);
        let (topics, settings, histories) = (BTreeMap::new(), HashMap::new(), HashMap::new());
        Self { chance, restart_every, topics, settings, producers: 0, histories }
    }

    pub(super) fn next(&mut self) -> Operation {
        if self.chance.usize(..self.restart_every.max(1)) == 0 {
            return Operation::Restart { killed: self.chance.bool() };
        }
        if self.topics.len() < 2 {
            return self.create();
        }
        if self.producers < 3 {
            return Operation::InitProducerId;
        }
        let (topic, partition) = self.place();
        match self.chance.u32(..1_000) {
            0..8 => self.create(),
            8..12 => Operation::DeleteTopic { topic },
            12..18 => Operation::AddPartitions { topic, count: self.chance.i32(0..4) },
            18..30 => Operation::DeleteRecords { topic, partition, offset: self.chance.i64(-1..30) },
            30..36 => Operation::InitProducerId,
            36..80 => Operation::Metadata { topic, version: self.chance.i16(METADATA) },
            80..140 => Operation::Describe { topic, partition },
            140..200 => self.offsets(topic, partition),
            200..220 => Operation::Read { topic, partition },
            _ => Operation::Produce(self.produce(topic, partition)),
        }
    }

    /// Every partition that is there.
    pub(super) fn places(&self) -> Vec<(String, i32)> {
        let partitions = |(topic, count): (&String, &i32)| {
            (0..*count).map(|partition| (topic.clone(), partition)).collect::<Vec<_>>()
        };
        self.topics.iter().flat_map(partitions).collect()
    }

    /// What the real cluster said decides how it goes on.
    pub(super) fn learn(&mut self, operation: &Operation, answer: &Answer) {
        match operation {
            Operation::CreateTopic { topic, partitions, .. } if !answer.is_refusal() => {
                self.topics.insert(topic.clone(), *partitions);
            }
            Operation::DeleteTopic { topic } if !answer.is_refusal() => {
                self.topics.remove(topic);
                self.histories.retain(|(of, ..), _| of != topic);
            }
            Operation::AddPartitions { topic, count } if !answer.is_refusal() => {
                self.topics.insert(topic.clone(), *count);
            }
            Operation::InitProducerId => self.producers += 1,
            Operation::Produce(Produce { topic, partition, batch, acks, .. }) if !answer.is_refusal() && *acks != 0 => {
                let history = self.histories.entry((topic.clone(), *partition, batch.who)).or_default();
                history.epoch = batch.epoch;
                history.next = batch.sequence.wrapping_add(batch.count) & i32::MAX;
                history.written.push_back((batch.epoch, batch.sequence, batch.count));
                if history.written.len() > HISTORY {
                    history.written.pop_front();
                }
            }
            _ => {}
        }
    }

    /// A partition that is there, mostly.
    fn place(&mut self) -> (String, i32) {
        let known: Vec<_> = self.topics.iter().map(|(topic, partitions)| (topic.clone(), *partitions)).collect();
        match self.chance.u32(..50) {
            0 => (self.pick(&TOPICS).to_owned(), self.chance.i32(-1..4)),
            _ => {
                let (topic, partitions) =
                    known.get(self.chance.usize(..known.len().max(1))).cloned().unwrap_or_default();
                (topic, self.chance.i32(0..partitions.max(1)))
            }
        }
    }

    /// The end, the start, and the record with the largest timestamp; that not where the brokers' own clocks say which one it is.
    fn offsets(&mut self, topic: String, partition: i32) -> Operation {
        let own_clock = self.settings.get(&topic).is_some_and(|settings| settings.contains(&LOG_APPEND_TIME));
        let timestamp = self.chance.i64(-3..0);
        Operation::Offsets { topic, partition, timestamp: if own_clock { timestamp.max(-2) } else { timestamp } }
    }

    fn create(&mut self) -> Operation {
        let topic = match self.chance.u32(..20) {
            0 => "no/name".to_owned(),
            _ => self.pick(&TOPICS).to_owned(),
        };
        let choices: [&[(&str, &str)]; 8] = [
            &[],
            &[],
            &[],
            &[("max.message.bytes", "500")],
            &[("cleanup.policy", "compact")],
            &[LOG_APPEND_TIME],
            &[("message.timestamp.before.max.ms", "3600000")],
            &[("message.timestamp.after.max.ms", "60000"), ("max.message.bytes", "2000")],
        ];
        let drawn = self.pick(&choices).to_vec();
        let settings = self.settings.entry(topic.clone()).or_insert(drawn).clone();
        let (partitions, replicas) = match self.chance.u32(..12) {
            0 => (0, 1),
            1 => (1, 2),
            _ => (self.chance.i32(1..3), 1),
        };
        Operation::CreateTopic { topic, partitions, replicas, settings }
    }

    fn produce(&mut self, topic: String, partition: i32) -> Produce {
        let who = match self.chance.u32(..10) {
            0 => Who::Nobody,
            1 => Who::Stranger(STRANGER + self.chance.i64(0..2)),
            _ => Who::Known(self.chance.usize(..self.producers.min(4))),
        };
        let count = self.chance.i32(1..8);
        let (epoch, sequence, count) = match who {
            Who::Nobody if self.chance.u32(..8) > 0 => (-1, -1, count),
            _ => self.number(&topic, partition, who, count),
        };
        let batch = Batch {
            who,
            epoch,
            sequence,
            count,
            age: self.age(),
            keyed: self.chance.u32(..4) > 0,
            value: self.pick(&[0, 10, 10, 10, 60, 400, 1_500]),
            codec: self.pick(&[
                Codec::None,
                Codec::None,
                Codec::None,
                Codec::Gzip,
                Codec::Snappy,
                Codec::Lz4,
                Codec::Zstd,
            ]),
            transactional: self.chance.u32(..100) == 0,
            damage: self.damage(),
        };
        let acks = match self.chance.u32(..20) {
            0 => 0,
            1 => 1,
            2 if self.chance.u32(..8) == 0 => 2,
            _ => -1,
        };
        Produce { topic, partition, version: self.chance.i16(PRODUCE), acks, batch }
    }

    /// Epoch, sequence and count: the next ones, one that was there before, or a guess.
    fn number(&mut self, topic: &str, partition: i32, who: Who, count: i32) -> (i16, i32, i32) {
        let chance = &mut self.chance;
        let none = History::default();
        let history = self.histories.get(&(topic.to_owned(), partition, who)).unwrap_or(&none);
        let next = (history.epoch, history.next, count);
        match chance.u32(..20) {
            0..10 => next,
            10..14 => history.written.get(chance.usize(..history.written.len().max(1))).copied().unwrap_or(next),
            14 => (history.epoch, history.next.saturating_add(chance.i32(1..20)), count),
            15 => (history.epoch, (history.next - chance.i32(1..20)).max(0), count),
            16 => (history.epoch.saturating_add(1), 0, count),
            17 => (history.epoch.saturating_add(chance.i16(0..3)), chance.i32(0..5), count),
            18 => (history.epoch.saturating_sub(1), history.next, count),
            // Near the end of all sequences: wrapping, if the broker takes it.
            _ if history.written.is_empty() => (0, i32::MAX - chance.i32(0..6), count),
            _ => (chance.i16(-1..2), chance.i32(-1..3), count),
        }
    }

    fn age(&mut self) -> i64 {
        match self.chance.u32(..20) {
            0 => 2 * HOUR,
            1 => -2 * HOUR,
            2 => 30 * HOUR,
            _ => 0,
        }
    }

    fn damage(&mut self) -> Damage {
        use Damage::{BaseOffset, Checksum, Count, CutShort, Magic, None, Nothing, Twice};
        if self.chance.u32(..40) > 0 {
            None
        } else {
            self.pick(&[Checksum, Twice, Nothing, CutShort, BaseOffset, Count, Magic])
        }
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        *of.get(self.chance.usize(..of.len())).expect("there is something to pick from")
    }
}
