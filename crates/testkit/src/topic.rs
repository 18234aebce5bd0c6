//! A topic: its id, its settings and its partitions; and where the replicas of a new partition go.

use crate::partition::Partition;
use milena_wire::buf::Uuid;
use milena_wire::record_batch::TimestampType;
use std::sync::Arc;

/// The settings of a topic, each under Kafka's own name. The defaults are Kafka's, but for the number of partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicOptions {
    /// Partitions. Six, so that a key that goes to the wrong one is noticed (Kafka's own default is 1).
    pub partitions: usize,
    /// Replicas of each partition, at most as many as there are brokers.
    pub replication_factor: usize,
    /// The replicas of each partition, the preferred leader first. Overrules the two above.
    pub assignment: Option<Vec<Vec<i32>>>,
    /// `min.insync.replicas`: with fewer in sync, `acks=all` is refused. Counts as the number of replicas when above it.
    pub min_insync_replicas: usize,
    /// `max.message.bytes`: the largest batch, bytes.
    pub max_message_bytes: usize,
    /// `cleanup.policy=compact`: records must have a key. Nothing is really compacted.
    pub compacted: bool,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`: how far a record's time may lie before the broker's.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`: how far it may lie after it.
    pub timestamp_after_max_ms: i64,
    /// `retention.bytes`, of each partition: the oldest batches go when it holds more. `None` keeps everything, in memory.
    pub retention_bytes: Option<usize>,
}

impl Default for TopicOptions {
    fn default() -> Self {
        Self {
            partitions: 6,
            replication_factor: 3,
            assignment: None,
            min_insync_replicas: 1,
            max_message_bytes: 1_048_588,
            compacted: false,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            retention_bytes: None,
        }
    }
}

impl TopicOptions {
    /// This many partitions, the rest by default.
    pub fn partitions(partitions: usize) -> Self {
        Self { partitions, ..Self::default() }
    }
}

/// A topic.
#[derive(Debug)]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id, another one when a topic of the same name is created again.
    pub id: Uuid,
    /// Its settings. They may be changed at any time, as Kafka's may.
    pub options: TopicOptions,
    /// Its partitions, by number.
    pub(crate) partitions: Vec<Partition>,
}

impl Topic {
    /// How many partitions it has.
    pub fn partition_count(&self) -> usize {
        self.partitions.len()
    }

    /// A partition.
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }

    /// `min.insync.replicas` as a broker reads it: never more than there are replicas.
    pub(crate) fn effective_min_isr(&self, partition: &Partition) -> usize {
        self.options.min_insync_replicas.min(partition.replica_count())
    }
}

/// The replicas of partition `index` on `brokers`: each partition begins one broker further on.
pub(crate) fn place(brokers: &[i32], index: usize, replication_factor: usize) -> Vec<i32> {
    let count = replication_factor.clamp(1, brokers.len());
    brokers.iter().cycle().skip(index % brokers.len()).take(count).copied().collect()
}

/// Whether Kafka allows this as a topic's name.
pub(crate) fn valid_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.is_empty() && name.len() <= 249 && name != "." && name != ".." && name.bytes().all(legal)
}
