//! A batch's life is its type: open (in the accumulator) → [`Batch`], closed: complete → [`Sealed`]: compressed, its body
//! immutable → stamped (in the sender): numbered under a producer identity.

use crate::delivery::Claims;
use crate::time::{Time, Timestamp};
use crate::topic::PartitionKey;
use bytes::Bytes;
use milena_wire::compression::{Codec, Compression, Compressor};

/// What stays the same from open to acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) key: PartitionKey,
    /// When its first record was accepted: `delivery.timeout.ms` counts from here, through splits too.
    pub(crate) created: Time,
    /// Records in it, at least one.
    pub(crate) count: u32,
    /// The first record's timestamp.
    pub(crate) base_timestamp: Timestamp,
    /// The latest of the records' timestamps.
    pub(crate) max_timestamp: Timestamp,
    /// Bytes of `buffer.memory` that it holds until it is released.
    pub(crate) charge: usize,
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

    /// Compresses it, unless that does not make it smaller. Pure, and slow: this is what the pool runs.
    ///
    /// A batch that was compressed has two buffers for a moment; the records' own is given back with [`Sealed`].
    pub fn seal(self, compression: Compression, compressor: &mut Compressor) -> Sealed {
        let Self { meta, records, claims } = self;
        let uncompressed = records.len();
        if compression.codec != Codec::None {
            let mut body = Vec::new();
            let compressed = compressor.compress(compression, &records, &mut body);
            if compressed.is_ok() && body.len() < uncompressed {
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

/// What a batch gives back when it is done.
#[derive(Debug)]
pub struct Release {
    /// Which partition it was for.
    pub(crate) key: PartitionKey,
    /// Bytes of `buffer.memory`.
    pub(crate) charge: usize,
    /// A buffer to use again, empty; `None` when it is still held elsewhere.
    pub(crate) buffer: Option<Vec<u8>>,
}
