//! What a caller holds after a record was accepted, and the outcome that all records of a batch share.
//!
//! One `Outcome` per batch, completed once, instead of a channel per record: a [`Delivery`] is a reference to it and an
//! index. This is the core's only lock; the core completes and wakes under no other lock, and never waits.

use crate::error::{DeliveryError, DeliveryFailure, Written};
use crate::hooks::Hooked;
pub use crate::hooks::{Hook, Hooks};
use crate::time::Timestamp;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How many of a batch's wakers a delivery looks through for its own: all of them would be quadratic where each of many
/// thousand records has a task of its own. A task that is told twice is none the worse.
const LATEST_WAKERS: usize = 16;

/// Acknowledged: the record is in the log, as `acks` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The partition.
    pub partition: i32,
    /// The offset; `None` where the broker did not say: `acks=0`, or a duplicate whose first answer was lost and whose
    /// place the broker has forgotten.
    pub offset: Option<i64>,
    /// The broker's append time where the topic uses it (`message.timestamp.type=LogAppendTime`), else the record's own.
    pub timestamp: Timestamp,
}

/// The result of a run of records of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunResult {
    /// All acknowledged, at consecutive offsets.
    Acknowledged {
        /// The partition.
        partition: i32,
        /// The offset of the run's first record.
        base_offset: Option<i64>,
        /// The broker's append time, where the topic uses it.
        append_time: Option<Timestamp>,
    },
    /// All failed, for the same reason.
    Failed(DeliveryError),
}

impl RunResult {
    /// The result of the record that is `nth` of the run, with its own timestamp.
    pub(crate) fn of(&self, nth: u32, timestamp: Timestamp) -> Result<Ack, DeliveryError> {
        match self {
            Self::Acknowledged { partition, base_offset, append_time } => Ok(Ack {
                partition: *partition,
                // A broker that claims an offset at the end of all numbers says nothing of the records behind it.
                offset: base_offset.and_then(|base| base.checked_add(nth.into())),
                timestamp: append_time.unwrap_or(timestamp),
            }),
            Self::Failed(error) => Err(error.clone()),
        }
    }
}

/// A run of consecutive records of a batch that ended together.
#[derive(Debug)]
struct Run {
    first: u32,
    count: u32,
    result: RunResult,
}

#[derive(Debug, Default)]
struct State {
    /// One run for most batches; more after a split, or when the broker refused single records. They never overlap.
    runs: Vec<Run>,
    /// Who waits, and how they are told. Emptied at each run.
    wakers: Vec<Waker>,
    /// Claims that will still resolve some of the records: one, more after a split.
    claims: u32,
    /// The last of them was dropped: who has no result by then will get none.
    abandoned: bool,
    /// A thread has blocked: to tell a condition variable is a system call, also where nobody listens.
    blocked: bool,
}

/// What a batch shares with its deliveries. Every record of the batch gets its result exactly once.
#[derive(Debug, Default)]
pub struct Outcome {
    state: Mutex<State>,
    resolved: Condvar,
}

impl Outcome {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A waker that panics must not take the others' results with it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `count` records from `first` on their result, and wakes who waits.
    ///
    /// # Panics
    /// If one of them has a result already: a record resolves exactly once.
    pub fn resolve(&self, first: u32, count: u32, result: RunResult) {
        let mut state = self.lock();
        let overlaps = |run: &Run| first < run.first + run.count && run.first < first + count;
        assert!(!state.runs.iter().any(overlaps), "a record resolves exactly once");
        state.runs.push(Run { first, count, result });
        self.tell(state);
    }

