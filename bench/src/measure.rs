//! What a process has used: processor time of all its threads, and memory.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::time::{Duration, Instant};

/// x86-64 and most others.
const PAGE_KIB: u64 = 4;

/// User and system time of this process, all threads, so far.
pub fn cpu_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
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
