//! Faults that need real sockets, threads and clocks to happen; rows of docs/faults.md.

mod dev;

use dev::{cluster, producer};
use milena::error::DeliveryFailure;
use milena::{Record, SendError, Written};
use milena_testkit::{ApiKey, DevCluster, Effect, ErrorCode, Fault, Operation, TopicOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Stands between the client and broker 1. While `stalled` is set it takes nothing from the client; answers pass.
fn stand_between(cluster: &DevCluster, stalled: &Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let address = listener.local_addr().expect("bound");
    let broker = *cluster.addresses().first().expect("a broker");
    cluster.with(|cluster| cluster.set_address(1, "127.0.0.1", address.port()));
    let stalled = Arc::clone(stalled);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(broker).expect("the broker listens");
            let back = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
            thread::spawn(move || std::io::copy(&mut &back.0, &mut &back.1));
            let stalled = Arc::clone(&stalled);
            thread::spawn(move || pass_on(client, server, &stalled));
        }
    });
    address
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, stalled: &AtomicBool) {
    let mut chunk = [0; 4_096];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        while stalled.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        if to.write_all(chunk.get(..length).unwrap_or_default()).is_err() {
            return;
        }
    }
}

/// D7 (CVE-2026-35554): Java gave a batch that expired back to its pool while the socket was still to read from it, and another
/// topic's records went out in its place, with their own right checksum.
#[tokio::test]
async fn a_batch_that_expires_on_a_stalled_socket_arrives_as_it_was() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.create_topic("other", TopicOptions::partitions(1))).unwrap();
    // The first attempt is refused, so that the second is under way when the batch expires.
    let refusal = Effect::Refuse(ErrorCode::NOT_ENOUGH_REPLICAS);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, refusal)));
    let stalled = Arc::new(AtomicBool::new(false));
    let address = stand_between(&cluster, &stalled);
    let backoff = Duration::from_millis(600);
    let builder = milena::Producer::builder().bootstrap_servers(address.to_string()).send_buffer(8_192);
    let builder = builder.batch_size(900_000).buffer_memory(4_000_000).linger(Duration::ZERO);
    let builder = builder.retry_backoff(backoff).retry_backoff_max(backoff);
    let producer =
        builder.request_timeout(Duration::from_secs(2)).delivery_timeout(Duration::from_secs(2)).build().unwrap();

    // Known from here on: no question stands behind the stalled bytes.
    producer.partitions_for("other").await.unwrap();
    let (ours, theirs) = (vec![0xaa; 800_000], vec![0xbb; 200_000]);
    let expiring = producer.send(Record::to("orders").value(&ours)).await.unwrap();
    while cluster.with(|cluster| !cluster.faults().is_empty()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stalled.store(true, Ordering::SeqCst);
    let error = expiring.await.unwrap_err();
    assert!(matches!(error.kind, DeliveryFailure::TimedOut { .. }), "{error}");
    assert_eq!(error.written, Written::Maybe);
    let others = (0..10).map(|_| Record::to("other").value(&theirs));
    let others = producer.send_all(others).await.unwrap();
    assert_eq!(cluster.with(|cluster| cluster.log_end("orders", 0)), 0, "it is under way still");
    stalled.store(false, Ordering::SeqCst);
    for other in others {
        other.await.unwrap();
    }
    producer.close(Duration::from_secs(10)).await.unwrap();
    let values =
        |topic| cluster.with(|cluster| cluster.records(topic, 0)).into_iter().map(|record| record.value.unwrap());
    assert!(values("orders").eq([ours]), "once, and as it was");
    assert!(values("other").eq((0..10).map(|_| theirs.clone())));
}

