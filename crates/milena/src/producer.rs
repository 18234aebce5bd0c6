//! The handle that people hold.

use crate::append::Place;
use crate::builder::Builder;
use crate::config_error::ConfigError;
use crate::metrics::Metrics;
use crate::send::{Claiming, Posting, Sending, delivery, own_hook};
use crate::send_all::{SendAllError, append_all};
use crate::shared::Shared;
use crate::topic::Topic;
use milena_core::accumulator::Claim;
use milena_core::{Ack, Delivery, DeliveryError, Hook, Record, SendError, TopicLayout};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;
use thiserror::Error;

/// How long a producer that was dropped and not closed goes on delivering.
const DROP_PATIENCE: Duration = Duration::from_secs(5);

/// Sends records to Kafka. Cheap to clone; clones share everything, the order of what they send too.
///
/// There are two steps, and each can be awaited: *accepted* (`send(record).await?`), the record has its place in the
/// producer's memory, and *acknowledged* (`.await?` of the [`Delivery`]), it is in the log as `acks` says. Records of one
/// partition are written in the order in which they were accepted.
///
/// It needs no runtime: a thread of its own moves the bytes, unless [`Builder::runtime`] names one that does.
///
/// # Dropping
/// When the last clone is dropped without [`Producer::close`], what was accepted is still delivered for up to 5 seconds in
/// the background; after that it fails as [`Closed`](milena_core::error::DeliveryFailure::Closed). The drop itself does not
/// wait, so a process that ends right after it loses records: close before the end of `main`.
#[derive(Clone)]
pub struct Producer {
    pub(crate) shared: Arc<Shared>,
    /// Closes when the last clone goes.
    _last: Arc<LastHandle>,
}

/// The timeout of [`Producer::close`] was over before everything was delivered. Each delivery says the same for its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("closed with {undelivered} records not delivered")]
#[non_exhaustive]
pub struct CloseError {
    /// Records that were accepted and given up. Whether they may be in the log, their deliveries say.
    pub undelivered: u64,
}

