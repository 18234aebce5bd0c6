//! The same with an allocator that counts.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> anyhow::Result<()> {
    milena_bench::measure::count_heap_by(|| milena_bench::measure::Heap::of(&ALLOCATOR.stats()));
    milena_bench::load::measure(std::env::args().skip(1), bench_krafka::open)
}
