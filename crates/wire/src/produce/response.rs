//! A Produce response, read as it comes: a verdict for each batch, borrowed from the frame.

use super::{FIRST_FLEXIBLE, FIRST_WITH_TOPIC_IDS};
use crate::buf::{DecodeError, Reader, Uuid};
use crate::elements::{Element, Elements};
use crate::error_code::ErrorCode;

/// The first version that says who leads a partition, and where that broker listens (KIP-951).
const FIRST_WITH_LEADERS: i16 = 10;

/// How a response names a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicRef<'a> {
    /// Up to version 12.
    Name(&'a str),
    /// From version 13 on.
    Id(Uuid),
}

/// What a broker says about one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionResponse<'a> {
    /// The partition's topic.
    pub topic: TopicRef<'a>,
    /// The partition.
    pub index: i32,
    /// [`ErrorCode::NONE`]: the batch is in the log.
    pub error: ErrorCode,
    /// The offset of the batch's first record; −1 if there is none, or the broker does not know it any more.
    pub base_offset: i64,
    /// When the broker appended it, if the topic has that for its timestamps; else −1. Milliseconds since 1970.
    pub log_append_time_ms: i64,
    /// The partition's first offset; −1 before version 5.
    pub log_start_offset: i64,
    /// Which records made the batch fail (KIP-467, from version 8 on).
    pub record_errors: Elements<'a, RecordError<'a>>,
    /// Why the batch failed, for people (from version 8 on).
    pub error_message: Option<&'a str>,
    /// Who leads the partition, if the broker that was asked does not (KIP-951, from version 10 on).
    pub current_leader: Option<CurrentLeader>,
}

/// A record that made its batch fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordError<'a> {
    /// Its number in the batch.
    pub batch_index: i32,
    /// Why, for people.
    pub message: Option<&'a str>,
}

/// A partition's leader, and since which election.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentLeader {
    /// The broker's id.
    pub leader_id: i32,
    /// Higher is newer.
    pub leader_epoch: i32,
}

/// What a Produce response says after its partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseTail<'a> {
    /// How long a quota asks us to be silent, milliseconds.
    pub throttle_time_ms: i32,
    /// Where the leaders in [`PartitionResponse::current_leader`] listen (from version 10 on).
    pub node_endpoints: Elements<'a, NodeEndpoint<'a>>,
}

/// Where a broker listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeEndpoint<'a> {
    /// The broker's id.
    pub node_id: i32,
    /// Its host, a name or an address.
    pub host: &'a str,
    /// Its port.
    pub port: i32,
    /// Its rack, if it has one.
    pub rack: Option<&'a str>,
}

/// Reads the body of a Produce response, behind its header, and gives each partition to `partition` on the way.
///
/// # Errors
/// Any [`DecodeError`]. Partitions before the broken byte were given by then: collect them first where a response must
/// count whole or not at all.
///
/// # Cost
/// Allocates nothing.
pub fn decode_response<'a>(
    body: &'a [u8],
    version: i16,
    mut partition: impl FnMut(PartitionResponse<'a>),
) -> Result<ResponseTail<'a>, DecodeError> {
    let flexible = version >= FIRST_FLEXIBLE;
    let mut reader = Reader::new(body);
    for _ in 0..reader.array_length(flexible)? {
        let topic = if version < FIRST_WITH_TOPIC_IDS {
            TopicRef::Name(reader.string(flexible)?)
        } else {
            TopicRef::Id(reader.uuid()?)
        };
        for _ in 0..reader.array_length(flexible)? {
            partition(PartitionResponse::decode(&mut reader, version, topic)?);
        }
        end_structure(&mut reader, flexible)?;
    }
    let mut tail = ResponseTail { throttle_time_ms: reader.i32()?, node_endpoints: Elements::empty() };
    if flexible {
        reader.tagged_fields(|tag, field| {
            if tag != 0 || version < FIRST_WITH_LEADERS {
                return Ok(false);
            }
            tail.node_endpoints = Elements::decode(field, true, version)?;
            Ok(true)
        })?;
    }
    reader.finish()?;
    Ok(tail)
}

impl<'a> PartitionResponse<'a> {
    fn decode(reader: &mut Reader<'a>, version: i16, topic: TopicRef<'a>) -> Result<Self, DecodeError> {
        let flexible = version >= FIRST_FLEXIBLE;
        let mut response = Self {
            topic,
            index: reader.i32()?,
            error: ErrorCode(reader.i16()?),
            base_offset: reader.i64()?,
            log_append_time_ms: reader.i64()?,
            log_start_offset: -1,
            record_errors: Elements::empty(),
            error_message: None,
            current_leader: None,
        };
        if version >= 5 {
            response.log_start_offset = reader.i64()?;
        }
        if version >= 8 {
            response.record_errors = Elements::decode(reader, flexible, version)?;
            response.error_message = reader.nullable_string(flexible)?;
        }
        if flexible {
            reader.tagged_fields(|tag, field| {
                if tag != 0 || version < FIRST_WITH_LEADERS {
                    return Ok(false);
                }
                response.current_leader = CurrentLeader::decode(field)?;
                Ok(true)
            })?;
        }
        Ok(response)
    }
}

impl<'a> Element<'a> for RecordError<'a> {
    fn decode(reader: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= FIRST_FLEXIBLE;
        let error = Self { batch_index: reader.i32()?, message: reader.nullable_string(flexible)? };
        end_structure(reader, flexible)?;
        Ok(error)
    }
}

impl CurrentLeader {
    /// −1 for either number is a broker that does not know.
    fn decode(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        let leader = Self { leader_id: reader.i32()?, leader_epoch: reader.i32()? };
        reader.skip_tagged_fields()?;
        Ok((leader.leader_id >= 0 && leader.leader_epoch >= 0).then_some(leader))
    }
}

impl<'a> Element<'a> for NodeEndpoint<'a> {
    fn decode(reader: &mut Reader<'a>, _version: i16) -> Result<Self, DecodeError> {
        let endpoint = Self {
            node_id: reader.i32()?,
            host: reader.string(true)?,
            port: reader.i32()?,
            rack: reader.nullable_string(true)?,
        };
        reader.skip_tagged_fields()?;
        Ok(endpoint)
    }
}

fn end_structure(reader: &mut Reader<'_>, flexible: bool) -> Result<(), DecodeError> {
    if flexible { reader.skip_tagged_fields() } else { Ok(()) }
}
