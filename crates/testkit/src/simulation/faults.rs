//! What befalls the cluster: each seed draws its own mixture of kinds, each kind a few strikes, each strike ends by itself or
//! when the calm comes.

use super::calendar::{MILLI, Moment};
use super::client::Stage;
use super::network::within;
use super::oracle::{LogKind, LogView, Seen};
use super::plan::Plan;
use super::world::{Event, World};
use crate::cluster::{Liveness, Operation};
use crate::fault::{Effect, Fault};
use crate::log::Log;
use crate::release::Release;
use fastrand::Rng;
use milena_wire::buf::Reader;
use milena_wire::compression::{Codec, decompress};
use milena_wire::error_code::ErrorCode;
use milena_wire::record::Records;
use milena_wire::record_batch::RecordBatch;
use milena_wire::version::ApiKey;
use std::collections::BTreeSet;
use std::time::Duration;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Kill,
    Restart,
    Pause,
    Elect,
    /// A leader is elected, and the old one again.
    Dance,
    /// A replica that is not in sync is elected.
    Unclean,
    /// A broker falls behind: `min.insync.replicas` is missed.
    Lag,
    Recreate,
    AddPartitions,
    LowerLimit,
    /// Refused before anything is done.
    Refuse,
    /// Done, and yet refused.
    DoAndRefuse,
    /// Done or not, and never answered; or the connection is closed.
    Silence,
    Slow,
    Throttle,
    Metadata,
    ProducerIds,
    /// UNKNOWN_PRODUCER_ID, as brokers before 2.4 gave it.
    Unknown,
    Versions,
    /// A broker is stopped, and started as another release.
    Upgrade,
    /// A broker listens elsewhere.
    Move,
    Expire,
    Wall,
    Deny,
    Roll,
    CutAll,
    Flush,
    Close,
    DropSends,
}

/// Kinds that may happen in any workload, for they relax nothing.
pub(crate) const EVERYDAY: &[Kind] = &[
    Kind::Kill,
    Kind::Restart,
    Kind::Pause,
    Kind::Elect,
    Kind::Dance,
    Kind::Lag,
    Kind::AddPartitions,
    Kind::LowerLimit,
    Kind::Refuse,
    Kind::DoAndRefuse,
    Kind::Silence,
    Kind::Slow,
    Kind::Throttle,
    Kind::Metadata,
    Kind::ProducerIds,
    Kind::Versions,
    Kind::Move,
    Kind::Wall,
    Kind::Deny,
    Kind::Roll,
    Kind::CutAll,
    Kind::Flush,
    Kind::DropSends,
];

/// One blow, or its end.
#[derive(Debug, Clone)]
pub(crate) enum Strike {
    Kill(i32),
    Stop(i32),
    Start(i32),
    Pause(i32),
    Resume(i32),
    /// Somebody else in sync leads the partition; after this time the old one again.
    Elect(usize, i32, Option<Moment>),
    /// This one leads it again, if it may.
    ElectBack(usize, i32, i32),
    Unclean(usize, i32),
    Lag(i32),
    CatchUp(i32),
    Delete(usize),
    Create(usize),
    AddPartitions(usize),
    Limit(usize, usize),
    Inject(Fault),
    Move(i32),
    Release(i32, Release),
    Expire(i64),
    Wall(usize, i64),
    Deny(Operation),
    Allow(Operation),
    Roll(usize),
    CutAll(i32),
    Flush(usize),
    Close(usize, Moment),
    DropSends,
}

/// Codes that a broker gives before it does anything.
const REFUSALS: &[ErrorCode] = &[
    ErrorCode::NOT_ENOUGH_REPLICAS,
    ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ErrorCode::LEADER_NOT_AVAILABLE,
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode::KAFKA_STORAGE_ERROR,
    ErrorCode::CORRUPT_MESSAGE,
    ErrorCode::THROTTLING_QUOTA_EXCEEDED,
    ErrorCode::UNKNOWN_SERVER_ERROR,
    ErrorCode::MESSAGE_TOO_LARGE,
    ErrorCode::INVALID_RECORD,
    ErrorCode::INVALID_TIMESTAMP,
    ErrorCode::TOPIC_AUTHORIZATION_FAILED,
    ErrorCode::FENCED_LEADER_EPOCH,
    ErrorCode::POLICY_VIOLATION,
    ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
    ErrorCode(4711),
];

