//! Futures of a record that is being accepted: the first poll tries, the rest wait for metadata or memory.

use crate::append::{Place, Run};
use crate::shared::Shared;
use milena_core::accumulator::{Appended, Claim};
use milena_core::{Ack, Delivery, DeliveryError, Hook, Record, SendError};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// A record on its way into the producer's memory. Ready when it is accepted, with its [`Delivery`].
///
/// # Cancel safety
/// Dropped at any moment, the record is either not accepted, and nothing of it will be written, or accepted, and will be
/// delivered: the latter only when this future was ready.
#[must_use = "nothing is sent until it is awaited"]
pub struct Sending<'a>(Append<'a>);

/// A record on its way into the producer's memory. Ready when it is accepted; nothing more is told of it here.
///
/// # Cancel safety
/// As [`Sending`].
#[must_use = "nothing is sent until it is awaited"]
pub struct Posting<'a>(Append<'a>);

impl<'a> Sending<'a> {
    pub(crate) fn new(shared: &'a Shared, record: Record<'a>) -> Self {
        Self(Append::new(shared, record, Claiming::Delivery))
    }
}

impl<'a> Posting<'a> {
    pub(crate) fn new(shared: &'a Shared, record: Record<'a>, claiming: Claiming<'a>) -> Self {
        Self(Append::new(shared, record, claiming))
    }
}

impl Future for Sending<'_> {
    type Output = Result<Delivery, SendError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(delivery, context)
    }
}

impl Future for Posting<'_> {
    type Output = Result<(), SendError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(drop, context)
    }
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("record", &self.0.record).finish_non_exhaustive()
    }
}

impl fmt::Debug for Posting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Posting").field("record", &self.0.record).finish_non_exhaustive()
    }
}

/// What the caller wants to know of a record after it was accepted.
pub(crate) enum Claiming<'a> {
    Nothing,
    Delivery,
    Hook(&'a Hook, u64),
    /// A hook for this record alone.
    Own(Hook),
}

impl Claiming<'_> {
    pub(crate) fn claim(&self) -> Claim<'_> {
        match self {
            Self::Nothing => Claim::Nothing,
            Self::Delivery => Claim::Delivery,
            Self::Hook(hook, token) => Claim::Hook(hook, *token),
            Self::Own(hook) => Claim::Hook(hook, 0),
        }
    }
}

/// A hook that is run once.
pub(crate) fn own_hook(then: impl FnOnce(Result<Ack, DeliveryError>) + Send + 'static) -> Hook {
    let then = Mutex::new(Some(then));
    Arc::new(move |_, result| {
        let then = then.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(then) = then {
            then(result);
        }
    })
}

/// The delivery of a record that was appended with `Claim::Delivery`.
pub(crate) fn delivery(appended: Appended) -> Delivery {
    appended.delivery.unwrap_or_else(|| unreachable!("a claim for a delivery is answered with one"))
}

/// One record being accepted.
struct Append<'a> {
    place: Place<'a>,
    record: [Record<'a>; 1],
    claiming: Claiming<'a>,
}

impl<'a> Append<'a> {
    fn new(shared: &'a Shared, record: Record<'a>, claiming: Claiming<'a>) -> Self {
        Self { place: Place::new(shared), record: [record], claiming }
    }

    #[inline(always)]
    fn poll<T>(&mut self, accepted: impl Fn(Appended) -> T, context: &Context<'_>) -> Poll<Result<T, SendError>> {
        let [record] = &self.record;
        match self.place.append_at_once(record, self.claiming.claim(), &accepted) {
            Some(result) => Poll::Ready(Ok(result)),
            None => self.poll_slowly(context).map_ok(accepted),
        }
    }

    #[cold]
    fn poll_slowly(&mut self, context: &Context<'_>) -> Poll<Result<Appended, SendError>> {
        let mut result = None;
        let mut run = Run { records: &mut self.record, done: &mut 0 };
        let claiming = &self.claiming;
        let polled =
            self.place.poll_append(&mut run, |_| claiming.claim(), |appended| result = Some(appended), context);
        polled.map_ok(|()| result.unwrap_or_else(|| unreachable!("a run of one is done when its one is in")))
    }
}
