//! SaslAuthenticate (36), versions 0 to 2, flexible from 2 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};
use bytes::Bytes;
use std::fmt;

const VERSIONS: Versions = Versions::new(0, 2);

/// The request of SaslAuthenticate (36).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SaslAuthenticateRequest {
    /// `AuthBytes`; only its length is in debug output, for it may hold a password.
    pub auth_bytes: Bytes,
}

impl fmt::Debug for SaslAuthenticateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaslAuthenticateRequest")
            .field("auth_bytes", &format_args!("<{} bytes>", self.auth_bytes.len()))
            .finish()
    }
}

impl Request for SaslAuthenticateRequest {
    type Response = SaslAuthenticateResponse;
    const KEY: ApiKey = ApiKey::SASL_AUTHENTICATE;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(2);
}

impl Encode for SaslAuthenticateRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("SaslAuthenticateRequest", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.bytes(&self.auth_bytes, flexible)?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for SaslAuthenticateRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self { auth_bytes: Bytes::copy_from_slice(reader.bytes(flexible)?) };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of SaslAuthenticate (36).
#[derive(Clone, PartialEq, Eq)]
pub struct SaslAuthenticateResponse {
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, may be null, empty unless set.
    pub error_message: Option<String>,
    /// `AuthBytes`; only its length is in debug output, for it may hold a password.
    pub auth_bytes: Bytes,
    /// `SessionLifetimeMs`, from version 1 on; left out where it has no place.
    pub session_lifetime_ms: i64,
}

impl Default for SaslAuthenticateResponse {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(String::new()),
            auth_bytes: Bytes::new(),
            session_lifetime_ms: 0,
        }
    }
}

impl fmt::Debug for SaslAuthenticateResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaslAuthenticateResponse")
            .field("error_code", &self.error_code)
            .field("error_message", &self.error_message)
            .field("auth_bytes", &format_args!("<{} bytes>", self.auth_bytes.len()))
            .field("session_lifetime_ms", &self.session_lifetime_ms)
            .finish()
    }
}

impl Encode for SaslAuthenticateResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("SaslAuthenticateResponse", VERSIONS, version)?;
        let flexible = version >= 2;
        writer.i16(self.error_code.0);
        writer.nullable_string(self.error_message.as_deref(), flexible)?;
        writer.bytes(&self.auth_bytes, flexible)?;
        if version >= 1 {
            writer.i64(self.session_lifetime_ms);
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for SaslAuthenticateResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 2;
        let message = Self {
            error_code: ErrorCode(reader.i16()?),
            error_message: reader.nullable_string(flexible)?.map(str::to_owned),
            auth_bytes: Bytes::copy_from_slice(reader.bytes(flexible)?),
            session_lifetime_ms: if version >= 1 { reader.i64()? } else { 0 },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
