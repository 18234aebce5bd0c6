//! DeleteTopics (20), versions 1 to 6, flexible from 4 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable, required};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(1, 6);

/// The request of DeleteTopics (20).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteTopicsRequest {
    /// `Topics`, from version 6 on.
    pub topics: Vec<DeleteTopicState>,
    /// `TopicNames`, up to version 5; left out where it has no place.
    pub topic_names: Vec<String>,
    /// `TimeoutMs`.
    pub timeout_ms: i32,
}

impl Request for DeleteTopicsRequest {
    type Response = DeleteTopicsResponse;
    const KEY: ApiKey = ApiKey::DELETE_TOPICS;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(4);
}

impl Encode for DeleteTopicsRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DeleteTopicsRequest", VERSIONS, version)?;
        let flexible = version >= 4;
        if version >= 6 {
            writer.array_of(&self.topics, true, |writer, element| element.encode(writer, version))?;
        } else if !self.topics.is_empty() {
            return Err(EncodeError::Unsupported { field: "Topics", version });
        }
        if version <= 5 {
            writer.array_of(&self.topic_names, flexible, |writer, element| writer.string(element, flexible))?;
        }
        writer.i32(self.timeout_ms);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteTopicsRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 4;
        let message = Self {
            topics: if version >= 6 {
                reader.array_of(true, |reader| DeleteTopicState::decode(reader, version))?
            } else {
                Vec::new()
            },
            topic_names: if version <= 5 {
                reader.array_of(flexible, |reader| reader.string(flexible).map(str::to_owned))?
            } else {
                Vec::new()
            },
            timeout_ms: reader.i32()?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DeleteTopicsRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteTopicState {
    /// `Name`, may be null.
    pub name: Option<String>,
    /// `TopicId`.
    pub topic_id: Uuid,
}

impl Encode for DeleteTopicState {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.nullable_string(self.name.as_deref(), true)?;
        writer.uuid(self.topic_id);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for DeleteTopicState {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self { name: reader.nullable_string(true)?.map(str::to_owned), topic_id: reader.uuid()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// The response of DeleteTopics (20).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteTopicsResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `Responses`.
    pub responses: Vec<DeletableTopicResult>,
}

impl Encode for DeleteTopicsResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("DeleteTopicsResponse", VERSIONS, version)?;
        let flexible = version >= 4;
        writer.i32(self.throttle_time_ms);
        writer.array_of(&self.responses, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeleteTopicsResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 4;
        let message = Self {
            throttle_time_ms: reader.i32()?,
            responses: reader.array_of(flexible, |reader| DeletableTopicResult::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`DeleteTopicsResponse::responses`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletableTopicResult {
    /// `Name`, may be null from version 6 on, empty unless set.
    pub name: Option<String>,
    /// `TopicId`, from version 6 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `ErrorMessage`, from version 5 on, may be null; left out where it has no place.
    pub error_message: Option<String>,
}

impl Default for DeletableTopicResult {
    fn default() -> Self {
        Self { name: Some(String::new()), topic_id: Uuid::ZERO, error_code: ErrorCode::NONE, error_message: None }
    }
}

impl Encode for DeletableTopicResult {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        if version >= 6 {
            writer.nullable_string(self.name.as_deref(), flexible)?;
        } else {
            let name = required(self.name.as_deref(), "Name", version)?;
            writer.string(name, flexible)?;
        }
        if version >= 6 {
            writer.uuid(self.topic_id);
        }
        writer.i16(self.error_code.0);
        if version >= 5 {
            writer.nullable_string(self.error_message.as_deref(), true)?;
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for DeletableTopicResult {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let message = Self {
            name: if version >= 6 {
                reader.nullable_string(flexible)?.map(str::to_owned)
            } else {
                Some(reader.string(flexible)?.to_owned())
            },
            topic_id: if version >= 6 { reader.uuid()? } else { Uuid::ZERO },
            error_code: ErrorCode(reader.i16()?),
            error_message: if version >= 5 { reader.nullable_string(true)?.map(str::to_owned) } else { None },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
