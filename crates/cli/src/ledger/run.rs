//! When acknowledgements came: one reading of the clock for a run of them.

use milena::Ack;
use std::time::Instant;

/// Acknowledgements after which the clock is read again: it costs several times what the rest of one does.
const RUN_MAX: u32 = 256;

/// Acknowledgements at consecutive offsets of a partition come from one answer, at one moment.
pub(super) struct Run {
    now: Instant,
    partition: i32,
    next_offset: Option<i64>,
    left: u32,
}

impl Run {
    pub(super) fn new(now: Instant) -> Self {
        Self { now, partition: -1, next_offset: None, left: 0 }
    }

    /// When this one came; `clock` is read where it begins a run.
    pub(super) fn moment(&mut self, ack: &Ack, clock: impl FnOnce() -> Instant) -> Instant {
        if self.left == 0 || self.partition != ack.partition || self.next_offset != ack.offset {
            (self.now, self.partition, self.left) = (clock(), ack.partition, RUN_MAX);
        }
        self.left -= 1;
        self.next_offset = ack.offset.map(|offset| offset + 1);
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use milena::Timestamp;

    #[test]
    fn the_clock_is_read_once_a_run() {
        let mut run = Run::new(Instant::now());
        let mut readings = 0;
        let mut acknowledge = |partition, offset| {
            let ack = Ack { partition, offset: Some(offset), timestamp: Timestamp(0) };
            run.moment(&ack, || {
                readings += 1;
                Instant::now()
            });
        };
        (0..100).for_each(|offset| acknowledge(1, offset));
        acknowledge(2, 100);
        acknowledge(1, 100);
        (200..200 + i64::from(RUN_MAX) + 1).for_each(|offset| acknowledge(1, offset));
        assert_eq!(readings, 5);
    }
}
