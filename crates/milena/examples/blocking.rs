//! Sends from plain threads, without async.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Record, blocking::Producer};
use std::thread;
use std::time::Duration;

fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let builder = milena::Producer::builder().bootstrap_servers(&cluster.bootstrap_servers);
    let producer: Producer = builder.build()?.into();

    thread::scope(|scope| {
        for worker in 0..4 {
            let producer = &producer;
            scope.spawn(move || {
                for number in 0..1_000 {
                    let value = format!("worker {worker}, record {number}");
                    producer.post(Record::to("work").value(&value)).expect("accepted within max.block.ms");
                }
            });
        }
    });
    let ack = producer.send(Record::to("work").value("the last one"))?.wait()?;
    println!("the last one: partition {}, offset {:?}", ack.partition, ack.offset);

    producer.close(Duration::from_secs(10))?;
    println!("{} acknowledged", producer.metrics().sender.records_acknowledged);
    Ok(())
}
