//! Seals batches on a few threads of its own: compression is slow, and neither a caller nor the driver may wait for it.

use crate::inbox::Inbox;
use milena_core::Batch;
use milena_wire::compression::{Compression, Compressor};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Two threads outrun one driver with every codec but the slowest levels.
const THREADS_MAX: usize = 2;

/// The threads, started when there is a batch for them and ended with this value. What they have finished lies in the
/// driver's inbox.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    compression: Compression,
    name: Arc<str>,
    threads: Vec<JoinHandle<()>>,
    threads_max: usize,
    /// Used when there is no thread to be had.
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
            own: Compressor::default(),
        }
    }

    /// Seals the batch and leaves it in the inbox. Never waits.
    pub(crate) fn seal(&mut self, batch: Batch, inbox: &Arc<Inbox>) {
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
