//! Where serializers write: one buffer a thread, used again, so that a record costs no allocation.

use super::record::{Part, TopicRecord};
use super::{Topic, error::TopicError};
use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, SerializedHeaders, Side};
use milena_core::{Header, Record};
use std::cell::Cell;

/// What a thread keeps, bytes, however large its records are: a buffer that grew beyond it shrinks by halves while the
/// records that follow need less than a quarter.
const KEPT: usize = 64 * 1024;
/// Headers of a record with headers of its serializers that are listed without an allocation.
const HEADERS: usize = 8;

/// The bytes and headers of one record.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) bytes: Vec<u8>,
    pub(super) headers: SerializedHeaders,
}

thread_local! {
    /// Not there while it is used: a serializer that sends a record itself gets a new one, and so does the thread after a
    /// serializer panicked.
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// A key's or a value's bytes, after its serializer ran.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Null,
    /// Where the caller has them.
    InPlace(&'a [u8]),
    /// In a buffer, from here to there.
    Written(usize, usize),
}

impl<'a> Content<'a> {
    /// The bytes, given the buffer that was written to. `None` is null.
    #[inline]
    pub(super) fn bytes<'b>(self, buffer: &'b [u8]) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        match self {
            Self::Null => None,
            Self::InPlace(bytes) => Some(bytes),
            Self::Written(start, end) => buffer.get(start..end),
        }
    }
}

impl Scratch {
    /// Runs `with` on this thread's.
    pub(super) fn with<R>(with: impl FnOnce(&mut Self) -> R) -> R {
        // A thread that is ending has none any more.
        let mut scratch = SCRATCH.try_with(Cell::take).ok().flatten().unwrap_or_default();
        let result = with(&mut scratch);
        scratch.clear();
        let _ = SCRATCH.try_with(|cell| cell.set(Some(scratch)));
        result
    }

    /// Empties it, and gives back what it need not keep.
    #[inline]
    pub(super) fn clear(&mut self) {
        if self.bytes.capacity() > KEPT && self.bytes.len() < self.bytes.capacity() / 4 {
            self.bytes.shrink_to(KEPT.max(self.bytes.capacity() / 2));
        }
        self.bytes.clear();
        self.headers.clear();
    }

    /// Runs the topic's serializers on the record, behind what is there already. On an error, that is all that stays.
    #[inline]
    pub(super) fn write<'a, K, V, P: Part<'a, K>, Q: Part<'a, V>>(
        &mut self,
        topic: &Topic<K, V>,
        record: &TopicRecord<'a, P, Q>,
    ) -> Result<(Content<'a>, Content<'a>), TopicError> {
        let start = self.bytes.len();
        let places = self.write_part(record.key, &topic.key).map_err(|error| (Side::Key, error)).and_then(|key| {
            Ok((key, self.write_part(record.value, &topic.value).map_err(|error| (Side::Value, error))?))
        });
        places.map_err(|(side, source)| {
            self.bytes.truncate(start);
            topic.not_serialized(side, source)
        })
    }

    #[inline]
    fn write_part<'a, S, P: Part<'a, S>>(&mut self, part: P, serializer: &S) -> Result<Content<'a>, SerializeError> {
        if let Some(bytes) = part.in_place(serializer) {
            return Ok(bytes.map_or(Content::Null, Content::InPlace));
        }
        let start = self.bytes.len();
        self.bytes.reserve(part.hint(serializer));
        let datum = part.serialize(serializer, &mut self.bytes, &mut self.headers)?;
        if self.bytes.len() < start {
            return Err(SerializeError::new("the serializer took away bytes that were not its own"));
        }
        if datum == Datum::Null {
            self.bytes.truncate(start);
            return Ok(Content::Null);
        }
        Ok(Content::Written(start, self.bytes.len()))
    }
}

/// Runs `with` on the record as bytes, its serializers' headers behind its own.
#[inline]
pub(super) fn with_headers<R>(
    record: Record<'_>,
    added: &SerializedHeaders,
    with: impl FnOnce(&mut [Record<'_>; 1]) -> R,
) -> R {
    if added.is_empty() {
        return with(&mut [record]);
    }
    let mut few = [Header { key: "", value: None }; HEADERS];
    let all = record.headers.iter().copied().chain(added.iter().map(|(key, value)| Header { key, value }));
    let many: Vec<Header<'_>>;
    let headers = match few.get_mut(..record.headers.len() + added.len()) {
        Some(few) => {
            few.iter_mut().zip(all).for_each(|(place, header)| *place = header);
            few
        }
        None => {
            many = all.collect();
            &*many
        }
    };
    with(&mut [Record { headers, ..record }])
}
