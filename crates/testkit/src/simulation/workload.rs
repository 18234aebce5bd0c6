//! Named workloads. Each is a way of using a producer, and within it every seed draws its own: the cluster, the knobs, the
//! callers, the network and the mixture of faults.

use super::calendar::{MILLI, Moment, SECOND};
use super::caller::{CallerPlan, Route, Style};
use super::faults::{EVERYDAY, Kind, Strike};
use super::network::{Odds, Roads, within};
use crate::log::Expiry;
use crate::options::ClusterOptions;
use crate::release::Release;
use crate::topic::TopicOptions;
use fastrand::Rng;
use milena_core::Config;
use milena_core::config::Acks;
use milena_core::output::Endpoint;
use milena_wire::compression::{Codec, Compression};
use milena_wire::version::ApiKey;
use std::sync::Arc;
use std::time::Duration;

/// The host of `bootstrap.servers`: a name that finds each broker wherever it is.
pub(crate) const BOOTSTRAP: &str = "bootstrap";

/// A way of using a producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Workload {
    /// One caller, one partition, five batches in flight, one record a batch.
    OnePartition,
    /// Many partitions, several topics.
    ManyPartitions,
    /// Keys decide the partition.
    Keyed,
    /// The sticky partitioner decides.
    Keyless,
    /// `buffer.memory` for a few batches: callers wait in line, and sometimes leave it.
    TinyBuffer,
    /// Large batches, and brokers that lower their limit.
    BigBatchesSplit,
    /// High latency, little bandwidth, stalls.
    SlowLink,
    /// Brokers are killed and started, cleanly and not.
    Restarts,
    /// Leaders move, and back.
    LeaderDance,
    /// Requests that were given up arrive later, and brokers sleep.
    Zombies,
    /// Topics are deleted and created again.
    Recreate,
    /// Replicas that are not in sync are elected: acknowledged records are lost.
    Unclean,
    /// `acks=1`.
    AcksLeader,
    /// `acks=0`.
    AcksNone,
    /// No producer id: records may be there twice, and out of order with more than one batch in flight.
    NoIdempotence,
    /// Kafka 2.1 to 3.9, mixed.
    OldBrokers,
    /// Two or three producers on the same partitions.
    TwoProducers,
    /// `delivery.timeout.ms` short enough to matter.
    Timeouts,
    /// Records that brokers refuse, alone or with their batch.
    Refusals,
    /// Producers are forgotten by their age.
    Forgetful,
    /// Producers that are closed while they work.
    Closing,
    /// A pool that compresses slowly, and out of order.
    Compressed,
    /// Sequences and epochs near their ends.
    NumbersEnd,
    /// Brokers of different releases, upgraded one after another.
    MixedBrokers,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::OnePartition,
        Self::ManyPartitions,
        Self::Keyed,
        Self::Keyless,
        Self::TinyBuffer,
        Self::BigBatchesSplit,
        Self::SlowLink,
        Self::Restarts,
        Self::LeaderDance,
        Self::Zombies,
        Self::Recreate,
        Self::Unclean,
        Self::AcksLeader,
        Self::AcksNone,
        Self::NoIdempotence,
        Self::OldBrokers,
        Self::TwoProducers,
        Self::Timeouts,
        Self::Refusals,
        Self::Forgetful,
        Self::Closing,
        Self::Compressed,
        Self::NumbersEnd,
        Self::MixedBrokers,
    ];

    /// Its name, as `simulate --workload` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnePartition => "one_partition",
            Self::ManyPartitions => "many_partitions",
            Self::Keyed => "keyed",
            Self::Keyless => "keyless",
            Self::TinyBuffer => "tiny_buffer",
            Self::BigBatchesSplit => "big_batches_split",
            Self::SlowLink => "slow_link",
            Self::Restarts => "restarts",
            Self::LeaderDance => "leader_dance",
            Self::Zombies => "zombies",
            Self::Recreate => "recreate",
            Self::Unclean => "unclean",
            Self::AcksLeader => "acks_leader",
            Self::AcksNone => "acks_none",
            Self::NoIdempotence => "no_idempotence",
            Self::OldBrokers => "old_brokers",
            Self::TwoProducers => "two_producers",
            Self::Timeouts => "timeouts",
            Self::Refusals => "refusals",
            Self::Forgetful => "forgetful",
            Self::Closing => "closing",
            Self::Compressed => "compressed",
            Self::NumbersEnd => "numbers_end",
            Self::MixedBrokers => "mixed_brokers",
        }
    }

    /// The workload of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }
}

