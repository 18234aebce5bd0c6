//! How far a producer's closing is, between the handles that ask for it and the driver that does it.

use milena_core::Time;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// ```text
/// running ──► closing, until a deadline that may come nearer ──► ended
///    └── (the driver is gone: its runtime was shut down) ──────────▲
/// ```
#[derive(Debug)]
pub(crate) struct Life {
    /// [`Time::NEVER`] while running.
    deadline: AtomicU64,
    end: Mutex<End>,
}

#[derive(Debug, Default)]
struct End {
    /// Records that were given up, once the driver has ended.
    undelivered: Option<u64>,
    waiting: Vec<Waker>,
}

impl Default for Life {
    fn default() -> Self {
        Self { deadline: AtomicU64::new(Time::NEVER.0), end: Mutex::default() }
    }
}

impl Life {
    /// Closes by `deadline`, or by an earlier one that was asked for before. The driver must be woken after this.
    pub(crate) fn close_by(&self, deadline: Time) {
        // `NEVER` means running: a timeout without end is a little less.
        self.deadline.fetch_min(deadline.0.min(Time::NEVER.0 - 1), Ordering::SeqCst);
    }

    /// By when to close; `None` while nobody asked.
    pub(crate) fn deadline(&self) -> Option<Time> {
        Some(Time(self.deadline.load(Ordering::SeqCst))).filter(|&deadline| deadline != Time::NEVER)
    }

    /// The driver has ended, with so many records given up. The first word counts.
    pub(crate) fn ended(&self, undelivered: u64) {
        let mut end = self.lock();
        end.undelivered.get_or_insert(undelivered);
        let waiting = std::mem::take(&mut end.waiting);
        drop(end);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// How many records were given up, once the driver has ended.
    pub(crate) fn poll_ended(&self, context: &Context<'_>) -> Poll<u64> {
        let mut end = self.lock();
        if let Some(undelivered) = end.undelivered {
            return Poll::Ready(undelivered);
        }
        if !end.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            end.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, End> {
        // Nothing that panics runs under it.
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
