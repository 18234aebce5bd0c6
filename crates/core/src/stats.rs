//! Plain counters: what the sender did so far. A snapshot is a copy.

use crate::batch::Meta;
use crate::error::{DeliveryError, Written};
use crate::time::Time;

/// What the sender did since it began. Counters only grow; everything else says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records acknowledged.
    pub records_acknowledged: u64,
    /// Records that failed and are surely not in the log.
    pub records_failed: u64,
    /// Records that failed and may be in the log.
    pub records_unknown: u64,
    /// Batches acknowledged.
    pub batches_acknowledged: u64,
    /// Bytes of acknowledged batches, as they were written, headers included.
    pub bytes_acknowledged: u64,
    /// Sum of the time from a batch's first record to its acknowledgement, microseconds: by `batches_acknowledged` it is the
    /// mean.
    pub acknowledgement_micros: u64,
    /// Requests sent, of every kind.
    pub requests: u64,
    /// Produce requests sent.
    pub produce_requests: u64,
    /// Attempts of a batch that ended without its acknowledgement and are made again.
    pub retries: u64,
    /// Batches cut into parts.
    pub splits: u64,
    /// Partitions numbered again under a next producer epoch.
    pub epochs: u64,
    /// Times that a broker was found to have lost what it had acknowledged.
    pub data_losses: u64,
    /// Connections asked for.
    pub connections_opened: u64,
    /// Connections that ended, in whichever way.
    pub connections_closed: u64,
    /// Requests that took longer than `request.timeout.ms`.
    pub request_timeouts: u64,
    /// Answers to metadata requests.
    pub metadata_refreshes: u64,
    /// Times that a broker asked to be left alone (KIP-219).
    pub throttles: u64,
}

impl Stats {
    pub(crate) fn acknowledged(&mut self, meta: &Meta, body: usize, now: Time) {
        self.records_acknowledged += u64::from(meta.count);
        self.batches_acknowledged += 1;
        self.bytes_acknowledged += body as u64 + 61;
        self.acknowledgement_micros += u64::try_from(now.since(meta.created).as_micros()).unwrap_or(u64::MAX);
    }

    pub(crate) fn failed(&mut self, error: &DeliveryError, count: u32) {
        match error.written {
            Written::No => self.records_failed += u64::from(count),
            Written::Maybe => self.records_unknown += u64::from(count),
        }
    }
}
