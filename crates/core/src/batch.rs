//! A batch's life is its type: open (in the accumulator) → [`Batch`], closed: complete → [`Sealed`]: compressed, its body
//! immutable → stamped (in the sender): numbered under a producer identity.

use crate::delivery::{Claims, Hooks, RunResult};
use crate::time::{Time, Timestamp};
use crate::topic::PartitionKey;
use bytes::Bytes;
use milena_wire::compression::{Codec, Compression, Compressor};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What stays the same from open to acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) key: PartitionKey,
    /// When its first record was accepted: `delivery.timeout.ms` counts from here, through splits too.
    pub(crate) created: Time,
    /// When the last request that it was in left; `None` before the first.
    pub(crate) sent: Option<Time>,
    /// Records in it, at least one.
    pub(crate) count: u32,
    /// The first record's timestamp.
    pub(crate) base_timestamp: Timestamp,
    /// The latest of the records' timestamps.
    pub(crate) max_timestamp: Timestamp,
    /// Bytes of `buffer.memory` that it holds until it is released.
    pub(crate) charge: usize,
    /// Which flush covers it: the accumulator counts the records of each generation until they are released.
    pub(crate) generation: u64,
    /// The sender's number for it while it is being compressed.
    pub(crate) id: u64,
}

impl Meta {
    /// What the accumulator gets back for it, with its buffer where that is free. A batch that was split gives it back in
    /// parts, whose counts and charges add up to these.
    pub(crate) fn release(self, buffer: Option<Vec<u8>>) -> Release {
        let Self { key, count, charge, generation, sent, .. } = self;
        Release { key, count, charge, generation, sent, buffer }
    }
}

/// A closed batch: complete, its records encoded, not compressed.
#[derive(Debug)]
pub struct Batch {
    pub(crate) meta: Meta,
    /// The encoded records, one after another, without the batch's header.
    pub(crate) records: Vec<u8>,
    pub(crate) claims: Claims,
}

impl Batch {
    /// Which partition it is for.
    pub fn key(&self) -> PartitionKey {
        self.meta.key
    }

    /// Records in it.
    pub fn count(&self) -> u32 {
        self.meta.count
    }

    /// Bytes of its records, not compressed.
    pub fn size(&self) -> usize {
        self.records.len()
    }

    /// Its records as format v2 encodes them, one after another, not compressed.
    pub fn records(&self) -> &[u8] {
        &self.records
    }

    /// When its first record was accepted.
    pub fn created(&self) -> Time {
        self.meta.created
    }

    /// The first record's timestamp: the records carry theirs as differences to it.
    pub fn base_timestamp(&self) -> Timestamp {
        self.meta.base_timestamp
    }

    /// The latest of the records' timestamps.
    pub fn max_timestamp(&self) -> Timestamp {
        self.meta.max_timestamp
    }

    /// Ends it as it is, with the same result for all its records. What the accumulator gets back, and the hooks to run.
    pub fn finish(mut self, result: RunResult) -> (Release, Hooks) {
        let hooks = self.claims.resolve(0, self.meta.count, result);
        (self.meta.release(Some(self.records)), hooks)
    }

    /// Compresses it, unless that does not make it smaller. Pure, and slow: this is what the pool runs.
    ///
    /// A batch that was compressed has two buffers for a moment; the records' own is given back with [`Sealed`].
    pub fn seal(self, compression: Compression, compressor: &mut Compressor) -> Sealed {
        let Self { meta, records, claims } = self;
        let uncompressed = records.len();
        if compression.codec != Codec::None {
            let mut body = Vec::new();
            // A codec that panics must not take the batch with it: the records leave as they are.
            let compress = || compressor.compress(compression, &records, &mut body).is_ok();
            let compressed = catch_unwind(AssertUnwindSafe(compress)).unwrap_or_else(|_| {
                *compressor = Compressor::default();
                false
            });
            if compressed && body.len() < uncompressed {
                body.shrink_to_fit();
                return Sealed {
                    meta,
                    codec: compression.codec,
                    body: body.into(),
                    uncompressed,
                    spare: Some(records),
                    claims,
                };
            }
        }
        Sealed { meta, codec: Codec::None, body: records.into(), uncompressed, spare: None, claims }
    }
}

/// A sealed batch: its body will not change any more.
#[derive(Debug)]
pub struct Sealed {
    pub(crate) meta: Meta,
    pub(crate) codec: Codec,
    /// The records as they are written, after the batch's header.
    pub(crate) body: Bytes,
    /// Bytes of the records before compression.
    pub(crate) uncompressed: usize,
    /// The buffer that the records came in, when `body` is another.
    pub(crate) spare: Option<Vec<u8>>,
    pub(crate) claims: Claims,
}

impl Sealed {
    /// Which partition it is for.
    pub fn key(&self) -> PartitionKey {
        self.meta.key
    }
}

impl Sealed {
    /// The buffer that the records came in, once they lie compressed in another, and the memory that it is charged for.
    pub(crate) fn take_spare(&mut self) -> Option<Release> {
        let spare = self.spare.take()?;
        let kept = self.body.len().min(self.meta.charge);
        let charge = (self.meta.charge - kept).min(spare.capacity());
        self.meta.charge -= charge;
        Some(Meta { count: 0, charge, ..self.meta }.release(Some(spare)))
    }
}

/// What a batch gives back when it is done.
#[derive(Debug)]
pub struct Release {
    /// Which partition it was for.
    pub(crate) key: PartitionKey,
    /// Records that have their result.
    pub(crate) count: u32,
    /// Bytes of `buffer.memory`.
    pub(crate) charge: usize,
    /// The batch's generation.
    pub(crate) generation: u64,
    /// When the last request that it was in left.
    pub(crate) sent: Option<Time>,
    /// A buffer to use again, its content of no use; `None` when it is still held elsewhere.
    pub(crate) buffer: Option<Vec<u8>>,
}
