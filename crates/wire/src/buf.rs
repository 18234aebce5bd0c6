//! A reader that cannot run past its end, and a writer: the primitive types of the Kafka protocol.
//!
//! Kafka writes a length or a count in one of two forms, by the version of the message. *Classic*: a big-endian
//! integer of two bytes (strings) or four (bytes, arrays), −1 for null. *Flexible* (KIP-482): an unsigned varint
//! holding the length plus one, 0 for null. Every call that reads or writes such a thing takes `flexible: bool`, so that a
//! message's code reads the same for both.

use thiserror::Error;

/// Why bytes could not be read as what they should be. The bytes come from a broker: none of this is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The field needs `needed` bytes and `left` are there.
    #[error("truncated: {needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes that the field takes.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// A length below −1, or null where null has no meaning.
    #[error("length {0} where a non-negative one is required")]
    NegativeLength(i64),
    /// A count larger than the bytes present can hold.
    #[error("{count} elements announced, {left} bytes left")]
    TooManyElements {
        /// The announced count.
        count: u64,
        /// Bytes that are there.
        left: usize,
    },
    /// A string that is not UTF-8.
    #[error("string is not UTF-8")]
    NotUtf8,
    /// A varint longer than its type allows, or overflowing it.
    #[error("varint is too long")]
    VarintTooLong,
    /// Bytes after the end of the message.
    #[error("{0} bytes after the end")]
    TrailingBytes(usize),
    /// A tagged field whose content is longer or shorter than announced.
    #[error("tagged field {0} has the wrong length")]
    TaggedField(u32),
    /// A value that the format does not allow, with its name.
    #[error("invalid {0}")]
    Invalid(&'static str),
}

/// Why a value cannot be written in the asked version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A field that the version has no place for, with a value that may not be dropped (`ignorable: false`).
    #[error("field {field} cannot be expressed in version {version}")]
    Unsupported {
        /// Kafka's name of the field.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// Longer than the protocol can say.
    #[error("{0} is too long")]
    TooLong(&'static str),
}

/// The longest string, bytes: what the classic form can say, and Kafka's limit in the flexible one too.
const STRING_MAX: usize = i16::MAX.cast_unsigned() as usize;

/// Reads primitive types from a slice. Never panics, never reads past the end, reserves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// What is not read yet.
    rest: &'a [u8],
}

