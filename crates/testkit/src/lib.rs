//! A Kafka cluster you can lie to: a test double, in memory.

mod broker;
mod cluster;
mod connection;
mod controller;
mod fault;
mod log;
mod options;
mod partition;
mod producer_state;
mod readback;
mod release;
mod server;
mod time;
mod topic;

pub use cluster::{Broker, Cluster, Liveness, Operation};
pub use connection::{ConnectionId, Output};
pub use fault::{Effect, Fault};
pub use log::{Expiry, Log, StoredBatch};
pub use milena_wire::buf::Uuid;
pub use milena_wire::compression::Codec;
pub use milena_wire::error_code::ErrorCode;
pub use milena_wire::record_batch::TimestampType;
pub use milena_wire::version::ApiKey;
pub use options::ClusterOptions;
pub use partition::{Leadership, Partition, Replica};
pub use producer_state::{Admission, Authorship, FirstSequence, Producer, ProducerState, Remembered, Snapshot};
pub use readback::ReadRecord;
pub use release::Release;
pub use server::{DevCluster, DevOptions};
pub use time::Time;
pub use topic::{Topic, TopicOptions};
