//! DescribeProducers (61), versions 0 to 0, flexible from 0 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 0);

/// The request of DescribeProducers (61).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DescribeProducersRequest {
    /// `Topics`.
    pub topics: Vec<TopicRequest>,
}

impl Request for DescribeProducersRequest {
    type Response = DescribeProducersResponse;
    const KEY: ApiKey = ApiKey::DESCRIBE_PRODUCERS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(0);
}

impl Encode for DescribeProducersRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DescribeProducersRequest", VERSIONS, version)?;
        writer.array_of(&self.topics, true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for DescribeProducersRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self { topics: reader.array_of(true, |reader| TopicRequest::decode(reader, version))? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`DescribeProducersRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicRequest {
    /// `Name`.
    pub name: String,
    /// `PartitionIndexes`.
    pub partition_indexes: Vec<i32>,
}

impl Encode for TopicRequest {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string(&self.name, true)?;
        writer.array_of(&self.partition_indexes, true, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for TopicRequest {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            name: reader.string(true)?.to_owned(),
            partition_indexes: reader.array_of(true, |reader| reader.i32())?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// The response of DescribeProducers (61).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DescribeProducersResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `Topics`.
    pub topics: Vec<TopicResponse>,
}

impl Encode for DescribeProducersResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DescribeProducersResponse", VERSIONS, version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_of(&self.topics, true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for DescribeProducersResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            topics: reader.array_of(true, |reader| TopicResponse::decode(reader, version))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`DescribeProducersResponse::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicResponse {
    /// `Name`.
    pub name: String,
    /// `Partitions`.
    pub partitions: Vec<PartitionResponse>,
}

impl Encode for TopicResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string(&self.name, true)?;
        writer.array_of(&self.partitions, true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for TopicResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            name: reader.string(true)?.to_owned(),
            partitions: reader.array_of(true, |reader| PartitionResponse::decode(reader, version))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`TopicResponse::partitions`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionResponse {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, may be null.
    pub error_message: Option<String>,
    /// `ActiveProducers`.
    pub active_producers: Vec<ProducerState>,
}

impl Encode for PartitionResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.nullable_string(self.error_message.as_deref(), true)?;
        writer.array_of(&self.active_producers, true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for PartitionResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            partition_index: reader.i32()?,
            error_code: ErrorCode(reader.i16()?),
            error_message: reader.nullable_string(true)?.map(str::to_owned),
            active_producers: reader.array_of(true, |reader| ProducerState::decode(reader, version))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`PartitionResponse::active_producers`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerState {
    /// `ProducerId`.
    pub producer_id: i64,
    /// `ProducerEpoch`.
    pub producer_epoch: i32,
    /// `LastSequence`, -1 unless set.
    pub last_sequence: i32,
    /// `LastTimestamp`, -1 unless set.
    pub last_timestamp: i64,
    /// `CoordinatorEpoch`.
    pub coordinator_epoch: i32,
    /// `CurrentTxnStartOffset`, -1 unless set.
    pub current_txn_start_offset: i64,
}

impl Default for ProducerState {
    fn default() -> Self {
        Self {
            producer_id: 0,
            producer_epoch: 0,
            last_sequence: -1,
            last_timestamp: -1,
            coordinator_epoch: 0,
            current_txn_start_offset: -1,
        }
    }
}

impl Encode for ProducerState {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.producer_id);
        writer.i32(self.producer_epoch);
        writer.i32(self.last_sequence);
        writer.i64(self.last_timestamp);
        writer.i32(self.coordinator_epoch);
        writer.i64(self.current_txn_start_offset);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for ProducerState {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            producer_id: reader.i64()?,
            producer_epoch: reader.i32()?,
            last_sequence: reader.i32()?,
            last_timestamp: reader.i64()?,
            coordinator_epoch: reader.i32()?,
            current_txn_start_offset: reader.i64()?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
