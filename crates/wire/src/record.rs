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

/// The most bytes of a record before its key: a length varint 5, attributes 1, a timestamp varlong 10, an offset varint 5.
pub const PLACE_LEN_MAX: usize = 21;

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
    #[inline]
    pub fn upper_bound(&self) -> usize {
        BATCH_HEADER_LEN + PLACE_LEN_MAX + self.content_len()
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
        self.encode_measured(self.content_len(), out)
    }

    /// As [`encode`](Self::encode), for who has measured the [content](Self::content_len) already.
    #[inline]
    pub fn encode_measured(&self, content_len: usize, out: &mut Vec<u8>) -> usize {
        debug_assert_eq!(content_len, self.content_len(), "measured is what is written");
        let body = place_len(self.timestamp_delta, self.offset_delta) + content_len;
        let total = length_len(body) + body;
        out.reserve(total);
        append_place(body, self.timestamp_delta, self.offset_delta, out);
        append_bytes(self.key, out);
        append_bytes(self.value, out);
        append_varint(zig_zag_length(self.headers.clone().count()), out);
        for header in self.headers.clone() {
            append_bytes(Some(header.key.as_bytes()), out);
            append_bytes(header.value, out);
        }
        total
    }

    /// Bytes after the length.
    #[inline]
    fn body_len(&self) -> usize {
        place_len(self.timestamp_delta, self.offset_delta) + self.content_len()
    }

    /// Bytes of what does not depend on the record's place in its batch: key, value, headers.
    #[inline(always)] // On every send's way, from several places: by itself it would stay a call.
    pub fn content_len(&self) -> usize {
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
        let body = place_len(timestamp_delta, offset_delta) + self.content.len();
        append_place(body, timestamp_delta, offset_delta, out);
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

/// Appends what a record has before its key. As one store where length and deltas are short, which they are below 8 KiB,
/// 8 seconds and 8,192 records.
#[inline]
fn append_place(body: usize, timestamp_delta: i64, offset_delta: i32, out: &mut Vec<u8>) {
    let (length, timestamp, offset) = (zig_zag_length(body), zig_zag(timestamp_delta), zig_zag(offset_delta.into()));
    if length | timestamp | offset < SHORT {
        // The attributes, of which none is defined, are the zero byte between length and deltas.
        let word = Word::default().varint(length).byte(0).varint(timestamp).varint(offset);
        word.append_to(out);
    } else {
        append_varint(length, out);
        out.push(0);
        append_varint(timestamp, out);
        append_varint(offset, out);
    }
}

/// Bytes of attributes and deltas.
#[inline]
fn place_len(timestamp_delta: i64, offset_delta: i32) -> usize {
    1 + varint_len(zig_zag(timestamp_delta)) + varint_len(zig_zag(offset_delta.into()))
}

/// Appends a key or value behind its length.
#[inline(always)] // Called for key and value: by itself it would stay a call, and half as much again to do.
fn append_bytes(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes {
        None => out.push(NULL),
        Some(bytes) => {
            append_varint(zig_zag_length(bytes.len()), out);
            out.extend_from_slice(bytes);
        }
    }
}

/// Bytes of a key or value with its length.
#[inline]
fn bytes_len(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| length_len(bytes.len()) + bytes.len())
}

#[inline]
fn length_len(length: usize) -> usize {
    varint_len(zig_zag_length(length))
}

/// The length −1 as a varint.
const NULL: u8 = 1;

#[inline]
fn zig_zag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Half the work, since a length is never negative.
#[inline]
fn zig_zag_length(length: usize) -> u64 {
    (length as u64) << 1
}

/// Varints below take one byte or two.
const SHORT: u64 = 1 << 14;

/// Up to eight bytes in a register, to be stored at once: a store for each byte would cost as much as the rest of a record.
#[derive(Clone, Copy, Default)]
struct Word {
    bytes: u64,
    bits: u32,
}

impl Word {
    #[inline]
    fn byte(self, byte: u8) -> Self {
        Self { bytes: self.bytes | u64::from(byte) << self.bits, bits: self.bits + 8 }
    }

    /// A varint below [`SHORT`].
    #[inline]
    fn varint(self, value: u64) -> Self {
        let two = u32::from(value >= 1 << 7);
        let varint = value & 0x7f | u64::from(two) << 7 | value << 1 & 0x7f00;
        Self { bytes: self.bytes | varint << self.bits, bits: self.bits + 8 + 8 * two }
    }

    #[inline]
    fn append_to(self, out: &mut Vec<u8>) {
        let (bytes, len) = (self.bytes.to_le_bytes(), self.bits as usize / 8);
        if out.capacity() - out.len() >= bytes.len() {
            let end = out.len() + len;
            out.extend_from_slice(&bytes);
            out.truncate(end);
        } else {
            out.extend(bytes.into_iter().take(len));
        }
    }
}

/// Appends a varint.
#[inline]
fn append_varint(value: u64, out: &mut Vec<u8>) {
    if value < SHORT { Word::default().varint(value).append_to(out) } else { append_long_varint(value, out) }
}

#[cold]
#[inline(never)]
fn append_long_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 1 << 7 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

#[inline]
fn varint_len(value: u64) -> usize {
    if value < SHORT { 1 + usize::from(value >= 1 << 7) } else { long_varint_len(value) }
}

/// Seven bits in each byte.
#[cold]
#[inline(never)]
fn long_varint_len(value: u64) -> usize {
    let bits = u64::BITS - value.leading_zeros();
    bits.div_ceil(7) as usize
}
