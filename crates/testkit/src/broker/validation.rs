//! Whether a batch may be appended, as far as the batch alone can tell, in the order in which Kafka looks.

use crate::topic::TopicOptions;
use milena_wire::buf::{DecodeError, Reader};
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

/// The partition that a batch is for, to be named in what is said about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
}

/// Why a batch is not appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    /// Only in the few cases in which Kafka sends one.
    pub(crate) message: Option<String>,
    pub(crate) record_errors: Vec<BatchIndexAndErrorMessage>,
    /// Whether it came as far as the log, so that the answer says where that starts.
    pub(crate) appending: bool,
}

impl Refusal {
    /// The same refusal, from a leader that had its log in hands. `ReplicaManager` keeps the log's start to itself for the
    /// errors it expects.
    pub(crate) fn while_appending(self) -> Self {
        let expected = [
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode::NOT_LEADER_OR_FOLLOWER,
            ErrorCode::MESSAGE_TOO_LARGE,
            ErrorCode::CORRUPT_MESSAGE,
        ];
        Self { appending: !expected.contains(&self.code), ..self }
    }

    fn saying(code: ErrorCode, message: String) -> Self {
        Self { message: Some(message), ..code.into() }
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: None, record_errors: Vec::new(), appending: false }
    }
}

/// The one batch that a partition's records must be. What follows it without being whole is cut off.
pub(crate) fn only_batch(records: &[u8], version: i16) -> Result<(RecordBatch<'_>, &[u8]), Refusal> {
    let Some(size) = batch_size(records)? else { return Err(ErrorCode::INVALID_RECORD.into()) };
    if !matches!(records.get(MAGIC_AT), Some(2)) {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    let (bytes, rest) = records.split_at(size);
    let batch = RecordBatch::decode(&mut Reader::new(bytes)).map_err(|error| match error {
        // Nobody in Kafka expects that: it is found out while appending.
        DecodeError::Invalid("codec") => Refusal::from(ErrorCode::UNKNOWN_SERVER_ERROR).while_appending(),
        _ => ErrorCode::CORRUPT_MESSAGE.into(),
    })?;
    if batch.header.codec == Codec::Zstd && version < FIRST_WITH_ZSTD {
        return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.into());
    }
    if batch_size(rest)?.is_some() {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    Ok((batch, bytes))
}

/// Whether `records` begin with a batch of format 2 that is all there.
pub(crate) fn is_whole_batch(records: &[u8]) -> bool {
    matches!(batch_size(records), Ok(Some(_))) && records.get(MAGIC_AT) == Some(&2)
}

/// The size of the batch that `bytes` begin with, `None` when it is not all there.
fn batch_size(bytes: &[u8]) -> Result<Option<usize>, Refusal> {
    let Some(length) = bytes.get(8..BEFORE_BATCH).and_then(|length| length.first_chunk::<4>()) else { return Ok(None) };
    let length = i32::from_be_bytes(*length);
    if length < BATCH_LENGTH_MIN {
        let why = format!("Record size {length} is less than the minimum record overhead ({BATCH_LENGTH_MIN})");
        return Err(Refusal::saying(ErrorCode::CORRUPT_MESSAGE, why));
    }
    let Some(magic) = bytes.get(MAGIC_AT) else { return Ok(None) };
    if *magic > 2 {
        let why = format!("Invalid magic found in record: {magic}");
        return Err(Refusal::saying(ErrorCode::CORRUPT_MESSAGE, why));
    }
    let size = usize::try_from(length).map_or(usize::MAX, |length| length + BEFORE_BATCH);
    Ok((size <= bytes.len()).then_some(size))
}

/// The checks of a leader before it asks what it knows of the producer; with the latest of the records' times, −1 at least.
/// An error here says nothing about an earlier attempt with the same batch.
pub(crate) fn check(
    batch: &RecordBatch<'_>,
    size: usize,
    place: Place<'_>,
    options: &TopicOptions,
    now_ms: i64,
) -> Result<i64, Refusal> {
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
    check_records(batch, place, options, now_ms)
}

fn check_records(
    batch: &RecordBatch<'_>,
    place: Place<'_>,
    options: &TopicOptions,
    now_ms: i64,
) -> Result<i64, Refusal> {
    let mut decompressed = Vec::new();
    let records = if batch.header.codec == Codec::None {
        batch.records()
    } else {
        decompress(batch.header.codec, batch.body, DECOMPRESSED_MAX, &mut decompressed)
            .map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
        Records::new(&decompressed)
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut latest = -1;
    for record in records {
        let record = record.map_err(|_| ErrorCode::INVALID_RECORD)?;
        // Kafka stores gaps and repeats as they come, and readers then trip over them. No producer writes them.
        let sound = record.offset_delta == count && record.headers().all(|header| header.is_ok());
        if !sound {
            return Err(ErrorCode::INVALID_RECORD.into());
        }
        let timestamp = batch.header.base_timestamp.saturating_add(record.timestamp_delta);
        latest = latest.max(timestamp);
        let record = Checked { offset: count, keyed: record.key.is_some(), timestamp };
        if let Some((code, why)) = record_error(&record, batch.header.timestamp_type, place, options, now_ms) {
            wrong.push((code, BatchIndexAndErrorMessage { batch_index: count, batch_index_error_message: Some(why) }));
        }
        count += 1;
    }
    if count != batch.header.record_count {
        return Err(ErrorCode::INVALID_RECORD.into());
    }
    if wrong.is_empty() { Ok(latest) } else { Err(refusal(wrong)) }
}

/// What of a record is checked.
struct Checked {
    /// Within its batch.
    offset: i32,
    keyed: bool,
    timestamp: i64,
}

fn record_error(
    record: &Checked,
    timestamp_type: TimestampType,
    place: Place<'_>,
    options: &TopicOptions,
    now_ms: i64,
) -> Option<(ErrorCode, String)> {
    let Checked { offset, keyed, timestamp } = *record;
    if options.compacted && !keyed {
        let Place { topic, partition } = place;
        let why = format!("Compacted topic cannot accept message without key in topic partition {topic}-{partition}");
        return Some((ErrorCode::INVALID_RECORD, why));
    }
    if options.timestamp_type == TimestampType::CreateTime && timestamp != -1 {
        let earliest = now_ms.saturating_sub(options.timestamp_before_max_ms);
        let latest = now_ms.saturating_add(options.timestamp_after_max_ms);
        if timestamp < earliest || timestamp > latest {
            let why = format!(
                "Timestamp {timestamp} of message with offset {offset} is out of range. \
                 The timestamp should be within [{earliest}, {latest}]"
            );
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
        let text = |error: &BatchIndexAndErrorMessage| {
            let why = error.batch_index_error_message.as_deref().unwrap_or_default();
            format!("RecordError(batchIndex={}, message='{why}')", error.batch_index)
        };
        let first: Vec<_> = wrong.iter().take(3).map(|(_, error)| text(error)).collect();
        let message = format!(
            "One or more records have been rejected due to {} record errors in total, \
             and only showing the first three errors at most: [{}]",
            wrong.len(),
            first.join(", ")
        );
        (ErrorCode::INVALID_RECORD, message)
    };
    let record_errors = wrong.into_iter().map(|(_, error)| error).collect();
    Refusal { record_errors, ..Refusal::saying(code, message) }
}