/// Codes that a broker may give for what it has written.
const AFTERTHOUGHTS: &[ErrorCode] = &[
    ErrorCode::REQUEST_TIMED_OUT,
    ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode::KAFKA_STORAGE_ERROR,
    ErrorCode::UNKNOWN_SERVER_ERROR,
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode::LEADER_NOT_AVAILABLE,
];

impl Kind {
    /// Draws a strike of this kind, and what ends it.
    pub(crate) fn strike(self, plan: &Plan, chance: &mut Rng) -> Vec<(Moment, Strike)> {
        let at = chance.u64(..plan.storm_end);
        let lasts = within(chance, (10 * MILLI, plan.trouble_max));
        let broker = chance.i32(1..=plan.cluster.brokers);
        let topic = chance.usize(..plan.topics.len().max(1));
        let partition = chance.i32(0..plan.partitions(topic));
        let produce = |effect| Fault::on(ApiKey::PRODUCE, effect).times(1 + plan.salt % 4);
        let once = |strike| vec![(at, strike)];
        match self {
            Self::Kill => vec![(at, Strike::Kill(broker)), (at + lasts, Strike::Start(broker))],
            Self::Restart => vec![(at, Strike::Stop(broker)), (at + lasts, Strike::Start(broker))],
            Self::Pause => vec![(at, Strike::Pause(broker)), (at + lasts, Strike::Resume(broker))],
            Self::Elect => once(Strike::Elect(topic, partition, None)),
            Self::Dance => once(Strike::Elect(topic, partition, Some(lasts / 4))),
            Self::Unclean => once(Strike::Unclean(topic, partition)),
            Self::Lag => vec![(at, Strike::Lag(broker)), (at + lasts, Strike::CatchUp(broker))],
            Self::Recreate => vec![(at, Strike::Delete(topic)), (at + lasts, Strike::Create(topic))],
            Self::AddPartitions => once(Strike::AddPartitions(topic)),
            Self::LowerLimit => {
                let limit = 61 + chance.usize(40..600);
                vec![(at, Strike::Limit(topic, limit)), (at + lasts, Strike::Limit(topic, 1_048_588))]
            }
            Self::Refuse => once(Strike::Inject(produce(Effect::Refuse(pick(chance, REFUSALS))))),
            Self::DoAndRefuse => once(Strike::Inject(produce(Effect::DoAndRefuse(pick(chance, AFTERTHOUGHTS))))),
            Self::Silence => {
                let effects = [Effect::Drop, Effect::DoAndDrop, Effect::Ignore, Effect::DoAndIgnore];
                once(Strike::Inject(produce(pick(chance, &effects))))
            }
            Self::Slow => once(Strike::Inject(produce(Effect::Delay(Duration::from_micros(lasts))))),
            Self::Throttle => once(Strike::Inject(produce(Effect::Throttle(Duration::from_micros(lasts / 4))))),
            Self::Metadata => once(Strike::Inject(metadata_fault(lasts, chance))),
            Self::ProducerIds => vec![(at / 8, Strike::Inject(producer_id_fault(lasts, chance)))],
            Self::Versions => {
                let effects = [Effect::Drop, Effect::Ignore, Effect::Delay(Duration::from_micros(lasts))];
                // Once, or as a broker does that takes connections and hangs up.
                let times = if plan.salt.is_multiple_of(3) { 40 } else { 1 };
                once(Strike::Inject(Fault::on(ApiKey::API_VERSIONS, pick(chance, &effects)).times(times)))
            }
            Self::Unknown => once(Strike::Inject(produce(Effect::Refuse(ErrorCode::UNKNOWN_PRODUCER_ID)))),
            Self::Upgrade => {
                let release = plan.releases.iter().max().copied().unwrap_or_default();
                let started = at + lasts;
                vec![
                    (at, Strike::Stop(broker)),
                    (started - 1, Strike::Release(broker, release)),
                    (started, Strike::Start(broker)),
                ]
            }
            Self::Move => once(Strike::Move(broker)),
            Self::Expire => once(Strike::Expire(chance.i64(1_000..30_000))),
            Self::Wall => {
                let client = chance.usize(..plan.configs.len().max(1));
                let jumps: &[i64] = if plan.forgetful { &[-90_000_000, 7_200_000] } else { &[-7_200_000, 7_200_000] };
                vec![(at, Strike::Wall(client, pick(chance, jumps))), (at + lasts, Strike::Wall(client, 0))]
            }
            Self::Deny => {
                let name = plan.topic(topic).name.to_string();
                let denied = [Operation::Write(name.clone()), Operation::Describe(name), Operation::IdempotentWrite];
                let denied = denied.get(chance.usize(..denied.len())).cloned().unwrap_or(Operation::IdempotentWrite);
                vec![(at, Strike::Deny(denied.clone())), (at + lasts, Strike::Allow(denied))]
            }
            Self::Roll => once(Strike::Roll(topic)),
            Self::CutAll => once(Strike::CutAll(broker)),
            Self::Flush => once(Strike::Flush(chance.usize(..plan.configs.len().max(1)))),
            Self::Close => {
                let client = chance.usize(..plan.configs.len().max(1));
                once(Strike::Close(client, within(chance, (0, 2 * plan.trouble_max))))
            }
            Self::DropSends => once(Strike::DropSends),
        }
    }
}

