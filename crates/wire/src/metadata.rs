//! A Metadata response, versions 0 to 13, read where it lies in its frame: what a producer wants of it, nothing copied.
//!
//! The same message is generated in `messages`, owned and for both sides.

use crate::buf::{DecodeError, Reader, Uuid};
use crate::elements::{Element, Elements};
use crate::error_code::ErrorCode;

/// The first version whose lengths are varints and whose structures end in tagged fields (KIP-482).
const FIRST_FLEXIBLE: i16 = 9;

/// The first version with leader epochs that can be relied on: brokers before 2.4 tell stale ones during a reassignment,
/// and Java does not look at them either (KAFKA-9212).
const FIRST_WITH_TRUE_EPOCHS: i16 = 9;

/// What a cluster says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Metadata<'a> {
    /// How long a quota asks us to be silent, milliseconds.
    pub throttle_time_ms: i32,
    /// The brokers that are up.
    pub brokers: Elements<'a, Broker<'a>>,
    /// The cluster's name (from version 2 on).
    pub cluster_id: Option<&'a str>,
    /// The topics that were asked for, in any order.
    pub topics: Elements<'a, Topic<'a>>,
    /// Why nothing of it counts (from version 13 on).
    pub error: ErrorCode,
}

/// A broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broker<'a> {
    /// Its id.
    pub node_id: i32,
    /// A name or an address.
    pub host: &'a str,
    /// Its port, any number.
    pub port: i32,
}

/// A topic.
#[derive(Debug, Clone, Copy)]
pub struct Topic<'a> {
    /// Why it is not known.
    pub error: ErrorCode,
    /// Its name; from version 12 on it may be missing.
    pub name: Option<&'a str>,
    /// Its id (from version 10 on), zero without.
    pub id: Uuid,
    /// Its partitions, in any order.
    pub partitions: Elements<'a, Partition>,
}

/// A partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Why it has no leader.
    pub error: ErrorCode,
    /// Its number.
    pub index: i32,
    /// The broker that leads it; below 0, none.
    pub leader_id: i32,
    /// The election that made it, from version 9 on; −1 before: those of older brokers cannot be relied on.
    pub leader_epoch: i32,
}

/// Reads the body of a Metadata response, behind its header.
///
/// # Errors
/// Any [`DecodeError`]; then nothing of it counts.
///
/// # Cost
/// Allocates nothing.
pub fn decode_response(body: &[u8], version: i16) -> Result<Metadata<'_>, DecodeError> {
    let flexible = version >= FIRST_FLEXIBLE;
    let mut reader = Reader::new(body);
    let throttle_time_ms = if version >= 3 { reader.i32()? } else { 0 };
    let brokers = Elements::decode(&mut reader, flexible, version)?;
    let cluster_id = if version >= 2 { reader.nullable_string(flexible)? } else { None };
    if version >= 1 {
        let _controller_id = reader.i32()?;
    }
    let topics = Elements::decode(&mut reader, flexible, version)?;
    if (8..=10).contains(&version) {
        let _cluster_authorized_operations = reader.i32()?;
    }
    let error = if version >= 13 { ErrorCode(reader.i16()?) } else { ErrorCode::NONE };
    if flexible {
        reader.skip_tagged_fields()?;
    }
    reader.finish()?;
    Ok(Metadata { throttle_time_ms, brokers, cluster_id, topics, error })
}

impl<'a> Element<'a> for Broker<'a> {
    fn decode(reader: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= FIRST_FLEXIBLE;
        let broker = Self { node_id: reader.i32()?, host: reader.string(flexible)?, port: reader.i32()? };
        if version >= 1 {
            let _rack = reader.nullable_string(flexible)?;
        }
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(broker)
    }
}

impl<'a> Element<'a> for Topic<'a> {
    fn decode(reader: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= FIRST_FLEXIBLE;
        let error = ErrorCode(reader.i16()?);
        let name = if version >= 12 { reader.nullable_string(flexible)? } else { Some(reader.string(flexible)?) };
        let id = if version >= 10 { reader.uuid()? } else { Uuid::ZERO };
        if version >= 1 {
            let _is_internal = reader.bool()?;
        }
        let partitions = Elements::decode(reader, flexible, version)?;
        if version >= 8 {
            let _authorized_operations = reader.i32()?;
        }
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(Self { error, name, id, partitions })
    }
}

impl Element<'_> for Partition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= FIRST_FLEXIBLE;
        let (error, index, leader_id) = (ErrorCode(reader.i16()?), reader.i32()?, reader.i32()?);
        let told = if version >= 7 { reader.i32()? } else { -1 };
        let leader_epoch = if version >= FIRST_WITH_TRUE_EPOCHS { told } else { -1 };
        // Replicas and those in sync, and from version 5 on those that are offline: a producer wants none of them.
        for _ in 0..if version >= 5 { 3 } else { 2 } {
            Elements::<i32>::decode(reader, flexible, version)?;
        }
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(Self { error, index, leader_id, leader_epoch })
    }
}
