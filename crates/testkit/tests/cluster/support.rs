//! A hand-made client: requests as bytes into a cluster, answers as values out of it, one at a time.

use bytes::Bytes;
use milena_testkit::{ApiKey, Cluster, ClusterOptions, Codec, ConnectionId, ErrorCode, Output, Time, TopicOptions};
use milena_wire::Decode;
use milena_wire::buf::{Reader, Writer};
use milena_wire::compression::{Compression, Compressor};
use milena_wire::frame::{RequestHeader, ResponseHeader};
use milena_wire::messages::Request;
use milena_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, TopicProduceData,
};
use milena_wire::record::RecordView;
use milena_wire::record_batch::BatchHeader;
use std::time::Duration;

/// The topic that the stories play on.
pub(crate) const TOPIC: &str = "orders";

/// Milliseconds.
pub(crate) const HOUR: i64 = 3_600_000;

/// Milliseconds.
pub(crate) const DAY: i64 = 24 * HOUR;

/// A batch to send, and how.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) sequence: i32,
    pub(crate) count: i32,
    /// Milliseconds since 1970; `None`: now.
    pub(crate) timestamp: Option<i64>,
    pub(crate) key: Option<&'static [u8]>,
    pub(crate) value: Vec<u8>,
    pub(crate) codec: Codec,
    pub(crate) acks: i16,
    pub(crate) timeout: Duration,
}

/// Ten records of producer 7, from this sequence on, `acks=all`.
pub(crate) fn from(sequence: i32) -> Batch {
    Batch {
        producer_id: 7,
        epoch: 0,
        sequence,
        count: 10,
        timestamp: None,
        key: None,
        value: b"value".to_vec(),
        codec: Codec::None,
        acks: -1,
        timeout: Duration::from_secs(10),
    }
}

/// Kafka's tests call them so: the batch of ten records with sequences 10i to 10i+9.
pub(crate) fn b(i: i32) -> Batch {
    from(10 * i)
}

impl Batch {
    pub(crate) fn count(mut self, count: i32) -> Self {
        self.count = count;
        self
    }

    pub(crate) fn epoch(mut self, epoch: i16) -> Self {
        self.epoch = epoch;
        self
    }

    pub(crate) fn at(mut self, timestamp: i64) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    pub(crate) fn acks(mut self, acks: i16) -> Self {
        self.acks = acks;
        self
    }

    pub(crate) fn value(mut self, value: &[u8]) -> Self {
        self.value = value.to_vec();
        self
    }

    pub(crate) fn producer(mut self, producer_id: i64) -> Self {
        self.producer_id = producer_id;
        self
    }

    /// Header and records.
    pub(crate) fn encode(&self, now_ms: i64) -> Bytes {
        let timestamp = self.timestamp.unwrap_or(now_ms);
        let mut records = Vec::new();
        for offset_delta in 0..self.count {
            let (key, value) = (self.key, Some(&self.value[..]));
            let headers = std::iter::empty();
            RecordView { timestamp_delta: 0, offset_delta, key, value, headers }.encode(&mut records);
        }
        let mut body = records;
        if self.codec != Codec::None {
            let mut compressed = Vec::new();
            let compression = Compression { codec: self.codec, level: None };
            Compressor::default().compress(compression, &body, &mut compressed).unwrap();
            body = compressed;
        }
        let header = BatchHeader {
            codec: self.codec,
            last_offset_delta: self.count - 1,
            base_timestamp: timestamp,
            max_timestamp: timestamp,
            producer_id: self.producer_id,
            producer_epoch: self.epoch,
            base_sequence: self.sequence,
            record_count: self.count,
            ..BatchHeader::default()
        };
        [&header.encode(&body)[..], &body].concat().into()
    }
}

/// A cluster, one connection to it, and the time.
pub(crate) struct Run {
    pub(crate) cluster: Cluster,
    pub(crate) now: Time,
    pub(crate) broker: i32,
    connection: Option<ConnectionId>,
}

impl Run {
    /// [`TOPIC`] with one partition on these brokers.
    pub(crate) fn on(replicas: &[i32]) -> Self {
        Self::with(replicas, ClusterOptions::default(), TopicOptions::default())
    }

    /// The same with other options.
    pub(crate) fn with(replicas: &[i32], options: ClusterOptions, topic: TopicOptions) -> Self {
        let mut cluster = Cluster::new(options);
        let topic = TopicOptions { assignment: Some(vec![replicas.to_vec()]), ..topic };
        cluster.create_topic(TOPIC, topic).unwrap();
        Self { cluster, now: Time::ZERO, broker: replicas[0], connection: None }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.cluster.options().epoch_ms + self.now.as_millis()
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.cluster.advance(self.now);
        while !matches!(self.cluster.poll_output(), Output::Wait(_)) {}
    }

