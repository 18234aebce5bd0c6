//! AddPartitionsToTxn (24), versions 0 to 5, flexible from 3 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 5);

/// The request of AddPartitionsToTxn (24).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddPartitionsToTxnRequest {
    /// `Transactions`, from version 4 on.
    pub transactions: Vec<AddPartitionsToTxnTransaction>,
    /// `V3AndBelowTransactionalId`, up to version 3.
    pub v3_and_below_transactional_id: String,
    /// `V3AndBelowProducerId`, up to version 3.
    pub v3_and_below_producer_id: i64,
    /// `V3AndBelowProducerEpoch`, up to version 3.
    pub v3_and_below_producer_epoch: i16,
    /// `V3AndBelowTopics`, up to version 3.
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic>,
}

impl Request for AddPartitionsToTxnRequest {
    type Response = AddPartitionsToTxnResponse;
    const KEY: ApiKey = ApiKey::ADD_PARTITIONS_TO_TXN;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(3);
}

impl Encode for AddPartitionsToTxnRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("AddPartitionsToTxnRequest", VERSIONS, version)?;
        let flexible = version >= 3;
        if version >= 4 {
            writer.array_of(&self.transactions, true, |writer, element| element.encode(writer, version))?;
        } else if !self.transactions.is_empty() {
            return Err(EncodeError::Unsupported { field: "Transactions", version });
        }
        if version <= 3 {
            writer.string(&self.v3_and_below_transactional_id, flexible)?;
        } else if !self.v3_and_below_transactional_id.is_empty() {
            return Err(EncodeError::Unsupported { field: "V3AndBelowTransactionalId", version });
        }
        if version <= 3 {
            writer.i64(self.v3_and_below_producer_id);
        } else if self.v3_and_below_producer_id != 0 {
            return Err(EncodeError::Unsupported { field: "V3AndBelowProducerId", version });
        }
        if version <= 3 {
            writer.i16(self.v3_and_below_producer_epoch);
        } else if self.v3_and_below_producer_epoch != 0 {
            return Err(EncodeError::Unsupported { field: "V3AndBelowProducerEpoch", version });
        }
        if version <= 3 {
            writer.array_of(&self.v3_and_below_topics, flexible, |writer, element| element.encode(writer, version))?;
        } else if !self.v3_and_below_topics.is_empty() {
            return Err(EncodeError::Unsupported { field: "V3AndBelowTopics", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for AddPartitionsToTxnRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let message = Self {
            transactions: if version >= 4 {
                reader.array_of(true, |reader| AddPartitionsToTxnTransaction::decode(reader, version))?
            } else {
                Vec::new()
            },
            v3_and_below_transactional_id: if version <= 3 {
                reader.string(flexible)?.to_owned()
            } else {
                String::new()
            },
            v3_and_below_producer_id: if version <= 3 { reader.i64()? } else { 0 },
            v3_and_below_producer_epoch: if version <= 3 { reader.i16()? } else { 0 },
            v3_and_below_topics: if version <= 3 {
                reader.array_of(flexible, |reader| AddPartitionsToTxnTopic::decode(reader, version))?
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

/// What [`AddPartitionsToTxnRequest::transactions`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddPartitionsToTxnTransaction {
    /// `TransactionalId`.
    pub transactional_id: String,
    /// `ProducerId`.
    pub producer_id: i64,
    /// `ProducerEpoch`.
    pub producer_epoch: i16,
    /// `VerifyOnly`.
    pub verify_only: bool,
    /// `Topics`.
    pub topics: Vec<AddPartitionsToTxnTopic>,
}

impl Encode for AddPartitionsToTxnTransaction {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string(&self.transactional_id, true)?;
        writer.i64(self.producer_id);
        writer.i16(self.producer_epoch);
        writer.bool(self.verify_only);
        writer.array_of(&self.topics, true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for AddPartitionsToTxnTransaction {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            transactional_id: reader.string(true)?.to_owned(),
            producer_id: reader.i64()?,
            producer_epoch: reader.i16()?,
            verify_only: reader.bool()?,
            topics: reader.array_of(true, |reader| AddPartitionsToTxnTopic::decode(reader, version))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`AddPartitionsToTxnTransaction::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddPartitionsToTxnTopic {
    /// `Name`.
    pub name: String,
    /// `Partitions`.
    pub partitions: Vec<i32>,
}

impl Encode for AddPartitionsToTxnTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.partitions, flexible, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for AddPartitionsToTxnTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            partitions: reader.array_of(flexible, |reader| reader.i32())?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of AddPartitionsToTxn (24).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddPartitionsToTxnResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `ErrorCode`, from version 4 on; left out where it has no place.
    pub error_code: ErrorCode,
    /// `ResultsByTransaction`, from version 4 on.
    pub results_by_transaction: Vec<AddPartitionsToTxnResult>,
    /// `ResultsByTopicV3AndBelow`, up to version 3.
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>,
}

impl Encode for AddPartitionsToTxnResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("AddPartitionsToTxnResponse", VERSIONS, version)?;
        let flexible = version >= 3;
        writer.i32(self.throttle_time_ms);
        if version >= 4 {
            writer.i16(self.error_code.0);
        }
        if version >= 4 {
            writer.array_of(&self.results_by_transaction, true, |writer, element| element.encode(writer, version))?;
        } else if !self.results_by_transaction.is_empty() {
            return Err(EncodeError::Unsupported { field: "ResultsByTransaction", version });
        }
        if version <= 3 {
            writer.array_of(&self.results_by_topic_v3_and_below, flexible, |writer, element| {
                element.encode(writer, version)
            })?;
        } else if !self.results_by_topic_v3_and_below.is_empty() {
            return Err(EncodeError::Unsupported { field: "ResultsByTopicV3AndBelow", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for AddPartitionsToTxnResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            error_code: if version >= 4 { ErrorCode(reader.i16()?) } else { ErrorCode::NONE },
            results_by_transaction: if version >= 4 {
                reader.array_of(true, |reader| AddPartitionsToTxnResult::decode(reader, version))?
            } else {
                Vec::new()
            },
            results_by_topic_v3_and_below: if version <= 3 {
                reader.array_of(flexible, |reader| AddPartitionsToTxnTopicResult::decode(reader, version))?
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

/// What [`AddPartitionsToTxnResponse::results_by_transaction`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddPartitionsToTxnResult {
    /// `TransactionalId`.
    pub transactional_id: String,
    /// `TopicResults`.
    pub topic_results: Vec<AddPartitionsToTxnTopicResult>,
}

impl Encode for AddPartitionsToTxnResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string(&self.transactional_id, true)?;
        writer.array_of(&self.topic_results, true, |writer, element| element.encode(writer, version))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for AddPartitionsToTxnResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            transactional_id: reader.string(true)?.to_owned(),
            topic_results: reader.array_of(true, |reader| AddPartitionsToTxnTopicResult::decode(reader, version))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`AddPartitionsToTxnResult::topic_results`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddPartitionsToTxnTopicResult {
    /// `Name`.
    pub name: String,
    /// `ResultsByPartition`.
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
}

impl Encode for AddPartitionsToTxnTopicResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.string(&self.name, flexible)?;
        writer.array_of(&self.results_by_partition, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for AddPartitionsToTxnTopicResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            results_by_partition: reader
                .array_of(flexible, |reader| AddPartitionsToTxnPartitionResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`AddPartitionsToTxnTopicResult::results_by_partition`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddPartitionsToTxnPartitionResult {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `PartitionErrorCode`.
    pub partition_error_code: ErrorCode,
}

impl Encode for AddPartitionsToTxnPartitionResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.i32(self.partition_index);
        writer.i16(self.partition_error_code.0);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for AddPartitionsToTxnPartitionResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self { partition_index: reader.i32()?, partition_error_code: ErrorCode(reader.i16()?) };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
