//! Has a function called with each outcome: one hook for all records, told apart by a token.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).build()?;

    let acknowledged = Arc::new(AtomicU64::new(0));
    let hook = producer.hook({
        let acknowledged = Arc::clone(&acknowledged);
        // Runs on the producer's own thread: it must not block.
        move |token, outcome| match outcome {
            Ok(_) => drop(acknowledged.fetch_add(1, Ordering::Relaxed)),
            Err(error) => println!("record {token}: {error}"),
        }
    });
    for token in 0..1_000 {
        producer.send_with(Record::to("orders").value("hello"), &hook, token).await?;
    }
    producer.send_then(Record::to("orders").value("last"), |outcome| println!("the last one: {outcome:?}")).await?;

    producer.close(Duration::from_secs(10)).await?;
    println!("{} acknowledged", acknowledged.load(Ordering::Relaxed));
    Ok(())
}