/// A topic of the plan.
#[derive(Debug, Clone)]
pub(crate) struct TopicPlan {
    pub(crate) name: Arc<str>,
    pub(crate) options: TopicOptions,
}

/// Requests of a client in one second, by what they cost whom.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Requests {
    produce: u32,
    handshakes: u32,
    other: u32,
}

impl Requests {
    pub(crate) fn of(&mut self, api: ApiKey) -> &mut u32 {
        match api {
            ApiKey::PRODUCE => &mut self.produce,
            ApiKey::API_VERSIONS => &mut self.handshakes,
            _ => &mut self.other,
        }
    }
}

/// Everything that is drawn before a schedule begins.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) cluster: ClusterOptions,
    pub(crate) topics: Vec<TopicPlan>,
    pub(crate) configs: Vec<Config>,
    pub(crate) callers: Vec<CallerPlan>,
    pub(crate) roads: Roads,
    pub(crate) strikes: Vec<(Moment, Strike)>,
    pub(crate) storm_end: Moment,
    /// The longest that a trouble lasts.
    pub(crate) trouble_max: Moment,
    /// How late a driver or a caller that was woken may be.
    pub(crate) lag_max: Moment,
    /// How long compressing takes, at most.
    pub(crate) seal_max: Moment,
    /// Time to settle, beyond what the knobs give reason for.
    pub(crate) unhurried: Moment,
    pub(crate) forgetful: bool,
    pub(crate) by_id: bool,
    /// Whether records have headers.
    pub(crate) headers: bool,
    /// Broker by broker, where they are not all of one release.
    pub(crate) releases: Vec<Release>,
    /// Where sequences begin, if not at 0.
    pub(crate) first_sequence: Option<i32>,
    /// A number that says nothing, for small choices.
    pub(crate) salt: u32,
}

