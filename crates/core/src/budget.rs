//! `buffer.memory` as heap: what batches really hold is charged, and full-sized and larger buffers are kept to be used
//! again.

use std::ops::RangeInclusive;

/// What a batch costs beside its buffer and its hooks, bytes. Counted on a 64-bit machine: the batch itself on its way
/// through the queues (open, closed, sealed: 200), the outcome that its deliveries share (112), its run and the list of
/// runs (96), the shared header of its bytes (40), and the allocator's rounding of all these.
pub(crate) const BATCH_OVERHEAD: usize = 512;

/// Buffers that are kept, at most: one request of 1 MiB brings back 64 of 16 KiB at once, and a second is on its way.
const POOLED_MAX: usize = 128;

/// Memory charged, memory kept, memory free. Always: `used` + `kept` ≤ `total`.
#[derive(Debug)]
pub(crate) struct Budget {
    /// `buffer.memory`.
    total: usize,
    /// Charged to batches that are not released, bytes.
    used: usize,
    /// Capacity of a buffer worth keeping, at least: `batch.size`. Batches that are behind outgrow it by doubling, and what
    /// they grew into is worth more: fresh memory costs a page fault for each 4 KiB, as much as encoding into them.
    full: usize,
    /// Empty buffers of such capacities. They are heap, but free memory: the first to go when it gets tight.
    pool: Vec<Vec<u8>>,
    /// The sum of their capacities.
    kept: usize,
    /// What those who are behind may hold together, bytes.
    behind_max: usize,
    /// What they hold.
    behind: usize,
    /// Free memory that is kept back from who asks just now.
    kept_back: usize,
}

impl Budget {
    /// Of `total`, those who are behind may hold `behind_max` together.
    pub(crate) fn new(total: usize, behind_max: usize, full: usize) -> Self {
        Self { total, used: 0, full, pool: Vec::new(), kept: 0, behind_max, behind: 0, kept_back: 0 }
    }

    /// Whether `bytes` more can be charged to one who is behind. The first of them may take all that there is: a record that
    /// is larger than their share must find its way too.
    pub(crate) fn fits_behind(&self, bytes: usize) -> bool {
        self.fits(bytes) && (self.behind == 0 || self.behind + bytes <= self.behind_max)
    }

    /// Runs `charge` for one who is behind or not: of the free memory it sees what that one may have. What it charges is
    /// counted to where it belongs.
    pub(crate) fn charge_as<T>(&mut self, is_behind: bool, charge: impl FnOnce(&mut Self) -> T) -> T {
        if !is_behind {
            return charge(self);
        }
        let before = self.used;
        if self.behind > 0 {
            self.kept_back = self.free().saturating_sub(self.behind_max.saturating_sub(self.behind));
        }
        let charged = charge(self);
        self.kept_back = 0;
        self.behind += self.used - before;
        charged
    }

    /// One who holds `bytes` is behind from now on, or no longer.
    pub(crate) fn shift(&mut self, bytes: usize, is_behind: bool) {
        if is_behind {
            self.behind += bytes;
        } else {
            assert!(bytes <= self.behind, "those who are behind hold less than one of them");
            self.behind -= bytes;
        }
    }

