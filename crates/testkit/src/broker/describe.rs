//! DescribeCluster and DescribeProducers: what administrators look at.

use super::{Answer, Request};
use crate::cluster::Cluster;
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::describe_cluster::{DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse};
use milena_wire::messages::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};

pub(crate) fn cluster(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: DescribeClusterRequest = request.read()?;
    if request.meets_fault(cluster) {
        return Ok(Answer::Silent);
    }
    let visible = cluster.brokers.iter().filter(|broker| !broker.fenced || message.include_fenced_brokers);
    let brokers = visible.map(|broker| DescribeClusterBroker {
        broker_id: broker.id,
        host: broker.host.clone(),
        port: broker.port.into(),
        is_fenced: broker.fenced,
        ..Default::default()
    });
    let response = DescribeClusterResponse {
        throttle_time_ms: request.throttle_time_ms(),
        error_code: request.refusal().or_else(|| request.late_refusal()).unwrap_or_default(),
        endpoint_type: message.endpoint_type,
        cluster_id: cluster.options.cluster_id.clone(),
        controller_id: cluster.brokers.iter().find(|broker| !broker.fenced).map_or(-1, |broker| broker.id),
        brokers: brokers.collect(),
        ..Default::default()
    };
    Ok(request.question.reply(&response))
}

/// What any replica remembers of producers (KIP-664).
pub(crate) fn producers(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: DescribeProducersRequest = request.read()?;
    let named = message
        .topics
        .iter()
        .flat_map(|topic| topic.partition_indexes.iter().map(|partition| (topic.name.as_str(), *partition)));
    if request.meets(cluster, named) {
        return Ok(Answer::Silent);
    }
    let mut topics = Vec::new();
    for topic in &message.topics {
        let describe = |index: &i32| partition_producers(cluster, request, &topic.name, *index);
        let partitions = topic.partition_indexes.iter().map(describe).collect();
        topics.push(TopicResponse { name: topic.name.clone(), partitions });
    }
    Ok(request.question.reply(&DescribeProducersResponse { throttle_time_ms: request.throttle_time_ms(), topics }))
}

fn partition_producers(cluster: &mut Cluster, request: &Request<'_>, topic: &str, index: i32) -> PartitionResponse {
    let mut answer = PartitionResponse { partition_index: index, ..Default::default() };
    let now_ms = cluster.now_ms();
    let refusal = request.hit.as_ref().and_then(|hit| hit.refusal(topic, index));
    let Some(partition) = cluster.partition_mut(topic, index) else {
        answer.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        return answer;
    };
    let replica = partition.replica_mut(request.broker).filter(|_| refusal.is_none());
    let Some(replica) = replica else {
        answer.error_code = refusal.unwrap_or(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        return answer;
    };
    let known = replica.log.producers(now_ms).producers();
    answer.active_producers = known
        .map(|producer| ProducerState {
            producer_id: producer.producer_id,
            producer_epoch: producer.epoch.into(),
            last_sequence: producer.last_sequence,
            last_timestamp: producer.last_timestamp,
            // Nobody has coordinated a transaction of it.
            coordinator_epoch: -1,
            ..Default::default()
        })
        .collect();
    answer
}
