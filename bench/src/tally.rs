//! What came back: records acknowledged, and how late after they were due.

use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A minute: what is later is counted as this.
const LATENCY_MAX_US: u64 = 60_000_000;

/// Counted by whatever thread a client calls back on.
#[derive(Debug)]
pub struct Tally {
    acked: AtomicU64,
    failed: AtomicU64,
    schedule: OnceLock<Schedule>,
    /// Microseconds.
    latencies: Mutex<Histogram<u64>>,
}

/// When each record of a paced run is due.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// When the first record is.
    pub start: Instant,
    /// Its number.
    pub first: u64,
    /// Records that are due together.
    pub per_tick: u64,
    /// Time between those.
    pub tick: Duration,
}

impl Schedule {
    fn due(&self, number: u64) -> Instant {
        let ticks = (number - self.first) / self.per_tick;
        self.start + self.tick * u32::try_from(ticks).unwrap_or(u32::MAX)
    }
}

impl Default for Tally {
    fn default() -> Self {
        let latencies = Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).expect("these bounds are allowed");
        Self { acked: 0.into(), failed: 0.into(), schedule: OnceLock::new(), latencies: Mutex::new(latencies) }
    }
}

impl Tally {
    /// From now on latencies are taken of records from `schedule.first` on.
    pub fn pace(&self, schedule: Schedule) {
        let _ = self.schedule.set(schedule);
    }

    /// Record `number` is acknowledged. Called by one thread at a time.
    #[inline]
    pub fn ack(&self, number: u64) {
        // One writer at a time: a plain addition, for an atomic one would be a twentieth of what is measured.
        self.acked.store(self.acked.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        if let Some(schedule) = self.schedule.get().filter(|schedule| number >= schedule.first) {
            let late = schedule.due(number).elapsed().as_micros();
            let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
            latencies.saturating_record(u64::try_from(late).unwrap_or(u64::MAX));
        }
    }

    /// A record failed.
    pub fn fail(&self, why: &dyn std::fmt::Display) {
        if self.failed.fetch_add(1, Ordering::Relaxed) == 0 {
            eprintln!("a record failed: {why}");
        }
    }

    /// Acknowledged so far.
    pub fn acked(&self) -> u64 {
        self.acked.load(Ordering::Relaxed)
    }

    /// Failed so far.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// The latency that this share of the records did not exceed, microseconds; 0 when none was taken.
    pub fn latency(&self, quantile: f64) -> u64 {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).value_at_quantile(quantile)
    }
}
