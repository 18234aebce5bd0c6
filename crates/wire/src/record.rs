//! One record of format v2: written straight from borrowed slices, read back without copying.
//!
//! ```text
//! length varint │ attributes 0 │ timestampDelta varlong │ offsetDelta varint │ key │ value │ headerCount varint │ headers
//!                                                          key, value, header value: length varint (−1 null), bytes
//! ```

use crate::buf::{DecodeError, Reader};
use crate::record_batch::BATCH_HEADER_LEN;

/// A header of a record. Order and duplicates are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its name, UTF-8, may repeat.
    pub key: &'a str,
    /// Its value; `None` is null, which is not the same as empty.
    pub value: Option<&'a [u8]>,
}

/// A record about to be written. `headers` is walked once to measure it and once to write it, so it is an iterator that
/// can be cloned: `slice.iter().copied()`, a `map` over another type, or [`std::iter::empty`].
#[derive(Debug, Clone, Copy)]
pub struct RecordView<'a, H> {
    /// Milliseconds since the batch's base timestamp, may be negative.
    pub timestamp_delta: i64,
    /// Its number within the batch, from 0.
    pub offset_delta: i32,
    /// `None` is null.
    pub key: Option<&'a [u8]>,
    /// `None` is null.
    pub value: Option<&'a [u8]>,
    /// In order, duplicates kept.
    pub headers: H,
}

impl<'a, H: Iterator<Item = Header<'a>> + Clone> RecordView<'a, H> {
    /// Bytes that [`encode`](Self::encode) appends.
    #[inline]
    pub fn encoded_len(&self) -> usize {
        let body = self.body_len();
        length_len(body) + body
    }

    /// The most bytes that a batch of this record alone takes, compression not counted: what Java compares with
    /// `max.request.size`. Depends on neither delta.
    pub fn upper_bound(&self) -> usize {
        /// A length varint 5, attributes 1, a timestamp varlong 10, an offset varint 5.
        const OVERHEAD_MAX: usize = 21;
        BATCH_HEADER_LEN + OVERHEAD_MAX + self.content_len()
    }

    /// Appends the record to `out`, and returns how many bytes that took.
    ///
    /// `out` does not grow beyond its capacity when [`encoded_len`](Self::encoded_len) bytes of it are free.
    ///
    /// # Cost
    /// One copy of key, value and headers, at most one allocation. A record above `i32::MAX` bytes cannot be said in the
    /// format: refuse it by its [`upper_bound`](Self::upper_bound) first.
    #[inline]
    pub fn encode(&self, out: &mut Vec<u8>) -> usize {
        let body = self.body_len();
        let total = length_len(body) + body;
        out.reserve(total);

        let mut short = Short::default();
        short.length(Some(body));
        short.byte(0);
        short.varlong(self.timestamp_delta);
        short.varlong(self.offset_delta.into());
        short.bytes(self.key, out);
        short.bytes(self.value, out);
        short.length(Some(self.headers.clone().count()));
        for header in self.headers.clone() {
            short.bytes(Some(header.key.as_bytes()), out);
            short.bytes(header.value, out);
        }
        short.flush(out);
        total
    }

    /// Bytes after the length.
    #[inline]
    fn body_len(&self) -> usize {
        1 + varlong_len(self.timestamp_delta) + varlong_len(self.offset_delta.into()) + self.content_len()
    }

    /// Bytes of what does not depend on the record's place in its batch: key, value, headers.
    #[inline]
    fn content_len(&self) -> usize {
        let (count, headers) = self.headers.clone().fold((0, 0), |(count, len), header| {
            (count + 1, len + bytes_len(Some(header.key.as_bytes())) + bytes_len(header.value))
        });
        bytes_len(self.key) + bytes_len(self.value) + length_len(count) + headers
    }
}

/// A record as it lies in a batch, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodedRecord<'a> {
    /// Milliseconds since the batch's base timestamp, may be negative.
    pub timestamp_delta: i64,
    /// Its number within the batch.
    pub offset_delta: i32,
    /// `None` is null.
    pub key: Option<&'a [u8]>,
    /// `None` is null.
    pub value: Option<&'a [u8]>,
    /// All of the record's bytes, its length first.
    pub bytes: &'a [u8],
    /// The part of `bytes` that does not depend on the record's place in its batch: from the key's length on.
    content: &'a [u8],
    headers: Headers<'a>,
}

