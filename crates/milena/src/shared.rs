//! What the handles and the driver share: the accumulator behind its lock, the clock, the inbox, and how far closing is.

use crate::clock::Clock;
use crate::inbox::Inbox;
use crate::life::Life;
use milena_core::Stats;
use milena_core::config::Config;
use milena_core::{Accumulator, Partitioner, Refusal, Ticket};
use milena_core::{Record, SendError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One of these per producer.
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) life: Life,
    accumulator: Mutex<Accumulator>,
    partitioner: Option<Box<dyn Partitioner>>,
    /// As of the driver's last turn.
    stats: Mutex<Stats>,
}

impl Shared {
    pub(crate) fn new(config: Arc<Config>, seed: u64, partitioner: Option<Box<dyn Partitioner>>) -> Self {
        Self {
            accumulator: Mutex::new(Accumulator::new(Arc::clone(&config), seed)),
            config,
            clock: Clock::start(),
            inbox: Arc::default(),
            life: Life::default(),
            partitioner,
            stats: Mutex::default(),
        }
    }

    /// The accumulator. The lock is held for tens of nanoseconds, and no user code runs under it.
    ///
    /// # Errors
    /// [`SendError::Fatal`] when it panicked under somebody before: what it holds cannot be trusted.
    #[inline]
    pub(crate) fn accumulator(&self) -> Result<MutexGuard<'_, Accumulator>, SendError> {
        let broken = |_| SendError::Fatal("the accumulator broke an invariant, see the panic before".into());
        self.accumulator.lock().map_err(broken)
    }

    /// The accumulator, be it broken: for whoever only clears up.
    pub(crate) fn accumulator_at_any_rate(&self) -> MutexGuard<'_, Accumulator> {
        self.accumulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the user's own code chooses partitions: then records must be [placed](Self::place) before they are appended.
    #[inline]
    pub(crate) fn has_partitioner(&self) -> bool {
        self.partitioner.is_some()
    }

    /// Chooses partitions with the user's partitioner, if there is one, for records that name none. How many of them are
    /// placed, and what is wrong with the next: its topic is not known yet, or what the partitioner did.
    pub(crate) fn place(&self, records: &mut [Record<'_>], ticket: Option<Ticket>) -> (usize, Option<Refusal>) {
        let Some(partitioner) = &self.partitioner else { return (records.len(), None) };
        for (placed, record) in records.iter_mut().enumerate() {
            if record.partition.is_none() {
                match self.choose(&**partitioner, record, ticket) {
                    Ok(partition) => record.partition = Some(partition),
                    Err(refusal) => return (placed, Some(refusal)),
                }
            }
        }
        (records.len(), None)
    }

    /// Under no lock: it is the user's code.
    fn choose(
        &self,
        partitioner: &dyn Partitioner,
        record: &Record<'_>,
        ticket: Option<Ticket>,
    ) -> Result<i32, Refusal> {
        let mut accumulator = self.accumulator().map_err(Refusal::Never)?;
        let layout = accumulator.layout_or_refusal(record.topic, ticket).map(Arc::clone)?;
        drop(accumulator);
        let chosen = catch_unwind(AssertUnwindSafe(|| partitioner.partition(record, &layout)));
        let partition = chosen.map_err(|_| Refusal::Never(SendError::InvalidRecord("the partitioner panicked")))?;
        let count = layout.partition_count();
        if usize::try_from(partition).is_ok_and(|partition| partition < count) {
            return Ok(partition);
        }
        let topic = Arc::clone(&layout.name);
        Err(Refusal::Never(SendError::InvalidPartition { topic, partition, count }))
    }

    pub(crate) fn stats(&self) -> Stats {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn publish(&self, stats: Stats) {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = stats;
    }
}
