//! What a caller holds after a record was accepted, and the outcome that all records of a batch share.
//!
//! One `Outcome` per batch, completed once, instead of a channel per record: a [`Delivery`] is a reference to it and an
//! index. This is the core's only lock; the core completes and wakes under no other lock, and never waits.

use crate::error::{DeliveryError, DeliveryFailure, Written};
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
    fn of(&self, nth: u32, timestamp: Timestamp) -> Result<Ack, DeliveryError> {
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
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.resolved.notify_all();
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
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.resolved.notify_all();
        wakers.into_iter().for_each(Waker::wake);
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
            state = self.outcome.resolved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Blocks the thread until the result is there, for at most `timeout`. `None`: not yet.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<Ack, DeliveryError>> {
        let state = self.outcome.lock();
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

/// What runs after a record's outcome, with the number that the caller gave with the record. Shared by many records, so
/// that a record costs a reference count and no allocation.
pub type Hook = Arc<dyn Fn(u64, Result<Ack, DeliveryError>) + Send + Sync>;

/// One record's hook.
#[derive(Debug, Clone, Copy)]
struct Hooked {
    /// Index in the outcome.
    index: u32,
    /// Which of the batch's hooks.
    hook: u32,
    /// The record's own timestamp.
    timestamp: Timestamp,
    /// Given back to the hook.
    token: u64,
}

/// The claims on a batch's result: the outcome that its deliveries share, and the hooks to run after it. A split divides
/// them by index; the outcome stays one.
///
/// A batch whose records all go unclaimed allocates nothing here. Records in a row with the same hook share one reference
/// to it: an atomic increment a record costs as much as a quarter of the append.
#[derive(Default)]
pub(crate) struct Claims {
    /// `None` until a delivery is claimed.
    outcome: Option<Arc<Outcome>>,
    /// The outcome's index of the batch's first record: not 0 only after a split.
    first: u32,
    /// In order of index.
    hooked: Vec<Hooked>,
    /// What `hooked` points into.
    hooks: Vec<Hook>,
}

impl Claims {
    /// Bytes that the first hook of a batch takes.
    pub(crate) const FIRST_HOOK: usize = HOOKED_MIN * size_of::<Hooked>() + size_of::<Hook>();

    /// A claim on the record at `index`.
    pub(crate) fn delivery(&mut self, index: u32, timestamp: Timestamp) -> Delivery {
        let outcome = self.outcome.get_or_insert_with(|| {
            let outcome = Arc::<Outcome>::default();
            outcome.shared();
            outcome
        });
        Delivery::new(Arc::clone(outcome), index, timestamp)
    }

    /// Bytes of heap that [`hook`](Self::hook) will take beyond what is held.
    pub(crate) fn hook_growth(&self, hook: &Hook) -> usize {
        let hooked =
            if self.hooked.len() == self.hooked.capacity() { self.hooked.capacity().max(HOOKED_MIN) } else { 0 };
        let full = self.hooks.len() == self.hooks.capacity() && !self.is_last(hook);
        let hooks = if full { self.hooks.capacity().max(1) } else { 0 };
        hooked * size_of::<Hooked>() + hooks * size_of::<Hook>()
    }

    /// Runs `hook` with `token` after the outcome of the record at `index`, higher than any before.
    pub(crate) fn hook(&mut self, index: u32, timestamp: Timestamp, token: u64, hook: &Hook) {
        if !self.is_last(hook) {
            if self.hooks.len() == self.hooks.capacity() {
                self.hooks.reserve_exact(self.hooks.capacity().max(1));
            }
            self.hooks.push(Arc::clone(hook));
        }
        if self.hooked.len() == self.hooked.capacity() {
            self.hooked.reserve_exact(self.hooked.capacity().max(HOOKED_MIN));
        }
        #[expect(clippy::cast_possible_truncation, reason = "no more hooks than records, and those are counted in u32")]
        let last = self.hooks.len() as u32 - 1;
        self.hooked.push(Hooked { index, hook: last, timestamp, token });
    }

    fn is_last(&self, hook: &Hook) -> bool {
        self.hooks.last().is_some_and(|last| Arc::ptr_eq(last, hook))
    }

    /// The claims on the records from `at` on (counted from the batch's first); `self` keeps those before it.
    pub(crate) fn split_off(&mut self, at: u32) -> Self {
        let first = self.first + at;
        let cut = self.hooked.partition_point(|hooked| hooked.index < first);
        let hooked = self.hooked.split_off(cut);
        if let Some(outcome) = &self.outcome {
            outcome.shared();
        }
        Self { outcome: self.outcome.clone(), first, hooked, hooks: self.hooks.clone() }
    }

    /// Gives `count` records, from the `from`th of the batch on, their result, and takes out the hooks to run for them.
    pub(crate) fn resolve(&mut self, from: u32, count: u32, result: RunResult) -> Hooks {
        let first = self.first + from;
        let start = self.hooked.partition_point(|hooked| hooked.index < first);
        let end = self.hooked.partition_point(|hooked| hooked.index < first + count);
        let (hooked, hooks) = if start == 0 && end == self.hooked.len() {
            (std::mem::take(&mut self.hooked), std::mem::take(&mut self.hooks))
        } else {
            (self.hooked.drain(start..end).collect(), self.hooks.clone())
        };
        if let Some(outcome) = &self.outcome {
            outcome.resolve(first, count, result.clone());
        }
        Hooks { first, result, hooked, hooks }
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
        f.debug_struct("Claims").field("first", &self.first).field("hooked", &self.hooked.len()).finish_non_exhaustive()
    }
}

/// Hooks whose records have their result. They are the user's code, so the driver runs them, under no lock.
pub struct Hooks {
    /// Index of the run's first record.
    first: u32,
    /// The result of the run.
    result: RunResult,
    hooked: Vec<Hooked>,
    hooks: Vec<Hook>,
}

impl Hooks {
    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.hooked.is_empty()
    }

    /// Runs them in the order in which the records were sent, through `call`, which may guard against panics.
    pub fn run(self, mut call: impl FnMut(&Hook, u64, Result<Ack, DeliveryError>)) {
        for Hooked { index, hook, timestamp, token } in self.hooked {
            if let Some(hook) = self.hooks.get(hook as usize) {
                call(hook, token, self.result.of(index - self.first, timestamp));
            }
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("count", &self.hooked.len()).finish_non_exhaustive()
    }
}

/// Room for this many hooks is made at first: 400 bytes, and five growths in a batch of 400 records.
const HOOKED_MIN: usize = 16;

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

    #[test]
    fn hooks_run_in_order_with_their_tokens() {
        let seen: Arc<Mutex<Vec<(u64, bool)>>> = Arc::default();
        let hook: Hook = {
            let seen = Arc::clone(&seen);
            Arc::new(move |token, result| seen.lock().unwrap().push((token, result.is_ok())))
        };
        let mut claims = Claims::default();
        for index in 0..3 {
            claims.hook(index, Timestamp(0), 10 + u64::from(index), &hook);
        }
        let error = DeliveryError { kind: DeliveryFailure::Closed, written: Written::No };
        let failed = claims.resolve(0, 1, RunResult::Failed(error));
        let rest = claims.resolve(1, 2, acknowledged(8));
        for hooks in [failed, rest] {
            hooks.run(|hook, token, result| hook(token, result));
        }
        assert_eq!(*seen.lock().unwrap(), [(10, false), (11, true), (12, true)]);
    }

    #[test]
    fn a_split_divides_the_hooks_and_their_offsets() {
        let seen: Arc<Mutex<Vec<(u64, i64)>>> = Arc::default();
        let hooks: [Hook; 2] = std::array::from_fn(|_| -> Hook {
            let seen = Arc::clone(&seen);
            Arc::new(move |token, result| seen.lock().unwrap().push((token, result.unwrap().offset.unwrap())))
        });
        let mut head = Claims::default();
        for index in 0..5u32 {
            head.hook(index, Timestamp(0), u64::from(index), &hooks[index as usize % 2]);
        }
        let mut tail = head.split_off(2);
        for hooks in [tail.resolve(0, 3, acknowledged(70)), head.resolve(0, 2, acknowledged(40))] {
            hooks.run(|hook, token, result| hook(token, result));
        }
        assert_eq!(*seen.lock().unwrap(), [(2, 70), (3, 71), (4, 72), (0, 40), (1, 41)]);
    }

    #[test]
    fn hook_growth_is_what_a_hook_takes() {
        let hook: Hook = Arc::new(|_, _| {});
        let mut claims = Claims::default();
        let heap = |claims: &Claims| {
            claims.hooked.capacity() * size_of::<Hooked>() + claims.hooks.capacity() * size_of::<Hook>()
        };
        assert_eq!(claims.hook_growth(&hook), Claims::FIRST_HOOK);
        for index in 0..100 {
            let (before, growth) = (heap(&claims), claims.hook_growth(&hook));
            claims.hook(index, Timestamp(0), 0, &hook);
            assert_eq!(heap(&claims) - before, growth);
        }
    }
}