impl Producer {
    /// A producer with Java's defaults, to be adjusted.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A producer from a Java producer's properties: their names, defaults and rules.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake that was found.
    ///
    /// # Example
    /// ```no_run
    /// let properties = [("bootstrap.servers", "localhost:9092"), ("compression.type", "lz4")];
    /// let producer = milena::Producer::from_properties(properties)?;
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    pub fn from_properties(
        properties: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
    ) -> Result<Self, ConfigError> {
        let all = properties.into_iter();
        all.fold(Self::builder(), |builder, (name, value)| builder.set(name.as_ref(), value.as_ref())).build()
    }

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { _last: Arc::new(LastHandle { shared: Arc::clone(&shared) }), shared }
    }

    /// Sends a record: ready when it is accepted, with its [`Delivery`]. Waits for the topic's metadata and for memory, at
    /// most `max.block.ms` for both together. Where the broker answers within 10 ms, and the partition has a full batch that it
    /// cannot send yet, it waits up to 5 ms for that too, though there is memory: see `milena.fill.behind`.
    ///
    /// # Order
    /// Records are in the order in which these futures became ready.
    ///
    /// # Errors
    /// [`SendError`]: the record was not accepted, and nothing of it will be written.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the record is not accepted.
    ///
    /// # Cost
    /// Mostly ready at the first poll: one reading of the clock, one lock, one copy of key and value, no allocation.
    ///
    /// # Example
    /// ```no_run
    /// # use milena::{Producer, Record};
    /// # async fn example(producer: Producer) -> Result<(), Box<dyn std::error::Error>> {
    /// let delivery = producer.send(Record::to("orders").key("42").value("hello")).await?; // accepted
    /// let ack = delivery.await?; // acknowledged
    /// # Ok(())
    /// # }
    /// ```
    pub fn send<'a>(&'a self, record: Record<'a>) -> Sending<'a> {
        Sending::new(&self.shared, record)
    }

    /// As [`Producer::send`], and never waits.
    ///
    /// # Errors
    /// [`SendError::NotReady`] when the topic's metadata is not there (it is asked for in the background),
    /// [`SendError::Full`] when there is no memory, or when others wait for some; else as [`Producer::send`].
    pub fn try_send(&self, record: Record<'_>) -> Result<Delivery, SendError> {
        Place::new(&self.shared).try_append(record, Claim::Delivery).map(delivery)
    }

    /// Fire and forget: ready when the record is accepted; what becomes of it is not told. It is retried and ordered as any
    /// other.
    ///
    /// # Errors
    /// As [`Producer::send`].
    pub fn post<'a>(&'a self, record: Record<'a>) -> Posting<'a> {
        Posting::new(&self.shared, record, Claiming::Nothing)
    }

    /// As [`Producer::post`], and never waits.
    ///
    /// # Errors
    /// As [`Producer::try_send`].
    pub fn try_post(&self, record: Record<'_>) -> Result<(), SendError> {
        Place::new(&self.shared).try_append(record, Claim::Nothing).map(drop)
    }

    /// Makes a hook for [`Producer::send_with`] from a function. One hook serves any number of records.
    ///
    /// It runs on the driver's thread, after the record's outcome and in the order of each partition: it must not block. A
    /// panic in it is logged, and hurts nobody else.
    pub fn hook(&self, hook: impl Fn(u64, Result<Ack, DeliveryError>) + Send + Sync + 'static) -> Hook {
        Arc::new(hook)
    }

    /// Sends a record: ready when it is accepted. Its outcome goes to `hook`, with `token` to know it by.
    ///
    /// # Errors
    /// As [`Producer::send`]; `hook` is then not run.
    ///
    /// # Cost
    /// 40 bytes in the batch.
    pub fn send_with<'a>(&'a self, record: Record<'a>, hook: &'a Hook, token: u64) -> Posting<'a> {
        Posting::new(&self.shared, record, Claiming::Hook(hook, token))
    }

    /// As [`Producer::send_with`], and never waits.
    ///
    /// # Errors
    /// As [`Producer::try_send`]; `hook` is then not run.
    pub fn try_send_with(&self, record: Record<'_>, hook: &Hook, token: u64) -> Result<(), SendError> {
        Place::new(&self.shared).try_append(record, Claim::Hook(hook, token)).map(drop)
    }

    /// Sends a record: ready when it is accepted. Its outcome goes to `then`, which is run as a [hook](Producer::hook).
    ///
    /// # Errors
    /// As [`Producer::send`]; `then` is dropped.
    ///
    /// # Cost
    /// One allocation more than [`Producer::send_with`].
    pub fn send_then<'a>(
        &'a self,
        record: Record<'a>,
        then: impl FnOnce(Result<Ack, DeliveryError>) + Send + 'static,
    ) -> Posting<'a> {
        Posting::new(&self.shared, record, Claiming::Own(own_hook(then)))
    }

    /// Sends records in order, many under one lock: the fastest way. Ready when all are accepted, with their deliveries.
    ///
    /// # Errors
    /// [`SendAllError`] at the first record that is not accepted, with the deliveries of those before it. The rest was not
    /// tried.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, some of the first records are accepted and the rest is not; how many is not told.
    pub async fn send_all<'a>(
        &self,
        records: impl IntoIterator<Item = Record<'a>>,
    ) -> Result<Vec<Delivery>, SendAllError<Vec<Delivery>>> {
        let records = records.into_iter();
        let mut accepted = Vec::with_capacity(records.size_hint().0);
        let push = |appended| accepted.push(delivery(appended));
        let (_, result) = append_all(&self.shared, records, |_| Claim::Delivery, push).await;
        match result {
            Ok(()) => Ok(accepted),
            Err(error) => Err(SendAllError { accepted, error }),
        }
    }

    /// As [`Producer::send_all`], fire and forget. How many were accepted: all of them.
    ///
    /// # Errors
    /// As [`Producer::send_all`], with how many were accepted.
    pub async fn post_all<'a>(
        &self,
        records: impl IntoIterator<Item = Record<'a>>,
    ) -> Result<usize, SendAllError<usize>> {
        counted(append_all(&self.shared, records, |_| Claim::Nothing, drop).await)
    }

    /// As [`Producer::send_all`]; outcomes go to `hook`, with tokens counted up from `first_token`. How many were accepted:
    /// all of them.
    ///
    /// # Errors
    /// As [`Producer::send_all`], with how many were accepted.
    pub async fn send_all_with<'a>(
        &self,
        records: impl IntoIterator<Item = Record<'a>>,
        hook: &Hook,
        first_token: u64,
    ) -> Result<usize, SendAllError<usize>> {
        let claim = |index| Claim::Hook(hook, first_token.wrapping_add(index as u64));
        counted(append_all(&self.shared, records, claim, drop).await)
    }

    /// Sends everything that was accepted so far without waiting for `linger.ms`, and waits until all of it is
    /// acknowledged or failed (each delivery says which), and the hooks of those records have run.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, everything is still sent.
    pub async fn flush(&self) {
        let now = self.shared.clock.now();
        let flush = self.shared.accumulator_at_any_rate().flush(now);
        self.shared.inbox.wake();
        // The accumulator keeps a waker that it knows only once: the task's is wrapped once, however often it polls.
        let mut known: Option<(Waker, Waker)> = None;
        poll_fn(|context| {
            let wrap = || (context.waker().clone(), self.shared.woken.later(context.waker()));
            let same = known.take().filter(|(waker, _)| waker.will_wake(context.waker()));
            let (_, later) = known.insert(same.unwrap_or_else(wrap));
            match self.shared.accumulator_at_any_rate().poll_flush(flush, Some(later.clone())) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// Closes the producer, this handle and its clones: accepts nothing more, delivers what was accepted for as long as
    /// `timeout`, fails the rest, and ends the thread. Ready when all that is done, however dead the cluster is. Closing
    /// twice is closing once, by the earlier of the two deadlines.
    ///
    /// # Errors
    /// [`CloseError`] when records had to be given up. Each delivery says whether its record may be in the log.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the producer closes all the same.
    pub async fn close(&self, timeout: Duration) -> Result<(), CloseError> {
        self.shared.life.close_by(self.shared.clock.now() + timeout);
        self.shared.inbox.wake();
        match poll_fn(|context| self.shared.life.poll_ended(context)).await {
            0 => Ok(()),
            undelivered => Err(CloseError { undelivered }),
        }
    }

    /// What is known of a topic: how many partitions it has, and which have a leader. Waits for its metadata, at most
    /// `max.block.ms`.
    ///
    /// # Errors
    /// [`SendError`] when the topic did not turn up, or is refused.
    pub async fn partitions_for(&self, topic: &str) -> Result<Arc<TopicLayout>, SendError> {
        let mut place = Place::new(&self.shared);
        poll_fn(|context| place.poll_layout(topic, context)).await
    }

    /// A handle for the records of one topic: bytes, until it is given [serializers](Topic::key).
    ///
    /// # Example
    /// ```no_run
    /// # use milena::{Producer, TopicRecord};
    /// # async fn example(producer: Producer) -> Result<(), Box<dyn std::error::Error>> {
    /// let orders = producer.topic("orders");
    /// let delivery = orders.send(TopicRecord::new().key("42").value("hello")).await?; // accepted
    /// delivery.await?; // acknowledged
    /// # Ok(())
    /// # }
    /// ```
    pub fn topic(&self, name: impl Into<Arc<str>>) -> Topic {
        Topic::new(self.clone(), name.into())
    }

    /// What it has done and holds now.
    pub fn metrics(&self) -> Metrics {
        Metrics { buffered: self.shared.accumulator_at_any_rate().buffered(), sender: self.shared.stats() }
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("client_id", &self.shared.config.client_id).finish_non_exhaustive()
    }
}

fn counted((accepted, result): (usize, Result<(), SendError>)) -> Result<usize, SendAllError<usize>> {
    match result {
        Ok(()) => Ok(accepted),
        Err(error) => Err(SendAllError { accepted, error }),
    }
}

/// Closes the producer when it goes.
struct LastHandle {
    shared: Arc<Shared>,
}

impl Drop for LastHandle {
    fn drop(&mut self) {
        let Shared { life, clock, inbox, .. } = &*self.shared;
        if life.deadline().is_none() {
            let records = self.shared.accumulator_at_any_rate().buffered().records;
            if records > 0 {
                tracing::warn!(records, "a producer was dropped and not closed: delivering for up to 5 s more");
            }
        }
        life.close_by(clock.now() + DROP_PATIENCE);
        inbox.wake();
    }
}
