//! Futures of a record that is being accepted by a topic's handle: serialized at the first poll, copied if it must wait.

use super::Topic;
use super::error::TopicError;
use super::record::{Part, TopicRecord};
use super::scratch::{Scratch, with_headers};
use crate::append::{Place, Run};
use crate::send::{Claiming, delivery};
use crate::serializer::SerializedHeaders;
use milena_core::accumulator::Appended;
use milena_core::{Delivery, Header, Record, SendError, Timestamp};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A record on its way into the producer's memory. Ready when it is accepted, with its [`Delivery`].
///
/// # Cancel safety
/// As [`Sending`](crate::send::Sending).
#[must_use = "nothing is sent until it is awaited"]
pub struct TopicSending<'a, K, V, P, Q>(Append<'a, K, V, P, Q>);

/// A record on its way into the producer's memory. Ready when it is accepted; nothing more is told of it here.
///
/// # Cancel safety
/// As [`Sending`](crate::send::Sending).
#[must_use = "nothing is sent until it is awaited"]
pub struct TopicPosting<'a, K, V, P, Q>(Append<'a, K, V, P, Q>);

impl<'a, K, V, P, Q> TopicSending<'a, K, V, P, Q> {
    pub(super) fn new(topic: &'a Topic<K, V>, record: TopicRecord<'a, P, Q>) -> Self {
        Self(Append::new(topic, record, Claiming::Delivery))
    }
}

impl<'a, K, V, P, Q> TopicPosting<'a, K, V, P, Q> {
    pub(super) fn new(topic: &'a Topic<K, V>, record: TopicRecord<'a, P, Q>, claiming: Claiming<'a>) -> Self {
        Self(Append::new(topic, record, claiming))
    }
}

impl<'a, K, V, P: Part<'a, K>, Q: Part<'a, V>> Future for TopicSending<'a, K, V, P, Q> {
    type Output = Result<Delivery, TopicError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(delivery, context)
    }
}

impl<'a, K, V, P: Part<'a, K>, Q: Part<'a, V>> Future for TopicPosting<'a, K, V, P, Q> {
    type Output = Result<(), TopicError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(drop, context)
    }
}

impl<K, V, P, Q> fmt::Debug for TopicSending<'_, K, V, P, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicSending").field("topic", &self.0.topic.name()).finish_non_exhaustive()
    }
}

impl<K, V, P, Q> fmt::Debug for TopicPosting<'_, K, V, P, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicPosting").field("topic", &self.0.topic.name()).finish_non_exhaustive()
    }
}

/// One record being accepted.
///
/// ```text
///  Fresh ── first poll: serialized, accepted or refused ──► ready
///    │
///    └─ must wait: Waits, with a copy of its bytes ──► ready
/// ```
struct Append<'a, K, V, P, Q> {
    topic: &'a Topic<K, V>,
    place: Place<'a>,
    claiming: Claiming<'a>,
    state: State<'a, P, Q>,
}

enum State<'a, P, Q> {
    Fresh(TopicRecord<'a, P, Q>),
    Waits(Copied<'a>),
}

impl<'a, K, V, P, Q> Append<'a, K, V, P, Q> {
    fn new(topic: &'a Topic<K, V>, record: TopicRecord<'a, P, Q>, claiming: Claiming<'a>) -> Self {
        Self { topic, place: topic.place(), claiming, state: State::Fresh(record) }
    }
}

impl<'a, K, V, P: Part<'a, K>, Q: Part<'a, V>> Append<'a, K, V, P, Q> {
    #[inline(always)] // As `Place::append_at_once`: what is accepted need not go through memory.
    fn poll<T>(&mut self, accepted: impl Fn(Appended) -> T, context: &Context<'_>) -> Poll<Result<T, TopicError>> {
        // Nothing to serialize, nobody in the way: what most sends of bytes and text come to.
        if let State::Fresh(record) = &self.state
            && let Some(key) = record.key.in_place(&self.topic.key)
            && let Some(value) = record.value.in_place(&self.topic.value)
        {
            let bytes = self.topic.as_bytes(record, key, value);
            if let Some(result) = self.place.append_at_once(&bytes, self.claiming.claim(), &accepted) {
                return Poll::Ready(Ok(result));
            }
        }
        self.poll_with_scratch(context).map_ok(accepted)
    }

    #[inline(never)]
    fn poll_with_scratch(&mut self, context: &Context<'_>) -> Poll<Result<Appended, TopicError>> {
        let Self { topic, place, claiming, state } = self;
        let record = match state {
            State::Fresh(record) => *record,
            State::Waits(copied) => return copied.poll(topic.name(), place, claiming, context),
        };
        Scratch::with(|scratch| {
            let (key, value) = scratch.write(topic, &record)?;
            let bytes = topic.as_bytes(&record, key.bytes(&scratch.bytes), value.bytes(&scratch.bytes));
            let polled = with_headers(bytes, &scratch.headers, |bytes| {
                let [record] = bytes;
                if let Some(appended) = place.append_at_once(record, claiming.claim(), |appended| appended) {
                    return Ok(Ok(appended));
                }
                match poll_append(place, bytes, claiming, context) {
                    Poll::Ready(result) => Ok(result),
                    Poll::Pending => {
                        let [Record { partition, .. }] = *bytes;
                        Err(partition)
                    }
                }
            });
            match polled {
                Ok(result) => Poll::Ready(Ok(result?)),
                Err(partition) => {
                    let copied = Copied::new(Record { partition, ..bytes }, record.headers, &scratch.headers);
                    *state = State::Waits(copied);
                    Poll::Pending
                }
            }
        })
    }
}

fn poll_append(
    place: &mut Place<'_>,
    record: &mut [Record<'_>; 1],
    claiming: &Claiming<'_>,
    context: &Context<'_>,
) -> Poll<Result<Appended, SendError>> {
    let mut result = None;
    let mut run = Run { records: record, done: &mut 0 };
    let polled = place.poll_append(&mut run, |_| claiming.claim(), |appended| result = Some(appended), context);
    polled.map_ok(|()| result.unwrap_or_else(|| unreachable!("a run of one is done when its one is in")))
}

/// A record's bytes while it waits.
struct Copied<'a> {
    key: Option<Box<[u8]>>,
    value: Option<Box<[u8]>>,
    headers: &'a [Header<'a>],
    added: SerializedHeaders,
    /// The record's own, or the one that the user's partitioner chose.
    partition: Option<i32>,
    timestamp: Option<Timestamp>,
}

impl<'a> Copied<'a> {
    fn new(record: Record<'_>, headers: &'a [Header<'a>], added: &SerializedHeaders) -> Self {
        Self {
            key: record.key.map(Box::from),
            value: record.value.map(Box::from),
            headers,
            added: added.clone(),
            partition: record.partition,
            timestamp: record.timestamp,
        }
    }

    fn poll(
        &mut self,
        topic: &str,
        place: &mut Place<'_>,
        claiming: &Claiming<'_>,
        context: &Context<'_>,
    ) -> Poll<Result<Appended, TopicError>> {
        let record = Record {
            topic,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: self.headers,
            partition: self.partition,
            timestamp: self.timestamp,
        };
        let (polled, partition) = with_headers(record, &self.added, |record| {
            let polled = poll_append(place, record, claiming, context);
            let [Record { partition, .. }] = *record;
            (polled, partition)
        });
        self.partition = partition;
        Poll::Ready(Ok(ready!(polled)?))
    }
}
