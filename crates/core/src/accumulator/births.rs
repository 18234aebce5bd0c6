//! Open batches in the order of their birth, those closed meanwhile skipped.

use crate::time::Time;
use crate::topic::PartitionKey;
use std::collections::VecDeque;

/// An open batch, as it is found again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Birth {
    pub(super) key: PartitionKey,
    /// Its number among all batches.
    pub(super) number: u64,
    pub(super) created: Time,
}

/// A line of open batches, oldest first. A batch that is closed stays in line until it is skipped: taking it out of the
/// middle would cost more than skipping it. Every batch waits equally long, so the first in line is the first due.
#[derive(Debug, Default)]
pub(super) struct Births {
    line: VecDeque<Birth>,
    /// How many in line are still open.
    live: usize,
    /// Entries looked at since the beginning, so that a test can see that the work does not grow.
    #[cfg(test)]
    pub(super) visited: usize,
}

impl Births {
    /// Joins the line. Now and then the closed ones are swept out of it, so that it is never much longer than the open
    /// ones are many, however long the first one stays.
    pub(super) fn push(&mut self, birth: Birth, is_live: impl Fn(&Birth) -> bool) {
        if self.line.len() > 64 + 2 * self.live {
            #[cfg(test)]
            {
                self.visited += self.line.len();
            }
            self.line.retain(is_live);
        }
        self.line.push_back(birth);
        self.live += 1;
    }

    /// Takes the first in line, open or not.
    pub(super) fn pop(&mut self) -> Option<Birth> {
        #[cfg(test)]
        {
            self.visited += 1;
        }
        self.line.pop_front()
    }

    /// The first in line, open or not.
    pub(super) fn front(&self) -> Option<&Birth> {
        self.line.front()
    }

    /// One of them was closed, or has left the line open.
    pub(super) fn forget(&mut self) {
        assert!(self.live > 0, "more batches closed than opened");
        self.live -= 1;
        if self.live == 0 {
            self.line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::TopicIndex;

    #[test]
    fn closed_ones_are_swept_out_from_behind_one_that_stays() {
        let mut births = Births::default();
        let birth = |number| {
            let key = PartitionKey { topic: TopicIndex(0), partition: 0 };
            Birth { key, number, created: Time(number) }
        };
        births.push(birth(0), |_| true);
        for number in 1..10_000 {
            births.push(birth(number), |other| other.number == 0);
            births.forget();
        }
        assert!(births.line.len() < 100);
        assert_eq!(births.front().unwrap().number, 0, "the one that stays is still first");
        assert!(births.visited < 2 * 10_000, "a sweep is paid for by those that it takes out");
    }
}
