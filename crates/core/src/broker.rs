//! One broker: where it listens, the partitions that are ready for it, and how long it is left alone after a failure.

use crate::backoff::Backoff;
use crate::output::{ConnectionId, Endpoint};
use crate::time::Time;
use crate::topic::PartitionKey;
use fastrand::Rng;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// One of a broker's connections, and what waits for it. A partition is pinned to one link, so that its batches stay in
/// order by themselves.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub(crate) connection: Option<ConnectionId>,
    /// Partitions with something to send, in rotation, each at most once; and places of those that have left.
    pub(crate) ready: VecDeque<Ready>,
    /// Whether it stands in the line of links to serve.
    pub(crate) enlisted: bool,
}

/// A place in a ready line. It counts while the partition says that it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) key: PartitionKey,
    pub(crate) place: u32,
}

/// One broker.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) endpoint: Endpoint,
    pub(crate) links: Vec<Link>,
    /// Connections in a row that did not become ready.
    pub(crate) failures: u32,
    /// Not connected to before this.
    pub(crate) retry_at: Time,
    /// What went wrong last.
    pub(crate) trouble: Option<Arc<str>>,
}

impl Broker {
    pub(crate) fn new(endpoint: Endpoint, links: usize) -> Self {
        let links = (0..links.max(1)).map(|_| Link::default()).collect();
        Self { endpoint, links, failures: 0, retry_at: Time::ZERO, trouble: None }
    }

    /// The same broker without connections, when metadata names it no more: `None` when there is no reason to leave it alone.
    pub(crate) fn rested(self) -> Option<Self> {
        let Self { endpoint, links, failures, retry_at, trouble } = self;
        (failures > 0).then(|| Self { failures, retry_at, trouble, ..Self::new(endpoint, links.len()) })
    }

    /// The link that a partition is pinned to.
    pub(crate) fn link_of(&self, key: PartitionKey) -> usize {
        let number = key.partition.unsigned_abs() as usize + key.topic.0 as usize;
        number % self.links.len()
    }

    /// A connection failed, or ended.
    pub(crate) fn failed(&mut self, trouble: Arc<str>, now: Time, backoff: Backoff, chance: &mut Rng) {
        self.failures = self.failures.saturating_add(1);
        self.retry_at = now + backoff.after(self.failures, chance);
        self.trouble = Some(trouble);
    }

    /// A connection became ready.
    pub(crate) fn went_well(&mut self) {
        self.failures = 0;
        self.trouble = None;
    }

    /// How long connecting may take now: it doubles with the failures, up to `max` (KIP-601).
    pub(crate) fn setup_timeout(&self, initial: Duration, max: Duration) -> Duration {
        initial.saturating_mul(1 << self.failures.min(16)).min(max.max(initial))
    }
}
