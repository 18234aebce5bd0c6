//! TxnOffsetCommit (28), versions 0 to 5, flexible from 3 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 5);

/// The request of TxnOffsetCommit (28).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitRequest {
    /// `TransactionalId`.
    pub transactional_id: String,
    /// `GroupId`.
    pub group_id: String,
    /// `ProducerId`.
    pub producer_id: i64,
    /// `ProducerEpoch`.
    pub producer_epoch: i16,
    /// `GenerationId`, from version 3 on, -1 unless set.
    pub generation_id: i32,
    /// `MemberId`, from version 3 on.
    pub member_id: String,
    /// `GroupInstanceId`, from version 3 on, may be null.
    pub group_instance_id: Option<String>,
    /// `Topics`.
    pub topics: Vec<TxnOffsetCommitRequestTopic>,
}

impl Default for TxnOffsetCommitRequest {
    fn default() -> Self {
        Self {
            transactional_id: String::new(),
            group_id: String::new(),
            producer_id: 0,
            producer_epoch: 0,
            generation_id: -1,
            member_id: String::new(),
            group_instance_id: None,
            topics: Vec::new(),
        }
    }
}

impl Request for TxnOffsetCommitRequest {
    type Response = TxnOffsetCommitResponse;
    const KEY: ApiKey = ApiKey::TXN_OFFSET_COMMIT;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(3);
}

impl Encode for TxnOffsetCommitRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("TxnOffsetCommitRequest", VERSIONS, version)?;
        let flexible = version >= 3;
        writer.string(&self.transactional_id, flexible)?;
        writer.string(&self.group_id, flexible)?;
        writer.i64(self.producer_id);
        writer.i16(self.producer_epoch);
        if version >= 3 {
            writer.i32(self.generation_id);
        } else if self.generation_id != -1 {
            return Err(EncodeError::Unsupported { field: "GenerationId", version });
        }
        if version >= 3 {
            writer.string(&self.member_id, true)?;
        } else if !self.member_id.is_empty() {
            return Err(EncodeError::Unsupported { field: "MemberId", version });
        }
        if version >= 3 {
            writer.nullable_string(self.group_instance_id.as_deref(), true)?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::Unsupported { field: "GroupInstanceId", version });
        }
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TxnOffsetCommitRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let message = Self {
            transactional_id: reader.string(flexible)?.to_owned(),
            group_id: reader.string(flexible)?.to_owned(),
            producer_id: reader.i64()?,
            producer_epoch: reader.i16()?,
            generation_id: if version >= 3 { reader.i32()? } else { -1 },
            member_id: if version >= 3 { reader.string(true)?.to_owned() } else { String::new() },
            group_instance_id: if version >= 3 { reader.nullable_string(true)?.map(str::to_owned) } else { None },
            topics: reader.array_of(flexible, |reader| TxnOffsetCommitRequestTopic::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`TxnOffsetCommitRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnOffsetCommitRequestTopic {
    /// `Name`.
    pub name: String,
    /// `Partitions`.
    pub partitions: Vec<TxnOffsetCommitRequestPartition>,
}

impl Encode for TxnOffsetCommitRequestTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TxnOffsetCommitRequestTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            partitions: reader.array_of(flexible, |reader| TxnOffsetCommitRequestPartition::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`TxnOffsetCommitRequestTopic::partitions`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitRequestPartition {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `CommittedOffset`.
    pub committed_offset: i64,
    /// `CommittedLeaderEpoch`, from version 2 on, -1 unless set; left out where it has no place.
    pub committed_leader_epoch: i32,
    /// `CommittedMetadata`, may be null, empty unless set.
    pub committed_metadata: Option<String>,
}

impl Default for TxnOffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(String::new()),
        }
    }
}

impl Encode for TxnOffsetCommitRequestPartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.i32(self.partition_index);
        writer.i64(self.committed_offset);
        if version >= 2 {
            writer.i32(self.committed_leader_epoch);
        }
        writer.nullable_string(self.committed_metadata.as_deref(), flexible)?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TxnOffsetCommitRequestPartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self {
            partition_index: reader.i32()?,
            committed_offset: reader.i64()?,
            committed_leader_epoch: if version >= 2 { reader.i32()? } else { -1 },
            committed_metadata: reader.nullable_string(flexible)?.map(str::to_owned),
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of TxnOffsetCommit (28).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnOffsetCommitResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `Topics`.
    pub topics: Vec<TxnOffsetCommitResponseTopic>,
}

impl Encode for TxnOffsetCommitResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("TxnOffsetCommitResponse", VERSIONS, version)?;
        let flexible = version >= 3;
        writer.i32(self.throttle_time_ms);
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TxnOffsetCommitResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            topics: reader.array_of(flexible, |reader| TxnOffsetCommitResponseTopic::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`TxnOffsetCommitResponse::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnOffsetCommitResponseTopic {
    /// `Name`.
    pub name: String,
    /// `Partitions`.
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
}

impl Encode for TxnOffsetCommitResponseTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TxnOffsetCommitResponseTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            partitions: reader
                .array_of(flexible, |reader| TxnOffsetCommitResponsePartition::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`TxnOffsetCommitResponseTopic::partitions`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnOffsetCommitResponsePartition {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
}

impl Encode for TxnOffsetCommitResponsePartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for TxnOffsetCommitResponsePartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self { partition_index: reader.i32()?, error_code: ErrorCode(reader.i16()?) };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
