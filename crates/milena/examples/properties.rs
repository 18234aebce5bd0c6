//! Builds a producer from a Java producer's properties.

#[path = "support/cluster.rs"]
mod cluster;

use milena::{Producer, Record, properties};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let file = format!(
        "# As the Java application has it.\n\
         bootstrap.servers = {}\n\
         acks = all\n\
         compression.type = lz4\n\
         linger.ms = 20\n",
        cluster.bootstrap_servers
    );
    let producer = Producer::from_properties(properties::parse(file)?)?;

    let ack = producer.send(Record::to("orders").value("hello")).await?.await?;
    println!("partition {}, offset {:?}", ack.partition, ack.offset);
    producer.close(Duration::from_secs(10)).await?;

    // Mistakes are reported all at once, each with what would be right.
    let mistaken = [("bootstrap.server", "localhost:9092"), ("acks", "2")];
    match Producer::from_properties(mistaken) {
        Ok(_) => Err("these settings cannot be used".into()),
        Err(error) => {
            println!("{error}");
            Ok(())
        }
    }
}
