//! FindCoordinator (10), versions 0 to 6, flexible from 3 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 6);

/// The request of FindCoordinator (10).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindCoordinatorRequest {
    /// `Key`, up to version 3.
    pub key: String,
    /// `KeyType`, from version 1 on.
    pub key_type: i8,
    /// `CoordinatorKeys`, from version 4 on.
    pub coordinator_keys: Vec<String>,
}

impl Request for FindCoordinatorRequest {
    type Response = FindCoordinatorResponse;
    const KEY: ApiKey = ApiKey::FIND_COORDINATOR;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(3);
}

impl Encode for FindCoordinatorRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("FindCoordinatorRequest", VERSIONS, version)?;
        let flexible = version >= 3;
        if version <= 3 {
            writer.string(&self.key, flexible)?;
        } else if !self.key.is_empty() {
            return Err(EncodeError::Unsupported { field: "Key", version });
        }
        if version >= 1 {
            writer.i8(self.key_type);
        } else if self.key_type != 0 {
            return Err(EncodeError::Unsupported { field: "KeyType", version });
        }
        if version >= 4 {
            writer.array_of(&self.coordinator_keys, true, |writer, element| writer.string(element, true))?;
        } else if !self.coordinator_keys.is_empty() {
            return Err(EncodeError::Unsupported { field: "CoordinatorKeys", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for FindCoordinatorRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let message = Self {
            key: if version <= 3 { reader.string(flexible)?.to_owned() } else { String::new() },
            key_type: if version >= 1 { reader.i8()? } else { 0 },
            coordinator_keys: if version >= 4 {
                reader.array_of(true, |reader| reader.string(true).map(str::to_owned))?
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

/// The response of FindCoordinator (10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindCoordinatorResponse {
    /// `ThrottleTimeMs`, from version 1 on; left out where it has no place.
    pub throttle_time_ms: i32,
    /// `ErrorCode`, up to version 3.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, in versions 1 to 3, may be null, empty unless set; left out where it has no place.
    pub error_message: Option<String>,
    /// `NodeId`, up to version 3.
    pub node_id: i32,
    /// `Host`, up to version 3.
    pub host: String,
    /// `Port`, up to version 3.
    pub port: i32,
    /// `Coordinators`, from version 4 on.
    pub coordinators: Vec<Coordinator>,
}

impl Default for FindCoordinatorResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(String::new()),
            node_id: 0,
            host: String::new(),
            port: 0,
            coordinators: Vec::new(),
        }
    }
}

impl Encode for FindCoordinatorResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("FindCoordinatorResponse", VERSIONS, version)?;
        let flexible = version >= 3;
        if version >= 1 {
            writer.i32(self.throttle_time_ms);
        }
        if version <= 3 {
            writer.i16(self.error_code.0);
        } else if self.error_code != ErrorCode::NONE {
            return Err(EncodeError::Unsupported { field: "ErrorCode", version });
        }
        if (1..=3).contains(&version) {
            writer.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if version <= 3 {
            writer.i32(self.node_id);
        } else if self.node_id != 0 {
            return Err(EncodeError::Unsupported { field: "NodeId", version });
        }
        if version <= 3 {
            writer.string(&self.host, flexible)?;
        } else if !self.host.is_empty() {
            return Err(EncodeError::Unsupported { field: "Host", version });
        }
        if version <= 3 {
            writer.i32(self.port);
        } else if self.port != 0 {
            return Err(EncodeError::Unsupported { field: "Port", version });
        }
        if version >= 4 {
            writer.array_of(&self.coordinators, true, |writer, element| element.encode(writer, version))?;
        } else if !self.coordinators.is_empty() {
            return Err(EncodeError::Unsupported { field: "Coordinators", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for FindCoordinatorResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let message = Self {
            throttle_time_ms: if version >= 1 { reader.i32()? } else { 0 },
            error_code: if version <= 3 { ErrorCode(reader.i16()?) } else { ErrorCode::NONE },
            error_message: if (1..=3).contains(&version) {
                reader.nullable_string(flexible)?.map(str::to_owned)
            } else {
                Some(String::new())
            },
            node_id: if version <= 3 { reader.i32()? } else { 0 },
            host: if version <= 3 { reader.string(flexible)?.to_owned() } else { String::new() },
            port: if version <= 3 { reader.i32()? } else { 0 },
            coordinators: if version >= 4 {
                reader.array_of(true, |reader| Coordinator::decode(reader, version))?
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

/// What [`FindCoordinatorResponse::coordinators`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinator {
    /// `Key`.
    pub key: String,
    /// `NodeId`.
    pub node_id: i32,
    /// `Host`.
    pub host: String,
    /// `Port`.
    pub port: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, may be null, empty unless set.
    pub error_message: Option<String>,
}

impl Default for Coordinator {
    fn default() -> Self {
        Self {
            key: String::new(),
            node_id: 0,
            host: String::new(),
            port: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(String::new()),
        }
    }
}

impl Encode for Coordinator {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string(&self.key, true)?;
        writer.i32(self.node_id);
        writer.string(&self.host, true)?;
        writer.i32(self.port);
        writer.i16(self.error_code.0);
        writer.nullable_string(self.error_message.as_deref(), true)?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for Coordinator {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            key: reader.string(true)?.to_owned(),
            node_id: reader.i32()?,
            host: reader.string(true)?.to_owned(),
            port: reader.i32()?,
            error_code: ErrorCode(reader.i16()?),
            error_message: reader.nullable_string(true)?.map(str::to_owned),
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
