//! Records into the accumulator, in order, and a caller's place among those who wait when it has no room for them or
//! does not know their topic.

use crate::shared::Shared;
use crate::topic::prepared::Prepared;
use milena_core::accumulator::{Accumulator, Appended, Claim, Refusal, Ticket};
use milena_core::{Record, SendError, Time, Timestamp, TopicLayout};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A caller's place among those who wait: first come, first served. Given up when it is dropped.
pub(crate) struct Place<'a> {
    shared: &'a Shared,
    /// The topic of all its records, if it is one that is prepared.
    topic: Option<&'a Prepared>,
    /// Since when it waits, and its ticket. `max.block.ms` counts from then, for metadata and memory together.
    waiting: Option<(Time, Ticket)>,
}

/// Records to append in order, and how many of them are in.
pub(crate) struct Run<'r, 'a> {
    pub(crate) records: &'r mut [Record<'a>],
    pub(crate) done: &'r mut usize,
}

impl<'a> Place<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self { shared, topic: None, waiting: None }
    }

    /// For records that all go to this topic.
    pub(crate) fn of_topic(shared: &'a Shared, topic: &'a Prepared) -> Self {
        Self { shared, topic: Some(topic), waiting: None }
    }

    /// Appends what goes of the run under one lock, and waits for the rest. Ready when all are in, or when the next one
    /// cannot be. `claim` and `accepted` are called under the lock.
    pub(crate) fn poll_append<'c>(
        &mut self,
        run: &mut Run<'_, '_>,
        claim: impl Fn(usize) -> Claim<'c>,
        mut accepted: impl FnMut(Appended),
        context: &Context<'_>,
    ) -> Poll<Result<(), SendError>> {
        // Cloned under no lock: when it turns out to be needed, the rest is tried once more with it.
        let mut waker = None;
        loop {
            if let Some(done) = self.append(run, &claim, &mut accepted, waker.take()) {
                return done;
            }
            waker = Some(self.shared.woken.later(context.waker()));
        }
    }

    /// What nearly every send comes to: nobody in the way, and no code of the user's to run first. What `accepted` makes of
    /// it, under the lock. `None`: nothing has happened, and [`Place::poll_append`] finds out why.
    #[inline(always)] // And `accepted` within: else what it makes is copied three times on its way to the caller.
    pub(crate) fn append_at_once<T>(
        &self,
        record: &Record<'_>,
        claim: Claim<'_>,
        accepted: impl FnOnce(Appended) -> T,
    ) -> Option<T> {
        if self.waiting.is_some() || self.shared.has_partitioner() {
            return None;
        }
        let mut accumulator = self.shared.accumulator().ok()?;
        let (now, wall, end_soon) = accumulator.times(&self.shared.clock);
        let accepted = |appended: Appended| (appended.wake, accepted(appended));
        let entered = self.enter(&mut accumulator, record, claim, (now, wall), accepted);
        drop(accumulator);
        let wake = end_soon || matches!(entered, Ok((true, _)));
        if wake {
            self.shared.inbox.wake();
        }
        entered.ok().map(|(_, accepted)| accepted)
    }

    /// As [`Place::poll_append`], and never waits.
    pub(crate) fn try_append(&self, record: Record<'_>, claim: Claim<'_>) -> Result<Appended, SendError> {
        let shared = self.shared;
        let record = &mut [record];
        let placed = shared.place(record, None);
        let (now, wall) = shared.clock.both();
        let mut accumulator = shared.accumulator()?;
        let [record] = record;
        let enter =
            |accumulator: &mut Accumulator| self.enter(accumulator, record, claim, (now, wall), |appended| appended);
        let appended = match placed {
            (_, Some(refusal)) => Err(refusal),
            (_, None) => match enter(&mut accumulator) {
                Err(Refusal::Soon(key)) => {
                    accumulator.insist(key);
                    enter(&mut accumulator)
                }
                entered => entered,
            },
        };
        let (result, wake) = match appended {
            Ok(appended) => {
                let wake = appended.wake;
                (Ok(appended), wake)
            }
            Err(refusal) => {
                let unknown = matches!(refusal, Refusal::UnknownTopic | Refusal::UnknownPartition { .. });
                let wake = unknown && accumulator.want(record.topic);
                (Err(accumulator.give_up(refusal, record, Duration::ZERO)), wake)
            }
        };
        drop(accumulator);
        if wake {
            shared.inbox.wake();
        }
        result
    }

    /// The topic's layout; waits for it as a send does.
    pub(crate) fn poll_layout(
        &mut self,
        topic: &str,
        context: &Context<'_>,
    ) -> Poll<Result<Arc<TopicLayout>, SendError>> {
        let waker = self.shared.woken.later(context.waker());
        let now = self.shared.clock.now();
        let mut accumulator = self.shared.accumulator()?;
        let refusal = match accumulator.layout_or_refusal(topic, self.ticket()).map(Arc::clone) {
            Ok(layout) => {
                self.leave(&mut accumulator);
                return Poll::Ready(Ok(layout));
            }
            Err(Refusal::Never(error)) => return Poll::Ready(Err(error)),
            Err(refusal) => refusal,
        };
        let (polled, wake) = self.wait(&mut accumulator, refusal, &Record::to(topic), now, waker);
        drop(accumulator);
        if wake {
            self.shared.inbox.wake();
        }
        polled.map(Err)
    }

    /// Ready when `max.block.ms` is over since the first poll, with nothing, or when the producer is closed before. For who
    /// waits for something else, and needs somebody to watch the time.
    pub(crate) fn poll_patience(&mut self, context: &Context<'_>) -> Poll<Result<(), SendError>> {
        let waker = self.shared.woken.later(context.waker());
        let now = self.shared.clock.now();
        let since = self.waiting.map_or(now, |(since, _)| since);
        let deadline = since + self.shared.config.max_block;
        if deadline <= now {
            return Poll::Ready(Ok(()));
        }
        let parked = self.shared.accumulator()?.alarm(self.ticket(), waker, deadline)?;
        self.waiting = Some((since, parked.ticket));
        if parked.wake {
            self.shared.inbox.wake();
        }
        Poll::Pending
    }

    /// One attempt, under one lock. `None`: the next record must wait, and there is no waker yet.
    fn append<'c>(
        &mut self,
        run: &mut Run<'_, '_>,
        claim: &impl Fn(usize) -> Claim<'c>,
        accepted: &mut impl FnMut(Appended),
        waker: Option<Waker>,
    ) -> Option<Poll<Result<(), SendError>>> {
        let rest = run.records.get_mut(*run.done..).unwrap_or_default();
        let (placed, mut refusal) = self.shared.place(rest, self.ticket());
        let (now, wall) = self.shared.clock.both();
        let mut accumulator = match self.shared.accumulator() {
            Ok(accumulator) => accumulator,
            Err(broken) => return Some(Poll::Ready(Err(broken))),
        };
        let (mut wake, mut next) = (false, 0);
        while let Some(record) = rest.get(..placed).and_then(|placed| placed.get(next)) {
            // What is made of an append is made within it, so that it need not go through memory.
            let entered = self.enter(&mut accumulator, record, claim(*run.done), (now, wall), |appended| {
                wake |= appended.wake;
                accepted(appended);
            });
            match entered {
                Ok(()) => {
                    self.leave(&mut accumulator);
                    next += 1;
                    *run.done += 1;
                }
                // No time is left to wait in: it goes at once, as it would where answers are slow.
                Err(Refusal::Soon(key)) if self.deadline(now) <= now => accumulator.insist(key),
                Err(refused) => {
                    refusal = Some(refused);
                    break;
                }
            }
        }
        let result = match (refusal, rest.get(next), waker) {
            (Some(Refusal::Never(error)), _, _) => Some(Poll::Ready(Err(error))),
            (Some(_), Some(_), None) => None,
            (Some(refusal), Some(record), Some(waker)) => {
                let (polled, work) = self.wait(&mut accumulator, refusal, record, now, waker);
                wake |= work;
                Some(polled.map(Err))
            }
            _ => Some(Poll::Ready(Ok(()))),
        };
        drop(accumulator);
        if wake {
            self.shared.inbox.wake();
        }
        result
    }

    /// Appends by the topic's number, where that is known.
    #[inline(always)] // As `Accumulator::append`.
    fn enter<T>(
        &self,
        accumulator: &mut Accumulator,
        record: &Record<'_>,
        claim: Claim<'_>,
        times: (Time, Timestamp),
        accepted: impl FnOnce(Appended) -> T,
    ) -> Result<T, Refusal> {
        let index = self.topic.and_then(Prepared::index);
        let entered = accumulator.append_with(index, record, claim, self.ticket(), times, accepted);
        if let Some(topic) = self.topic.filter(|_| index.is_none() && entered.is_ok()) {
            topic.learn(accumulator.layout(record.topic));
        }
        entered
    }

    /// Stands in line, or gives up when `max.block.ms` is over; and whether to wake the driver.
    fn wait(
        &mut self,
        accumulator: &mut Accumulator,
        refusal: Refusal,
        record: &Record<'_>,
        now: Time,
        waker: Waker,
    ) -> (Poll<SendError>, bool) {
        let since = self.waiting.map_or(now, |(since, _)| since);
        let deadline = self.deadline(now);
        if deadline <= now {
            let error = accumulator.give_up(refusal, record, now.since(since));
            self.leave(accumulator);
            return (Poll::Ready(error), false);
        }
        let parked = accumulator.park(&refusal, record, self.ticket(), waker, deadline);
        self.waiting = Some((since, parked.ticket));
        (Poll::Pending, parked.wake)
    }

    fn leave(&mut self, accumulator: &mut Accumulator) {
        if let Some((_, ticket)) = self.waiting.take() {
            accumulator.unpark(ticket);
        }
    }

    /// When `max.block.ms` is over, counted from now for who does not wait yet.
    fn deadline(&self, now: Time) -> Time {
        self.waiting.map_or(now, |(since, _)| since) + self.shared.config.max_block
    }

    fn ticket(&self) -> Option<Ticket> {
        self.waiting.map(|(_, ticket)| ticket)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.waiting.is_some() {
            self.leave(&mut self.shared.accumulator_at_any_rate());
        }
    }
}
