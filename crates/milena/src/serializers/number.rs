//! Numbers, big-endian, and truth.

use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, Plain, SerializedHeaders, Serializer};

/// An `i16`: two bytes, big-endian.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ShortSerializer;

impl Plain for ShortSerializer {}

/// An `i32`: four bytes, big-endian.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct IntegerSerializer;

impl Plain for IntegerSerializer {}

/// An `i64`: eight bytes, big-endian.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct LongSerializer;

impl Plain for LongSerializer {}

/// An `f32`: four bytes, IEEE 754, big-endian. A NaN keeps its bits (`Float.floatToRawIntBits`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FloatSerializer;

impl Plain for FloatSerializer {}

/// An `f64`: eight bytes, IEEE 754, big-endian. Every NaN becomes `7ff8000000000000` (`Double.doubleToLongBits`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DoubleSerializer;

impl Plain for DoubleSerializer {}

/// A `bool`: one byte, 0 or 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct BooleanSerializer;

impl Plain for BooleanSerializer {}

const CANONICAL_NAN: u64 = 0x7ff8_0000_0000_0000;

impl Serializer<i16> for ShortSerializer {
    fn serialize(&self, value: &i16, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        append(value.to_be_bytes(), out)
    }
}

impl Serializer<i32> for IntegerSerializer {
    fn serialize(&self, value: &i32, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        append(value.to_be_bytes(), out)
    }
}

impl Serializer<i64> for LongSerializer {
    fn serialize(&self, value: &i64, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        append(value.to_be_bytes(), out)
    }
}

impl Serializer<f32> for FloatSerializer {
    fn serialize(&self, value: &f32, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        append(value.to_be_bytes(), out)
    }
}

impl Serializer<f64> for DoubleSerializer {
    fn serialize(&self, value: &f64, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        let bits = if value.is_nan() { CANONICAL_NAN } else { value.to_bits() };
        append(bits.to_be_bytes(), out)
    }
}

impl Serializer<bool> for BooleanSerializer {
    fn serialize(&self, value: &bool, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        append([u8::from(*value)], out)
    }
}

#[inline]
fn append<const LEN: usize>(bytes: [u8; LEN], out: &mut Vec<u8>) -> Result<Datum, SerializeError> {
    out.extend_from_slice(&bytes);
    Ok(Datum::Bytes)
}
