//! What a client asks before it produces: versions, metadata, a producer id.

use super::counts::partition_count;
use super::frame::{Incoming, Request};
use super::reply::{BROKER, frame};
use super::{Broker, invalid};
use milena_wire::Decode;
use milena_wire::buf::{Reader, Uuid};
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use milena_wire::messages::init_producer_id::InitProducerIdResponse;
use milena_wire::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_wire::version::ApiKey;
use std::io;

/// What is offered: Produce with topics by name, so that every client speaks the same; Fetch, ListOffsets and
/// FindCoordinator because librdkafka takes a broker without them for one from before 2017.
const OFFERED: [(ApiKey, i16, i16); 7] = [
    (ApiKey::PRODUCE, 3, 12),
    (ApiKey::FETCH, 4, 12),
    (ApiKey::LIST_OFFSETS, 1, 7),
    (ApiKey::METADATA, 0, 12),
    (ApiKey::FIND_COORDINATOR, 0, 4),
    (ApiKey::API_VERSIONS, 0, 3),
    (ApiKey::INIT_PRODUCER_ID, 0, 4),
];

pub(super) fn answer(broker: &Broker, incoming: &mut Incoming, request: &Request) -> io::Result<Vec<u8>> {
    let rest = incoming.rest()?;
    match request.api_key {
        ApiKey::API_VERSIONS => versions(request),
        ApiKey::METADATA => {
            let asked = MetadataRequest::decode(&mut Reader::new(&rest), request.api_version).map_err(invalid)?;
            frame(request, request.api_version, &metadata(broker, &asked))
        }
        ApiKey::INIT_PRODUCER_ID => {
            let producer_id = broker.counts().new_producer_id();
            let response = InitProducerIdResponse { producer_id, producer_epoch: 0, ..Default::default() };
            frame(request, request.api_version, &response)
        }
        other => Err(invalid(format!("{other:?} is not answered here"))),
    }
}

fn versions(request: &Request) -> io::Result<Vec<u8>> {
    let api_keys = OFFERED.map(|(api_key, min_version, max_version)| ApiVersion { api_key, min_version, max_version });
    let mut response = ApiVersionsResponse { api_keys: api_keys.to_vec(), ..Default::default() };
    if request.api_version <= 3 {
        return frame(request, request.api_version, &response);
    }
    // A version that it has not got is answered in version 0 (KIP-511).
    response.error_code = ErrorCode::UNSUPPORTED_VERSION;
    frame(request, 0, &response)
}

fn metadata(broker: &Broker, asked: &MetadataRequest) -> MetadataResponse {
    let names = asked.topics.iter().flatten().filter_map(|topic| topic.name.clone());
    let (host, port) = (broker.address.ip().to_string(), i32::from(broker.address.port()));
    MetadataResponse {
        brokers: vec![MetadataResponseBroker { node_id: BROKER, host, port, rack: None }],
        cluster_id: Some("bench".into()),
        controller_id: BROKER,
        topics: names.map(topic).collect(),
        ..Default::default()
    }
}

fn topic(name: String) -> MetadataResponseTopic {
    let partition = |partition_index| MetadataResponsePartition {
        partition_index,
        leader_id: BROKER,
        leader_epoch: 0,
        replica_nodes: vec![BROKER],
        isr_nodes: vec![BROKER],
        ..Default::default()
    };
    let count = i32::try_from(partition_count(&name)).unwrap_or(1);
    MetadataResponseTopic {
        partitions: (0..count).map(partition).collect(),
        name: Some(name),
        topic_id: Uuid([7; 16]),
        ..Default::default()
    }
}
