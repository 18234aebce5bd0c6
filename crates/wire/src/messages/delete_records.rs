//! DeleteRecords (21), versions 0 to 2, flexible from 2 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 2);

/// The request of DeleteRecords (21).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteRecordsRequest {
    /// `Topics`.
    pub topics: Vec<DeleteRecordsTopic>,
    /// `TimeoutMs`.
    pub timeout_ms: i32,
}

impl Request for DeleteRecordsRequest {
    type Response = DeleteRecordsResponse;
    const KEY: ApiKey = ApiKey::DELETE_RECORDS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(2);
}

impl Encode for DeleteRecordsRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DeleteRecordsRequest", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        writer.i32(self.timeout_ms);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteRecordsRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self {
            topics: reader.array_of(flexible, |reader| DeleteRecordsTopic::decode(reader, version))?,
            timeout_ms: reader.i32()?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DeleteRecordsRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteRecordsTopic {
    /// `Name`.
    pub name: String,
    /// `Partitions`.
    pub partitions: Vec<DeleteRecordsPartition>,
}

impl Encode for DeleteRecordsTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteRecordsTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            partitions: reader.array_of(flexible, |reader| DeleteRecordsPartition::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DeleteRecordsTopic::partitions`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteRecordsPartition {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `Offset`.
    pub offset: i64,
}

impl Encode for DeleteRecordsPartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        writer.i32(self.partition_index);
        writer.i64(self.offset);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteRecordsPartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let message = Self { partition_index: reader.i32()?, offset: reader.i64()? };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of DeleteRecords (21).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteRecordsResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `Topics`.
    pub topics: Vec<DeleteRecordsTopicResult>,
}

impl Encode for DeleteRecordsResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DeleteRecordsResponse", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.i32(self.throttle_time_ms);
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteRecordsResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            topics: reader.array_of(flexible, |reader| DeleteRecordsTopicResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DeleteRecordsResponse::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteRecordsTopicResult {
    /// `Name`.
    pub name: String,
    /// `Partitions`.
    pub partitions: Vec<DeleteRecordsPartitionResult>,
}

impl Encode for DeleteRecordsTopicResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteRecordsTopicResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            partitions: reader.array_of(flexible, |reader| DeleteRecordsPartitionResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DeleteRecordsTopicResult::partitions`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteRecordsPartitionResult {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `LowWatermark`.
    pub low_watermark: i64,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
}

impl Encode for DeleteRecordsPartitionResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        writer.i32(self.partition_index);
        writer.i64(self.low_watermark);
        writer.i16(self.error_code.0);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteRecordsPartitionResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let message =
            Self { partition_index: reader.i32()?, low_watermark: reader.i64()?, error_code: ErrorCode(reader.i16()?) };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
