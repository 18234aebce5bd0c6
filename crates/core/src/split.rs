//! A batch cut into parts at record borders: because it was too large for the broker (KIP-126), or because the broker
//! refused single records of it (KIP-467).

use crate::batch::{Batch, Meta, Sealed};
use crate::time::Timestamp;
use milena_wire::buf::DecodeError;
use milena_wire::compression::{Codec, Compression, Compressor, decompress};
use milena_wire::record::{EncodedRecord, Records};
use std::ops::Range;
use std::sync::Arc;

/// The two halves of a batch, by records; `None` for a single record.
pub(crate) fn halves(batch: &Sealed) -> Option<Vec<Range<u32>>> {
    let count = batch.meta.count;
    (count > 1).then(|| vec![0..count / 2, count / 2..count])
}

/// The runs of records between those that `errors` names; `None` when nothing would be left, or when a name is not one of
/// the batch's records: then the broker's list is not to be trusted.
pub(crate) fn runs_without(batch: &Sealed, errors: &[(u32, Option<Arc<str>>)]) -> Option<Vec<Range<u32>>> {
    let mut named: Vec<u32> = errors.iter().map(|(index, _)| *index).collect();
    named.sort_unstable();
    if named.windows(2).any(|pair| pair.first() == pair.last())
        || named.last().is_some_and(|last| *last >= batch.meta.count)
    {
        return None;
    }
    let mut runs = Vec::new();
    let mut start = 0;
    for index in named.into_iter().chain([batch.meta.count]) {
        if start < index {
            runs.push(start..index);
        }
        start = index + 1;
    }
    (!runs.is_empty()).then_some(runs)
}

/// Cuts `batch` into `parts`: ascending ranges of its records that do not overlap. Records in none of them must have
/// their result already. Gives the batch back when it cannot be read.
pub(crate) fn cut(
    batch: Sealed,
    parts: &[Range<u32>],
    compression: Compression,
    compressor: &mut Compressor,
) -> Result<Vec<Sealed>, Box<Sealed>> {
    let Ok(encoded) = encode_parts(&batch, parts) else { return Err(Box::new(batch)) };
    let Sealed { meta, mut claims, .. } = batch;
    let share = meta.charge / parts.len().max(1);
    let mut sealed = Vec::with_capacity(parts.len());
    for (range, part) in parts.iter().zip(encoded).rev() {
        let charge = if range.start == parts.first().map_or(0, |first| first.start) {
            meta.charge - share * (parts.len() - 1)
        } else {
            share
        };
        let meta = Meta {
            count: range.end - range.start,
            base_timestamp: part.base_timestamp,
            max_timestamp: part.max_timestamp,
            charge,
            ..meta
        };
        let batch = Batch { meta, records: part.records, claims: claims.split_off(range.start) };
        sealed.push(batch.seal(compression, compressor));
    }
    sealed.reverse();
    Ok(sealed)
}

/// A part's records, encoded anew.
struct Part {
    records: Vec<u8>,
    count: i32,
    base_timestamp: Timestamp,
    max_timestamp: Timestamp,
}

impl Part {
    fn append(&mut self, record: &EncodedRecord<'_>, timestamp: Timestamp) {
        if self.count == 0 {
            (self.base_timestamp, self.max_timestamp) = (timestamp, timestamp);
        }
        record.encode_at(timestamp.0.wrapping_sub(self.base_timestamp.0), self.count, &mut self.records);
        self.count += 1;
        self.max_timestamp = self.max_timestamp.max(timestamp);
    }
}

fn encode_parts(batch: &Sealed, parts: &[Range<u32>]) -> Result<Vec<Part>, DecodeError> {
    let mut opened = Vec::new();
    let body = if batch.codec == Codec::None {
        &batch.body[..]
    } else {
        decompress(batch.codec, &batch.body, batch.uncompressed, &mut opened)?;
        &opened[..]
    };
    let mut records = Records::new(body);
    let mut record = || records.next().ok_or(DecodeError::Invalid("record count"))?;
    let mut index = 0;
    let mut encoded = Vec::with_capacity(parts.len());
    for range in parts {
        while index < range.start {
            record()?;
            index += 1;
        }
        let mut part =
            Part { records: Vec::new(), count: 0, base_timestamp: Timestamp(0), max_timestamp: Timestamp(0) };
        while index < range.end {
            let record = record()?;
            part.append(&record, Timestamp(batch.meta.base_timestamp.0.wrapping_add(record.timestamp_delta)));
            index += 1;
        }
        encoded.push(part);
    }
    Ok(encoded)
}
