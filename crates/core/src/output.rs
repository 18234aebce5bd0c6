//! What the sender wants done: the one way out of it.

use crate::batch::{Batch, Release};
use crate::delivery::Hooks;
use crate::error::SendError;
use crate::time::Time;
use crate::topic::{PartitionKey, TopicIndex, TopicLayout};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// A connection's number within one producer, never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// A name or an address, without brackets.
    pub host: Arc<str>,
    /// TCP port.
    pub port: u16,
}

/// For people: a broker names hosts, so control characters are escaped.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = (self.host.escape_debug(), self.port);
        if self.host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// One request on its way: its bytes in order, in as many pieces as they lie in memory. The batches' own buffers are among
/// the pieces, shared, not copied.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Written one after another; together they begin with their own length.
    pub pieces: Vec<Bytes>,
}

impl Frame {
    /// Bytes of all pieces.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(Bytes::is_empty)
    }
}

/// What the driver must do next. After each input, drain these until [`Output::Wait`].
#[derive(Debug)]
pub enum Output {
    /// Connect. Answered by `handle_opened`, or by `handle_closed` with the reason.
    Open(ConnectionId, Endpoint),
    /// Write this after everything that was given for the connection before. Answered by `handle_transmitted` when the
    /// last byte is with the operating system.
    Transmit(ConnectionId, Frame),
    /// Close now, dropping what is not written. Not answered.
    Close(ConnectionId),
    /// Seal this batch (compress it), off the callers' threads. Answered by `handle_sealed`.
    Compress(Batch),
    /// For the accumulator's `hear`.
    News(News),
    /// The user's code to run, under no lock.
    Hooks(Hooks),
    /// For the log.
    Notice(Notice),
    /// Nothing more now; call again at this time, or when there is input.
    Wait(Option<Time>),
}

/// What the accumulator must learn.
#[derive(Debug)]
pub enum News {
    /// A topic's layout, new or changed.
    Learned(Arc<TopicLayout>),
    /// A topic that cannot be sent to: who waits for it fails with this.
    Refused(Arc<str>, SendError),
    /// Why a topic is not there yet: who waits for it in vain fails with this reason.
    Missing(Arc<str>, Arc<str>),
    /// A topic that was deleted, and that nobody sends to: what is kept of its partitions can go.
    Gone(TopicIndex),
    /// Whether the sender would take a batch of this partition and put it on the wire at once. Until it would, an open
    /// batch keeps filling.
    Hungry(PartitionKey, bool),
    /// A batch of the topic was compressed: how well decides when the next ones are full.
    Compressed {
        /// The topic.
        topic: TopicIndex,
        /// Bytes of its records before.
        before: usize,
        /// And after; as many, where compression gained nothing.
        after: usize,
    },
    /// A batch is done: its memory, and its buffer where nobody else holds it.
    Released(Release),
    /// Nothing can be sent any more, for this reason.
    Failed(Arc<str>),
}

/// Something that a person reading the log should see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How much it matters.
    pub level: Level,
    /// One sentence, control characters escaped.
    pub text: String,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The producer's inner steps.
    Debug,
    /// Connections, leaders, topics.
    Info,
    /// Something retried, or refused for one record.
    Warn,
    /// Records lost, or the producer failed.
    Error,
}