    /// Something changed: wakes who waits.
    fn tell(&self, mut state: MutexGuard<'_, State>) {
        let wakers = std::mem::take(&mut state.wakers);
        let blocked = state.blocked;
        drop(state);
        if blocked {
            self.resolved.notify_all();
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The result of the record at `index`, once it has one.
    fn result(state: &State, index: u32, timestamp: Timestamp) -> Option<Result<Ack, DeliveryError>> {
        match state.runs.iter().find(|run| index >= run.first && index - run.first < run.count) {
            Some(run) => Some(run.result.of(index - run.first, timestamp)),
            None if state.abandoned => {
                Some(Err(DeliveryError { kind: DeliveryFailure::Closed, written: Written::Maybe }))
            }
            None => None,
        }
    }

    /// One more claims share the records.
    fn shared(&self) {
        self.lock().claims += 1;
    }

    /// Claims are gone. With the last of them, whoever still waits is told: a batch that is dropped because something
    /// panicked must not leave anybody waiting for ever.
    fn let_go(&self) {
        let mut state = self.lock();
        state.claims = state.claims.saturating_sub(1);
        if state.claims > 0 {
            return;
        }
        state.abandoned = true;
        self.tell(state);
    }
}

/// A caller's claim on a record's result: a future of [`Ack`] or [`DeliveryError`]. Any executor, or none, can await it.
///
/// # Cancel safety
/// Dropping it, at any moment, changes nothing for the record: that is fire-and-forget, at no cost.
///
/// # Cost
/// 24 bytes; no allocation of its own.
#[must_use = "a delivery says whether the record was written; drop it on purpose for fire-and-forget"]
pub struct Delivery {
    outcome: Arc<Outcome>,
    index: u32,
    timestamp: Timestamp,
}

impl Delivery {
    pub(crate) fn new(outcome: Arc<Outcome>, index: u32, timestamp: Timestamp) -> Self {
        Self { outcome, index, timestamp }
    }

    /// The result if it is there.
    pub fn now(&self) -> Option<Result<Ack, DeliveryError>> {
        Outcome::result(&self.outcome.lock(), self.index, self.timestamp)
    }

    /// Blocks the thread until the result is there.
    pub fn wait(self) -> Result<Ack, DeliveryError> {
        let mut state = self.outcome.lock();
        loop {
            if let Some(result) = Outcome::result(&state, self.index, self.timestamp) {
                return result;
            }
            state.blocked = true;
            state = self.outcome.resolved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Blocks the thread until the result is there, for at most `timeout`. `None`: not yet.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<Ack, DeliveryError>> {
        let mut state = self.outcome.lock();
        state.blocked = true;
        let pending = |state: &mut State| Outcome::result(state, self.index, self.timestamp).is_none();
        let waited = self.outcome.resolved.wait_timeout_while(state, timeout, pending);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        Outcome::result(&state, self.index, self.timestamp)
    }
}

impl Future for Delivery {
    type Output = Result<Ack, DeliveryError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.outcome.lock();
        if let Some(result) = Outcome::result(&state, self.index, self.timestamp) {
            return Poll::Ready(result);
        }
        // One task that awaits many records of a batch registers once.
        if !state.wakers.iter().rev().take(LATEST_WAKERS).any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("result", &self.now()).finish_non_exhaustive()
    }
}

/// The claims on a batch's result: the outcome that its deliveries share, and the hooks to run after it. A split divides
/// them by index; the outcome stays one.
///
/// A batch whose records all go unclaimed allocates nothing here.
#[derive(Default)]
pub(crate) struct Claims {
    /// `None` until a delivery is claimed.
    outcome: Option<Arc<Outcome>>,
    /// The outcome's index of the batch's first record: not 0 only after a split.
    first: u32,
    pub(crate) hooked: Hooked,
}

impl Claims {
    /// A claim on the record at `index`.
    #[inline]
    pub(crate) fn delivery(&mut self, index: u32, timestamp: Timestamp) -> Delivery {
        let outcome = self.outcome.get_or_insert_with(|| {
            let outcome = Arc::<Outcome>::default();
            outcome.shared();
            outcome
        });
        Delivery::new(Arc::clone(outcome), index, timestamp)
    }

    /// The claims on the records from `at` on (counted from the batch's first); `self` keeps those before it.
    pub(crate) fn split_off(&mut self, at: u32) -> Self {
        let first = self.first + at;
        if let Some(outcome) = &self.outcome {
            outcome.shared();
        }
        Self { outcome: self.outcome.clone(), first, hooked: self.hooked.split_off(first) }
    }

    /// Gives `count` records, from the `from`th of the batch on, their result, and takes out the hooks to run for them.
    pub(crate) fn resolve(&mut self, from: u32, count: u32, result: RunResult) -> Hooks {
        let first = self.first + from;
        let hooked = self.hooked.take(first, count);
        if let Some(outcome) = &self.outcome {
            outcome.resolve(first, count, result.clone());
        }
        Hooks::new(first, result, hooked)
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        if let Some(outcome) = &self.outcome {
            outcome.let_go();
        }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("first", &self.first).field("hooked", &self.hooked).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledged(base_offset: i64) -> RunResult {
        RunResult::Acknowledged { partition: 3, base_offset: Some(base_offset), append_time: None }
    }

    #[test]
    fn a_batch_that_is_dropped_leaves_nobody_waiting() {
        let mut head = Claims::default();
        let deliveries: Vec<_> = (0..3).map(|index| head.delivery(index, Timestamp(0))).collect();
        let mut tail = head.split_off(2);
        let _ = tail.resolve(0, 1, acknowledged(7));
        drop(tail);
        assert_eq!(deliveries[0].now(), None, "the other part holds it still");
        drop(head);
        let lost = DeliveryError { kind: DeliveryFailure::Closed, written: Written::Maybe };
        assert_eq!(deliveries[0].now(), Some(Err(lost)));
        assert!(deliveries[2].now().unwrap().is_ok());
    }

    #[test]
    fn a_delivery_reads_its_own_offset_after_a_split() {
        let mut head = Claims::default();
        let deliveries: Vec<_> = (0..4).map(|index| head.delivery(index, Timestamp(7))).collect();
        let mut tail = head.split_off(3);
        let _ = tail.resolve(0, 1, acknowledged(90));
        assert!(deliveries[2].now().is_none());
        let _ = head.resolve(0, 3, acknowledged(50));
        let offsets: Vec<_> = deliveries.into_iter().map(|delivery| delivery.wait().unwrap().offset).collect();
        assert_eq!(offsets, [Some(50), Some(51), Some(52), Some(90)]);
    }

    #[test]
    fn an_offset_at_the_end_of_all_numbers_says_nothing_of_the_records_behind() {
        let mut claims = Claims::default();
        let deliveries = [claims.delivery(0, Timestamp(0)), claims.delivery(1, Timestamp(0))];
        let _ = claims.resolve(0, 2, acknowledged(i64::MAX));
        let offsets = deliveries.map(|delivery| delivery.wait().unwrap().offset);
        assert_eq!(offsets, [Some(i64::MAX), None]);
    }

    #[test]
    #[should_panic(expected = "exactly once")]
    fn a_record_resolves_exactly_once() {
        let mut claims = Claims::default();
        let _unclaimed = claims.delivery(0, Timestamp(0));
        let _ = claims.resolve(0, 2, acknowledged(0));
        let _ = claims.resolve(1, 1, acknowledged(1));
    }
}
