//! A handle for the records of one topic, with the serializers that turn keys and values into bytes.

mod all;
mod bind;
mod error;
pub(crate) mod prepared;
mod record;
mod scratch;
mod sending;

pub use error::{TopicBindError, TopicError};
pub use record::{Part, TopicRecord};
pub use sending::{TopicPosting, TopicSending};

use crate::append::Place;
use crate::producer::Producer;
use crate::send::{Claiming, delivery, own_hook};
use crate::send_all::SendAllError;
use crate::serialize_error::SerializeError;
use crate::serializer::Side;
use crate::serializers::ByteArraySerializer;
use all::append_all;
use milena_core::accumulator::{Appended, Claim};
use milena_core::{Ack, Delivery, DeliveryError, Hook, Record, TopicLayout};
use prepared::Prepared;
use scratch::{Scratch, with_headers};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

/// Sends records to one topic of a [`Producer`]: bytes, or whatever its serializers write. Made by [`Producer::topic`].
///
/// The topic's name is looked up once, not for each record. Clones are cheap where the serializers' are, and share the
/// producer and its order; so do the producer's own sends to the topic.
///
/// A serializer runs on the thread that polls the send, once a record, under no lock, and writes into a buffer that the
/// thread keeps. A send that is accepted at once allocates nothing; one that has to wait copies its bytes first.
///
/// # Example
/// ```no_run
/// # use milena::{Producer, TopicRecord, serializers::{LongSerializer, StringSerializer}};
/// # async fn example(producer: Producer) -> Result<(), Box<dyn std::error::Error>> {
/// let counts = producer.topic("counts").key(StringSerializer).value(LongSerializer);
/// counts.send(TopicRecord::new().key("apples").value(&3)).await?.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Topic<K = ByteArraySerializer, V = ByteArraySerializer> {
    producer: Producer,
    prepared: Prepared,
    key: K,
    value: V,
}

impl Topic {
    pub(crate) fn new(producer: Producer, name: Arc<str>) -> Self {
        Self { producer, prepared: Prepared::new(name), key: ByteArraySerializer, value: ByteArraySerializer }
    }
}

impl<K, V> Topic<K, V> {
    /// The same topic, with keys that `serializer` writes.
    pub fn key<S>(self, serializer: S) -> Topic<S, V> {
        let Self { producer, prepared, value, .. } = self;
        Topic { producer, prepared, key: serializer, value }
    }

    /// The same topic, with values that `serializer` writes.
    pub fn value<S>(self, serializer: S) -> Topic<K, S> {
        let Self { producer, prepared, key, .. } = self;
        Topic { producer, prepared, key, value: serializer }
    }

    /// The same topic, with serializers that its clones share: for those that are not cheap to clone, or cannot be.
    pub fn shared(self) -> Topic<Arc<K>, Arc<V>> {
        let Self { producer, prepared, key, value } = self;
        Topic { producer, prepared, key: Arc::new(key), value: Arc::new(value) }
    }

    /// The topic's name.
    pub fn name(&self) -> &str {
        &self.prepared.name
    }

    /// The producer that it sends through.
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// Waits for the topic's metadata, at most `max.block.ms`, so that the first record need not.
    ///
    /// # Errors
    /// [`SendError`](crate::SendError) when the topic did not turn up, or is refused.
    ///
    /// # Cancel safety
    /// May be dropped at any moment.
    pub async fn ready(&self) -> Result<Arc<TopicLayout>, crate::SendError> {
        let mut place = self.place();
        let layout = poll_fn(|context| place.poll_layout(self.name(), context)).await?;
        self.prepared.learn(Some(&layout));
        Ok(layout)
    }

