//! Row 55 of docs/faults.md: a process that may open no more files. A target of its own, for the limit is the process's.

mod dev;

use dev::{cluster, producer};
use milena::Record;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

#[tokio::test]
async fn a_process_without_file_descriptors_tries_again_at_its_pace_and_recovers() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).linger(Duration::ZERO).build().unwrap();
    producer.send(Record::to("orders").value("0")).await.unwrap().await.unwrap();
    let opened = producer.metrics().sender.connections_opened;
    let limit = getrlimit(Resource::Nofile);
    // With a limit of nothing no file can be opened, however many are closed; those that are open go on.
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
    cluster.with(|cluster| cluster.kill(1));
    let delivery = producer.send(Record::to("orders").value("1")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    cluster.with(|cluster| cluster.start(1));
    let attempts = producer.metrics().sender.connections_opened - opened;
    // 50, 100, 200, 400, 800 ms, then one a second.
    assert!((2..=9).contains(&attempts), "{attempts} in three seconds");
    assert!(delivery.now().is_none());
    setrlimit(Resource::Nofile, limit).unwrap();
    assert_eq!(delivery.await.unwrap().offset, Some(1));
}
