//! JSON text into whatever language the schema is of.

use milena::SerializeError;
use milena_schema::avro::{Avro, AvroJson, AvroJsonEncoder};
use milena_schema::json::{Json, JsonEncoder};
use milena_schema::protobuf::{DynamicProtobuf, DynamicProtobufEncoder, Outline};
use milena_schema::{Encode, Format, Resolved, Schema, SchemaType};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

/// A format that is known when its schema is.
#[derive(Debug, Clone)]
pub(crate) struct AnyJson {
    /// From a file.
    pub(crate) own: Option<Schema>,
    /// Of Protobuf.
    pub(crate) message: Option<String>,
}

/// Writes JSON text by one schema.
pub(crate) enum AnyEncoder {
    Avro(AvroJsonEncoder),
    Protobuf(DynamicProtobufEncoder),
    Json(JsonEncoder),
}

/// What is wrong with a schema, in its format's words.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct SchemaRefused(String);

impl AnyJson {
    fn avro(&self) -> AvroJson {
        Avro::json(self.own.clone())
    }

    /// The message that is meant: the one that is named, or the only one there is.
    fn message(&self, schema: &Schema) -> Result<String, SchemaRefused> {
        if let Some(message) = &self.message {
            return Ok(message.clone());
        }
        let outline = Outline::of(schema).map_err(refused)?;
        let names: Vec<_> = outline.names().collect();
        match names[..] {
            [only] => Ok(only.to_owned()),
            _ => Err(SchemaRefused(format!("name a message behind #: the schema has {}", names.join(", ")))),
        }
    }
}

impl Format<RawValue> for AnyJson {
    type Encoder = AnyEncoder;
    type Error = SchemaRefused;

    fn schema(&self) -> Option<&Schema> {
        self.own.as_ref()
    }

    fn record_name(&self, registered: Option<&Schema>) -> Option<String> {
        let schema = self.own.as_ref().or(registered)?;
        match schema.schema_type {
            SchemaType::Avro => Format::<Value>::record_name(&self.avro(), Some(schema)),
            SchemaType::Protobuf => self.message(schema).ok(),
            SchemaType::Json => Json::<RawValue>::registered().record_name(Some(schema)),
        }
    }

    fn compile(&self, registered: &Resolved) -> Result<AnyEncoder, SchemaRefused> {
        match registered.schema.schema_type {
            SchemaType::Avro => {
                Format::<Value>::compile(&self.avro(), registered).map(AnyEncoder::Avro).map_err(refused)
            }
            SchemaType::Protobuf => {
                let format = DynamicProtobuf::registered(self.message(&registered.schema)?);
                Format::<RawValue>::compile(&format, registered).map(AnyEncoder::Protobuf).map_err(refused)
            }
            SchemaType::Json => {
                Json::<RawValue>::registered().compile(registered).map(AnyEncoder::Json).map_err(refused)
            }
        }
    }
}

impl Encode<RawValue> for AnyEncoder {
    fn prelude(&self) -> &[u8] {
        match self {
            Self::Protobuf(encoder) => Encode::<RawValue>::prelude(encoder),
            Self::Avro(_) | Self::Json(_) => &[],
        }
    }

    fn encode(&self, value: &RawValue, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        match self {
            Self::Avro(encoder) => {
                let parsed = serde_json::from_str(value.get());
                encoder.encode(&parsed.map_err(|error| SerializeError::new(error.to_string()))?, out)
            }
            Self::Protobuf(encoder) => encoder.encode(value, out),
            Self::Json(encoder) => encoder.encode(value, out),
        }
    }
}

fn refused(error: impl std::fmt::Display) -> SchemaRefused {
    SchemaRefused(error.to_string())
}
