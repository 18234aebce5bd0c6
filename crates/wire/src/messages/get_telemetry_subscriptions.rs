//! GetTelemetrySubscriptions (71), versions 0 to 0, flexible from 0 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 0);

/// The request of GetTelemetrySubscriptions (71).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetTelemetrySubscriptionsRequest {
    /// `ClientInstanceId`.
    pub client_instance_id: Uuid,
}

impl Request for GetTelemetrySubscriptionsRequest {
    type Response = GetTelemetrySubscriptionsResponse;
    const KEY: ApiKey = ApiKey::GET_TELEMETRY_SUBSCRIPTIONS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(0);
}

impl Encode for GetTelemetrySubscriptionsRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("GetTelemetrySubscriptionsRequest", VERSIONS, version)?;
        writer.uuid(self.client_instance_id);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for GetTelemetrySubscriptionsRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self { client_instance_id: reader.uuid()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// The response of GetTelemetrySubscriptions (71).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetTelemetrySubscriptionsResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ClientInstanceId`.
    pub client_instance_id: Uuid,
    /// `SubscriptionId`.
    pub subscription_id: i32,
    /// `AcceptedCompressionTypes`.
    pub accepted_compression_types: Vec<i8>,
    /// `PushIntervalMs`.
    pub push_interval_ms: i32,
    /// `TelemetryMaxBytes`.
    pub telemetry_max_bytes: i32,
    /// `DeltaTemporality`.
    pub delta_temporality: bool,
    /// `RequestedMetrics`.
    pub requested_metrics: Vec<String>,
}

impl Encode for GetTelemetrySubscriptionsResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("GetTelemetrySubscriptionsResponse", VERSIONS, version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.uuid(self.client_instance_id);
        writer.i32(self.subscription_id);
        writer.array_of(&self.accepted_compression_types, true, |writer, element| {
            writer.i8(*element);
            Ok(())
        })?;
        writer.i32(self.push_interval_ms);
        writer.i32(self.telemetry_max_bytes);
        writer.bool(self.delta_temporality);
        writer.array_of(&self.requested_metrics, true, |writer, element| writer.string(element, true))?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for GetTelemetrySubscriptionsResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            error_code: ErrorCode(reader.i16()?),
            client_instance_id: reader.uuid()?,
            subscription_id: reader.i32()?,
            accepted_compression_types: reader.array_of(true, |reader| reader.i8())?,
            push_interval_ms: reader.i32()?,
            telemetry_max_bytes: reader.i32()?,
            delta_temporality: reader.bool()?,
            requested_metrics: reader.array_of(true, |reader| reader.string(true).map(str::to_owned))?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
