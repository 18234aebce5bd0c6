//! Fetch (1), versions 4 to 18, flexible from 12 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable, tagged_field};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};
use bytes::Bytes;

const VERSIONS: Versions = Versions::new(4, 18);

/// The request of Fetch (1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRequest {
    /// `ClusterId`, from version 12 on, may be null; left out where it has no place.
    pub cluster_id: Option<String>,
    /// `ReplicaId`, up to version 14, -1 unless set.
    pub replica_id: i32,
    /// `ReplicaState`, from version 15 on.
    pub replica_state: ReplicaState,
    /// `MaxWaitMs`.
    pub max_wait_ms: i32,
    /// `MinBytes`.
    pub min_bytes: i32,
    /// `MaxBytes`, i32::MAX unless set.
    pub max_bytes: i32,
    /// `IsolationLevel`.
    pub isolation_level: i8,
    /// `SessionId`, from version 7 on; left out where it has no place.
    pub session_id: i32,
    /// `SessionEpoch`, from version 7 on, -1 unless set; left out where it has no place.
    pub session_epoch: i32,
    /// `Topics`.
    pub topics: Vec<FetchTopic>,
    /// `ForgottenTopicsData`, from version 7 on.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
    /// `RackId`, from version 11 on; left out where it has no place.
    pub rack_id: String,
}

impl Default for FetchRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            replica_state: ReplicaState::default(),
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: i32::MAX,
            isolation_level: 0,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            rack_id: String::new(),
        }
    }
}

impl Request for FetchRequest {
    type Response = FetchResponse;
    const KEY: ApiKey = ApiKey::FETCH;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(12);
}

