//! Sends records without asking what becomes of them. They are retried and ordered as any other.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).build()?;

    for number in 0..10_000 {
        producer.post(Record::to("clicks").value(&format!("click {number}"))).await?;
    }

    // What is not delivered by then is given up, and this says how much it is.
    producer.close(Duration::from_secs(10)).await?;
    println!("{} records acknowledged", producer.metrics().sender.records_acknowledged);
    Ok(())
}
