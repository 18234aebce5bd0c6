//! Records on their way: through a broker, to the Python program that reads.

use milena::blocking::Producer;

use milena::{Delivery, Record};
use serde_json::Value;
use std::env;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// The broker, which makes a topic of one partition when one is named.
pub(crate) fn bootstrap() -> String {
    env::var("MILENA_TEST_KAFKA").expect("run by `cargo xtask prove records`, which starts Kafka")
}

pub(crate) fn producer() -> Producer {
    milena::Producer::builder().bootstrap_servers(bootstrap()).build().unwrap().into()
}

/// A topic that no other test, and no run before this one, has used.
pub(crate) fn fresh(name: &str) -> String {
    format!("{name}-{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos())
}

/// Sends the records, and has them read. A case is what its line for `read.py` says.
pub(crate) fn read(name: &str, cases: Vec<(Value, Vec<u8>)>) -> Vec<Value> {
    let (producer, topic) = (producer(), fresh(name));
    let (cases, records): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let send = |record: &Vec<u8>| producer.send(Record::to(&topic).value(record)).unwrap();
    let deliveries: Vec<_> = records.iter().map(send).collect();
    let offsets: Vec<_> = deliveries.into_iter().map(offset).collect();
    assert!(offsets.is_sorted(), "the cases are told apart by their order");
    read_topic(&topic, &cases)
}

/// Where a record of a topic with one partition stands.
pub(crate) fn offset(delivery: Delivery) -> i64 {
    let ack = delivery.wait().unwrap();
    assert_eq!(ack.partition, 0);
    ack.offset.unwrap()
}

/// What `read.py` reads of a topic's records, in the order of their offsets.
pub(crate) fn read_topic(topic: &str, cases: &[Value]) -> Vec<Value> {
    let python = env::var("MILENA_TEST_PYTHON").expect("run by `cargo xtask prove records`, which makes the Python");
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/read.py");
    let mut command = Command::new(python);
    command.arg(program).args([&bootstrap(), topic]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    cases.iter().for_each(|case| writeln!(stdin, "{case}").unwrap());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "read.py failed: see above");
    let read: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), cases.len());
    read
}