impl Encode for FetchRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("FetchRequest", VERSIONS, version)?;
        let flexible = version >= 12;
        if version <= 14 {
            writer.i32(self.replica_id);
        } else if self.replica_id != -1 {
            return Err(EncodeError::Unsupported { field: "ReplicaId", version });
        }
        writer.i32(self.max_wait_ms);
        writer.i32(self.min_bytes);
        writer.i32(self.max_bytes);
        writer.i8(self.isolation_level);
        if version >= 7 {
            writer.i32(self.session_id);
        }
        if version >= 7 {
            writer.i32(self.session_epoch);
        }
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if version >= 7 {
            writer
                .array_of(&self.forgotten_topics_data, flexible, |writer, element| element.encode(writer, version))?;
        } else if !self.forgotten_topics_data.is_empty() {
            return Err(EncodeError::Unsupported { field: "ForgottenTopicsData", version });
        }
        if version >= 11 {
            writer.string(&self.rack_id, flexible)?;
        }
        if version < 15 && self.replica_state != ReplicaState::default() {
            return Err(EncodeError::Unsupported { field: "ReplicaState", version });
        }
        if flexible {
            let mut tagged = Vec::new();
            if self.cluster_id.is_some() {
                tagged.push((0, tagged_field(|writer| writer.nullable_string(self.cluster_id.as_deref(), true))?));
            }
            if version >= 15 && self.replica_state != ReplicaState::default() {
                tagged.push((1, tagged_field(|writer| self.replica_state.encode(writer, version))?));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for FetchRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 12;
        let mut message = Self {
            replica_id: if version <= 14 { reader.i32()? } else { -1 },
            max_wait_ms: reader.i32()?,
            min_bytes: reader.i32()?,
            max_bytes: reader.i32()?,
            isolation_level: reader.i8()?,
            session_id: if version >= 7 { reader.i32()? } else { 0 },
            session_epoch: if version >= 7 { reader.i32()? } else { -1 },
            topics: reader.array_of(flexible, |reader| FetchTopic::decode(reader, version))?,
            forgotten_topics_data: if version >= 7 {
                reader.array_of(flexible, |reader| ForgottenTopic::decode(reader, version))?
            } else {
                Vec::new()
            },
            rack_id: if version >= 11 { reader.string(flexible)?.to_owned() } else { String::new() },
            cluster_id: None,
            replica_state: ReplicaState::default(),
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 => message.cluster_id = reader.nullable_string(true)?.map(str::to_owned),
                    1 if version >= 15 => message.replica_state = ReplicaState::decode(reader, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`FetchRequest::replica_state`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaState {
    /// `ReplicaId`, -1 unless set.
    pub replica_id: i32,
    /// `ReplicaEpoch`, -1 unless set.
    pub replica_epoch: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self { replica_id: -1, replica_epoch: -1 }
    }
}

impl Encode for ReplicaState {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.replica_id);
        writer.i64(self.replica_epoch);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for ReplicaState {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self { replica_id: reader.i32()?, replica_epoch: reader.i64()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`FetchRequest::topics`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchTopic {
    /// `Topic`, up to version 12; left out where it has no place.
    pub topic: String,
    /// `TopicId`, from version 13 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `Partitions`.
    pub partitions: Vec<FetchPartition>,
}

impl Encode for FetchTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 12 {
            writer.string(&self.topic, flexible)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for FetchTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let message = Self {
            topic: if version <= 12 { reader.string(flexible)?.to_owned() } else { String::new() },
            topic_id: if version >= 13 { reader.uuid()? } else { Uuid::ZERO },
            partitions: reader.array_of(flexible, |reader| FetchPartition::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`FetchTopic::partitions`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchPartition {
    /// `Partition`.
    pub partition: i32,
    /// `CurrentLeaderEpoch`, from version 9 on, -1 unless set; left out where it has no place.
    pub current_leader_epoch: i32,
    /// `FetchOffset`.
    pub fetch_offset: i64,
    /// `LastFetchedEpoch`, from version 12 on, -1 unless set.
    pub last_fetched_epoch: i32,
    /// `LogStartOffset`, from version 5 on, -1 unless set; left out where it has no place.
    pub log_start_offset: i64,
    /// `PartitionMaxBytes`.
    pub partition_max_bytes: i32,
    /// `ReplicaDirectoryId`, from version 17 on; left out where it has no place.
    pub replica_directory_id: Uuid,
    /// `HighWatermark`, from version 18 on, i64::MAX unless set; left out where it has no place.
    pub high_watermark: i64,
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 0,
            replica_directory_id: Uuid::ZERO,
            high_watermark: i64::MAX,
        }
    }
}

impl Encode for FetchPartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        writer.i32(self.partition);
        if version >= 9 {
            writer.i32(self.current_leader_epoch);
        }
        writer.i64(self.fetch_offset);
        if version >= 12 {
            writer.i32(self.last_fetched_epoch);
        } else if self.last_fetched_epoch != -1 {
            return Err(EncodeError::Unsupported { field: "LastFetchedEpoch", version });
        }
        if version >= 5 {
            writer.i64(self.log_start_offset);
        }
        writer.i32(self.partition_max_bytes);
        if flexible {
            let mut tagged = Vec::new();
            if version >= 17 && !self.replica_directory_id.is_zero() {
                tagged.push((
                    0,
                    tagged_field(|writer| {
                        writer.uuid(self.replica_directory_id);
                        Ok(())
                    })?,
                ));
            }
            if version >= 18 && self.high_watermark != i64::MAX {
                tagged.push((
                    1,
                    tagged_field(|writer| {
                        writer.i64(self.high_watermark);
                        Ok(())
                    })?,
                ));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for FetchPartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let mut message = Self {
            partition: reader.i32()?,
            current_leader_epoch: if version >= 9 { reader.i32()? } else { -1 },
            fetch_offset: reader.i64()?,
            last_fetched_epoch: if version >= 12 { reader.i32()? } else { -1 },
            log_start_offset: if version >= 5 { reader.i64()? } else { -1 },
            partition_max_bytes: reader.i32()?,
            replica_directory_id: Uuid::ZERO,
            high_watermark: i64::MAX,
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 if version >= 17 => message.replica_directory_id = reader.uuid()?,
                    1 if version >= 18 => message.high_watermark = reader.i64()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`FetchRequest::forgotten_topics_data`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgottenTopic {
    /// `Topic`, up to version 12; left out where it has no place.
    pub topic: String,
    /// `TopicId`, from version 13 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `Partitions`.
    pub partitions: Vec<i32>,
}

impl Encode for ForgottenTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 12 {
            writer.string(&self.topic, flexible)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partitions, flexible, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for ForgottenTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let message = Self {
            topic: if version <= 12 { reader.string(flexible)?.to_owned() } else { String::new() },
            topic_id: if version >= 13 { reader.uuid()? } else { Uuid::ZERO },
            partitions: reader.array_of(flexible, |reader| reader.i32())?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of Fetch (1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchResponse {
    /// `ThrottleTimeMs`.
    pub throttle_time_ms: i32,
    /// `ErrorCode`, from version 7 on; left out where it has no place.
    pub error_code: ErrorCode,
    /// `SessionId`, from version 7 on.
    pub session_id: i32,
    /// `Responses`.
    pub responses: Vec<FetchableTopicResponse>,
    /// `NodeEndpoints`, from version 16 on.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Encode for FetchResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("FetchResponse", VERSIONS, version)?;
        let flexible = version >= 12;
        writer.i32(self.throttle_time_ms);
        if version >= 7 {
            writer.i16(self.error_code.0);
        }
        if version >= 7 {
            writer.i32(self.session_id);
        } else if self.session_id != 0 {
            return Err(EncodeError::Unsupported { field: "SessionId", version });
        }
        writer.array_of(&self.responses, flexible, |writer, element| element.encode(writer, version))?;
        if version < 16 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::Unsupported { field: "NodeEndpoints", version });
        }
        if flexible {
            let mut tagged = Vec::new();
            if version >= 16 && !self.node_endpoints.is_empty() {
                tagged.push((
                    0,
                    tagged_field(|writer| {
                        writer.array_of(&self.node_endpoints, true, |writer, element| element.encode(writer, version))
                    })?,
                ));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for FetchResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 12;
        let mut message = Self {
            throttle_time_ms: reader.i32()?,
            error_code: if version >= 7 { ErrorCode(reader.i16()?) } else { ErrorCode::NONE },
            session_id: if version >= 7 { reader.i32()? } else { 0 },
            responses: reader.array_of(flexible, |reader| FetchableTopicResponse::decode(reader, version))?,
            node_endpoints: Vec::new(),
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 if version >= 16 => {
                        message.node_endpoints =
                            reader.array_of(true, |reader| NodeEndpoint::decode(reader, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`FetchResponse::responses`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchableTopicResponse {
    /// `Topic`, up to version 12; left out where it has no place.
    pub topic: String,
    /// `TopicId`, from version 13 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `Partitions`.
    pub partitions: Vec<PartitionData>,
}

impl Encode for FetchableTopicResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 12 {
            writer.string(&self.topic, flexible)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id);
        }
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for FetchableTopicResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let message = Self {
            topic: if version <= 12 { reader.string(flexible)?.to_owned() } else { String::new() },
            topic_id: if version >= 13 { reader.uuid()? } else { Uuid::ZERO },
            partitions: reader.array_of(flexible, |reader| PartitionData::decode(reader, version))?,
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`FetchableTopicResponse::partitions`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionData {
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `HighWatermark`.
    pub high_watermark: i64,
    /// `LastStableOffset`, -1 unless set.
    pub last_stable_offset: i64,
    /// `LogStartOffset`, from version 5 on, -1 unless set; left out where it has no place.
    pub log_start_offset: i64,
    /// `DivergingEpoch`, from version 12 on.
    pub diverging_epoch: EpochEndOffset,
    /// `CurrentLeader`, from version 12 on.
    pub current_leader: LeaderIdAndEpoch,
    /// `SnapshotId`, from version 12 on.
    pub snapshot_id: SnapshotId,
    /// `AbortedTransactions`, may be null, empty unless set.
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// `PreferredReadReplica`, from version 11 on, -1 unless set.
    pub preferred_read_replica: i32,
    /// `Records`, may be null.
    pub records: Option<Bytes>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: ErrorCode::NONE,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: -1,
            records: None,
        }
    }
}

impl Encode for PartitionData {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.i64(self.high_watermark);
        writer.i64(self.last_stable_offset);
        if version >= 5 {
            writer.i64(self.log_start_offset);
        }
        writer.nullable_array_of(self.aborted_transactions.as_deref(), flexible, |writer, element| {
            element.encode(writer, version)
        })?;
        if version >= 11 {
            writer.i32(self.preferred_read_replica);
        } else if self.preferred_read_replica != -1 {
            return Err(EncodeError::Unsupported { field: "PreferredReadReplica", version });
        }
        writer.nullable_bytes(self.records.as_deref(), flexible)?;
        if version < 12 && self.diverging_epoch != EpochEndOffset::default() {
            return Err(EncodeError::Unsupported { field: "DivergingEpoch", version });
        }
        if version < 12 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::Unsupported { field: "CurrentLeader", version });
        }
        if version < 12 && self.snapshot_id != SnapshotId::default() {
            return Err(EncodeError::Unsupported { field: "SnapshotId", version });
        }
        if flexible {
            let mut tagged = Vec::new();
            if self.diverging_epoch != EpochEndOffset::default() {
                tagged.push((0, tagged_field(|writer| self.diverging_epoch.encode(writer, version))?));
            }
            if self.current_leader != LeaderIdAndEpoch::default() {
                tagged.push((1, tagged_field(|writer| self.current_leader.encode(writer, version))?));
            }
            if self.snapshot_id != SnapshotId::default() {
                tagged.push((2, tagged_field(|writer| self.snapshot_id.encode(writer, version))?));
            }
            writer.tagged_fields(&tagged)?;
        }
        Ok(())
    }
}

impl Decode for PartitionData {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let mut message = Self {
            partition_index: reader.i32()?,
            error_code: ErrorCode(reader.i16()?),
            high_watermark: reader.i64()?,
            last_stable_offset: reader.i64()?,
            log_start_offset: if version >= 5 { reader.i64()? } else { -1 },
            aborted_transactions: reader
                .nullable_array_of(flexible, |reader| AbortedTransaction::decode(reader, version))?,
            preferred_read_replica: if version >= 11 { reader.i32()? } else { -1 },
            records: reader.nullable_bytes(flexible)?.map(Bytes::copy_from_slice),
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
        };
        if flexible {
            reader.tagged_fields(|tag, reader| {
                match tag {
                    0 => message.diverging_epoch = EpochEndOffset::decode(reader, version)?,
                    1 => message.current_leader = LeaderIdAndEpoch::decode(reader, version)?,
                    2 => message.snapshot_id = SnapshotId::decode(reader, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(message)
    }
}

/// What [`PartitionData::diverging_epoch`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochEndOffset {
    /// `Epoch`, -1 unless set.
    pub epoch: i32,
    /// `EndOffset`, -1 unless set.
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self { epoch: -1, end_offset: -1 }
    }
}

impl Encode for EpochEndOffset {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.epoch);
        writer.i64(self.end_offset);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for EpochEndOffset {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self { epoch: reader.i32()?, end_offset: reader.i64()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`PartitionData::current_leader`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderIdAndEpoch {
    /// `LeaderId`, -1 unless set.
    pub leader_id: i32,
    /// `LeaderEpoch`, -1 unless set.
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1 }
    }
}

impl Encode for LeaderIdAndEpoch {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.leader_id);
        writer.i32(self.leader_epoch);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for LeaderIdAndEpoch {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self { leader_id: reader.i32()?, leader_epoch: reader.i32()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`PartitionData::snapshot_id`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotId {
    /// `EndOffset`, -1 unless set.
    pub end_offset: i64,
    /// `Epoch`, -1 unless set.
    pub epoch: i32,
}

impl Default for SnapshotId {
    fn default() -> Self {
        Self { end_offset: -1, epoch: -1 }
    }
}

impl Encode for SnapshotId {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.end_offset);
        writer.i32(self.epoch);
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for SnapshotId {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self { end_offset: reader.i64()?, epoch: reader.i32()? };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}

/// What [`PartitionData::aborted_transactions`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AbortedTransaction {
    /// `ProducerId`.
    pub producer_id: i64,
    /// `FirstOffset`.
    pub first_offset: i64,
}

impl Encode for AbortedTransaction {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        writer.i64(self.producer_id);
        writer.i64(self.first_offset);
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for AbortedTransaction {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let message = Self { producer_id: reader.i64()?, first_offset: reader.i64()? };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`FetchResponse::node_endpoints`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeEndpoint {
    /// `NodeId`.
    pub node_id: i32,
    /// `Host`.
    pub host: String,
    /// `Port`.
    pub port: i32,
    /// `Rack`, may be null.
    pub rack: Option<String>,
}

impl Encode for NodeEndpoint {
    fn encode(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id);
        writer.string(&self.host, true)?;
        writer.i32(self.port);
        writer.nullable_string(self.rack.as_deref(), true)?;
        writer.tagged_fields(&[])?;
        Ok(())
    }
}

impl Decode for NodeEndpoint {
    fn decode(reader: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        let message = Self {
            node_id: reader.i32()?,
            host: reader.string(true)?.to_owned(),
            port: reader.i32()?,
            rack: reader.nullable_string(true)?.map(str::to_owned),
        };
        reader.skip_tagged_fields()?;
        Ok(message)
    }
}
