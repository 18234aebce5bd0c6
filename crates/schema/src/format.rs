//! What a format brings: a schema to find in the registry, and an encoder that was made for the schema that was found.

use crate::schema::{Resolved, Schema};
use milena::SerializeError;
use std::error::Error;

/// A way to write values of type `T`, before it is known which registered schema they are written by.
///
/// [`compile`](Self::compile) runs at binding, and says everything that can be wrong with a schema; what it returns only
/// meets values.
pub trait Format<T: ?Sized>: Send + Sync {
    /// Writes values by one schema.
    type Encoder: Encode<T>;
    /// What is wrong with a schema.
    type Error: Error + Send + Sync + 'static;

    /// The schema that the values bring with them; `None`: only the registry has one.
    fn schema(&self) -> Option<&Schema>;

    /// The full name of the record or message, for the subject strategies that use it. `registered` is the schema that was
    /// found, where the format has none of its own.
    fn record_name(&self, registered: Option<&Schema>) -> Option<String>;

    /// An encoder that writes by the schema as registered.
    ///
    /// # Errors
    /// When the schema does not parse, or values of this type do not fit it.
    fn compile(&self, registered: &Resolved) -> Result<Self::Encoder, Self::Error>;
}

/// Writes values by the schema that it was compiled for. No prefix: framing is another's.
pub trait Encode<T: ?Sized>: Send + Sync {
    /// What goes between the schema's id and the payload: Protobuf's message indexes. Mostly nothing.
    fn prelude(&self) -> &[u8] {
        &[]
    }

    /// Appends the payload of `value` to `out`.
    ///
    /// # Errors
    /// With the path to the field that does not fit. What was appended until then is thrown away.
    ///
    /// # Cost
    /// No lock, no request; no allocation but the growth of `out`.
    fn encode(&self, value: &T, out: &mut Vec<u8>) -> Result<(), SerializeError>;

    /// About how many bytes that is. 0: no idea.
    fn size_hint(&self, value: &T) -> usize {
        let _ = value;
        0
    }
}
