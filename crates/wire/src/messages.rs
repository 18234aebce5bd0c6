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

#[cfg(test)]
mod tests {
    use super::api_versions::ApiVersionsRequest;
    use super::fetch::FetchRequest;
    use super::init_producer_id::InitProducerIdRequest;
    use super::metadata::{MetadataRequest, MetadataResponse};
    use super::sasl_authenticate::SaslAuthenticateRequest;
    use super::*;
    use crate::buf::Reader;

    fn bytes(message: &impl Encode, version: i16) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer::new();
        message.encode(&mut writer, version).map(|()| writer.into_bytes())
    }

    #[test]
    fn a_field_that_must_not_be_dropped_is_an_error_where_it_has_no_place() {
        let resumed = InitProducerIdRequest { producer_id: 7, ..InitProducerIdRequest::default() };
        assert!(bytes(&resumed, 3).is_ok());
        assert_eq!(bytes(&resumed, 2), Err(EncodeError::Unsupported { field: "ProducerId", version: 2 }));
        let all_topics = MetadataRequest { topics: None, ..MetadataRequest::default() };
        assert!(bytes(&all_topics, 1).is_ok());
        assert_eq!(bytes(&all_topics, 0), Err(EncodeError::Unsupported { field: "Topics", version: 0 }));
    }

    #[test]
    fn a_field_that_may_be_ignored_is_left_out() {
        let named = ApiVersionsRequest { client_software_name: "milena".into(), client_software_version: "1".into() };
        assert_eq!(bytes(&named, 2), Ok(Vec::new()));
        assert_eq!(bytes(&named, 3), Ok(b"\x07milena\x021\0".to_vec()));
    }

    #[test]
    fn what_nobody_set_is_what_java_would_send() {
        let fetch = FetchRequest::default();
        assert_eq!((fetch.replica_id, fetch.max_bytes, fetch.session_epoch), (-1, i32::MAX, -1));
        assert!(MetadataRequest::default().allow_auto_topic_creation);
    }

    #[test]
    fn a_version_that_is_not_made_here_is_refused() {
        let request = MetadataRequest::default();
        let error = EncodeError::Unsupported { field: "MetadataRequest", version: 14 };
        assert_eq!(bytes(&request, MetadataRequest::VERSIONS.max + 1), Err(error));
        assert_eq!(MetadataResponse::decode(&mut Reader::new(&[]), -1), Err(DecodeError::Invalid("version")));
    }

    #[test]
    fn a_password_is_not_in_debug_output() {
        let request = SaslAuthenticateRequest { auth_bytes: "\0alice\0secret".into() };
        assert_eq!(format!("{request:?}"), "SaslAuthenticateRequest { auth_bytes: <13 bytes> }");
    }

    #[test]
    fn a_tagged_field_of_the_future_is_passed_over() {
        let mut written = bytes(&MetadataResponse::default(), 12).unwrap();
        // In place of no tagged fields: one, number 99, of two bytes.
        assert_eq!(written.pop(), Some(0));
        written.extend([1, 99, 2, 0xca, 0xfe]);
        let mut reader = Reader::new(&written);
        assert_eq!(MetadataResponse::decode(&mut reader, 12), Ok(MetadataResponse::default()));
        assert_eq!(reader.finish(), Ok(()));
    }
}
