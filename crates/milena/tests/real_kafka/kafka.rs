//! A real cluster, asked and read through the `kafka-protocol` crate: nothing of ours judges what we wrote.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    ApiKey, BrokerId, CreateTopicsRequest, FetchRequest, MetadataRequest, MetadataResponse, RequestHeader,
    ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};
use kafka_protocol::records::{Record, RecordBatchDecoder};
use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A cluster that `cargo xtask test` started.
pub(crate) struct Kafka {
    bootstrap: String,
}

impl Kafka {
    /// One broker, which creates a topic of three partitions when one is named.
    pub(crate) fn one() -> Self {
        Self::at("MILENA_TEST_KAFKA")
    }

    /// Three brokers and a controller of their own.
    pub(crate) fn three() -> Self {
        Self::at("MILENA_TEST_KAFKA3")
    }

    fn at(variable: &str) -> Self {
        let bootstrap = env::var(variable)
            .unwrap_or_else(|_| panic!("{variable} is not set: `cargo xtask test` starts Kafka and runs these tests"));
        Self { bootstrap }
    }

    /// `host:port`, separated by commas.
    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Creates a topic of a name that no other test has, and waits until every partition has a leader.
    pub(crate) fn create_topic(&self, partitions: i32, replicas: i16, settings: &[(&str, &str)]) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let setting = |&(name, value): &(&str, &str)| {
            CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
        };
        let topic = CreatableTopic::default()
            .with_name(topic_name(&name))
            .with_num_partitions(partitions)
            .with_replication_factor(replicas)
            .with_configs(settings.iter().map(setting).collect());
        let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(30_000);
        let response = self.connect_first().ask(&request, 5);
        for topic in response.topics {
            assert_eq!(topic.error_code, 0, "creating {name}: {:?}", topic.error_message);
        }
        let begun = Instant::now();
        while self.leaders(&name).iter().any(Option::is_none) || self.leaders(&name).len() != partitions as usize {
            assert!(begun.elapsed() < Duration::from_secs(30), "{name} has no leaders");
            sleep(Duration::from_millis(20));
        }
        name
    }

    /// Everything in a topic from its start to what is replicated now: the records of each partition, in offset order.
    pub(crate) fn read(&self, topic: &str) -> Vec<Vec<Record>> {
        let leaders = self.leaders(topic);
        (0..)
            .zip(leaders)
            .map(|(partition, leader)| read_partition(&leader.expect("a leader"), topic, partition))
            .collect()
    }

    /// A connection to a partition's leader.
    pub(crate) fn connect_to_leader(&self, topic: &str, partition: usize) -> Connection {
        Connection::to(self.leaders(topic).get(partition).and_then(Option::as_deref).expect("a leader"))
    }

    /// The id that the cluster gave the topic.
    pub(crate) fn topic_id(&self, topic: &str) -> [u8; 16] {
        let MetadataResponse { topics, .. } = self.metadata(topic);
        topics.first().expect("the topic").topic_id.into_bytes()
    }

    /// Where the leader of each partition listens.
    fn leaders(&self, topic: &str) -> Vec<Option<String>> {
        let MetadataResponse { brokers, topics, .. } = self.metadata(topic);
        let address = |id: BrokerId| {
            let broker = brokers.iter().find(|broker| broker.node_id == id)?;
            Some(format!("{}:{}", broker.host, broker.port))
        };
        let mut partitions: Vec<_> = topics.into_iter().flat_map(|topic| topic.partitions).collect();
        partitions.sort_by_key(|partition| partition.partition_index);
        partitions.into_iter().map(|partition| address(partition.leader_id)).collect()
    }

    fn metadata(&self, topic: &str) -> MetadataResponse {
        let named = MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
        self.connect_first().ask(&MetadataRequest::default().with_topics(Some(vec![named])), 12)
    }

    fn connect_first(&self) -> Connection {
        Connection::to(self.bootstrap.split(',').next().expect("a server"))
    }
}

fn read_partition(leader: &str, topic: &str, partition: i32) -> Vec<Record> {
    let mut connection = Connection::to(leader);
    let mut records: Vec<Record> = Vec::new();
    let mut offset = 0;
    loop {
        let wanted = FetchPartition::default()
            .with_partition(partition)
            .with_fetch_offset(offset)
            .with_partition_max_bytes(8 << 20);
        let wanted = FetchTopic::default().with_topic(topic_name(topic)).with_partitions(vec![wanted]);
        let request = FetchRequest::default().with_max_bytes(8 << 20).with_session_epoch(-1).with_topics(vec![wanted]);
        let response = connection.ask(&request, 12);
        let data = response.responses.into_iter().flat_map(|topic| topic.partitions).next().expect("the partition");
        assert_eq!((response.error_code, data.error_code), (0, 0), "fetching {topic}-{partition} from {offset}");
        let mut bytes = data.records.unwrap_or_default();
        // The broker gives whole batches; the first may begin before the offset that was asked for.
        let batches = RecordBatchDecoder::decode_all(&mut bytes).expect("batches that kafka-protocol can read");
        records.extend(batches.into_iter().flat_map(|batch| batch.records).filter(|record| record.offset >= offset));
        let next = records.last().map_or(0, |record| record.offset + 1);
        if next >= data.high_watermark {
            return records;
        }
        assert!(
            next > offset,
            "{topic}-{partition} ends at {offset}, before its high watermark {}",
            data.high_watermark
        );
        offset = next;
    }
}

/// One connection, one question at a time.
pub(crate) struct Connection(TcpStream);

impl Connection {
    fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("connecting to {address}: {error}"));
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
        Self(stream)
    }

    fn ask<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        let key = ApiKey::try_from(R::KEY).expect("a known API");
        let header = RequestHeader::default().with_request_api_key(R::KEY).with_request_api_version(version);
        let mut body = BytesMut::new();
        header.encode(&mut body, key.request_header_version(version)).expect("a header");
        request.encode(&mut body, version).expect("a request");
        let length = u32::try_from(body.len()).expect("a small request");
        let mut answer = self.exchange(&[&length.to_be_bytes(), &body[..]].concat());
        ResponseHeader::decode(&mut answer, key.response_header_version(version)).expect("a response header");
        R::Response::decode(&mut answer, version).expect("a response")
    }

    /// Sends a whole frame, its length included; the answer is without its length.
    pub(crate) fn exchange(&mut self, frame: &[u8]) -> Bytes {
        self.0.write_all(frame).expect("the broker to take a request");
        let mut length = [0; 4];
        self.0.read_exact(&mut length).expect("the broker to answer");
        let mut frame = vec![0; (&length[..]).get_u32() as usize];
        self.0.read_exact(&mut frame).expect("the whole answer");
        frame.into()
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}
