//! What both machines call a topic and a partition.

use std::sync::Arc;

/// A topic's number within one producer: given by the sender when the topic is first asked for, never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIndex(pub u32);

/// One partition of one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionKey {
    /// Which topic.
    pub topic: TopicIndex,
    /// Which of its partitions, from 0.
    pub partition: i32,
}

/// All that partitioning needs to know of a topic. A new one replaces the old whenever metadata changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicLayout {
    /// The topic's number.
    pub index: TopicIndex,
    /// The topic's name.
    pub name: Arc<str>,
    /// One entry a partition, in order: whether it has a leader now.
    pub available: Vec<bool>,
}

impl TopicLayout {
    /// How many partitions there are. At least one: a topic without partitions has no layout.
    pub fn partition_count(&self) -> usize {
        self.available.len()
    }
}