    /// Sends a record: ready when it is accepted, with its [`Delivery`]. Waits for the topic's metadata and for memory, at
    /// most `max.block.ms` for both together.
    ///
    /// # Order
    /// Records are in the order in which these futures became ready.
    ///
    /// # Errors
    /// [`TopicError`]: the record was not accepted, and nothing of it will be written.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the record is not accepted.
    ///
    /// # Cost
    /// As [`Producer::send`], and the serializers. Where key and value are bytes or text, they are copied once, as there.
    pub fn send<'a, P, Q>(&'a self, record: TopicRecord<'a, P, Q>) -> TopicSending<'a, K, V, P, Q>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        TopicSending::new(self, record)
    }

    /// As [`Topic::send`], and never waits.
    ///
    /// # Errors
    /// As [`Topic::send`]; [`SendError::NotReady`](crate::SendError::NotReady) when the topic's metadata is not there (it is
    /// asked for in the background), [`SendError::Full`](crate::SendError::Full) when there is no memory, or when others
    /// wait for some.
    pub fn try_send<'a, P, Q>(&'a self, record: TopicRecord<'a, P, Q>) -> Result<Delivery, TopicError>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        self.try_append(&record, Claim::Delivery).map(delivery)
    }

    /// Fire and forget: ready when the record is accepted; what becomes of it is not told. It is retried and ordered as any
    /// other.
    ///
    /// # Errors
    /// As [`Topic::send`].
    pub fn post<'a, P, Q>(&'a self, record: TopicRecord<'a, P, Q>) -> TopicPosting<'a, K, V, P, Q>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        TopicPosting::new(self, record, Claiming::Nothing)
    }

    /// As [`Topic::post`], and never waits.
    ///
    /// # Errors
    /// As [`Topic::try_send`].
    pub fn try_post<'a, P, Q>(&'a self, record: TopicRecord<'a, P, Q>) -> Result<(), TopicError>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        self.try_append(&record, Claim::Nothing).map(drop)
    }

    /// Sends a record: ready when it is accepted. Its outcome goes to the [hook](Producer::hook), with `token` to know it
    /// by.
    ///
    /// # Errors
    /// As [`Topic::send`]; `hook` is then not run.
    ///
    /// # Cost
    /// 40 bytes in the batch.
    pub fn send_with<'a, P, Q>(
        &'a self,
        record: TopicRecord<'a, P, Q>,
        hook: &'a Hook,
        token: u64,
    ) -> TopicPosting<'a, K, V, P, Q>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        TopicPosting::new(self, record, Claiming::Hook(hook, token))
    }

    /// As [`Topic::send_with`], and never waits.
    ///
    /// # Errors
    /// As [`Topic::try_send`]; `hook` is then not run.
    pub fn try_send_with<'a, P, Q>(
        &'a self,
        record: TopicRecord<'a, P, Q>,
        hook: &Hook,
        token: u64,
    ) -> Result<(), TopicError>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        self.try_append(&record, Claim::Hook(hook, token)).map(drop)
    }

    /// Sends a record: ready when it is accepted. Its outcome goes to `then`, which is run as a [hook](Producer::hook).
    ///
    /// # Errors
    /// As [`Topic::send`]; `then` is dropped.
    ///
    /// # Cost
    /// One allocation more than [`Topic::send_with`].
    pub fn send_then<'a, P, Q>(
        &'a self,
        record: TopicRecord<'a, P, Q>,
        then: impl FnOnce(Result<Ack, DeliveryError>) + Send + 'static,
    ) -> TopicPosting<'a, K, V, P, Q>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        TopicPosting::new(self, record, Claiming::Own(own_hook(then)))
    }

    /// Sends records in order, many under one lock: the fastest way. Ready when all are accepted, with their deliveries.
    ///
    /// # Errors
    /// [`SendAllError`] at the first record that is not accepted, with the deliveries of those before it. The rest was not
    /// tried.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, some of the first records are accepted and the rest is not; how many is not told.
    pub async fn send_all<'a, P, Q>(
        &self,
        records: impl IntoIterator<Item = TopicRecord<'a, P, Q>>,
    ) -> Result<Vec<Delivery>, SendAllError<Vec<Delivery>, TopicError>>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        let records = records.into_iter();
        let mut accepted = Vec::with_capacity(records.size_hint().0);
        let push = |appended| accepted.push(delivery(appended));
        match append_all(self, records, |_| Claim::Delivery, push).await {
            (_, Ok(())) => Ok(accepted),
            (_, Err(error)) => Err(SendAllError { accepted, error }),
        }
    }

    /// As [`Topic::send_all`], fire and forget. How many were accepted: all of them.
    ///
    /// # Errors
    /// As [`Topic::send_all`], with how many were accepted.
    pub async fn post_all<'a, P, Q>(
        &self,
        records: impl IntoIterator<Item = TopicRecord<'a, P, Q>>,
    ) -> Result<usize, SendAllError<usize, TopicError>>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        match append_all(self, records, |_| Claim::Nothing, drop).await {
            (accepted, Ok(())) => Ok(accepted),
            (accepted, Err(error)) => Err(SendAllError { accepted, error }),
        }
    }

    /// As [`Topic::send_all`]; outcomes go to `hook`, with tokens counted up from `first_token`. How many were accepted:
    /// all of them.
    ///
    /// # Errors
    /// As [`Topic::send_all`], with how many were accepted.
    pub async fn send_all_with<'a, P, Q>(
        &self,
        records: impl IntoIterator<Item = TopicRecord<'a, P, Q>>,
        hook: &Hook,
        first_token: u64,
    ) -> Result<usize, SendAllError<usize, TopicError>>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        let claim = |index| Claim::Hook(hook, first_token.wrapping_add(index as u64));
        match append_all(self, records, claim, drop).await {
            (accepted, Ok(())) => Ok(accepted),
            (accepted, Err(error)) => Err(SendAllError { accepted, error }),
        }
    }

    fn try_append<'a, P: Part<'a, K>, Q: Part<'a, V>>(
        &self,
        record: &TopicRecord<'a, P, Q>,
        claim: Claim<'_>,
    ) -> Result<Appended, TopicError> {
        Scratch::with(|scratch| {
            let (key, value) = scratch.write(self, record)?;
            let bytes = self.as_bytes(record, key.bytes(&scratch.bytes), value.bytes(&scratch.bytes));
            let appended = with_headers(bytes, &scratch.headers, |[record]| self.place().try_append(*record, claim));
            Ok(appended?)
        })
    }

    /// A place in line for its records.
    fn place(&self) -> Place<'_> {
        Place::of_topic(&self.producer.shared, &self.prepared)
    }

    /// The record, once its key and its value are bytes.
    #[inline]
    fn as_bytes<'b, P, Q>(
        &'b self,
        record: &TopicRecord<'b, P, Q>,
        key: Option<&'b [u8]>,
        value: Option<&'b [u8]>,
    ) -> Record<'b> {
        let TopicRecord { headers, partition, timestamp, .. } = *record;
        Record { topic: self.name(), key, value, headers, partition, timestamp }
    }

    #[cold]
    fn not_serialized(&self, side: Side, source: SerializeError) -> TopicError {
        TopicError::Serialize { topic: Arc::clone(&self.prepared.name), side, source: Box::new(source) }
    }
}

impl<K, V> fmt::Debug for Topic<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic").field("name", &self.prepared.name).finish_non_exhaustive()
    }
}
