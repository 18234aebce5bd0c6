//! Sends many records at once: one lock and one reading of the clock for each 64 of them.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).build()?;

    let lines: Vec<String> = (0..10_000).map(|number| format!("line {number}")).collect();
    let deliveries = producer.send_all(lines.iter().map(|line| Record::to("lines").value(line))).await?;
    for delivery in deliveries {
        delivery.await?;
    }
    println!("{} lines acknowledged", lines.len());

    // Without outcomes, it is faster still.
    let accepted = producer.post_all(lines.iter().map(|line| Record::to("lines").value(line))).await?;
    producer.close(Duration::from_secs(10)).await?;
    println!("{accepted} more, {} in all", producer.metrics().sender.records_acknowledged);
    Ok(())
}
