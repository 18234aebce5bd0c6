//! The knobs of a cluster, each with Kafka's default unless it says otherwise.

use crate::log::Expiry;
use crate::release::Release;
use crate::topic::TopicOptions;
use std::time::Duration;

/// The knobs of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterOptions {
    /// How many brokers, with the ids 1 to n. Three.
    pub brokers: i32,
    /// Which Kafka the brokers take themselves for. A single broker can be another: [`Cluster::set_release`].
    ///
    /// [`Cluster::set_release`]: crate::Cluster::set_release
    pub release: Release,
    /// `auto.create.topics.enable`: whether Metadata creates a topic that does not exist.
    pub auto_create_topics: bool,
    /// The settings of a topic that is created without naming them.
    pub topic_defaults: TopicOptions,
    /// When producers are forgotten.
    pub expiry: Expiry,
    /// `broker.session.timeout.ms`: how long a broker may be silent before its partitions get other leaders.
    pub session_timeout: Duration,
    /// `replica.lag.time.max.ms`: how long a replica may not fetch before it is out of sync.
    pub replica_lag_max: Duration,
    /// How long a record takes to the followers. None: they have it when the leader has it.
    pub replication_delay: Duration,
    /// How long the controller's decisions take to the brokers. None.
    pub metadata_delay: Duration,
    /// `socket.request.max.bytes`: a larger request closes the connection, bytes.
    pub request_bytes_max: usize,
    /// The wall clock when the cluster is made, milliseconds since 1970: what record times are compared with.
    pub epoch_ms: i64,
    /// The producer id that InitProducerId gives out first. 0.
    pub first_producer_id: i64,
    /// The epoch that a fresh producer id comes with. 0, as Kafka's: another is for tests of what happens when epochs end.
    pub first_producer_epoch: i16,
    /// What topic ids are made from: the same number gives the same ids.
    pub seed: u64,
    /// The cluster's id.
    pub cluster_id: String,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            brokers: 3,
            release: Release::default(),
            auto_create_topics: true,
            topic_defaults: TopicOptions::default(),
            expiry: Expiry::default(),
            session_timeout: Duration::from_secs(9),
            replica_lag_max: Duration::from_secs(30),
            replication_delay: Duration::ZERO,
            metadata_delay: Duration::ZERO,
            request_bytes_max: 104_857_600,
            // 2024-01-01: a round moment, so that timestamps in a failed assertion can be read.
            epoch_ms: 1_704_067_200_000,
            first_producer_id: 0,
            first_producer_epoch: 0,
            seed: 0,
            // "milena-testkit-1" in base64, as Kafka writes sixteen bytes.
            cluster_id: "bWlsZW5hLXRlc3RraXQtMQ".to_owned(),
        }
    }
}
