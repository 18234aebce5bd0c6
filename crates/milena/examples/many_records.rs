//! Sends many records without waiting on each, and looks at every outcome.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record, Written};
use std::collections::VecDeque;
use std::time::Duration;

/// Outcomes not looked at yet: each is 32 bytes here.
const OUTSTANDING_MAX: usize = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).build()?;

    let mut outstanding = VecDeque::new();
    for number in 0..100_000_u32 {
        // Waits when the memory is full: the cluster sets the pace.
        let delivery = producer.send(Record::to("readings").value(&number.to_be_bytes())).await?;
        outstanding.push_back((number, delivery));
        if outstanding.len() == OUTSTANDING_MAX
            && let Some((number, delivery)) = outstanding.pop_front()
        {
            look(number, delivery.await);
        }
    }
    for (number, delivery) in outstanding {
        look(number, delivery.await);
    }

    producer.close(Duration::from_secs(10)).await?;
    println!("{} records acknowledged", producer.metrics().sender.records_acknowledged);
    Ok(())
}

fn look(number: u32, outcome: Result<milena::Ack, milena::DeliveryError>) {
    match outcome {
        Ok(_) => {}
        Err(error) if error.written == Written::No => println!("{number} can be sent again: {error}"),
        Err(error) => println!("{number} may be in the log: {error}"),
    }
}
