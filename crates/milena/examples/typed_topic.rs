//! Sends typed keys and values to one topic, with the serializers that Java ships.

#[path = "support/cluster.rs"]
mod cluster;

use milena::serializers::{LongSerializer, StringSerializer};
use milena::{Producer, TopicRecord};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> cluster::Result {
    let cluster = cluster::start()?;
    let producer = Producer::builder().bootstrap_servers(&cluster.bootstrap_servers).build()?;

    // Looked up once: the topic's name and, of serializers that ask a registry, the schema.
    let counts = producer.topic("counts").key(StringSerializer).value(LongSerializer).bind().await?;

    let ack = counts.send(TopicRecord::new().key("apples").value(&3)).await?.await?;
    println!("apples: partition {}, offset {:?}", ack.partition, ack.offset);

    let fruit = [("pears", 5), ("plums", 8)];
    for delivery in counts.send_all(fruit.iter().map(|(key, count)| TopicRecord::new().key(*key).value(count))).await? {
        delivery.await?;
    }

    // No value: a tombstone. So is `.value(None::<&i64>)`.
    counts.send(TopicRecord::new().key("apples")).await?.await?;
    producer.close(Duration::from_secs(10)).await?;
    Ok(())
}
