//! DescribeConfigs (32), versions 1 to 4, flexible from 4 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable};
use crate::buf::{DecodeError, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(1, 4);

/// The request of DescribeConfigs (32).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DescribeConfigsRequest {
    /// `Resources`.
    pub resources: Vec<DescribeConfigsResource>,
    /// `IncludeSynonyms`.
    pub include_synonyms: bool,
    /// `IncludeDocumentation`, from version 3 on.
    pub include_documentation: bool,
}

impl Request for DescribeConfigsRequest {
    type Response = DescribeConfigsResponse;
    const KEY: ApiKey = ApiKey::DESCRIBE_CONFIGS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(4);
}

impl Encode for DescribeConfigsRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DescribeConfigsRequest", VERSIONS, version)?;
        let flexible = version >= 4;
        writer.array_of(&self.resources, flexible, |writer, element| element.encode(writer, version))?;
        writer.bool(self.include_synonyms);
        if version >= 3 {
            writer.bool(self.include_documentation);
        } else if self.include_documentation {
            return Err(EncodeError::Unsupported { field: "IncludeDocumentation", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DescribeConfigsRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 4;
        let message = Self {
            resources: reader.array_of(flexible, |reader| DescribeConfigsResource::decode(reader, version))?,
            include_synonyms: reader.bool()?,
            include_documentation: if version >= 3 { reader.bool()? } else { false },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DescribeConfigsRequest::resources`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsResource {
    /// `ResourceType`.
    pub resource_type: i8,
    /// `ResourceName`.
    pub resource_name: String,
    /// `ConfigurationKeys`, may be null, empty unless set.
    pub configuration_keys: Option<Vec<String>>,
}

impl Default for DescribeConfigsResource {
    fn default() -> Self {
        Self { resource_type: 0, resource_name: String::new(), configuration_keys: Some(Vec::new()) }
    }
}

impl Encode for DescribeConfigsResource {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        writer.i8(self.resource_type);
        writer.string(&self.resource_name, flexible)?;
        writer.nullable_array_of(self.configuration_keys.as_deref(), flexible, |writer, element| {
            writer.string(element, flexible)
        })?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DescribeConfigsResource {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let message = Self {
            resource_type: reader.i8()?,
            resource_name: reader.string(flexible)?.to_owned(),
            configuration_keys: reader
                .nullable_array_of(flexible, |reader| reader.string(flexible).map(str::to_owned))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of DescribeConfigs (32).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DescribeConfigsResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `Results`.
    pub results: Vec<DescribeConfigsResult>,
}

impl Encode for DescribeConfigsResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DescribeConfigsResponse", VERSIONS, version)?;
        let flexible = version >= 4;
        writer.i32(self.throttle_time_ms);
        writer.array_of(&self.results, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DescribeConfigsResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 4;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            results: reader.array_of(flexible, |reader| DescribeConfigsResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DescribeConfigsResponse::results`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsResult {
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, may be null, empty unless set.
    pub error_message: Option<String>,
    /// `ResourceType`.
    pub resource_type: i8,
    /// `ResourceName`.
    pub resource_name: String,
    /// `Configs`.
    pub configs: Vec<DescribeConfigsResourceResult>,
}

impl Default for DescribeConfigsResult {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(String::new()),
            resource_type: 0,
            resource_name: String::new(),
            configs: Vec::new(),
        }
    }
}

impl Encode for DescribeConfigsResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        writer.i16(self.error_code.0);
        writer.nullable_string(self.error_message.as_deref(), flexible)?;
        writer.i8(self.resource_type);
        writer.string(&self.resource_name, flexible)?;
        writer.array_of(&self.configs, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DescribeConfigsResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let message = Self {
            error_code: ErrorCode(reader.i16()?),
            error_message: reader.nullable_string(flexible)?.map(str::to_owned),
            resource_type: reader.i8()?,
            resource_name: reader.string(flexible)?.to_owned(),
            configs: reader.array_of(flexible, |reader| DescribeConfigsResourceResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DescribeConfigsResult::configs`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsResourceResult {
    /// `Name`.
    pub name: String,
    /// `Value`, may be null, empty unless set.
    pub value: Option<String>,
    /// `ReadOnly`.
    pub read_only: bool,
    /// `ConfigSource`, -1 unless set.
    pub config_source: i8,
    /// `IsSensitive`.
    pub is_sensitive: bool,
    /// `Synonyms`.
    pub synonyms: Vec<DescribeConfigsSynonym>,
    /// `ConfigType`, from version 3 on; left out where it has no place.
    pub config_type: i8,
    /// `Documentation`, from version 3 on, may be null, empty unless set; left out where it has no place.
    pub documentation: Option<String>,
}

impl Default for DescribeConfigsResourceResult {
    fn default() -> Self {
        Self {
            name: String::new(),
            value: Some(String::new()),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: Some(String::new()),
        }
    }
}

impl Encode for DescribeConfigsResourceResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        writer.string(&self.name, flexible)?;
        writer.nullable_string(self.value.as_deref(), flexible)?;
        writer.bool(self.read_only);
        writer.i8(self.config_source);
        writer.bool(self.is_sensitive);
        writer.array_of(&self.synonyms, flexible, |writer, element| element.encode(writer, version))?;
        if version >= 3 {
            writer.i8(self.config_type);
        }
        if version >= 3 {
            writer.nullable_string(self.documentation.as_deref(), flexible)?;
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DescribeConfigsResourceResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            value: reader.nullable_string(flexible)?.map(str::to_owned),
            read_only: reader.bool()?,
            config_source: reader.i8()?,
            is_sensitive: reader.bool()?,
            synonyms: reader.array_of(flexible, |reader| DescribeConfigsSynonym::decode(reader, version))?,
            config_type: if version >= 3 { reader.i8()? } else { 0 },
            documentation: if version >= 3 {
                reader.nullable_string(flexible)?.map(str::to_owned)
            } else {
                Some(String::new())
            },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DescribeConfigsResourceResult::synonyms`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsSynonym {
    /// `Name`.
    pub name: String,
    /// `Value`, may be null, empty unless set.
    pub value: Option<String>,
    /// `Source`.
    pub source: i8,
}

impl Default for DescribeConfigsSynonym {
    fn default() -> Self {
        Self { name: String::new(), value: Some(String::new()), source: 0 }
    }
}

impl Encode for DescribeConfigsSynonym {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        writer.string(&self.name, flexible)?;
        writer.nullable_string(self.value.as_deref(), flexible)?;
        writer.i8(self.source);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DescribeConfigsSynonym {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let message = Self {
            name: reader.string(flexible)?.to_owned(),
            value: reader.nullable_string(flexible)?.map(str::to_owned),
            source: reader.i8()?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
