//! What the producer writes with each codec, read with other people's codecs.

use crate::kafka::Kafka;
use milena::blocking::Producer;
use milena::{Header, Record, Timestamp};
use std::time::Duration;

const RECORDS: usize = 2_000;

#[test]
fn kafka_protocol_reads_every_codec() {
    let kafka = Kafka::one();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = kafka.create_topic(3, 1, &[]);
        let properties = [("bootstrap.servers", kafka.bootstrap()), ("compression.type", codec)];
        let producer: Producer = milena::Producer::from_properties(properties).expect("properties").into();
        let sent: Vec<_> = (0..RECORDS).map(|n| (format!("key {}", n % 50), format!("value {n} of {codec}"))).collect();
        let headers = [Header { key: "codec", value: Some(codec.as_bytes()) }, Header { key: "null", value: None }];
        let deliveries: Vec<_> = sent
            .iter()
            .map(|(key, value)| {
                Record::to(&topic).key(key).value(value).headers(&headers).timestamp(Timestamp(1_700_000_000_000))
            })
            .map(|record| producer.send(record).expect("the record to be accepted"))
            .collect();
        let acks: Vec<_> = deliveries.into_iter().map(|delivery| delivery.wait().expect("an ack")).collect();
        producer.close(Duration::from_secs(10)).expect("nothing to be left");

        let there = kafka.read(&topic);
        assert_eq!(there.iter().map(Vec::len).sum::<usize>(), RECORDS, "{codec}");
        for ((key, value), ack) in sent.iter().zip(acks) {
            let partition = there.get(usize::try_from(ack.partition).expect("a partition")).expect("of the topic");
            let offset = usize::try_from(ack.offset.expect("an offset")).expect("not negative");
            let record = partition.get(offset).expect("a record where its ack says");
            assert_eq!(record.key.as_deref(), Some(key.as_bytes()), "{codec}");
            assert_eq!(record.value.as_deref(), Some(value.as_bytes()), "{codec}");
            assert_eq!(record.timestamp, 1_700_000_000_000, "{codec}");
            let headers = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
            assert_eq!(headers.collect::<Vec<_>>(), [("codec", Some(codec.as_bytes())), ("null", None)]);
        }
    }
}
