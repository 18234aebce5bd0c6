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
}

impl Budget {
    pub(crate) fn new(total: usize, full: usize) -> Self {
        Self { total, used: 0, full, pool: Vec::new(), kept: 0 }
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
        self.total - self.used
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
        let mut budget = Budget::new(1_000, 100);
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
        let mut budget = Budget::new(1_000, 100);
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
        let mut budget = Budget::new(1_000, 100);
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
        let mut budget = Budget::new(1_000, 100);
        assert!(budget.reserve(100));
        budget.release(100, None);
        budget.release(100, None);
    }
}
