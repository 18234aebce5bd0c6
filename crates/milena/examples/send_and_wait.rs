//! Sends one record and waits until it is in the log.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).build()?;

    let delivery = producer.send(Record::to("orders").key("42").value("hello")).await?; // accepted
    let ack = delivery.await?; // acknowledged
    println!("partition {}, offset {:?}, timestamp {}", ack.partition, ack.offset, ack.timestamp.0);

    producer.close(Duration::from_secs(10)).await?;
    Ok(())
}
