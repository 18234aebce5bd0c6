//! PushTelemetry (72), versions 0 to 0, flexible from 0 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};
use bytes::Bytes;

const VERSIONS: Versions = Versions::new(0, 0);

/// The request of PushTelemetry (72).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushTelemetryRequest {
    /// `ClientInstanceId`.
    pub client_instance_id: Uuid,
    /// `SubscriptionId`.
    pub subscription_id: i32,
    /// `Terminating`.
    pub terminating: bool,
    /// `CompressionType`.
    pub compression_type: i8,
    /// `Metrics`.
    pub metrics: Bytes,
}

impl Request for PushTelemetryRequest {
    type Response = PushTelemetryResponse;
    const KEY: ApiKey = ApiKey::PUSH_TELEMETRY;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(0);
}

impl Encode for PushTelemetryRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("PushTelemetryRequest", VERSIONS, version)?;
        writer.uuid(self.client_instance_id);
        writer.i32(self.subscription_id);
        writer.bool(self.terminating);
        writer.i8(self.compression_type);
        writer.bytes(&self.metrics, true)?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for PushTelemetryRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self {
            client_instance_id: reader.uuid()?,
            subscription_id: reader.i32()?,
            terminating: reader.bool()?,
            compression_type: reader.i8()?,
            metrics: Bytes::copy_from_slice(reader.bytes(true)?),
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// The response of PushTelemetry (72).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushTelemetryResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
}

impl Encode for PushTelemetryResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("PushTelemetryResponse", VERSIONS, version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for PushTelemetryResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self { throttle_time_ms: reader.i32()?, error_code: ErrorCode(reader.i16()?) };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
