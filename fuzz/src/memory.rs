//! What is allocated is counted, and has a limit.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the producer may hold for bytes that a broker sent: twice as much, and 64 KiB.
pub fn received(bytes: &[u8]) -> usize {
    2 * bytes.len() + 65_536
}

/// What is held at most, measured step by step.
pub struct Peak {
    region: Region<'static, System>,
    /// Bytes held before a step, and all that the step took: no less than was ever held in it.
    pub bytes: usize,
}

impl Default for Peak {
    fn default() -> Self {
        Self { region: Region::new(ALLOCATOR), bytes: 0 }
    }
}

impl Peak {
    /// A step.
    pub fn step<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = self.region.change();
        let result = work();
        let taken = self.region.change().bytes_allocated - before.bytes_allocated;
        let held = before.bytes_allocated.saturating_sub(before.bytes_deallocated);
        self.bytes = self.bytes.max(held + taken);
        result
    }
}

/// Runs `work`, which may allocate `allowed` bytes in all, freed meanwhile or not.
pub fn within<T>(allowed: usize, work: impl FnOnce() -> T) -> T {
    let region = Region::new(ALLOCATOR);
    let result = work();
    let allocated = region.change().bytes_allocated;
    assert!(allocated <= allowed, "{allocated} bytes allocated, {allowed} allowed");
    result
}
