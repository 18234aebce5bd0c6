//! Produce, version 3 to 13: who may write where, what became of each partition, and the wait for the replicas.

use super::append::{Append, Taken};
use super::validation::{self, Place, Refusal};
use super::{Answer, Question, Request};
use crate::cluster::{Cluster, Operation};
use crate::connection::Wait;
use crate::controller::{Event, Planned};
use crate::fault::Hit;
use milena_wire::buf::{DecodeError, Uuid};
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::produce::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse,
    TopicProduceData, TopicProduceResponse,
};
use std::sync::Arc;
use std::time::Duration;

/// The first version that names topics by id (KIP-516).
const FIRST_WITH_TOPIC_IDS: i16 = 13;

/// The first version that says who leads instead (KIP-951).
const FIRST_WITH_LEADERS: i16 = 10;

/// `acks=all`.
const ALL: i16 = -1;

/// A request whose records are in the leaders' logs and not yet on all the replicas that count.
#[derive(Debug)]
pub(crate) struct Pending {
    response: ProduceResponse,
    /// The partitions that are not there yet. Their answer says REQUEST_TIMED_OUT, until it is known better.
    waits: Vec<WaitFor>,
    timeout: Planned,
}

/// A partition whose high watermark has to reach `offset`.
#[derive(Debug)]
struct WaitFor {
    topic: Arc<str>,
    topic_id: Uuid,
    offset: i64,
    /// Where its answer stands in the response.
    at: (usize, usize),
}

pub(crate) fn answer(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: ProduceRequest = request.read()?;
    let names: Vec<_> = message.topic_data.iter().map(|topic| resolve(cluster, request, topic)).collect();
    let named = names.iter().zip(&message.topic_data).flat_map(|(name, topic)| {
        topic.partition_data.iter().map(|partition| (name.as_deref().unwrap_or_default(), partition.index))
    });
    if request.meets(cluster, named) {
        return Ok(Answer::Silent);
    }
    let version = request.question.version;
    let produce = Produce { version, broker: request.broker, acks: message.acks, hit: request.hit.as_ref() };
    // A transaction's records without a right to its id: the whole request is refused. This kit knows no transactions, so
    // nobody has one.
    let transactional = message.topic_data.iter().any(has_transactional_records);
    let mut waits = Vec::new();
    let mut response = ProduceResponse { throttle_time_ms: request.throttle_time_ms(), ..Default::default() };
    for (topic, name) in message.topic_data.iter().zip(names) {
        let mut answers =
            TopicProduceResponse { name: topic.name.clone(), topic_id: topic.topic_id, ..Default::default() };
        for data in &topic.partition_data {
            let taken = if transactional {
                Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED.into())
            } else {
                produce.take(cluster, name.as_deref(), data)
            };
            let at = (response.responses.len(), answers.partition_responses.len());
            let name = name.as_ref();
            answers
                .partition_responses
                .push(produce.partition_response(cluster, name, data.index, taken, at, &mut waits));
        }
        response.responses.push(answers);
    }
    if version >= FIRST_WITH_LEADERS {
        response.node_endpoints = endpoints(cluster, &response);
    }
    Ok(conclude(cluster, &request.question, message.acks, message.timeout_ms, response, waits))
}

fn conclude(
    cluster: &mut Cluster,
    question: &Question,
    acks: i16,
    timeout_ms: i32,
    response: ProduceResponse,
    waits: Vec<WaitFor>,
) -> Answer {
    if acks == 0 {
        let mut partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
        // Nobody waits for an answer, so an error can only be told by closing.
        return if partitions.all(|partition| partition.error_code.is_none()) { Answer::Silent } else { Answer::Close };
    }
    if waits.is_empty() {
        return question.reply(&response);
    }
    let timeout = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or_default());
    let timeout = cluster.plan(timeout, Event::Wake);
    cluster.unsettled = true;
    Answer::Later(Wait::Produce(Pending { response, waits, timeout }))
}

/// Whether the replicas have caught up, or the request's time is over.
pub(crate) fn look_again(cluster: &mut Cluster, broker: i32, question: &Question, mut pending: Pending) -> Answer {
    let Pending { response, waits, timeout } = &mut pending;
    waits.retain(|wait| match progress(cluster, broker, wait, response) {
        None => true,
        Some(code) => {
            if let Some(answer) = partition_of(response, wait.at) {
                answer.error_code = code;
            }
            false
        }
    });
    if !waits.is_empty() && cluster.now < timeout.0 {
        return Answer::Later(Wait::Produce(pending));
    }
    cluster.cancel(*timeout);
    question.reply(response)
}

fn partition_of(response: &mut ProduceResponse, at: (usize, usize)) -> Option<&mut PartitionProduceResponse> {
    response.responses.get_mut(at.0)?.partition_responses.get_mut(at.1)
}

