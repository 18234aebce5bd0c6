//! What makes each workload what it is.

use super::everyday::draw_config;
use super::{Plan, TopicPlan, pick};
use crate::log::Expiry;
use crate::release::Release;
use crate::simulation::calendar::{MILLI, SECOND};
use crate::simulation::caller::{CallerPlan, Route};
use crate::simulation::faults::Kind;
use crate::simulation::workload::Workload;
use crate::topic::TopicOptions;
use fastrand::Rng;
use milena_core::Config;
use milena_core::config::Acks;
use milena_wire::compression::{Codec, Compression};
use std::time::Duration;

impl Plan {
    /// What makes the workload what it is.
    #[expect(clippy::too_many_lines, reason = "a table: one paragraph a workload")]
    pub(super) fn suit(&mut self, workload: Workload, kinds: &mut Vec<Kind>, chance: &mut Rng) {
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
    pub(super) fn salted(&mut self) {
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
}
