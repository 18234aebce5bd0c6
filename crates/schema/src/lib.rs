//! Typed records for `milena`: the value in a format, the schema's id in the record, the schema in a registry.
//!
//! A serializer is *bound* once, to a topic's keys or values: its schema is found in the registry, and everything that can be
//! wrong with it is said then. After that a record costs its encoding and a prefix.

#[cfg(feature = "avro")]
pub mod avro;
pub mod format;
#[cfg(feature = "protobuf")]
pub mod protobuf;
pub mod schema;

pub use format::{Encode, Format};
pub use schema::{Resolved, Schema, SchemaType};
