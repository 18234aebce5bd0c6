//! What a caller sends: borrowed, so that it is copied once, into the batch.

use crate::time::Timestamp;

/// A header of a record. Order and duplicates are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its name, UTF-8, may repeat.
    pub key: &'a str,
    /// Its value; `None` is null, which is not the same as empty.
    pub value: Option<&'a [u8]>,
}

/// A record to send. Key and value are bytes; `None` is null (for a value: a tombstone), which is not the same as empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it goes.
    pub topic: &'a str,
    /// Chooses the partition (murmur2, as Java) unless `partition` does.
    pub key: Option<&'a [u8]>,
    /// The content.
    pub value: Option<&'a [u8]>,
    /// In order, duplicates kept.
    pub headers: &'a [Header<'a>],
    /// Names the partition; `None` leaves it to the partitioner.
    pub partition: Option<i32>,
    /// `None`: the moment it is accepted.
    pub timestamp: Option<Timestamp>,
}

impl<'a> Record<'a> {
    /// A record for `topic`, with neither key nor value yet.
    pub fn to(topic: &'a str) -> Self {
        Self { topic, key: None, value: None, headers: &[], partition: None, timestamp: None }
    }

    /// With this key.
    #[must_use]
    pub fn key(mut self, key: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.key = Some(key.as_ref());
        self
    }

    /// With this value.
    #[must_use]
    pub fn value(mut self, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.value = Some(value.as_ref());
        self
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
