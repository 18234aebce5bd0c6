//! What goes to a topic whose handle has serializers: values, by reference.

use crate::serialize_error::SerializeError;
use crate::serializer::{Datum, SerializedHeaders, Serializer};
use milena_core::{Header, Timestamp};

/// A record for a [`Topic`](crate::Topic): key and value are references to what the topic's serializers turn into bytes.
///
/// A key or value that is not given, or is `None`, is null; of a value, that is a tombstone. No serializer runs for it.
///
/// # Example
/// ```no_run
/// # use milena::{Timestamp, Topic, TopicRecord, serializers::{LongSerializer, StringSerializer}};
/// # async fn example(counts: Topic<StringSerializer, LongSerializer>) -> Result<(), Box<dyn std::error::Error>> {
/// counts.send(TopicRecord::new().key("apples").value(&3)).await?;
/// counts.send(TopicRecord::new().key("pears").value(&7).partition(2).timestamp(Timestamp(1_700_000_000_000))).await?;
/// counts.send(TopicRecord::new().key("plums")).await?; // a tombstone
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicRecord<'a, K = (), V = ()> {
    /// Chooses the partition (murmur2 of its bytes, as Java) unless `partition` does.
    pub key: K,
    /// The content.
    pub value: V,
    /// In order, duplicates kept. Those that a serializer adds go behind them.
    pub headers: &'a [Header<'a>],
    /// Names the partition; `None` leaves it to the partitioner.
    pub partition: Option<i32>,
    /// `None`: the moment it is accepted.
    pub timestamp: Option<Timestamp>,
}

impl TopicRecord<'_> {
    /// A record with neither key nor value yet.
    pub fn new() -> Self {
        Self { key: (), value: (), headers: &[], partition: None, timestamp: None }
    }
}

impl Default for TopicRecord<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, K, V> TopicRecord<'a, K, V> {
    /// With this key: `&key`, or `Option<&Key>`.
    pub fn key<P>(self, key: P) -> TopicRecord<'a, P, V> {
        let Self { value, headers, partition, timestamp, .. } = self;
        TopicRecord { key, value, headers, partition, timestamp }
    }

    /// With this value: `&value`, or `Option<&Value>`.
    pub fn value<P>(self, value: P) -> TopicRecord<'a, K, P> {
        let Self { key, headers, partition, timestamp, .. } = self;
        TopicRecord { key, value, headers, partition, timestamp }
    }

    /// With these headers.
    #[must_use]
    pub fn headers(mut self, headers: &'a [Header<'a>]) -> Self {
        self.headers = headers;
        self
    }

    /// To this partition.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// With this timestamp.
    #[must_use]
    pub fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }
}

/// A key or a value that the serializer `S` can write: `&T` or `Option<&T>` where it is a [`Serializer<T>`](Serializer), or
/// `()`, which is none.
pub trait Part<'a, S>: Copy + Unpin {
    /// Its bytes where the caller has them, as [`Serializer::in_place`], or that it is null. `None`: it must be serialized.
    fn in_place(self, serializer: &S) -> Option<Option<&'a [u8]>>;

    /// As [`Serializer::serialize`].
    ///
    /// # Errors
    /// The serializer's.
    fn serialize(
        self,
        serializer: &S,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError>;

    /// As [`Serializer::size_hint`].
    fn hint(self, serializer: &S) -> usize;
}

impl<S> Part<'_, S> for () {
    #[inline]
    fn in_place(self, _: &S) -> Option<Option<&'static [u8]>> {
        Some(None)
    }

    fn serialize(self, _: &S, _: &mut Vec<u8>, _: &mut SerializedHeaders) -> Result<Datum, SerializeError> {
        Ok(Datum::Null)
    }

    fn hint(self, _: &S) -> usize {
        0
    }
}

impl<'a, S: Serializer<T>, T: ?Sized> Part<'a, S> for &'a T {
    #[inline]
    fn in_place(self, serializer: &S) -> Option<Option<&'a [u8]>> {
        serializer.in_place(self).map(Some)
    }

    #[inline]
    fn serialize(
        self,
        serializer: &S,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        serializer.serialize(self, out, headers)
    }

    #[inline]
    fn hint(self, serializer: &S) -> usize {
        serializer.size_hint(self)
    }
}

impl<'a, S: Serializer<T>, T: ?Sized> Part<'a, S> for Option<&'a T> {
    #[inline]
    fn in_place(self, serializer: &S) -> Option<Option<&'a [u8]>> {
        self.map_or(Some(None), |value| serializer.in_place(value).map(Some))
    }

    fn serialize(
        self,
        serializer: &S,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        self.map_or(Ok(Datum::Null), |value| serializer.serialize(value, out, headers))
    }

    fn hint(self, serializer: &S) -> usize {
        self.map_or(0, |value| serializer.size_hint(value))
    }
}