    /// Goes on with another broker, over a new connection.
    pub(crate) fn turn_to(&mut self, broker: i32) {
        self.broker = broker;
        self.connection = None;
        while !matches!(self.cluster.poll_output(), Output::Wait(_)) {}
    }

    /// Stops broker 1 (cleanly or not) and starts it again.
    pub(crate) fn restart(&mut self, how: fn(&mut Cluster, i32)) {
        how(&mut self.cluster, 1);
        self.pass(Duration::from_secs(10));
        self.cluster.start(1);
        self.pass(Duration::ZERO);
        self.connection = None;
    }

    /// Sends a request without waiting for what comes of it.
    pub(crate) fn put<R: Request>(&mut self, message: &R, version: i16) -> ConnectionId {
        let connection = match self.connection {
            Some(connection) => connection,
            None => self.cluster.open(self.broker).expect("the broker runs"),
        };
        self.connection = Some(connection);
        let frame = frame(message, version);
        self.cluster.handle_request(connection, frame, self.now);
        connection
    }

    /// Sends a request and lets time pass until it is answered; `None` when the connection is closed instead, or the request
    /// wants no answer.
    pub(crate) fn ask<R: Request>(&mut self, message: &R, version: i16) -> Option<R::Response> {
        self.put(message, version);
        self.hear::<R>(version)
    }

    /// The next answer.
    pub(crate) fn hear<R: Request>(&mut self, version: i16) -> Option<R::Response> {
        loop {
            match self.cluster.poll_output() {
                Output::Answer(_, frame) => return Some(decode::<R>(&frame, version)),
                Output::Done(_) => return None,
                Output::Close(_) => {
                    self.connection = None;
                    return None;
                }
                Output::Wait(next) => {
                    self.now = next.expect("the cluster waits for something");
                    self.cluster.advance(self.now);
                }
            }
        }
    }

    /// Produces a batch to partition 0 of [`TOPIC`], in Produce version 8 or the newest below that the broker has.
    pub(crate) fn send(&mut self, batch: Batch) -> Result<i64, ErrorCode> {
        let mut announced = self.cluster.broker(self.broker).unwrap().release.announced();
        let newest = announced.find(|(key, _)| *key == ApiKey::PRODUCE).unwrap().1.max;
        let answer = self.produce(&batch, newest.min(8)).expect("an answer");
        if answer.error_code.is_none() { Ok(answer.base_offset) } else { Err(answer.error_code) }
    }

    pub(crate) fn produce(&mut self, batch: &Batch, version: i16) -> Option<PartitionProduceResponse> {
        let request = self.request(batch, batch.encode(self.now_ms()));
        let mut response = self.ask(&request, version)?;
        Some(response.responses.remove(0).partition_responses.remove(0))
    }

    /// A Produce request of these bytes.
    pub(crate) fn request(&self, batch: &Batch, records: Bytes) -> ProduceRequest {
        ProduceRequest {
            acks: batch.acks,
            timeout_ms: i32::try_from(batch.timeout.as_millis()).unwrap(),
            topic_data: vec![TopicProduceData {
                name: TOPIC.to_owned(),
                topic_id: self.cluster.topic(TOPIC).map(|topic| topic.id).unwrap_or_default(),
                partition_data: vec![PartitionProduceData { index: 0, records: Some(records) }],
            }],
            ..ProduceRequest::default()
        }
    }

    /// b0 to b(n−1), each at its own offset.
    pub(crate) fn fill(&mut self, count: i32) {
        for i in 0..count {
            assert_eq!(self.send(b(i)), Ok(i64::from(10 * i)));
        }
    }

    pub(crate) fn log_end(&self) -> i64 {
        self.cluster.log_end(TOPIC, 0)
    }
}

/// A request's frame, without its length.
pub(crate) fn frame<R: Request>(message: &R, version: i16) -> Bytes {
    let mut writer = Writer::new();
    let header =
        RequestHeader { api_key: R::KEY, api_version: version, correlation_id: 5, client_id: Some("milena-test") };
    header.encode(&mut writer).unwrap();
    message.encode(&mut writer, version).unwrap();
    writer.into_bytes().into()
}

/// An answer, from its frame.
pub(crate) fn decode<R: Request>(frame: &[u8], version: i16) -> R::Response {
    let mut reader = Reader::new(frame);
    assert_eq!(usize::try_from(reader.i32().unwrap()).unwrap(), reader.remaining());
    let header = ResponseHeader::decode(&mut reader, R::KEY, version).unwrap();
    assert_eq!(header.correlation_id, 5);
    let response = R::Response::decode(&mut reader, version).unwrap();
    reader.finish().unwrap();
    response
}
