//! ApiVersions (18), versions 0 to 4, flexible from 3 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable, tagged_field};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 4);

/// The request of ApiVersions (18).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiVersionsRequest {
    /// `ClientSoftwareName`, from version 3 on; left out where it has no place.
    pub client_software_name: String,
    /// `ClientSoftwareVersion`, from version 3 on; left out where it has no place.
    pub client_software_version: String,
}

impl Request for ApiVersionsRequest {
    type Response = ApiVersionsResponse;
    const KEY: ApiKey = ApiKey::API_VERSIONS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(3);
}

impl Encode for ApiVersionsRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("ApiVersionsRequest", VERSIONS, version)?;
        let flexible = version >= 3;
        if version >= 3 {
            writer.string(&self.client_software_name, true)?;
        }
        if version >= 3 {
            writer.string(&self.client_software_version, true)?;
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for ApiVersionsRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let message = Self {
            client_software_name: if version >= 3 { reader.string(true)?.to_owned() } else { String::new() },
            client_software_version: if version >= 3 { reader.string(true)?.to_owned() } else { String::new() },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of ApiVersions (18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersionsResponse {
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ApiKeys`.
    pub api_keys: Vec<ApiVersion>,
    /// `ThrottleTimeMs`, from version 1 on; left out where it has no place.
    pub throttle_time_ms: i32,
    /// `SupportedFeatures`, from version 3 on; left out where it has no place.
    pub supported_features: Vec<SupportedFeatureKey>,
    /// `FinalizedFeaturesEpoch`, from version 3 on, -1 unless set; left out where it has no place.
    pub finalized_features_epoch: i64,
    /// `FinalizedFeatures`, from version 3 on; left out where it has no place.
    pub finalized_features: Vec<FinalizedFeatureKey>,
    /// `ZkMigrationReady`, from version 3 on; left out where it has no place.
    pub zk_migration_ready: bool,
}

impl Default for ApiVersionsResponse {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
        }
    }
}

impl Encode for ApiVersionsResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("ApiVersionsResponse", VERSIONS, version)?;
        let flexible = version >= 3;
        writer.i16(self.error_code.0);
        writer.array_of(&self.api_keys, flexible, |writer, element| element.encode(writer, version))?;
        if version >= 1 {
            writer.i32(self.throttle_time_ms);
        }
        if flexible {
            let mut tagged = Vec::new();
            if !self.supported_features.is_empty() {
                tagged.push((
                    0,
                    tagged_field(|writer| {
                        writer
                            .array_of(&self.supported_features, true, |writer, element| element.encode(writer, version))
                    })?,
                ));
            }
            if self.finalized_features_epoch != -1 {
                tagged.push((
                    1,
                    tagged_field(|writer| {
                        writer.i64(self.finalized_features_epoch);
                        Ok(())
                    })?,
                ));
            }
            if !self.finalized_features.is_empty() {
                tagged.push((
                    2,
                    tagged_field(|writer| {
                        writer
                            .array_of(&self.finalized_features, true, |writer, element| element.encode(writer, version))
                    })?,
                ));
            }
            if self.zk_migration_ready {
                tagged.push((
                    3,
                    tagged_field(|writer| {
                        writer.bool(self.zk_migration_ready);
                        Ok(())
                    })?,
                ));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for ApiVersionsResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 3;
        let mut message = Self {
            error_code: ErrorCode(reader.i16()?),
            api_keys: reader.array_of(flexible, |reader| ApiVersion::decode(reader, version))?,
            throttle_time_ms: if version >= 1 { reader.i32()? } else { 0 },
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 => {
                        message.supported_features =
                            reader.array_of(true, |reader| SupportedFeatureKey::decode(reader, version))?
                    }
                    1 => message.finalized_features_epoch = reader.i64()?,
                    2 => {
                        message.finalized_features =
                            reader.array_of(true, |reader| FinalizedFeatureKey::decode(reader, version))?
                    }
                    3 => message.zk_migration_ready = reader.bool()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`ApiVersionsResponse::api_keys`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiVersion {
    /// `ApiKey`.
    pub api_key: ApiKey,
    /// `MinVersion`.
    pub min_version: i16,
    /// `MaxVersion`.
    pub max_version: i16,
}

impl Encode for ApiVersion {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        writer.i16(self.api_key.0);
        writer.i16(self.min_version);
        writer.i16(self.max_version);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for ApiVersion {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let message = Self { api_key: ApiKey(reader.i16()?), min_version: reader.i16()?, max_version: reader.i16()? };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`ApiVersionsResponse::supported_features`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SupportedFeatureKey {
    /// `Name`.
    pub name: String,
    /// `MinVersion`.
    pub min_version: i16,
    /// `MaxVersion`.
    pub max_version: i16,
}

impl Encode for SupportedFeatureKey {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string(&self.name, true)?;
        writer.i16(self.min_version);
        writer.i16(self.max_version);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for SupportedFeatureKey {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message =
            Self { name: reader.string(true)?.to_owned(), min_version: reader.i16()?, max_version: reader.i16()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`ApiVersionsResponse::finalized_features`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FinalizedFeatureKey {
    /// `Name`.
    pub name: String,
    /// `MaxVersionLevel`.
    pub max_version_level: i16,
    /// `MinVersionLevel`.
    pub min_version_level: i16,
}

impl Encode for FinalizedFeatureKey {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string(&self.name, true)?;
        writer.i16(self.max_version_level);
        writer.i16(self.min_version_level);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for FinalizedFeatureKey {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            name: reader.string(true)?.to_owned(),
            max_version_level: reader.i16()?,
            min_version_level: reader.i16()?,
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
