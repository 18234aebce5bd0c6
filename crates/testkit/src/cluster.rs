//! The cluster as a value: brokers, topics, faults; what a test may look at, and what it may do to it.

use crate::connection::{Connection, ConnectionId, Output};
use crate::controller::{Event, Planned};
use crate::fault::{Fault, Faults};
use crate::log::Log;
use crate::options::ClusterOptions;
use crate::partition::Partition;
use crate::readback::{self, ReadRecord};
use crate::release::Release;
use crate::time::Time;
use crate::topic::{self, Topic, TopicOptions};
use milena_wire::buf::Uuid;
use milena_wire::error_code::ErrorCode;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Whether a broker's process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It does.
    Running,
    /// It is stopped by SIGSTOP: connections stay, nothing is answered, nothing is fetched.
    Paused,
    /// It is gone: connections are refused.
    Stopped,
}

/// A broker.
#[derive(Debug)]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// Where clients are told to find it.
    pub host: String,
    /// Where clients are told to find it.
    pub port: u16,
    /// Which Kafka it takes itself for.
    pub release: Release,
    /// Whether its process runs.
    pub(crate) liveness: Liveness,
    /// Whether its replicas fetch from their leaders.
    pub(crate) fetching: bool,
    /// Whether the controller takes it for dead.
    pub(crate) fenced: bool,
    /// Grows whenever it starts, stops, sleeps or wakes, so that an event meant for a former life is known as such.
    pub(crate) life: u64,
}

impl Broker {
    /// Whether its process runs.
    pub fn liveness(&self) -> Liveness {
        self.liveness
    }

    /// Whether its replicas take what their leaders have.
    pub(crate) fn replicates(&self) -> bool {
        self.liveness == Liveness::Running && self.fetching
    }
}

/// What a client may be forbidden.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Produce to this topic.
    Write(String),
    /// See this topic in Metadata.
    Describe(String),
    /// Fetch from this topic.
    Read(String),
    /// Get a producer id.
    IdempotentWrite,
}

/// A Kafka cluster as a value: a test double.
///
/// Requests go in as bytes with the time, answers come out as bytes. Nothing in here reads a clock, opens a socket,
/// spawns or draws chance of its own: the same calls give the same answers, byte for byte. Methods without a time act at
/// the time of the last call that had one, see [`advance`](Self::advance).
///
/// After each call, drain [`poll_output`](Self::poll_output) until it says [`Output::Wait`].
#[derive(Debug)]
pub struct Cluster {
    pub(crate) options: ClusterOptions,
    /// By id, from 1.
    pub(crate) brokers: Vec<Broker>,
    pub(crate) topics: BTreeMap<Arc<str>, Topic>,
    pub(crate) topic_names: BTreeMap<Uuid, Arc<str>>,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) next_connection: u64,
    pub(crate) outputs: VecDeque<Output>,
    /// By time, then by the order in which they were planned.
    pub(crate) events: BTreeMap<Planned, Event>,
    pub(crate) next_event: u64,
    pub(crate) faults: Faults,
    pub(crate) denied: BTreeSet<Operation>,
    pub(crate) next_producer_id: i64,
    pub(crate) chance: fastrand::Rng,
    pub(crate) now: Time,
    /// Whether something happened since that requests may wait for.
    pub(crate) unsettled: bool,
}

impl Cluster {
    /// A cluster with all its brokers running and no topics.
    pub fn new(options: ClusterOptions) -> Self {
        let broker = |id| Broker {
            id,
            host: "127.0.0.1".to_owned(),
            // Nobody listens there: whoever serves the cluster over TCP says where.
            port: 9_090 + u16::try_from(id).unwrap_or_default(),
            release: options.release,
            liveness: Liveness::Running,
            fetching: true,
            fenced: false,
            life: 0,
        };
        Self {
            brokers: (1..=options.brokers.max(1)).map(broker).collect(),
            topics: BTreeMap::new(),
            topic_names: BTreeMap::new(),
            connections: BTreeMap::new(),
            next_connection: 0,
            outputs: VecDeque::new(),
            events: BTreeMap::new(),
            next_event: 0,
            faults: Faults::default(),
            denied: BTreeSet::new(),
            next_producer_id: options.first_producer_id,
            chance: fastrand::Rng::with_seed(options.seed),
            now: Time::ZERO,
            unsettled: false,
            options,
        }
    }

