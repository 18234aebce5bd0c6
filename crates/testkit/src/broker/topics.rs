//! CreateTopics, DeleteTopics, CreatePartitions, DeleteRecords.

use super::{Answer, Request};
use crate::cluster::Cluster;
use crate::topic::{TopicOptions, valid_name};
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopicResult,
};
use milena_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};
use milena_wire::messages::delete_records::{
    DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse, DeleteRecordsTopicResult,
};
use milena_wire::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse,
};
use milena_wire::record_batch::TimestampType;

/// The first version of DeleteTopics that may name topics by id.
const DELETE_BY_ID: i16 = 6;

pub(crate) fn create(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: CreateTopicsRequest = request.read()?;
    if request.meets(cluster, message.topics.iter().map(|topic| (topic.name.as_str(), -1))) {
        return Ok(Answer::Silent);
    }
    let mut topics = Vec::new();
    for asked in &message.topics {
        topics.push(create_one(cluster, request, asked, message.validate_only));
    }
    Ok(request.question.reply(&CreateTopicsResponse { throttle_time_ms: request.throttle_time_ms(), topics }))
}

fn create_one(
    cluster: &mut Cluster,
    request: &Request<'_>,
    asked: &CreatableTopic,
    validate_only: bool,
) -> CreatableTopicResult {
    let hit = request.hit.as_ref();
    let created = match hit.and_then(|hit| hit.refusal(&asked.name, -1)) {
        Some(code) => Err(code),
        // The name first, whatever else is wrong.
        None if !valid_name(&asked.name) => Err(ErrorCode::INVALID_TOPIC_EXCEPTION),
        None if cluster.topic(&asked.name).is_some() => Err(ErrorCode::TOPIC_ALREADY_EXISTS),
        None => topic_options(cluster, asked).and_then(|options| match validate_only {
            true => Ok(None),
            false => cluster.create_topic(&asked.name, options).map(Some),
        }),
    };
    let created = hit.and_then(|hit| hit.late_refusal(&asked.name, -1)).map_or(created, Err);
    let mut result = CreatableTopicResult { name: asked.name.clone(), configs: Some(Vec::new()), ..Default::default() };
    match created {
        Ok(id) => {
            let topic = cluster.topic(&asked.name);
            result.topic_id = id.unwrap_or_default();
            result.num_partitions =
                topic.map_or(-1, |topic| i32::try_from(topic.partition_count()).unwrap_or(i32::MAX));
            let replicas = topic.and_then(|topic| topic.partition(0)).map(|partition| partition.replica_count());
            result.replication_factor = replicas.map_or(-1, |count| i16::try_from(count).unwrap_or(i16::MAX));
        }
        Err(code) => result.error_code = code,
    }
    result
}

fn topic_options(cluster: &Cluster, asked: &CreatableTopic) -> Result<TopicOptions, ErrorCode> {
    let mut options = cluster.options.topic_defaults.clone();
    let assigned = asked.assignments.iter().map(|assignment| assignment.broker_ids.clone()).collect::<Vec<_>>();
    if !assigned.is_empty() {
        options.assignment = Some(assigned);
    }
    match asked.num_partitions {
        -1 => {}
        count => options.partitions = usize::try_from(count).map_err(|_| ErrorCode::INVALID_PARTITIONS)?,
    }
    match asked.replication_factor {
        -1 => {}
        count => {
            let count = usize::try_from(count).map_err(|_| ErrorCode::INVALID_REPLICATION_FACTOR)?;
            let alive = cluster.brokers.iter().filter(|broker| !broker.fenced).count();
            if count > alive {
                return Err(ErrorCode::INVALID_REPLICATION_FACTOR);
            }
            options.replication_factor = count;
        }
    }
    asked.configs.iter().try_for_each(|config| set(&mut options, config))?;
    Ok(options)
}

/// Takes a setting over. Those that mean nothing here are accepted and forgotten.
fn set(options: &mut TopicOptions, config: &CreatableTopicConfig) -> Result<(), ErrorCode> {
    fn number<T: std::str::FromStr>(value: &str) -> Result<T, ErrorCode> {
        value.parse().map_err(|_| ErrorCode::INVALID_CONFIG)
    }
    let Some(value) = config.value.as_deref() else { return Ok(()) };
    match config.name.as_str() {
        "min.insync.replicas" => options.min_insync_replicas = number(value)?,
        "max.message.bytes" => options.max_message_bytes = number(value)?,
        "message.timestamp.before.max.ms" => options.timestamp_before_max_ms = number(value)?,
        "message.timestamp.after.max.ms" => options.timestamp_after_max_ms = number(value)?,
        "cleanup.policy" => options.compacted = value.split(',').any(|policy| policy.trim() == "compact"),
        "retention.bytes" => options.retention_bytes = usize::try_from(number::<i64>(value)?).ok(),
        "message.timestamp.type" => {
            options.timestamp_type = match value {
                "CreateTime" => TimestampType::CreateTime,
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => return Err(ErrorCode::INVALID_CONFIG),
            }
        }
        _ => {}
    }
    Ok(())
}