/// Row 41: one broker takes what it is sent and never answers.
#[tokio::test]
async fn a_broker_that_hangs_holds_up_nobody_elses_partitions() {
    let cluster = cluster(2, 1);
    let assignment = Some(vec![vec![1], vec![2]]);
    cluster.with(|cluster| cluster.create_topic("two", TopicOptions { assignment, ..Default::default() })).unwrap();
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Ignore).broker(1).always()));
    let builder = producer(&cluster).request_timeout(Duration::from_millis(300)).linger(Duration::ZERO);
    let producer = builder.delivery_timeout(Duration::from_secs(2)).build().unwrap();
    let hangs = producer.send(Record::to("two").partition(0).value("x")).await.unwrap();
    let mut answers = 0;
    while hangs.now().is_none() {
        producer.send(Record::to("two").partition(1).value("x")).await.unwrap().await.unwrap();
        answers += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The one that hangs is asked seven times in its two seconds.
    assert!(answers > 20, "{answers} answers of the other broker");
    assert_eq!(hangs.await.unwrap_err().written, Written::Maybe);
    cluster.with(milena_testkit::Cluster::clear_faults);
    producer.send(Record::to("two").partition(0).value("y")).await.unwrap().await.unwrap();
}

/// Row 30.
#[tokio::test]
async fn a_topic_that_is_forbidden_fails_alone_and_goes_on_when_it_is_allowed() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.create_topic("secret", TopicOptions::partitions(1))).unwrap();
    let producer = producer(&cluster).build().unwrap();
    producer.send(Record::to("secret").value("0")).await.unwrap().await.unwrap();
    cluster.with(|cluster| cluster.deny(Operation::Write("secret".into())));
    let error = producer.send(Record::to("secret").value("1")).await.unwrap().await.unwrap_err();
    assert!(matches!(error.kind, DeliveryFailure::Rejected { code: ErrorCode::TOPIC_AUTHORIZATION_FAILED, .. }));
    assert_eq!(error.written, Written::No);
    producer.send(Record::to("orders").value("0")).await.unwrap().await.unwrap();
    cluster.with(|cluster| cluster.allow(&Operation::Write("secret".into())));
    let ack = producer.send(Record::to("secret").value("2")).await.unwrap().await.unwrap();
    assert_eq!(ack.offset, Some(1));
}

/// Row 66: the driver has a thread of its own.
#[tokio::test]
async fn a_caller_that_blocks_its_executor_does_not_hold_up_delivery() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let delivery = producer.send(Record::to("orders").value("x")).await.unwrap();
    let begun = Instant::now();
    while cluster.with(|cluster| cluster.log_end("orders", 0)) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing but this thread is blocked");
        thread::sleep(Duration::from_millis(1));
    }
    delivery.await.unwrap();
}

/// Row 49, fifteen times a caller's patience; `cargo xtask prove outage` takes five minutes of real brokers.
#[tokio::test]
async fn a_cluster_that_is_away_costs_neither_memory_nor_patience_nor_connections() {
    const MEMORY: usize = 1_000_000;
    const PATIENCE: Duration = Duration::from_millis(200);
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).buffer_memory(MEMORY).max_block(PATIENCE).build().unwrap();
    producer.send(Record::to("orders").value("before")).await.unwrap().await.unwrap();
    let opened = producer.metrics().sender.connections_opened;
    cluster.with(|cluster| cluster.kill(1));
    let (begun, value) = (Instant::now(), [7; 1_000]);
    let (mut accepted, mut refused) = (Vec::new(), 0);
    while refused < 15 {
        match producer.send(Record::to("orders").value(&value)).await {
            Ok(delivery) => accepted.push(delivery),
            Err(SendError::Full { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(producer.metrics().buffered.bytes <= MEMORY);
    }
    let (opened, seconds) = (producer.metrics().sender.connections_opened - opened, begun.elapsed().as_secs());
    assert!(accepted.len() > 500, "{} accepted", accepted.len());
    // Fifteen patiences are three seconds; by the default's minute they would be a quarter of an hour.
    assert!(seconds < 60, "{seconds} seconds for 15 refusals");
    // 50, 100, 200, 400, 800 ms, then one a second.
    assert!(opened <= 6 + seconds, "{opened} connections in {seconds} seconds");
    cluster.with(|cluster| cluster.start(1));
    let count = accepted.len();
    for delivery in accepted {
        delivery.await.unwrap();
    }
    assert_eq!(cluster.with(|cluster| cluster.records("orders", 0)).len(), count + 1);
}
