//! Seals batches: on a few threads of its own, for compression is slow, and neither a caller nor the driver may wait for it;
//! or at once, where handing it over would take longer.

use crate::inbox::Inbox;
use milena_core::{Batch, Sealed};
use milena_wire::compression::{Codec, Compression, Compressor};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Two threads outrun one driver with every codec but the slowest levels.
const THREADS_MAX: usize = 2;

/// The longest batch that is sealed at once, bytes. To hand one over and back wakes two threads, some ten microseconds of
/// processor time in all, and so long takes the codec for this much. A level that was asked for may be ten times slower.
fn at_once_max(compression: Compression) -> usize {
    match compression {
        Compression { codec: Codec::None, .. } => usize::MAX,
        Compression { codec: Codec::Lz4 | Codec::Snappy, level: None } => 4_096,
        Compression { codec: Codec::Zstd, level: None } => 1_024,
        _ => 0,
    }
}

/// The same where the process has one core: another thread would only take turns with the driver, which waits for it. Longer
/// ones are left to one all the same, for the driver has sockets to look after: these take a millisecond.
fn at_once_max_alone(compression: Compression) -> usize {
    match compression {
        Compression { codec: Codec::Lz4 | Codec::Snappy, level: None } => 512 << 10,
        Compression { codec: Codec::Zstd, level: None } => 256 << 10,
        _ => at_once_max(compression),
    }
}

/// The threads, started when there is a batch for them and ended with this value. What they have finished lies in the
/// driver's inbox.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    compression: Compression,
    name: Arc<str>,
    threads: Vec<JoinHandle<()>>,
    threads_max: usize,
    /// Batches up to this size are sealed at once.
    at_once: usize,
    own: Compressor,
}

#[derive(Default)]
struct Shared {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Batch>,
    idle: usize,
    ended: bool,
}

impl Pool {
    /// No thread yet.
    pub(crate) fn new(name: Arc<str>, compression: Compression) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            shared: Arc::default(),
            compression,
            name,
            threads: Vec::new(),
            threads_max: cores.min(THREADS_MAX),
            at_once: if cores == 1 { at_once_max_alone(compression) } else { at_once_max(compression) },
            own: Compressor::default(),
        }
    }

    /// Seals the batch at once, or has it left in the inbox. Never waits for longer than a thread would take to be woken.
    #[must_use]
    pub(crate) fn seal(&mut self, batch: Batch, inbox: &Arc<Inbox>) -> Option<Sealed> {
        if batch.size() <= self.at_once {
            return Some(batch.seal(self.compression, &mut self.own));
        }
        self.hand_over(batch, inbox);
        None
    }

    fn hand_over(&mut self, batch: Batch, inbox: &Arc<Inbox>) {
        let mut jobs = self.shared.lock();
        jobs.waiting.push_back(batch);
        let busy = jobs.waiting.len() > jobs.idle && !jobs.ended;
        drop(jobs);
        if busy && self.threads.len() < self.threads_max {
            match self.start(inbox) {
                Ok(thread) => self.threads.push(thread),
                // Slower, but it works: the driver compresses. Asked again with the next batch.
                Err(error) if self.threads.is_empty() => {
                    tracing::warn!(%error, "no thread for compression");
                    self.seal_here(inbox);
                    return;
                }
                Err(_) => {}
            }
        }
        self.shared.changed.notify_one();
    }

    /// Waits for the batches that are being compressed, and takes those that are not. No thread is started after this.
    pub(crate) fn end(&mut self) -> Vec<Batch> {
        let mut jobs = self.shared.lock();
        jobs.ended = true;
        let left = std::mem::take(&mut jobs.waiting).into();
        drop(jobs);
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing to bring back.
            let _ = thread.join();
        }
        left
    }

    fn start(&self, inbox: &Arc<Inbox>) -> io::Result<JoinHandle<()>> {
        let (shared, inbox, compression) = (Arc::clone(&self.shared), Arc::clone(inbox), self.compression);
        let name = format!("{}-seal-{}", self.name, self.threads.len());
        thread::Builder::new().name(name).spawn(move || {
            let mut compressor = Compressor::default();
            while let Some(batch) = shared.next() {
                inbox.leave_sealed(batch.seal(compression, &mut compressor));
            }
        })
    }

    fn seal_here(&mut self, inbox: &Arc<Inbox>) {
        let waiting = std::mem::take(&mut self.shared.lock().waiting);
        for batch in waiting {
            inbox.leave_sealed(batch.seal(self.compression, &mut self.own));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    /// The oldest waiting batch; `None` when there will be none.
    fn next(&self) -> Option<Batch> {
        let mut jobs = self.lock();
        loop {
            if let Some(batch) = jobs.waiting.pop_front() {
                return Some(batch);
            }
            if jobs.ended {
                return None;
            }
            jobs.idle += 1;
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
            jobs.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        // Nothing that panics runs under it.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::Mail;
    use milena_core::config::Config;
    use milena_core::output::News;
    use milena_core::{Accumulator, Claim, Record, Time, Timestamp, TopicIndex, TopicLayout};

    fn batch(bytes: usize) -> Batch {
        let config = Config { batch_size: 1, ..Config::default() };
        let mut accumulator = Accumulator::new(Arc::new(config), 1);
        let layout = TopicLayout { index: TopicIndex(0), name: "t".into(), available: vec![true] };
        accumulator.hear(News::Learned(Arc::new(layout)), Time::ZERO);
        let value = vec![b'v'; bytes];
        let record = Record::to("t").value(&value);
        let _ = accumulator.append(&record, Claim::Nothing, None, Time::ZERO, Timestamp(0)).unwrap();
        let mut due = Vec::new();
        accumulator.take_due(Time::ZERO, &mut due);
        due.remove(0)
    }

    #[test]
    fn small_batches_are_sealed_at_once_and_large_ones_by_a_thread() {
        let inbox = Arc::new(Inbox::default());
        let mut pool = Pool::new("test".into(), Compression { codec: Codec::Lz4, level: None });
        pool.at_once = at_once_max(pool.compression);
        assert!(pool.seal(batch(1_000), &inbox).is_some());
        assert!(pool.threads.is_empty(), "no thread for that");
        assert!(pool.seal(batch(100_000), &inbox).is_none());
        let mut mail = Mail::default();
        while mail.is_empty() {
            thread::yield_now();
            inbox.take(&mut mail);
        }
        assert_eq!((mail.sealed.len(), pool.threads.len()), (1, 1));
    }
}
