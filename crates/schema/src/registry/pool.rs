//! Threads that ask the registry: few, started when there is something to ask, gone when there is not.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How many questions are under way at most: enough to start many topics at once, few enough for a small registry.
pub(crate) const THREADS: usize = 4;

/// How long a thread waits for the next question.
const IDLE: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

impl Pool {
    /// Runs `job` on a thread of the pool, soon.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.jobs.push_back(Box::new(job));
        if state.idle >= state.jobs.len() || state.threads == THREADS {
            self.shared.work.notify_one();
            return;
        }
        state.threads += 1;
        let shared = Arc::clone(&self.shared);
        let started = thread::Builder::new().name("milena-registry".into()).spawn(move || shared.work());
        if started.is_err() {
            // No thread to be had: one that is there takes it, or the asker's patience ends.
            state.threads -= 1;
        }
    }
}

impl Shared {
    fn work(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // A job that panics has lost its asker's answer, which is told by the flight; the thread goes on.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.idle += 1;
            let (next, waited) = self.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = next;
            state.idle -= 1;
            if waited.timed_out() && state.jobs.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn jobs_run_side_by_side_up_to_the_limit_and_a_panic_stops_none() {
        let pool = Pool::default();
        let (started, starts) = channel();
        let (release, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        pool.run(|| panic!("a job may"));
        for _ in 0..THREADS + 2 {
            let (started, gate) = (started.clone(), Arc::clone(&gate));
            pool.run(move || {
                started.send(()).unwrap();
                let _ = gate.lock().unwrap().recv();
            });
        }
        for _ in 0..THREADS {
            starts.recv_timeout(Duration::from_secs(10)).unwrap();
        }
        assert!(starts.recv_timeout(Duration::from_millis(50)).is_err(), "more than {THREADS} at once");
        for _ in 0..THREADS + 2 {
            release.send(()).unwrap();
        }
        for _ in 0..2 {
            starts.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    }
}