impl Plan {
    /// Draws the plan of a seed.
    pub(crate) fn draw(workload: Workload, seed: u64) -> Self {
        let mut chance = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9) ^ workload as u64);
        let chance = &mut chance;
        let mut plan = Self::everyday(chance);
        let mut kinds: Vec<Kind> = Vec::new();
        plan.suit(workload, &mut kinds, chance);
        plan.salted();
        plan.draw_strikes(&kinds, chance);
        // Who sends one record at a time waits a round trip for each; so do records that leave in one small batch at a time.
        let narrow = |client: usize| plan.configs.get(client).is_some_and(|config| config.max_in_flight == 1);
        let one_by_one = |caller: &&CallerPlan| matches!(caller.style, Style::Awaits(_)) || narrow(caller.client);
        let waits = plan.callers.iter().filter(one_by_one);
        let waits: Moment = waits.map(|caller| Moment::from(caller.records)).sum();
        plan.unhurried = waits * (4 * plan.roads.latency.1 + 300 * MILLI);
        plan
    }

    pub(crate) fn topic(&self, topic: usize) -> &TopicPlan {
        self.topics.get(topic).expect("a topic of the plan")
    }

    pub(crate) fn topic_named(&self, name: &str) -> Option<usize> {
        self.topics.iter().position(|topic| &*topic.name == name)
    }

    pub(crate) fn partitions(&self, topic: usize) -> i32 {
        self.topics.get(topic).map_or(1, |topic| i32::try_from(topic.options.partitions).unwrap_or(1))
    }

    /// The topic has a partition more, also when it is created again.
    pub(crate) fn grow(&mut self, topic: usize) {
        if let Some(topic) = self.topics.get_mut(topic) {
            topic.options.partitions += 1;
        }
    }

    /// How many requests of this client in one second are no storm.
    pub(crate) fn requests_max(&self, client: usize) -> Requests {
        let partitions = self.topics.iter().map(|topic| topic.options.partitions).sum::<usize>();
        let partitions = u32::try_from(partitions).unwrap_or(u32::MAX);
        let records = self.callers.iter().map(|caller| caller.records).sum::<u32>();
        // A connection that worked is followed by another after the first backoff, less a fifth, however soon it breaks.
        let knocks = |config: &Config| {
            let addresses = self.cluster.brokers.max(0).cast_unsigned() as usize + config.bootstrap_servers.len();
            let backoff = (config.reconnect_backoff.as_micros() * 4 / 5).max(1_000);
            let each = Moment::try_from(u128::from(SECOND) / backoff).unwrap_or(SECOND) + 12;
            (addresses * config.connections_per_broker) as Moment * each
        };
        let handshakes = self.configs.get(client).map_or(0, knocks);
        Requests {
            produce: 300 + 40 * partitions + records,
            handshakes: u32::try_from(handshakes).unwrap_or(u32::MAX),
            other: 150 + 20 * partitions,
        }
    }

    /// By how much a deadline may be missed: drivers and pools are not exact.
    pub(crate) fn slack(&self) -> Moment {
        MILLI + 2 * self.lag_max + self.seal_max
    }

    /// A caller with two records for each of so many partitions.
    pub(crate) fn last_words(&self, client: usize, topic: usize, partitions: u32) -> CallerPlan {
        // Who gives up sooner than a connection is given up may have given up when it is made.
        let patience = |config: &Config| config.delivery_timeout.min(config.max_block).as_micros();
        let patience = self.configs.get(client).map_or(0, patience);
        let needed = 9 * SECOND + 12 * self.roads.latency.1;
        // A topic that was refused is refused for as long as the longest backoff, and the answer that says so may be late.
        let rest = 1_100 * MILLI + self.roads.stall_max + self.trouble_max;
        CallerPlan {
            client,
            topic,
            records: 2 * partitions,
            burst: 2 * partitions,
            gap: (rest, rest + 10),
            style: Style::Awaits(1),
            route: Route::Turns(partitions.cast_signed()),
            padding: (0, 0),
            drops: 0.0,
            flush_every: None,
            must: (patience >= needed.into()).then_some(partitions),
        }
    }

    /// What every workload begins with.
    fn everyday(chance: &mut Rng) -> Self {
        let brokers = pick(chance, &[1, 2, 3, 3, 3, 5]);
        let partitions = chance.usize(1..=4);
        let replication_factor = chance.usize(1..=3).min(brokers as usize);
        let options = TopicOptions {
            partitions,
            replication_factor,
            min_insync_replicas: chance.usize(1..=2).min(replication_factor),
            ..TopicOptions::default()
        };
        let cluster = ClusterOptions {
            brokers,
            release: pick(chance, &[Release::V4_3, Release::V4_3, Release::V4_4, Release::V4_5]),
            auto_create_topics: chance.u32(..8) == 0,
            topic_defaults: options.clone(),
            session_timeout: Duration::from_micros(within(chance, (SECOND / 2, 6 * SECOND))),
            replica_lag_max: Duration::from_micros(within(chance, (SECOND, 10 * SECOND))),
            replication_delay: Duration::from_micros(pick(chance, &[0, 500, 3_000])),
            metadata_delay: Duration::from_micros(pick(chance, &[0, 1_000, 300_000])),
            seed: chance.u64(..),
            ..ClusterOptions::default()
        };
        let storm_end = within(chance, (2 * SECOND, 20 * SECOND));
        let config = draw_config(&cluster, chance);
        let topics = vec![TopicPlan { name: "t0".into(), options }];
        let roads = draw_roads(chance);
        let mut plan = Self {
            cluster,
            topics,
            configs: vec![config],
            callers: Vec::new(),
            roads,
            strikes: Vec::new(),
            storm_end,
            trouble_max: within(chance, (SECOND / 5, 12 * SECOND)),
            lag_max: pick(chance, &[0, 50, 2_000]),
            seal_max: pick(chance, &[0, 0, 3_000]),
            unhurried: 0,
            forgetful: false,
            by_id: true,
            headers: false,
            releases: Vec::new(),
            first_sequence: None,
            salt: chance.u32(..),
        };
        for _ in 0..chance.usize(1..=3) {
            let caller = plan.draw_caller(0, 0, chance);
            plan.callers.push(caller);
        }
        plan
    }

    fn draw_caller(&self, client: usize, topic: usize, chance: &mut Rng) -> CallerPlan {
        let records = chance.u32(30..=150);
        let burst = pick(chance, &[1, 1, 4, 20]);
        let gap = 2 * self.storm_end * u64::from(burst) / u64::from(records);
        let partitions = self.partitions(topic);
        let routes = [
            Route::Partition(chance.i32(0..partitions)),
            Route::Turns(partitions),
            Route::Keyed(chance.u32(1..20)),
            Route::Keyless,
        ];
        CallerPlan {
            client,
            topic,
            records,
            burst,
            gap: (0, pick(chance, &[gap, gap, gap / 8])),
            style: pick(chance, &[Style::Hooks, Style::Hooks, Style::Awaits(1), Style::Awaits(20), Style::Forgets]),
            route: pick(chance, &routes),
            padding: (0, pick(chance, &[0, 20, 200])),
            drops: 0.0,
            flush_every: if chance.u32(..6) == 0 { Some(chance.u32(5..40)) } else { None },
            must: None,
        }
    }

    /// What makes the workload what it is.
    #[expect(clippy::too_many_lines, reason = "a table: one paragraph a workload")]
    fn suit(&mut self, workload: Workload, kinds: &mut Vec<Kind>, chance: &mut Rng) {
        match workload {
            Workload::OnePartition => {
                self.repartition(1);
                self.callers.truncate(1);
                self.each_config(|config| {
                    config.max_in_flight = 5;
                    config.batch_size = 64;
                    config.fill_behind = false;
                });
            }
            Workload::ManyPartitions => {
                self.topics.push(TopicPlan { name: "t1".into(), options: self.topic(0).options.clone() });
                self.repartition(chance.usize(6..=24));
                for topic in [0, 1, 1] {
                    let caller = CallerPlan { route: Route::Turns(24), ..self.draw_caller(0, topic, chance) };
                    let route = Route::Turns(self.partitions(topic));
                    self.callers.push(CallerPlan { route, ..caller });
                }
            }
            Workload::Keyed => {
                self.each_caller(|caller, chance| caller.route = Route::Keyed(chance.u32(1..40)), chance)
            }
            Workload::Keyless => self.each_caller(|caller, _| caller.route = Route::Keyless, chance),
            Workload::TinyBuffer => {
                let memory = chance.usize(1_400..6_000);
                self.each_config(|config| {
                    config.buffer_memory = memory;
                    config.max_block = Duration::from_millis(400);
                });
                for _ in 0..4 {
                    let caller = self.draw_caller(0, 0, chance);
                    self.callers.push(caller);
                }
                let drops = pick(chance, &[0.0, 0.1, 0.5]);
                self.each_caller(|caller, _| (caller.drops, caller.burst) = (drops, 20), chance);
                kinds.push(Kind::DropSends);
            }
            Workload::BigBatchesSplit => {
                self.each_config(|config| {
                    config.batch_size = 8_192;
                    config.linger = Duration::from_millis(300);
                });
                self.each_caller(|caller, _| (caller.burst, caller.padding) = (20, (50, 300)), chance);
                self.headers = true;
                kinds.extend([Kind::LowerLimit; 6]);
            }
            Workload::SlowLink => {
                self.roads.latency = (50 * MILLI, 400 * MILLI);
                // A batch that takes longer than the time for a request would never arrive.
                self.roads.bytes_per_second = chance.u64(20_000..100_000);
                self.each_config(|config| config.max_request_size = 2_000);
                self.roads.pieces = 0.5;
            }
            Workload::Restarts => {
                kinds.extend([Kind::Restart, Kind::Restart, Kind::Restart, Kind::Kill, Kind::Kill, Kind::DoAndRefuse]);
                self.roads.odds.cut_after = 0.05;
            }
            Workload::LeaderDance => kinds.extend([Kind::Dance, Kind::Dance, Kind::Dance, Kind::Elect, Kind::Elect]),
            Workload::Zombies => {
                self.roads.odds.zombie = 0.7;
                self.roads.odds.stall = 0.05;
                self.roads.odds.mute = 0.02;
                self.roads.stall_max = 12 * SECOND;
                self.roads.zombie_max = 15 * SECOND;
                self.each_config(|config| {
                    config.request_timeout = Duration::from_millis(1_000);
                    config.max_in_flight = 5;
                });
                kinds.extend([Kind::Pause, Kind::Pause, Kind::Dance, Kind::Dance]);
            }
            Workload::Recreate => kinds.extend([Kind::Recreate; 3]),
            Workload::Unclean => {
                kinds.extend([Kind::Unclean, Kind::Unclean, Kind::Unclean, Kind::Lag, Kind::Lag, Kind::Kill]);
            }
            Workload::AcksLeader => {
                self.each_config(|config| (config.acks, config.idempotence) = (Acks::Leader, false))
            }
            Workload::AcksNone => self.each_config(|config| (config.acks, config.idempotence) = (Acks::None, false)),
            Workload::NoIdempotence => {
                let retries = pick(chance, &[0, 3, i32::MAX.cast_unsigned()]);
                self.each_config(|config| (config.idempotence, config.retries) = (false, retries));
            }
            Workload::OldBrokers => {
                self.cluster.release = pick(chance, &[Release::V2_1, Release::V2_8, Release::V3_7, Release::V3_9]);
                self.by_id = false;
                kinds.extend([Kind::Recreate, Kind::Unknown]);
            }
            Workload::TwoProducers => {
                for client in 1..=chance.usize(1..=2) {
                    let config = draw_config(&self.cluster, chance);
                    self.configs.push(config);
                    let caller = self.draw_caller(client, 0, chance);
                    self.callers.push(caller);
                }
            }
            Workload::Timeouts => {
                let timeout = Duration::from_millis(chance.u64(300..4_000));
                self.each_config(|config| {
                    config.request_timeout = timeout / 3;
                    config.delivery_timeout = timeout.max(config.linger + config.request_timeout);
                    config.max_block = timeout;
                });
                kinds.extend([Kind::Pause, Kind::Slow, Kind::Silence, Kind::Lag]);
                self.roads.odds.mute = 0.02;
            }
            Workload::Refusals => {
                let compacted = chance.bool();
                self.each_topic(|options| options.compacted = compacted);
                let before = chance.bool();
                self.each_topic(|options| {
                    options.timestamp_before_max_ms = if before { 3_600_000 } else { i64::MAX };
                });
                kinds.extend([Kind::Refuse, Kind::Refuse, Kind::Refuse, Kind::Wall, Kind::LowerLimit, Kind::Deny]);
            }
            Workload::Forgetful => {
                self.forgetful = true;
                self.cluster.expiry = Expiry { expiration_ms: chance.i64(1_000..60_000), check_interval_ms: 1_000 };
                kinds.extend([Kind::Expire, Kind::Wall]);
            }
            Workload::Closing => kinds.extend([Kind::Close, Kind::Close, Kind::ProducerIds]),
            Workload::Compressed => {
                self.seal_max = 200 * MILLI;
                let codec = pick(chance, &[Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd]);
                self.each_config(|config| config.compression = Compression { codec, ..Compression::NONE });
                self.each_caller(|caller, _| caller.padding = (50, 300), chance);
                self.headers = true;
            }
            Workload::NumbersEnd => {
                self.cluster.release = pick(chance, &[Release::V3_7, Release::V3_9, Release::V4_3, Release::V4_4]);
                self.cluster.first_producer_epoch = i16::MAX - chance.i16(0..3);
                self.first_sequence = Some(i32::MAX - chance.i32(0..100));
                kinds.extend([Kind::Refuse, Kind::Refuse, Kind::Refuse, Kind::DoAndRefuse, Kind::Restart]);
            }
            Workload::MixedBrokers => {
                // The last pair is none of Kafka's: others speak a new Produce and an old Metadata (franz-go 1312).
                let pairs = [
                    (Release::V2_1, Release::V2_8),
                    (Release::V2_8, Release::V3_9),
                    (Release::V3_9, Release::V4_3),
                    (Release::V2_1, Release::V4_3),
                ];
                let (old, new) = pick(chance, &pairs);
                let brokers = self.cluster.brokers;
                self.releases = (0..brokers).map(|_| if chance.bool() { old } else { new }).collect();
                kinds.extend([Kind::Upgrade, Kind::Upgrade, Kind::Elect, Kind::DoAndRefuse]);
            }
        }
        if matches!(workload, Workload::Recreate | Workload::OldBrokers | Workload::MixedBrokers) {
            // By name, a request of before may find the topic of after.
            self.by_id = workload == Workload::Recreate;
        }
    }

    /// What some schedules have, whatever the workload: by the salt, so that it changes nothing else.
    fn salted(&mut self) {
        let salt = self.salt;
        if salt.is_multiple_of(4) {
            self.each_config(|config| config.metadata_max_idle = Duration::from_secs(2));
        }
        if salt % 8 == 1 {
            self.roads.odds.maimed = 0.03;
        }
        self.headers |= salt % 8 == 2;
        // Where the operating system's taking is all that is heard, it matters most.
        let unanswered = self.configs.iter().any(|config| config.acks == Acks::None);
        self.roads.clogged = salt % 8 == 3 || unanswered && salt % 2 == 1;
    }

    fn repartition(&mut self, partitions: usize) {
        self.each_topic(|options| options.partitions = partitions);
        let most = i32::try_from(partitions).unwrap_or(i32::MAX);
        for caller in &mut self.callers {
            caller.route = match caller.route {
                Route::Partition(partition) => Route::Partition(partition.min(most - 1)),
                Route::Turns(_) => Route::Turns(most),
                other => other,
            };
        }
    }

    fn each_topic(&mut self, change: impl Fn(&mut TopicOptions)) {
        self.topics.iter_mut().for_each(|topic| change(&mut topic.options));
        change(&mut self.cluster.topic_defaults);
    }

    fn each_config(&mut self, change: impl Fn(&mut Config)) {
        self.configs.iter_mut().for_each(change);
    }

    fn each_caller(&mut self, change: impl Fn(&mut CallerPlan, &mut Rng), chance: &mut Rng) {
        self.callers.iter_mut().for_each(|caller| change(caller, chance));
    }

    /// A few strikes of the workload's own kinds, and of a few others.
    fn draw_strikes(&mut self, own: &[Kind], chance: &mut Rng) {
        let mut kinds: Vec<Kind> = own.to_vec();
        let share = pick(chance, &[0, 2, 4, 8]);
        kinds.extend(EVERYDAY.iter().filter(|_| chance.u32(..24) < share));
        for kind in kinds {
            for _ in 0..chance.u32(1..=3) {
                let strikes = kind.strike(self, chance);
                self.strikes.extend(strikes);
            }
        }
    }
}