impl<'a> EncodedRecord<'a> {
    /// Its headers, decoded as they are asked for.
    pub fn headers(&self) -> Headers<'a> {
        self.headers
    }

    /// Appends the same record to `out`, at another place of another batch. Key, value and headers are copied as they lie.
    pub fn encode_at(&self, timestamp_delta: i64, offset_delta: i32, out: &mut Vec<u8>) {
        let mut short = Short::default();
        short.length(Some(1 + varlong_len(timestamp_delta) + varlong_len(offset_delta.into()) + self.content.len()));
        short.byte(0);
        short.varlong(timestamp_delta);
        short.varlong(offset_delta.into());
        short.flush(out);
        out.extend_from_slice(self.content);
    }

    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let start = reader.rest();
        let length = length(reader)?.ok_or(DecodeError::Invalid("record length"))?;
        let mut record = Reader::new(reader.take(length)?);
        let (bytes, _) = start.split_at(start.len() - reader.remaining());
        record.i8()?; // attributes: none is defined
        let timestamp_delta = record.varlong()?;
        let offset_delta = record.varint()?;
        let content = record.rest();
        let key = nullable_bytes(&mut record)?;
        let value = nullable_bytes(&mut record)?;
        let headers = Headers::decode(record)?;
        Ok(Self { timestamp_delta, offset_delta, key, value, bytes, content, headers })
    }
}

/// The records of a batch's body, one after another. Ends after the first error.
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    rest: Reader<'a>,
}

impl<'a> Records<'a> {
    /// The records in `body`, which is not compressed.
    pub fn new(body: &'a [u8]) -> Self {
        Self { rest: Reader::new(body) }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<EncodedRecord<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.remaining() == 0 {
            return None;
        }
        let record = EncodedRecord::decode(&mut self.rest);
        if record.is_err() {
            self.rest = Reader::new(&[]);
        }
        Some(record)
    }
}

/// The headers of a record, one after another. Ends after the first error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    /// Headers not read yet.
    left: usize,
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    fn decode(mut record: Reader<'a>) -> Result<Self, DecodeError> {
        let left = length(&mut record)?.ok_or(DecodeError::Invalid("header count"))?;
        let rest = record.rest();
        if left > rest.len() {
            return Err(DecodeError::TooManyElements { count: left as u64, left: rest.len() });
        }
        if left == 0 {
            record.finish()?;
        }
        Ok(Self { left, rest })
    }

    fn header(&mut self) -> Result<Header<'a>, DecodeError> {
        let mut reader = Reader::new(self.rest);
        let key = nullable_bytes(&mut reader)?.ok_or(DecodeError::Invalid("header key"))?;
        let key = std::str::from_utf8(key).map_err(|_| DecodeError::NotUtf8)?;
        let value = nullable_bytes(&mut reader)?;
        self.left -= 1;
        self.rest = reader.rest();
        if self.left == 0 {
            reader.finish()?;
        }
        Ok(Header { key, value })
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Result<Header<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let header = self.header();
        if header.is_err() {
            self.left = 0;
        }
        Some(header)
    }
}

/// A length as a varint, −1 for null.
fn length(reader: &mut Reader<'_>) -> Result<Option<usize>, DecodeError> {
    match reader.varint()? {
        -1 => Ok(None),
        length => usize::try_from(length).map(Some).map_err(|_| DecodeError::NegativeLength(length.into())),
    }
}

fn nullable_bytes<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, DecodeError> {
    let Some(length) = length(reader)? else { return Ok(None) };
    reader.take(length).map(Some)
}

/// Bytes of a length, as a varint.
#[inline]
fn length_len(length: usize) -> usize {
    varlong_len(length as i64)
}

/// Bytes of a key or value with its length.
#[inline]
fn bytes_len(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| length_len(bytes.len()) + bytes.len())
}

/// Bytes of a zig-zag varint: seven bits in each.
#[inline]
fn varlong_len(value: i64) -> usize {
    let bits = u64::BITS - (zig_zag(value) | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[inline]
fn zig_zag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The short fields between two long ones, gathered on the stack: a copy of a constant size is a few stores, one call of
/// `push` a byte is a capacity check each.
struct Short {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl Default for Short {
    #[inline]
    fn default() -> Self {
        Self { bytes: [0; Self::CAPACITY], len: 0 }
    }
}

impl Short {
    /// Four 64-bit varints of ten bytes each, one of 32 bits, and the attributes: all that ever meets here is 46 bytes.
    const CAPACITY: usize = 48;

    #[inline]
    fn byte(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    #[inline]
    fn varlong(&mut self, value: i64) {
        let mut value = zig_zag(value);
        while value >= 0x80 {
            self.byte((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.byte((value & 0x7f) as u8);
    }

    #[inline]
    fn length(&mut self, length: Option<usize>) {
        self.varlong(length.map_or(-1, |length| length as i64));
    }

    /// A length and, unless they are null, the bytes that it is of, which go to `out` with all that was gathered.
    #[inline]
    fn bytes(&mut self, bytes: Option<&[u8]>, out: &mut Vec<u8>) {
        self.length(bytes.map(<[u8]>::len));
        if let Some(bytes) = bytes {
            self.flush(out);
            out.extend_from_slice(bytes);
        }
    }

    #[inline]
    fn flush(&mut self, out: &mut Vec<u8>) {
        let end = out.len() + self.len;
        if out.capacity() - out.len() >= Self::CAPACITY {
            out.extend_from_slice(&self.bytes);
            out.truncate(end);
        } else {
            out.extend(self.bytes.iter().take(self.len));
        }
        self.len = 0;
    }
}
