//! What every target has: a count of what is allocated, and its limit.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Runs `work`, which may allocate `allowed` bytes in all, freed meanwhile or not.
pub fn within<T>(allowed: usize, work: impl FnOnce() -> T) -> T {
    let region = Region::new(ALLOCATOR);
    let result = work();
    let allocated = region.change().bytes_allocated;
    assert!(allocated <= allowed, "{allocated} bytes allocated, {allowed} allowed");
    result
}
