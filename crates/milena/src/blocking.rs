//! The same producer for plain threads, without `async`.
//!
//! ```no_run
//! use milena::{Record, blocking::Producer};
//!
//! let producer: Producer = milena::Producer::builder().bootstrap_servers("localhost:9092").build()?.into();
//! let ack = producer.send(Record::to("orders").value("hello"))?.wait()?;
//! producer.close(std::time::Duration::from_secs(10))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod topic;

pub use topic::Topic;

use crate::metrics::Metrics;
use crate::park::{block_on, is_within_hook};
use crate::producer::{self, CloseError};
use crate::send_all::SendAllError;
use milena_core::{Delivery, Hook, Record, SendError, TopicLayout};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A handle whose methods block the thread. It and the asynchronous handle are made from each other, and share everything.
///
/// # Within a delivery hook
/// Hooks run on the producer's own thread, which must not wait for itself: there, sends and `partitions_for` do not wait
/// (as [`try_send`](crate::Producer::try_send)), and `flush` and `close` begin what they do and return.
#[derive(Debug, Clone)]
pub struct Producer {
    handle: producer::Producer,
}

impl Producer {
    /// Sends a record: returns when it is accepted. [`Delivery::wait`] returns when it is acknowledged. Blocks while the
    /// topic's metadata or memory is waited for, at most `max.block.ms`.
    ///
    /// # Errors
    /// [`SendError`]: the record was not accepted, and nothing of it will be written.
    pub fn send(&self, record: Record<'_>) -> Result<Delivery, SendError> {
        if is_within_hook() {
            return self.handle.try_send(record);
        }
        block_on(self.handle.send(record))
    }

    /// Fire and forget: as [`Producer::send`]; what becomes of the record is not told.
    ///
    /// # Errors
    /// As [`Producer::send`].
    pub fn post(&self, record: Record<'_>) -> Result<(), SendError> {
        if is_within_hook() {
            return self.handle.try_post(record);
        }
        block_on(self.handle.post(record))
    }

    /// Sends a record; its outcome goes to `hook`, with `token` to know it by.
    ///
    /// # Errors
    /// As [`Producer::send`]; `hook` is then not run.
    pub fn send_with(&self, record: Record<'_>, hook: &Hook, token: u64) -> Result<(), SendError> {
        if is_within_hook() {
            return self.handle.try_send_with(record, hook, token);
        }
        block_on(self.handle.send_with(record, hook, token))
    }

    /// Sends records in order, many under one lock. Returns when all are accepted.
    ///
    /// # Errors
    /// [`SendAllError`] at the first record that is not accepted, with the deliveries of those before it.
    pub fn send_all<'a>(
        &self,
        records: impl IntoIterator<Item = Record<'a>>,
    ) -> Result<Vec<Delivery>, SendAllError<Vec<Delivery>>> {
        if is_within_hook() {
            return try_all(records, |_, record| self.handle.try_send(record));
        }
        block_on(self.handle.send_all(records))
    }

    /// As [`Producer::send_all`], fire and forget. How many were accepted: all of them.
    ///
    /// # Errors
    /// As [`Producer::send_all`], with how many were accepted.
    pub fn post_all<'a>(&self, records: impl IntoIterator<Item = Record<'a>>) -> Result<usize, SendAllError<usize>> {
        if is_within_hook() {
            return counted(try_all(records, |_, record| self.handle.try_post(record)));
        }
        block_on(self.handle.post_all(records))
    }

    /// As [`Producer::send_all`]; outcomes go to `hook`, with tokens counted up from `first_token`. How many were accepted:
    /// all of them.
    ///
    /// # Errors
    /// As [`Producer::send_all`], with how many were accepted.
    pub fn send_all_with<'a>(
        &self,
        records: impl IntoIterator<Item = Record<'a>>,
        hook: &Hook,
        first_token: u64,
    ) -> Result<usize, SendAllError<usize>> {
        if is_within_hook() {
            let token = |index| first_token.wrapping_add(index as u64);
            return counted(try_all(records, |index, record| self.handle.try_send_with(record, hook, token(index))));
        }
        block_on(self.handle.send_all_with(records, hook, first_token))
    }

    /// Sends everything that was accepted so far without waiting for `linger.ms`, and blocks until all of it is
    /// acknowledged or failed.
    pub fn flush(&self) {
        let mut flush = pin!(self.handle.flush());
        if is_within_hook() {
            let _ = flush.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            return;
        }
        block_on(flush);
    }

    /// Closes the producer and its clones: as [`Producer::close`](crate::Producer::close).
    ///
    /// # Errors
    /// [`CloseError`] when records had to be given up.
    pub fn close(&self, timeout: Duration) -> Result<(), CloseError> {
        let mut close = pin!(self.handle.close(timeout));
        if is_within_hook() {
            return match close.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(closed) => closed,
                Poll::Pending => Ok(()),
            };
        }
        block_on(close)
    }

    /// What is known of a topic. Blocks until its metadata is there, at most `max.block.ms`.
    ///
    /// # Errors
    /// [`SendError`] when the topic did not turn up, or is refused.
    pub fn partitions_for(&self, topic: &str) -> Result<Arc<TopicLayout>, SendError> {
        let mut layout = pin!(self.handle.partitions_for(topic));
        if is_within_hook() {
            return match layout.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(layout) => layout,
                Poll::Pending => Err(SendError::NotReady(topic.into())),
            };
        }
        block_on(layout)
    }

    /// A handle for the records of one topic: bytes, until it is given [serializers](Topic::key).
    pub fn topic(&self, name: impl Into<Arc<str>>) -> Topic {
        self.handle.topic(name).into()
    }

    /// What it has done and holds now.
    pub fn metrics(&self) -> Metrics {
        self.handle.metrics()
    }
}

/// Sends one by one what may not wait, up to the first that would.
fn try_all<R, T, E>(
    records: impl IntoIterator<Item = R>,
    mut try_one: impl FnMut(usize, R) -> Result<T, E>,
) -> Result<Vec<T>, SendAllError<Vec<T>, E>> {
    let mut accepted = Vec::new();
    for (index, record) in records.into_iter().enumerate() {
        match try_one(index, record) {
            Ok(one) => accepted.push(one),
            Err(error) => return Err(SendAllError { accepted, error }),
        }
    }
    Ok(accepted)
}

/// How many were accepted, instead of what came of each.
fn counted<E>(sent: Result<Vec<()>, SendAllError<Vec<()>, E>>) -> Result<usize, SendAllError<usize, E>> {
    sent.map(|accepted| accepted.len())
        .map_err(|SendAllError { accepted, error }| SendAllError { accepted: accepted.len(), error })
}

impl From<producer::Producer> for Producer {
    fn from(handle: producer::Producer) -> Self {
        Self { handle }
    }
}

impl From<Producer> for producer::Producer {
    fn from(blocking: Producer) -> Self {
        blocking.handle
    }
}
