//! Those who send: one that offers records at a rate and does not wait, and a few that wait.

use milena::blocking::Producer;
use milena::{Hook, Record, Written};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// `max.block.ms`.
pub(super) const MAX_BLOCK: Duration = Duration::from_secs(1);
const WAITING_CALLERS: usize = 4;
const VALUE: [u8; 100] = [7; 100];

/// They run until [`stop`](Self::stop).
pub(super) struct Callers {
    counts: Arc<Counts>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Counts {
    over: AtomicBool,
    accepted: AtomicU64,
    refused: AtomicU64,
    /// Acknowledged, surely not written, maybe written.
    outcomes: [AtomicU64; 3],
    longest_block_us: AtomicU64,
}

impl Callers {
    pub(super) fn start(producer: &Producer, topic: &'static str, rate: u32) -> Self {
        let counts = Arc::new(Counts::default());
        let handle = milena::Producer::from(producer.clone());
        let hook = handle.hook({
            let counts = Arc::clone(&counts);
            move |_, outcome| {
                let [acknowledged, no, maybe] = &counts.outcomes;
                let which = match outcome.map_err(|error| error.written) {
                    Ok(_) => acknowledged,
                    Err(Written::No) => no,
                    Err(Written::Maybe) => maybe,
                };
                which.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut threads = Vec::new();
        for _ in 0..WAITING_CALLERS {
            let (counts, producer, hook) = (Arc::clone(&counts), producer.clone(), Arc::clone(&hook));
            threads.push(thread::spawn(move || counts.wait_their_turn(&producer, topic, &hook)));
        }
        let counting = Arc::clone(&counts);
        threads.push(thread::spawn(move || counting.offer(&handle, topic, rate, &hook)));
        Self { counts, threads: Mutex::new(threads) }
    }

    /// How many records are acknowledged, surely not written, maybe written.
    pub(super) fn outcomes(&self) -> [u64; 3] {
        self.counts.outcomes.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    pub(super) fn forget_longest_block(&self) {
        self.counts.longest_block_us.store(0, Ordering::Relaxed);
    }

    pub(super) fn longest_block(&self) -> Duration {
        Duration::from_micros(self.counts.longest_block_us.load(Ordering::Relaxed))
    }

    /// Nobody sends any more. How many records were accepted, and how many refused.
    pub(super) fn stop(&self) -> (u64, u64) {
        self.counts.over.store(true, Ordering::Relaxed);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.drain(..).for_each(|thread| thread.join().expect("callers only send"));
        (self.counts.accepted.load(Ordering::Relaxed), self.counts.refused.load(Ordering::Relaxed))
    }
}

impl Counts {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn count(&self, accepted: bool) {
        if accepted { &self.accepted } else { &self.refused }.fetch_add(1, Ordering::Relaxed);
    }

    fn offer(&self, producer: &milena::Producer, topic: &str, rate: u32, hook: &Hook) {
        let begun = Instant::now();
        let mut offered = 0.0;
        while !self.is_over() {
            let due = begun.elapsed().as_secs_f64() * f64::from(rate);
            while offered < due {
                self.count(producer.try_send_with(Record::to(topic).value(&VALUE), hook, 0).is_ok());
                offered += 1.0;
            }
            sleep(Duration::from_millis(1));
        }
    }

    fn wait_their_turn(&self, producer: &Producer, topic: &str, hook: &Hook) {
        while !self.is_over() {
            let begun = Instant::now();
            self.count(producer.send_with(Record::to(topic).value(&VALUE), hook, 0).is_ok());
            let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.longest_block_us.fetch_max(micros, Ordering::Relaxed);
            sleep(Duration::from_millis(1));
        }
    }
}
