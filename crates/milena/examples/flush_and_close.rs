//! Ends without losing anything: flush waits for what was accepted so far, close ends the producer.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder()
        .bootstrap_servers(&cluster.bootstrap_servers)
        .linger(Duration::from_secs(1)) // a flush does not wait for it
        .build()?;

    let delivery = producer.send(Record::to("orders").value("before the checkpoint")).await?;
    producer.flush().await;
    println!("before the checkpoint: {:?}", delivery.now());

    producer.post(Record::to("orders").value("at the end")).await?;
    match producer.close(Duration::from_secs(10)).await {
        Ok(()) => println!("all delivered"),
        Err(error) => println!("given up after 10 s: {} records", error.undelivered),
    }
    Ok(())
}
