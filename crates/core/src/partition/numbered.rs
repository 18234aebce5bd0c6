//! A batch in its partition's queue: waiting, then numbered.

use super::{AttemptId, ProducerIdentity};
use crate::batch::{Meta, Sealed};
use crate::error::Written;
use crate::time::Time;
use milena_wire::record_batch::BatchHeader;
use std::sync::Arc;

/// Where a batch that is not numbered yet stands.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are the large one: the other is only with a codec, and not for long"
)]
pub(super) enum Waiting {
    /// It is being compressed. Its place is kept.
    Sealing(u64),
    Sealed(Sealed),
}

/// The number of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) identity: ProducerIdentity,
    pub(super) base_sequence: i32,
}

/// Where a numbered batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Queued,
    InFlight(AttemptId),
}

/// A batch that left the waiting line.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) batch: Sealed,
    /// `None`: to be numbered when it is next sent.
    pub(super) stamp: Option<Stamp>,
    /// The batch's header as it is sent, for as long as the stamp stays.
    pub(super) header: [u8; 61],
    pub(super) place: Place,
    /// Attempts that ended and were not acknowledged.
    pub(super) attempts: u32,
    /// When the last attempt ended that may have written.
    pub(super) uncertain: Option<Time>,
    /// Its records have their result already: maybe written.
    pub(super) reported: bool,
    /// A newer batch of the same epoch was acknowledged, which proves nothing of this one: the floor before that. Where this one
    /// is in the log, it is not below.
    pub(super) overtaken: Option<i64>,
    /// Once it was probed: what is acknowledged below this offset was in the log before.
    pub(super) bound: Option<i64>,
    /// What held it up last.
    pub(super) trouble: Option<Arc<str>>,
}

impl Numbered {
    pub(super) fn new(batch: Sealed) -> Self {
        Self {
            batch,
            stamp: None,
            header: [0; 61],
            place: Place::Queued,
            attempts: 0,
            uncertain: None,
            reported: false,
            overtaken: None,
            bound: None,
            trouble: None,
        }
    }

    pub(super) fn may_be_written(&self) -> bool {
        self.uncertain.is_some() || matches!(self.place, Place::InFlight(_))
    }

    pub(super) fn written(&self) -> Written {
        if self.may_be_written() { Written::Maybe } else { Written::No }
    }
}

/// The sequence `count` records after `sequence`: it wraps from 2^31 − 1 to 0.
pub(super) fn sequence_after(sequence: i32, count: u32) -> i32 {
    let next = (i64::from(sequence) + i64::from(count)) & i64::from(i32::MAX);
    i32::try_from(next).unwrap_or(0)
}

pub(super) fn header(batch: &Sealed, identity: ProducerIdentity, base_sequence: i32) -> [u8; 61] {
    let Meta { count, base_timestamp, max_timestamp, .. } = batch.meta;
    let header = BatchHeader {
        codec: batch.codec,
        last_offset_delta: i32::try_from(count).unwrap_or(i32::MAX) - 1,
        base_timestamp: base_timestamp.0,
        max_timestamp: max_timestamp.0,
        producer_id: identity.producer_id,
        producer_epoch: identity.epoch,
        base_sequence,
        record_count: i32::try_from(count).unwrap_or(i32::MAX),
        ..BatchHeader::default()
    };
    header.encode(&batch.body)
}
