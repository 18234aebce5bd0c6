//! An append by a topic's number is the append by its name, whatever becomes of the topic: two accumulators that hear and
//! are told the same differ in nothing that can be seen.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]
#![allow(dead_code, reason = "the world serves other tests too")]

mod world;

use milena_core::output::News;
use milena_core::{Batch, Claim, Config, Record, Refusal, SendError, Ticket, Timestamp, TopicIndex, TopicLayout};
use milena_wire::error_code::ErrorCode;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use world::{Bell, World, values};

const NAMES: [&str; 2] = ["orders", "invoices"];

#[derive(Debug, Clone)]
enum Step {
    /// A send: to which topic, to which partition or any, with which key or none, how large a value.
    Send(usize, Option<i32>, Option<u8>, usize),
    /// Who waits, chosen by this number, tries again, or gives up.
    Again(usize, bool),
    /// The topic has as many partitions now, of which those with a set bit have a leader.
    Learned(usize, usize, u8),
    /// The cluster refuses the topic, or misses it.
    Refused(usize),
    Missing(usize),
    /// It was deleted, and nobody sends to it.
    Gone(usize),
    /// Somebody asks for the topic without waiting.
    Want(usize),
    Hungry(usize, i32, bool),
    Take,
    Finish,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let topic = || 0..NAMES.len();
    let partition = proptest::option::weighted(0.3, -1i32..6);
    prop_oneof![
        16 => (topic(), partition, proptest::option::of(any::<u8>()), 0usize..900)
            .prop_map(|(topic, partition, key, size)| Step::Send(topic, partition, key, size)),
        4 => (0usize..8, any::<bool>()).prop_map(|(nth, stays)| Step::Again(nth, stays)),
        2 => (topic(), 1usize..6, any::<u8>()).prop_map(|(topic, count, leaders)| Step::Learned(topic, count, leaders)),
        1 => topic().prop_map(Step::Refused),
        1 => topic().prop_map(Step::Missing),
        1 => topic().prop_map(Step::Gone),
        1 => topic().prop_map(Step::Want),
        1 => (topic(), 0i32..6, any::<bool>()).prop_map(|(topic, partition, hungry)| Step::Hungry(topic, partition, hungry)),
        2 => Just(Step::Take),
        2 => Just(Step::Finish),
        // A refusal is remembered for a second.
        2 => (0u64..700).prop_map(Step::Pass),
    ]
}

/// What a send that waits would send.
#[derive(Clone)]
struct Waiting {
    topic: usize,
    partition: Option<i32>,
    key: Option<u8>,
    size: usize,
    refusal: Refusal,
    ticket: Ticket,
}

/// One of the two.
struct Side {
    world: World,
    /// Whether it appends by number, once it knows it.
    by_number: bool,
    taken: Vec<Batch>,
    waiting: Vec<Waiting>,
}

impl Side {
    fn new(by_number: bool) -> Self {
        let config = Config {
            batch_size: 1_000,
            buffer_memory: 20_000,
            max_request_size: 900,
            retry_backoff_max: Duration::from_secs(1),
            ..Config::default()
        };
        Self { world: World::without_topic(config), by_number, taken: Vec::new(), waiting: Vec::new() }
    }

    /// Does the step; what can be seen of it.
    fn step(&mut self, step: &Step, known: [bool; 2]) -> String {
        match *step {
            Step::Send(topic, partition, key, size) => self.send(topic, partition, key, size, None, known),
            Step::Again(nth, stays) => self.again(nth, stays, known),
            Step::Learned(topic, count, leaders) => {
                let available = (0..count).map(|at| leaders & 1 << at != 0).collect();
                let layout = TopicLayout { index: index(topic), name: NAMES[topic].into(), available };
                self.world.hear(News::Learned(Arc::new(layout)));
                String::new()
            }
            Step::Refused(topic) => {
                let name: Arc<str> = NAMES[topic].into();
                let code = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
                let error = SendError::TopicRefused { topic: Arc::clone(&name), code };
                self.world.hear(News::Refused(name, error));
                String::new()
            }
            Step::Missing(topic) => {
                self.world.hear(News::Missing(NAMES[topic].into(), "not there".into()));
                String::new()
            }
            Step::Gone(topic) => {
                self.world.hear(News::Gone(index(topic)));
                String::new()
            }
            Step::Want(topic) => format!("{}", self.world.accumulator.want(NAMES[topic])),
            Step::Hungry(topic, partition, hungry) => {
                let key = milena_core::PartitionKey { topic: index(topic), partition };
                self.world.hear(News::Hungry(key, hungry));
                String::new()
            }
            Step::Take => self.take(),
            Step::Finish => {
                if let Some(batch) = self.taken.pop() {
                    self.world.finish(batch);
                }
                String::new()
            }
            Step::Pass(ms) => {
                self.world.pass(ms);
                self.world.accumulator.handle_timeout(self.world.now);
                String::new()
            }
        }
    }