fn draw_config(cluster: &ClusterOptions, chance: &mut Rng) -> Config {
    let ms = Duration::from_millis;
    let request_timeout = ms(pick(chance, &[500, 1_500, 5_000]));
    let linger = ms(pick(chance, &[0, 0, 5, 50, 300]));
    let first = chance.i32(1..=cluster.brokers);
    let bootstrap = [first, 1 + first % cluster.brokers];
    let endpoint =
        |broker: &i32| Endpoint { host: BOOTSTRAP.into(), port: 9_090 + u16::try_from(*broker).unwrap_or_default() };
    let codec = pick(chance, &[Codec::None, Codec::None, Codec::None, Codec::Lz4]);
    Config {
        bootstrap_servers: bootstrap.iter().map(endpoint).collect(),
        batch_size: pick(chance, &[64, 200, 600, 2_000]),
        linger,
        buffer_memory: 1 << 20,
        max_request_size: pick(chance, &[2_000, 1 << 20]),
        max_block: ms(pick(chance, &[2_000, 20_000])),
        compression: Compression { codec, ..Compression::NONE },
        fill_behind: chance.bool(),
        memory_behind_percent: *chance.choice(&[20, 50, 80, 100]).unwrap_or(&80),
        retry_backoff: ms(pick(chance, &[10, 100])),
        retry_backoff_max: ms(pick(chance, &[200, 1_000])),
        request_timeout,
        delivery_timeout: request_timeout + linger + ms(pick(chance, &[2_000, 20_000, 60_000])),
        max_in_flight: pick(chance, &[1, 2, 5, 5, 5]),
        connections_per_broker: pick(chance, &[1, 1, 1, 2]),
        metadata_max_age: ms(pick(chance, &[3_000, 300_000])),
        reconnect_backoff: ms(pick(chance, &[10, 50])),
        connection_setup_timeout: ms(1_000),
        connection_setup_timeout_max: ms(4_000),
        connections_max_idle: Some(ms(pick(chance, &[2_000, 540_000]))),
        rebootstrap_trigger: ms(20_000),
        ..Config::default()
    }
}

