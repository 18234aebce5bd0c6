//! Virtual time: what happens when. Two events of one moment happen in the order in which they were planned.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Microseconds since the schedule began.
pub(crate) type Moment = u64;

/// One second.
pub(crate) const SECOND: Moment = 1_000_000;

/// One millisecond.
pub(crate) const MILLI: Moment = 1_000;

/// Events by their time.
#[derive(Debug)]
pub(crate) struct Calendar<E> {
    heap: BinaryHeap<Planned<E>>,
    planned: u64,
}

#[derive(Debug)]
struct Planned<E> {
    at: Moment,
    number: u64,
    event: E,
}

impl<E> Calendar<E> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), planned: 0 }
    }

    pub(crate) fn plan(&mut self, at: Moment, event: E) {
        self.planned += 1;
        self.heap.push(Planned { at, number: self.planned, event });
    }

    /// When the next event is.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|planned| planned.at)
    }

    /// Takes the next event that is not later than `now`.
    pub(crate) fn take(&mut self, now: Moment) -> Option<E> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|planned| planned.event)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Planned<E> {}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Planned<E> {
    /// The earliest is the greatest, for the heap gives out the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}
