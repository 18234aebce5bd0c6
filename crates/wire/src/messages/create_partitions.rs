//! CreatePartitions (37), versions 0 to 3, flexible from 2 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 3);

/// The request of CreatePartitions (37).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatePartitionsRequest {
    /// `Topics`.
    pub topics: Vec<CreatePartitionsTopic>,
    /// `TimeoutMs`.
    pub timeout_ms: i32,
    /// `ValidateOnly`.
    pub validate_only: bool,
}

impl Request for CreatePartitionsRequest {
    type Response = CreatePartitionsResponse;
    const KEY: ApiKey = ApiKey::CREATE_PARTITIONS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(2);
}

impl Encode for CreatePartitionsRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("CreatePartitionsRequest", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        writer.i32(self.timeout_ms);
        writer.bool(self.validate_only);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreatePartitionsRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self {
            topics: reader.array_of(flexible, |reader| CreatePartitionsTopic::decode(reader, version))?,
            timeout_ms: reader.i32()?,
            validate_only: reader.bool()?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`CreatePartitionsRequest::topics`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePartitionsTopic {
    /// `Name`.
    pub name: String,
    /// `Count`.
    pub count: i32,
    /// `Assignments`, may be null, empty unless set.
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
}

impl Default for CreatePartitionsTopic {
    fn default() -> Self {
        Self { name: String::new(), count: 0, assignments: Some(Vec::new()) }
    }
}

impl Encode for CreatePartitionsTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        writer.string(&self.name, flexible)?;
        writer.i32(self.count);
        writer.nullable_array_of(self.assignments.as_deref(), flexible, |writer, element| {
            element.encode(writer, version)
        })?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreatePartitionsTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            count: reader.i32()?,
            assignments: reader
                .nullable_array_of(flexible, |reader| CreatePartitionsAssignment::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`CreatePartitionsTopic::assignments`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatePartitionsAssignment {
    /// `BrokerIds`.
    pub broker_ids: Vec<i32>,
}

impl Encode for CreatePartitionsAssignment {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
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

impl Decode for CreatePartitionsAssignment {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let message = Self { broker_ids: reader.array_of(flexible, |reader| reader.i32())? };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of CreatePartitions (37).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatePartitionsResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `Results`.
    pub results: Vec<CreatePartitionsTopicResult>,
}

impl Encode for CreatePartitionsResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("CreatePartitionsResponse", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.i32(self.throttle_time_ms);
        writer.array_of(&self.results, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreatePartitionsResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            results: reader.array_of(flexible, |reader| CreatePartitionsTopicResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`CreatePartitionsResponse::results`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatePartitionsTopicResult {
    /// `Name`.
    pub name: String,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, may be null.
    pub error_message: Option<String>,
}

impl Encode for CreatePartitionsTopicResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        writer.string(&self.name, flexible)?;
        writer.i16(self.error_code.0);
        writer.nullable_string(self.error_message.as_deref(), flexible)?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for CreatePartitionsTopicResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            error_code: ErrorCode(reader.i16()?),
            error_message: reader.nullable_string(flexible)?.map(str::to_owned),
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
