//! What became of each record, as a client was told: written by every client in the same lines, read by SoakRead.
//!
//! ```text
//! sent PARTITION COUNT            records 0 to COUNT - 1 were accepted
//! maybe PARTITION FROM TO         these failed, and may be in the log
//! no PARTITION FROM TO            these failed, and are not
//! failed PARTITION FROM TO        these failed, and their client says no more
//! ```
//!
//! Whatever is in no line but the first was acknowledged.

use milena::Written;
use std::fmt::Write;
use std::sync::atomic::{AtomicU8, Ordering};

const PENDING: u8 = 0;
const ACKNOWLEDGED: u8 = 1;
const MAYBE: u8 = 2;
const NO: u8 = 3;

/// By number; record n goes to partition n modulo the partitions.
pub(crate) struct Fates {
    partitions: usize,
    fates: Vec<AtomicU8>,
}

impl Fates {
    /// For so many records.
    pub(crate) fn new(partitions: usize, records: usize) -> Self {
        Self { partitions, fates: std::iter::repeat_with(AtomicU8::default).take(records).collect() }
    }

    /// The record of this number has its outcome.
    pub(crate) fn tell(&self, number: u64, outcome: Result<(), Written>) {
        let fate = match outcome {
            Ok(()) => ACKNOWLEDGED,
            Err(Written::Maybe) => MAYBE,
            Err(Written::No) => NO,
        };
        let place = usize::try_from(number).ok().and_then(|number| self.fates.get(number));
        let before = place.map(|place| place.swap(fate, Ordering::Relaxed));
        assert_eq!(before, Some(PENDING), "record {number} has one outcome");
    }

    /// How many of the first `sent` were acknowledged.
    pub(crate) fn acknowledged(&self, sent: usize) -> usize {
        self.fates.iter().take(sent).filter(|fate| fate.load(Ordering::Relaxed) == ACKNOWLEDGED).count()
    }

    /// The lines for the first `sent` records. One without an outcome counts as failed.
    pub(crate) fn lines(&self, sent: usize) -> String {
        let mut lines = String::new();
        for partition in 0..self.partitions {
            let of_partition = self.fates.iter().take(sent).skip(partition).step_by(self.partitions);
            let mut run = (ACKNOWLEDGED, 0);
            let mut count = 0;
            for fate in of_partition {
                let fate = fate.load(Ordering::Relaxed);
                if fate != run.0 {
                    end_run(&mut lines, partition, run, count);
                    run = (fate, count);
                }
                count += 1;
            }
            end_run(&mut lines, partition, run, count);
            writeln!(lines, "sent {partition} {count}").expect("a string takes all");
        }
        lines
    }
}

fn end_run(lines: &mut String, partition: usize, (fate, from): (u8, usize), to: usize) {
    let word = match fate {
        ACKNOWLEDGED => return,
        MAYBE => "maybe",
        NO => "no",
        _ => "failed",
    };
    if from < to {
        writeln!(lines, "{word} {partition} {from} {to}").expect("a string takes all");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_acknowledged_is_told_in_runs() {
        let fates = Fates::new(2, 20);
        let outcomes = [Ok(()), Err(Written::No), Ok(()), Err(Written::No), Err(Written::Maybe), Ok(())];
        (0..).zip(outcomes).for_each(|(number, outcome)| fates.tell(number, outcome));
        assert_eq!(fates.lines(8), "maybe 0 2 3\nfailed 0 3 4\nsent 0 4\nno 1 0 2\nfailed 1 3 4\nsent 1 4\n");
        assert_eq!(fates.acknowledged(8), 3);
    }
}
