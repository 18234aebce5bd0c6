//! `buffer.memory` as heap: what batches really hold is charged, and full-sized buffers are kept to be used again.

/// What a batch costs beside its buffer and its hooks, bytes. Counted on a 64-bit machine: the batch itself on its way
/// through the queues (open, closed, sealed: 200), the outcome that its deliveries share (112), its run and the list of
/// runs (96), the shared header of its bytes (40), and the allocator's rounding of all these.
pub(crate) const BATCH_OVERHEAD: usize = 512;

/// Buffers that are kept, at most: one request of 1 MiB brings back 64 of 16 KiB at once, and a second is on its way.
const POOLED_MAX: usize = 128;

/// Memory charged, memory kept, memory free. Always: `used` + what the pool holds ≤ `total`.
#[derive(Debug)]
pub(crate) struct Budget {
    /// `buffer.memory`.
    total: usize,
    /// Charged to batches that are not released, bytes.
    used: usize,
    /// Capacity of a buffer worth keeping: `batch.size`.
    full: usize,
    /// Empty buffers of exactly that capacity. They are heap, but free memory: the first to go when it gets tight.
    pool: Vec<Vec<u8>>,
}

impl Budget {
    pub(crate) fn new(total: usize, full: usize) -> Self {
        Self { total, used: 0, full, pool: Vec::new() }
    }

    /// Bytes charged.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Whether `bytes` more can be charged.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.total - self.used >= bytes
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

    /// An empty buffer of at least `capacity` bytes, whose capacity is already charged.
    pub(crate) fn buffer(&mut self, capacity: usize) -> Vec<u8> {
        let kept = if capacity == self.full { self.pool.pop() } else { None };
        kept.unwrap_or_else(|| Vec::with_capacity(capacity))
    }

    /// Takes back `charge`, and keeps the buffer where it is worth it.
    pub(crate) fn release(&mut self, charge: usize, buffer: Option<Vec<u8>>) {
        assert!(charge <= self.used, "buffer memory released twice");
        self.used -= charge;
        if let Some(mut buffer) = buffer.filter(|buffer| buffer.capacity() == self.full) {
            buffer.clear();
            if self.pool.len() < POOLED_MAX {
                self.pool.push(buffer);
            }
        }
        self.shrink_pool();
    }

    fn shrink_pool(&mut self) {
        while !self.pool.is_empty() && self.used + self.pool.len() * self.full > self.total {
            self.pool.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_sized_buffer_is_used_again_and_others_are_not() {
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
