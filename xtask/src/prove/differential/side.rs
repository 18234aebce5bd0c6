//! One of the two clusters: asked over TCP, and its answers written so that those of the other can be compared.
//!
//! What cannot be the same is left out or named by number: ids of topics and producers, times that the broker chose, how
//! long it takes. What is said in words is compared without its numbers.

use super::batch::Who;
use super::operation::{Operation, Produce};
use crate::kafka::ask::Connection;
use anyhow::{Context, Result, bail, ensure};
use milena_wire::buf::{Reader, Uuid};
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use milena_wire::messages::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use milena_wire::messages::delete_records::{DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic};
use milena_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use milena_wire::messages::describe_producers::{DescribeProducersRequest, TopicRequest};
use milena_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use milena_wire::messages::init_producer_id::InitProducerIdRequest;
use milena_wire::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use milena_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use milena_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use milena_wire::record_batch::{RecordBatch, TimestampType};
use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const TIMEOUT_MS: i32 = 10_000;

/// An answer, as far as it can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The code that decides.
    code: ErrorCode,
    text: String,
}

impl Answer {
    pub(super) fn is_refusal(&self) -> bool {
        !self.code.is_none()
    }

    fn new(code: ErrorCode, text: impl fmt::Display) -> Self {
        Self { code, text: text.to_string() }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

/// The connection was closed instead of an answer. No code of Kafka's has this number.
const HUNG_UP: ErrorCode = ErrorCode(i16::MAX);

pub(super) struct Side {
    address: String,
    connection: Option<Connection>,
    producers: Vec<i64>,
}

impl Side {
    pub(super) fn new(address: String) -> Self {
        Self { address, connection: None, producers: Vec::new() }
    }

    /// Asks; batches are as old as they say at `now_ms`.
    pub(super) fn perform(&mut self, operation: &Operation, now_ms: i64) -> Result<Answer> {
        match operation {
            Operation::CreateTopic { topic, partitions, replicas, settings } => {
                self.create(topic, *partitions, *replicas, settings)
            }
            Operation::DeleteTopic { topic } => self.delete(topic),
            Operation::AddPartitions { topic, count } => self.add_partitions(topic, *count),
            Operation::DeleteRecords { topic, partition, offset } => self.delete_records(topic, *partition, *offset),
            Operation::InitProducerId => self.init_producer_id(),
            Operation::Metadata { topic, version } => self.metadata(topic, *version),
            Operation::Produce(produce) => self.produce(produce, now_ms),
            Operation::Describe { topic, partition } => self.describe(topic, *partition),
            Operation::Offsets { topic, partition, timestamp } => self.offsets(topic, *partition, *timestamp),
            Operation::Read { topic, partition } => self.read(topic, *partition),
            Operation::Restart { .. } => self.back(),
        }
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        if self.connection.is_none() {
            self.connection = Some(Connection::to(&self.address, PATIENCE)?);
        }
        self.connection.as_mut().context("just connected")
    }

    fn ask<R: milena_wire::messages::Request>(&mut self, request: &R, version: i16) -> Result<R::Response> {
        self.connection()?.ask(request, version)
    }

    /// After a restart: it serves when all of its partitions have their leader again.
    fn back(&mut self) -> Result<Answer> {
        self.connection = None;
        let request = MetadataRequest { topics: None, ..Default::default() };
        let begun = Instant::now();
        loop {
            let response = self.ask(&request, 12)?;
            if whole(&response) {
                let mut places = Vec::new();
                for topic in response.topics.iter().filter(|topic| !topic.is_internal) {
                    let name = topic.name.clone().unwrap_or_default();
                    for index in 0..i32::try_from(topic.partitions.len())? {
                        self.await_leader(&name, index)?;
                    }
                    places.push(format!("{name} {}", topic.partitions.len()));
                }
                places.sort();
                return Ok(Answer::new(ErrorCode::NONE, places.join(", ")));
            }
            ensure!(begun.elapsed() < PATIENCE, "{} has no leaders", self.address);
            sleep(Duration::from_millis(20));
        }
    }

    /// Metadata is ahead of the partition itself.
    fn await_leader(&mut self, topic: &str, partition: i32) -> Result<()> {
        let begun = Instant::now();
        while self.offsets(topic, partition, -1)?.is_refusal() {
            ensure!(begun.elapsed() < PATIENCE, "{topic}-{partition} at {} has no leader", self.address);
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn create(&mut self, topic: &str, partitions: i32, replicas: i16, settings: &[(&str, &str)]) -> Result<Answer> {
        let config = |(name, value): &(&str, &str)| CreatableTopicConfig {
            name: (*name).to_owned(),
            value: Some((*value).to_owned()),
        };
        let asked = CreatableTopic {
            name: topic.to_owned(),
            num_partitions: partitions,
            replication_factor: replicas,
            configs: settings.iter().map(config).collect(),
            ..Default::default()
        };
        let request = CreateTopicsRequest { topics: vec![asked], timeout_ms: TIMEOUT_MS, validate_only: false };
        let created = self.ask(&request, 7)?.topics.into_iter().next().context("no topic in the answer")?;
        if created.error_code.is_none() {
            (0..partitions).try_for_each(|partition| self.await_leader(topic, partition))?;
        }
        let (count, replicas) = (created.num_partitions, created.replication_factor);
        Ok(Answer::new(created.error_code, format!("{count} partitions, {replicas} replicas")))
    }

    fn delete(&mut self, topic: &str) -> Result<Answer> {
        let asked = DeleteTopicState { name: Some(topic.to_owned()), ..Default::default() };
        let request = DeleteTopicsRequest { topics: vec![asked], timeout_ms: TIMEOUT_MS, ..Default::default() };
        let deleted = self.ask(&request, 6)?.responses.into_iter().next().context("no topic in the answer")?;
        let begun = Instant::now();
        // The partition goes a moment after its topic.
        while deleted.error_code.is_none() && self.offsets(topic, 0, -1)?.code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        {
            ensure!(begun.elapsed() < PATIENCE, "{topic} at {} does not go away", self.address);
            sleep(Duration::from_millis(5));
        }
        Ok(Answer::new(deleted.error_code, deleted.name.unwrap_or_default()))
    }

    fn add_partitions(&mut self, topic: &str, count: i32) -> Result<Answer> {
        let asked = CreatePartitionsTopic { name: topic.to_owned(), count, assignments: None };
        let request = CreatePartitionsRequest { topics: vec![asked], timeout_ms: TIMEOUT_MS, validate_only: false };
        let added = self.ask(&request, 3)?.results.into_iter().next().context("no topic in the answer")?;
        if added.error_code.is_none() {
            (0..count).try_for_each(|partition| self.await_leader(topic, partition))?;
        }
        Ok(Answer::new(added.error_code, added.name))
    }

    fn delete_records(&mut self, topic: &str, partition: i32, offset: i64) -> Result<Answer> {
        let partitions = vec![DeleteRecordsPartition { partition_index: partition, offset }];
        let topics = vec![DeleteRecordsTopic { name: topic.to_owned(), partitions }];
        let response = self.ask(&DeleteRecordsRequest { topics, timeout_ms: TIMEOUT_MS }, 2)?;
        let topic = response.topics.into_iter().next().context("no topic in the answer")?;
        let partition = topic.partitions.into_iter().next().context("no partition in the answer")?;
        Ok(Answer::new(partition.error_code, format!("low watermark {}", partition.low_watermark)))
    }

    /// The first offset of a partition that is there.
    pub(super) fn start_of(&mut self, topic: &str, partition: i32) -> Result<i64> {
        Ok(self.offsets(topic, partition, -2)?.text.trim_start_matches("offset ").parse()?)
    }

    pub(super) fn delete_before(&mut self, topic: &str, partition: i32, offset: i64) -> Result<()> {
        let answer = self.delete_records(topic, partition, offset)?;
        ensure!(!answer.is_refusal(), "deleting records of {topic}-{partition} before {offset}: {answer}");
        Ok(())
    }

    fn init_producer_id(&mut self) -> Result<Answer> {
        let request = InitProducerIdRequest {
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        let begun = Instant::now();
        let mut given = self.ask(&request, 4)?;
        // A coordinator that has just started.
        while given.error_code == ErrorCode::COORDINATOR_LOAD_IN_PROGRESS && begun.elapsed() < PATIENCE {
            sleep(Duration::from_millis(20));
            given = self.ask(&request, 4)?;
        }
        let fresh = !self.producers.contains(&given.producer_id);
        self.producers.push(given.producer_id);
        Ok(Answer::new(given.error_code, format!("epoch {}, fresh: {fresh}", given.producer_epoch)))
    }

    fn metadata(&mut self, topic: &str, version: i16) -> Result<Answer> {
        let named = MetadataRequestTopic { name: Some(topic.to_owned()), ..Default::default() };
        let request =
            MetadataRequest { topics: Some(vec![named]), allow_auto_topic_creation: version < 4, ..Default::default() };
        let response = self.ask(&request, version)?;
        let topic = response.topics.first().context("no topic in the answer")?;
        let mut partitions: Vec<_> = topic.partitions.iter().collect();
        partitions.sort_by_key(|partition| partition.partition_index);
        let partition = |partition: &&milena_wire::messages::metadata::MetadataResponsePartition| {
            let (index, leader, code) = (partition.partition_index, partition.leader_id, partition.error_code);
            let (replicas, isr, offline) =
                (&partition.replica_nodes, &partition.isr_nodes, &partition.offline_replicas);
            format!("{index}: {code} led by {leader}, replicas {replicas:?}, in sync {isr:?}, offline {offline:?}")
        };
        let partitions: Vec<String> = partitions.iter().map(partition).collect();
        let (name, has_id) = (topic.name.as_deref().unwrap_or_default(), topic.topic_id != Uuid::default());
        let text = format!("{name}, id: {has_id}, {} brokers, {}", response.brokers.len(), partitions.join("; "));
        Ok(Answer::new(topic.error_code, text))
    }

    fn topic_id(&mut self, topic: &str) -> Result<Uuid> {
        let named = MetadataRequestTopic { name: Some(topic.to_owned()), ..Default::default() };
        let request = MetadataRequest { topics: Some(vec![named]), ..Default::default() };
        let response: MetadataResponse = self.ask(&request, 12)?;
        let id = response.topics.first().map(|topic| topic.topic_id).unwrap_or_default();
        // Of a topic that is not there: one that no topic has.
        Ok(if id == Uuid::default() { Uuid([0xfe; 16]) } else { id })
    }

    fn produce(&mut self, asked: &Produce, now_ms: i64) -> Result<Answer> {
        let producer_id = match asked.batch.who {
            Who::Nobody => -1,
            Who::Stranger(id) => id,
            Who::Known(number) => *self.producers.get(number).context("a producer that was given an id")?,
        };
        let records = asked.batch.bytes(producer_id, now_ms)?;
        let partition_data = vec![PartitionProduceData { index: asked.partition, records: Some(records.into()) }];
        let topic_id = if asked.version >= 13 { self.topic_id(&asked.topic)? } else { Uuid::default() };
        let topic_data = vec![TopicProduceData { name: asked.topic.clone(), topic_id, partition_data }];
        let request = ProduceRequest { acks: asked.acks, timeout_ms: TIMEOUT_MS, topic_data, ..Default::default() };
        if asked.acks == 0 {
            self.connection()?.send(&request, asked.version)?;
            // Nobody answers; what came of it shows in the next question, on the same connection.
            return match self.offsets(&asked.topic, asked.partition, -1) {
                Ok(answer) => Ok(answer),
                Err(_) => self.hung_up(),
            };
        }
        let Ok(response) = self.ask(&request, asked.version) else { return self.hung_up() };
        let topic = response.responses.into_iter().next().context("no topic in the answer")?;
        let said = topic.partition_responses.into_iter().next().context("no partition in the answer")?;
        let errors: Vec<String> = said
            .record_errors
            .iter()
            .map(|error| format!("{}: {}", error.batch_index, wordy(error.batch_index_error_message.as_deref())))
            .collect();
        let text = format!(
            "partition {}, offset {}, log starts at {}, append time: {}, leader {}, {}, records {errors:?}",
            said.index,
            said.base_offset,
            said.log_start_offset,
            said.log_append_time_ms >= 0,
            said.current_leader.leader_id,
            wordy(said.error_message.as_deref()),
        );
        Ok(Answer::new(said.error_code, text))
    }

    fn hung_up(&mut self) -> Result<Answer> {
        self.connection = None;
        Ok(Answer::new(HUNG_UP, "connection closed"))
    }

    fn describe(&mut self, topic: &str, partition: i32) -> Result<Answer> {
        let topics = vec![TopicRequest { name: topic.to_owned(), partition_indexes: vec![partition] }];
        let response = self.ask(&DescribeProducersRequest { topics }, 0)?;
        let topic = response.topics.into_iter().next().context("no topic in the answer")?;
        let partition = topic.partitions.into_iter().next().context("no partition in the answer")?;
        let mut producers: Vec<String> = partition
            .active_producers
            .iter()
            .map(|producer| {
                let name = self.name_of(producer.producer_id);
                let (epoch, last) = (producer.producer_epoch, producer.last_sequence);
                format!("{name} epoch {epoch} last {last} coordinator {}", producer.coordinator_epoch)
            })
            .collect();
        producers.sort();
        Ok(Answer::new(partition.error_code, producers.join(", ")))
    }

    fn offsets(&mut self, topic: &str, partition: i32, timestamp: i64) -> Result<Answer> {
        let asked = ListOffsetsPartition { partition_index: partition, current_leader_epoch: -1, timestamp };
        let topics = vec![ListOffsetsTopic { name: topic.to_owned(), partitions: vec![asked] }];
        let response = self.ask(&ListOffsetsRequest { replica_id: -1, topics, ..Default::default() }, 7)?;
        let topic = response.topics.into_iter().next().context("no topic in the answer")?;
        let found = topic.partitions.into_iter().next().context("no partition in the answer")?;
        Ok(Answer::new(found.error_code, format!("offset {}", found.offset)))
    }

    /// Batch by batch.
    fn read(&mut self, topic: &str, partition: i32) -> Result<Answer> {
        let first = self.offsets(topic, partition, -2)?;
        if first.is_refusal() {
            return Ok(first);
        }
        let mut offset = self.start_of(topic, partition)?;
        let mut batches = vec![format!("from {offset}")];
        loop {
            let wanted =
                FetchPartition { partition, fetch_offset: offset, partition_max_bytes: 1 << 20, ..Default::default() };
            let topics = vec![FetchTopic { topic: topic.to_owned(), partitions: vec![wanted], ..Default::default() }];
            let request =
                FetchRequest { replica_id: -1, max_bytes: 1 << 20, session_epoch: -1, topics, ..Default::default() };
            let response = self.ask(&request, 11)?;
            let data = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
            let data = data.context("no partition in the answer")?;
            if !data.error_code.is_none() {
                return Ok(Answer::new(data.error_code, "fetching"));
            }
            let bytes = data.records.unwrap_or_default();
            let mut reader = Reader::new(&bytes);
            let before = offset;
            // The last batch may be cut off: it comes whole with the next answer.
            while let Ok(batch) = RecordBatch::decode(&mut reader) {
                offset = batch.header.base_offset + i64::from(batch.header.last_offset_delta) + 1;
                batches.push(self.stored(&batch));
            }
            if offset >= data.high_watermark {
                return Ok(Answer::new(ErrorCode::NONE, batches.join("; ")));
            }
            if offset == before {
                bail!("{topic}-{partition} at {} stops at {offset} of {}", self.address, data.high_watermark);
            }
        }
    }

    /// A producer id that was given out, by its number.
    fn name_of(&self, producer_id: i64) -> String {
        let number = self.producers.iter().position(|known| *known == producer_id);
        number.map_or_else(|| producer_id.to_string(), |number| format!("#{number}"))
    }

    fn stored(&self, batch: &RecordBatch<'_>) -> String {
        let header = &batch.header;
        let who = self.name_of(header.producer_id);
        let time = match header.timestamp_type {
            TimestampType::LogAppendTime => "append time",
            TimestampType::CreateTime => "create time",
        };
        let sum = batch.body.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let (offset, epoch, sequence) = (header.base_offset, header.producer_epoch, header.base_sequence);
        format!("{offset}+{} by {who} {epoch} {sequence}, {time}, {:?}, {sum:x}", header.record_count, header.codec)
    }
}

fn whole(response: &MetadataResponse) -> bool {
    let led = |topic: &milena_wire::messages::metadata::MetadataResponseTopic| {
        topic.error_code.is_none() && topic.partitions.iter().all(|partition| partition.leader_id > 0)
    };
    response.topics.iter().all(led)
}

/// A sentence without its numbers.
fn wordy(text: Option<&str>) -> String {
    let Some(text) = text else { return "nothing said".to_owned() };
    let mut out = String::new();
    for part in text.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()) {
        out.push_str(part);
        out.push('#');
    }
    out
}
