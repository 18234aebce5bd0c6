//! OffsetFetch (9), versions 1 to 10, flexible from 6 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable, required};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(1, 10);

/// The request of OffsetFetch (9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchRequest {
    /// `GroupId`, up to version 7.
    pub group_id: String,
    /// `Topics`, up to version 7, may be null from version 2 on, empty unless set.
    pub topics: Option<Vec<OffsetFetchRequestTopic>>,
    /// `Groups`, from version 8 on.
    pub groups: Vec<OffsetFetchRequestGroup>,
    /// `RequireStable`, from version 7 on.
    pub require_stable: bool,
}

impl Default for OffsetFetchRequest {
    fn default() -> Self {
        Self { group_id: String::new(), topics: Some(Vec::new()), groups: Vec::new(), require_stable: false }
    }
}

impl Request for OffsetFetchRequest {
    type Response = OffsetFetchResponse;
    const KEY: ApiKey = ApiKey::OFFSET_FETCH;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(6);
}

impl Encode for OffsetFetchRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("OffsetFetchRequest", VERSIONS, version)?;
        let flexible = version >= 6;
        if version <= 7 {
            writer.string(&self.group_id, flexible)?;
        } else if !self.group_id.is_empty() {
            return Err(EncodeError::Unsupported { field: "GroupId", version });
        }
        if version <= 7 {
            if version >= 2 {
                writer.nullable_array_of(self.topics.as_deref(), flexible, |writer, element| {
                    element.encode(writer, version)
                })?;
            } else {
                let topics = required(self.topics.as_deref(), "Topics", version)?;
                writer.array_of(topics, flexible, |writer, element| element.encode(writer, version))?;
            }
        } else if self.topics.as_ref().is_none_or(|value| !value.is_empty()) {
            return Err(EncodeError::Unsupported { field: "Topics", version });
        }
        if version >= 8 {
            writer.array_of(&self.groups, true, |writer, element| element.encode(writer, version))?;
        } else if !self.groups.is_empty() {
            return Err(EncodeError::Unsupported { field: "Groups", version });
        }
        if version >= 7 {
            writer.bool(self.require_stable);
        } else if self.require_stable {
            return Err(EncodeError::Unsupported { field: "RequireStable", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetFetchRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 6;
        let message = Self {
            group_id: if version <= 7 { reader.string(flexible)?.to_owned() } else { String::new() },
            topics: if version <= 7 {
                if version >= 2 {
                    reader.nullable_array_of(flexible, |reader| OffsetFetchRequestTopic::decode(reader, version))?
                } else {
                    Some(reader.array_of(flexible, |reader| OffsetFetchRequestTopic::decode(reader, version))?)
                }
            } else {
                Some(Vec::new())
            },
            groups: if version >= 8 {
                reader.array_of(true, |reader| OffsetFetchRequestGroup::decode(reader, version))?
            } else {
                Vec::new()
            },
            require_stable: if version >= 7 { reader.bool()? } else { false },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetFetchRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetFetchRequestTopic {
    /// `Name`.
    pub name: String,
    /// `PartitionIndexes`.
    pub partition_indexes: Vec<i32>,
}

impl Encode for OffsetFetchRequestTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.partition_indexes, flexible, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetFetchRequestTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            partition_indexes: reader.array_of(flexible, |reader| reader.i32())?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetFetchRequest::groups`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchRequestGroup {
    /// `GroupId`.
    pub group_id: String,
    /// `MemberId`, from version 9 on, may be null; left out where it has no place.
    pub member_id: Option<String>,
    /// `MemberEpoch`, from version 9 on, -1 unless set; left out where it has no place.
    pub member_epoch: i32,
    /// `Topics`, may be null, empty unless set.
    pub topics: Option<Vec<OffsetFetchRequestTopics>>,
}

impl Default for OffsetFetchRequestGroup {
    fn default() -> Self {
        Self { group_id: String::new(), member_id: None, member_epoch: -1, topics: Some(Vec::new()) }
    }
}

impl Encode for OffsetFetchRequestGroup {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string(&self.group_id, true)?;
        if version >= 9 {
            writer.nullable_string(self.member_id.as_deref(), true)?;
        }
        if version >= 9 {
            writer.i32(self.member_epoch);
        }
        writer.nullable_array_of(self.topics.as_deref(), true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for OffsetFetchRequestGroup {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            group_id: reader.string(true)?.to_owned(),
            member_id: if version >= 9 { reader.nullable_string(true)?.map(str::to_owned) } else { None },
            member_epoch: if version >= 9 { reader.i32()? } else { -1 },
            topics: reader.nullable_array_of(true, |reader| OffsetFetchRequestTopics::decode(reader, version))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`OffsetFetchRequestGroup::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetFetchRequestTopics {
    /// `Name`, up to version 9; left out where it has no place.
    pub name: String,
    /// `TopicId`, from version 10 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `PartitionIndexes`.
    pub partition_indexes: Vec<i32>,
}

impl Encode for OffsetFetchRequestTopics {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            writer.string(&self.name, true)?;
        }
        if version >= 10 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partition_indexes, true, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for OffsetFetchRequestTopics {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            name: if version <= 9 { reader.string(true)?.to_owned() } else { String::new() },
            topic_id: if version >= 10 { reader.uuid()? } else { Uuid::ZERO },
            partition_indexes: reader.array_of(true, |reader| reader.i32())?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// The response of OffsetFetch (9).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetFetchResponse {
    /// `ThrottleTimeMs`, from version 3 on; left out where it has no place.
    pub throttle_time_ms: i32,
    /// `Topics`, up to version 7.
    pub topics: Vec<OffsetFetchResponseTopic>,
    /// `ErrorCode`, in versions 2 to 7; left out where it has no place.
    pub error_code: ErrorCode,
    /// `Groups`, from version 8 on.
    pub groups: Vec<OffsetFetchResponseGroup>,
}

impl Encode for OffsetFetchResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("OffsetFetchResponse", VERSIONS, version)?;
        let flexible = version >= 6;
        if version >= 3 {
            writer.i32(self.throttle_time_ms);
        }
        if version <= 7 {
            writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        } else if !self.topics.is_empty() {
            return Err(EncodeError::Unsupported { field: "Topics", version });
        }
        if (2..=7).contains(&version) {
            writer.i16(self.error_code.0);
        }
        if version >= 8 {
            writer.array_of(&self.groups, true, |writer, element| element.encode(writer, version))?;
        } else if !self.groups.is_empty() {
            return Err(EncodeError::Unsupported { field: "Groups", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetFetchResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 6;
        let message = Self {
            throttle_time_ms: if version >= 3 { reader.i32()? } else { 0 },
            topics: if version <= 7 {
                reader.array_of(flexible, |reader| OffsetFetchResponseTopic::decode(reader, version))?
            } else {
                Vec::new()
            },
            error_code: if (2..=7).contains(&version) { ErrorCode(reader.i16()?) } else { ErrorCode::NONE },
            groups: if version >= 8 {
                reader.array_of(true, |reader| OffsetFetchResponseGroup::decode(reader, version))?
            } else {
                Vec::new()
            },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetFetchResponse::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetFetchResponseTopic {
    /// `Name`.
    pub name: String,
    /// `Partitions`.
    pub partitions: Vec<OffsetFetchResponsePartition>,
}

impl Encode for OffsetFetchResponseTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetFetchResponseTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            partitions: reader.array_of(flexible, |reader| OffsetFetchResponsePartition::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetFetchResponseTopic::partitions`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponsePartition {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `CommittedOffset`.
    pub committed_offset: i64,
    /// `CommittedLeaderEpoch`, from version 5 on, -1 unless set; left out where it has no place.
    pub committed_leader_epoch: i32,
    /// `Metadata`, may be null, empty unless set.
    pub metadata: Option<String>,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
}

impl Default for OffsetFetchResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(String::new()),
            error_code: ErrorCode::NONE,
        }
    }
}

impl Encode for OffsetFetchResponsePartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        writer.i32(self.partition_index);
        writer.i64(self.committed_offset);
        if version >= 5 {
            writer.i32(self.committed_leader_epoch);
        }
        writer.nullable_string(self.metadata.as_deref(), flexible)?;
        writer.i16(self.error_code.0);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for OffsetFetchResponsePartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let message = Self {
            partition_index: reader.i32()?,
            committed_offset: reader.i64()?,
            committed_leader_epoch: if version >= 5 { reader.i32()? } else { -1 },
            metadata: reader.nullable_string(flexible)?.map(str::to_owned),
            error_code: ErrorCode(reader.i16()?),
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`OffsetFetchResponse::groups`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetFetchResponseGroup {
    /// `GroupId`.
    pub group_id: String,
    /// `Topics`.
    pub topics: Vec<OffsetFetchResponseTopics>,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
}

impl Encode for OffsetFetchResponseGroup {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string(&self.group_id, true)?;
        writer.array_of(&self.topics, true, |writer, element| element.encode(writer, version))?;
        writer.i16(self.error_code.0);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for OffsetFetchResponseGroup {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            group_id: reader.string(true)?.to_owned(),
            topics: reader.array_of(true, |reader| OffsetFetchResponseTopics::decode(reader, version))?,
            error_code: ErrorCode(reader.i16()?),
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`OffsetFetchResponseGroup::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetFetchResponseTopics {
    /// `Name`, up to version 9; left out where it has no place.
    pub name: String,
    /// `TopicId`, from version 10 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `Partitions`.
    pub partitions: Vec<OffsetFetchResponsePartitions>,
}

impl Encode for OffsetFetchResponseTopics {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            writer.string(&self.name, true)?;
        }
        if version >= 10 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partitions, true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for OffsetFetchResponseTopics {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            name: if version <= 9 { reader.string(true)?.to_owned() } else { String::new() },
            topic_id: if version >= 10 { reader.uuid()? } else { Uuid::ZERO },
            partitions: reader.array_of(true, |reader| OffsetFetchResponsePartitions::decode(reader, version))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`OffsetFetchResponseTopics::partitions`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponsePartitions {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `CommittedOffset`.
    pub committed_offset: i64,
    /// `CommittedLeaderEpoch`, -1 unless set.
    pub committed_leader_epoch: i32,
    /// `Metadata`, may be null, empty unless set.
    pub metadata: Option<String>,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
}

impl Default for OffsetFetchResponsePartitions {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(String::new()),
            error_code: ErrorCode::NONE,
        }
    }
}

impl Encode for OffsetFetchResponsePartitions {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i64(self.committed_offset);
        writer.i32(self.committed_leader_epoch);
        writer.nullable_string(self.metadata.as_deref(), true)?;
        writer.i16(self.error_code.0);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for OffsetFetchResponsePartitions {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            partition_index: reader.i32()?,
            committed_offset: reader.i64()?,
            committed_leader_epoch: reader.i32()?,
            metadata: reader.nullable_string(true)?.map(str::to_owned),
            error_code: ErrorCode(reader.i16()?),
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
