//! Sends where nothing may wait: a record that cannot be accepted now is handed back.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record, SendError};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).build()?;

    // The first send to a topic would have to wait for its metadata: ask for it before the work begins.
    producer.partitions_for("ticks").await?;

    let mut shed = 0;
    for number in 0..10_000 {
        match producer.try_send(Record::to("ticks").value(&format!("tick {number}"))) {
            Ok(delivery) => drop(delivery),
            // No memory: the cluster is slower than this loop.
            Err(SendError::Full { .. } | SendError::NotReady(_)) => shed += 1,
            Err(error) => return Err(error.into()),
        }
    }

    producer.close(Duration::from_secs(10)).await?;
    println!("{} acknowledged, {shed} shed", producer.metrics().sender.records_acknowledged);
    Ok(())
}
