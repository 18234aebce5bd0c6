//! The second machine: takes batches to brokers. It owns the parts and calls them; what an answer means they decide.
//!
//! Every input is a call of `handle_…`, `push`, `want_topic` or `abort`. After each, drain [`poll_output`](Sender::poll_output)
//! until it says [`Output::Wait`].
//!
//! - `links`: connections to brokers, opened, lost and served.
//! - `questions`: requests, written.
//! - `answers`: responses, read.

mod answers;
mod links;
mod questions;

use crate::backoff::Backoff;
use crate::batch::{Batch, Sealed};
use crate::broker::Broker;
use crate::config::Config;
use crate::connection::Connection;
use crate::error::DeliveryFailure;
use crate::identity::Identity;
use crate::metadata::Metadata;
use crate::output::{ConnectionId, Level, News, Notice, Output};
use crate::partition::{AttemptId, Choice, Partition, Rules, Standing, Turn};
use crate::stats::Stats;
use crate::time::Time;
use crate::timers::{Timer, Timers};
use crate::topic::PartitionKey;
use fastrand::Rng;
use foldhash::fast::FixedState;
use milena_wire::compression::{Codec, Compressor};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Takes batches to the leaders of their partitions, and their outcomes back. Owned by one driver, never locked.
#[derive(Debug)]
pub struct Sender {
    config: Arc<Config>,
    rules: Rules,
    chance: Rng,
    metadata: Metadata,
    identity: Identity,
    /// Ids below 0 are the first addresses.
    brokers: BTreeMap<i32, Broker>,
    /// Brokers that metadata names no more, while they are left alone after failures: a leader's hint may name them again.
    resting: BTreeMap<i32, Broker>,
    connections: HashMap<ConnectionId, Connection, FixedState>,
    partitions: HashMap<PartitionKey, Partition, FixedState>,
    /// Partitions that need a producer id before anything else.
    nameless: Vec<PartitionKey>,
    /// Partitions without a leader that can be found.
    leaderless: Vec<PartitionKey>,
    /// Links with something to send, to be served before the next wait.
    busy: VecDeque<(i32, usize)>,
    timers: Timers,
    out: VecDeque<Output>,
    stats: Stats,
    /// For parts of a batch that was cut: rare, so on the driver's thread.
    compressor: Compressor,
    next_attempt: u64,
    next_connection: u64,
    next_batch: u64,
    /// Whether a Produce request has named topics by name, and not by id.
    named_by_name: bool,
    /// Why nothing can be sent any more.
    failed: Option<Arc<str>>,
}

impl Sender {
    /// A sender that knows the first addresses of `config` and nothing else. `seed` decides every choice that is made by
    /// chance: the same inputs give the same outputs.
    pub fn new(config: Arc<Config>, seed: u64) -> Self {
        let links = config.connections_per_broker;
        let first = (1i32..).zip(&config.bootstrap_servers);
        let brokers = first.map(|(number, endpoint)| (-number, Broker::new(endpoint.clone(), links))).collect();
        Self {
            rules: Rules::new(&config),
            chance: Rng::with_seed(seed),
            metadata: Metadata::new(&config),
            identity: Identity::new(),
            brokers,
            resting: BTreeMap::new(),
            connections: HashMap::default(),
            partitions: HashMap::default(),
            nameless: Vec::new(),
            leaderless: Vec::new(),
            busy: VecDeque::new(),
            timers: Timers::default(),
            out: VecDeque::new(),
            stats: Stats::default(),
            compressor: Compressor::default(),
            next_attempt: 0,
            next_connection: 0,
            next_batch: 0,
            named_by_name: false,
            failed: None,
            config,
        }
    }

    /// Makes the sequences of every partition begin here under a new producer id, and not at 0: for tests of what happens when
    /// they end. Before anything is pushed.
    #[doc(hidden)]
    pub fn begin_sequences_at(&mut self, sequence: i32) {
        self.rules.first_sequence = sequence;
    }

