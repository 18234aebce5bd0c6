//! The driver's one alarm, moved as seldom as can be.

use crate::clock::Clock;
use milena_core::Time;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};

/// Stands in for a moment too far away to be written down.
const FAR: Duration = Duration::from_secs(86_400);

/// Wakes the task at a deadline, or earlier: deadlines mostly move away from now, and an alarm that rings early costs
/// one turn where moving it each time would cost a turn's worth every time.
pub(crate) struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// `None`: it has rung.
    armed: Option<Time>,
}

impl Timer {
    /// Must be called within a tokio runtime that has its timers enabled.
    pub(crate) fn new(until: Time, clock: &Clock) -> Self {
        Self { sleep: Box::pin(sleep_until(instant(until, clock).into())), armed: Some(until) }
    }

    /// Ready when `until` may be over. Pending: the task is woken by then.
    pub(crate) fn poll(&mut self, until: Time, clock: &Clock, context: &mut Context<'_>) -> Poll<()> {
        if self.armed.is_none_or(|armed| until < armed) {
            self.sleep.as_mut().reset(instant(until, clock).into());
            self.armed = Some(until);
        }
        let rung = self.sleep.as_mut().poll(context);
        if rung.is_ready() {
            self.armed = None;
        }
        rung
    }
}

fn instant(time: Time, clock: &Clock) -> Instant {
    clock.instant(time).unwrap_or_else(|| Instant::now() + FAR)
}
