//! ListOffsets: the earliest offset, the latest that can be read, the first at or after a time, the one of the latest time.

use super::{Answer, Request};
use crate::cluster::{Cluster, Operation};
use crate::readback;
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};

/// The end of what can be read.
const LATEST: i64 = -1;
/// The first that is there.
const EARLIEST: i64 = -2;
/// The record with the latest timestamp (KIP-734).
const MAX_TIMESTAMP: i64 = -3;
/// The first on the broker's own disk (KIP-405): without tiered storage the same as [`EARLIEST`].
const EARLIEST_LOCAL: i64 = -4;
/// The last in tiered storage (KIP-1005), of which there is none.
const LATEST_TIERED: i64 = -5;
/// The first not yet in tiered storage (KIP-1023).
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// The first version in which a negative time has its meaning.
fn first_version(time: i64) -> Option<i16> {
    match time {
        LATEST | EARLIEST | 0.. => Some(0),
        MAX_TIMESTAMP => Some(7),
        EARLIEST_LOCAL => Some(8),
        LATEST_TIERED => Some(9),
        EARLIEST_PENDING_UPLOAD => Some(11),
        _ => None,
    }
}

pub(crate) fn answer(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: ListOffsetsRequest = request.read()?;
    let named = message
        .topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|partition| (topic.name.as_str(), partition.partition_index)));
    if request.meets(cluster, named) {
        return Ok(Answer::Silent);
    }
    let topics = message.topics.iter().map(|topic| ListOffsetsTopicResponse {
        name: topic.name.clone(),
        partitions: topic.partitions.iter().map(|asked| one(cluster, request, &topic.name, asked)).collect(),
    });
    let response = ListOffsetsResponse { throttle_time_ms: request.throttle_time_ms(), topics: topics.collect() };
    Ok(request.question.reply(&response))
}

fn one(
    cluster: &Cluster,
    request: &Request<'_>,
    topic: &str,
    asked: &ListOffsetsPartition,
) -> ListOffsetsPartitionResponse {
    let mut answer = ListOffsetsPartitionResponse { partition_index: asked.partition_index, ..Default::default() };
    match look(cluster, request, topic, asked) {
        Ok((offset, timestamp, leader_epoch)) => {
            (answer.offset, answer.timestamp) = (offset, timestamp);
            answer.leader_epoch = if request.question.version >= 4 { leader_epoch } else { -1 };
        }
        Err(code) => answer.error_code = code,
    }
    answer
}

fn look(
    cluster: &Cluster,
    request: &Request<'_>,
    topic: &str,
    asked: &ListOffsetsPartition,
) -> Result<(i64, i64, i32), ErrorCode> {
    let hit = request.hit.as_ref();
    if let Some(code) = hit.and_then(|hit| hit.refusal(topic, asked.partition_index)) {
        return Err(code);
    }
    if cluster.denied.contains(&Operation::Describe(topic.to_owned())) {
        return Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    }
    if first_version(asked.timestamp).is_none_or(|version| request.question.version < version) {
        return Err(ErrorCode::UNSUPPORTED_VERSION);
    }
    let partition = cluster.partition(topic, asked.partition_index).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let leader = partition.leading_replica(request.broker, asked.current_leader_epoch)?;
    let (log, epoch) = (&leader.log, leader.belief.leader_epoch);
    Ok(match asked.timestamp {
        LATEST => (log.high_watermark(), -1, epoch),
        EARLIEST | EARLIEST_LOCAL => (log.start(), -1, epoch),
        MAX_TIMESTAMP => readback::latest(log).map_or((-1, -1, -1), |(offset, time)| (offset, time, epoch)),
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => (-1, -1, -1),
        time => readback::first_at_or_after(log, time).map_or((-1, -1, -1), |(offset, time)| (offset, time, epoch)),
    })
}
