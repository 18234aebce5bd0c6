//! As `client`, with an allocator that counts: it tells of the heap too, and its processor time is not to be compared.

use anyhow::{Context, Result};
use milena_bench::measure::{Heap, count_heap_by};
use milena_bench::{clients, load};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<()> {
    count_heap_by(|| Heap::of(&ALLOCATOR.stats()));
    let mut line = std::env::args().skip(1);
    let name = line.next().context("counted NAME name=value…")?;
    load::measure(line, |arguments, tally| clients::open(&name, arguments, tally))
}
