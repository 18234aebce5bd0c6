//! Fetch, version 4 to 18: whole batches below the high watermark, at once or when there is enough.
//!
//! Every fetch is a full one: the broker opens no fetch session (KIP-227), which it is free not to.

use super::{Answer, Question, Request};
use crate::cluster::{Cluster, Operation};
use crate::connection::Wait;
use crate::controller::{Event, Planned};
use crate::fault::Hit;
use crate::log::Log;
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint,
    PartitionData,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The first version that names topics by id (KIP-516).
const FIRST_WITH_TOPIC_IDS: i16 = 13;

/// The first version that says who leads instead.
const FIRST_WITH_LEADER: i16 = 12;

/// The first version that says where that one listens (KIP-951).
const FIRST_WITH_ENDPOINTS: i16 = 16;

/// A fetch that waits for more to read.
#[derive(Debug)]
pub(crate) struct Pending {
    message: FetchRequest,
    throttle_time_ms: i32,
    hit: Option<Hit>,
    timeout: Planned,
}

pub(crate) fn answer(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: FetchRequest = request.read()?;
    let names: Vec<_> = message.topics.iter().map(|topic| resolve(cluster, &request.question, topic)).collect();
    let named = names.iter().zip(&message.topics).flat_map(|(name, topic)| {
        topic.partitions.iter().map(|partition| (name.as_deref().unwrap_or_default(), partition.partition))
    });
    if request.meets(cluster, named) {
        return Ok(Answer::Silent);
    }
    let throttle_time_ms = request.throttle_time_ms();
    let hit = request.hit.clone();
    let read = Reading { cluster, broker: request.broker, question: &request.question, hit: hit.as_ref() };
    let response = read.response(&message, throttle_time_ms);
    if message.max_wait_ms <= 0 || message.topics.is_empty() || is_enough(&response, message.min_bytes) {
        return Ok(request.question.reply(&response));
    }
    let wait = Duration::from_millis(u64::try_from(message.max_wait_ms).unwrap_or_default());
    let timeout = cluster.plan(wait, Event::Wake);
    Ok(Answer::Later(Wait::Fetch(Box::new(Pending { message, throttle_time_ms, hit, timeout }))))
}

/// Whether there is enough now, or the request's time is over.
pub(crate) fn look_again(cluster: &mut Cluster, broker: i32, question: &Question, pending: Box<Pending>) -> Answer {
    let read = Reading { cluster, broker, question, hit: pending.hit.as_ref() };
    let response = read.response(&pending.message, pending.throttle_time_ms);
    if cluster.now < pending.timeout.0 && !is_enough(&response, pending.message.min_bytes) {
        return Answer::Later(Wait::Fetch(pending));
    }
    cluster.cancel(pending.timeout);
    question.reply(&response)
}

/// An error is enough, and so are `min_bytes`.
fn is_enough(response: &FetchResponse, min_bytes: i32) -> bool {
    let partitions = || response.responses.iter().flat_map(|topic| &topic.partitions);
    let bytes: usize = partitions().filter_map(|partition| partition.records.as_ref()).map(bytes::Bytes::len).sum();
    let failed = partitions().any(|partition| !partition.error_code.is_none());
    failed || bytes >= usize::try_from(min_bytes).unwrap_or_default()
}

/// Where there is no partition to speak of, Kafka says that no transactions were aborted, elsewhere that it does not say.
fn no_partition(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID | ErrorCode::TOPIC_AUTHORIZATION_FAILED
    )
}

fn resolve(cluster: &Cluster, question: &Question, topic: &FetchTopic) -> Option<Arc<str>> {
    if question.version >= FIRST_WITH_TOPIC_IDS {
        return cluster.topic_names.get(&topic.topic_id).cloned();
    }
    Some(topic.topic.as_str().into())
}

/// What is the same for all partitions of a request.
struct Reading<'a> {
    cluster: &'a Cluster,
    broker: i32,
    question: &'a Question,
    hit: Option<&'a Hit>,
}

