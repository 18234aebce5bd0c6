//! Every question that is put to a broker, so that its answer finds its way by `match`.

use crate::partition::AttemptId;
use crate::time::Time;
use crate::topic::{PartitionKey, TopicIndex};
use milena_wire::buf::Uuid;
use milena_wire::version::ApiKey;

/// What was asked.
#[derive(Debug)]
pub(crate) enum Call {
    /// What the broker can do: the first question of a connection.
    ApiVersions,
    Metadata,
    InitProducerId,
    Produce(Produced),
    /// Where a partition's log ends: before it is probed.
    LogEnd(Part),
}

/// What a Produce request carried.
#[derive(Debug, Default)]
pub(crate) struct Produced {
    /// In the order of their keys, at most one a partition.
    pub(crate) parts: Vec<Part>,
    /// The ids that the topics had when the request was made: an answer of version 13 names nothing else.
    pub(crate) topics: Vec<(TopicIndex, Uuid)>,
}

/// One batch of a Produce request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) key: PartitionKey,
    pub(crate) attempt: AttemptId,
}

impl Produced {
    /// Takes out the part for this partition, if it was asked and not answered before.
    pub(crate) fn take(&mut self, key: PartitionKey) -> Option<Part> {
        let at = self.parts.iter().position(|part| part.key == key)?;
        Some(self.parts.remove(at))
    }
}

impl Call {
    /// The API that the question belongs to.
    pub(crate) fn api(&self) -> ApiKey {
        match self {
            Self::ApiVersions => ApiKey::API_VERSIONS,
            Self::Metadata => ApiKey::METADATA,
            Self::InitProducerId => ApiKey::INIT_PRODUCER_ID,
            Self::Produce(_) => ApiKey::PRODUCE,
            Self::LogEnd(_) => ApiKey::LIST_OFFSETS,
        }
    }
}

/// A question that awaits its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) correlation_id: i32,
    pub(crate) version: i16,
    pub(crate) call: Call,
    /// When it was put.
    pub(crate) at: Time,
    /// When its answer is overdue.
    pub(crate) deadline: Time,
}
