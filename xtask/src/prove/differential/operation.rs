//! What both clusters are asked.

use super::batch::Batch;

/// One question, or one blow.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    CreateTopic {
        topic: String,
        partitions: i32,
        replicas: i16,
        settings: Vec<(&'static str, &'static str)>,
    },
    DeleteTopic {
        topic: String,
    },
    AddPartitions {
        topic: String,
        count: i32,
    },
    DeleteRecords {
        topic: String,
        partition: i32,
        offset: i64,
    },
    InitProducerId,
    Metadata {
        topic: String,
        version: i16,
    },
    Produce(Produce),
    /// What is known of producers.
    Describe {
        topic: String,
        partition: i32,
    },
    Offsets {
        topic: String,
        partition: i32,
        timestamp: i64,
    },
    /// All that is in the log.
    Read {
        topic: String,
        partition: i32,
    },
    Restart {
        killed: bool,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Produce {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) version: i16,
    pub(super) acks: i16,
    pub(super) batch: Batch,
}
