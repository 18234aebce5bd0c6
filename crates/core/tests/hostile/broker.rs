//! An honest cluster of two brokers, small enough to be right: topic `t` with two partitions, led by broker 1.

use milena_wire::buf::{Reader, Uuid, Writer};
use milena_wire::error_code::ErrorCode;
use milena_wire::frame::{OpenFrame, RequestHeader, ResponseHeader};
use milena_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use milena_wire::messages::init_producer_id::InitProducerIdResponse;
use milena_wire::messages::list_offsets::{
    ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use milena_wire::messages::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_wire::messages::produce::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use milena_wire::record_batch::RecordBatch;
use milena_wire::version::ApiKey;
use milena_wire::{Decode, Encode};
use std::collections::HashMap;

/// Which versions a cluster speaks, at most: ApiVersions, Metadata, InitProducerId, Produce, ListOffsets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age {
    pub(crate) api_versions: i16,
    pub(crate) metadata: i16,
    pub(crate) init_producer_id: i16,
    pub(crate) produce: i16,
    pub(crate) list_offsets: i16,
}

pub(crate) const LOW: Age = Age { api_versions: 0, metadata: 0, init_producer_id: 0, produce: 3, list_offsets: 1 };
pub(crate) const MIDDLE: Age = Age { api_versions: 2, metadata: 8, init_producer_id: 2, produce: 8, list_offsets: 5 };
pub(crate) const NEWEST: Age =
    Age { api_versions: 4, metadata: 13, init_producer_id: 5, produce: 13, list_offsets: 11 };
pub(crate) const AGES: [Age; 3] = [LOW, MIDDLE, NEWEST];

pub(crate) const TOPIC_ID: Uuid = Uuid([7; 16]);

/// A question, as it is asked of a broker.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) body: Vec<u8>,
}

impl Question {
    pub(crate) fn read(frame: &[u8]) -> Self {
        let mut reader = Reader::new(frame);
        assert_eq!(reader.i32().unwrap() as usize, frame.len() - 4);
        let header = RequestHeader::decode(&mut reader).unwrap();
        let RequestHeader { api_key, api_version, correlation_id, .. } = header;
        Self { api: api_key, version: api_version, correlation_id, body: reader.rest().to_vec() }
    }

    /// The frame of an answer.
    pub(crate) fn answer(&self, response: &impl Encode) -> Vec<u8> {
        let mut writer = Writer::new();
        response.encode(&mut writer, self.version).unwrap();
        self.answer_raw(writer.written())
    }

    /// The frame of an answer with any body.
    pub(crate) fn answer_raw(&self, body: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        let frame = OpenFrame::begin(&mut writer);
        ResponseHeader { correlation_id: self.correlation_id }.encode(&mut writer, self.api, self.version);
        writer.raw(body);
        frame.end(&mut writer, 0).unwrap();
        writer.into_bytes()
    }
}

#[derive(Debug)]
pub(crate) struct Cluster {
    age: Age,
    /// Answers OUT_OF_ORDER_SEQUENCE_NUMBER to every batch: it has them, and has forgotten whose they are.
    pub(crate) forgetful: bool,
    /// What it has written: by partition, producer id, epoch and sequence, at which offset.
    written: HashMap<(i32, i64, i16, i32), i64>,
    next_offset: HashMap<i32, i64>,
}

impl Cluster {
    pub(crate) fn new(age: Age) -> Self {
        Self { age, forgetful: false, written: HashMap::new(), next_offset: HashMap::new() }
    }

    /// The honest answer.
    pub(crate) fn answer(&mut self, question: &Question) -> Vec<u8> {
        match question.api {
            ApiKey::API_VERSIONS if question.version > self.age.api_versions => {
                let refusal = ApiVersionsResponse { error_code: ErrorCode::UNSUPPORTED_VERSION, ..self.versions() };
                let mut writer = Writer::new();
                refusal.encode(&mut writer, 0).unwrap();
                question.answer_raw(writer.written())
            }
            ApiKey::API_VERSIONS => question.answer(&self.versions()),
            ApiKey::METADATA => question.answer(&metadata(question.version)),
            ApiKey::INIT_PRODUCER_ID => {
                question.answer(&InitProducerIdResponse { producer_id: 77, producer_epoch: 0, ..Default::default() })
            }
            ApiKey::PRODUCE if self.forgetful => question.answer(&self.forgotten(question)),
            ApiKey::PRODUCE => question.answer(&self.produce(question)),
            ApiKey::LIST_OFFSETS => question.answer(&self.log_ends(question)),
            api => panic!("nobody asks {api}"),
        }
    }

