//! The Avro core: schemas, and values written by them.
#![cfg(feature = "avro")]

mod compatible;
mod decode;
mod derive;
mod json;
mod property;
mod schema;
mod serde;
mod vectors;

use milena_schema::avro::{AvroJsonEncoder, AvroSchema, AvroSerdeEncoder};
use milena_schema::format::Encode;

fn schema(text: &str) -> AvroSchema {
    AvroSchema::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What serde's path writes, or its error.
fn written<T: ::serde::Serialize>(text: &str, value: &T) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    match AvroSerdeEncoder::new(schema(text)).encode(value, &mut out) {
        Ok(()) => Ok(out),
        Err(error) => Err(error.to_string()),
    }
}

/// What JSON's path writes, or its error.
fn from_json(text: &str, value: serde_json::Value) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    match AvroJsonEncoder::new(schema(text)).encode(&value, &mut out) {
        Ok(()) => Ok(out),
        Err(error) => Err(error.to_string()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A record of one field `f` of this type.
fn one_field(kind: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{{"name":"f","type":{kind}}}]}}"#)
}
