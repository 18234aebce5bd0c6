//! The callers' side of waiting: park, be woken, append again; or give up.

use super::slot::Slot;
use super::waiters::{Line, Ticket};
use super::{Accumulator, Refusal, slot};
use crate::error::SendError;
use crate::record::Record;
use crate::time::Time;
use crate::topic::{PartitionKey, TopicLayout};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// A caller that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the ticket must be given back with `unpark`"]
pub struct Parked {
    /// Its place: to append with, to park again with, to give back with [`unpark`](Accumulator::unpark).
    pub ticket: Ticket,
    /// The driver sleeps and has work now: wake it.
    pub wake: bool,
}

impl Accumulator {
    /// Waits in line after `refusal`, until `waker` is woken: then append again, with the ticket. Who comes again with its
    /// ticket keeps its place.
    ///
    /// `waker` is woken as soon as the refusal may have gone, or the deadline is over, or the accumulator is closed; before
    /// this returns, if that is so already. It is woken under the accumulator's lock: it may not append itself.
    pub fn park(
        &mut self,
        refusal: &Refusal,
        record: &Record<'_>,
        ticket: Option<Ticket>,
        waker: Waker,
        deadline: Time,
    ) -> Parked {
        let (line, need) = match refusal {
            Refusal::Full => (Line::Memory, slot::charge_alone(slot::view(record).upper_bound())),
            Refusal::Behind(key) => (Line::Behind(*key), slot::charge_alone(slot::view(record).upper_bound())),
            Refusal::Soon(key) => (Line::Soon(*key), 0),
            Refusal::Never(_) => (Line::Memory, 0),
            Refusal::UnknownTopic => (Line::Topic(self.topics.want(record.topic)), 0),
            Refusal::UnknownPartition { .. } => {
                let at = record.partition.and_then(|partition| usize::try_from(partition).ok());
                (Line::Topic(self.topics.want(record.topic)), at.map_or(0, |at| at + 1))
            }
        };
        let soon =
            if let Line::Soon(key) = line { self.topics.slot(key).and_then(Slot::held_back_until) } else { None };
        let deadline = soon.map_or(deadline, |soon| soon.min(deadline));
        let ticket = self.waiters.park(ticket, line.clone(), need, waker, deadline);
        if self.is_closed || self.failed.is_some() {
            self.waiters.wake_all();
        }
        if let Line::Topic(name) = &line {
            match self.topics.find(name, Some(ticket), self.now) {
                Ok(_) => {
                    let count = self.topics.layout(name).map_or(0, |layout| layout.partition_count());
                    self.waiters.wake_topic(name, count);
                }
                Err(Refusal::Never(_)) => {
                    self.waiters.wake_topic(name, usize::MAX);
                }
                Err(_) => {}
            }
        }
        if let Line::Behind(key) = line {
            self.wake_if_hungry(key);
        }
        self.wake_heads();
        Parked { ticket, wake: self.wake(true) }
    }

    /// Wakes `waker` at the deadline, or when the accumulator is closed, and holds up nobody until then. Who comes again with
    /// its ticket puts the deadline anew.
    ///
    /// # Errors
    /// When it is closed, or has failed: nobody watches the time any more.
    pub fn alarm(&mut self, ticket: Option<Ticket>, waker: Waker, deadline: Time) -> Result<Parked, SendError> {
        self.check_alive()?;
        let ticket = self.waiters.park(ticket, Line::Clock, 0, waker, deadline);
        Ok(Parked { ticket, wake: self.wake(true) })
    }

    /// The topic's layout, for who needs it before an append: refused as the append would be, and parked as one.
    pub fn layout_or_refusal(&mut self, topic: &str, ticket: Option<Ticket>) -> Result<&Arc<TopicLayout>, Refusal> {
        self.check_alive().map_err(Refusal::Never)?;
        self.topics.find(topic, ticket, self.now)?;
        self.topics.layout(topic).ok_or(Refusal::UnknownTopic)
    }

    /// Leaves the line: the record is in, or given up, or its future was dropped. The next in line is woken if it can go
    /// on. Gives the driver no work.
    pub fn unpark(&mut self, ticket: Ticket) {
        match self.waiters.leave(ticket) {
            Some(Line::Topic(name) | Line::Late(name)) => {
                if !self.waiters.wait_for(&name) && !self.waiters.are_late_for(&name) {
                    self.topics.forget(&name);
                }
            }
            Some(Line::Behind(key)) => self.wake_if_hungry(key),
            Some(Line::Memory | Line::Soon(_) | Line::Clock) | None => {}
        }
        self.wake_heads();
    }

    /// Wakes the first who waits for a partition that was behind, if that is no longer so.
    fn wake_if_hungry(&mut self, key: PartitionKey) {
        if self.topics.slot(key).is_none_or(|slot| slot.hungry) {
            self.waiters.wake_partition(key);
        }
    }

    /// What to tell the caller of a record that waited in vain, or, with no time waited, did not want to wait. To be called
    /// before [`unpark`](Self::unpark): with the last who waits for a topic, the reason why it never came is forgotten.
    pub fn give_up(&self, refusal: Refusal, record: &Record<'_>, waited: Duration) -> SendError {
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        let topic = || self.topics.shared(record.topic);
        match refusal {
            Refusal::Full | Refusal::Behind(_) | Refusal::Soon(_) => SendError::Full { waited_ms },
            Refusal::UnknownTopic => match self.topics.reason(record.topic) {
                None if waited.is_zero() => SendError::NotReady(topic()),
                reason => SendError::UnknownTopic { topic: topic(), waited_ms, reason },
            },
            Refusal::UnknownPartition { count } => SendError::UnknownPartition {
                topic: topic(),
                partition: record.partition.unwrap_or(-1),
                count,
                waited_ms,
            },
            Refusal::Never(error) => error,
        }
    }

    /// Asks for a topic without waiting for it: for a send that may not wait, so that the next one finds it. Whether the
    /// driver must be woken.
    pub fn want(&mut self, topic: &str) -> bool {
        self.topics.want(topic);
        self.wake(false)
    }

    /// The topics that somebody needs and the sender was not asked for since: unknown ones, and known ones that lack a
    /// partition.
    pub fn take_wanted(&mut self, wanted: &mut Vec<Arc<str>>) {
        self.topics.take_wanted(wanted);
    }

    fn check_alive(&self) -> Result<(), SendError> {
        match &self.failed {
            Some(reason) => Err(SendError::Fatal(Arc::clone(reason))),
            None if self.is_closed => Err(SendError::Closed),
            None => Ok(()),
        }
    }

    /// Wakes the first who waits for memory, if there is enough for it, and the first of those who wait for partitions that are
    /// behind.
    pub(super) fn wake_heads(&mut self) {
        let budget = &self.budget;
        self.waiters.wake_head(|need| budget.fits(need));
        self.waiters.wake_behind(|need| budget.fits_behind(need));
    }
}
