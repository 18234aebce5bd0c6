//! The smallest test of code of your own: start a cluster, let the code run, look at what is in the log.

use milena::{Producer, Record};
use milena_testkit::{DevCluster, DevOptions, TopicOptions};
use std::error::Error;
use std::time::Duration;

/// The code under test.
async fn place_order(producer: &Producer, customer: &str, item: &str) -> Result<(), Box<dyn Error>> {
    producer.send(Record::to("orders").key(customer).value(item)).await?.await?;
    Ok(())
}

/// In your tests this is a `#[tokio::test]`.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let kafka = DevCluster::start(DevOptions::brokers(1)).await?;
    kafka.with(|cluster| cluster.create_topic("orders", TopicOptions::partitions(1))).expect("there is none yet");
    let producer = Producer::builder().bootstrap_servers(kafka.bootstrap_servers()).build()?;

    place_order(&producer, "ada", "tea").await?;
    place_order(&producer, "bob", "rice").await?;

    let records = kafka.with(|cluster| cluster.records("orders", 0));
    let found: Vec<_> = records.iter().map(|record| (record.key_text(), record.value_text())).collect();
    assert_eq!(found, [(Some("ada"), Some("tea")), (Some("bob"), Some("rice"))]);
    producer.close(Duration::from_secs(5)).await?;
    Ok(())
}
