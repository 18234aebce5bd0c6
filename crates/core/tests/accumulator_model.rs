//! Random operations against a model that is too simple to be wrong: queues of numbers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]

mod world;

use milena_core::{Batch, Buffered, Config, Flush, Record, Refusal, Ticket, Time};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use world::{Bell, TOPIC, World, values};

const PARTITIONS: i32 = 4;

#[derive(Debug, Clone)]
enum Step {
    /// A send of a value of this size: to a partition, or to any.
    Send(Option<i32>, usize),
    /// A waiter, chosen by this number, drops its send.
    Drop(usize),
    /// The driver's turn: it takes what is due.
    Take,
    /// The sender finishes a batch, chosen by this number.
    Finish(usize),
    Hungry(i32, bool),
    /// So many milliseconds pass, and deadlines with them: who waits in vain for 40 ms is told, and starts over in its place.
    Pass(u64),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let partition = 0..PARTITIONS;
    let size = prop_oneof![8 => 4usize..200, 1 => 200usize..3_000];
    prop_oneof![
        12 => (proptest::option::of(partition.clone()), size).prop_map(|(partition, size)| Step::Send(partition, size)),
        1 => (0usize..8).prop_map(Step::Drop),
        3 => Just(Step::Take),
        4 => (0usize..64).prop_map(Step::Finish),
        2 => (partition, any::<bool>()).prop_map(|(partition, hungry)| Step::Hungry(partition, hungry)),
        2 => (0u64..15).prop_map(Step::Pass),
        1 => Just(Step::Flush),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    (1usize..3_000, 4_500usize..30_000, 0u64..10, any::<bool>(), 1usize..=100).prop_map(
        |(batch_size, memory, linger, fill_behind, memory_behind_percent)| Config {
            batch_size,
            buffer_memory: memory,
            linger: Duration::from_millis(linger),
            max_request_size: 6_000,
            fill_behind,
            memory_behind_percent,
            ..Config::default()
        },
    )
}

/// A send that waits: its number, its size, its partition.
struct Waiting {
    record: (u32, usize, Option<i32>),
    bell: Arc<Bell>,
    heard: usize,
    /// Until when it stands in line for memory that anybody may have; `None`: it waits for that of partitions that are behind.
    in_line: Option<Time>,
}

/// What must hold, told in numbers: every record is its number, written at the start of its value.
struct Model {
    world: World,
    memory: usize,
    sent: u32,
    /// Accepted and not seen in a batch yet, by partition, in order.
    accepted: BTreeMap<i32, Vec<u32>>,
    /// Accepted and not finished.
    unfinished: BTreeSet<u32>,
    /// What the sender holds.
    taken: Vec<Batch>,
    waiting: BTreeMap<Ticket, Waiting>,
    /// Flushes, with what was not finished when they began.
    flushes: Vec<(Flush, BTreeSet<u32>)>,
}

fn value(number: u32, size: usize) -> Vec<u8> {
    let mut value = number.to_be_bytes().to_vec();
    value.resize(size, 0);
    value
}

impl Model {
    fn new(config: Config) -> Self {
        Self {
            memory: config.buffer_memory,
            world: World::new(4, config),
            sent: 0,
            accepted: BTreeMap::new(),
            unfinished: BTreeSet::new(),
            taken: Vec::new(),
            waiting: BTreeMap::new(),
            flushes: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(partition, size) => {
                self.sent += 1;
                self.send((self.sent, size, partition), None);
            }
            Step::Drop(nth) => {
                if let Some(ticket) = self.waiting.keys().nth(nth).copied() {
                    self.waiting.remove(&ticket);
                    self.world.accumulator.unpark(ticket);
                }
            }
            Step::Take => self.take(),
            Step::Finish(nth) => {
                if !self.taken.is_empty() {
                    self.finish(nth % self.taken.len());
                }
            }
            Step::Hungry(partition, hungry) => self.world.hungry(partition, hungry),
            Step::Pass(ms) => self.pass(ms),
            Step::Flush => {
                let flush = self.world.accumulator.flush(self.world.now);
                self.flushes.push((flush, self.unfinished.clone()));
            }
        }
        self.answer_bells();
        self.check();
    }

