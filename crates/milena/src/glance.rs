//! One reading of the clock for several sends, while they come so fast that another reading would say the same.
//!
//! A reading costs a fifth of a send. A caller in a loop sends every 100 ns, and records carry milliseconds: so once sends
//! have been in a hurry for a while, one reading serves the next 16 too. When they pause, what is left of it must not grow
//! old: every turn of the driver ends it, and while sends are in a hurry the driver turns at least once a millisecond.

use crate::clock::Clock;
use milena_core::{Accumulator, Time, Timestamp};
use std::time::Duration;

/// Sends that a reading serves beside its own.
const SERVED_MAX: u32 = 16;
/// Readings are in a hurry when they are no further apart than this for each send.
const HURRY: Duration = Duration::from_micros(2);
/// So many of them, before one serves more than its own send: a burst that is shorter is not worth a turn of the driver.
const HURRIED_MIN: u32 = 64;
/// How far apart the driver's turns may be meanwhile: the precision of the timestamps that records carry.
pub(crate) const AGE_MAX: Duration = Duration::from_millis(1);

/// The latest reading, under the accumulator's lock.
#[derive(Debug, Default)]
pub(crate) struct Glance {
    now: Time,
    wall: Timestamp,
    /// Sends that it still serves.
    left: u32,
    /// How many it has served, its own included.
    served: u32,
    /// How much of a hurry sends are in: one up with each reading that is in one, halved with each that is not, so that the
    /// driver's own turn between two sends does not count for much.
    hurried: u32,
    /// Whether there was a reading since the driver's last turn.
    used: bool,
}

impl Glance {
    /// Both times for the next send; and whether the driver must be woken, so that it ends this reading in time.
    #[inline]
    pub(crate) fn take(&mut self, clock: &Clock, accumulator: &mut Accumulator) -> (Time, Timestamp, bool) {
        let mut wake = false;
        if self.left > 0 {
            self.left -= 1;
        } else {
            let (now, wall) = clock.both();
            self.read(now, wall);
            wake = self.left > 0 && accumulator.wake_before(now + AGE_MAX);
        }
        self.served += 1;
        (self.now, self.wall, wake)
    }

    fn read(&mut self, now: Time, wall: Timestamp) {
        let in_a_hurry = now.since(self.now) <= HURRY * self.served.max(1);
        self.hurried = if in_a_hurry { (self.hurried + 1).min(2 * HURRIED_MIN) } else { self.hurried / 2 };
        self.left = if self.is_in_a_hurry() { SERVED_MAX } else { 0 };
        (self.now, self.wall, self.served, self.used) = (now, wall, 0, true);
    }

    /// The driver's turn: the reading serves no more. Whether the next turn must come within [`AGE_MAX`].
    pub(crate) fn end(&mut self) -> bool {
        self.left = 0;
        if !std::mem::take(&mut self.used) {
            self.hurried = 0;
        }
        self.is_in_a_hurry()
    }

    fn is_in_a_hurry(&self) -> bool {
        self.hurried >= HURRIED_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings that `sends` take which are so far apart, from `start` on.
    fn readings(glance: &mut Glance, sends: u64, start: u64, apart: u64) -> Vec<u64> {
        let mut readings = Vec::new();
        for send in 0..sends {
            if glance.left > 0 {
                glance.left -= 1;
            } else {
                readings.push(start + send * apart);
                glance.read(Time(start + send * apart), Timestamp(0));
            }
            glance.served += 1;
        }
        readings
    }

    #[test]
    fn a_loop_reads_the_clock_for_every_seventeenth_send() {
        let mut glance = Glance::default();
        readings(&mut glance, 1_000, 1_000, 1);
        assert!(glance.end());
        let taken = readings(&mut glance, 1_700, 2_000, 1).len();
        assert!((100..110).contains(&taken), "{taken}");
    }

    #[test]
    fn sends_that_take_their_time_read_it_each() {
        let mut glance = Glance::default();
        assert_eq!(readings(&mut glance, 1_000, 1_000, 3).len(), 1_000);
        assert!(!glance.end());
    }

    #[test]
    fn a_short_burst_reads_it_each_and_keeps_nobody_awake() {
        let mut glance = Glance::default();
        for tick in 1..100 {
            assert_eq!(readings(&mut glance, 10, 1_000 * tick, 0).len(), 10);
        }
        assert!(!glance.end());
    }

    #[test]
    fn a_turn_ends_it_and_the_second_without_a_send_lets_the_driver_sleep() {
        let mut glance = Glance::default();
        readings(&mut glance, 1_000, 1_000, 1);
        assert!(glance.end(), "the next turn comes within a millisecond");
        assert!(!glance.end(), "nothing was sent meanwhile");
        assert_eq!(readings(&mut glance, 1, 1_000_000, 1), [1_000_000], "after a pause the clock is read");
    }
}
