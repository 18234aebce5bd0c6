//! Who waits for memory, for a topic or for a partition: first come, first served, and no wake-up is lost.

use crate::time::Time;
use crate::topic::PartitionKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;

/// A place in the queue of waiters. Earlier ones come first, whatever they wait for next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What a waiter stands in line for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// Memory: only the first may take some.
    Memory,
    /// Memory for this partition, which is behind. Holds up nobody who sends to another.
    Behind(PartitionKey),
    /// This partition, which catches up in a moment. Holds up nobody.
    Soon(PartitionKey),
    /// A topic to be known, or to have more partitions: all may go on once it does.
    Topic(Arc<str>),
    /// Nothing more: the deadline is over, and it has yet to hear why the topic never came.
    Late(Arc<str>),
    /// Nothing but its deadline.
    Clock,
}

#[derive(Debug)]
struct Waiter {
    line: Line,
    /// What it takes to go on: free bytes, or the topic's partition count.
    need: usize,
    deadline: Time,
    /// Taken when it is woken.
    waker: Option<Waker>,
}

/// All waiters, by their tickets. None of this is touched by an append that finds what it needs.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiters: BTreeMap<Ticket, Waiter>,
    lines: BTreeSet<(Line, Ticket)>,
    deadlines: BTreeSet<(Time, Ticket)>,
    /// The first in line for memory, so that an append sees at a glance whether there is one.
    head: Option<Ticket>,
    /// All who wait for partitions that are behind.
    behind: BTreeSet<Ticket>,
    next: u64,
}

impl Waiters {
    /// Joins a line, or changes over to it. Who comes with a ticket keeps the place that it stands for.
    pub(super) fn park(
        &mut self,
        ticket: Option<Ticket>,
        line: Line,
        need: usize,
        waker: Waker,
        deadline: Time,
    ) -> Ticket {
        let ticket = ticket.unwrap_or_else(|| {
            self.next += 1;
            Ticket(self.next)
        });
        self.remove(ticket);
        self.lines.insert((line.clone(), ticket));
        if let Line::Behind(_) = line {
            self.behind.insert(ticket);
        }
        self.deadlines.insert((deadline, ticket));
        self.waiters.insert(ticket, Waiter { line, need, deadline, waker: Some(waker) });
        self.find_head();
        ticket
    }

    /// Leaves for good. The line that it stood in, unless it had left already.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Line> {
        let waiter = self.remove(ticket)?;
        self.find_head();
        Some(waiter.line)
    }

    fn remove(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiter = self.waiters.remove(&ticket)?;
        self.lines.remove(&(waiter.line.clone(), ticket));
        self.behind.remove(&ticket);
        self.deadlines.remove(&(waiter.deadline, ticket));
        Some(waiter)
    }

    fn find_head(&mut self) {
        let first = self.lines.first();
        self.head = first.filter(|(line, _)| *line == Line::Memory).map(|(_, ticket)| *ticket);
    }

    /// Who is first in line for memory.
    #[inline]
    pub(super) fn head(&self) -> Option<Ticket> {
        self.head
    }

    /// Wakes the first in line for memory if `fits` says that there is enough for it.
    pub(super) fn wake_head(&mut self, fits: impl FnOnce(usize) -> bool) {
        if let Some(head) = self.head
            && let Some(waiter) = self.waiters.get_mut(&head)
            && fits(waiter.need)
            && let Some(waker) = waiter.waker.take()
        {
            waker.wake();
        }
    }

    /// Who is first in line for a partition that is behind.
    pub(super) fn first_behind(&self, key: PartitionKey) -> Option<Ticket> {
        // Nearly always nobody waits, and then there is nothing to look up.
        if self.behind.is_empty() { None } else { in_line(&self.lines, &Line::Behind(key)).next() }
    }

    /// Wakes the first in line for a partition.
    pub(super) fn wake_partition(&mut self, key: PartitionKey) {
        if let Some(first) = self.first_behind(key)
            && let Some(waker) = self.waiters.get_mut(&first).and_then(|waiter| waiter.waker.take())
        {
            waker.wake();
        }
    }

    /// Wakes all who wait for a partition that catches up in a moment.
    pub(super) fn wake_held_back(&mut self, key: PartitionKey) {
        if self.waiters.is_empty() {
            return;
        }
        for ticket in in_line(&self.lines, &Line::Soon(key)) {
            if let Some(waker) = self.waiters.get_mut(&ticket).and_then(|waiter| waiter.waker.take()) {
                waker.wake();
            }
        }
    }

    /// Wakes the first of all who wait for partitions that are behind, if `fits` says that there is enough for it.
    pub(super) fn wake_behind(&mut self, fits: impl FnOnce(usize) -> bool) {
        if let Some(first) = self.behind.first()
            && let Some(waiter) = self.waiters.get_mut(first)
            && fits(waiter.need)
            && let Some(waker) = waiter.waker.take()
        {
            waker.wake();
        }
    }

    /// Wakes, in order, those in line for the topic that need no more than `count` partitions. Whether others remain.
    pub(super) fn wake_topic(&mut self, topic: &Arc<str>, count: usize) -> bool {
        let mut remain = false;
        for ticket in in_line(&self.lines, &Line::Topic(Arc::clone(topic))) {
            let Some(waiter) = self.waiters.get_mut(&ticket) else { continue };
            if waiter.need > count {
                remain = true;
            } else if let Some(waker) = waiter.waker.take() {
                waker.wake();
            }
        }
        remain
    }

    /// Wakes everybody, in order.
    pub(super) fn wake_all(&mut self) {
        let wakers = self.waiters.values_mut().filter_map(|waiter| waiter.waker.take());
        wakers.for_each(Waker::wake);
    }

    /// Wakes those whose deadline is over, and takes them out of their lines, so that a caller that is slow to see it holds
    /// up nobody. They leave for good by themselves. Whether there were any.
    pub(super) fn expire(&mut self, now: Time) -> bool {
        let mut any = false;
        while let Some((deadline, ticket)) = self.deadlines.first().copied()
            && deadline <= now
        {
            any = true;
            self.deadlines.remove(&(deadline, ticket));
            let Some(waiter) = self.waiters.get_mut(&ticket) else { continue };
            self.lines.remove(&(waiter.line.clone(), ticket));
            self.behind.remove(&ticket);
            if let Line::Topic(topic) = &waiter.line {
                waiter.line = Line::Late(Arc::clone(topic));
                self.lines.insert((waiter.line.clone(), ticket));
            }
            waiter.waker.take().into_iter().for_each(Waker::wake);
        }
        self.find_head();
        any
    }

    /// The earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Whether anybody is in line for the topic.
    pub(super) fn wait_for(&self, topic: &Arc<str>) -> bool {
        in_line(&self.lines, &Line::Topic(Arc::clone(topic))).next().is_some()
    }

    /// Whether anybody has yet to hear why the topic never came.
    pub(super) fn are_late_for(&self, topic: &Arc<str>) -> bool {
        in_line(&self.lines, &Line::Late(Arc::clone(topic))).next().is_some()
    }

    /// All tickets given so far are below this one.
    pub(super) fn next_ticket(&self) -> Ticket {
        Ticket(self.next + 1)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }
}

/// The tickets in this line, in order.
fn in_line<'a>(lines: &'a BTreeSet<(Line, Ticket)>, line: &Line) -> impl Iterator<Item = Ticket> + use<'a> {
    lines.range((line.clone(), Ticket(0))..=(line.clone(), Ticket(u64::MAX))).map(|(_, ticket)| *ticket)
}
