//! Thrift: structs as Apache's compiler generates them, in the Binary or the Compact protocol.
//!
//! No registry has a type for it, so it needs none: [`Thrift`] is a serializer by itself, and writes the bare struct, without
//! a message's envelope. Who keeps Thrift schemas in Apicurio can frame it all the same: it is an [`Encode`] too.

use crate::format::Encode;
use ::thrift::protocol::{TBinaryOutputProtocol, TCompactOutputProtocol, TSerializable};
use milena::SerializeError;
use milena::serializer::{Bind, BindError, Datum, SerializedHeaders, Serializer, Target};

/// Writes values of any type that Apache's compiler generated (`thrift --gen rs`).
///
/// # Example
///
/// ```
/// use milena_schema::thrift::Thrift;
/// let compact = Thrift::Compact; // producer.topic("orders").value(Thrift::Compact)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thrift {
    /// `TBinaryProtocol`.
    Binary,
    /// `TCompactProtocol`; doubles little-endian, as Apache's libraries write them, and not as the specification once said.
    Compact,
}

impl Thrift {
    fn write(self, value: &impl TSerializable, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        let written = match self {
            Self::Binary => value.write_to_out_protocol(&mut TBinaryOutputProtocol::new(out, true)),
            Self::Compact => value.write_to_out_protocol(&mut TCompactOutputProtocol::new(out)),
        };
        written.map_err(|error| SerializeError::new(error.to_string()))
    }
}

impl<T: TSerializable> Serializer<T> for Thrift {
    fn serialize(&self, value: &T, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        self.write(value, out)?;
        Ok(Datum::Bytes)
    }
}

impl<T: TSerializable> Encode<T> for Thrift {
    fn encode(&self, value: &T, out: &mut Vec<u8>) -> Result<(), SerializeError> {
        self.write(value, out)
    }
}

impl Bind for Thrift {
    type Bound = Self;

    async fn bind(self, _: Target) -> Result<Self, BindError> {
        Ok(self)
    }
}
