//! The same cluster over real sockets.

use crate::support::{Batch, b};
use milena_testkit::{ApiKey, DevCluster, DevOptions, Effect, Fault, TopicOptions};
use milena_wire::messages::Request;
use milena_wire::messages::metadata::MetadataRequest;
use milena_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn start() -> DevCluster {
    let cluster = DevCluster::start_blocking(DevOptions::brokers(2)).expect("loopback ports");
    let replicas = TopicOptions { assignment: Some(vec![vec![1, 2]]), ..TopicOptions::default() };
    cluster.with(|cluster| cluster.create_topic("t", replicas)).expect("there is none yet");
    cluster
}

fn connect(cluster: &DevCluster, broker: usize) -> TcpStream {
    let stream = TcpStream::connect(cluster.addresses()[broker - 1]).expect("somebody listens");
    // Not a measure of anything: only so that a bug ends the test instead of holding it up.
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream
}

fn put<R: Request>(stream: &mut TcpStream, message: &R, version: i16) {
    let frame = crate::support::frame(message, version);
    let length = u32::try_from(frame.len()).expect("a small frame").to_be_bytes();
    stream.write_all(&[&length[..], &frame].concat()).expect("the cluster reads");
}

fn hear<R: Request>(stream: &mut TcpStream, version: i16) -> R::Response {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("an answer");
    let mut frame = length.to_vec();
    frame.resize(4 + u32::from_be_bytes(length) as usize, 0);
    stream.read_exact(&mut frame[4..]).expect("a whole answer");
    crate::support::decode::<R>(&frame, version)
}

fn produce(batch: &Batch) -> ProduceRequest {
    let records = Some(batch.encode(1_700_000_000_000));
    let partition_data = vec![PartitionProduceData { index: 0, records }];
    let topic_data = vec![TopicProduceData { name: "t".to_owned(), partition_data, ..Default::default() }];
    ProduceRequest { acks: batch.acks, timeout_ms: 30_000, topic_data, ..Default::default() }
}

fn offset(stream: &mut TcpStream) -> i64 {
    hear::<ProduceRequest>(stream, 9).responses.remove(0).partition_responses.remove(0).base_offset
}

fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_))
}

#[test]
fn brokers_tell_where_they_listen() {
    let cluster = start();
    let mut stream = connect(&cluster, 2);
    put(&mut stream, &MetadataRequest::default(), 9);
    let answer = hear::<MetadataRequest>(&mut stream, 9);
    let servers: Vec<_> = answer.brokers.iter().map(|broker| format!("{}:{}", broker.host, broker.port)).collect();
    assert_eq!(servers.join(","), cluster.bootstrap_servers());
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let cluster = start();
    let mut stream = connect(&cluster, 1);
    (0..5).for_each(|i| put(&mut stream, &produce(&b(i)), 9));
    let offsets: Vec<_> = (0..5).map(|_| offset(&mut stream)).collect();
    assert_eq!(offsets, [0, 10, 20, 30, 40]);
    assert_eq!(cluster.with(|cluster| cluster.records("t", 0)).len(), 50);
}

#[test]
fn a_request_without_an_answer_does_not_hold_up_the_next() {
    let cluster = start();
    let mut stream = connect(&cluster, 1);
    put(&mut stream, &produce(&b(0).acks(0)), 9);
    put(&mut stream, &produce(&b(1)), 9);
    assert_eq!(offset(&mut stream), 10);
}

#[test]
fn what_waits_for_a_replica_goes_on_when_the_test_lets_it() {
    let cluster = start();
    cluster.with(|cluster| cluster.set_fetching(2, false));
    let mut stream = connect(&cluster, 1);
    put(&mut stream, &produce(&b(0)), 9);
    while cluster.with(|cluster| cluster.log_end("t", 0)) == 0 {
        std::thread::yield_now();
    }
    cluster.with(|cluster| cluster.set_fetching(2, true));
    assert_eq!(offset(&mut stream), 0);
}

#[test]
fn time_passes_by_itself() {
    let cluster = start();
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Delay(Duration::from_millis(20)))));
    let mut stream = connect(&cluster, 1);
    put(&mut stream, &produce(&b(0)), 9);
    assert_eq!(offset(&mut stream), 0);
}

#[test]
fn a_killed_broker_closes_its_connections_and_takes_no_new_ones() {
    let cluster = start();
    let mut stream = connect(&cluster, 1);
    put(&mut stream, &produce(&b(0)), 9);
    assert_eq!(offset(&mut stream), 0);
    cluster.with(|cluster| cluster.kill(1));
    assert!(is_closed(&mut stream));
    assert!(is_closed(&mut connect(&cluster, 1)));
    cluster.with(|cluster| cluster.start(1));
    let mut stream = connect(&cluster, 1);
    put(&mut stream, &MetadataRequest::default(), 9);
    assert_eq!(hear::<MetadataRequest>(&mut stream, 9).brokers.len(), 2);
}

#[test]
fn garbage_closes_the_connection() {
    let cluster = start();
    let tls = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01];
    let unknown = [0, 0, 0, 8, 0x7f, 0xff, 0, 0, 0, 0, 0, 1];
    for bytes in [&tls[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 8], &[0x7f, 0xff, 0xff, 0xff], &unknown] {
        let mut stream = connect(&cluster, 1);
        stream.write_all(bytes).expect("the cluster reads");
        assert!(is_closed(&mut stream), "{bytes:?}");
    }
}

#[test]
fn ports_are_free_again_after_a_shutdown() {
    let cluster = start();
    let port = cluster.addresses()[0].port();
    let mut stream = connect(&cluster, 1);
    cluster.shutdown();
    assert!(is_closed(&mut stream));
    let one = DevOptions { port, ..DevOptions::brokers(1) };
    let again = DevCluster::start_blocking(one).expect("the port is free");
    assert_eq!(again.bootstrap_servers(), format!("127.0.0.1:{port}"));
}

#[test]
fn who_waits_for_something_hears_of_it_and_no_longer_than_it_likes() {
    let cluster = start();
    let end = |cluster: &milena_testkit::Cluster| Some(cluster.log_end("t", 0)).filter(|end| *end == 10);
    assert_eq!(cluster.wait_until(Duration::from_millis(20), end), None);
    let mut stream = connect(&cluster, 1);
    put(&mut stream, &produce(&b(0)), 9);
    assert_eq!(cluster.wait_until(Duration::from_secs(60), end), Some(10));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(cluster.until(end)), 10);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            runtime.block_on(cluster.until(|cluster| Some(cluster.log_end("t", 0)).filter(|end| *end == 20)))
        });
        put(&mut stream, &produce(&b(1)), 9);
        assert_eq!(waiting.join().unwrap(), 20);
    });
}
