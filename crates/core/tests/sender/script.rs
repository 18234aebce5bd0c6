//! The stage of the stories: both machines, a clock that the story moves, and a broker whose answers the story gives.

use bytes::Bytes;
use milena_core::output::{Endpoint, Notice};
use milena_core::{
    Accumulator, Batch, Claim, Config, ConnectionId, Delivery, Output, Record, Refusal, Sender, Time, Timestamp,
};
use milena_wire::buf::{Reader, Uuid, Writer};
use milena_wire::error_code::ErrorCode;
use milena_wire::frame::{OpenFrame, RequestHeader, ResponseHeader};
use milena_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use milena_wire::messages::init_producer_id::InitProducerIdResponse;
use milena_wire::messages::list_offsets::{
    ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use milena_wire::messages::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_wire::messages::produce::{PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse};
use milena_wire::record_batch::{BatchHeader, RecordBatch};
use milena_wire::version::ApiKey;
use milena_wire::{Decode, Encode};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const TOPIC_ID: Uuid = Uuid([7; 16]);

/// A request as the broker sees it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) connection: ConnectionId,
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) body: Bytes,
}

impl Request {
    /// The batches of a Produce request: partition and header.
    pub(crate) fn batches(&self) -> Vec<(i32, BatchHeader)> {
        let request = ProduceRequest::decode(&mut Reader::new(&self.body), self.version).unwrap();
        let mut batches = Vec::new();
        for topic in &request.topic_data {
            for partition in &topic.partition_data {
                let bytes = partition.records.as_ref().unwrap();
                let batch = RecordBatch::decode(&mut Reader::new(bytes)).unwrap();
                batch.verify_crc().unwrap();
                batches.push((partition.index, batch.header));
            }
        }
        batches
    }
}

pub(crate) struct Script {
    pub(crate) now: Time,
    pub(crate) sender: Sender,
    pub(crate) accumulator: Accumulator,
    /// Connections asked for and not decided yet.
    pub(crate) opening: VecDeque<(ConnectionId, Endpoint)>,
    pub(crate) closed: Vec<ConnectionId>,
    /// Requests not answered yet.
    pub(crate) requests: VecDeque<Request>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) wait: Option<Time>,
    /// Outputs so far, as text: what two runs are compared by.
    pub(crate) trace: Vec<String>,
    /// Whether frames count as written as soon as they are given.
    pub(crate) transmits: bool,
}

