//! Why a record was not accepted by a topic's handle.

use crate::serialize_error::SerializeError;
use crate::serializer::{BindError, Side};
use milena_core::SendError;
use std::sync::Arc;
use thiserror::Error;

/// Not accepted by a [`Topic`](crate::Topic): nothing of this record was or will be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TopicError {
    /// Key or value did not become bytes: the record must be changed.
    #[error("the {side} of a record for topic {topic}: {source}")]
    Serialize {
        /// The topic's name.
        topic: Arc<str>,
        /// Which of the two.
        side: Side,
        /// What is wrong, and where in the value.
        source: Box<SerializeError>,
    },
    /// The producer did not take the bytes.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// A [`Topic`](crate::Topic) could not be made ready for records: nothing was sent.
#[derive(Debug, Clone, Error)]
pub enum TopicBindError {
    /// One of its serializers could not be bound.
    #[error(transparent)]
    Serializer(#[from] BindError),
    /// The topic did not turn up within `max.block.ms`, or is refused.
    #[error(transparent)]
    Topic(#[from] SendError),
}
