//! The driver's side: what is due, what the sender said, when to sleep; flush and close.

use super::births::Birth;
use super::flush::Flush;
use super::slot::Open;
use super::{Accumulator, is_open};
use crate::batch::{Batch, Release};
use crate::output::News;
use crate::time::Time;
use crate::topic::PartitionKey;
use std::sync::Arc;
use std::task::Waker;

impl Accumulator {
    /// The batches that are closed by now, in the order in which they were closed: full ones, and those whose linger is
    /// over and whose partition is hungry.
    ///
    /// # Cost
    /// A step for each batch taken, and for each that came or went since the last call; none for the rest.
    pub fn take_due(&mut self, now: Time, due: &mut Vec<Batch>) {
        self.now = self.now.max(now);
        self.ripen();
        self.lose_patience();
        while let Some(batch) = self.closed.pop_front() {
            let key = batch.key();
            due.push(batch);
            let Some(slot) = self.topics.slot_mut(key) else { continue };
            slot.untaken -= 1;
            if slot.untaken == 0 && slot.hungry {
                // What came together meanwhile waited for nothing but this.
                if slot.open.as_ref().is_some_and(Open::is_full) {
                    self.hand_over(key);
                }
                self.waiters.wake_held_back(key);
            }
        }
    }

    /// When to call [`take_due`](Self::take_due) or [`handle_timeout`](Self::handle_timeout) next, if nothing happens
    /// before: the earliest end of a linger, or a waiter's deadline. May be early by a batch that was closed meanwhile or
    /// is not wanted yet, never late.
    pub fn next_due(&self) -> Option<Time> {
        let linger = self
            .lingering
            .front()
            .map(|birth| if self.counts_as_over(birth) { Time::ZERO } else { birth.created + self.config.linger });
        let patience = self.behind.front().map(|birth| birth.created + self.config.delivery_timeout);
        let closed = (!self.closed.is_empty()).then_some(Time::ZERO);
        [closed, linger, patience, self.waiters.next_deadline()].into_iter().flatten().min()
    }

    /// Wakes the waiters whose deadline is over. They find [`Refusal`](super::Refusal) as before, and give up.
    pub fn handle_timeout(&mut self, now: Time) {
        self.now = self.now.max(now);
        if self.waiters.expire(self.now) {
            self.wake_heads();
        }
    }

    /// What the sender has to say.
    pub fn hear(&mut self, news: News, now: Time) {
        self.now = self.now.max(now);
        match news {
            News::Learned(layout) => {
                let (name, count) = (Arc::clone(&layout.name), layout.partition_count());
                self.topics.learn(layout);
                if self.waiters.wake_topic(&name, count) {
                    // Somebody needs more partitions than there are: the sender asks again, at its own pace.
                    self.topics.want(&name);
                }
            }
            News::Refused(name, error) => {
                let until = self.now + self.config.retry_backoff_max;
                self.topics.refuse(&name, error, self.waiters.next_ticket(), self.now, until);
                self.waiters.wake_topic(&name, usize::MAX);
            }
            News::Missing(name, reason) => {
                if self.waiters.wait_for(&name) || self.waiters.are_late_for(&name) {
                    self.topics.miss(&name, reason);
                } else {
                    self.topics.forget(&name);
                }
            }
            News::Gone(topic) => self.topics.gone(topic),
            News::Hungry(key, hungry) => self.set_hungry(key, hungry),
            News::Compressed { topic, before, after } => {
                if let Some(topic) = self.topics.topic_mut(topic) {
                    topic.compressed(before, after, &self.limits);
                }
            }
            News::Released(release) => self.release(release),
            News::Failed(reason) => self.fail(reason),
        }
    }

    /// The driver is going to sleep until then, or until it is woken. After this, the first append, or park, that gives it
    /// work before `until` says `wake`. `false`: it has work now, and must not sleep.
    ///
    /// Called under the same lock as [`next_due`](Self::next_due), or trusted for its answer: appends may have come in
    /// since [`take_due`](Self::take_due).
    #[must_use]
    pub fn going_to_sleep(&mut self, until: Option<Time>) -> bool {
        self.asleep = Some(until.unwrap_or(Time::NEVER));
        !self.wake(true)
    }

    /// Makes everything accepted so far due. Records accepted later linger as ever. Wake the driver after it.
    pub fn flush(&mut self, now: Time) -> Flush {
        self.now = self.now.max(now);
        self.hurried = self.born;
        self.ledger.flush()
    }

    /// Whether all records of the flush have their outcome. If not, `waker` is told when they do.
    pub fn poll_flush(&mut self, flush: Flush, waker: Option<Waker>) -> bool {
        self.ledger.poll(flush, waker)
    }

