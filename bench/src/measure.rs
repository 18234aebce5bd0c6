//! What a process has used: processor time of all its threads, and memory.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// x86-64 and most others.
const PAGE_KIB: u64 = 4;

/// User and system time of this process, all threads, so far.
pub fn cpu_time() -> Duration {
    cpu_time_of(UsageWho::RUSAGE_SELF)
}

/// User and system time of all children that have ended.
pub fn children_cpu_time() -> Duration {
    cpu_time_of(UsageWho::RUSAGE_CHILDREN)
}

fn cpu_time_of(who: UsageWho) -> Duration {
    let Ok(usage) = getrusage(who) else { return Duration::ZERO };
    [usage.user_time(), usage.system_time()]
        .map(|time| Duration::from_micros(time.num_microseconds().unsigned_abs()))
        .iter()
        .sum()
}

/// Memory that this process holds now, KiB.
pub fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * PAGE_KIB
}

/// A moment, as the wall and as the processor count it.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    wall: Instant,
    cpu: Duration,
}

impl Moment {
    /// Now.
    pub fn now() -> Self {
        Self { wall: Instant::now(), cpu: cpu_time() }
    }

    /// Wall and processor time since then.
    pub fn elapsed(&self) -> (Duration, Duration) {
        (self.wall.elapsed(), cpu_time() - self.cpu)
    }
}

/// What the allocator has been asked for.
#[derive(Debug, Clone, Copy)]
pub struct Heap {
    /// Requests so far, those for another size among them.
    pub requests: usize,
    /// Bytes in use.
    pub bytes: usize,
}

impl Heap {
    /// What an allocator of the crate `stats_alloc` says.
    pub fn of(stats: &stats_alloc::Stats) -> Self {
        // What a reallocation adds or takes stands among the allocated or the deallocated bytes already.
        let bytes = stats.bytes_allocated.saturating_sub(stats.bytes_deallocated);
        Self { requests: stats.allocations + stats.reallocations, bytes }
    }
}

static GAUGE: OnceLock<fn() -> Heap> = OnceLock::new();

/// Has reports tell of the heap: for programs whose allocator counts.
pub fn count_heap_by(gauge: fn() -> Heap) {
    let _ = GAUGE.set(gauge);
}

/// The heap of this process now, if anybody counts.
pub fn heap() -> Option<Heap> {
    GAUGE.get().map(|gauge| gauge())
}
