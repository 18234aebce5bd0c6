//! Flushes by generation: every batch belongs to one, and a flush waits until all up to its own have their outcome.

use std::collections::VecDeque;
use std::task::Waker;

/// A flush to wait for: everything that was accepted before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flush(u64);

/// What of one generation has no outcome yet.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Outstanding {
    /// Batches still open: their records are not counted yet.
    open: usize,
    /// Records of closed batches.
    records: u64,
}

/// The records without outcome, by generation. A record costs nothing here, a batch two additions.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The oldest generation that has not ended. All before it have.
    first: u64,
    /// From `first` on, without gaps; the last one is the generation of batches opened now. Never empty.
    generations: VecDeque<Outstanding>,
    /// Who waits for which flush.
    wakers: Vec<(Flush, Waker)>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { first: 1, generations: VecDeque::from([Outstanding::default()]), wakers: Vec::new() }
    }

    fn last(&self) -> u64 {
        self.first + self.generations.len() as u64 - 1
    }

    fn entry(&mut self, generation: u64) -> &mut Outstanding {
        let at = generation.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let entry = at.and_then(|at| self.generations.get_mut(at));
        entry.expect("a batch belongs to a generation that has not ended")
    }

    /// A batch is opened: its generation.
    pub(super) fn open(&mut self) -> u64 {
        let last = self.last();
        self.entry(last).open += 1;
        last
    }

    /// It is closed, with `count` records.
    pub(super) fn close(&mut self, generation: u64, count: u32) {
        let entry = self.entry(generation);
        assert!(entry.open > 0, "more batches closed than opened");
        entry.open -= 1;
        entry.records += u64::from(count);
    }

    /// `count` of its records have their outcome. Wakes the flushes that are done by that.
    ///
    /// Memory also comes back by itself, with no records: that of a batch whose records were reported at their deadline comes
    /// when its fate is known, and its generation may have ended long before.
    pub(super) fn release(&mut self, generation: u64, count: u32) {
        if count == 0 {
            return;
        }
        let entry = self.entry(generation);
        assert!(entry.records >= u64::from(count), "a record resolves exactly once");
        entry.records -= u64::from(count);
        while self.generations.len() > 1 && self.generations.front() == Some(&Outstanding::default()) {
            self.generations.pop_front();
            self.first += 1;
        }
        let first = self.first;
        for (_, waker) in self.wakers.extract_if(.., |(flush, _)| flush.0 < first) {
            waker.wake();
        }
    }

    /// Everything opened so far belongs to this flush, everything from now on does not.
    pub(super) fn flush(&mut self) -> Flush {
        let last = self.last();
        if *self.entry(last) == Outstanding::default() {
            return Flush(last - 1);
        }
        self.generations.push_back(Outstanding::default());
        Flush(last)
    }

    /// Whether the flush is done; if not, `waker` will be told.
    pub(super) fn poll(&mut self, flush: Flush, waker: Option<Waker>) -> bool {
        let done = flush.0 < self.first;
        if let Some(waker) = waker.filter(|_| !done)
            && !self.wakers.iter().any(|(other, known)| *other == flush && known.will_wake(&waker))
        {
            self.wakers.push((flush, waker));
        }
        done
    }

    /// Whether every record has its outcome.
    pub(super) fn is_empty(&self) -> bool {
        self.generations.iter().eq([&Outstanding::default()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_waits_for_what_was_before_it_and_for_nothing_after() {
        let mut ledger = Ledger::new();
        let before = ledger.open();
        let flush = ledger.flush();
        let after = ledger.open();
        ledger.close(after, 7);
        ledger.close(before, 5);
        ledger.release(after, 7);
        assert!(!ledger.poll(flush, None));
        ledger.release(before, 2);
        assert!(!ledger.poll(flush, None));
        ledger.release(before, 3);
        assert!(ledger.poll(flush, None));
        assert!(ledger.is_empty());
    }

    #[test]
    fn memory_that_comes_back_after_its_generation_ended_disturbs_nothing() {
        let mut ledger = Ledger::new();
        let reported = ledger.open();
        ledger.close(reported, 3);
        let flush = ledger.flush();
        ledger.release(reported, 3);
        assert!(ledger.poll(flush, None));
        ledger.release(reported, 0);
        assert!(ledger.is_empty());
    }

    #[test]
    fn flushes_without_records_between_them_share_a_generation() {
        let mut ledger = Ledger::new();
        let nothing = ledger.flush();
        assert!(ledger.poll(nothing, None));
        let generation = ledger.open();
        let flushes: Vec<_> = (0..1_000).map(|_| ledger.flush()).collect();
        assert_eq!(ledger.generations.len(), 2);
        ledger.close(generation, 1);
        ledger.release(generation, 1);
        assert!(flushes.into_iter().all(|flush| ledger.poll(flush, None)));
    }

    #[test]
    #[should_panic(expected = "exactly once")]
    fn a_record_is_released_once() {
        let mut ledger = Ledger::new();
        let generation = ledger.open();
        ledger.close(generation, 2);
        ledger.release(generation, 1);
        ledger.release(generation, 2);
    }
}
