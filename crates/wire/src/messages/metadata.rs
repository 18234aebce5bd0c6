//! Metadata (3), versions 0 to 13, flexible from 9 on. Made from the message specifications of Kafka 4.3.1 by
//! `cargo xtask messages`: change that, not this.

use super::{Request, decodable, encodable, required};
use crate::buf::{DecodeError, EncodeError, Reader, Uuid, Writer};
use crate::error_code::ErrorCode;
use crate::version::{ApiKey, Versions};
use crate::{Decode, Encode};

const VERSIONS: Versions = Versions::new(0, 13);

/// The request of Metadata (3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataRequest {
    /// `Topics`, may be null from version 1 on, empty unless set.
    pub topics: Option<Vec<MetadataRequestTopic>>,
    /// `AllowAutoTopicCreation`, from version 4 on, true unless set.
    pub allow_auto_topic_creation: bool,
    /// `IncludeClusterAuthorizedOperations`, in versions 8 to 10.
    pub include_cluster_authorized_operations: bool,
    /// `IncludeTopicAuthorizedOperations`, from version 8 on.
    pub include_topic_authorized_operations: bool,
}

impl Default for MetadataRequest {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
        }
    }
}

impl Request for MetadataRequest {
    type Response = MetadataResponse;
    const KEY: ApiKey = ApiKey::METADATA;
    const VERSIONS: Versions = VERSIONS;
    const FLEXIBLE_FROM: Option<i16> = Some(9);
}

