//! Errors by the stage at which they happen, because that decides what a caller may do.

use milena_wire::error_code::ErrorCode;
use std::sync::Arc;
use thiserror::Error;

/// Whether a record that failed can be in the log: what sending it again would risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Written {
    /// It is not in the log and will not be. Sending it again cannot duplicate it.
    No,
    /// It may be in the log, or still get there. Sending it again may duplicate it.
    Maybe,
}

/// Not accepted: nothing of this record was or will be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// Larger than `max.request.size` or `buffer.memory` allows.
    #[error("record of {size} bytes is larger than {knob} = {limit}")]
    TooLarge {
        /// Upper bound of the record's size in a batch of its own, bytes.
        size: usize,
        /// The knob that it breaks.
        knob: &'static str,
        /// That knob's value, bytes.
        limit: usize,
    },
    /// No buffer memory: at once for `try_send`, after `max.block.ms` for the rest.
    #[error("buffer.memory is full and stayed so for {waited_ms} ms")]
    Full {
        /// How long it was waited for, milliseconds.
        waited_ms: u64,
    },
    /// The topic is not known yet: only of `try_send` and its like, which never wait.
    #[error("metadata of topic {0} is not there yet")]
    NotReady(Arc<str>),
    /// The topic did not turn up within `max.block.ms`; with the last reason that was heard.
    #[error("topic {topic} not present in metadata after {waited_ms} ms{}", reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default())]
    UnknownTopic {
        /// The topic's name.
        topic: Arc<str>,
        /// How long it was waited for, milliseconds.
        waited_ms: u64,
        /// What the cluster, or the way to it, said last.
        reason: Option<Arc<str>>,
    },
    /// The record names a partition that the topic does not have, and did not get within `max.block.ms`.
    #[error(
        "partition {partition} of topic {topic} with partition count {count} is not present in metadata after {waited_ms} ms"
    )]
    UnknownPartition {
        /// The topic's name.
        topic: Arc<str>,
        /// The partition asked for.
        partition: i32,
        /// How many the topic has.
        count: usize,
        /// How long it was waited for, milliseconds.
        waited_ms: u64,
    },
    /// The cluster refuses the topic itself: an invalid name, or no permission.
    #[error("topic {topic}: {code}")]
    TopicRefused {
        /// The topic's name.
        topic: Arc<str>,
        /// What the cluster said.
        code: ErrorCode,
    },
    /// The record itself is not one that Kafka can hold.
    #[error("invalid record: {0}")]
    InvalidRecord(&'static str),
    /// The user's partitioner gave a partition that the topic does not have.
    #[error("partitioner chose partition {partition} of topic {topic}, which has {count}")]
    InvalidPartition {
        /// The topic's name.
        topic: Arc<str>,
        /// What the partitioner chose.
        partition: i32,
        /// How many the topic has.
        count: usize,
    },
    /// The producer is closing or closed.
    #[error("the producer is closed")]
    Closed,
    /// The producer can send nothing any more; with the reason.
    #[error("the producer has failed: {0}")]
    Fatal(Arc<str>),
}

/// Accepted, then failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} (written: {})", match written { Written::No => "no", Written::Maybe => "maybe" })]
pub struct DeliveryError {
    /// What happened.
    pub kind: DeliveryFailure,
    /// Whether the record may be in the log all the same.
    pub written: Written,
}

/// What happened to an accepted record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeliveryFailure {
    /// `delivery.timeout.ms` is over; with the last trouble that held it up.
    #[error("not delivered within delivery.timeout.ms = {timeout_ms}{}", last.as_ref().map(|r| format!(", last trouble: {r}")).unwrap_or_default())]
    TimedOut {
        /// The knob's value, milliseconds.
        timeout_ms: u64,
        /// What held it up last.
        last: Option<Arc<str>>,
    },
    /// The broker refused the batch, or this record of it.
    #[error("{code}{}", message.as_ref().map(|m| format!(": {m}")).unwrap_or_default())]
    Rejected {
        /// The broker's code.
        code: ErrorCode,
        /// The broker's text.
        message: Option<Arc<str>>,
    },
    /// Another record of the same batch was refused, and the batch with it. This one can be sent again.
    #[error("another record of its batch was refused: {code}")]
    Collateral {
        /// The broker's code for the batch.
        code: ErrorCode,
    },
    /// `retries` is used up; with the last trouble.
    #[error("retries used up, last trouble: {last}")]
    RetriesExhausted {
        /// What the last attempt met.
        last: Arc<str>,
    },
    /// The topic was deleted and created again after the record was first sent: the new one has another history.
    #[error("the topic was deleted and created again")]
    TopicRecreated,
    /// The broker has lost acknowledged records: it no longer knows what it had acknowledged.
    #[error("the broker has lost acknowledged records of this partition (last acknowledged offset {acknowledged})")]
    DataLoss {
        /// The last offset acknowledged before.
        acknowledged: i64,
    },
    /// The acknowledged offset is below one acknowledged before: the record was taken for an older one, or the log was cut.
    #[error("acknowledged at offset {found}, expected {expected} or higher")]
    Integrity {
        /// The lowest offset that can be right.
        expected: i64,
        /// The offset that the broker gave.
        found: i64,
    },
    /// The producer was closed, or dropped, before the record was delivered.
    #[error("the producer was closed before the record was delivered")]
    Closed,
    /// The producer can send nothing any more; with the reason.
    #[error("the producer has failed: {0}")]
    Fatal(Arc<str>),
}