macro_rules! fixed {
    ($($name:ident: $type:ty),* $(,)?) => {$(
        #[doc = concat!("A big-endian `", stringify!($type), "`.")]
        pub fn $name(&mut self) -> Result<$type, DecodeError> {
            Ok(<$type>::from_be_bytes(self.array()?))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// What is not read yet, without reading it.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((head, rest)) = self.rest.split_at_checked(count) else {
            return Err(DecodeError::Truncated { needed: count, left: self.rest.len() });
        };
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(DecodeError::Truncated { needed: N, left: self.rest.len() });
        };
        self.rest = rest;
        Ok(*head)
    }

    fixed!(i8: i8, i16: i16, i32: i32, i64: i64, u8: u8, u16: u16, u32: u32, f64: f64);

    /// One byte, any value but 0 is true.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.u8()? != 0)
    }

    /// Sixteen bytes: a topic id.
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        Ok(Uuid(self.array()?))
    }

    /// An unsigned LEB128 of at most five bytes.
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| DecodeError::VarintTooLong);
            }
        }
        Err(DecodeError::VarintTooLong)
    }

    /// A zig-zag varint of at most five bytes.
    pub fn varint(&mut self) -> Result<i32, DecodeError> {
        let raw = self.unsigned_varint()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    /// A zig-zag varint of at most ten bytes.
    pub fn varlong(&mut self) -> Result<i64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.u8()?;
            if shift == 63 && byte > 1 {
                return Err(DecodeError::VarintTooLong);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err(DecodeError::VarintTooLong)
    }

    fn length(&mut self, flexible: bool, short: bool) -> Result<Option<usize>, DecodeError> {
        if flexible {
            let raw = self.unsigned_varint()?;
            return Ok(raw.checked_sub(1).map(|length| length as usize));
        }
        let length = if short { i32::from(self.i16()?) } else { self.i32()? };
        match length {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| DecodeError::NegativeLength(length.into())),
        }
    }

    /// A string, borrowed, or null.
    pub fn nullable_string(&mut self, flexible: bool) -> Result<Option<&'a str>, DecodeError> {
        let Some(length) = self.length(flexible, true)? else { return Ok(None) };
        if length > STRING_MAX {
            return Err(DecodeError::Invalid("string: longer than 32,767 bytes"));
        }
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| DecodeError::NotUtf8)
    }

    /// A string, borrowed. Null is an error.
    pub fn string(&mut self, flexible: bool) -> Result<&'a str, DecodeError> {
        self.nullable_string(flexible)?.ok_or(DecodeError::NegativeLength(-1))
    }

    /// Bytes, borrowed, or null.
    pub fn nullable_bytes(&mut self, flexible: bool) -> Result<Option<&'a [u8]>, DecodeError> {
        let Some(length) = self.length(flexible, false)? else { return Ok(None) };
        self.take(length).map(Some)
    }

    /// Bytes, borrowed. Null is an error.
    pub fn bytes(&mut self, flexible: bool) -> Result<&'a [u8], DecodeError> {
        self.nullable_bytes(flexible)?.ok_or(DecodeError::NegativeLength(-1))
    }

    /// The count of an array, or null. A count larger than the bytes left is refused: an element takes at least one.
    pub fn nullable_array_length(&mut self, flexible: bool) -> Result<Option<usize>, DecodeError> {
        let count = self.length(flexible, false)?;
        match count {
            Some(count) if count > self.rest.len() => {
                Err(DecodeError::TooManyElements { count: count as u64, left: self.rest.len() })
            }
            count => Ok(count),
        }
    }

    /// The count of an array. Null is an error.
    pub fn array_length(&mut self, flexible: bool) -> Result<usize, DecodeError> {
        self.nullable_array_length(flexible)?.ok_or(DecodeError::NegativeLength(-1))
    }

    /// An array, element by element. The vector grows with the elements that are really there, never with the count
    /// that was announced.
    pub fn array_of<T>(
        &mut self,
        flexible: bool,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.array_length(flexible)?;
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Ok(elements)
    }

    /// As [`array_of`](Self::array_of), null allowed.
    pub fn nullable_array_of<T>(
        &mut self,
        flexible: bool,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let Some(count) = self.nullable_array_length(flexible)? else { return Ok(None) };
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Ok(Some(elements))
    }

    /// Tagged fields (KIP-482): `known` is given each tag with a reader over exactly its bytes and says whether it
    /// took it; a tag that it does not know is passed over.
    pub fn tagged_fields(
        &mut self,
        mut known: impl FnMut(u32, &mut Self) -> Result<bool, DecodeError>,
    ) -> Result<(), DecodeError> {
        let count = self.unsigned_varint()?;
        for _ in 0..count {
            let tag = self.unsigned_varint()?;
            let size = self.unsigned_varint()? as usize;
            let mut field = Self::new(self.take(size)?);
            if known(tag, &mut field)? && field.remaining() > 0 {
                return Err(DecodeError::TaggedField(tag));
            }
        }
        Ok(())
    }

    /// Passes over tagged fields.
    pub fn skip_tagged_fields(&mut self) -> Result<(), DecodeError> {
        self.tagged_fields(|_, _| Ok(false))
    }

    /// Everything must have been read.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }
}

/// Writes primitive types to the end of a vector.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

