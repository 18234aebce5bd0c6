//! Produce (0), versions 3 to 13, flexible from 9 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable, tagged_field};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};
use bytes::Bytes;

const VERSIONS: Versions = Versions::new(3, 13);

/// The request of Produce (0).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProduceRequest {
    /// `TransactionalId`, may be null.
    pub transactional_id: Option<String>,
    /// `Acks`.
    pub acks: i16,
    /// `TimeoutMs`.
    pub timeout_ms: i32,
    /// `TopicData`.
    pub topic_data: Vec<TopicProduceData>,
}

impl Request for ProduceRequest {
    type Response = ProduceResponse;
    const KEY: ApiKey = ApiKey::PRODUCE;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(9);
}

impl Encode for ProduceRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("ProduceRequest", VERSIONS, version)?;
        let flexible = version >= 9;
        writer.nullable_string(self.transactional_id.as_deref(), flexible)?;
        writer.i16(self.acks);
        writer.i32(self.timeout_ms);
        writer.array_of(&self.topic_data, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for ProduceRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 9;
        let message = Self {
            transactional_id: reader.nullable_string(flexible)?.map(str::to_owned),
            acks: reader.i16()?,
            timeout_ms: reader.i32()?,
            topic_data: reader.array_of(flexible, |reader| TopicProduceData::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`ProduceRequest::topic_data`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicProduceData {
    /// `Name`, up to version 12; left out where it has no place.
    pub name: String,
    /// `TopicId`, from version 13 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `PartitionData`.
    pub partition_data: Vec<PartitionProduceData>,
}

impl Encode for TopicProduceData {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version <= 12 {
            writer.string(&self.name, flexible)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partition_data, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TopicProduceData {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message = Self {
            name: if version <= 12 { reader.string(flexible)?.to_owned() } else { String::new() },
            topic_id: if version >= 13 { reader.uuid()? } else { Uuid::ZERO },
            partition_data: reader.array_of(flexible, |reader| PartitionProduceData::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`TopicProduceData::partition_data`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionProduceData {
    /// `Index`.
    pub index: i32,
    /// `Records`, may be null.
    pub records: Option<Bytes>,
}

impl Encode for PartitionProduceData {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        writer.i32(self.index);
        writer.nullable_bytes(self.records.as_deref(), flexible)?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for PartitionProduceData {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message =
            Self { index: reader.i32()?, records: reader.nullable_bytes(flexible)?.map(Bytes::copy_from_slice) };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of Produce (0).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProduceResponse {
    /// `Responses`.
    pub responses: Vec<TopicProduceResponse>,
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `NodeEndpoints`, from version 10 on.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Encode for ProduceResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("ProduceResponse", VERSIONS, version)?;
        let flexible = version >= 9;
        writer.array_of(&self.responses, flexible, |writer, element| element.encode(writer, version))?;
        writer.i32(self.throttle_time_ms);
        if version < 10 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::Unsupported { field: "NodeEndpoints", version });
        }
        if flexible {
            let mut tagged = Vec::new();
            if version >= 10 && !self.node_endpoints.is_empty() {
                tagged.push((
                    0,
                    tagged_field(|writer| {
                        writer.array_of(&self.node_endpoints, true, |writer, element| element.encode(writer, version))
                    })?,
                ));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for ProduceResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 9;
        let mut message = Self {
            responses: reader.array_of(flexible, |reader| TopicProduceResponse::decode(reader, version))?,
            throttle_time_ms: reader.i32()?,
            node_endpoints: Vec::new(),
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 if version >= 10 => {
                        message.node_endpoints =
                            reader.array_of(true, |reader| NodeEndpoint::decode(reader, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`ProduceResponse::responses`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicProduceResponse {
    /// `Name`, up to version 12; left out where it has no place.
    pub name: String,
    /// `TopicId`, from version 13 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `PartitionResponses`.
    pub partition_responses: Vec<PartitionProduceResponse>,
}

impl Encode for TopicProduceResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version <= 12 {
            writer.string(&self.name, flexible)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partition_responses, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TopicProduceResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message = Self {
            name: if version <= 12 { reader.string(flexible)?.to_owned() } else { String::new() },
            topic_id: if version >= 13 { reader.uuid()? } else { Uuid::ZERO },
            partition_responses: reader
                .array_of(flexible, |reader| PartitionProduceResponse::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`TopicProduceResponse::partition_responses`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionProduceResponse {
    /// `Index`.
    pub index: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `BaseOffset`.
    pub base_offset: i64,
    /// `LogAppendTimeMs`, -1 unless set.
    pub log_append_time_ms: i64,
    /// `LogStartOffset`, from version 5 on, -1 unless set; left out where it has no place.
    pub log_start_offset: i64,
    /// `RecordErrors`, from version 8 on; left out where it has no place.
    pub record_errors: Vec<BatchIndexAndErrorMessage>,
    /// `ErrorMessage`, from version 8 on, may be null; left out where it has no place.
    pub error_message: Option<String>,
    /// `CurrentLeader`, from version 10 on.
    pub current_leader: LeaderIdAndEpoch,
}

impl Default for PartitionProduceResponse {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: ErrorCode::NONE,
            base_offset: 0,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
        }
    }
}

impl Encode for PartitionProduceResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        writer.i32(self.index);
        writer.i16(self.error_code.0);
        writer.i64(self.base_offset);
        writer.i64(self.log_append_time_ms);
        if version >= 5 {
            writer.i64(self.log_start_offset);
        }
        if version >= 8 {
            writer.array_of(&self.record_errors, flexible, |writer, element| element.encode(writer, version))?;
        }
        if version >= 8 {
            writer.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if version < 10 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::Unsupported { field: "CurrentLeader", version });
        }
        if flexible {
            let mut tagged = Vec::new();
            if version >= 10 && self.current_leader != LeaderIdAndEpoch::default() {
                tagged.push((0, tagged_field(|writer| self.current_leader.encode(writer, version))?));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for PartitionProduceResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let mut message = Self {
            index: reader.i32()?,
            error_code: ErrorCode(reader.i16()?),
            base_offset: reader.i64()?,
            log_append_time_ms: reader.i64()?,
            log_start_offset: if version >= 5 { reader.i64()? } else { -1 },
            record_errors: if version >= 8 {
                reader.array_of(flexible, |reader| BatchIndexAndErrorMessage::decode(reader, version))?
            } else {
                Vec::new()
            },
            error_message: if version >= 8 { reader.nullable_string(flexible)?.map(str::to_owned) } else { None },
            current_leader: LeaderIdAndEpoch::default(),
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 if version >= 10 => message.current_leader = LeaderIdAndEpoch::decode(reader, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`PartitionProduceResponse::record_errors`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchIndexAndErrorMessage {
    /// `BatchIndex`.
    pub batch_index: i32,
    /// `BatchIndexErrorMessage`, may be null.
    pub batch_index_error_message: Option<String>,
}

impl Encode for BatchIndexAndErrorMessage {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        writer.i32(self.batch_index);
        writer.nullable_string(self.batch_index_error_message.as_deref(), flexible)?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for BatchIndexAndErrorMessage {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message = Self {
            batch_index: reader.i32()?,
            batch_index_error_message: reader.nullable_string(flexible)?.map(str::to_owned),
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`PartitionProduceResponse::current_leader`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderIdAndEpoch {
    /// `LeaderId`, -1 unless set.
    pub leader_id: i32,
    /// `LeaderEpoch`, -1 unless set.
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1 }
    }
}

impl Encode for LeaderIdAndEpoch {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.leader_id);
        writer.i32(self.leader_epoch);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for LeaderIdAndEpoch {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self { leader_id: reader.i32()?, leader_epoch: reader.i32()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`ProduceResponse::node_endpoints`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeEndpoint {
    /// `NodeId`.
    pub node_id: i32,
    /// `Host`.
    pub host: String,
    /// `Port`.
    pub port: i32,
    /// `Rack`, may be null.
    pub rack: Option<String>,
}

impl Encode for NodeEndpoint {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id);
        writer.string(&self.host, true)?;
        writer.i32(self.port);
        writer.nullable_string(self.rack.as_deref(), true)?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for NodeEndpoint {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            node_id: reader.i32()?,
            host: reader.string(true)?.to_owned(),
            port: reader.i32()?,
            rack: reader.nullable_string(true)?.map(str::to_owned),
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
