//! Batches, as clients write them and as they do not.

use anyhow::Result;
use milena_wire::compression::{Codec, Compression, Compressor};
use milena_wire::record::RecordView;
use milena_wire::record_batch::BatchHeader;

/// Who wrote a batch, by a number that both clusters have an id for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// Producer id −1.
    Nobody,
    /// The how manyth that InitProducerId gave out.
    Known(usize),
    /// An id that nobody gave out.
    Stranger(i64),
}

/// What is wrong with a batch's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    None,
    Checksum,
    Twice,
    Nothing,
    CutShort,
    BaseOffset,
    Count,
    Magic,
}

#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) who: Who,
    pub(super) epoch: i16,
    pub(super) sequence: i32,
    pub(super) count: i32,
    /// Milliseconds from now.
    pub(super) age: i64,
    pub(super) keyed: bool,
    pub(super) value: usize,
    pub(super) codec: Codec,
    pub(super) transactional: bool,
    pub(super) damage: Damage,
}

impl Batch {
    pub(super) fn bytes(&self, producer_id: i64, now_ms: i64) -> Result<Vec<u8>> {
        let value = vec![b'v'; self.value];
        let mut records = Vec::new();
        for offset_delta in 0..self.count {
            let (key, value, headers) = (self.keyed.then_some(&b"key"[..]), Some(&value[..]), std::iter::empty());
            RecordView { timestamp_delta: offset_delta.into(), offset_delta, key, value, headers }.encode(&mut records);
        }
        let mut body = records;
        if self.codec != Codec::None {
            let mut compressed = Vec::new();
            Compressor::default().compress(Compression { codec: self.codec, level: None }, &body, &mut compressed)?;
            body = compressed;
        }
        let base_timestamp = now_ms - self.age;
        let mut header = BatchHeader {
            codec: self.codec,
            transactional: self.transactional,
            last_offset_delta: self.count - 1,
            base_timestamp,
            max_timestamp: base_timestamp + i64::from(self.count) - 1,
            producer_id,
            producer_epoch: self.epoch,
            base_sequence: self.sequence,
            record_count: self.count,
            ..BatchHeader::default()
        };
        match self.damage {
            Damage::BaseOffset => header.base_offset = 3,
            Damage::Count => header.record_count += 1,
            _ => {}
        }
        let mut bytes = [&header.encode(&body)[..], &body].concat();
        match self.damage {
            Damage::Checksum => bytes.iter_mut().skip(17).take(1).for_each(|byte| *byte ^= 1),
            Damage::Magic => bytes.iter_mut().skip(16).take(1).for_each(|byte| *byte = 1),
            Damage::Twice => bytes.extend_from_within(..),
            Damage::CutShort => bytes.truncate(bytes.len() - 1),
            Damage::Nothing => bytes.clear(),
            Damage::None | Damage::BaseOffset | Damage::Count => {}
        }
        Ok(bytes)
    }
}
