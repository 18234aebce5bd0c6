//! Typed records for `milena`: the value in a format, the schema's id in the record, the schema in a registry.
//!
//! A serializer is *bound* once, to a topic's keys or values: its schema is found in the registry, and everything that can be
//! wrong with it is said then. After that a record costs its encoding and a prefix.

#[cfg(feature = "avro")]
pub mod avro;
#[cfg(feature = "registry")]
pub mod binding;
#[cfg(feature = "fake")]
pub mod fake;
pub mod format;
#[cfg(feature = "registry")]
pub mod framing;
#[cfg(feature = "registry")]
pub mod guid;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "registry")]
pub mod lock;
#[cfg(feature = "registry")]
pub mod policy;
#[cfg(feature = "protobuf")]
pub mod protobuf;
#[cfg(feature = "registry")]
pub mod registry;
#[cfg(feature = "registry")]
mod rules;
pub mod schema;
#[cfg(feature = "registry")]
pub mod subject;
#[cfg(feature = "thrift")]
pub mod thrift;

#[cfg(feature = "registry")]
pub use binding::{Binding, Bound};
pub use format::{Encode, Format};
#[cfg(feature = "registry")]
pub use framing::Framing;
#[cfg(feature = "registry")]
pub use guid::Guid;
#[cfg(feature = "registry")]
pub use policy::Policy;
#[cfg(feature = "registry")]
pub use registry::{Registry, RegistryError};
#[cfg(feature = "registry")]
pub use rules::RuleError;
pub use schema::{Resolved, Schema, SchemaType};
#[cfg(feature = "registry")]
pub use subject::SubjectStrategy;
