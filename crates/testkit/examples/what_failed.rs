//! What your code does with a failure: what is surely not written may be sent elsewhere, what may be written must not.

use milena::{DeliveryError, Producer, Record, Written};
use milena_testkit::{ApiKey, DevCluster, DevOptions, Effect, ErrorCode, Fault, TopicOptions};
use std::error::Error;
use std::time::Duration;

/// The code under test.
fn may_go_elsewhere(error: &DeliveryError) -> bool {
    error.written == Written::No
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let kafka = DevCluster::start(DevOptions::brokers(1)).await?;
    kafka.with(|cluster| cluster.create_topic("orders", TopicOptions::partitions(1))).expect("there is none yet");
    let builder = Producer::builder().bootstrap_servers(kafka.bootstrap_servers()).linger(Duration::ZERO);
    let timeouts = builder.request_timeout(Duration::from_millis(500)).delivery_timeout(Duration::from_secs(1));
    let producer = timeouts.build()?;

    // Refused before anything is written.
    let refusal = Effect::Refuse(ErrorCode::INVALID_RECORD);
    kafka.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, refusal).topic("orders")));
    let error = producer.send(Record::to("orders").value("bad")).await?.await.expect_err("it fails");
    assert!(may_go_elsewhere(&error), "{error}");

    // Written, and never answered, however often it is sent again.
    kafka.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::DoAndIgnore).always()));
    let error = producer.send(Record::to("orders").value("unknown")).await?.await.expect_err("it fails");
    assert!(!may_go_elsewhere(&error), "{error}");
    assert_eq!(kafka.with(|cluster| cluster.records("orders", 0)).len(), 1, "it is there");
    kafka.with(|cluster| cluster.clear_faults());
    producer.close(Duration::from_secs(5)).await.ok();
    Ok(())
}
