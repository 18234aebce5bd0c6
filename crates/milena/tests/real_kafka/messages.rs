//! Every version of every message that we share with a real broker: it takes our requests, we read its answers to the end.

use crate::kafka::{Connection, Kafka};
use milena_wire::buf::{Reader, Uuid, Writer};
use milena_wire::error_code::ErrorCode;
use milena_wire::frame::{OpenFrame, RequestHeader, ResponseHeader};
use milena_wire::messages::Request;
use milena_wire::messages::add_offsets_to_txn::AddOffsetsToTxnRequest;
use milena_wire::messages::add_partitions_to_txn::{AddPartitionsToTxnRequest, AddPartitionsToTxnTopic};
use milena_wire::messages::api_versions::ApiVersionsRequest;
use milena_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use milena_wire::messages::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use milena_wire::messages::delete_records::{DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic};
use milena_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use milena_wire::messages::describe_cluster::DescribeClusterRequest;
use milena_wire::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use milena_wire::messages::describe_producers::{DescribeProducersRequest, TopicRequest};
use milena_wire::messages::end_txn::EndTxnRequest;
use milena_wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};
use milena_wire::messages::find_coordinator::FindCoordinatorRequest;
use milena_wire::messages::init_producer_id::InitProducerIdRequest;
use milena_wire::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use milena_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use milena_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
};
use milena_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use milena_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use milena_wire::messages::sasl_handshake::SaslHandshakeRequest;
use milena_wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use milena_wire::version::{ApiKey, Offered, Versions};
use milena_wire::{Decode, Encode};
use std::fmt::Debug;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A connection to a broker, what it offers, and a topic that it leads.
struct Broker {
    connection: Connection,
    offered: Offered,
    topic: String,
    topic_id: Uuid,
}

impl Broker {
    fn new(kafka: &Kafka) -> Self {
        let topic = kafka.create_topic(1, 1, &[]);
        let topic_id = Uuid(kafka.topic_id(&topic));
        let mut connection = kafka.connect_to_leader(&topic, 0);
        let (code, offered) = api_versions(&mut connection, 4, 4);
        assert_eq!(code, ErrorCode::NONE);
        let mut broker = Self { connection, offered, topic, topic_id };
        broker.wait_until_it_leads();
        broker
    }

    /// Metadata names a leader a moment before that broker knows that it leads.
    fn wait_until_it_leads(&mut self) {
        let latest = ListOffsetsPartition { timestamp: -1, ..Default::default() };
        let wanted = ListOffsetsTopic { name: self.topic.clone(), partitions: vec![latest] };
        let request = ListOffsetsRequest { replica_id: -1, topics: vec![wanted], ..Default::default() };
        self.ask_until(5, &request, |answer| {
            let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
            partitions.all(|partition| partition.error_code == ErrorCode::NONE)
        });
    }

    /// Asks in every version that both know, and returns the answers.
    fn ask<R: Request>(&mut self, request: impl Fn(i16) -> R) -> Vec<(i16, R::Response)>
    where
        R::Response: Debug,
    {
        let offered = self.offered.versions(R::KEY).unwrap_or_else(|| panic!("{} is offered", R::KEY));
        let both = offered.intersection(R::VERSIONS).expect("a version that both know");
        (both.min..=both.max).map(|version| (version, self.ask_in(version, &request(version)))).collect()
    }

    /// Asks until the answer is as it should be: a broker that was just started is still loading.
    fn ask_until<R: Request>(&mut self, version: i16, request: &R, ready: impl Fn(&R::Response) -> bool) {
        let begun = Instant::now();
        while !ready(&self.ask_in(version, request)) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} v{version} is never ready", R::KEY);
            sleep(Duration::from_millis(50));
        }
    }

    fn ask_in<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        let mut body = Writer::new();
        request.encode(&mut body, version).unwrap_or_else(|error| panic!("{} v{version}: {error}", R::KEY));
        let answer = exchange(&mut self.connection, R::KEY, version, body.written());
        let mut reader = Reader::new(&answer);
        ResponseHeader::decode(&mut reader, R::KEY, version).expect("a response header");
        let response = R::Response::decode(&mut reader, version);
        assert_eq!(reader.finish(), Ok(()), "{} v{version}", R::KEY);
        response.unwrap_or_else(|error| panic!("{} v{version}: {error}", R::KEY))
    }
}