fn draw_roads(chance: &mut Rng) -> Roads {
    let mut odds = Odds::default();
    let mut maybe = |odds: &mut f64, most: f64| {
        if chance.u32(..4) == 0 {
            *odds = most * chance.f64() * chance.f64();
        }
    };
    maybe(&mut odds.cut_before, 0.3);
    maybe(&mut odds.cut_after, 0.3);
    maybe(&mut odds.cut_answer, 0.3);
    maybe(&mut odds.stall, 0.2);
    maybe(&mut odds.stall_answer, 0.2);
    maybe(&mut odds.deaf, 0.1);
    maybe(&mut odds.mute, 0.1);
    maybe(&mut odds.dead, 0.1);
    maybe(&mut odds.unanswered_open, 0.5);
    maybe(&mut odds.zombie, 1.0);
    Roads {
        latency: pick(chance, &[(100, 500), (300, 5_000), (1_000, 30_000)]),
        bytes_per_second: 100_000_000,
        stall_max: within(chance, (100 * MILLI, 5 * SECOND)),
        zombie_max: within(chance, (10 * MILLI, 5 * SECOND)),
        pieces: pick(chance, &[0.0, 0.0, 0.3]),
        clogged: false,
        odds,
    }
}

fn pick<T: Copy>(chance: &mut Rng, of: &[T]) -> T {
    *of.get(chance.usize(..of.len())).expect("there is something to pick from")
}