pub(crate) fn delete(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: DeleteTopicsRequest = request.read()?;
    let by_name = |name: &String| DeleteTopicState { name: Some(name.clone()), ..Default::default() };
    let asked: Vec<_> = match request.question.version {
        ..DELETE_BY_ID => message.topic_names.iter().map(by_name).collect(),
        _ => message.topics,
    };
    if request.meets(cluster, asked.iter().map(|topic| (topic.name.as_deref().unwrap_or_default(), -1))) {
        return Ok(Answer::Silent);
    }
    let responses = asked.into_iter().map(|topic| delete_one(cluster, request, topic)).collect();
    Ok(request.question.reply(&DeleteTopicsResponse { throttle_time_ms: request.throttle_time_ms(), responses }))
}

fn delete_one(cluster: &mut Cluster, request: &Request<'_>, asked: DeleteTopicState) -> DeletableTopicResult {
    let unknown =
        if asked.name.is_some() { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION } else { ErrorCode::UNKNOWN_TOPIC_ID };
    let name = asked.name.or_else(|| cluster.topic_names.get(&asked.topic_id).map(|name| name.as_ref().to_owned()));
    let topic_id = name.as_deref().and_then(|name| cluster.topic(name)).map_or(asked.topic_id, |topic| topic.id);
    let refusal = name.as_deref().and_then(|name| request.hit.as_ref()?.refusal(name, -1));
    let deleted = refusal.is_none() && name.as_deref().is_some_and(|name| cluster.delete_topic(name));
    let late = name.as_deref().and_then(|name| request.hit.as_ref()?.late_refusal(name, -1));
    let error_code = refusal.or(late).unwrap_or(if deleted { ErrorCode::NONE } else { unknown });
    DeletableTopicResult { name, topic_id, error_code, ..Default::default() }
}

pub(crate) fn create_partitions(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: CreatePartitionsRequest = request.read()?;
    if request.meets(cluster, message.topics.iter().map(|topic| (topic.name.as_str(), -1))) {
        return Ok(Answer::Silent);
    }
    let results = message.topics.iter().map(|topic| {
        let refusal = request.hit.as_ref().and_then(|hit| hit.refusal(&topic.name, -1));
        let count = usize::try_from(topic.count).unwrap_or_default();
        let added = match refusal {
            Some(code) => Err(code),
            None if message.validate_only => Ok(()),
            None => cluster.add_partitions(&topic.name, count),
        };
        let error_code = added.err().unwrap_or_default();
        CreatePartitionsTopicResult { name: topic.name.clone(), error_code, ..Default::default() }
    });
    let results = results.collect();
    Ok(request.question.reply(&CreatePartitionsResponse { throttle_time_ms: request.throttle_time_ms(), results }))
}

pub(crate) fn delete_records(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    /// "up to the high watermark".
    const ALL: i64 = -1;
    let message: DeleteRecordsRequest = request.read()?;
    let named = message
        .topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|partition| (topic.name.as_str(), partition.partition_index)));
    if request.meets(cluster, named) {
        return Ok(Answer::Silent);
    }
    let mut topics = Vec::new();
    for topic in &message.topics {
        let mut partitions = Vec::new();
        for asked in &topic.partitions {
            let index = asked.partition_index;
            let offset = if asked.offset == ALL { i64::MAX } else { asked.offset };
            let mut result = DeleteRecordsPartitionResult { partition_index: index, ..Default::default() };
            match deletable(cluster, request, &topic.name, index, asked.offset) {
                Ok(()) => {
                    cluster.delete_records(&topic.name, index, offset);
                    let log = cluster.partition(&topic.name, index).and_then(|partition| partition.log());
                    result.low_watermark = log.map_or(-1, |log| log.start());
                }
                Err(code) => (result.low_watermark, result.error_code) = (-1, code),
            }
            partitions.push(result);
        }
        topics.push(DeleteRecordsTopicResult { name: topic.name.clone(), partitions });
    }
    Ok(request.question.reply(&DeleteRecordsResponse { throttle_time_ms: request.throttle_time_ms(), topics }))
}

fn deletable(cluster: &Cluster, request: &Request<'_>, topic: &str, index: i32, offset: i64) -> Result<(), ErrorCode> {
    if let Some(code) = request.hit.as_ref().and_then(|hit| hit.refusal(topic, index)) {
        return Err(code);
    }
    let partition = cluster.partition(topic, index).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let leader = partition.leading_replica(request.broker, -1)?;
    // Only what may be deleted by age or size may be deleted by hand.
    if cluster.topic(topic).is_some_and(|topic| topic.options.compacted) {
        return Err(ErrorCode::POLICY_VIOLATION);
    }
    if offset > leader.log.high_watermark() { Err(ErrorCode::OFFSET_OUT_OF_RANGE) } else { Ok(()) }
}
