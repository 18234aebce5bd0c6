//! The formats' own ways to a binding: `registry.avro::<Order>()`.

#[cfg(any(feature = "avro", feature = "json", feature = "protobuf"))]
use super::Binding;
#[cfg(feature = "avro")]
use crate::avro::{Avro, AvroDerived, AvroRecord};
#[cfg(feature = "json")]
use crate::json::{Json, JsonError};
#[cfg(feature = "protobuf")]
use crate::protobuf::{Protobuf, ProtobufError};
#[cfg(any(feature = "avro", feature = "json", feature = "protobuf"))]
use crate::registry::Registry;
#[cfg(any(feature = "json", feature = "protobuf"))]
use crate::schema::Schema;

#[cfg(feature = "avro")]
impl Registry {
    /// Values of a type that derives [`AvroRecord`]: by straight-line code where the registered schema has its layout.
    pub fn avro<T: AvroRecord + ?Sized>(&self) -> Binding<AvroDerived<T>, T> {
        self.serializer(Avro::derived())
    }
}

#[cfg(feature = "protobuf")]
impl Registry {
    /// Messages of `prost`, with the schema that is theirs: see [`ProtoText`](crate::protobuf::ProtoText).
    ///
    /// # Errors
    /// When the schema does not have the message.
    pub fn protobuf<T: prost::Message + prost::Name>(
        &self,
        schema: Schema,
    ) -> Result<Binding<Protobuf<T>, T>, ProtobufError> {
        Ok(self.serializer(Protobuf::new(schema)?))
    }
}

#[cfg(feature = "json")]
impl Registry {
    /// Values as compact JSON, each checked by this schema, which is theirs.
    ///
    /// # Errors
    /// When it is no JSON Schema, or refers to what is not among its references.
    pub fn json<T: serde::Serialize + ?Sized>(&self, schema: Schema) -> Result<Binding<Json<T>, T>, JsonError> {
        Ok(self.serializer(Json::new(schema)?))
    }
}
