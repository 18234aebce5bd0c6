//! Reading a log back: every record with its offset and its producer, for assertions.

use crate::broker::validation::DECOMPRESSED_MAX;
use crate::log::{Log, StoredBatch};
use milena_wire::buf::{DecodeError, Reader};
use milena_wire::compression::{Codec, decompress};
use milena_wire::record::{EncodedRecord, Records};
use milena_wire::record_batch::{BatchHeader, RecordBatch, TimestampType};

/// A record as it is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecord {
    /// Its offset.
    pub offset: i64,
    /// Milliseconds since 1970: the producer's, or the broker's where the topic uses append time.
    pub timestamp: i64,
    /// `None` is null.
    pub key: Option<Vec<u8>>,
    /// `None` is null.
    pub value: Option<Vec<u8>>,
    /// In order, duplicates kept.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Who wrote it, −1 without idempotence.
    pub producer_id: i64,
    /// In which epoch, −1 without idempotence.
    pub producer_epoch: i16,
    /// Its sequence, −1 without idempotence.
    pub sequence: i32,
    /// What its batch is compressed with.
    pub codec: Codec,
}

impl ReadRecord {
    /// The key as text. `None`: it is null, or not UTF-8.
    pub fn key_text(&self) -> Option<&str> {
        self.key.as_deref().and_then(|key| str::from_utf8(key).ok())
    }

    /// The value as text. `None`: it is null, or not UTF-8.
    pub fn value_text(&self) -> Option<&str> {
        self.value.as_deref().and_then(|value| str::from_utf8(value).ok())
    }
}

/// Every record of a log.
///
/// # Panics
/// If a batch cannot be read: every batch was when it was appended.
pub(crate) fn records(log: &Log) -> Vec<ReadRecord> {
    let mut all = Vec::new();
    for batch in log.batches() {
        each(batch, |record| all.push(owned(record))).expect("a batch was read when it was appended");
    }
    all.retain(|record| record.offset >= log.start());
    all
}

/// Offset and timestamp of the first record that is not older than `time`.
pub(crate) fn first_at_or_after(log: &Log, time: i64) -> Option<(i64, i64)> {
    let readable = log.batches().filter(|batch| batch.last_offset < log.high_watermark());
    let mut batches = readable.filter(|batch| batch.max_timestamp >= time);
    batches.find_map(|batch| {
        let mut found = None;
        let look = |record: Found<'_>| {
            if found.is_none() && record.timestamp >= time && record.offset >= log.start() {
                found = Some((record.offset, record.timestamp));
            }
        };
        each(batch, look).ok()?;
        found
    })
}

/// Offset and timestamp of the first of the records with the latest timestamp.
pub(crate) fn latest(log: &Log) -> Option<(i64, i64)> {
    let time = log
        .batches()
        .filter(|batch| batch.last_offset < log.high_watermark())
        .map(|batch| batch.max_timestamp)
        .max()?;
    first_at_or_after(log, time)
}

/// A record and what its batch says of it.
struct Found<'a> {
    offset: i64,
    timestamp: i64,
    header: BatchHeader,
    record: EncodedRecord<'a>,
}

fn each(stored: &StoredBatch, mut look: impl FnMut(Found<'_>)) -> Result<(), DecodeError> {
    let batch = RecordBatch::decode(&mut Reader::new(&stored.sent))?;
    let header = batch.header;
    let mut decompressed = Vec::new();
    let records = if header.codec == Codec::None {
        batch.records()
    } else {
        decompress(header.codec, batch.body, DECOMPRESSED_MAX, &mut decompressed)?;
        Records::new(&decompressed)
    };
    for record in records {
        let record = record?;
        let timestamp = match header.timestamp_type {
            TimestampType::CreateTime => header.base_timestamp.saturating_add(record.timestamp_delta),
            TimestampType::LogAppendTime => header.max_timestamp,
        };
        look(Found { offset: stored.base_offset + i64::from(record.offset_delta), timestamp, header, record });
    }
    Ok(())
}

fn owned(found: Found<'_>) -> ReadRecord {
    let Found { offset, timestamp, header, record } = found;
    let sequence = if header.base_sequence < 0 {
        -1
    } else {
        crate::producer_state::sequence_after(header.base_sequence, record.offset_delta)
    };
    let headers = record.headers().flatten();
    ReadRecord {
        offset,
        timestamp,
        key: record.key.map(<[u8]>::to_vec),
        value: record.value.map(<[u8]>::to_vec),
        headers: headers.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect(),
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        sequence,
        codec: header.codec,
    }
}