    /// Bytes charged.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Whether `bytes` more can be charged.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.free() >= bytes
    }

    /// Bytes that can still be charged.
    pub(crate) fn free(&self) -> usize {
        (self.total - self.used).saturating_sub(self.kept_back)
    }

    /// Charges `bytes`, or changes nothing.
    #[must_use]
    pub(crate) fn reserve(&mut self, bytes: usize) -> bool {
        let fits = self.fits(bytes);
        if fits {
            self.used += bytes;
            self.shrink_pool();
        }
        fits
    }

    /// The smallest of these capacities that a buffer lies ready with.
    pub(crate) fn kept(&self, capacities: RangeInclusive<usize>) -> Option<usize> {
        self.pool.iter().map(Vec::capacity).filter(|capacity| capacities.contains(capacity)).min()
    }

    /// An empty buffer of this capacity, which is already charged.
    pub(crate) fn buffer(&mut self, capacity: usize) -> Vec<u8> {
        self.take(capacity).unwrap_or_else(|| Vec::with_capacity(capacity))
    }

    /// Grows the buffer to this capacity, which is already charged.
    pub(crate) fn grow(&mut self, buffer: &mut Vec<u8>, capacity: usize) {
        match self.take(capacity) {
            Some(mut larger) => {
                larger.extend_from_slice(buffer);
                self.keep(std::mem::replace(buffer, larger));
                self.shrink_pool();
            }
            None => buffer.reserve_exact(capacity - buffer.len()),
        }
    }

    /// Takes back `charge`, and keeps the buffer where it is worth it.
    pub(crate) fn release(&mut self, charge: usize, buffer: Option<Vec<u8>>) {
        assert!(charge <= self.used, "buffer memory released twice");
        self.used -= charge;
        if let Some(buffer) = buffer {
            self.keep(buffer);
        }
        self.shrink_pool();
    }

    fn take(&mut self, capacity: usize) -> Option<Vec<u8>> {
        if capacity < self.full {
            return None;
        }
        // The last one kept first: it is the likeliest to be in a cache still.
        let at = self.pool.iter().rposition(|kept| kept.capacity() == capacity)?;
        self.kept -= capacity;
        Some(self.pool.remove(at))
    }

    fn keep(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() >= self.full && self.pool.len() < POOLED_MAX {
            buffer.clear();
            self.kept += buffer.capacity();
            self.pool.push(buffer);
        }
    }

    fn shrink_pool(&mut self) {
        while self.used + self.kept > self.total {
            let Some(dropped) = self.pool.pop() else { return };
            self.kept -= dropped.capacity();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_sized_buffer_is_used_again_and_a_smaller_one_is_not() {
        let mut budget = Budget::new(1_000, 800, 100);
        assert!(budget.reserve(150));
        let buffer = budget.buffer(100);
        let place = buffer.as_ptr();
        budget.release(100, Some(buffer));
        budget.release(50, Some(Vec::with_capacity(50)));
        assert_eq!(budget.pool.len(), 1);
        let again = budget.buffer(100);
        assert_eq!(again.as_ptr(), place);
    }

    #[test]
    fn a_buffer_grows_into_one_that_is_kept() {
        let mut budget = Budget::new(1_000, 800, 100);
        assert!(budget.reserve(200));
        budget.release(200, Some(Vec::with_capacity(200)));
        assert!(budget.reserve(200));
        let mut buffer = Vec::with_capacity(100);
        buffer.extend_from_slice(b"what it holds");
        budget.grow(&mut buffer, 200);
        assert_eq!((buffer.as_slice(), buffer.capacity()), (b"what it holds".as_slice(), 200));
        assert_eq!((budget.pool.len(), budget.kept), (1, 100), "the one that it grew out of");
    }

    #[test]
    fn kept_buffers_make_way_for_charges() {
        let mut budget = Budget::new(1_000, 800, 100);
        assert!(budget.reserve(1_000));
        for _ in 0..10 {
            budget.release(100, Some(Vec::with_capacity(100)));
        }
        assert_eq!(budget.pool.len(), 10);
        assert!(budget.reserve(950));
        assert_eq!(budget.pool.len(), 0);
        assert!(!budget.reserve(51), "the pool is not memory of its own");
        assert!(budget.reserve(50));
    }

    #[test]
    #[should_panic(expected = "released twice")]
    fn a_charge_is_released_once() {
        let mut budget = Budget::new(1_000, 800, 100);
        assert!(budget.reserve(100));
        budget.release(100, None);
        budget.release(100, None);
    }

    #[test]
    fn those_who_are_behind_share_a_part_and_the_first_may_take_all() {
        let mut budget = Budget::new(1_000, 800, 100);
        assert!(budget.charge_as(true, |budget| budget.reserve(900)), "there is nobody else");
        budget.shift(900, false);
        budget.release(900, None);
        assert!(budget.charge_as(true, |budget| budget.reserve(500)));
        assert!(!budget.fits_behind(301));
        assert!(!budget.charge_as(true, |budget| budget.reserve(301)));
        assert!(budget.fits_behind(300));
        assert!(budget.charge_as(true, |budget| budget.reserve(300)));
        assert!(budget.reserve(200), "the rest is for the others");
        budget.shift(500, false);
        assert!(!budget.fits_behind(1), "and what is used up is used up");
    }
}
