//! Metadata: brokers, topics, leaders; and the topics that are created because someone asked for them.

use super::{Answer, Request};
use crate::cluster::{Broker, Cluster, Liveness, Operation};
use crate::fault::Hit;
use crate::partition::Partition;
use crate::topic::{self, Topic};
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};

/// The first version that can say why a whole request failed.
const FIRST_WITH_ERROR_CODE: i16 = 13;

/// The first version in which topics can be asked for by id: versions 10 and 11 have the field and do not serve it.
const FIRST_BY_ID: i16 = 12;

pub(crate) fn answer(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: MetadataRequest = request.read()?;
    let version = request.question.version;
    let topics = message.topics.as_ref().filter(|topics| version > 0 || !topics.is_empty());
    let named = topics.into_iter().flatten().map(|topic| (topic.name.as_deref().unwrap_or_default(), -1));
    if request.meets(cluster, named) {
        return Ok(Answer::Silent);
    }
    let create = cluster.options.auto_create_topics && (version < 4 || message.allow_auto_topic_creation);
    let answers = match topics {
        None => every_topic(cluster, request),
        Some(topics) => topics.iter().map(|topic| one_topic(cluster, request, topic, create)).collect(),
    };
    let error_code = request.refusal().or_else(|| request.late_refusal());
    let response = MetadataResponse {
        throttle_time_ms: request.throttle_time_ms(),
        brokers: cluster.brokers.iter().filter(|broker| !broker.fenced).map(response_broker).collect(),
        cluster_id: Some(cluster.options.cluster_id.clone()),
        controller_id: cluster.brokers.iter().find(|broker| !broker.fenced).map_or(-1, |broker| broker.id),
        topics: answers,
        error_code: error_code.filter(|_| version >= FIRST_WITH_ERROR_CODE && topics.is_none()).unwrap_or_default(),
        ..Default::default()
    };
    Ok(request.question.reply(&response))
}

fn every_topic(cluster: &Cluster, request: &Request<'_>) -> Vec<MetadataResponseTopic> {
    let visible = cluster.topics.values().filter(|topic| !hidden(cluster, &topic.name));
    visible.map(|topic| response_topic(cluster, request, topic)).collect()
}

fn hidden(cluster: &Cluster, name: &str) -> bool {
    cluster.denied.contains(&Operation::Describe(name.to_owned()))
}

fn one_topic(
    cluster: &mut Cluster,
    request: &Request<'_>,
    asked: &MetadataRequestTopic,
    create: bool,
) -> MetadataResponseTopic {
    let refused = |error_code, name: Option<String>| MetadataResponseTopic {
        error_code,
        name,
        topic_id: asked.topic_id,
        ..Default::default()
    };
    let name = match &asked.name {
        Some(name) => name.clone(),
        None if request.question.version < FIRST_BY_ID => {
            return refused(ErrorCode::INVALID_REQUEST, Some(String::new()));
        }
        None => match cluster.topic_names.get(&asked.topic_id) {
            Some(name) => name.as_ref().to_owned(),
            None => return refused(ErrorCode::UNKNOWN_TOPIC_ID, None),
        },
    };
    if hidden(cluster, &name) {
        // The same answer whether there is one or not: a name alone may be a secret.
        return refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED, Some(name));
    }
    if let Some(code) = request.hit.as_ref().and_then(|hit| hit.refusal(&name, -1)) {
        return refused(code, Some(name));
    }
    match cluster.topics.get(name.as_str()) {
        Some(topic) => response_topic(cluster, request, topic),
        None => refused(unknown(cluster, request.broker, &name, create), Some(name)),
    }
}

/// What is said of a topic that does not exist, or has not existed until now: the next request finds it.
fn unknown(cluster: &mut Cluster, broker: i32, name: &str, create: bool) -> ErrorCode {
    if !topic::valid_name(name) {
        return ErrorCode::INVALID_TOPIC_EXCEPTION;
    }
    if !create {
        return ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    }
    let options = cluster.options.topic_defaults.clone();
    let by_zookeeper = cluster.broker(broker).is_some_and(|broker| broker.release.creates_topics_by_zookeeper());
    match cluster.create_topic(name, options) {
        Ok(_) if by_zookeeper => ErrorCode::LEADER_NOT_AVAILABLE,
        Ok(_) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        Err(code) => code,
    }
}

fn response_broker(broker: &Broker) -> MetadataResponseBroker {
    MetadataResponseBroker {
        node_id: broker.id,
        host: broker.host.clone(),
        port: broker.port.into(),
        ..Default::default()
    }
}

fn response_topic(cluster: &Cluster, request: &Request<'_>, topic: &Topic) -> MetadataResponseTopic {
    let hit = request.hit.as_ref();
    let partitions = topic.partitions.iter().zip(0..);
    MetadataResponseTopic {
        error_code: hit.and_then(|hit| late(hit, &topic.name)).unwrap_or_default(),
        name: Some(topic.name.as_ref().to_owned()),
        topic_id: topic.id,
        partitions: partitions.map(|(found, index)| response_partition(cluster, request, found, index)).collect(),
        ..Default::default()
    }
}

fn late(hit: &Hit, topic: &str) -> Option<ErrorCode> {
    hit.late_refusal(topic, -1)
}

fn response_partition(
    cluster: &Cluster,
    request: &Request<'_>,
    partition: &Partition,
    index: i32,
) -> MetadataResponsePartition {
    let belief = partition.belief(request.broker);
    let known = |id: &i32| cluster.broker(*id).is_some_and(|broker| !broker.fenced);
    // A leader that is not alive is none: the version of the leader's epoch stays.
    let leader = belief.leader.filter(known);
    let gone =
        |id: &i32| cluster.broker(*id).is_none_or(|broker| broker.liveness == Liveness::Stopped && broker.fenced);
    MetadataResponsePartition {
        error_code: if leader.is_some() { ErrorCode::NONE } else { ErrorCode::LEADER_NOT_AVAILABLE },
        partition_index: index,
        leader_id: leader.unwrap_or(-1),
        leader_epoch: belief.leader_epoch,
        replica_nodes: partition.brokers().collect(),
        isr_nodes: belief.isr.clone(),
        offline_replicas: partition.brokers().filter(gone).collect(),
    }
}
