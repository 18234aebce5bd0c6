//! What turns a value into the bytes of a record's key or value.

use crate::serialize_error::SerializeError;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Turns values of one type into the bytes of a record's key or value.
///
/// It runs on the caller's thread and under no lock of ours, so it may take its time; it cannot wait for anything. What must
/// be known before the first record is found out by [`Bind`].
///
/// A panic in it reaches the caller; nothing of the record was accepted then.
pub trait Serializer<T: ?Sized>: Send + Sync {
    /// Appends the bytes of `value` to `out`, or says that it is null: for a value, a tombstone. What `out` holds already
    /// stays as it is.
    ///
    /// What it adds to `headers` goes behind the record's own headers.
    ///
    /// # Errors
    /// [`SerializeError`], with the path to the field that does not fit. Nothing of the record is sent; what was appended
    /// until then is thrown away.
    fn serialize(&self, value: &T, out: &mut Vec<u8>, headers: &mut SerializedHeaders)
    -> Result<Datum, SerializeError>;

    /// The bytes, where they lie in the value as they are: then they are copied once, into the batch, and
    /// [`serialize`](Self::serialize) is not run. It says the same of a value each time.
    fn in_place<'v>(&self, value: &'v T) -> Option<&'v [u8]> {
        let _ = value;
        None
    }

    /// About how many bytes [`serialize`](Self::serialize) will append: saves growing. 0: no idea.
    fn size_hint(&self, value: &T) -> usize {
        let _ = value;
        0
    }
}

/// The same, shared.
impl<T: ?Sized, S: Serializer<T> + ?Sized> Serializer<T> for Arc<S> {
    fn serialize(
        &self,
        value: &T,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        (**self).serialize(value, out, headers)
    }

    fn in_place<'v>(&self, value: &'v T) -> Option<&'v [u8]> {
        (**self).in_place(value)
    }

    fn size_hint(&self, value: &T) -> usize {
        (**self).size_hint(value)
    }
}

/// What a value became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datum {
    /// The bytes that were appended; none is empty, which is not null.
    Bytes,
    /// Null: whatever was appended does not count.
    Null,
}

/// Headers that serializers add to a record, in order.
#[derive(Debug, Clone, Default)]
pub struct SerializedHeaders {
    list: Vec<SerializedHeader>,
}

#[derive(Debug, Clone)]
struct SerializedHeader {
    key: Cow<'static, str>,
    value: Option<Arc<[u8]>>,
}

impl SerializedHeaders {
    /// Adds a header behind the others.
    pub fn push(&mut self, key: impl Into<Cow<'static, str>>, value: Option<Arc<[u8]>>) {
        self.list.push(SerializedHeader { key: key.into(), value });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Moves all of the others behind these.
    pub(crate) fn append(&mut self, others: &mut Self) {
        self.list.append(&mut others.list);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// In the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.list.iter().map(|header| (&*header.key, header.value.as_deref()))
    }
}

/// Which part of a topic's records a serializer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Value => "value",
        })
    }
}

/// What a serializer is bound to, and how long that may take.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Target {
    /// The topic.
    pub topic: Arc<str>,
    /// Key or value.
    pub side: Side,
    /// What is left of `max.block.ms`.
    pub patience: Duration,
}

impl Target {
    /// The key or the value of a topic's records.
    pub fn new(topic: impl Into<Arc<str>>, side: Side, patience: Duration) -> Self {
        Self { topic: topic.into(), side, patience }
    }
}

/// What becomes a [`Serializer`] once it knows its topic, and has asked whom it must ask: a schema registry, for example.
///
/// A serializer that needs to ask nobody is [`Plain`], and becomes itself.
pub trait Bind {
    /// What it becomes.
    type Bound;

    /// Finds out all that does not depend on the records.
    ///
    /// # Errors
    /// [`BindError`], with the reason of whoever was asked, within the target's patience.
    ///
    /// # Cancel safety
    /// May be dropped at any moment.
    fn bind(self, target: Target) -> impl Future<Output = Result<Self::Bound, BindError>> + Send;
}

/// A serializer that is ready as it is: bound, it is what it was. One of your own needs no more than
/// `impl Plain for OrderSerializer {}`.
pub trait Plain {}

impl<S: Plain + Send> Bind for S {
    type Bound = S;

    async fn bind(self, _: Target) -> Result<S, BindError> {
        Ok(self)
    }
}

/// A serializer could not be bound: nothing was sent.
#[derive(Debug, Clone, Error)]
#[error("the {side} serializer of topic {topic:?}: {source}")]
pub struct BindError {
    /// The topic.
    pub topic: Arc<str>,
    /// Key or value.
    pub side: Side,
    /// Why.
    pub source: Arc<dyn Error + Send + Sync>,
}

impl BindError {
    /// The target's serializer could not be bound, because of `source`.
    pub fn new(target: &Target, source: impl Error + Send + Sync + 'static) -> Self {
        Self { topic: Arc::clone(&target.topic), side: target.side, source: Arc::new(source) }
    }
}
