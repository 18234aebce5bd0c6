//! What the plain serializers write, read by Java's own consumer and deserializers.

use crate::kafka::Kafka;
use crate::plain::{Visit, rows};
use milena::blocking::Producer;
use milena::{Header, Serializer, TopicRecord};
use std::process::Command;
use std::time::Duration;

/// Sends each value with its serializer's class in a header.
struct Send<'a> {
    producer: &'a Producer,
    topic: &'a str,
    class: &'a str,
}

impl Visit for Send<'_> {
    fn visit<T: ?Sized>(&mut self, serializer: impl Serializer<T>, value: Option<&T>) {
        let headers = [Header { key: "class", value: Some(self.class.as_bytes()) }];
        let record = TopicRecord::new().value(value).headers(&headers).partition(0);
        self.producer.topic(self.topic).value(serializer).post(record).expect("the record to be accepted");
    }
}

#[test]
fn java_reads_every_plain_type() {
    let kafka = Kafka::one();
    let topic = kafka.create_topic(1, 1, &[]);
    let producer: Producer =
        milena::Producer::builder().bootstrap_servers(kafka.bootstrap()).build().expect("settings").into();
    let mut expected = String::new();
    for row in rows() {
        row.visit(&mut Send { producer: &producer, topic: &topic, class: row.class });
        expected += &format!("{}\t{}\n", row.class, row.value);
    }
    producer.close(Duration::from_secs(30)).expect("nothing to be left");
    let log = kafka.read(&topic).concat();
    for (row, record) in rows().zip(&log) {
        let hex = record.value.as_ref().map(|value| value.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        assert_eq!(hex.as_deref().unwrap_or("null"), row.bytes, "{} {:?}", row.class, row.value);
    }
    assert_eq!(read_by_java(kafka.bootstrap(), &topic, rows().count()), expected);
}

/// Lines of class and value, of the first so many records.
fn read_by_java(bootstrap: &str, topic: &str, count: usize) -> String {
    let classpath = std::env::var("MILENA_TEST_SERIALIZED_VALUES").expect(
        "MILENA_TEST_SERIALIZED_VALUES is not set: `cargo xtask test` compiles the program and runs these tests",
    );
    let mut java = Command::new("java");
    java.args(["-cp", &classpath, "SerializedValues", "read", bootstrap, topic, &count.to_string()]);
    let output = java.output().expect("java to run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