    /// A caller waits for a topic, or sends to one again after a pause: metadata is to know it.
    pub fn want_topic(&mut self, name: &Arc<str>, now: Time) {
        let index = self.metadata.used(name, now);
        if self.metadata.layout(index).is_some() {
            self.metadata.want_more(index, now, &mut self.chance);
        } else if let Some(trouble) = self.trouble() {
            self.out.push_back(Output::News(News::Missing(Arc::clone(name), trouble)));
        }
    }

    /// A closed batch, in the order in which its partition's batches were closed.
    pub fn push(&mut self, mut batch: Batch, now: Time) {
        let key = batch.key();
        let topic = self.metadata.topic(key.topic).map(|(name, _)| Arc::clone(name));
        let partition =
            self.partitions.entry(key).or_insert_with(|| Partition::new(key, topic.unwrap_or_else(|| "?".into())));
        self.metadata.touch(key.topic, now);
        if self.config.compression.codec == Codec::None {
            partition.push(batch.seal(self.config.compression, &mut self.compressor));
        } else {
            batch.meta.id = self.next_batch;
            self.next_batch += 1;
            partition.push_sealing(batch.meta.id);
            self.out.push_back(Output::Compress(batch));
        }
        self.look_at(key, now);
    }

    /// A batch was compressed.
    pub fn handle_sealed(&mut self, mut batch: Sealed, now: Time) {
        let key = batch.key();
        let (topic, before, after) = (key.topic, batch.uncompressed, batch.body.len());
        self.out.push_back(Output::News(News::Compressed { topic, before, after }));
        if let Some(spare) = batch.take_spare() {
            self.out.push_back(Output::News(News::Released(spare)));
        }
        if let Some(partition) = self.partitions.get_mut(&key) {
            partition.sealed(batch.meta.id, batch);
        }
        self.look_at(key, now);
    }

    /// A connection stands.
    pub fn handle_opened(&mut self, connection: ConnectionId, now: Time) {
        self.opened(connection, now);
    }

