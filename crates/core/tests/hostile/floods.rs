//! Answers of megabytes: as many elements as a frame holds, each as small as it can be.

use crate::alone;
use crate::broker::{AGES, Age, NEWEST, Question, TOPIC_ID, metadata};
use crate::stage::Stage;
use milena_wire::Encode;
use milena_wire::buf::Writer;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::api_versions::ApiVersion;
use milena_wire::messages::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_wire::messages::produce::{
    BatchIndexAndErrorMessage, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use milena_wire::version::ApiKey;

/// Elements of a flood: a frame of one to four megabytes.
const MANY: usize = 200_000;
/// As many brokers as are remembered.
const BROKERS_MAX: usize = 10_000;

/// Tells it at once and in chunks of a socket's size; then nothing is harmed.
fn flood(age: Age, api: ApiKey, body: impl Fn(&mut Stage, &Question) -> Vec<u8>) {
    for chunk in [usize::MAX, 65_536] {
        let (mut stage, delivery, connection, question) = Stage::begin(age, api);
        let answer = question.answer_raw(&body(&mut stage, &question));
        assert!(answer.len() < 8 << 20, "a frame that is taken");
        stage.say(connection, &question, &answer, chunk);
        stage.resolves(delivery.as_ref());
        stage.recovers();
    }
}

fn encoded(message: &impl Encode, version: i16) -> Vec<u8> {
    let mut writer = Writer::new();
    message.encode(&mut writer, version).unwrap();
    writer.into_bytes()
}

#[test]
fn a_million_apis_cost_nothing() {
    let _alone = alone();
    for age in AGES {
        flood(age, ApiKey::API_VERSIONS, |stage, question| {
            let mut versions = stage.cluster.versions();
            let nonsense = (0..1_000_000).map(|number| ApiVersion {
                api_key: ApiKey((number % 30_000 + 200) as i16),
                min_version: i16::MIN,
                max_version: i16::MAX,
            });
            versions.api_keys.extend(nonsense);
            encoded(&versions, question.version)
        });
    }
}

#[test]
fn topics_that_nobody_asked_for_cost_nothing() {
    let _alone = alone();
    for age in AGES {
        flood(age, ApiKey::METADATA, |_, question| {
            let topic = MetadataResponseTopic::default();
            metadata_with(question, |response| response.topics.extend(vec![topic; MANY]))
        });
    }
}

#[test]
fn a_topic_named_again_and_again_counts_once() {
    let _alone = alone();
    flood(NEWEST, ApiKey::METADATA, |_, question| {
        let topic = |number: usize| MetadataResponseTopic {
            name: Some("t".into()),
            topic_id: milena_wire::buf::Uuid([(number % 250) as u8; 16]),
            error_code: ErrorCode((number % 3) as i16),
            ..Default::default()
        };
        metadata_with(question, |response| response.topics.extend((0..MANY / 2).map(topic)))
    });
}

#[test]
fn brokers_without_a_name_cost_nothing_and_others_have_a_limit() {
    let _alone = alone();
    for age in AGES {
        flood(age, ApiKey::METADATA, |_, question| {
            let broker = MetadataResponseBroker { node_id: 3, port: 9092, ..Default::default() };
            metadata_with(question, |response| response.brokers.extend(vec![broker; MANY]))
        });
        flood(age, ApiKey::METADATA, |_, question| {
            let broker = |node_id: usize| MetadataResponseBroker {
                node_id: node_id as i32 + 3,
                host: "h".into(),
                port: 9092,
                ..Default::default()
            };
            metadata_with(question, |response| response.brokers.extend((0..MANY).map(broker)))
        });
    }
}

#[test]
fn partitions_cost_what_they_need() {
    let _alone = alone();
    for age in AGES {
        flood(age, ApiKey::METADATA, |_, question| {
            let partition = |partition_index: usize| MetadataResponsePartition {
                partition_index: partition_index as i32,
                leader_id: 1,
                leader_epoch: 5,
                ..Default::default()
            };
            metadata_with(question, |response| {
                response.topics[0].partitions = (0..MANY).map(partition).collect();
            })
        });
    }
}

/// As many as are remembered and no more, each with a partition that it leads: the state that is largest beside its bytes.
#[test]
fn a_cluster_as_large_as_they_come_costs_no_more_than_it_says() {
    let _alone = alone();
    for (age, led) in AGES.into_iter().flat_map(|age| [(age, 1), (age, 2)]) {
        flood(age, ApiKey::METADATA, |_, question| {
            let broker =
                |node_id| MetadataResponseBroker { node_id, host: "h".into(), port: 9092, ..Default::default() };
            let partition = |partition_index: i32| MetadataResponsePartition {
                partition_index,
                leader_id: if partition_index % led == 0 { partition_index + 3 } else { -1 },
                leader_epoch: 5,
                ..Default::default()
            };
            let many = i32::try_from(BROKERS_MAX).unwrap();
            metadata_with(question, |response| {
                response.brokers.extend((3..many + 1).map(broker));
                response.topics[0].partitions.extend((2..many).map(partition));
            })
        });
    }
}

/// The second answer tells an older election of every partition.
#[test]
fn older_elections_cost_nothing() {
    let _alone = alone();
    let told = |question: &Question, leader_epoch| {
        let partition = |partition_index: usize| MetadataResponsePartition {
            partition_index: partition_index as i32,
            leader_id: 1,
            leader_epoch,
            ..Default::default()
        };
        metadata_with(question, |response| response.topics[0].partitions = (0..MANY).map(partition).collect())
    };
    let (mut stage, delivery, connection, question) = Stage::begin(NEWEST, ApiKey::METADATA);
    let newer = question.answer_raw(&told(&question, 9));
    stage.say(connection, &question, &newer, usize::MAX);
    stage.sender.want_topic(&"other".into(), stage.now);
    stage.turn();
    let (connection, question) = stage.until(ApiKey::METADATA);
    let older = question.answer_raw(&told(&question, 8));
    stage.say(connection, &question, &older, 65_536);
    stage.resolves(delivery.as_ref());
    stage.recovers();
}

#[test]
fn replicas_cost_nothing() {
    let _alone = alone();
    for age in AGES {
        flood(age, ApiKey::METADATA, |_, question| {
            metadata_with(question, |response| {
                response.topics[0].partitions[0].replica_nodes = vec![1; MANY];
                response.topics[0].partitions[1].isr_nodes = vec![1; MANY];
            })
        });
    }
}

fn metadata_with(question: &Question, change: impl FnOnce(&mut MetadataResponse)) -> Vec<u8> {
    let mut response = metadata(question.version);
    change(&mut response);
    encoded(&response, question.version)
}

#[test]
fn answers_about_other_batches_cost_nothing() {
    let _alone = alone();
    for age in AGES {
        flood(age, ApiKey::PRODUCE, |stage, question| {
            let mut response = stage.cluster.produce(question);
            let other = PartitionProduceResponse { index: 77, base_offset: 1, ..Default::default() };
            response.responses[0].partition_responses.extend(vec![other; MANY]);
            let topic = TopicProduceResponse { name: "other".into(), ..Default::default() };
            response.responses.extend(vec![topic; MANY / 10]);
            if question.version >= 13 {
                response.responses.iter_mut().for_each(|topic| topic.topic_id = TOPIC_ID);
            }
            encoded(&response, question.version)
        });
    }
}

#[test]
fn refused_records_cost_no_more_than_the_batch_has() {
    let _alone = alone();
    for code in [ErrorCode::INVALID_RECORD, ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode(77)] {
        flood(NEWEST, ApiKey::PRODUCE, |stage, question| {
            let mut response = stage.cluster.refusal(question);
            let answer = &mut response.responses[0].partition_responses[0];
            answer.error_code = code;
            answer.error_message = Some("\u{1}".repeat(32_767));
            let record = |number: usize| BatchIndexAndErrorMessage {
                batch_index: number as i32,
                batch_index_error_message: Some("\u{7f}".repeat(number % 30)),
            };
            answer.record_errors = (0..MANY).map(record).collect();
            encoded(&response, question.version)
        });
    }
}

#[test]
fn endpoints_have_a_limit() {
    let _alone = alone();
    flood(NEWEST, ApiKey::PRODUCE, |stage, question| {
        let mut response = stage.cluster.refusal(question);
        let endpoint =
            |node_id: usize| NodeEndpoint { node_id: node_id as i32 + 3, host: "h".into(), port: 9092, rack: None };
        response.node_endpoints = (0..MANY).map(endpoint).collect();
        encoded(&response, question.version)
    });
}
