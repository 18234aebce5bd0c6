//! CreateTopics (19), versions 2 to 7, flexible from 5 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable, tagged_field};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(2, 7);

/// The request of CreateTopics (19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTopicsRequest {
    /// `Topics`.
    pub topics: Vec<CreatableTopic>,
    /// `timeoutMs`, 60000 unless set.
    pub timeout_ms: i32,
    /// `validateOnly`.
    pub validate_only: bool,
}

impl Default for CreateTopicsRequest {
    fn default() -> Self {
        Self { topics: Vec::new(), timeout_ms: 60000, validate_only: false }
    }
}

impl Request for CreateTopicsRequest {
    type Response = CreateTopicsResponse;
    const KEY: ApiKey = ApiKey::CREATE_TOPICS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(5);
}

impl Encode for CreateTopicsRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("CreateTopicsRequest", VERSIONS, version)?;
        let flexible = version >= 5;
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        writer.i32(self.timeout_ms);
        writer.bool(self.validate_only);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreateTopicsRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 5;
        let message = Self {
            topics: reader.array_of(flexible, |reader| CreatableTopic::decode(reader, version))?,
            timeout_ms: reader.i32()?,
            validate_only: reader.bool()?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`CreateTopicsRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatableTopic {
    /// `Name`.
    pub name: String,
    /// `NumPartitions`.
    pub num_partitions: i32,
    /// `ReplicationFactor`.
    pub replication_factor: i16,
    /// `Assignments`.
    pub assignments: Vec<CreatableReplicaAssignment>,
    /// `Configs`.
    pub configs: Vec<CreatableTopicConfig>,
}

impl Encode for CreatableTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        writer.string(&self.name, flexible)?;
        writer.i32(self.num_partitions);
        writer.i16(self.replication_factor);
        writer.array_of(&self.assignments, flexible, |writer, element| element.encode(writer, version))?;
        writer.array_of(&self.configs, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreatableTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            num_partitions: reader.i32()?,
            replication_factor: reader.i16()?,
            assignments: reader.array_of(flexible, |reader| CreatableReplicaAssignment::decode(reader, version))?,
            configs: reader.array_of(flexible, |reader| CreatableTopicConfig::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`CreatableTopic::assignments`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatableReplicaAssignment {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `BrokerIds`.
    pub broker_ids: Vec<i32>,
}

impl Encode for CreatableReplicaAssignment {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        writer.i32(self.partition_index);
        writer.array_of(&self.broker_ids, flexible, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreatableReplicaAssignment {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let message =
            Self { partition_index: reader.i32()?, broker_ids: reader.array_of(flexible, |reader| reader.i32())? };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`CreatableTopic::configs`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableTopicConfig {
    /// `Name`.
    pub name: String,
    /// `Value`, may be null, empty unless set.
    pub value: Option<String>,
}

impl Default for CreatableTopicConfig {
    fn default() -> Self {
        Self { name: String::new(), value: Some(String::new()) }
    }
}

impl Encode for CreatableTopicConfig {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        writer.string(&self.name, flexible)?;
        writer.nullable_string(self.value.as_deref(), flexible)?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreatableTopicConfig {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            value: reader.nullable_string(flexible)?.map(str::to_owned),
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of CreateTopics (19).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateTopicsResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `Topics`.
    pub topics: Vec<CreatableTopicResult>,
}

impl Encode for CreateTopicsResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("CreateTopicsResponse", VERSIONS, version)?;
        let flexible = version >= 5;
        writer.i32(self.throttle_time_ms);
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreateTopicsResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 5;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            topics: reader.array_of(flexible, |reader| CreatableTopicResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`CreateTopicsResponse::topics`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableTopicResult {
    /// `Name`.
    pub name: String,
    /// `TopicId`, from version 7 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, may be null, empty unless set.
    pub error_message: Option<String>,
    /// `TopicConfigErrorCode`, from version 5 on; left out where it has no place.
    pub topic_config_error_code: ErrorCode,
    /// `NumPartitions`, from version 5 on, -1 unless set; left out where it has no place.
    pub num_partitions: i32,
    /// `ReplicationFactor`, from version 5 on, -1 unless set; left out where it has no place.
    pub replication_factor: i16,
    /// `Configs`, from version 5 on, may be null, empty unless set; left out where it has no place.
    pub configs: Option<Vec<CreatableTopicConfigs>>,
}

impl Default for CreatableTopicResult {
    fn default() -> Self {
        Self {
            name: String::new(),
            topic_id: Uuid::ZERO,
            error_code: ErrorCode::NONE,
            error_message: Some(String::new()),
            topic_config_error_code: ErrorCode::NONE,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
        }
    }
}

impl Encode for CreatableTopicResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        writer.string(&self.name, flexible)?;
        if version >= 7 {
            writer.uuid(self.topic_id);
        }
        writer.i16(self.error_code.0);
        writer.nullable_string(self.error_message.as_deref(), flexible)?;
        if version >= 5 {
            writer.i32(self.num_partitions);
        }
        if version >= 5 {
            writer.i16(self.replication_factor);
        }
        if version >= 5 {
            writer
                .nullable_array_of(self.configs.as_deref(), true, |writer, element| element.encode(writer, version))?;
        }
        if flexible {
            let mut tagged = Vec::new();
            if self.topic_config_error_code != ErrorCode::NONE {
                tagged.push((
                    0,
                    tagged_field(|writer| {
                        writer.i16(self.topic_config_error_code.0);
                        Ok(())
                    })?,
                ));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for CreatableTopicResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let mut message = Self {
            name: reader.string(flexible)?.to_owned(),
            topic_id: if version >= 7 { reader.uuid()? } else { Uuid::ZERO },
            error_code: ErrorCode(reader.i16()?),
            error_message: reader.nullable_string(flexible)?.map(str::to_owned),
            num_partitions: if version >= 5 { reader.i32()? } else { -1 },
            replication_factor: if version >= 5 { reader.i16()? } else { -1 },
            configs: if version >= 5 {
                reader.nullable_array_of(true, |reader| CreatableTopicConfigs::decode(reader, version))?
            } else {
                Some(Vec::new())
            },
            topic_config_error_code: ErrorCode::NONE,
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 => message.topic_config_error_code = ErrorCode(reader.i16()?),
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`CreatableTopicResult::configs`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableTopicConfigs {
    /// `Name`.
    pub name: String,
    /// `Value`, may be null, empty unless set.
    pub value: Option<String>,
    /// `ReadOnly`.
    pub read_only: bool,
    /// `ConfigSource`, -1 unless set.
    pub config_source: i8,
    /// `IsSensitive`.
    pub is_sensitive: bool,
}

impl Default for CreatableTopicConfigs {
    fn default() -> Self {
        Self {
            name: String::new(),
            value: Some(String::new()),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
        }
    }
}

impl Encode for CreatableTopicConfigs {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string(&self.name, true)?;
        writer.nullable_string(self.value.as_deref(), true)?;
        writer.bool(self.read_only);
        writer.i8(self.config_source);
        writer.bool(self.is_sensitive);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for CreatableTopicConfigs {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            name: reader.string(true)?.to_owned(),
            value: reader.nullable_string(true)?.map(str::to_owned),
            read_only: reader.bool()?,
            config_source: reader.i8()?,
            is_sensitive: reader.bool()?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