    pub(crate) fn versions(&self) -> ApiVersionsResponse {
        let offer = |api_key, min_version, max_version| ApiVersion { api_key, min_version, max_version };
        ApiVersionsResponse {
            api_keys: vec![
                offer(ApiKey::PRODUCE, 0, self.age.produce),
                offer(ApiKey::METADATA, 0, self.age.metadata),
                offer(ApiKey::API_VERSIONS, 0, self.age.api_versions),
                offer(ApiKey::INIT_PRODUCER_ID, 0, self.age.init_producer_id),
                offer(ApiKey::LIST_OFFSETS, 0, self.age.list_offsets),
            ],
            ..Default::default()
        }
    }

    /// Appends each batch once, and says where.
    pub(crate) fn produce(&mut self, question: &Question) -> ProduceResponse {
        let asked = ProduceRequest::decode(&mut Reader::new(&question.body), question.version).unwrap();
        let mut response = ProduceResponse::default();
        for topic in &asked.topic_data {
            let mut answers = Vec::new();
            for data in &topic.partition_data {
                let batch = RecordBatch::decode(&mut Reader::new(data.records.as_ref().unwrap())).unwrap();
                batch.verify_crc().unwrap();
                let header = batch.header;
                let number = (data.index, header.producer_id, header.producer_epoch, header.base_sequence);
                let next = self.next_offset.entry(data.index).or_default();
                let base_offset = *self.written.entry(number).or_insert_with(|| {
                    let base_offset = *next;
                    *next += i64::from(header.record_count);
                    base_offset
                });
                answers.push(PartitionProduceResponse { index: data.index, base_offset, ..Default::default() });
            }
            response.responses.push(TopicProduceResponse {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partition_responses: answers,
            });
        }
        response
    }

    /// Where the logs end that are asked for.
    pub(crate) fn log_ends(&self, question: &Question) -> ListOffsetsResponse {
        let asked = ListOffsetsRequest::decode(&mut Reader::new(&question.body), question.version).unwrap();
        let end = |partition_index: i32| ListOffsetsPartitionResponse {
            partition_index,
            offset: self.next_offset.get(&partition_index).copied().unwrap_or_default(),
            ..Default::default()
        };
        let topics = asked.topics.into_iter().map(|topic| ListOffsetsTopicResponse {
            name: topic.name,
            partitions: topic.partitions.iter().map(|partition| end(partition.partition_index)).collect(),
        });
        ListOffsetsResponse { topics: topics.collect(), ..Default::default() }
    }

    fn forgotten(&mut self, question: &Question) -> ProduceResponse {
        let mut response = self.produce(question);
        for answer in response.responses.iter_mut().flat_map(|topic| &mut topic.partition_responses) {
            (answer.error_code, answer.base_offset) = (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        }
        response
    }

    /// An answer that has something in every field: NOT_LEADER_OR_FOLLOWER, who leads, and where that broker listens.
    pub(crate) fn refusal(&mut self, question: &Question) -> ProduceResponse {
        let mut response = self.produce(question);
        for answer in response.responses.iter_mut().flat_map(|topic| &mut topic.partition_responses) {
            answer.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            answer.base_offset = -1;
            if question.version >= 8 {
                answer.error_message = Some("not here".into());
            }
            if question.version >= 10 {
                answer.current_leader = LeaderIdAndEpoch { leader_id: 1, leader_epoch: 6 };
            }
        }
        if question.version >= 10 {
            let endpoint = NodeEndpoint { node_id: 1, host: "broker-1".into(), port: 9092, rack: None };
            response.node_endpoints.push(endpoint);
        }
        response
    }
}

/// Brokers 1 and 2; partitions 0 and 1, led by broker 1 since election 5.
pub(crate) fn metadata(version: i16) -> MetadataResponse {
    let broker = |node_id| MetadataResponseBroker {
        node_id,
        host: format!("broker-{node_id}"),
        port: 9092,
        ..Default::default()
    };
    let partition = |partition_index| MetadataResponsePartition {
        partition_index,
        leader_id: 1,
        leader_epoch: 5,
        replica_nodes: vec![1, 2],
        isr_nodes: vec![1],
        ..Default::default()
    };
    MetadataResponse {
        brokers: vec![broker(1), broker(2)],
        cluster_id: (version >= 2).then(|| "cluster".into()),
        topics: vec![MetadataResponseTopic {
            name: Some("t".into()),
            topic_id: TOPIC_ID,
            partitions: (0..2).map(partition).collect(),
            ..Default::default()
        }],
        ..Default::default()
    }
}
