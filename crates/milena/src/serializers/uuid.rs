//! UUIDs, which Kafka writes as text.

use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, Plain, SerializedHeaders, Serializer};

/// A UUID: the 36 characters of its text form, in lower case.
///
/// It takes the 16 bytes in the order of RFC 9562 (`uuid::Uuid::as_bytes` gives them), or the 36 characters as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct UUIDSerializer;

impl Plain for UUIDSerializer {}

impl Serializer<[u8; 16]> for UUIDSerializer {
    fn serialize(
        &self,
        value: &[u8; 16],
        out: &mut Vec<u8>,
        _: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        out.extend_from_slice(&text(value));
        Ok(Datum::Bytes)
    }
}

impl Serializer<str> for UUIDSerializer {
    fn serialize(&self, value: &str, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        if !is_text(value.as_bytes()) {
            return Err(SerializeError::new(format!("{value:?} is not the text of a UUID")));
        }
        out.extend(value.bytes().map(|byte| byte.to_ascii_lowercase()));
        Ok(Datum::Bytes)
    }
}

impl Serializer<String> for UUIDSerializer {
    fn serialize(
        &self,
        value: &String,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        self.serialize(value.as_str(), out, headers)
    }
}

/// Characters of the text form.
const LEN: usize = 36;

/// Where the hyphens are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

fn text(raw: &[u8; 16]) -> [u8; LEN] {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    let mut digits = raw.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    std::array::from_fn(|at| if HYPHENS.contains(&at) { b'-' } else { digits.next().unwrap_or(b'0') })
}

fn is_text(bytes: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| if HYPHENS.contains(&at) { *byte == b'-' } else { byte.is_ascii_hexdigit() };
    bytes.len() == LEN && bytes.iter().enumerate().all(fits)
}
