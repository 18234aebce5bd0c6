//! What the handles and the driver share: the accumulator behind its lock, the clock, the inbox, and how far closing is.

use crate::clock::Clock;
use crate::glance::Glance;
use crate::inbox::Inbox;
use crate::life::Life;
use crate::woken::Woken;
use milena_core::Stats;
use milena_core::config::Config;
use milena_core::{Accumulator, Partitioner, Refusal, Ticket};
use milena_core::{Record, SendError, Time, Timestamp};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One of these per producer.
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) life: Life,
    guarded: Mutex<Guarded>,
    pub(crate) woken: Arc<Woken>,
    partitioner: Option<Box<dyn Partitioner>>,
    /// As of the driver's last turn.
    stats: Mutex<Stats>,
}

/// What is behind the one lock.
pub(crate) struct Guarded {
    accumulator: Accumulator,
    pub(crate) glance: Glance,
}

impl Guarded {
    /// Both times for the next send, as [`Glance::take`] has them.
    #[inline]
    pub(crate) fn times(&mut self, clock: &Clock) -> (Time, Timestamp, bool) {
        self.glance.take(clock, &mut self.accumulator)
    }
}

impl Deref for Guarded {
    type Target = Accumulator;

    fn deref(&self) -> &Accumulator {
        &self.accumulator
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut Accumulator {
        &mut self.accumulator
    }
}

/// The lock, held. Dropped, it is let go, and then those are woken who were woken under it: in the order of the fields.
pub(crate) struct Held<'a> {
    guarded: MutexGuard<'a, Guarded>,
    _wakes: Wakes<'a>,
}

struct Wakes<'a>(&'a Woken);

impl Drop for Wakes<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.wake();
    }
}

impl Deref for Held<'_> {
    type Target = Guarded;

    #[inline]
    fn deref(&self) -> &Guarded {
        &self.guarded
    }
}

impl DerefMut for Held<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Guarded {
        &mut self.guarded
    }
}

impl Shared {
    pub(crate) fn new(config: Arc<Config>, seed: u64, partitioner: Option<Box<dyn Partitioner>>) -> Self {
        Self {
            guarded: Mutex::new(Guarded {
                accumulator: Accumulator::new(Arc::clone(&config), seed),
                glance: Glance::default(),
            }),
            woken: Arc::default(),
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
    pub(crate) fn accumulator(&self) -> Result<Held<'_>, SendError> {
        let broken = |_| SendError::Fatal("the accumulator broke an invariant, see the panic before".into());
        self.guarded.lock().map_err(broken).map(|guarded| self.held(guarded))
    }

    /// The accumulator, be it broken: for whoever only clears up.
    pub(crate) fn accumulator_at_any_rate(&self) -> Held<'_> {
        self.held(self.guarded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    fn held<'a>(&'a self, guarded: MutexGuard<'a, Guarded>) -> Held<'a> {
        Held { guarded, _wakes: Wakes(&self.woken) }
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
