//! Bytes as they are.

use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, Plain, SerializedHeaders, Serializer};

/// Bytes as they are: what a topic's handle begins with. Java's `ByteBufferSerializer` and `BytesSerializer` write the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ByteArraySerializer;

impl Plain for ByteArraySerializer {}

impl<T: AsRef<[u8]> + ?Sized> Serializer<T> for ByteArraySerializer {
    fn serialize(&self, value: &T, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        out.extend_from_slice(value.as_ref());
        Ok(Datum::Bytes)
    }

    fn in_place<'v>(&self, value: &'v T) -> Option<&'v [u8]> {
        Some(value.as_ref())
    }

    fn size_hint(&self, value: &T) -> usize {
        value.as_ref().len()
    }
}
