//! Answers that are lost: the broker has written, and the connection breaks before it can say so.

use milena::{Producer, Record};
use milena_testkit::{ApiKey, DevCluster, DevOptions, Effect, Fault, TopicOptions};
use std::error::Error;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let kafka = DevCluster::start(DevOptions::brokers(1)).await?;
    kafka.with(|cluster| {
        cluster.create_topic("orders", TopicOptions::partitions(1)).expect("there is none yet");
        // The third and the fourth batch are written, and nobody hears of it.
        cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::DoAndDrop).after(2).times(2));
    });
    let producer = Producer::builder().bootstrap_servers(kafka.bootstrap_servers()).build()?;
    for number in 0..10 {
        let value = number.to_string();
        producer.send(Record::to("orders").value(&value)).await?.await?;
    }

    assert!(kafka.with(|cluster| cluster.faults().is_empty()), "both faults have met their batch");
    let records = kafka.with(|cluster| cluster.records("orders", 0));
    let values: Vec<_> = records.iter().filter_map(|record| record.value_text()).collect();
    assert_eq!(values, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], "each once, in order");
    producer.close(Duration::from_secs(5)).await?;
    Ok(())
}
