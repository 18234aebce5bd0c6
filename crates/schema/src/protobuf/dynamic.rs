//! Messages of which the program knew nothing when it was compiled: from descriptors, and from JSON.

use super::error::ProtobufError;
use super::messages::{ProtobufEncoder, indexes};
use super::pool;
use crate::format::{Encode, Format};
use crate::schema::{Resolved, Schema};
use milena::SerializeError;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage};
use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment, Track};

/// Writes messages of a name: `DynamicMessage`s, or JSON in Protobuf's canonical mapping, as a value or as text (`RawValue`).
///
/// Text's numbers keep all digits that their fields have: they go into fields without a stop at f64. A field that the message
/// does not have is an error. What is written is by the schema **as registered**.
#[derive(Debug, Clone)]
pub struct DynamicProtobuf {
    schema: Option<Schema>,
    message: String,
}

impl DynamicProtobuf {
    /// Messages of this schema, by full name. [`ProtoText`](super::ProtoText) makes one.
    ///
    /// # Errors
    /// When the schema does not have the message, or does not hold together: a type of a field that is nowhere, for example.
    pub fn new(schema: Schema, message: impl Into<String>) -> Result<Self, ProtobufError> {
        let message = message.into();
        descriptor(&schema, &message)?;
        Ok(Self { schema: Some(schema), message })
    }

    /// Messages of a schema that the registry has.
    pub fn registered(message: impl Into<String>) -> Self {
        Self { schema: None, message: message.into() }
    }

    fn encoder(&self, registered: &Resolved) -> Result<DynamicProtobufEncoder, ProtobufError> {
        let message = descriptor(&registered.schema, &self.message)?;
        Ok(DynamicProtobufEncoder { messages: ProtobufEncoder::new(&registered.schema, &self.message)?, message })
    }
}

/// The same for each type of values.
macro_rules! format_of {
    ($($value:ty),+) => {
        $(impl Format<$value> for DynamicProtobuf {
            type Encoder = DynamicProtobufEncoder;
            type Error = ProtobufError;

            fn schema(&self) -> Option<&Schema> {
                self.schema.as_ref()
            }

            fn record_name(&self, _registered: Option<&Schema>) -> Option<String> {
                Some(self.message.clone())
            }

            fn compile(&self, registered: &Resolved) -> Result<DynamicProtobufEncoder, ProtobufError> {
                self.encoder(registered)
            }
        })+
    };
}

format_of!(DynamicMessage, RawValue, Value);

/// Writes messages of one descriptor.
#[derive(Debug, Clone)]
pub struct DynamicProtobufEncoder {
    messages: ProtobufEncoder,
    message: MessageDescriptor,
}

impl DynamicProtobufEncoder {
    /// What it writes, as registered.
    pub fn message(&self) -> &MessageDescriptor {
        &self.message
    }

    /// The message that is read from JSON, text or value.
    fn read<'de>(
        &self,
        json: impl Deserializer<'de, Error = serde_json::Error>,
    ) -> Result<DynamicMessage, SerializeError> {
        let mut track = Track::new();
        let message = self.message.clone().deserialize(serde_path_to_error::Deserializer::new(json, &mut track));
        message.map_err(|error| located(&error.to_string(), &track.path()))
    }
}

impl Encode<DynamicMessage> for DynamicProtobufEncoder {
    fn prelude(&self) -> &[u8] {
        Encode::<DynamicMessage>::prelude(&self.messages)
    }

    fn encode(&self, value: &DynamicMessage, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let (found, expected) = (value.descriptor(), &self.message);
        if found.full_name() != expected.full_name() {
            let reason = format!("expected a {}, found a {}", expected.full_name(), found.full_name());
            return Err(SerializeError::new(reason));
        }
        self.messages.encode(value, out)
    }
}

impl Encode<RawValue> for DynamicProtobufEncoder {
    fn prelude(&self) -> &[u8] {
        Encode::<DynamicMessage>::prelude(&self.messages)
    }

    fn encode(&self, value: &RawValue, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let mut text = serde_json::Deserializer::from_str(value.get());
        self.messages.encode(&self.read(&mut text)?, out)
    }
}

impl Encode<Value> for DynamicProtobufEncoder {
    fn prelude(&self) -> &[u8] {
        Encode::<DynamicMessage>::prelude(&self.messages)
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        self.messages.encode(&self.read(value)?, out)
    }
}

fn located(reason: &str, path: &Path) -> SerializeError {
    // Where in one line of JSON says less than the path.
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    let segments: Vec<_> = path.iter().collect();
    segments.into_iter().rev().fold(SerializeError::new(reason), |error, segment| match segment {
        Segment::Seq { index } => error.at_index(*index),
        Segment::Map { key } => error.in_field(key),
        Segment::Enum { variant } => error.in_field(variant),
        Segment::Unknown => error,
    })
}

fn descriptor(schema: &Schema, message: &str) -> Result<MessageDescriptor, ProtobufError> {
    // Before all else: its errors say what there is.
    indexes(schema, message)?;
    let pool = pool::of(schema)?;
    let unknown = || ProtobufError::UnknownMessage { name: message.to_owned(), known: Vec::new() };
    pool.get_message_by_name(message).ok_or_else(unknown)
}
