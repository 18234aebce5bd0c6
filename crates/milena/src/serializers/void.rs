//! Nothing.

use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, Plain, SerializedHeaders, Serializer};

/// Null, whatever the value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct VoidSerializer;

impl Plain for VoidSerializer {}

impl<T: ?Sized> Serializer<T> for VoidSerializer {
    fn serialize(&self, _: &T, _: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        Ok(Datum::Null)
    }
}