fn exchange(connection: &mut Connection, api_key: ApiKey, api_version: i16, body: &[u8]) -> bytes::Bytes {
    let mut writer = Writer::new();
    let frame = OpenFrame::begin(&mut writer);
    let header = RequestHeader { api_key, api_version, correlation_id: 7, client_id: Some("real-kafka") };
    header.encode(&mut writer).expect("a header");
    writer.raw(body);
    frame.end(&mut writer, 0).expect("a frame");
    let answer = connection.exchange(writer.written());
    assert_eq!(ResponseHeader::peek(&answer), Ok(7));
    answer
}

/// Asks in version `asked`, with the body of `layout`.
fn api_versions(connection: &mut Connection, asked: i16, layout: i16) -> (ErrorCode, Offered) {
    let mut body = Writer::new();
    let request = ApiVersionsRequest { client_software_name: "milena".into(), client_software_version: "0.1".into() };
    request.encode(&mut body, layout).expect("a request");
    let answer = exchange(connection, ApiKey::API_VERSIONS, asked, body.written());
    let mut reader = Reader::new(&answer);
    ResponseHeader::decode(&mut reader, ApiKey::API_VERSIONS, asked).expect("a response header");
    Offered::decode(&mut reader, asked).expect("an offer")
}

#[test]
fn a_version_of_the_future_is_refused_with_the_versions_that_there_are() {
    let kafka = Kafka::one();
    let topic = kafka.create_topic(1, 1, &[]);
    let mut connection = kafka.connect_to_leader(&topic, 0);
    let (code, offered) = api_versions(&mut connection, 99, 4);
    assert_eq!(code, ErrorCode::UNSUPPORTED_VERSION);
    let again = offered.pick(ApiKey::API_VERSIONS, Versions::new(0, 4)).expect("a version to ask again with");
    let (code, offered) = api_versions(&mut connection, again, again);
    assert_eq!(code, ErrorCode::NONE, "on the same connection");
    assert!(offered.pick(ApiKey::PRODUCE, ProduceRequest::VERSIONS).is_some());
}

#[test]
fn a_broker_answers_every_version_of_what_a_producer_asks() {
    let mut broker = Broker::new(&Kafka::one());
    let (topic, topic_id) = (broker.topic.clone(), broker.topic_id);

    for (version, answer) in broker
        .ask(|_| ApiVersionsRequest { client_software_name: "milena".into(), client_software_version: "0.1".into() })
    {
        assert_eq!(answer.error_code, ErrorCode::NONE, "v{version}");
        assert!(answer.api_keys.iter().any(|api| api.api_key == ApiKey::METADATA), "v{version}");
    }

    let named = MetadataRequestTopic { name: Some(topic.clone()), ..Default::default() };
    for (version, answer) in broker.ask(|_| MetadataRequest { topics: Some(vec![named.clone()]), ..Default::default() })
    {
        let found = answer.topics.first().expect("the topic");
        assert_eq!((found.name.as_deref(), found.error_code), (Some(&*topic), ErrorCode::NONE), "v{version}");
        assert_eq!(found.topic_id, if version >= 10 { topic_id } else { Uuid::ZERO }, "v{version}");
        assert_eq!(found.partitions.len(), 1, "v{version}");
    }

    let init = InitProducerIdRequest { transactional_id: None, transaction_timeout_ms: 60_000, ..Default::default() };
    // COORDINATOR_LOAD_IN_PROGRESS until the controller has given the broker its block of ids.
    broker.ask_until(5, &init, |answer| answer.error_code == ErrorCode::NONE);
    for (version, answer) in broker.ask(|_| init.clone()) {
        assert_eq!(answer.error_code, ErrorCode::NONE, "v{version}");
        assert!(answer.producer_id >= 0, "v{version}");
    }

    let data = TopicProduceData {
        name: topic,
        topic_id,
        partition_data: vec![PartitionProduceData { index: 0, records: Some(bytes::Bytes::new()) }],
    };
    for (version, answer) in broker.ask(|_| ProduceRequest {
        acks: -1,
        timeout_ms: 30_000,
        topic_data: vec![data.clone()],
        ..Default::default()
    }) {
        let partition = answer.responses.first().and_then(|topic| topic.partition_responses.first());
        let code = partition.expect("the partition").error_code;
        assert_eq!(code, ErrorCode::INVALID_RECORD, "v{version}: a partition without a batch");
    }

    broker.ask(|_| SaslHandshakeRequest { mechanism: "PLAIN".into() });
}

