//! The header of a record batch of format v2: 61 bytes before the records, with their length and checksum.
//!
//! Header and body are apart: a body never changes once it is sealed, while its header is written anew whenever the
//! batch is numbered anew, and both go to the socket as they lie.
//!
//! ```text
//!  0 baseOffset i64            17 crc u32, of all that follows    43 producerId i64
//!  8 batchLength i32           21 attributes i16                  51 producerEpoch i16
//! 12 partitionLeaderEpoch i32  23 lastOffsetDelta i32             53 baseSequence i32
//! 16 magic i8 = 2              27 baseTimestamp i64               57 recordCount i32
//!                              35 maxTimestamp i64                61 records, perhaps compressed
//! ```

use crate::buf::{DecodeError, Reader};
use crate::compression::Codec;
use crate::crc::crc32c;
use crate::record::Records;
use bytes::BufMut;

/// Bytes of a batch's header.
pub const BATCH_HEADER_LEN: usize = 61;

/// The format that Kafka has spoken since 0.11, the only one that producers still write (KIP-896).
const MAGIC: i8 = 2;
/// Where `batchLength` ends, which counts what follows it.
const LENGTH_ENDS: usize = 12;
/// Where the checksum ends and what it is of begins. The leader epoch is before it, so that a broker can set it.
const CRC_ENDS: usize = 21;

/// Whose clock a batch's timestamps are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer's: when the records were made.
    #[default]
    CreateTime,
    /// The broker's: when it appended the batch; every record then has `max_timestamp`.
    LogAppendTime,
}

/// All that a batch says about its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record. A producer writes 0, the broker its own.
    pub base_offset: i64,
    /// Set by the broker; a producer writes −1.
    pub partition_leader_epoch: i32,
    /// What the records are compressed with.
    pub codec: Codec,
    /// A producer writes [`TimestampType::CreateTime`].
    pub timestamp_type: TimestampType,
    /// Part of a transaction.
    pub transactional: bool,
    /// Written by a transaction coordinator, its only record a marker.
    pub control: bool,
    /// `record_count` − 1 from a producer; a compacted log keeps it while it drops records.
    pub last_offset_delta: i32,
    /// The first record's timestamp, milliseconds since 1970.
    pub base_timestamp: i64,
    /// The latest timestamp, −1 if no record has one.
    pub max_timestamp: i64,
    /// −1 without idempotence.
    pub producer_id: i64,
    /// −1 without idempotence.
    pub producer_epoch: i16,
    /// Sequence of the first record, −1 without idempotence.
    pub base_sequence: i32,
    /// Records in the body.
    pub record_count: i32,
}

impl Default for BatchHeader {
    /// As a producer writes it without idempotence, no record in it yet.
    fn default() -> Self {
        Self {
            base_offset: 0,
            partition_leader_epoch: -1,
            codec: Codec::None,
            timestamp_type: TimestampType::CreateTime,
            transactional: false,
            control: false,
            last_offset_delta: 0,
            base_timestamp: 0,
            max_timestamp: -1,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count: 0,
        }
    }
}

impl BatchHeader {
    /// The header's bytes before `body`, the length and the checksum of both in it.
    ///
    /// # Panics
    /// On a body near 2 GiB, which no batch can say; `max.request.size` ends below.
    ///
    /// # Cost
    /// One pass over the body for the checksum: about 20 ns a KiB in cache.
    pub fn encode(&self, body: &[u8]) -> [u8; BATCH_HEADER_LEN] {
        let length = BATCH_HEADER_LEN - LENGTH_ENDS + body.len();
        let length = i32::try_from(length).expect("a batch is smaller than 2 GiB");
        let mut bytes = [0; BATCH_HEADER_LEN];
        let mut fields = bytes.as_mut_slice();
        fields.put_i64(self.base_offset);
        fields.put_i32(length);
        fields.put_i32(self.partition_leader_epoch);
        fields.put_i8(MAGIC);
        fields.put_u32(0); // the checksum, once it is known
        fields.put_i16(self.attributes());
        fields.put_i32(self.last_offset_delta);
        fields.put_i64(self.base_timestamp);
        fields.put_i64(self.max_timestamp);
        fields.put_i64(self.producer_id);
        fields.put_i16(self.producer_epoch);
        fields.put_i32(self.base_sequence);
        fields.put_i32(self.record_count);
        let crc = crc32c(&bytes[CRC_ENDS..], body);
        bytes[CRC_ENDS - 4..CRC_ENDS].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn attributes(&self) -> i16 {
        i16::from(self.codec.id())
            | i16::from(self.timestamp_type == TimestampType::LogAppendTime) << 3
            | i16::from(self.transactional) << 4
            | i16::from(self.control) << 5
    }
}

/// A batch as it lies on the wire, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordBatch<'a> {
    /// What it says about its records.
    pub header: BatchHeader,
    /// The checksum that it carries; [`verify_crc`](Self::verify_crc) compares.
    pub crc: u32,
    /// The records, compressed with `header.codec`.
    pub body: &'a [u8],
    /// The header's part that the checksum is of.
    checked: &'a [u8],
}

impl<'a> RecordBatch<'a> {
    /// Reads one batch and leaves the reader behind it. Neither the checksum nor the records are looked at.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when less is there than the batch announces, [`DecodeError::Invalid`] for another format
    /// than v2, an unknown codec, a length or a count below 0.
    pub fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let base_offset = reader.i64()?;
        let length = reader.i32()?;
        let length = usize::try_from(length).map_err(|_| DecodeError::NegativeLength(length.into()))?;
        let mut batch = Reader::new(reader.take(length)?);
        let partition_leader_epoch = batch.i32()?;
        if batch.i8()? != MAGIC {
            return Err(DecodeError::Invalid("magic"));
        }
        let crc = batch.u32()?;
        let checked = batch.rest();
        let attributes = batch.i16()?;
        let header = BatchHeader {
            base_offset,
            partition_leader_epoch,
            codec: Codec::from_id((attributes & 0b111) as u8).ok_or(DecodeError::Invalid("codec"))?,
            timestamp_type: if attributes & 1 << 3 == 0 {
                TimestampType::CreateTime
            } else {
                TimestampType::LogAppendTime
            },
            transactional: attributes & 1 << 4 != 0,
            control: attributes & 1 << 5 != 0,
            last_offset_delta: batch.i32()?,
            base_timestamp: batch.i64()?,
            max_timestamp: batch.i64()?,
            producer_id: batch.i64()?,
            producer_epoch: batch.i16()?,
            base_sequence: batch.i32()?,
            record_count: batch.i32()?,
        };
        if header.record_count < 0 {
            return Err(DecodeError::Invalid("record count"));
        }
        let body = batch.rest();
        let (checked, _) = checked.split_at(checked.len() - body.len());
        Ok(Self { header, crc, body, checked })
    }

    /// Whether header and body are what the checksum was made of.
    ///
    /// # Errors
    /// [`DecodeError::Invalid`] when they are not.
    pub fn verify_crc(&self) -> Result<(), DecodeError> {
        if crc32c(self.checked, self.body) == self.crc { Ok(()) } else { Err(DecodeError::Invalid("crc")) }
    }

    /// The records of a body that is not compressed. For another, decompress `body` and read that.
    pub fn records(&self) -> Records<'a> {
        Records::new(self.body)
    }
}
