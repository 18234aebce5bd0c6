//! The counts of a run: outcomes, latencies, and what each partition got.

use hdrhistogram::Histogram;
use milena::{Ack, Written};
use std::time::{Duration, Instant};

/// Longer latencies count as this long: a day, microseconds.
const LATENCY_MAX: u64 = 24 * 3600 * 1_000_000;

/// What a run came to.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// Records that are in the log.
    pub(crate) acknowledged: u64,
    /// Lines that are certainly not in the log: records that failed and lines that are no record.
    pub(crate) failed: u64,
    /// Those of `failed` that are no record.
    pub(crate) bad_lines: u64,
    /// Records that may be in the log.
    pub(crate) unknown: u64,
    /// Bytes of keys, values and headers.
    pub(crate) bytes: u64,
    /// From accepted to acknowledged, microseconds, three digits exact.
    pub(crate) latency: Histogram<u64>,
    /// The longest, exact.
    pub(crate) latency_max: Duration,
    /// By number; a partition that got nothing has no records.
    pub(crate) partitions: Vec<PartitionTally>,
    /// When the last acknowledgement came.
    pub(crate) last: Option<Instant>,
}

/// What one partition got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PartitionTally {
    /// Records acknowledged.
    pub(crate) records: u64,
    /// The lowest and the highest offset; `None` where the broker says none (`acks=0`).
    pub(crate) offsets: Option<(i64, i64)>,
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        #[expect(clippy::expect_used, reason = "the bounds are constants and right")]
        let latency = Histogram::new_with_bounds(1, LATENCY_MAX, 3).expect("bounds of the histogram");
        Self {
            acknowledged: 0,
            failed: 0,
            bad_lines: 0,
            unknown: 0,
            bytes: 0,
            latency,
            latency_max: Duration::ZERO,
            partitions: Vec::new(),
            last: None,
        }
    }

    /// Every line that was read.
    pub(crate) fn records(&self) -> u64 {
        self.acknowledged + self.failed + self.unknown
    }

    /// A record is in the log.
    pub(crate) fn acknowledge(&mut self, ack: &Ack, latency: Duration, now: Instant) {
        self.acknowledged += 1;
        self.latency.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        self.latency_max = self.latency_max.max(latency);
        self.last = Some(now);
        let Ok(index) = usize::try_from(ack.partition) else { return };
        if index >= self.partitions.len() {
            self.partitions.resize(index + 1, PartitionTally::default());
        }
        let partition = &mut self.partitions[index];
        partition.records += 1;
        if let Some(offset) = ack.offset {
            let (first, last) = partition.offsets.unwrap_or((offset, offset));
            partition.offsets = Some((first.min(offset), last.max(offset)));
        }
    }

    /// A line is not in the log, or may not be.
    pub(crate) fn fail(&mut self, written: Written, is_record: bool) {
        match written {
            Written::No => self.failed += 1,
            Written::Maybe => self.unknown += 1,
        }
        self.bad_lines += u64::from(!is_record);
    }
}