#[test]
fn a_broker_answers_every_version_of_what_a_transaction_asks() {
    let mut broker = Broker::new(&Kafka::one());
    let topic = broker.topic.clone();
    let id = format!("id-of-{topic}");

    let find = |version| match version {
        ..4 => FindCoordinatorRequest {
            key: id.clone(),
            key_type: version.min(1).try_into().expect("0 or 1"),
            ..Default::default()
        },
        _ => FindCoordinatorRequest { key_type: 1, coordinator_keys: vec![id.clone()], ..Default::default() },
    };
    for (version, answer) in broker.ask(find) {
        let found = if version >= 4 { answer.coordinators.len() } else { 1 };
        assert_eq!(found, 1, "v{version}: {answer:?}");
    }

    let partitions = vec![AddPartitionsToTxnTopic { name: topic.clone(), partitions: vec![0] }];
    let add = |_| AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: id.clone(),
        v3_and_below_topics: partitions.clone(),
        ..Default::default()
    };
    for version in 0..=3 {
        let answer = broker.ask_in(version, &add(version));
        assert_eq!(answer.results_by_topic_v3_and_below.len(), 1, "v{version}");
    }

    broker.ask(|_| AddOffsetsToTxnRequest { transactional_id: id.clone(), group_id: "g".into(), ..Default::default() });
    broker.ask(|_| EndTxnRequest { transactional_id: id.clone(), committed: true, ..Default::default() });

    let offset = TxnOffsetCommitRequestPartition { committed_offset: 5, ..Default::default() };
    let offsets = TxnOffsetCommitRequestTopic { name: topic, partitions: vec![offset] };
    for (version, answer) in broker.ask(|_| TxnOffsetCommitRequest {
        transactional_id: id.clone(),
        group_id: "g".into(),
        topics: vec![offsets.clone()],
        ..Default::default()
    }) {
        assert_eq!(answer.topics.len(), 1, "v{version}");
    }
}

#[test]
fn a_broker_answers_every_version_of_what_a_consumer_asks() {
    let mut broker = Broker::new(&Kafka::one());
    let (topic, topic_id) = (broker.topic.clone(), broker.topic_id);

    let partition = FetchPartition { partition_max_bytes: 1 << 20, ..Default::default() };
    let wanted = FetchTopic { topic: topic.clone(), topic_id, partitions: vec![partition] };
    let fetch = FetchRequest { topics: vec![wanted], ..Default::default() };
    let data = |answer: FetchResponse| answer.responses.into_iter().flat_map(|topic| topic.partitions).next();
    for (version, answer) in broker.ask(|_| fetch.clone()) {
        let partition = data(answer).expect("the partition");
        assert_eq!((partition.error_code, partition.high_watermark), (ErrorCode::NONE, 0), "v{version}");
    }

    let latest = ListOffsetsPartition { timestamp: -1, ..Default::default() };
    let wanted = ListOffsetsTopic { name: topic.clone(), partitions: vec![latest] };
    for (version, answer) in
        broker.ask(|_| ListOffsetsRequest { replica_id: -1, topics: vec![wanted.clone()], ..Default::default() })
    {
        let found = answer.topics.first().and_then(|topic| topic.partitions.first()).expect("the partition");
        assert_eq!((found.error_code, found.offset), (ErrorCode::NONE, 0), "v{version}");
    }

    let offset = OffsetCommitRequestPartition { committed_offset: 5, ..Default::default() };
    let offsets = OffsetCommitRequestTopic { name: topic.clone(), topic_id, partitions: vec![offset] };
    let commit = OffsetCommitRequest { group_id: "g".into(), topics: vec![offsets], ..Default::default() };
    let code = |answer: &OffsetCommitResponse| {
        answer.topics.first().and_then(|topic| topic.partitions.first()).expect("the partition").error_code
    };
    // The first question for a coordinator creates its topic.
    let find = FindCoordinatorRequest { key: "g".into(), ..Default::default() };
    broker.ask_until(3, &find, |answer| answer.error_code == ErrorCode::NONE);
    broker.ask_until(9, &commit, |answer| code(answer) == ErrorCode::NONE);
    for (version, answer) in broker.ask(|_| commit.clone()) {
        assert_eq!(code(&answer), ErrorCode::NONE, "v{version}");
    }

    let names = |version| match version {
        ..8 => OffsetFetchRequest {
            group_id: "g".into(),
            topics: Some(vec![OffsetFetchRequestTopic { name: topic.clone(), partition_indexes: vec![0] }]),
            ..Default::default()
        },
        _ => {
            let wanted = OffsetFetchRequestTopics { name: topic.clone(), topic_id, partition_indexes: vec![0] };
            let group =
                OffsetFetchRequestGroup { group_id: "g".into(), topics: Some(vec![wanted]), ..Default::default() };
            OffsetFetchRequest { groups: vec![group], ..Default::default() }
        }
    };
    for (version, answer) in broker.ask(names) {
        let before_8 = answer.topics.iter().flat_map(|topic| &topic.partitions).map(|found| found.committed_offset);
        let groups = answer.groups.iter().flat_map(|group| &group.topics).flat_map(|topic| &topic.partitions);
        let found: Vec<_> = before_8.chain(groups.map(|found| found.committed_offset)).collect();
        assert_eq!(found, [5], "v{version}");
    }
}