    /// Takes no more records; makes everything due; wakes all who wait, for their next append to say
    /// [`Closed`](crate::SendError::Closed). Wake the driver after it.
    pub fn close(&mut self, now: Time) {
        self.flush(now);
        self.is_closed = true;
        self.limits.record = 0;
        self.waiters.wake_all();
    }

    /// Whether it is closed and every record has its outcome.
    pub fn is_drained(&self) -> bool {
        self.is_closed && self.ledger.is_empty()
    }

    /// Whether the driver must be woken; then it counts as awake. `maybe_due`: an open batch or a deadline may have come
    /// that it does not know of.
    pub(super) fn wake(&mut self, maybe_due: bool) -> bool {
        let Some(until) = self.asleep else { return false };
        let due = || maybe_due && self.next_due().is_some_and(|due| due < until);
        let wake = !self.closed.is_empty() || self.topics.wants() || due();
        if wake {
            self.asleep = None;
        }
        wake
    }

    /// Whether the driver must be woken to be up at this time; then it counts as awake.
    pub fn wake_before(&mut self, at: Time) -> bool {
        let wake = self.asleep.is_some_and(|until| at < until);
        if wake {
            self.asleep = None;
        }
        wake
    }

    /// Linger is over early for what was flushed, and for everything while somebody waits for memory.
    fn counts_as_over(&self, birth: &Birth) -> bool {
        birth.number < self.hurried || self.waiters.head().is_some()
    }

    fn linger_is_over(&self, birth: &Birth) -> bool {
        self.counts_as_over(birth) || birth.created + self.config.linger <= self.now
    }

    /// Hands over the open batches whose linger is over, where the sender is hungry; the others wait behind.
    fn ripen(&mut self) {
        while let Some(birth) = self.lingering.front().copied() {
            let open = is_open(&self.topics, &birth) == Some(false);
            if open && !self.linger_is_over(&birth) {
                break;
            }
            self.lingering.pop();
            if !open {
                continue;
            }
            let Some(slot) = self.topics.slot_mut(birth.key) else { continue };
            if slot.hungry {
                self.hand_over(birth.key);
            } else if let Some(open) = &mut slot.open {
                open.ripe = true;
                self.lingering.forget();
                let topics = &self.topics;
                self.behind.push(birth, |other| is_open(topics, other) == Some(true));
            }
        }
    }

    /// A batch whose partition is behind for all of `delivery.timeout.ms` goes to the sender all the same, which fails it.
    fn lose_patience(&mut self) {
        while let Some(birth) = self.behind.front().copied() {
            let open = is_open(&self.topics, &birth) == Some(true);
            if open && birth.created + self.config.delivery_timeout > self.now {
                break;
            }
            self.behind.pop();
            if open {
                self.hand_over(birth.key);
            }
        }
    }

    fn set_hungry(&mut self, key: PartitionKey, hungry: bool) {
        let topic = self.topics.topic_mut(key.topic);
        let Some(slot) = topic.and_then(|topic| topic.slot_or_new(key.partition)) else { return };
        if std::mem::replace(&mut slot.hungry, hungry) != hungry {
            self.budget.shift(slot.held, !hungry);
        }
        if !hungry {
            return;
        }
        if let Some(open) = &slot.open {
            let birth = Birth { key, number: open.birth, created: open.created };
            if slot.is_awaited() || self.linger_is_over(&birth) {
                self.hand_over(key);
            }
        }
        self.waiters.wake_partition(key);
        self.waiters.wake_held_back(key);
        self.wake_heads();
    }

    fn release(&mut self, release: Release) {
        let Release { key, count, charge, generation, sent, buffer } = release;
        self.budget.release(charge, buffer);
        self.ledger.release(generation, count);
        self.released += u64::from(count);
        if let Some(topic) = self.topics.topic_mut(key.topic) {
            if let Some(slot) = topic.slot_mut(key.partition) {
                assert!(charge <= slot.held, "a partition gives back more than it holds");
                slot.held -= charge;
                if let Some(sent) = sent {
                    slot.round_trip.answered(self.now.since(sent));
                }
                if !slot.hungry {
                    self.budget.shift(charge, false);
                }
            }
            topic.weigh(key.partition, &self.limits);
        }
        self.wake_heads();
    }

    /// Nothing can be sent any more: the sender gets everything, and fails it.
    fn fail(&mut self, reason: Arc<str>) {
        self.failed.get_or_insert(reason);
        self.limits.record = 0;
        while let Some(birth) = self.lingering.pop().or_else(|| self.behind.pop()) {
            if is_open(&self.topics, &birth).is_some() {
                self.hand_over(birth.key);
            }
        }
        self.waiters.wake_all();
    }
}