    /// The options it was made with.
    pub fn options(&self) -> &ClusterOptions {
        &self.options
    }

    /// The time of the last call that had one.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The brokers, by id.
    pub fn brokers(&self) -> &[Broker] {
        &self.brokers
    }

    /// A broker.
    pub fn broker(&self, id: i32) -> Option<&Broker> {
        self.brokers.iter().find(|broker| broker.id == id)
    }

    pub(crate) fn broker_mut(&mut self, id: i32) -> Option<&mut Broker> {
        self.brokers.iter_mut().find(|broker| broker.id == id)
    }

    /// Says where clients find a broker.
    pub fn set_address(&mut self, broker: i32, host: &str, port: u16) {
        if let Some(broker) = self.broker_mut(broker) {
            broker.host = host.to_owned();
            broker.port = port;
        }
    }

    /// Makes a broker take itself for another release, from its next request on.
    pub fn set_release(&mut self, broker: i32, release: Release) {
        if let Some(broker) = self.broker_mut(broker) {
            broker.release = release;
        }
    }

    /// The topics, by name.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> + '_ {
        self.topics.values()
    }

    /// A topic.
    pub fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(name)
    }

    /// A topic, to change its settings: they hold from the next request on.
    pub fn topic_mut(&mut self, name: &str) -> Option<&mut Topic> {
        self.topics.get_mut(name)
    }

    /// A partition.
    pub fn partition(&self, topic: &str, partition: i32) -> Option<&Partition> {
        self.topic(topic)?.partition(partition)
    }

    pub(crate) fn partition_mut(&mut self, topic: &str, partition: i32) -> Option<&mut Partition> {
        self.topics.get_mut(topic)?.partition_mut(partition)
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// What CreateTopics answers: `TOPIC_ALREADY_EXISTS`, `INVALID_TOPIC_EXCEPTION`, `INVALID_PARTITIONS`,
    /// `INVALID_REPLICATION_FACTOR`, `INVALID_REPLICA_ASSIGNMENT`.
    pub fn create_topic(&mut self, name: &str, options: TopicOptions) -> Result<Uuid, ErrorCode> {
        if !topic::valid_name(name) {
            return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
        }
        if self.topics.contains_key(name) {
            return Err(ErrorCode::TOPIC_ALREADY_EXISTS);
        }
        let assignment = self.assignment(0, &options)?;
        let log = self.empty_log();
        let partitions = assignment.iter().map(|brokers| Partition::new(brokers, &log)).collect();
        let (name, id): (Arc<str>, _) = (name.into(), Uuid(self.chance.u128(1..).to_be_bytes()));
        self.topic_names.insert(id, Arc::clone(&name));
        self.topics.insert(Arc::clone(&name), Topic { name, id, options, partitions });
        Ok(id)
    }

    /// Deletes a topic with all its records, and with what it knew of producers. Whether there was one.
    pub fn delete_topic(&mut self, name: &str) -> bool {
        let Some(topic) = self.topics.remove(name) else { return false };
        self.topic_names.remove(&topic.id);
        self.unsettled = true;
        true
    }

    /// Gives a topic partitions up to `count`.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION`; `INVALID_PARTITIONS` when it has as many or more.
    pub fn add_partitions(&mut self, name: &str, count: usize) -> Result<(), ErrorCode> {
        let topic = self.topics.get(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let first = topic.partitions.len();
        if count <= first {
            return Err(ErrorCode::INVALID_PARTITIONS);
        }
        let options = TopicOptions { partitions: count, assignment: None, ..topic.options.clone() };
        let assignment = self.assignment(first, &options)?;
        let log = self.empty_log();
        if let Some(topic) = self.topics.get_mut(name) {
            topic.partitions.extend(assignment.iter().map(|brokers| Partition::new(brokers, &log)));
            topic.options.partitions = count;
        }
        Ok(())
    }

    /// Where the replicas of partitions from `first` on go.
    fn assignment(&self, first: usize, options: &TopicOptions) -> Result<Vec<Vec<i32>>, ErrorCode> {
        let alive: Vec<i32> = self.brokers.iter().filter(|broker| !broker.fenced).map(|broker| broker.id).collect();
        if let Some(assignment) = &options.assignment {
            let known = |broker: &i32| self.broker(*broker).is_some();
            let sound = |brokers: &Vec<i32>| !brokers.is_empty() && brokers.iter().all(known);
            let sound = !assignment.is_empty() && assignment.iter().all(sound);
            return if sound { Ok(assignment.clone()) } else { Err(ErrorCode::INVALID_REPLICA_ASSIGNMENT) };
        }
        if options.partitions == 0 {
            return Err(ErrorCode::INVALID_PARTITIONS);
        }
        if alive.is_empty() || options.replication_factor == 0 {
            return Err(ErrorCode::INVALID_REPLICATION_FACTOR);
        }
        let replicas = options.replication_factor;
        Ok((first..options.partitions).map(|index| topic::place(&alive, index, replicas)).collect())
    }

    fn empty_log(&self) -> Log {
        Log::new(self.options.expiry, self.now_ms())
    }

    /// What the brokers' clocks show, milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.options.epoch_ms + self.now.as_millis()
    }

    /// Plans a fault.
    pub fn inject(&mut self, fault: Fault) {
        self.faults.add(fault);
    }

    /// The faults that still wait for a request.
    pub fn faults(&self) -> &[Fault] {
        self.faults.waiting()
    }

    /// Forgets the faults that still wait.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Forbids an operation to everyone.
    pub fn deny(&mut self, operation: Operation) {
        self.denied.insert(operation);
    }

    /// Allows it again.
    pub fn allow(&mut self, operation: &Operation) {
        self.denied.remove(operation);
    }

    /// Deletes the records before `offset` on every replica, as DeleteRecords does.
    pub fn delete_records(&mut self, topic: &str, partition: i32, offset: i64) {
        let Some(partition) = self.partition_mut(topic, partition) else { return };
        partition.replicas.iter_mut().for_each(|replica| replica.log.delete_before(offset));
    }

    /// Closes the present segment of every replica, as `segment.bytes` and `segment.ms` would: a snapshot of what is known
    /// of producers is written, which a truncated log begins with.
    pub fn roll(&mut self, topic: &str, partition: i32) {
        let Some(partition) = self.partition_mut(topic, partition) else { return };
        partition.replicas.iter_mut().for_each(|replica| replica.log.roll());
    }

    /// Changes `producer.id.expiration.ms` of every log there is, as a running broker allows.
    pub fn set_producer_expiration(&mut self, expiration_ms: i64) {
        let now_ms = self.now_ms();
        self.options.expiry.expiration_ms = expiration_ms;
        let partitions = self.topics.values_mut().flat_map(|topic| &mut topic.partitions);
        for replica in partitions.flat_map(|partition| &mut partition.replicas) {
            replica.log.set_expiration(expiration_ms, now_ms);
        }
    }

    /// Every record of a partition, as its leader has it, those above the high watermark included. Empty for a partition
    /// that does not exist.
    ///
    /// # Panics
    /// If a stored batch cannot be read: it was checked when it was appended.
    pub fn records(&self, topic: &str, partition: i32) -> Vec<ReadRecord> {
        let log = self.partition(topic, partition).and_then(Partition::log);
        log.map(readback::records).unwrap_or_default()
    }

    /// The end of a partition's log on its leader: how many records were ever appended, if none was cut off.
    pub fn log_end(&self, topic: &str, partition: i32) -> i64 {
        self.partition(topic, partition).and_then(Partition::log).map_or(0, Log::end)
    }
}
