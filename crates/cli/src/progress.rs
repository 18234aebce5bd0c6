//! The line that moves while a run is under way.

use crate::console::Console;
use crate::figures::{bytes, count, rate};
use crate::ledger::{Glance, Ledger};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the line moves.
const TICK: Duration = Duration::from_millis(200);

/// A thread that shows how far the run is, and tells the first failures as they come.
pub(crate) struct Progress {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// Begins.
    pub(crate) fn start(topic: String, ledger: Arc<Ledger>, console: Arc<Console>) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut rate = Rate::start(Instant::now());
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                ledger.take_complaints().into_iter().for_each(|complaint| console.error(complaint));
                if console.shows_progress() {
                    let glance = ledger.glance();
                    let per_second = rate.at(Instant::now(), glance.acknowledged);
                    console.progress(line(&topic, &glance, per_second));
                }
            }
            console.finish_progress();
            ledger.take_complaints().into_iter().for_each(|complaint| console.error(complaint));
        });
        Self { stop, thread }
    }

    /// Wipes the line and ends.
    pub(crate) fn finish(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

fn line(topic: &str, glance: &Glance, per_second: f64) -> String {
    let Glance { records, bytes: size, acknowledged, failed, waiting } = glance;
    let failed = if *failed > 0 { format!(", {} failed", count(*failed)) } else { String::new() };
    format!(
        "{topic}: {} records, {}, {}/s, {} acknowledged, {} buffered{failed}",
        count(*records),
        bytes(*size),
        rate(per_second),
        count(*acknowledged),
        count(*waiting),
    )
}

/// Records a second over the last two seconds: what a person sees should not jump with every batch.
struct Rate {
    marks: Vec<(Instant, u64)>,
}

impl Rate {
    fn start(now: Instant) -> Self {
        Self { marks: vec![(now, 0)] }
    }

    fn at(&mut self, now: Instant, total: u64) -> f64 {
        let window = Duration::from_secs(2);
        while self.marks.len() > 1 && now.saturating_duration_since(self.marks[0].0) > window {
            self.marks.remove(0);
        }
        let (since, before) = self.marks[0];
        self.marks.push((now, total));
        let seconds = now.saturating_duration_since(since).as_secs_f64();
        if seconds > 0.0 { (total - before) as f64 / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_two_seconds() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut rate = Rate::start(start);
        assert_eq!(rate.at(start, 0), 0.0);
        for tick in 1..=5 {
            assert_eq!(rate.at(start + second * tick, u64::from(tick) * 100), 100.0);
        }
        // Nothing came for two seconds.
        assert_eq!(rate.at(start + second * 7, 500), 0.0);
    }

    #[test]
    fn failures_are_in_the_line_only_when_there_are_some() {
        let mut glance = Glance { records: 1234, bytes: 5000, acknowledged: 1000, failed: 0, waiting: 234 };
        assert_eq!(line("t", &glance, 99.9), "t: 1,234 records, 5.0 kB, 100/s, 1,000 acknowledged, 234 buffered");
        glance.failed = 1;
        assert!(line("t", &glance, 99.9).ends_with(", 1 failed"));
    }
}