impl Script {
    pub(crate) fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            bootstrap_servers: vec![Endpoint { host: "first".into(), port: 9092 }],
            linger: Duration::ZERO,
            ..Config::default()
        };
        change(&mut config);
        let config = Arc::new(config);
        Self {
            now: Time::ZERO,
            sender: Sender::new(Arc::clone(&config), 1),
            accumulator: Accumulator::new(config, 1),
            opening: VecDeque::new(),
            closed: Vec::new(),
            requests: VecDeque::new(),
            notices: Vec::new(),
            wait: None,
            trace: Vec::new(),
            transmits: true,
        }
    }

    /// A script whose sender knows topic `t` with `partitions` partitions, led by broker 1, and has a producer id.
    pub(crate) fn ready(partitions: i32, change: impl FnOnce(&mut Config)) -> Self {
        let mut script = Self::new(change);
        script.want("t");
        script.open();
        script.answer_versions(13);
        let request = script.request();
        assert_eq!(request.api, ApiKey::METADATA);
        script.answer_metadata(&request, &metadata(partitions, 1, 0));
        script
    }

    pub(crate) fn want(&mut self, topic: &str) {
        self.sender.want_topic(&topic.into(), self.now);
        self.turn();
    }

    /// Sends a record, which must be accepted.
    pub(crate) fn send(&mut self, partition: i32, value: &str) -> Delivery {
        let record = Record::to("t").partition(partition).value(value);
        let appended = self.accumulator.append(&record, Claim::Delivery, None, self.now, Timestamp(5)).unwrap();
        self.turn();
        appended.delivery.unwrap()
    }

    pub(crate) fn refusal(&mut self, topic: &str) -> Refusal {
        let record = Record::to(topic).value("v");
        self.accumulator.append(&record, Claim::Nothing, None, self.now, Timestamp(5)).unwrap_err()
    }

    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(wake) = self.next_wake().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.sender.handle_timeout(self.now);
            self.accumulator.handle_timeout(self.now);
            self.turn();
        }
        self.now = end;
        self.sender.handle_timeout(self.now);
        self.turn();
    }

    fn next_wake(&self) -> Option<Time> {
        [self.wait, self.accumulator.next_due()]
            .into_iter()
            .flatten()
            .min()
            .map(|wake| wake.max(self.now + Duration::from_micros(1)))
    }

    /// Hands due batches over and drains, until there is neither.
    pub(crate) fn turn(&mut self) {
        let mut due: Vec<Batch> = Vec::new();
        loop {
            self.accumulator.take_due(self.now, &mut due);
            due.drain(..).for_each(|batch| self.sender.push(batch, self.now));
            self.drain();
            self.accumulator.take_due(self.now, &mut due);
            if due.is_empty() {
                break;
            }
            due.drain(..).for_each(|batch| self.sender.push(batch, self.now));
        }
        let mut wanted = Vec::new();
        self.accumulator.take_wanted(&mut wanted);
        if !wanted.is_empty() {
            wanted.iter().for_each(|name| self.sender.want_topic(name, self.now));
            self.turn();
        }
    }

    fn drain(&mut self) {
        for steps in 0.. {
            assert!(steps < 100_000, "it comes to rest");
            let output = self.sender.poll_output(self.now);
            self.trace.push(format!("{output:?}"));
            match output {
                Output::Open(connection, endpoint) => self.opening.push_back((connection, endpoint)),
                Output::Transmit(connection, frame) => {
                    let bytes: Vec<u8> = frame.pieces.concat();
                    self.receive(connection, &bytes);
                    if self.transmits {
                        self.sender.handle_transmitted(connection, self.now);
                    }
                }
                Output::Close(connection) => {
                    self.closed.push(connection);
                    self.requests.retain(|request| request.connection != connection);
                }
                Output::Compress(batch) => {
                    let sealed = batch.seal(milena_wire::compression::Compression::NONE, &mut Default::default());
                    self.sender.handle_sealed(sealed, self.now);
                }
                Output::News(news) => self.accumulator.hear(news, self.now),
                Output::Hooks(hooks) => hooks.run(|hook, token, result| hook(token, result)),
                Output::Notice(notice) => self.notices.push(notice),
                Output::Wait(until) => {
                    self.wait = until;
                    break;
                }
            }
        }
    }

    fn receive(&mut self, connection: ConnectionId, bytes: &[u8]) {
        let mut reader = Reader::new(bytes);
        assert_eq!(reader.i32().unwrap() as usize, bytes.len() - 4);
        let header = RequestHeader::decode(&mut reader).unwrap();
        self.requests.push_back(Request {
            connection,
            api: header.api_key,
            version: header.api_version,
            correlation_id: header.correlation_id,
            body: Bytes::copy_from_slice(reader.rest()),
        });
    }

    /// The connection that was asked for stands.
    pub(crate) fn open(&mut self) -> ConnectionId {
        let (connection, _) = self.opening.pop_front().expect("a connection was asked for");
        self.sender.handle_opened(connection, self.now);
        self.turn();
        connection
    }

    /// The connection is cut.
    pub(crate) fn cut(&mut self, connection: ConnectionId, reason: &str) {
        self.requests.retain(|request| request.connection != connection);
        self.sender.handle_closed(connection, reason, self.now);
        self.turn();
    }

    /// The oldest request that is not answered.
    pub(crate) fn request(&mut self) -> Request {
        self.requests.pop_front().expect("something was asked")
    }

    pub(crate) fn request_of(&mut self, api: ApiKey) -> Request {
        let at = self.requests.iter().position(|request| request.api == api).unwrap_or_else(|| panic!("no {api}"));
        self.requests.remove(at).unwrap()
    }

    pub(crate) fn has(&self, api: ApiKey) -> bool {
        self.requests.iter().any(|request| request.api == api)
    }

    /// Answers a request with any message.
    pub(crate) fn answer(&mut self, request: &Request, response: &impl Encode) {
        let bytes = self.frame(request, response, request.version);
        self.sender.handle_bytes(request.connection, &bytes, self.now);
        self.turn();
    }

    pub(crate) fn frame(&self, request: &Request, response: &impl Encode, version: i16) -> Vec<u8> {
        let mut writer = Writer::new();
        let frame = OpenFrame::begin(&mut writer);
        ResponseHeader { correlation_id: request.correlation_id }.encode(&mut writer, request.api, request.version);
        response.encode(&mut writer, version).unwrap();
        frame.end(&mut writer, 0).unwrap();
        writer.into_bytes()
    }

    /// Answers the ApiVersions request that is open, offering Produce up to `produce`.
    pub(crate) fn answer_versions(&mut self, produce: i16) {
        let request = self.request_of(ApiKey::API_VERSIONS);
        let offer = |api_key, min_version, max_version| ApiVersion { api_key, min_version, max_version };
        let response = ApiVersionsResponse {
            api_keys: vec![
                offer(ApiKey::PRODUCE, 0, produce),
                offer(ApiKey::METADATA, 0, 13),
                offer(ApiKey::API_VERSIONS, 0, 4),
                offer(ApiKey::INIT_PRODUCER_ID, 0, 5),
                offer(ApiKey::LIST_OFFSETS, 1, 11),
            ],
            ..ApiVersionsResponse::default()
        };
        self.answer(&request, &response);
    }

    pub(crate) fn answer_metadata(&mut self, request: &Request, response: &MetadataResponse) {
        self.answer(request, response);
    }

    /// Answers the InitProducerId request that is open.
    pub(crate) fn answer_identity(&mut self, producer_id: i64) {
        let request = self.request_of(ApiKey::INIT_PRODUCER_ID);
        self.answer(&request, &InitProducerIdResponse { producer_id, producer_epoch: 0, ..Default::default() });
    }

    /// Answers the question where the log of partition 0 ends.
    pub(crate) fn answer_log_end(&mut self, error_code: ErrorCode, offset: i64) {
        let request = self.request_of(ApiKey::LIST_OFFSETS);
        let partition = ListOffsetsPartitionResponse { error_code, offset, ..Default::default() };
        let topic = ListOffsetsTopicResponse { name: "t".into(), partitions: vec![partition] };
        self.answer(&request, &ListOffsetsResponse { topics: vec![topic], ..Default::default() });
    }

    /// From the first record to a connection to broker 1 that has asked for what it needs.
    pub(crate) fn connect_leader(&mut self) -> ConnectionId {
        if self.has(ApiKey::INIT_PRODUCER_ID) {
            self.answer_identity(77);
        }
        let connection = self.open();
        self.answer_versions(13);
        connection
    }

    /// Answers a Produce request: each of its partitions with this code and offset.
    pub(crate) fn answer_produce(&mut self, request: &Request, code: ErrorCode, base_offset: i64) {
        let response = produce_response(request, code, base_offset);
        self.answer(request, &response);
    }

    pub(crate) fn warned(&self, fragment: &str) -> bool {
        self.notices.iter().any(|notice| notice.text.contains(fragment))
    }
}