#[test]
fn a_broker_answers_every_version_of_what_changes_topics() {
    let mut broker = Broker::new(&Kafka::one());
    let topic = broker.topic.clone();

    let setting = CreatableTopicConfig { name: "retention.ms".into(), value: Some("1000".into()) };
    let wanted = CreatableTopic {
        name: format!("{topic}-not-created"),
        num_partitions: 2,
        replication_factor: 1,
        configs: vec![setting],
        ..Default::default()
    };
    for (version, answer) in
        broker.ask(|_| CreateTopicsRequest { topics: vec![wanted.clone()], validate_only: true, ..Default::default() })
    {
        let created = answer.topics.first().expect("the topic");
        assert_eq!(created.error_code, ErrorCode::NONE, "v{version}");
        let settings = created.configs.as_ref().map_or(0, Vec::len);
        assert_eq!(settings > 0, version >= 5, "v{version}: {settings} settings");
    }

    let more = CreatePartitionsTopic { name: topic.clone(), count: 3, assignments: None };
    for (version, answer) in
        broker.ask(|_| CreatePartitionsRequest { topics: vec![more.clone()], timeout_ms: 30_000, validate_only: true })
    {
        assert_eq!(answer.results.first().map(|result| result.error_code), Some(ErrorCode::NONE), "v{version}");
    }

    let start = DeleteRecordsPartition { partition_index: 0, offset: 0 };
    let records = DeleteRecordsTopic { name: topic.clone(), partitions: vec![start] };
    for (version, answer) in broker.ask(|_| DeleteRecordsRequest { topics: vec![records.clone()], timeout_ms: 30_000 })
    {
        let deleted = answer.topics.first().and_then(|topic| topic.partitions.first()).expect("the partition");
        assert_eq!((deleted.error_code, deleted.low_watermark), (ErrorCode::NONE, 0), "v{version}");
    }

    let unknown = format!("{topic}-unknown");
    let delete = |version| match version {
        ..6 => DeleteTopicsRequest { topic_names: vec![unknown.clone()], timeout_ms: 30_000, ..Default::default() },
        _ => {
            let topics = vec![DeleteTopicState { name: None, topic_id: Uuid([9; 16]) }];
            DeleteTopicsRequest { topics, timeout_ms: 30_000, ..Default::default() }
        }
    };
    for (version, answer) in broker.ask(delete) {
        let expected = if version >= 6 { ErrorCode::UNKNOWN_TOPIC_ID } else { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION };
        assert_eq!(answer.responses.first().map(|topic| topic.error_code), Some(expected), "v{version}");
    }
}

#[test]
fn a_broker_answers_every_version_of_what_describes_it() {
    let mut broker = Broker::new(&Kafka::one());
    let topic = broker.topic.clone();

    let resource = DescribeConfigsResource { resource_type: 2, resource_name: topic.clone(), configuration_keys: None };
    for (version, answer) in
        broker.ask(|_| DescribeConfigsRequest { resources: vec![resource.clone()], ..Default::default() })
    {
        let result = answer.results.first().expect("the topic");
        assert!(result.configs.iter().any(|setting| setting.name == "max.message.bytes"), "v{version}");
    }

    let wanted = TopicRequest { name: topic.clone(), partition_indexes: vec![0] };
    for (version, answer) in broker.ask(|_| DescribeProducersRequest { topics: vec![wanted.clone()] }) {
        let found = answer.topics.first().and_then(|topic| topic.partitions.first()).expect("the partition");
        assert_eq!(found.error_code, ErrorCode::NONE, "v{version}");
    }

    for (version, answer) in broker.ask(|_| DescribeClusterRequest::default()) {
        assert_eq!((answer.error_code, answer.brokers.len()), (ErrorCode::NONE, 1), "v{version}");
    }
}
