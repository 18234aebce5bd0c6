//! The ways from a value to Avro, as formats that a registry's serializers take.

use super::at::At;
use super::binary::read_long;
use super::node::Type;
use super::{AvroDerived, AvroRecord, AvroSchema, ParseError, json};
use crate::format::{Encode, Format};
use crate::schema::{Resolved, Schema, SchemaType};
use milena::SerializeError;
use serde::Serialize;
use serde_json::Value;
use std::marker::PhantomData;
use thiserror::Error;

/// Avro, in one of its ways.
#[derive(Debug, Clone, Copy)]
pub struct Avro<T: ?Sized = ()>(PhantomData<T>);

impl<T: AvroRecord + ?Sized> Avro<T> {
    /// A type that derives [`AvroRecord`], with the schema that it brings.
    pub fn derived() -> AvroDerived<T> {
        AvroDerived::new()
    }
}

impl Avro {
    /// Any `serde::Serialize` value, by the registered schema.
    ///
    /// `schema` is what the values bring with them: its text is what is registered, as it is. `None`: only the registry has one.
    pub fn serde(schema: impl Into<Option<Schema>>) -> AvroSerde {
        AvroSerde { schema: schema.into() }
    }

    /// JSON values, by the registered schema; `schema` as in [`serde`](Self::serde).
    pub fn json(schema: impl Into<Option<Schema>>) -> AvroJson {
        AvroJson { schema: schema.into() }
    }
}

/// What is wrong with a registered schema.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum AvroError {
    /// It is of another language.
    #[error("the registered schema is {0}, not AVRO")]
    NotAvro(SchemaType),
    /// It does not parse.
    #[error("the registered schema does not parse: {0}")]
    Parse(#[from] ParseError),
    /// The fields of the derived type cannot be written by it.
    #[error("the type does not fit the registered schema: {}", .0.join("; "))]
    Layout(
        /// Each with its path.
        Vec<String>,
    ),
}

/// [`Avro::serde`].
#[derive(Debug, Clone)]
pub struct AvroSerde {
    schema: Option<Schema>,
}

/// [`Avro::json`].
#[derive(Debug, Clone)]
pub struct AvroJson {
    schema: Option<Schema>,
}

/// Writes `serde::Serialize` values.
#[derive(Debug, Clone)]
pub struct AvroSerdeEncoder {
    schema: AvroSchema,
}

/// Writes JSON values.
#[derive(Debug, Clone)]
pub struct AvroJsonEncoder {
    schema: AvroSchema,
}

impl<T: Serialize + ?Sized> Format<T> for AvroSerde {
    type Encoder = AvroSerdeEncoder;
    type Error = AvroError;

    fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    fn record_name(&self, registered: Option<&Schema>) -> Option<String> {
        record_name(self.schema.as_ref().or(registered)?)
    }

    fn compile(&self, registered: &Resolved) -> Result<AvroSerdeEncoder, AvroError> {
        Ok(AvroSerdeEncoder { schema: parse(registered)? })
    }
}

impl Format<Value> for AvroJson {
    type Encoder = AvroJsonEncoder;
    type Error = AvroError;

    fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    fn record_name(&self, registered: Option<&Schema>) -> Option<String> {
        record_name(self.schema.as_ref().or(registered)?)
    }

    fn compile(&self, registered: &Resolved) -> Result<AvroJsonEncoder, AvroError> {
        Ok(AvroJsonEncoder { schema: parse(registered)? })
    }
}

impl AvroSerdeEncoder {
    /// An encoder without a registry.
    pub fn new(schema: AvroSchema) -> Self {
        Self { schema }
    }
}

impl<T: Serialize + ?Sized> Encode<T> for AvroSerdeEncoder {
    fn encode(&self, value: &T, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let start = out.len();
        value.serialize(At::root(&self.schema, out))?;
        bare_bytes(&self.schema, start, out);
        Ok(())
    }
}

impl AvroJsonEncoder {
    /// An encoder without a registry.
    pub fn new(schema: AvroSchema) -> Self {
        Self { schema }
    }
}

impl Encode<Value> for AvroJsonEncoder {
    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let start = out.len();
        json::put(At::root(&self.schema, out), value)?;
        bare_bytes(&self.schema, start, out);
        Ok(())
    }
}

/// Where the whole schema is `bytes`, Java's serializer leaves the length away, and its readers want it so.
pub(super) fn bare_bytes(schema: &AvroSchema, start: usize, out: &mut Vec<u8>) {
    if !matches!(schema.node(schema.root()).kind, Type::Bytes) {
        return;
    }
    if let Some((_, len)) = out.get(start..).and_then(read_long) {
        out.drain(start..start + len);
    }
}

pub(super) fn parse(registered: &Resolved) -> Result<AvroSchema, AvroError> {
    if registered.schema.schema_type != SchemaType::Avro {
        return Err(AvroError::NotAvro(registered.schema.schema_type));
    }
    Ok(AvroSchema::parse(&registered.schema)?)
}

pub(super) fn record_name(schema: &Schema) -> Option<String> {
    AvroSchema::parse(schema).ok()?.record_name().map(str::to_owned)
}
