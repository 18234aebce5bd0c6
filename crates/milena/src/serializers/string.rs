//! Text.

use super::encoding::Encoding;
use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, Plain, SerializedHeaders, Serializer};

/// Text in UTF-8, which is what Java's `StringSerializer` writes unless `serializer.encoding` says otherwise: then see
/// [`EncodedStringSerializer`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct StringSerializer;

impl Plain for StringSerializer {}

impl<T: AsRef<str> + ?Sized> Serializer<T> for StringSerializer {
    fn serialize(&self, value: &T, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        out.extend_from_slice(value.as_ref().as_bytes());
        Ok(Datum::Bytes)
    }

    fn in_place<'v>(&self, value: &'v T) -> Option<&'v [u8]> {
        Some(value.as_ref().as_bytes())
    }

    fn size_hint(&self, value: &T) -> usize {
        value.as_ref().len()
    }
}

/// Text in an [`Encoding`]: Java's `StringSerializer` with `key.serializer.encoding` or `value.serializer.encoding`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct EncodedStringSerializer(pub Encoding);

impl Plain for EncodedStringSerializer {}

impl<T: AsRef<str> + ?Sized> Serializer<T> for EncodedStringSerializer {
    fn serialize(&self, value: &T, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        self.0.encode(value.as_ref(), out);
        Ok(Datum::Bytes)
    }

    fn in_place<'v>(&self, value: &'v T) -> Option<&'v [u8]> {
        (self.0 == Encoding::Utf8).then(|| value.as_ref().as_bytes())
    }

    fn size_hint(&self, value: &T) -> usize {
        value.as_ref().len()
    }
}
