//! Closing, dropping, and clusters that are not there.

mod dev;

use dev::{cluster, producer};
use milena::error::DeliveryFailure;
use milena::{Producer, Record, SendError, Written};
use milena_testkit::{ApiKey, Effect, Fault};
use std::net::TcpListener;
use std::time::Duration;

/// Nobody listens there.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("its address").to_string()
}

/// Whether this process still has the producer's thread.
fn has_thread(name: &str) -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
    let comm = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    tasks.flatten().any(|task| comm(task).is_ok_and(|comm| comm.trim() == name))
}

#[tokio::test]
async fn closing_delivers_what_was_accepted() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).linger(Duration::from_secs(100)).build().unwrap();
    let delivery = producer.send(Record::to("orders").value("x")).await.unwrap();
    producer.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(delivery.now().unwrap().unwrap().offset, Some(0));
    assert_eq!(producer.send(Record::to("orders")).await.unwrap_err(), SendError::Closed);
    assert_eq!(producer.try_send(Record::to("orders")).unwrap_err(), SendError::Closed);
    assert_eq!(producer.partitions_for("orders").await.unwrap_err(), SendError::Closed);
    producer.flush().await;
    producer.close(Duration::ZERO).await.unwrap();
}

/// D15: a Java producer waited for ever for brokers that were down.
#[tokio::test]
async fn closing_gives_up_after_its_timeout_and_says_how_much() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::DoAndIgnore).always()));
    let producer = producer(&cluster).linger(Duration::ZERO).build().unwrap();
    let delivery = producer.send(Record::to("orders").value("x")).await.unwrap();
    while cluster.with(|cluster| cluster.log_end("orders", 0)) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(producer.close(Duration::from_millis(50)).await.unwrap_err().undelivered, 1);
    let error = delivery.await.unwrap_err();
    assert_eq!((error.kind, error.written), (DeliveryFailure::Closed, Written::Maybe));
}

#[tokio::test]
async fn closing_fails_the_open_batches_of_a_partition_that_is_behind() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Ignore).always()));
    let producer = producer(&cluster).linger(Duration::ZERO).build().unwrap();
    let value = [0; 1_000];
    let mut deliveries = Vec::new();
    for _ in 0..1_000 {
        deliveries.push(producer.send(Record::to("orders").value(&value)).await.unwrap());
    }
    let failed = producer.close(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(failed.undelivered, 1_000);
    for delivery in deliveries {
        assert_eq!(delivery.await.unwrap_err().kind, DeliveryFailure::Closed);
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_there_holds_up_neither_building_nor_closing() {
    let producer = Producer::builder().bootstrap_servers(nowhere()).build().unwrap();
    let waiting = producer.send(Record::to("orders").value("x"));
    let close = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        producer.close(Duration::from_millis(50)).await
    };
    let (sent, closed) = tokio::join!(waiting, close);
    assert_eq!(sent.unwrap_err(), SendError::Closed);
    closed.unwrap();
}

#[tokio::test]
async fn a_peer_that_never_answers_holds_up_no_closing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let servers = listener.local_addr().unwrap().to_string();
    let producer = Producer::builder().bootstrap_servers(servers).build().unwrap();
    assert!(matches!(producer.try_send(Record::to("orders")).unwrap_err(), SendError::NotReady(_)));
    let _connected = listener.accept().unwrap();
    producer.close(Duration::from_millis(50)).await.unwrap();
}

/// D14: rdkafka loses what is buffered when a producer is dropped without a flush, and leaks.
#[tokio::test]
async fn dropping_the_last_handle_delivers_in_the_background_and_ends_the_thread() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).client_id("dropped-1").linger(Duration::from_secs(100)).build().unwrap();
    let delivery = producer.send(Record::to("orders").value("x")).await.unwrap();
    assert!(has_thread("dropped-1"));
    let clone = producer.clone();
    drop(producer);
    assert!(delivery.now().is_none());
    drop(clone);
    assert_eq!(delivery.await.unwrap().offset, Some(0));
    while has_thread("dropped-1") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn dropping_outside_of_any_runtime_is_fine_too() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).client_id("dropped-2").build().unwrap();
    let delivery = milena::blocking::Producer::from(producer).send(Record::to("orders").value("x")).unwrap();
    assert_eq!(delivery.wait().unwrap().offset, Some(0));
    while has_thread("dropped-2") {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn settings_that_cannot_be_used_start_nothing() {
    let error = Producer::builder().bootstrap_servers("not an address").acks(milena::Acks::Leader).build().unwrap_err();
    assert!(error.to_string().contains("bootstrap.servers"), "{error}");
    let error = Producer::from_properties([("acks", "2"), ("bootstrap.servers", "localhost:9092")]).unwrap_err();
    assert!(error.to_string().starts_with("acks = \"2\""), "{error}");
}
