//! The golden messages: what Kafka's own Java classes wrote, with the JSON that they were given.

use serde_json::Value;
use std::fs;
use std::path::Path;

/// A message in one version.
pub(crate) struct Vector {
    /// The module of its API: `init_producer_id`.
    pub(crate) module: String,
    /// `request` or `response`.
    pub(crate) direction: String,
    pub(crate) version: i16,
    /// What Java wrote.
    pub(crate) bytes: Vec<u8>,
    /// What Java was given.
    #[allow(dead_code, reason = "only one of the tests that share this room reads it")]
    pub(crate) json: Value,
}

impl Vector {
    /// For the messages of assertions.
    pub(crate) fn name(&self) -> String {
        format!("{} {} v{}", self.module, self.direction, self.version)
    }
}

/// All of them, in the order of their files' names.
pub(crate) fn all() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| vectors(file)).collect()
}

fn vectors(file: &Path) -> Vec<Vector> {
    let module = file.file_stem().unwrap().to_str().unwrap();
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [direction, version, hex, json] = line.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
            Vector {
                module: module.to_owned(),
                direction: direction.to_owned(),
                version: version.parse().unwrap(),
                bytes: bytes(hex),
                json: serde_json::from_str(json).unwrap(),
            }
        })
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Calls a macro with every API: its module, its request, its response.
#[macro_export]
macro_rules! with_every_api {
    ($macro:ident) => {
        $macro! {
            add_offsets_to_txn AddOffsetsToTxnRequest AddOffsetsToTxnResponse,
            add_partitions_to_txn AddPartitionsToTxnRequest AddPartitionsToTxnResponse,
            api_versions ApiVersionsRequest ApiVersionsResponse,
            create_partitions CreatePartitionsRequest CreatePartitionsResponse,
            create_topics CreateTopicsRequest CreateTopicsResponse,
            delete_records DeleteRecordsRequest DeleteRecordsResponse,
            delete_topics DeleteTopicsRequest DeleteTopicsResponse,
            describe_cluster DescribeClusterRequest DescribeClusterResponse,
            describe_configs DescribeConfigsRequest DescribeConfigsResponse,
            describe_producers DescribeProducersRequest DescribeProducersResponse,
            end_txn EndTxnRequest EndTxnResponse,
            fetch FetchRequest FetchResponse,
            find_coordinator FindCoordinatorRequest FindCoordinatorResponse,
            get_telemetry_subscriptions GetTelemetrySubscriptionsRequest GetTelemetrySubscriptionsResponse,
            init_producer_id InitProducerIdRequest InitProducerIdResponse,
            list_offsets ListOffsetsRequest ListOffsetsResponse,
            metadata MetadataRequest MetadataResponse,
            offset_commit OffsetCommitRequest OffsetCommitResponse,
            offset_fetch OffsetFetchRequest OffsetFetchResponse,
            produce ProduceRequest ProduceResponse,
            push_telemetry PushTelemetryRequest PushTelemetryResponse,
            sasl_authenticate SaslAuthenticateRequest SaslAuthenticateResponse,
            sasl_handshake SaslHandshakeRequest SaslHandshakeResponse,
            txn_offset_commit TxnOffsetCommitRequest TxnOffsetCommitResponse,
        }
    };
}