macro_rules! fixed_write {
    ($($name:ident: $type:ty),* $(,)?) => {$(
        #[doc = concat!("A big-endian `", stringify!($type), "`.")]
        pub fn $name(&mut self, value: $type) {
            self.bytes.extend_from_slice(&value.to_be_bytes());
        }
    )*};
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that goes on at the end of `bytes`.
    pub fn appending(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What was written, so far.
    pub fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fixed_write!(i8: i8, i16: i16, i32: i32, i64: i64, u8: u8, u16: u16, u32: u32, f64: f64);

    /// One byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.u8(value.into());
    }

    /// Sixteen bytes: a topic id.
    pub fn uuid(&mut self, value: Uuid) {
        self.bytes.extend_from_slice(&value.0);
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes `bytes` over what stands at `at`, to patch a length once it is known.
    ///
    /// # Panics
    /// If the bytes there were not written yet: the caller's own mistake, never a broker's.
    pub fn patch(&mut self, at: usize, bytes: &[u8]) {
        #[expect(clippy::indexing_slicing, reason = "the position is the caller's own, not a received number")]
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// An unsigned LEB128.
    pub fn unsigned_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push((value & 0x7f) as u8);
    }

    /// A zig-zag varint.
    pub fn varint(&mut self, value: i32) {
        self.unsigned_varint(((value << 1) ^ (value >> 31)).cast_unsigned());
    }

    /// A zig-zag varint of 64 bits.
    pub fn varlong(&mut self, value: i64) {
        let mut value = ((value << 1) ^ (value >> 63)).cast_unsigned();
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push((value & 0x7f) as u8);
    }

    fn length(&mut self, length: Option<usize>, flexible: bool, short: bool) -> Result<(), EncodeError> {
        let limit = if short { i16::MAX.cast_unsigned().into() } else { i32::MAX.cast_unsigned() as usize };
        match length {
            Some(length) if length > limit => return Err(EncodeError::TooLong(if short { "string" } else { "array" })),
            #[expect(clippy::cast_possible_truncation, reason = "checked against i32::MAX above")]
            Some(length) if flexible => self.unsigned_varint(length as u32 + 1),
            None if flexible => self.unsigned_varint(0),
            #[expect(clippy::cast_possible_truncation, reason = "checked against i16::MAX above")]
            Some(length) if short => self.i16(length as i16),
            None if short => self.i16(-1),
            #[expect(clippy::cast_possible_truncation, reason = "checked against i32::MAX above")]
            Some(length) => self.i32(length as i32),
            None => self.i32(-1),
        }
        Ok(())
    }

    /// A string or null, at most 32,767 bytes.
    pub fn nullable_string(&mut self, value: Option<&str>, flexible: bool) -> Result<(), EncodeError> {
        self.length(value.map(str::len), flexible, true)?;
        self.raw(value.unwrap_or("").as_bytes());
        Ok(())
    }

    /// A string, at most 32,767 bytes.
    pub fn string(&mut self, value: &str, flexible: bool) -> Result<(), EncodeError> {
        self.nullable_string(Some(value), flexible)
    }

    /// Bytes or null.
    pub fn nullable_bytes(&mut self, value: Option<&[u8]>, flexible: bool) -> Result<(), EncodeError> {
        self.length(value.map(<[u8]>::len), flexible, false)?;
        self.raw(value.unwrap_or(&[]));
        Ok(())
    }

    /// Bytes.
    pub fn bytes(&mut self, value: &[u8], flexible: bool) -> Result<(), EncodeError> {
        self.nullable_bytes(Some(value), flexible)
    }

    /// The count of an array, `None` for null; or the length of bytes that the caller writes elsewhere.
    pub fn array_length(&mut self, count: Option<usize>, flexible: bool) -> Result<(), EncodeError> {
        self.length(count, flexible, false)
    }

    /// An array, element by element.
    pub fn array_of<T>(
        &mut self,
        elements: &[T],
        flexible: bool,
        mut element: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.array_length(Some(elements.len()), flexible)?;
        elements.iter().try_for_each(|value| element(self, value))
    }

    /// As [`array_of`](Self::array_of), null allowed.
    pub fn nullable_array_of<T>(
        &mut self,
        elements: Option<&[T]>,
        flexible: bool,
        mut element: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.array_length(elements.map(<[T]>::len), flexible)?;
        elements.unwrap_or(&[]).iter().try_for_each(|value| element(self, value))
    }

    /// Tagged fields, each already encoded, in ascending order of tag.
    pub fn tagged_fields(&mut self, fields: &[(u32, Vec<u8>)]) -> Result<(), EncodeError> {
        let as_u32 = |length: usize| u32::try_from(length).map_err(|_| EncodeError::TooLong("tagged field"));
        self.unsigned_varint(as_u32(fields.len())?);
        for (tag, bytes) in fields {
            self.unsigned_varint(*tag);
            self.unsigned_varint(as_u32(bytes.len())?);
            self.raw(bytes);
        }
        Ok(())
    }
}

/// Sixteen bytes that name a topic for its life (KIP-516). All zero: none.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// No topic id.
    pub const ZERO: Self = Self([0; 16]);

    /// Whether this names nothing.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

impl std::fmt::Debug for Uuid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_zig_zag_leb128() {
        // Vectors of Java's ByteUtilsTest.
        for (value, hex) in [(0, "00"), (-1, "01"), (1, "02"), (63, "7e"), (-64, "7f"), (64, "8001"), (-8192, "ff7f")] {
            let mut writer = Writer::new();
            writer.varint(value);
            let written: String = writer.written().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(written, hex);
            assert_eq!(Reader::new(writer.written()).varint(), Ok(value));
        }
        for value in [i64::MIN, i64::MAX, 1 << 62, (1 << 34) - 1] {
            let mut writer = Writer::new();
            writer.varlong(value);
            assert_eq!(Reader::new(writer.written()).varlong(), Ok(value));
        }
    }

    #[test]
    fn overlong_and_overflowing_varints_are_refused() {
        assert_eq!(Reader::new(&[0xff; 12]).unsigned_varint(), Err(DecodeError::VarintTooLong));
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x1f]).unsigned_varint(), Err(DecodeError::VarintTooLong));
        assert_eq!(Reader::new(&[0xff; 12]).varlong(), Err(DecodeError::VarintTooLong));
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).varlong(),
            Err(DecodeError::VarintTooLong)
        );
    }

    #[test]
    fn an_announced_count_reserves_nothing() {
        let bytes = i32::MAX.to_be_bytes();
        assert_eq!(
            Reader::new(&bytes).array_of(false, |reader| reader.i8()),
            Err(DecodeError::TooManyElements { count: i32::MAX as u64, left: 0 })
        );
        assert_eq!(Reader::new(&(-2i32).to_be_bytes()).array_length(false), Err(DecodeError::NegativeLength(-2)));
    }

    #[test]
    fn a_string_is_no_longer_in_the_flexible_form_than_in_the_classic_one() {
        for (length, fits) in [(32_767, true), (32_768, false)] {
            let mut writer = Writer::new();
            writer.unsigned_varint(length + 1);
            writer.raw(&vec![b'x'; length as usize]);
            assert_eq!(Reader::new(writer.written()).string(true).is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn both_forms_round_trip() {
        for flexible in [false, true] {
            let mut writer = Writer::new();
            writer.string("orders", flexible).unwrap();
            writer.nullable_string(None, flexible).unwrap();
            writer.bytes(&[1, 2, 3], flexible).unwrap();
            let numbers = |writer: &mut Writer, value: &i32| {
                writer.i32(*value);
                Ok(())
            };
            writer.array_of(&[7, 8], flexible, numbers).unwrap();
            writer.nullable_array_of(None, flexible, numbers).unwrap();
            let mut reader = Reader::new(writer.written());
            assert_eq!(reader.string(flexible), Ok("orders"));
            assert_eq!(reader.nullable_string(flexible), Ok(None));
            assert_eq!(reader.bytes(flexible), Ok(&[1u8, 2, 3][..]));
            assert_eq!(reader.array_of(flexible, |reader| reader.i32()), Ok(vec![7, 8]));
            assert_eq!(reader.nullable_array_of(flexible, |reader| reader.i32()), Ok(None));
            assert_eq!(reader.finish(), Ok(()));
        }
    }
}
