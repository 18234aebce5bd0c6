//! UUIDs, which Kafka writes as text.

use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, SerializedHeaders, Serializer};

/// A UUID: the 36 characters of its text form, in lower case.
///
/// It takes the 16 bytes in the order of RFC 9562, as an array or as a type that shows them, which `uuid::Uuid` does; or the
/// 36 characters, as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct UUIDSerializer;

impl<T: AsRef<[u8]> + ?Sized> Serializer<T> for UUIDSerializer {
    fn serialize(&self, value: &T, out: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        let bytes = value.as_ref();
        if let Ok(raw) = bytes.try_into() {
            out.extend_from_slice(&text(raw));
        } else if is_text(bytes) {
            out.extend(bytes.iter().map(u8::to_ascii_lowercase));
        } else {
            return Err(SerializeError::new(format!(
                "a UUID is 16 bytes or 36 characters, and these {} bytes are not one",
                bytes.len()
            )));
        }
        Ok(Datum::Bytes)
    }

    fn size_hint(&self, _: &T) -> usize {
        LEN
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
