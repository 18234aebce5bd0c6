//! OffsetCommit (8), versions 2 to 10, flexible from 8 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(2, 10);

/// The request of OffsetCommit (8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitRequest {
    /// `GroupId`.
    pub group_id: String,
    /// `GenerationIdOrMemberEpoch`, -1 unless set.
    pub generation_id_or_member_epoch: i32,
    /// `MemberId`.
    pub member_id: String,
    /// `GroupInstanceId`, from version 7 on, may be null.
    pub group_instance_id: Option<String>,
    /// `RetentionTimeMs`, up to version 4, -1 unless set; left out where it has no place.
    pub retention_time_ms: i64,
    /// `Topics`.
    pub topics: Vec<OffsetCommitRequestTopic>,
}

impl Default for OffsetCommitRequest {
    fn default() -> Self {
        Self {
            group_id: String::new(),
            generation_id_or_member_epoch: -1,
            member_id: String::new(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

impl Request for OffsetCommitRequest {
    type Response = OffsetCommitResponse;
    const KEY: ApiKey = ApiKey::OFFSET_COMMIT;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(8);
}

impl Encode for OffsetCommitRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("OffsetCommitRequest", VERSIONS, version)?;
        let flexible = version >= 8;
        writer.string(&self.group_id, flexible)?;
        writer.i32(self.generation_id_or_member_epoch);
        writer.string(&self.member_id, flexible)?;
        if version >= 7 {
            writer.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::Unsupported { field: "GroupInstanceId", version });
        }
        if version <= 4 {
            writer.i64(self.retention_time_ms);
        }
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetCommitRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 8;
        let message = Self {
            group_id: reader.string(flexible)?.to_owned(),
            generation_id_or_member_epoch: reader.i32()?,
            member_id: reader.string(flexible)?.to_owned(),
            group_instance_id: if version >= 7 { reader.nullable_string(flexible)?.map(str::to_owned) } else { None },
            retention_time_ms: if version <= 4 { reader.i64()? } else { -1 },
            topics: reader.array_of(flexible, |reader| OffsetCommitRequestTopic::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetCommitRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetCommitRequestTopic {
    /// `Name`, up to version 9; left out where it has no place.
    pub name: String,
    /// `TopicId`, from version 10 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `Partitions`.
    pub partitions: Vec<OffsetCommitRequestPartition>,
}

impl Encode for OffsetCommitRequestTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        if version <= 9 {
            writer.string(&self.name, flexible)?;
        }
        if version >= 10 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetCommitRequestTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let message = Self {
            name: if version <= 9 { reader.string(flexible)?.to_owned() } else { String::new() },
            topic_id: if version >= 10 { reader.uuid()? } else { Uuid::ZERO },
            partitions: reader.array_of(flexible, |reader| OffsetCommitRequestPartition::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetCommitRequestTopic::partitions`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitRequestPartition {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `CommittedOffset`.
    pub committed_offset: i64,
    /// `CommittedLeaderEpoch`, from version 6 on, -1 unless set; left out where it has no place.
    pub committed_leader_epoch: i32,
    /// `CommittedMetadata`, may be null, empty unless set.
    pub committed_metadata: Option<String>,
}

impl Default for OffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(String::new()),
        }
    }
}

impl Encode for OffsetCommitRequestPartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        writer.i32(self.partition_index);
        writer.i64(self.committed_offset);
        if version >= 6 {
            writer.i32(self.committed_leader_epoch);
        }
        writer.nullable_string(self.committed_metadata.as_deref(), flexible)?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetCommitRequestPartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let message = Self {
            partition_index: reader.i32()?,
            committed_offset: reader.i64()?,
            committed_leader_epoch: if version >= 6 { reader.i32()? } else { -1 },
            committed_metadata: reader.nullable_string(flexible)?.map(str::to_owned),
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of OffsetCommit (8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetCommitResponse {
    /// `ThrottleTimeMs`, from version 3 on; left out where it has no place.
    pub throttle_time_ms: i32,
    /// `Topics`.
    pub topics: Vec<OffsetCommitResponseTopic>,
}

impl Encode for OffsetCommitResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("OffsetCommitResponse", VERSIONS, version)?;
        let flexible = version >= 8;
        if version >= 3 {
            writer.i32(self.throttle_time_ms);
        }
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetCommitResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 8;
        let message = Self {
            throttle_time_ms: if version >= 3 { reader.i32()? } else { 0 },
            topics: reader.array_of(flexible, |reader| OffsetCommitResponseTopic::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetCommitResponse::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetCommitResponseTopic {
    /// `Name`, up to version 9; left out where it has no place.
    pub name: String,
    /// `TopicId`, from version 10 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `Partitions`.
    pub partitions: Vec<OffsetCommitResponsePartition>,
}

impl Encode for OffsetCommitResponseTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        if version <= 9 {
            writer.string(&self.name, flexible)?;
        }
        if version >= 10 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetCommitResponseTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let message = Self {
            name: if version <= 9 { reader.string(flexible)?.to_owned() } else { String::new() },
            topic_id: if version >= 10 { reader.uuid()? } else { Uuid::ZERO },
            partitions: reader.array_of(flexible, |reader| OffsetCommitResponsePartition::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetCommitResponseTopic::partitions`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetCommitResponsePartition {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
}

impl Encode for OffsetCommitResponsePartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetCommitResponsePartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let message = Self { partition_index: reader.i32()?, error_code: ErrorCode(reader.i16()?) };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
