//! Named workloads: each is a way of using a producer. What a seed makes of one is its [plan](super::plan).

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
