//! InitProducerId (22), versions 0 to 5, flexible from 2 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 5);

/// The request of InitProducerId (22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitProducerIdRequest {
    /// `TransactionalId`, may be null, empty unless set.
    pub transactional_id: Option<String>,
    /// `TransactionTimeoutMs`.
    pub transaction_timeout_ms: i32,
    /// `ProducerId`, from version 3 on, -1 unless set.
    pub producer_id: i64,
    /// `ProducerEpoch`, from version 3 on, -1 unless set.
    pub producer_epoch: i16,
}

impl Default for InitProducerIdRequest {
    fn default() -> Self {
        Self { transactional_id: Some(String::new()), transaction_timeout_ms: 0, producer_id: -1, producer_epoch: -1 }
    }
}

impl Request for InitProducerIdRequest {
    type Response = InitProducerIdResponse;
    const KEY: ApiKey = ApiKey::INIT_PRODUCER_ID;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(2);
}

impl Encode for InitProducerIdRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("InitProducerIdRequest", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.nullable_string(self.transactional_id.as_deref(), flexible)?;
        writer.i32(self.transaction_timeout_ms);
        if version >= 3 {
            writer.i64(self.producer_id);
        } else if self.producer_id != -1 {
            return Err(EncodeError::Unsupported { field: "ProducerId", version });
        }
        if version >= 3 {
            writer.i16(self.producer_epoch);
        } else if self.producer_epoch != -1 {
            return Err(EncodeError::Unsupported { field: "ProducerEpoch", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for InitProducerIdRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self {
            transactional_id: reader.nullable_string(flexible)?.map(str::to_owned),
            transaction_timeout_ms: reader.i32()?,
            producer_id: if version >= 3 { reader.i64()? } else { -1 },
            producer_epoch: if version >= 3 { reader.i16()? } else { -1 },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of InitProducerId (22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitProducerIdResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ProducerId`, -1 unless set.
    pub producer_id: i64,
    /// `ProducerEpoch`.
    pub producer_epoch: i16,
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self { throttle_time_ms: 0, error_code: ErrorCode::NONE, producer_id: -1, producer_epoch: 0 }
    }
}

impl Encode for InitProducerIdResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("InitProducerIdResponse", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.i64(self.producer_id);
        writer.i16(self.producer_epoch);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for InitProducerIdResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            error_code: ErrorCode(reader.i16()?),
            producer_id: reader.i64()?,
            producer_epoch: reader.i16()?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
