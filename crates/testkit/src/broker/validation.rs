//! Whether a batch may be appended, as far as the batch alone can tell, in the order in which Kafka looks.

use crate::topic::TopicOptions;
use milena_wire::buf::Reader;
use milena_wire::compression::{Codec, decompress};
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::produce::BatchIndexAndErrorMessage;
use milena_wire::record::Records;
use milena_wire::record_batch::{RecordBatch, TimestampType};

/// The most that a compressed batch may become, bytes: what arrives is bounded, so must be what comes of it.
pub(crate) const DECOMPRESSED_MAX: usize = 128 << 20;

/// Bytes up to and with `batchLength`.
const BEFORE_BATCH: usize = 12;
/// The least that a batch of any format can announce (`LegacyRecord.RECORD_OVERHEAD_V0`).
const BATCH_LENGTH_MIN: i32 = 14;
/// Where the format's number stands.
const MAGIC_AT: usize = 16;
/// The first version of Produce in which zstd may be used (KIP-110).
const FIRST_WITH_ZSTD: i16 = 7;

/// Why a batch is not appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    /// Only where records were looked at, as in Kafka.
    pub(crate) message: Option<String>,
    pub(crate) record_errors: Vec<BatchIndexAndErrorMessage>,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: None, record_errors: Vec::new() }
    }
}

/// The one batch that a partition's records must be. What follows it without being whole is cut off.
pub(crate) fn only_batch(records: &[u8], version: i16) -> Result<(RecordBatch<'_>, &[u8]), Refusal> {
    let Some(size) = batch_size(records)? else { return Err(ErrorCode::INVALID_RECORD.into()) };
    if !matches!(records.get(MAGIC_AT), Some(2)) {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    let (bytes, rest) = records.split_at(size);
    let batch = RecordBatch::decode(&mut Reader::new(bytes)).map_err(|_| ErrorCode::CORRUPT_MESSAGE)?;
    if batch.header.codec == Codec::Zstd && version < FIRST_WITH_ZSTD {
        return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.into());
    }
    if batch_size(rest)?.is_some() {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    Ok((batch, bytes))
}

/// The size of the batch that `bytes` begin with, `None` when it is not all there.
fn batch_size(bytes: &[u8]) -> Result<Option<usize>, ErrorCode> {
    let Some(length) = bytes.get(8..BEFORE_BATCH).and_then(|length| length.first_chunk::<4>()) else { return Ok(None) };
    let length = i32::from_be_bytes(*length);
    if length < BATCH_LENGTH_MIN {
        return Err(ErrorCode::CORRUPT_MESSAGE);
    }
    let Some(magic) = bytes.get(MAGIC_AT) else { return Ok(None) };
    if *magic > 2 {
        return Err(ErrorCode::CORRUPT_MESSAGE);
    }
    let size = usize::try_from(length).map_or(usize::MAX, |length| length + BEFORE_BATCH);
    Ok((size <= bytes.len()).then_some(size))
}

/// The checks of a leader before it asks what it knows of the producer. An error here says nothing about an earlier
/// attempt with the same batch.
pub(crate) fn check(batch: &RecordBatch<'_>, size: usize, options: &TopicOptions, now_ms: i64) -> Result<(), Refusal> {
    let header = &batch.header;
    if header.base_offset != 0 {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    if size > options.max_message_bytes {
        return Err(ErrorCode::MESSAGE_TOO_LARGE.into());
    }
    batch.verify_crc().map_err(|_| ErrorCode::CORRUPT_MESSAGE)?;
    let counts_agree = header.record_count > 0 && i64::from(header.last_offset_delta) + 1 == header.record_count.into();
    let numbered = header.producer_id < 0 || header.base_sequence >= 0;
    if !counts_agree || header.control || !numbered {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    check_records(batch, options, now_ms)
}

fn check_records(batch: &RecordBatch<'_>, options: &TopicOptions, now_ms: i64) -> Result<(), Refusal> {
    let mut decompressed = Vec::new();
    let records = if batch.header.codec == Codec::None {
        batch.records()
    } else {
        decompress(batch.header.codec, batch.body, DECOMPRESSED_MAX, &mut decompressed)
            .map_err(|_| ErrorCode::INVALID_RECORD)?;
        Records::new(&decompressed)
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for record in records {
        let record = record.map_err(|_| ErrorCode::INVALID_RECORD)?;
        // Kafka stores gaps and repeats as they come, and readers then trip over them. No producer writes them.
        let sound = record.offset_delta == count && record.headers().all(|header| header.is_ok());
        if !sound {
            return Err(ErrorCode::INVALID_RECORD.into());
        }
        let timestamp = batch.header.base_timestamp.saturating_add(record.timestamp_delta);
        if let Some((code, why)) = record_error(record.key, timestamp, batch.header.timestamp_type, options, now_ms) {
            wrong.push((code, BatchIndexAndErrorMessage { batch_index: count, batch_index_error_message: Some(why) }));
        }
        count += 1;
    }
    if count != batch.header.record_count {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(refusal(wrong)) }
}

fn record_error(
    key: Option<&[u8]>,
    timestamp: i64,
    timestamp_type: TimestampType,
    options: &TopicOptions,
    now_ms: i64,
) -> Option<(ErrorCode, String)> {
    if options.compacted && key.is_none() {
        let why = "Compacted topic cannot accept message without key.".to_owned();
        return Some((ErrorCode::INVALID_RECORD, why));
    }
    if options.timestamp_type == TimestampType::CreateTime && timestamp != -1 {
        let earliest = now_ms.saturating_sub(options.timestamp_before_max_ms);
        let latest = now_ms.saturating_add(options.timestamp_after_max_ms);
        if timestamp < earliest || timestamp > latest {
            let why =
                format!("Timestamp {timestamp} is out of range. The timestamp should be within [{earliest}, {latest}]");
            return Some((ErrorCode::INVALID_TIMESTAMP, why));
        }
    } else if timestamp_type == TimestampType::LogAppendTime {
        let why = "Producer should not set timestamp type to LogAppendTime.".to_owned();
        return Some((ErrorCode::INVALID_TIMESTAMP, why));
    }
    None
}

/// One refusal for all: a single wrong record takes its batch with it.
fn refusal(wrong: Vec<(ErrorCode, BatchIndexAndErrorMessage)>) -> Refusal {
    let early = wrong.iter().any(|(code, _)| *code == ErrorCode::INVALID_TIMESTAMP);
    let (code, message) = if early {
        let message = "One or more records have been rejected due to invalid timestamp".to_owned();
        (ErrorCode::INVALID_TIMESTAMP, message)
    } else {
        let message = format!("One or more records have been rejected due to {} record errors in total", wrong.len());
        (ErrorCode::INVALID_RECORD, message)
    };
    let record_errors = wrong.into_iter().map(|(_, error)| error).collect();
    Refusal { code, message: Some(message), record_errors }
}
