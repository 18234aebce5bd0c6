//! Every response that is generated, in every version: no panic, and memory in proportion to the bytes. Most of them are read by
//! tools alone; what the producer reads is held to less in `answers`.

use crate::memory::within;
use milena_wire::Decode;
use milena_wire::buf::{DecodeError, Reader};
use milena_wire::messages::{self, Request};

/// An empty string takes one byte in a frame and 24 in an array, which doubles as it grows.
const ALLOCATED_PER_BYTE: usize = 64;
const ALLOCATED_AT_ONCE: usize = 512;

/// Its name, its versions, and what reads it.
type Response = (&'static str, i16, i16, fn(&[u8], i16) -> Result<(), DecodeError>);

macro_rules! table {
    ($($module:ident $request:ident,)*) => {
        const RESPONSES: &[Response] = &[$({
            use messages::$module::$request as Asked;
            (stringify!($module), Asked::VERSIONS.min, Asked::VERSIONS.max, decode::<<Asked as Request>::Response>)
        }),*];
    };
}

table! {
    add_offsets_to_txn AddOffsetsToTxnRequest,
    add_partitions_to_txn AddPartitionsToTxnRequest,
    api_versions ApiVersionsRequest,
    create_partitions CreatePartitionsRequest,
    create_topics CreateTopicsRequest,
    delete_records DeleteRecordsRequest,
    delete_topics DeleteTopicsRequest,
    describe_cluster DescribeClusterRequest,
    describe_configs DescribeConfigsRequest,
    describe_producers DescribeProducersRequest,
    end_txn EndTxnRequest,
    fetch FetchRequest,
    find_coordinator FindCoordinatorRequest,
    get_telemetry_subscriptions GetTelemetrySubscriptionsRequest,
    init_producer_id InitProducerIdRequest,
    list_offsets ListOffsetsRequest,
    metadata MetadataRequest,
    offset_commit OffsetCommitRequest,
    offset_fetch OffsetFetchRequest,
    produce ProduceRequest,
    push_telemetry PushTelemetryRequest,
    sasl_authenticate SaslAuthenticateRequest,
    sasl_handshake SaslHandshakeRequest,
    txn_offset_commit TxnOffsetCommitRequest,
}

fn decode<M: Decode>(bytes: &[u8], version: i16) -> Result<(), DecodeError> {
    M::decode(&mut Reader::new(bytes), version).map(drop)
}

/// Reads a body as the response of a number and a version of those that there are.
pub fn run((api, version, bytes): (u8, u8, &[u8])) {
    let (_, min, max, decode) = RESPONSES[usize::from(api) % RESPONSES.len()];
    let version = min + i16::from(version) % (max - min + 1);
    let _ = within(ALLOCATED_PER_BYTE * bytes.len() + ALLOCATED_AT_ONCE, || decode(bytes, version));
}

/// The names of the responses, by number.
pub fn names() -> impl Iterator<Item = &'static str> {
    RESPONSES.iter().map(|(name, ..)| *name)
}

/// The lowest version of a response.
pub fn first_version(number: u8) -> i16 {
    RESPONSES[usize::from(number) % RESPONSES.len()].1
}
