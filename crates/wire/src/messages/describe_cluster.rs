//! DescribeCluster (60), versions 0 to 2, flexible from 0 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 2);

/// The request of DescribeCluster (60).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeClusterRequest {
    /// `IncludeClusterAuthorizedOperations`.
    pub include_cluster_authorized_operations: bool,
    /// `EndpointType`, from version 1 on, 1 unless set.
    pub endpoint_type: i8,
    /// `IncludeFencedBrokers`, from version 2 on.
    pub include_fenced_brokers: bool,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self { include_cluster_authorized_operations: false, endpoint_type: 1, include_fenced_brokers: false }
    }
}

impl Request for DescribeClusterRequest {
    type Response = DescribeClusterResponse;
    const KEY: ApiKey = ApiKey::DESCRIBE_CLUSTER;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(0);
}

impl Encode for DescribeClusterRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DescribeClusterRequest", VERSIONS, version)?;
        writer.bool(self.include_cluster_authorized_operations);
        if version >= 1 {
            writer.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(EncodeError::Unsupported { field: "EndpointType", version });
        }
        if version >= 2 {
            writer.bool(self.include_fenced_brokers);
        } else if self.include_fenced_brokers {
            return Err(EncodeError::Unsupported { field: "IncludeFencedBrokers", version });
        }
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for DescribeClusterRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self {
            include_cluster_authorized_operations: reader.bool()?,
            endpoint_type: if version >= 1 { reader.i8()? } else { 1 },
            include_fenced_brokers: if version >= 2 { reader.bool()? } else { false },
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// The response of DescribeCluster (60).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeClusterResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, may be null.
    pub error_message: Option<String>,
    /// `EndpointType`, from version 1 on, 1 unless set.
    pub endpoint_type: i8,
    /// `ClusterId`.
    pub cluster_id: String,
    /// `ControllerId`, -1 unless set.
    pub controller_id: i32,
    /// `Brokers`.
    pub brokers: Vec<DescribeClusterBroker>,
    /// `ClusterAuthorizedOperations`, i32::MIN unless set.
    pub cluster_authorized_operations: i32,
}

impl Default for DescribeClusterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: None,
            endpoint_type: 1,
            cluster_id: String::new(),
            controller_id: -1,
            brokers: Vec::new(),
            cluster_authorized_operations: i32::MIN,
        }
    }
}

impl Encode for DescribeClusterResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DescribeClusterResponse", VERSIONS, version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string(self.error_message.as_deref(), true)?;
        if version >= 1 {
            writer.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(EncodeError::Unsupported { field: "EndpointType", version });
        }
        writer.string(&self.cluster_id, true)?;
        writer.i32(self.controller_id);
        writer.array_of(&self.brokers, true, |writer, element| element.encode(writer, version))?;
        writer.i32(self.cluster_authorized_operations);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for DescribeClusterResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            error_code: ErrorCode(reader.i16()?),
            error_message: reader.nullable_string(true)?.map(str::to_owned),
            endpoint_type: if version >= 1 { reader.i8()? } else { 1 },
            cluster_id: reader.string(true)?.to_owned(),
            controller_id: reader.i32()?,
            brokers: reader.array_of(true, |reader| DescribeClusterBroker::decode(reader, version))?,
            cluster_authorized_operations: reader.i32()?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`DescribeClusterResponse::brokers`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DescribeClusterBroker {
    /// `BrokerId`.
    pub broker_id: i32,
    /// `Host`.
    pub host: String,
    /// `Port`.
    pub port: i32,
    /// `Rack`, may be null.
    pub rack: Option<String>,
    /// `IsFenced`, from version 2 on.
    pub is_fenced: bool,
}

impl Encode for DescribeClusterBroker {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.broker_id);
        writer.string(&self.host, true)?;
        writer.i32(self.port);
        writer.nullable_string(self.rack.as_deref(), true)?;
        if version >= 2 {
            writer.bool(self.is_fenced);
        } else if self.is_fenced {
            return Err(EncodeError::Unsupported { field: "IsFenced", version });
        }
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for DescribeClusterBroker {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            broker_id: reader.i32()?,
            host: reader.string(true)?.to_owned(),
            port: reader.i32()?,
            rack: reader.nullable_string(true)?.map(str::to_owned),
            is_fenced: if version >= 2 { reader.bool()? } else { false },
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
