//! Three brokers, and the leader dies while the code under test goes on sending.

use milena::{Producer, Record};
use milena_testkit::{DevCluster, DevOptions, TopicOptions};
use std::error::Error;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let kafka = DevCluster::start(DevOptions::brokers(3)).await?;
    // One partition, led by broker 1, with replicas on 2 and 3.
    let options =
        TopicOptions { assignment: Some(vec![vec![1, 2, 3]]), min_insync_replicas: 2, ..TopicOptions::default() };
    kafka.with(|cluster| cluster.create_topic("orders", options)).expect("there is none yet");
    let producer = Producer::builder().bootstrap_servers(kafka.bootstrap_servers()).build()?;

    producer.send(Record::to("orders").value("before")).await?.await?;
    kafka.with(|cluster| cluster.kill(1));
    let delivery = producer.send(Record::to("orders").value("meanwhile")).await?;
    // A second later the controller takes it for dead, and another replica leads.
    let leader = kafka.until(|cluster| {
        let leader = cluster.partition("orders", 0)?.leadership().leader?;
        (leader != 1).then_some(leader)
    });
    assert!([2, 3].contains(&leader.await));
    assert_eq!(delivery.await?.offset, Some(1), "nothing is lost, nothing is there twice");

    // It comes back as a follower, and remembers one batch of each producer, as Kafka does.
    kafka.with(|cluster| cluster.start(1));
    producer.send(Record::to("orders").value("after")).await?.await?;
    assert_eq!(kafka.with(|cluster| cluster.log_end("orders", 0)), 3);
    producer.close(Duration::from_secs(5)).await?;
    Ok(())
}
