//! The control messages, one module an API, made from Kafka's message specifications by `cargo xtask messages`.
//!
//! Fields have Kafka's names in snake case and Kafka's defaults, so that `..Default::default()` says what the Java client
//! would. A field that a version has no place for is left out where Kafka calls it ignorable; otherwise a value other
//! than the default is [`EncodeError::Unsupported`].

use crate::buf::{DecodeError, EncodeError, Writer};
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

pub mod add_offsets_to_txn;
pub mod add_partitions_to_txn;
pub mod api_versions;
pub mod create_partitions;
pub mod create_topics;
pub mod delete_records;
pub mod delete_topics;
pub mod describe_cluster;
pub mod describe_configs;
pub mod describe_producers;
pub mod end_txn;
pub mod fetch;
pub mod find_coordinator;
pub mod get_telemetry_subscriptions;
pub mod init_producer_id;
pub mod list_offsets;
pub mod metadata;
pub mod offset_commit;
pub mod offset_fetch;
pub mod produce;
pub mod push_telemetry;
pub mod sasl_authenticate;
pub mod sasl_handshake;
pub mod txn_offset_commit;

/// A message that asks a broker for something, with the message that answers it.
pub trait Request: Decode + Encode {
    /// What the broker answers, in the version of the request.
    type Response: Decode + Encode;
    /// The number that the API has in request headers.
    const KEY: ApiKey;
    /// The versions that can be written and read here: those that are stable in the Kafka they were made from.
    const VERSIONS: Versions;
    /// The first version that is flexible (KIP-482), if there is one.
    const FLEXIBLE_FROM: Option<i16>;
}

fn encodable(message: &'static str, versions: Versions, version: i16) -> Result<(), EncodeError> {
    if versions.contains(version) { Ok(()) } else { Err(EncodeError::Unsupported { field: message, version }) }
}

fn decodable(versions: Versions, version: i16) -> Result<(), DecodeError> {
    if versions.contains(version) { Ok(()) } else { Err(DecodeError::Invalid("version")) }
}

/// What stands in a field that may be null in other versions only.
fn required<'a, T: ?Sized>(value: Option<&'a T>, field: &'static str, version: i16) -> Result<&'a T, EncodeError> {
    value.ok_or(EncodeError::Unsupported { field, version })
}

/// The content of a tagged field: its length goes before it.
fn tagged_field(write: impl FnOnce(&mut Writer) -> Result<(), EncodeError>) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer::new();
    write(&mut writer)?;
    Ok(writer.into_bytes())
}
