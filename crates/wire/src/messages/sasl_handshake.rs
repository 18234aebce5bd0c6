//! SaslHandshake (17), versions 0 to 1. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 1);

/// The request of SaslHandshake (17).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SaslHandshakeRequest {
    /// `Mechanism`.
    pub mechanism: String,
}

impl Request for SaslHandshakeRequest {
    type Response = SaslHandshakeResponse;
    const KEY: ApiKey = ApiKey::SASL_HANDSHAKE;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = None;
}

impl Encode for SaslHandshakeRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("SaslHandshakeRequest", VERSIONS, version)?;
        writer.string(&self.mechanism, false)?;
        Ok(())
    }
}

impl Decode for SaslHandshakeRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        Ok(Self { mechanism: reader.string(false)?.to_owned() })
    }
}

/// The response of SaslHandshake (17).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SaslHandshakeResponse {
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `Mechanisms`.
    pub mechanisms: Vec<String>,
}

impl Encode for SaslHandshakeResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("SaslHandshakeResponse", VERSIONS, version)?;
        writer.i16(self.error_code.0);
        writer.array_of(&self.mechanisms, false, |writer, element| writer.string(element, false))?;
        Ok(())
    }
}

impl Decode for SaslHandshakeResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        Ok(Self {
            error_code: ErrorCode(reader.i16()?),
            mechanisms: reader.array_of(false, |reader| reader.string(false).map(str::to_owned))?,
        })
    }
}