    fn send(
        &mut self,
        topic: usize,
        partition: Option<i32>,
        key: Option<u8>,
        size: usize,
        ticket: Option<Ticket>,
        known: [bool; 2],
    ) -> String {
        let (key, value) = (key.map(|key| [key]), vec![7; size]);
        let key = key.as_ref().map(<[u8; 1]>::as_slice);
        let record = Record { partition, key, ..Record::to(NAMES[topic]).value(&value) };
        let (now, wall) = (self.world.now, Timestamp(5_000));
        let accumulator = &mut self.world.accumulator;
        let appended = if self.by_number && known[topic] {
            accumulator.append_to(index(topic), &record, Claim::Nothing, ticket, now, wall)
        } else {
            accumulator.append(&record, Claim::Nothing, ticket, now, wall)
        };
        match appended {
            Ok(appended) => {
                ticket.into_iter().for_each(|ticket| accumulator.unpark(ticket));
                format!("{appended:?}")
            }
            Err(refusal @ Refusal::Never(_)) => {
                ticket.into_iter().for_each(|ticket| accumulator.unpark(ticket));
                format!("{refusal:?}")
            }
            Err(refusal) => {
                let error = accumulator.give_up(refusal.clone(), &record, Duration::ZERO);
                let parked = self.world.park(&refusal, &record, ticket, &Arc::new(Bell::default()), 400);
                let said = format!("{refusal:?} {error:?} {parked:?}");
                self.waiting.push(Waiting {
                    topic,
                    partition,
                    key: key.map(|key| key[0]),
                    size,
                    refusal,
                    ticket: parked.ticket,
                });
                said
            }
        }
    }

    fn again(&mut self, nth: usize, stays: bool, known: [bool; 2]) -> String {
        if self.waiting.is_empty() {
            return String::new();
        }
        let Waiting { topic, partition, key, size, ticket, refusal } = self.waiting.remove(nth % self.waiting.len());
        if stays {
            return self.send(topic, partition, key, size, Some(ticket), known);
        }
        let record = Record { partition, ..Record::to(NAMES[topic]) };
        let error = self.world.accumulator.give_up(refusal, &record, Duration::from_secs(1));
        self.world.accumulator.unpark(ticket);
        format!("{error:?}")
    }

    fn take(&mut self) -> String {
        let due = self.world.due();
        let said: String = due.iter().map(|batch| format!("{:?} {:?};", batch.key(), values(batch))).collect();
        self.taken.extend(due);
        let mut wanted = Vec::new();
        self.world.accumulator.take_wanted(&mut wanted);
        format!("{said} {wanted:?}")
    }

    fn seen(&self) -> String {
        format!("{:?} {:?}", self.world.accumulator.buffered(), self.world.accumulator.next_due())
    }
}

fn index(topic: usize) -> TopicIndex {
    TopicIndex(u32::try_from(topic).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn by_number_is_by_name(steps in proptest::collection::vec(step(), 1..300)) {
        let (mut by_name, mut by_number) = (Side::new(false), Side::new(true));
        let mut known = [false; 2];
        for step in steps {
            prop_assert_eq!(by_name.step(&step, known), by_number.step(&step, known), "{:?}", step);
            prop_assert_eq!(by_name.seen(), by_number.seen(), "{:?}", step);
            if let Step::Learned(topic, ..) = step {
                known[topic] = true;
            }
        }
    }
}

#[test]
fn a_number_is_good_again_when_its_topic_is() {
    let mut side = Side::new(true);
    let learned = Step::Learned(0, 2, 3);
    let send = Step::Send(0, Some(1), None, 10);
    side.step(&learned, [true; 2]);
    assert!(side.step(&send, [true; 2]).contains("partition: 1"));
    side.step(&Step::Refused(0), [true; 2]);
    assert!(side.step(&send, [true; 2]).contains("TopicRefused"));
    side.step(&Step::Pass(1_001), [true; 2]);
    assert!(side.step(&send, [true; 2]).contains("UnknownTopic"), "a refusal is forgotten, and asked about again");
    side.step(&learned, [true; 2]);
    assert!(side.step(&send, [true; 2]).contains("partition: 1"));
    side.step(&Step::Learned(0, 1, 1), [true; 2]);
    assert!(side.step(&send, [true; 2]).contains("UnknownPartition { count: 1 }"), "it shrank");
}