    /// Bytes came on a connection, however they are cut.
    pub fn handle_bytes(&mut self, connection: ConnectionId, bytes: &[u8], now: Time) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.received(bytes, now);
        }
        self.read_answers(connection, now);
    }

    /// The oldest frame of a connection that was not written yet is wholly with the operating system.
    pub fn handle_transmitted(&mut self, connection: ConnectionId, now: Time) {
        let Some(connection) = self.connections.get_mut(&connection) else { return };
        let (broker, link) = (connection.broker, connection.link);
        let done = connection.transmitted(now);
        for part in done {
            self.with(part.key, now, |partition, turn| partition.transmitted(part.attempt, turn));
            self.look_at(part.key, now);
        }
        self.serve_later(broker, link);
    }

    /// A connection could not be made, or is gone.
    pub fn handle_closed(&mut self, connection: ConnectionId, reason: &str, now: Time) {
        self.lost(connection, reason, now);
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Time) {
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Partition(key) => self.look_at(key, now),
                Timer::Connection(id) => self.check_connection(id, now),
                Timer::Broker(id) => self.serve_broker(id),
                // Looked at before every wait.
                Timer::Metadata | Timer::Identity => {}
            }
        }
    }

    /// Every batch fails, now: [`Written::No`](crate::Written::No) if it was never sent, else
    /// [`Written::Maybe`](crate::Written::Maybe). The connections are closed.
    pub fn abort(&mut self, now: Time) {
        self.fail_all(&DeliveryFailure::Closed, now);
        let mut open: Vec<_> = self.connections.drain().map(|(id, _)| id).collect();
        open.sort_unstable();
        self.out.extend(open.into_iter().map(Output::Close));
    }

    /// What to do next. After any input, until it says [`Output::Wait`]: in bounded steps.
    pub fn poll_output(&mut self, now: Time) -> Output {
        loop {
            if let Some(output) = self.out.pop_front() {
                return output;
            }
            if let Some((broker, link)) = self.busy.pop_front() {
                self.serve(broker, link, now);
                continue;
            }
            if self.ask_metadata(now) || self.ask_identity(now) {
                continue;
            }
            return Output::Wait(self.timers.next());
        }
    }

    /// What was done so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Runs `change` on a partition with all that it may need.
    fn with<T>(
        &mut self,
        key: PartitionKey,
        now: Time,
        change: impl FnOnce(&mut Partition, &mut Turn<'_>) -> T,
    ) -> Option<T> {
        let partition = self.partitions.get_mut(&key)?;
        let mut turn = Turn {
            now,
            rules: &self.rules,
            chance: &mut self.chance,
            compressor: &mut self.compressor,
            out: &mut self.out,
            stats: &mut self.stats,
        };
        Some(change(partition, &mut turn))
    }

    /// After anything that happened to a partition: reports what is overdue, sets its timer, puts it into its leader's
    /// ready line if it has something to send, and tells the accumulator whether it is hungry.
    fn look_at(&mut self, key: PartitionKey, now: Time) {
        if let Some(reason) = self.failed.clone() {
            self.with(key, now, |partition, turn| partition.fail_all(&DeliveryFailure::Fatal(reason), turn));
        }
        self.with(key, now, |partition, turn| partition.expire(turn));
        let producer = self.identity.known();
        let Some(partition) = self.partitions.get_mut(&key) else { return };
        if let Some(at) = partition.next_look(now, &self.rules) {
            self.timers.by(Timer::Partition(key), at);
        }
        let hungry = partition.is_hungry(now, &self.rules);
        if hungry != partition.told_hungry {
            partition.told_hungry = hungry;
            self.out.push_back(Output::News(News::Hungry(key, hungry)));
        }
        if partition.standing != Standing::Nowhere
            || matches!(partition.choice(now, &self.rules), Choice::Nothing | Choice::After(_))
        {
            return;
        }
        if self.rules.idempotent && partition.identity_wanted(producer) {
            if let Some(spent) = partition.spent() {
                self.identity.spent(spent, now);
            }
            partition.standing = Standing::Waiting;
            self.nameless.push(key);
            return;
        }
        partition.standing = Standing::Waiting;
        // However long ago the last record came: the topic is in use while its batches are not done.
        self.metadata.touch(key.topic, now);
        match self.metadata.leader(key) {
            Some(leader) => self.enlist(leader, key),
            None => {
                self.leaderless.push(key);
                self.metadata.want_refresh();
            }
        }
    }

    /// Every partition in `keys` is looked at anew.
    fn look_again(&mut self, keys: Vec<PartitionKey>, now: Time) {
        for key in keys {
            if let Some(partition) = self.partitions.get_mut(&key) {
                partition.standing = Standing::Nowhere;
            }
            self.look_at(key, now);
        }
    }

    fn next_attempt(&mut self) -> AttemptId {
        self.next_attempt += 1;
        AttemptId(self.next_attempt)
    }

    /// Nothing can be sent any more.
    fn fail(&mut self, reason: &str, now: Time) {
        let reason: Arc<str> = reason.into();
        self.notice(Level::Error, format!("the producer has failed: {reason}"));
        self.failed = Some(Arc::clone(&reason));
        self.out.push_back(Output::News(News::Failed(Arc::clone(&reason))));
        self.fail_all(&DeliveryFailure::Fatal(reason), now);
    }

    fn fail_all(&mut self, failure: &DeliveryFailure, now: Time) {
        let mut keys: Vec<_> = self.partitions.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            self.with(key, now, |partition, turn| partition.fail_all(failure, turn));
            // It is hungry now: the accumulator gives up its open batch only when it hears so.
            self.look_at(key, now);
        }
    }

    /// What went wrong last on the way to the cluster.
    fn trouble(&self) -> Option<Arc<str>> {
        self.brokers.values().filter(|broker| broker.failures > 0).find_map(|broker| broker.trouble.clone())
    }

    fn notice(&mut self, level: Level, text: String) {
        self.out.push_back(Output::Notice(Notice { level, text }));
    }

    fn reconnect_backoff(&self) -> Backoff {
        Backoff { initial: self.config.reconnect_backoff, max: self.config.reconnect_backoff_max }
    }

    fn deadline_of(&self, id: ConnectionId) -> Option<Time> {
        self.connections.get(&id)?.deadline(self.config.connections_max_idle)
    }

    fn request_timeout(&self) -> Duration {
        self.config.request_timeout
    }
}
