//! Chooses partitions with a rule of its own: each tenant has a range of them.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Partitioner, Producer, Record, TopicLayout};
use std::time::Duration;

/// The tenant is what stands before the first colon of the key; the large one has the upper half of the partitions.
struct ByTenant;

impl Partitioner for ByTenant {
    fn partition(&self, record: &Record<'_>, layout: &TopicLayout) -> i32 {
        let count = i32::try_from(layout.partition_count()).unwrap_or(i32::MAX);
        let half = (count / 2).max(1);
        let key = record.key.unwrap_or_default();
        let within = key.last().map_or(0, |byte| i32::from(*byte) % half);
        let is_large = key.starts_with(b"large:");
        // A single partition has no halves.
        if is_large && count > 1 { half + within } else { within }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).partitioner(ByTenant).build()?;

    for key in ["large:1", "large:2", "small:1", "small:2"] {
        let ack = producer.send(Record::to("tenants").key(key).value("hello")).await?.await?;
        println!("{key} is in partition {}", ack.partition);
    }
    producer.close(Duration::from_secs(10)).await?;
    Ok(())
}
