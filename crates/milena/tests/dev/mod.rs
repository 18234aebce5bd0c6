//! A cluster with one topic, and a producer for it.

use milena::{Builder, Producer};
use milena_testkit::{DevCluster, DevOptions, TopicOptions};

/// `brokers` brokers and the topic `orders` with `partitions` partitions.
pub(crate) fn cluster(brokers: i32, partitions: usize) -> DevCluster {
    let cluster = DevCluster::start_blocking(DevOptions::brokers(brokers)).expect("a loopback port");
    cluster.with(|cluster| cluster.create_topic("orders", TopicOptions::partitions(partitions))).expect("a new topic");
    cluster
}

/// Java's defaults.
pub(crate) fn producer(cluster: &DevCluster) -> Builder {
    Producer::builder().bootstrap_servers(cluster.bootstrap_servers())
}