impl Encode for MetadataRequest {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("MetadataRequest", VERSIONS, version)?;
        let flexible = version >= 9;
        if version >= 1 {
            writer.nullable_array_of(self.topics.as_deref(), flexible, |writer, element| {
                element.encode(writer, version)
            })?;
        } else {
            let topics = required(self.topics.as_deref(), "Topics", version)?;
            writer.array_of(topics, flexible, |writer, element| element.encode(writer, version))?;
        }
        if version >= 4 {
            writer.bool(self.allow_auto_topic_creation);
        } else if !self.allow_auto_topic_creation {
            return Err(EncodeError::Unsupported { field: "AllowAutoTopicCreation", version });
        }
        if (8..=10).contains(&version) {
            writer.bool(self.include_cluster_authorized_operations);
        } else if self.include_cluster_authorized_operations {
            return Err(EncodeError::Unsupported { field: "IncludeClusterAuthorizedOperations", version });
        }
        if version >= 8 {
            writer.bool(self.include_topic_authorized_operations);
        } else if self.include_topic_authorized_operations {
            return Err(EncodeError::Unsupported { field: "IncludeTopicAuthorizedOperations", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for MetadataRequest {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 9;
        let message = Self {
            topics: if version >= 1 {
                reader.nullable_array_of(flexible, |reader| MetadataRequestTopic::decode(reader, version))?
            } else {
                Some(reader.array_of(flexible, |reader| MetadataRequestTopic::decode(reader, version))?)
            },
            allow_auto_topic_creation: if version >= 4 { reader.bool()? } else { true },
            include_cluster_authorized_operations: if (8..=10).contains(&version) { reader.bool()? } else { false },
            include_topic_authorized_operations: if version >= 8 { reader.bool()? } else { false },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`MetadataRequest::topics`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataRequestTopic {
    /// `TopicId`, from version 10 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `Name`, may be null from version 10 on, empty unless set.
    pub name: Option<String>,
}

impl Default for MetadataRequestTopic {
    fn default() -> Self {
        Self { topic_id: Uuid::ZERO, name: Some(String::new()) }
    }
}

impl Encode for MetadataRequestTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version >= 10 {
            writer.uuid(self.topic_id);
        }
        if version >= 10 {
            writer.nullable_string(self.name.as_deref(), flexible)?;
        } else {
            let name = required(self.name.as_deref(), "Name", version)?;
            writer.string(name, flexible)?;
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for MetadataRequestTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message = Self {
            topic_id: if version >= 10 { reader.uuid()? } else { Uuid::ZERO },
            name: if version >= 10 {
                reader.nullable_string(flexible)?.map(str::to_owned)
            } else {
                Some(reader.string(flexible)?.to_owned())
            },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// The response of Metadata (3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataResponse {
    /// `ThrottleTimeMs`, from version 3 on; left out where it has no place.
    pub throttle_time_ms: i32,
    /// `Brokers`.
    pub brokers: Vec<MetadataResponseBroker>,
    /// `ClusterId`, from version 2 on, may be null; left out where it has no place.
    pub cluster_id: Option<String>,
    /// `ControllerId`, from version 1 on, -1 unless set; left out where it has no place.
    pub controller_id: i32,
    /// `Topics`.
    pub topics: Vec<MetadataResponseTopic>,
    /// `ClusterAuthorizedOperations`, in versions 8 to 10, i32::MIN unless set.
    pub cluster_authorized_operations: i32,
    /// `ErrorCode`, from version 13 on; left out where it has no place.
    pub error_code: ErrorCode,
}

impl Default for MetadataResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: -1,
            topics: Vec::new(),
            cluster_authorized_operations: i32::MIN,
            error_code: ErrorCode::NONE,
        }
    }
}

impl Encode for MetadataResponse {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        encodable("MetadataResponse", VERSIONS, version)?;
        let flexible = version >= 9;
        if version >= 3 {
            writer.i32(self.throttle_time_ms);
        }
        writer.array_of(&self.brokers, flexible, |writer, element| element.encode(writer, version))?;
        if version >= 2 {
            writer.nullable_string(self.cluster_id.as_deref(), flexible)?;
        }
        if version >= 1 {
            writer.i32(self.controller_id);
        }
        writer.array_of(&self.topics, flexible, |writer, element| element.encode(writer, version))?;
        if (8..=10).contains(&version) {
            writer.i32(self.cluster_authorized_operations);
        } else if self.cluster_authorized_operations != i32::MIN {
            return Err(EncodeError::Unsupported { field: "ClusterAuthorizedOperations", version });
        }
        if version >= 13 {
            writer.i16(self.error_code.0);
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for MetadataResponse {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        decodable(VERSIONS, version)?;
        let flexible = version >= 9;
        let message = Self {
            throttle_time_ms: if version >= 3 { reader.i32()? } else { 0 },
            brokers: reader.array_of(flexible, |reader| MetadataResponseBroker::decode(reader, version))?,
            cluster_id: if version >= 2 { reader.nullable_string(flexible)?.map(str::to_owned) } else { None },
            controller_id: if version >= 1 { reader.i32()? } else { -1 },
            topics: reader.array_of(flexible, |reader| MetadataResponseTopic::decode(reader, version))?,
            cluster_authorized_operations: if (8..=10).contains(&version) { reader.i32()? } else { i32::MIN },
            error_code: if version >= 13 { ErrorCode(reader.i16()?) } else { ErrorCode::NONE },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`MetadataResponse::brokers`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataResponseBroker {
    /// `NodeId`.
    pub node_id: i32,
    /// `Host`.
    pub host: String,
    /// `Port`.
    pub port: i32,
    /// `Rack`, from version 1 on, may be null; left out where it has no place.
    pub rack: Option<String>,
}

impl Encode for MetadataResponseBroker {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        writer.i32(self.node_id);
        writer.string(&self.host, flexible)?;
        writer.i32(self.port);
        if version >= 1 {
            writer.nullable_string(self.rack.as_deref(), flexible)?;
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for MetadataResponseBroker {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message = Self {
            node_id: reader.i32()?,
            host: reader.string(flexible)?.to_owned(),
            port: reader.i32()?,
            rack: if version >= 1 { reader.nullable_string(flexible)?.map(str::to_owned) } else { None },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`MetadataResponse::topics`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataResponseTopic {
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `Name`, may be null from version 12 on, empty unless set.
    pub name: Option<String>,
    /// `TopicId`, from version 10 on; left out where it has no place.
    pub topic_id: Uuid,
    /// `IsInternal`, from version 1 on; left out where it has no place.
    pub is_internal: bool,
    /// `Partitions`.
    pub partitions: Vec<MetadataResponsePartition>,
    /// `TopicAuthorizedOperations`, from version 8 on, i32::MIN unless set.
    pub topic_authorized_operations: i32,
}

impl Default for MetadataResponseTopic {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            name: Some(String::new()),
            topic_id: Uuid::ZERO,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: i32::MIN,
        }
    }
}

impl Encode for MetadataResponseTopic {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        writer.i16(self.error_code.0);
        if version >= 12 {
            writer.nullable_string(self.name.as_deref(), flexible)?;
        } else {
            let name = required(self.name.as_deref(), "Name", version)?;
            writer.string(name, flexible)?;
        }
        if version >= 10 {
            writer.uuid(self.topic_id);
        }
        if version >= 1 {
            writer.bool(self.is_internal);
        }
        writer.array_of(&self.partitions, flexible, |writer, element| element.encode(writer, version))?;
        if version >= 8 {
            writer.i32(self.topic_authorized_operations);
        } else if self.topic_authorized_operations != i32::MIN {
            return Err(EncodeError::Unsupported { field: "TopicAuthorizedOperations", version });
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for MetadataResponseTopic {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message = Self {
            error_code: ErrorCode(reader.i16()?),
            name: if version >= 12 {
                reader.nullable_string(flexible)?.map(str::to_owned)
            } else {
                Some(reader.string(flexible)?.to_owned())
            },
            topic_id: if version >= 10 { reader.uuid()? } else { Uuid::ZERO },
            is_internal: if version >= 1 { reader.bool()? } else { false },
            partitions: reader.array_of(flexible, |reader| MetadataResponsePartition::decode(reader, version))?,
            topic_authorized_operations: if version >= 8 { reader.i32()? } else { i32::MIN },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}

/// What [`MetadataResponseTopic::partitions`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataResponsePartition {
    /// `ErrorCode`.
    pub error_code: ErrorCode,
    /// `PartitionIndex`.
    pub partition_index: i32,
    /// `LeaderId`.
    pub leader_id: i32,
    /// `LeaderEpoch`, from version 7 on, -1 unless set; left out where it has no place.
    pub leader_epoch: i32,
    /// `ReplicaNodes`.
    pub replica_nodes: Vec<i32>,
    /// `IsrNodes`.
    pub isr_nodes: Vec<i32>,
    /// `OfflineReplicas`, from version 5 on; left out where it has no place.
    pub offline_replicas: Vec<i32>,
}

impl Default for MetadataResponsePartition {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
        }
    }
}

impl Encode for MetadataResponsePartition {
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        writer.i16(self.error_code.0);
        writer.i32(self.partition_index);
        writer.i32(self.leader_id);
        if version >= 7 {
            writer.i32(self.leader_epoch);
        }
        writer.array_of(&self.replica_nodes, flexible, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        writer.array_of(&self.isr_nodes, flexible, |writer, element| {
            writer.i32(*element);
            Ok(())
        })?;
        if version >= 5 {
            writer.array_of(&self.offline_replicas, flexible, |writer, element| {
                writer.i32(*element);
                Ok(())
            })?;
        }
        if flexible {
            writer.tagged_fields(&[])?;
        }
        Ok(())
    }
}

impl Decode for MetadataResponsePartition {
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let message = Self {
            error_code: ErrorCode(reader.i16()?),
            partition_index: reader.i32()?,
            leader_id: reader.i32()?,
            leader_epoch: if version >= 7 { reader.i32()? } else { -1 },
            replica_nodes: reader.array_of(flexible, |reader| reader.i32())?,
            isr_nodes: reader.array_of(flexible, |reader| reader.i32())?,
            offline_replicas: if version >= 5 { reader.array_of(flexible, |reader| reader.i32())? } else { Vec::new() },
        };
        if flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(message)
    }
}