/// What has become of a partition; `None`: nothing yet.
fn progress(cluster: &Cluster, broker: i32, wait: &WaitFor, response: &mut ProduceResponse) -> Option<ErrorCode> {
    let index = partition_of(response, wait.at)?.index;
    let topic = cluster.topic(&wait.topic).filter(|topic| topic.id == wait.topic_id);
    let Some((topic, partition)) = topic.and_then(|topic| Some((topic, topic.partition(index)?))) else {
        return Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    };
    let Some(leader) = partition.replica(broker).filter(|replica| replica.leads()) else {
        return Some(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    };
    if leader.log.high_watermark() < wait.offset {
        return None;
    }
    let enough = leader.belief.isr.len() >= topic.effective_min_isr(partition);
    Some(if enough { ErrorCode::NONE } else { ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND })
}

/// The name of the topic that is meant; `None` for an id that no topic has.
fn resolve(cluster: &Cluster, request: &Request<'_>, topic: &TopicProduceData) -> Option<Arc<str>> {
    if request.question.version >= FIRST_WITH_TOPIC_IDS {
        return cluster.topic_names.get(&topic.topic_id).cloned();
    }
    Some(topic.name.as_str().into())
}

fn has_transactional_records(topic: &TopicProduceData) -> bool {
    /// Bit 4 of the attributes, whose low byte is the batch's 23rd.
    const LOW_ATTRIBUTES: usize = 22;
    topic.partition_data.iter().any(|partition| {
        let records = partition.records.as_deref().unwrap_or_default();
        // What is not a whole batch is none, and not in a transaction either.
        validation::is_whole_batch(records)
            && records.get(LOW_ATTRIBUTES).is_some_and(|attributes| attributes & 1 << 4 != 0)
    })
}

/// Where the leaders listen that the answer names (KIP-951).
fn endpoints(cluster: &Cluster, response: &ProduceResponse) -> Vec<NodeEndpoint> {
    let partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
    let leaders: std::collections::BTreeSet<i32> =
        partitions.map(|partition| partition.current_leader.leader_id).filter(|leader| *leader >= 0).collect();
    let known = leaders.into_iter().filter_map(|leader| cluster.broker(leader));
    known
        .map(|broker| NodeEndpoint {
            node_id: broker.id,
            host: broker.host.clone(),
            port: broker.port.into(),
            ..Default::default()
        })
        .collect()
}

/// What is the same for all partitions of a request.
struct Produce<'a> {
    version: i16,
    broker: i32,
    acks: i16,
    hit: Option<&'a Hit>,
}

impl Produce<'_> {
    fn take(&self, cluster: &mut Cluster, name: Option<&str>, data: &PartitionProduceData) -> Result<Taken, Refusal> {
        let Some(name) = name else { return Err(ErrorCode::UNKNOWN_TOPIC_ID.into()) };
        if cluster.denied.contains(&Operation::Write(name.to_owned())) {
            return Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED.into());
        }
        if cluster.partition(name, data.index).is_none() {
            return Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.into());
        }
        let records = data.records.as_deref().unwrap_or_default();
        let (batch, bytes) = validation::only_batch(records, self.version)?;
        if !matches!(self.acks, ALL | 0 | 1) {
            return Err(ErrorCode::INVALID_REQUIRED_ACKS.into());
        }
        if let Some(code) = self.hit.and_then(|hit| hit.refusal(name, data.index)) {
            return Err(code.into());
        }
        let sent = data.records.as_ref().map(|records| records.slice_ref(bytes)).unwrap_or_default();
        let place = Place { topic: name, partition: data.index };
        let append = Append { broker: self.broker, place, batch: &batch, sent, to_all: self.acks == ALL };
        let taken = append.run(cluster).map_err(Refusal::while_appending)?;
        if taken.appended {
            cluster.replicate(name, data.index);
        }
        match self.hit.and_then(|hit| hit.late_refusal(name, data.index)) {
            Some(code) => Err(code.into()),
            None => Ok(taken),
        }
    }

    fn partition_response(
        &self,
        cluster: &Cluster,
        name: Option<&Arc<str>>,
        index: i32,
        taken: Result<Taken, Refusal>,
        at: (usize, usize),
        waits: &mut Vec<WaitFor>,
    ) -> PartitionProduceResponse {
        let mut answer = PartitionProduceResponse { index, base_offset: -1, ..Default::default() };
        match taken {
            Ok(taken) => {
                answer.base_offset = taken.base_offset;
                answer.log_append_time_ms = taken.log_append_time_ms;
                answer.log_start_offset = taken.log_start_offset;
                // A duplicate waits like its original: that one may not be on the replicas yet.
                if self.acks == ALL
                    && let Some(topic) = name.and_then(|name| cluster.topic(name))
                {
                    answer.error_code = ErrorCode::REQUEST_TIMED_OUT;
                    let offset = taken.last_offset + 1;
                    waits.push(WaitFor { topic: Arc::clone(&topic.name), topic_id: topic.id, offset, at });
                }
            }
            Err(refusal) => {
                answer.error_code = refusal.code;
                answer.error_message = refusal.message;
                answer.record_errors = refusal.record_errors;
                let partition = name.and_then(|name| cluster.partition(name, index));
                if refusal.appending {
                    let leader = partition.and_then(|partition| partition.replica(self.broker));
                    answer.log_start_offset = leader.map_or(-1, |leader| leader.log.start());
                }
                if refusal.code == ErrorCode::NOT_LEADER_OR_FOLLOWER
                    && self.version >= FIRST_WITH_LEADERS
                    && let Some(partition) = partition
                {
                    answer.current_leader = self.current_leader(partition);
                }
            }
        }
        answer
    }

    fn current_leader(&self, partition: &crate::partition::Partition) -> LeaderIdAndEpoch {
        let belief = partition.belief(self.broker);
        LeaderIdAndEpoch { leader_id: belief.leader.unwrap_or(-1), leader_epoch: belief.leader_epoch }
    }
}