impl Reading<'_> {
    fn response(&self, message: &FetchRequest, throttle_time_ms: i32) -> FetchResponse {
        let mut left = usize::try_from(message.max_bytes).unwrap_or_default();
        let mut empty = true;
        let mut response = FetchResponse { throttle_time_ms, ..Default::default() };
        for topic in &message.topics {
            let name = resolve(self.cluster, self.question, topic);
            let partitions = topic.partitions.iter().map(|asked| {
                let answer = self.partition(name.as_deref(), asked, left, empty);
                let bytes = answer.records.as_ref().map_or(0, bytes::Bytes::len);
                left = left.saturating_sub(bytes);
                empty &= bytes == 0;
                answer
            });
            let partitions = partitions.collect();
            let (topic, topic_id) = (topic.topic.clone(), topic.topic_id);
            response.responses.push(FetchableTopicResponse { topic, topic_id, partitions });
        }
        if self.question.version >= FIRST_WITH_ENDPOINTS {
            response.node_endpoints = self.endpoints(&response);
        }
        response
    }

    /// Where the leaders listen that the answer names.
    fn endpoints(&self, response: &FetchResponse) -> Vec<NodeEndpoint> {
        let partitions = response.responses.iter().flat_map(|topic| &topic.partitions);
        let leaders: BTreeSet<i32> = partitions.map(|partition| partition.current_leader.leader_id).collect();
        let known = leaders.into_iter().filter_map(|leader| self.cluster.broker(leader));
        known
            .map(|broker| NodeEndpoint {
                node_id: broker.id,
                host: broker.host.clone(),
                port: broker.port.into(),
                ..Default::default()
            })
            .collect()
    }

    /// One partition: `left` bytes at most, but one batch even so while the answer is `empty`.
    fn partition(&self, name: Option<&str>, asked: &FetchPartition, left: usize, empty: bool) -> PartitionData {
        let mut answer = PartitionData {
            partition_index: asked.partition,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            aborted_transactions: None,
            records: Some(bytes::Bytes::new()),
            ..Default::default()
        };
        let max_bytes = usize::try_from(asked.partition_max_bytes).unwrap_or_default().min(left);
        let read = self.log(name, asked).and_then(|log| {
            let records = log.read(asked.fetch_offset, log.high_watermark(), max_bytes, empty)?;
            Ok((log, records))
        });
        match read {
            Ok((log, records)) => {
                answer.high_watermark = log.high_watermark();
                // Without transactions all below the high watermark is stable.
                answer.last_stable_offset = log.high_watermark();
                answer.log_start_offset = log.start();
                answer.records = Some(records.into());
            }
            Err(code) => {
                answer.error_code = code;
                answer.aborted_transactions = no_partition(code).then(Vec::new);
                answer.current_leader = self.current_leader(name, asked.partition, code);
            }
        }
        answer
    }

    fn log(&self, name: Option<&str>, asked: &FetchPartition) -> Result<&Log, ErrorCode> {
        let name = name.ok_or(ErrorCode::UNKNOWN_TOPIC_ID)?;
        if let Some(code) = self.hit.and_then(|hit| hit.refusal(name, asked.partition)) {
            return Err(code);
        }
        if let Some(code) = self.hit.and_then(|hit| hit.late_refusal(name, asked.partition)) {
            return Err(code);
        }
        if self.cluster.denied.contains(&Operation::Read(name.to_owned())) {
            return Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        }
        let partition = self.cluster.partition(name, asked.partition).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        Ok(&partition.leading_replica(self.broker, asked.current_leader_epoch)?.log)
    }

    fn current_leader(&self, name: Option<&str>, index: i32, code: ErrorCode) -> LeaderIdAndEpoch {
        let moved = matches!(code, ErrorCode::NOT_LEADER_OR_FOLLOWER | ErrorCode::FENCED_LEADER_EPOCH);
        let partition = name.and_then(|name| self.cluster.partition(name, index));
        match partition {
            Some(partition) if moved && self.question.version >= FIRST_WITH_LEADER => {
                let belief = partition.belief(self.broker);
                LeaderIdAndEpoch { leader_id: belief.leader.unwrap_or(-1), leader_epoch: belief.leader_epoch }
            }
            _ => LeaderIdAndEpoch::default(),
        }
    }
}
