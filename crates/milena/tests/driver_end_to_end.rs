//! The whole producer against the dev cluster, over real sockets.

use milena::{Codec, Producer, Record};
use milena_testkit::{DevCluster, DevOptions};
use std::time::Duration;

fn producer(cluster: &DevCluster) -> milena::Builder {
    Producer::builder().bootstrap_servers(cluster.bootstrap_servers())
}

#[tokio::test]
async fn a_record_is_accepted_and_acknowledged() {
    let cluster = DevCluster::start(DevOptions::brokers(1)).await.unwrap();
    let producer =
        producer(&cluster).set("delivery.timeout.ms", "3000").set("request.timeout.ms", "1000").build().unwrap();
    let delivery = producer.send(Record::to("orders").key("42").value("hello")).await.unwrap();
    let ack = delivery.await.unwrap();
    assert_eq!(ack.offset, Some(0));
    producer.close(Duration::from_secs(10)).await.unwrap();
}
