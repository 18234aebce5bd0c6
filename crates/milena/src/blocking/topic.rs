//! A topic's handle for plain threads.

use super::{counted, try_all};
use crate::error::{SendAllError, SendError, TopicBindError, TopicError};
use crate::park::{block_on, is_within_hook};
use crate::serializer::Bind;
use crate::serializers::ByteArraySerializer;
use crate::topic::{self, Part, TopicRecord};
use milena_core::{Delivery, Hook, TopicLayout};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// As [`Topic`](crate::Topic), with methods that block the thread. It and the asynchronous handle are made from each other.
///
/// # Within a delivery hook
/// As [there](super::Producer): sends, [`ready`](Self::ready) and [`bind`](Self::bind) do not wait.
///
/// # Example
/// ```no_run
/// use milena::serializers::{LongSerializer, StringSerializer};
/// use milena::{TopicRecord, blocking::Producer};
///
/// let producer: Producer = milena::Producer::builder().bootstrap_servers("localhost:9092").build()?.into();
/// let counts = producer.topic("counts").key(StringSerializer).value(LongSerializer);
/// counts.send(TopicRecord::new().key("apples").value(&3))?.wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Topic<K = ByteArraySerializer, V = ByteArraySerializer> {
    handle: topic::Topic<K, V>,
}

impl<K, V> Topic<K, V> {
    /// The same topic, with keys that `serializer` writes.
    pub fn key<S>(self, serializer: S) -> Topic<S, V> {
        self.handle.key(serializer).into()
    }

    /// The same topic, with values that `serializer` writes.
    pub fn value<S>(self, serializer: S) -> Topic<K, S> {
        self.handle.value(serializer).into()
    }

    /// The same topic, with serializers that its clones share.
    pub fn shared(self) -> Topic<Arc<K>, Arc<V>> {
        self.handle.shared().into()
    }

    /// The topic's name.
    pub fn name(&self) -> &str {
        self.handle.name()
    }

    /// Blocks until the topic's metadata is there, at most `max.block.ms`.
    ///
    /// # Errors
    /// [`SendError`] when the topic did not turn up, or is refused.
    pub fn ready(&self) -> Result<Arc<TopicLayout>, SendError> {
        at_once_within_hook(self.handle.ready()).unwrap_or_else(|| Err(SendError::NotReady(self.name().into())))
    }

    /// Binds both serializers: as [`Topic::bind`](crate::Topic::bind).
    ///
    /// # Errors
    /// As there.
    pub fn bind(self) -> Result<Topic<K::Bound, V::Bound>, TopicBindError>
    where
        K: Bind,
        V: Bind,
    {
        let name = Arc::from(self.name());
        let bound = at_once_within_hook(self.handle.bind()).unwrap_or_else(|| Err(SendError::NotReady(name).into()));
        Ok(bound?.into())
    }

    /// Sends a record: returns when it is accepted. [`Delivery::wait`] returns when it is acknowledged. Blocks while the
    /// topic's metadata or memory is waited for, at most `max.block.ms`.
    ///
    /// # Errors
    /// [`TopicError`]: the record was not accepted, and nothing of it will be written.
    pub fn send<'a, P, Q>(&'a self, record: TopicRecord<'a, P, Q>) -> Result<Delivery, TopicError>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        if is_within_hook() {
            return self.handle.try_send(record);
        }
        block_on(self.handle.send(record))
    }

    /// Fire and forget: as [`Topic::send`]; what becomes of the record is not told.
    ///
    /// # Errors
    /// As [`Topic::send`].
    pub fn post<'a, P, Q>(&'a self, record: TopicRecord<'a, P, Q>) -> Result<(), TopicError>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        if is_within_hook() {
            return self.handle.try_post(record);
        }
        block_on(self.handle.post(record))
    }

    /// Sends a record; its outcome goes to `hook`, with `token` to know it by.
    ///
    /// # Errors
    /// As [`Topic::send`]; `hook` is then not run.
    pub fn send_with<'a, P, Q>(
        &'a self,
        record: TopicRecord<'a, P, Q>,
        hook: &'a Hook,
        token: u64,
    ) -> Result<(), TopicError>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        if is_within_hook() {
            return self.handle.try_send_with(record, hook, token);
        }
        block_on(self.handle.send_with(record, hook, token))
    }

    /// Sends records in order, many under one lock. Returns when all are accepted.
    ///
    /// # Errors
    /// [`SendAllError`] at the first record that is not accepted, with the deliveries of those before it.
    pub fn send_all<'a, P, Q>(
        &'a self,
        records: impl IntoIterator<Item = TopicRecord<'a, P, Q>>,
    ) -> Result<Vec<Delivery>, SendAllError<Vec<Delivery>, TopicError>>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        if is_within_hook() {
            return try_all(records, |_, record| self.handle.try_send(record));
        }
        block_on(self.handle.send_all(records))
    }

    /// As [`Topic::send_all`], fire and forget. How many were accepted: all of them.
    ///
    /// # Errors
    /// As [`Topic::send_all`], with how many were accepted.
    pub fn post_all<'a, P, Q>(
        &'a self,
        records: impl IntoIterator<Item = TopicRecord<'a, P, Q>>,
    ) -> Result<usize, SendAllError<usize, TopicError>>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        if is_within_hook() {
            return counted(try_all(records, |_, record| self.handle.try_post(record)));
        }
        block_on(self.handle.post_all(records))
    }

    /// As [`Topic::send_all`]; outcomes go to `hook`, with tokens counted up from `first_token`. How many were accepted: all
    /// of them.
    ///
    /// # Errors
    /// As [`Topic::send_all`], with how many were accepted.
    pub fn send_all_with<'a, P, Q>(
        &'a self,
        records: impl IntoIterator<Item = TopicRecord<'a, P, Q>>,
        hook: &Hook,
        first_token: u64,
    ) -> Result<usize, SendAllError<usize, TopicError>>
    where
        P: Part<'a, K>,
        Q: Part<'a, V>,
    {
        if is_within_hook() {
            let token = |index| first_token.wrapping_add(index as u64);
            return counted(try_all(records, |index, record| self.handle.try_send_with(record, hook, token(index))));
        }
        block_on(self.handle.send_all_with(records, hook, first_token))
    }
}

/// What the future comes to; within a hook, if it comes to it at once.
fn at_once_within_hook<T>(future: impl Future<Output = T>) -> Option<T> {
    if !is_within_hook() {
        return Some(block_on(future));
    }
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

impl<K, V> From<topic::Topic<K, V>> for Topic<K, V> {
    fn from(handle: topic::Topic<K, V>) -> Self {
        Self { handle }
    }
}

impl<K, V> From<Topic<K, V>> for topic::Topic<K, V> {
    fn from(blocking: Topic<K, V>) -> Self {
        blocking.handle
    }
}