    fn send(&mut self, record: (u32, usize, Option<i32>), ticket: Option<Ticket>) {
        let (number, size, partition) = record;
        let value = value(number, size);
        let to = Record { partition, ..Record::to(TOPIC).value(&value) };
        match self.world.append_as(&to, ticket) {
            Ok(appended) => {
                let now = self.world.now;
                let in_line = |waiting: &Waiting| waiting.in_line.is_some_and(|until| until > now);
                let first = self.waiting.iter().find(|(_, waiting)| in_line(waiting)).map(|(ticket, _)| *ticket);
                assert!(ticket == first || first.is_none(), "nobody overtakes who waits for memory");
                self.accepted.entry(appended.partition).or_default().push(number);
                self.unfinished.insert(number);
                if let Some(ticket) = ticket {
                    self.waiting.remove(&ticket);
                    self.world.accumulator.unpark(ticket);
                }
            }
            Err(refusal @ (Refusal::Full | Refusal::Behind(_))) => {
                let bell = Arc::default();
                let parked = self.world.park(&refusal, &to, ticket, &bell, 40);
                let in_line = (refusal == Refusal::Full).then_some(self.world.now + Duration::from_millis(40));
                self.waiting.insert(parked.ticket, Waiting { record, bell, heard: 0, in_line });
            }
            Err(refusal) => assert!(size > 2_500, "{refusal:?}"),
        }
    }

    /// Whoever was woken tries again. One who is woken for nothing would do so for ever.
    fn answer_bells(&mut self) {
        let mut rounds = 0;
        while let Some((ticket, waiting)) =
            self.waiting.iter_mut().find(|(_, waiting)| waiting.bell.rung() > waiting.heard)
        {
            waiting.heard = waiting.bell.rung();
            let (ticket, record) = (*ticket, waiting.record);
            self.send(record, Some(ticket));
            rounds += 1;
            assert!(rounds < 10_000, "woken for nothing");
        }
    }

    fn pass(&mut self, ms: u64) {
        self.world.pass(ms);
        self.world.accumulator.handle_timeout(self.world.now);
    }

    fn take(&mut self) {
        for batch in self.world.due() {
            let queue = self.accepted.entry(batch.key().partition).or_default();
            let numbers: Vec<_> =
                values(&batch).iter().map(|value| u32::from_be_bytes(*value.first_chunk().unwrap())).collect();
            assert!(!numbers.is_empty());
            assert_eq!(numbers, queue.drain(..numbers.len()).collect::<Vec<_>>(), "the order of a partition is kept");
            self.taken.push(batch);
        }
    }

    fn finish(&mut self, nth: usize) {
        let batch = self.taken.remove(nth);
        for value in values(&batch) {
            assert!(self.unfinished.remove(&u32::from_be_bytes(*value.first_chunk().unwrap())));
        }
        self.world.finish(batch);
    }

    fn check(&mut self) {
        let Buffered { records, bytes, waiters } = self.world.accumulator.buffered();
        assert_eq!(usize::try_from(records).unwrap(), self.unfinished.len());
        assert_eq!(waiters, self.waiting.len());
        assert!(bytes <= self.memory);
        for (flush, before) in &self.flushes {
            let done = before.is_disjoint(&self.unfinished);
            let told = self.world.accumulator.poll_flush(*flush, None);
            // It may wait for records that joined a batch which it covers, never end before its own.
            assert!(done || !told, "a flush is done before its records are");
        }
    }

    /// With a sender that works again, everything ends.
    fn end(&mut self) {
        for partition in 0..PARTITIONS {
            self.world.hungry(partition, true);
        }
        let flush = self.world.accumulator.flush(self.world.now);
        for _ in 0..10_000 {
            self.take();
            while !self.taken.is_empty() {
                self.finish(0);
            }
            self.answer_bells();
            self.check();
            self.pass(10);
            if self.unfinished.is_empty() && self.waiting.is_empty() {
                break;
            }
        }
        assert!(self.waiting.is_empty(), "nobody is forgotten");
        assert!(self.unfinished.is_empty(), "no record is lost");
        assert!(self.world.accumulator.poll_flush(flush, None));
        assert!(self.flushes.iter().all(|(flush, _)| self.world.accumulator.poll_flush(*flush, None)));
        assert_eq!(self.world.accumulator.buffered(), Buffered::default());
        self.world.accumulator.close(self.world.now);
        assert!(self.world.accumulator.is_drained());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_record_is_lost_reordered_or_forgotten(config in config(), steps in proptest::collection::vec(step(), 1..400)) {
        let mut model = Model::new(config);
        for step in steps {
            model.step(step);
        }
        model.end();
    }
}