fn metadata_fault(lasts: Moment, chance: &mut Rng) -> Fault {
    let effects = [
        Effect::Refuse(ErrorCode::LEADER_NOT_AVAILABLE),
        Effect::Refuse(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        Effect::Refuse(ErrorCode::TOPIC_AUTHORIZATION_FAILED),
        Effect::DoAndRefuse(ErrorCode::LEADER_NOT_AVAILABLE),
        Effect::Drop,
        Effect::Ignore,
        Effect::Delay(Duration::from_micros(lasts)),
        Effect::Throttle(Duration::from_micros(lasts / 4)),
    ];
    Fault::on(ApiKey::METADATA, pick(chance, &effects)).times(chance.u32(1..6))
}

fn producer_id_fault(lasts: Moment, chance: &mut Rng) -> Fault {
    let effects = [
        Effect::Refuse(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS),
        Effect::Refuse(ErrorCode::NOT_COORDINATOR),
        Effect::Refuse(ErrorCode::UNKNOWN_SERVER_ERROR),
        Effect::Drop,
        Effect::DoAndDrop,
        Effect::Ignore,
        Effect::Delay(Duration::from_micros(lasts)),
    ];
    Fault::on(ApiKey::INIT_PRODUCER_ID, pick(chance, &effects)).times(chance.u32(1..4))
}

fn pick<T: Copy>(chance: &mut Rng, of: &[T]) -> T {
    *of.get(chance.usize(..of.len())).expect("there is something to pick from")
}

impl World {
    pub(crate) fn strike(&mut self, strike: Strike) {
        // What the storm began it ends: the calm has put everything right, and nothing strikes after it.
        if self.now > self.plan.storm_end {
            return;
        }
        self.trace.tell(self.now, || format!("*** {strike:?}"));
        match strike {
            Strike::Kill(broker) => {
                self.history.led_elsewhere = true;
                self.cluster.kill(broker);
            }
            Strike::Stop(broker) => self.stop(broker),
            Strike::Start(broker) => self.cluster.start(broker),
            Strike::Pause(broker) => {
                self.history.led_elsewhere = true;
                self.cluster.pause(broker);
            }
            Strike::Resume(broker) => self.cluster.resume(broker),
            Strike::Elect(topic, partition, back) => self.elect(topic, partition, back),
            Strike::ElectBack(topic, partition, broker) => self.elect_clean(topic, partition, broker),
            Strike::Unclean(topic, partition) => self.elect_unclean(topic, partition),
            Strike::Lag(broker) => self.cluster.set_fetching(broker, false),
            Strike::CatchUp(broker) => self.cluster.set_fetching(broker, true),
            Strike::Delete(topic) => self.delete_topic(topic),
            Strike::Create(topic) => self.create_topic(topic),
            Strike::AddPartitions(topic) => {
                let name = &self.plan.topic(topic).name;
                let count = self.cluster.topic(name).map_or(0, crate::Topic::partition_count);
                let added = self.cluster.add_partitions(name, count + 1).is_ok();
                if added && !self.plan.by_id {
                    // Without ids, a topic that comes back smaller cannot be told from a broker that lags.
                    self.plan.grow(topic);
                    self.cluster.options.topic_defaults.partitions = count + 1;
                }
            }
            Strike::Limit(topic, bytes) => {
                self.history.limit = self.history.limit.min(bytes);
                if let Some(topic) = self.cluster.topic_mut(&self.plan.topic(topic).name) {
                    topic.options.max_message_bytes = bytes;
                }
            }
            Strike::Inject(fault) => {
                if fault.effect() == Effect::Refuse(ErrorCode::MESSAGE_TOO_LARGE) {
                    self.history.limit = 0;
                }
                self.cluster.inject(fault);
            }
            Strike::Move(broker) => self.move_broker(broker),
            Strike::Release(broker, release) => self.cluster.set_release(broker, release),
            Strike::Expire(ms) => self.cluster.set_producer_expiration(ms),
            Strike::Wall(client, ms) => self.client(client).wall_ms = ms,
            Strike::Deny(operation) => self.cluster.deny(operation),
            Strike::Allow(operation) => self.cluster.allow(&operation),
            Strike::Roll(topic) => self.roll(topic),
            Strike::CutAll(broker) => self.break_all(broker),
            Strike::Flush(client) => {
                let now = self.client_now();
                let _ = self.client(client).accumulator.flush(now);
                let now = self.now;
                self.client(client).wake(now);
            }
            Strike::Close(client, patience) => {
                let now = self.now;
                self.history.closes(client, now + patience);
                self.client(client).close(now, now + patience);
            }
            Strike::DropSends => (0..self.callers.len()).for_each(|caller| self.drop_parked(caller)),
        }
        self.drain_cluster();
    }

    /// Everything is put right: from now on what is sent arrives.
    pub(crate) fn calm(&mut self) {
        self.trace.tell(self.now, || "*** all is well again".to_owned());
        self.cluster.clear_faults();
        for broker in 1..=self.plan.cluster.brokers {
            match self.cluster.broker(broker).map(crate::Broker::liveness) {
                Some(Liveness::Paused) => self.cluster.resume(broker),
                Some(Liveness::Stopped) => self.cluster.start(broker),
                _ => {}
            }
            self.cluster.set_fetching(broker, true);
        }
        for topic in 0..self.plan.topics.len() {
            self.create_topic(topic);
            let name = std::sync::Arc::clone(&self.plan.topic(topic).name);
            if let Some(topic) = self.cluster.topic_mut(&name) {
                topic.options.max_message_bytes = 1_048_588;
                topic.options.compacted = false;
                topic.options.timestamp_before_max_ms = i64::MAX;
            }
            self.cluster.allow(&Operation::Write(name.to_string()));
            self.cluster.allow(&Operation::Describe(name.to_string()));
        }
        self.cluster.allow(&Operation::IdempotentWrite);
        self.break_black();
        self.clients.iter_mut().for_each(|client| client.wall_ms = 0);
        self.drain_cluster();
    }

    fn stop(&mut self, broker: i32) {
        self.history.led_elsewhere = true;
        self.cluster.stop(broker);
    }

    pub(crate) fn create_topic(&mut self, topic: usize) {
        let plan = self.plan.topic(topic);
        if self.cluster.topic(&plan.name).is_none() {
            // With no broker alive it fails; the calm tries again.
            let _ = self.cluster.create_topic(&plan.name, plan.options.clone());
        }
    }

    fn delete_topic(&mut self, topic: usize) {
        self.learn_topics();
        let name = std::sync::Arc::clone(&self.plan.topic(topic).name);
        if self.cluster.topic(&name).is_some() {
            self.keep_logs(topic);
            self.history.deleted.insert(topic);
            self.cluster.delete_topic(&name);
        }
    }

    /// The logs of a topic go to the history as they are.
    pub(crate) fn keep_logs(&mut self, topic: usize) {
        let name = std::sync::Arc::clone(&self.plan.topic(topic).name);
        let partitions = self.cluster.topic(&name).map_or(0, crate::Topic::partition_count);
        for partition in (0..).take(partitions) {
            let log = self.cluster.partition(&name, partition).and_then(crate::Partition::log);
            let records = log.map(values).unwrap_or_default();
            self.keep(topic, partition, LogKind::Whole, records);
        }
    }

    fn keep(&mut self, topic: usize, partition: i32, kind: LogKind, found: Vec<Found>) {
        let records = found.into_iter().filter_map(|Found { offset, key, value }| {
            let seen = Seen { key: key.as_deref(), value: value.as_deref() };
            let record = self.history.recognize((topic, partition), seen)?;
            Some((offset, record))
        });
        let records = records.collect();
        self.history.keep_log(LogView { topic, partition, kind, records });
    }

    fn elect(&mut self, topic: usize, partition: i32, back: Option<Moment>) {
        let name = &self.plan.topic(topic).name;
        let Some(found) = self.cluster.partition(name, partition) else { return };
        let leader = found.leadership().leader;
        let candidates: Vec<i32> = found
            .leadership()
            .isr
            .iter()
            .copied()
            .filter(|broker| Some(*broker) != leader && self.is_up(*broker))
            .collect();
        if candidates.is_empty() {
            return;
        }
        let successor = pick(&mut self.chance, &candidates);
        self.elect_clean(topic, partition, successor);
        if let (Some(back), Some(leader)) = (back, leader) {
            self.calendar.plan(self.now + back, Event::Strike(Strike::ElectBack(topic, partition, leader)));
        }
    }

    fn elect_clean(&mut self, topic: usize, partition: i32, broker: i32) {
        let name = std::sync::Arc::clone(&self.plan.topic(topic).name);
        let in_sync = |found: &crate::Partition| found.leadership().isr.contains(&broker);
        if self.cluster.partition(&name, partition).is_some_and(in_sync) && self.is_up(broker) {
            self.history.led_elsewhere = true;
            self.cluster.elect(&name, partition, broker);
        }
    }

    /// A replica that is not in sync, if there is one, leads; what the others have is lost.
    fn elect_unclean(&mut self, topic: usize, partition: i32) {
        let name = std::sync::Arc::clone(&self.plan.topic(topic).name);
        let Some(found) = self.cluster.partition(&name, partition) else { return };
        let isr: BTreeSet<i32> = found.leadership().isr.iter().copied().collect();
        let brokers: Vec<i32> = found.brokers().collect();
        let Some(broker) = brokers.iter().copied().find(|broker| !isr.contains(broker) && self.is_up(*broker)) else {
            return;
        };
        let now = self.now;
        self.history.lossy.entry((topic, partition)).or_insert(now);
        self.history.led_elsewhere = true;
        self.witness();
        self.cluster.elect(&name, partition, broker);
    }

    /// Keeps what every replica has of the partitions that lost something.
    fn witness(&mut self) {
        for (topic, partition) in self.history.lossy.clone().into_keys() {
            let name = std::sync::Arc::clone(&self.plan.topic(topic).name);
            let found = self.cluster.partition(&name, partition);
            let brokers: Vec<i32> = found.map(|found| found.brokers().collect()).unwrap_or_default();
            for broker in brokers {
                let replica = self.cluster.partition(&name, partition).and_then(|found| found.replica(broker));
                let records = replica.map(|replica| values(&replica.log)).unwrap_or_default();
                let end = records.last().map(|found| found.offset);
                self.trace.tell(self.now, || format!("  broker {broker} has {name}-{partition} up to {end:?}"));
                self.keep(topic, partition, LogKind::PassedOver, records);
            }
        }
    }

    fn move_broker(&mut self, broker: i32) {
        let port = 19_000 + self.chance.u16(..1_000) * 8 + u16::try_from(broker).unwrap_or_default();
        self.break_all(broker);
        self.cluster.set_address(broker, "127.0.0.1", port);
    }

    fn roll(&mut self, topic: usize) {
        let name = std::sync::Arc::clone(&self.plan.topic(topic).name);
        let partitions = self.cluster.topic(&name).map_or(0, crate::Topic::partition_count);
        (0..).take(partitions).for_each(|partition| self.cluster.roll(&name, partition));
    }

    /// Two records to each partition of each topic, one after the other, from every client that still runs. The second must be
    /// acknowledged: with the first a client may learn that the topic is another.
    pub(crate) fn last_words(&mut self) {
        for client in 0..self.clients.len() {
            let found = self.client(client);
            if found.stage != Stage::Running || found.failed.is_some() {
                continue;
            }
            for topic in 0..self.plan.topics.len() {
                let name = &self.plan.topic(topic).name;
                let partitions = self.cluster.topic(name).map_or(0, crate::Topic::partition_count);
                let partitions = u32::try_from(partitions).unwrap_or_default();
                self.add_caller(self.plan.last_words(client, topic, partitions));
            }
        }
    }
}

/// A record in a log.
struct Found {
    offset: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

/// The records of a log.
fn values(log: &Log) -> Vec<Found> {
    let mut found = Vec::new();
    for stored in log.batches() {
        let batch = RecordBatch::decode(&mut Reader::new(&stored.sent)).expect("it was read when it was appended");
        let mut opened = Vec::new();
        let body = if batch.header.codec == Codec::None {
            batch.body
        } else {
            decompress(batch.header.codec, batch.body, 1 << 26, &mut opened).expect("it was opened before");
            &opened
        };
        for (offset, record) in (stored.base_offset..).zip(Records::new(body)) {
            let record = record.expect("it was read when it was appended");
            found.push(Found { offset, key: record.key.map(<[u8]>::to_vec), value: record.value.map(<[u8]>::to_vec) });
        }
    }
    found
}
