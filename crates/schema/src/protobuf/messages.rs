//! Messages of `prost`: generated ones, and those of the derive macro.

use super::error::ProtobufError;
use super::outline::Outline;
use crate::format::{Encode, Format};
use crate::schema::{Resolved, Schema, SchemaType};
use milena::SerializeError;
use prost::{Message, Name};
use std::marker::PhantomData;

/// Writes messages of type `T`.
///
/// `T` has a [`Name`]: `prost-build` writes it when told `enable_type_names()`.
#[derive(Debug, Clone)]
pub struct Protobuf<T> {
    schema: Option<Schema>,
    messages: PhantomData<fn(T)>,
}

impl<T: Message + Name> Protobuf<T> {
    /// Messages of this schema, which is registered, or looked up, as it is. [`ProtoText`](super::ProtoText) makes one.
    ///
    /// # Errors
    /// [`ProtobufError::UnknownMessage`] when the schema does not have the message.
    pub fn new(schema: Schema) -> Result<Self, ProtobufError> {
        indexes(&schema, &T::full_name())?;
        Ok(Self { schema: Some(schema), messages: PhantomData })
    }

    /// Messages of a schema that the registry has: the latest of the subject, or one by its id.
    pub fn registered() -> Self {
        Self { schema: None, messages: PhantomData }
    }
}

impl<T: Message + Name> Format<T> for Protobuf<T> {
    type Encoder = ProtobufEncoder;
    type Error = ProtobufError;

    fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    fn record_name(&self, _registered: Option<&Schema>) -> Option<String> {
        Some(T::full_name())
    }

    fn compile(&self, registered: &Resolved) -> Result<ProtobufEncoder, ProtobufError> {
        ProtobufEncoder::new(&registered.schema, &T::full_name())
    }
}

/// Writes messages, behind the indexes of one.
#[derive(Debug, Clone)]
pub struct ProtobufEncoder {
    indexes: Box<[u8]>,
}

impl ProtobufEncoder {
    /// For the message of that full name in the schema as registered.
    pub(super) fn new(registered: &Schema, full_name: &str) -> Result<Self, ProtobufError> {
        Ok(Self { indexes: indexes(registered, full_name)?.into() })
    }
}

impl<T: Message> Encode<T> for ProtobufEncoder {
    fn prelude(&self) -> &[u8] {
        &self.indexes
    }

    fn encode(&self, value: &T, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        // What `encode` does once it has walked the message for its length, to see whether a Vec has room: it always has.
        value.encode_raw(out);
        Ok(())
    }
}

/// The bytes that name the message.
pub(super) fn indexes(schema: &Schema, full_name: &str) -> Result<Vec<u8>, ProtobufError> {
    match schema.schema_type {
        SchemaType::Protobuf => Ok(Outline::of(schema)?.indexes(full_name)?.to_bytes()),
        other => Err(ProtobufError::NotProtobuf(other)),
    }
}
