//! The one heap of deadlines. A timer that is set again, or cleared, leaves its old entry in the heap; it is skipped when
//! it comes up.

use crate::output::ConnectionId;
use crate::time::Time;
use crate::topic::PartitionKey;
use foldhash::fast::FixedState;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Whose deadline it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// A partition's backoff, or the delivery timeout of its oldest batch.
    Partition(PartitionKey),
    /// A connection's set-up, its oldest question, or its idleness.
    Connection(ConnectionId),
    /// A broker may be connected to again.
    Broker(i32),
    /// Metadata is due.
    Metadata,
    /// A producer id may be asked for again.
    Identity,
}

/// Every deadline of the sender, at most one a timer.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Time, Timer)>>,
    /// The truth: an entry of the heap that is not here is stale.
    set: HashMap<Timer, Time, FixedState>,
}

impl Timers {
    /// Makes `timer` go off at `at` or earlier: a deadline that is set already is never put off, so that moving one later
    /// costs nothing until it goes off and is looked at again.
    pub(crate) fn by(&mut self, timer: Timer, at: Time) {
        if self.set.get(&timer).is_none_or(|current| at < *current) {
            self.set.insert(timer, at);
            self.heap.push(Reverse((at, timer)));
        }
    }

    /// The next deadline.
    pub(crate) fn next(&mut self) -> Option<Time> {
        while let Some(Reverse((at, timer))) = self.heap.peek() {
            if self.set.get(timer) == Some(at) {
                return Some(*at);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes out one timer whose deadline is over.
    pub(crate) fn expired(&mut self, now: Time) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let Reverse((_, timer)) = self.heap.pop()?;
        self.set.remove(&timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_goes_off_once_at_its_earliest_deadline() {
        let mut timers = Timers::default();
        timers.by(Timer::Metadata, Time(50));
        timers.by(Timer::Metadata, Time(20));
        timers.by(Timer::Metadata, Time(90));
        timers.by(Timer::Identity, Time(30));
        assert_eq!(timers.next(), Some(Time(20)));
        assert_eq!(timers.expired(Time(19)), None);
        assert_eq!(timers.expired(Time(60)), Some(Timer::Metadata));
        assert_eq!(timers.expired(Time(60)), Some(Timer::Identity));
        assert_eq!(timers.expired(Time(60)), None);
        assert_eq!(timers.next(), None);
    }
}
