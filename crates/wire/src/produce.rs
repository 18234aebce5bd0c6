//! Produce, version 3 to 13: the producer's half of the hot path. It copies no batch and builds no tree.
//!
//! The same message is generated in `messages`, owned and for both sides.

mod request;
mod response;

pub use request::{PartitionBatch, RequestParts, encode_request};
pub use response::{
    CurrentLeader, NodeEndpoint, PartitionResponse, RecordError, ResponseTail, TopicRef, decode_response,
};

use crate::version::Versions;

/// The versions that are written and read here: from the first with record batches of format v2 on.
pub const VERSIONS: Versions = Versions::new(3, 13);

/// The first version whose lengths are varints and whose structures end in tagged fields (KIP-482).
const FIRST_FLEXIBLE: i16 = 9;
/// The first version that names topics by id (KIP-516).
const FIRST_WITH_TOPIC_IDS: i16 = 13;