pub(crate) fn produce_response(request: &Request, code: ErrorCode, base_offset: i64) -> ProduceResponse {
    let asked = ProduceRequest::decode(&mut Reader::new(&request.body), request.version).unwrap();
    let partition = |index| PartitionProduceResponse { index, error_code: code, base_offset, ..Default::default() };
    let topic = |topic: &milena_wire::messages::produce::TopicProduceData| TopicProduceResponse {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partition_responses: topic.partition_data.iter().map(|data| partition(data.index)).collect(),
    };
    ProduceResponse { responses: asked.topic_data.iter().map(topic).collect(), ..Default::default() }
}

/// Brokers 1 and 2, topic `t` with `partitions` partitions led by `leader` since election `epoch`.
pub(crate) fn metadata(partitions: i32, leader: i32, epoch: i32) -> MetadataResponse {
    let broker = |node_id| MetadataResponseBroker {
        node_id,
        host: format!("broker-{node_id}"),
        port: 9092,
        ..Default::default()
    };
    let partition = |partition_index| MetadataResponsePartition {
        partition_index,
        leader_id: leader,
        leader_epoch: epoch,
        ..Default::default()
    };
    MetadataResponse {
        brokers: vec![broker(1), broker(2)],
        cluster_id: Some("cluster".into()),
        topics: vec![MetadataResponseTopic {
            name: Some("t".into()),
            topic_id: TOPIC_ID,
            partitions: (0..partitions).map(partition).collect(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// Whether the accumulator was told this, which the trace of outputs shows.
pub(crate) fn told(script: &Script, pick: impl Fn(&str) -> bool) -> bool {
    script.trace.iter().any(|line| line.contains("News") && pick(line))
}
