//! The producer's two times from one reading of the machine's clock.

use milena_core::{Time, Timestamp};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How old the difference between the two clocks may be. NTP and people move the wall clock; records follow within this.
const WALL_AGE_MAX: Duration = Duration::from_millis(10);

/// Monotonic time since the producer began, and the wall clock's distance from it. A send reads the machine's clock
/// once; the wall clock is read again by whoever finds the distance older than 10 ms.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    /// Microseconds from [`Time::ZERO`] back to 1970.
    distance: AtomicI64,
    /// When `distance` was taken, as a [`Time`]. Read and written apart from it: either value is good on its own.
    taken: AtomicU64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let clock = Self { origin: Instant::now(), distance: AtomicI64::new(0), taken: AtomicU64::new(0) };
        clock.read_wall(Time::ZERO, SystemTime::now());
        clock
    }

    pub(crate) fn now(&self) -> Time {
        let elapsed = self.origin.elapsed();
        // `as_micros` is 128 bits wide, and this is on every send's way.
        Time(elapsed.as_secs() * 1_000_000 + u64::from(elapsed.subsec_micros()))
    }

    /// Now, as deadlines count it and as records carry it.
    pub(crate) fn both(&self) -> (Time, Timestamp) {
        let now = self.now();
        if now.since(Time(self.taken.load(Ordering::Relaxed))) > WALL_AGE_MAX {
            self.read_wall(now, SystemTime::now());
        }
        let micros = self.distance.load(Ordering::Relaxed).saturating_add_unsigned(now.0);
        (now, Timestamp(micros.div_euclid(1000)))
    }

    /// The moment at which [`Clock::now`] will be `time`. `None` when that is too far away to be written down.
    pub(crate) fn instant(&self, time: Time) -> Option<Instant> {
        self.origin.checked_add(Duration::from_micros(time.0))
    }

    fn read_wall(&self, now: Time, wall: SystemTime) {
        let since_1970 = match wall.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        self.distance.store(since_1970.saturating_sub_unsigned(now.0), Ordering::Relaxed);
        self.taken.store(now.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock_at(since_1970: Duration) -> Clock {
        let clock = Clock::start();
        clock.read_wall(Time::ZERO, UNIX_EPOCH + since_1970);
        // Never too old, for this test.
        clock.taken.store(u64::MAX, Ordering::Relaxed);
        clock
    }

    #[test]
    fn records_carry_the_wall_clock() {
        let (now, wall) = clock_at(Duration::from_secs(1_700_000_000)).both();
        assert_eq!(wall.0, 1_700_000_000_000 + i64::try_from(now.0 / 1000).unwrap());
    }

    #[test]
    fn an_old_distance_is_measured_again() {
        let clock = clock_at(Duration::from_secs(1));
        assert!(clock.both().1.0 < 1_000_000);
        clock.taken.store(0, Ordering::Relaxed);
        std::thread::sleep(2 * WALL_AGE_MAX);
        assert!(clock.both().1.0 > 1_700_000_000_000, "the wall clock of the machine that runs this");
    }

    #[test]
    fn a_wall_clock_before_1970_is_negative() {
        let clock = Clock::start();
        clock.read_wall(Time::ZERO, UNIX_EPOCH - Duration::from_secs(10));
        clock.taken.store(u64::MAX, Ordering::Relaxed);
        assert!(clock.both().1.0 < 0);
    }

    #[test]
    fn an_instant_is_the_moment_of_its_time() {
        let clock = Clock::start();
        let now = clock.now();
        let instant = clock.instant(now + Duration::from_secs(5)).unwrap();
        assert_eq!(instant - clock.origin, Duration::from_micros(now.0) + Duration::from_secs(5));
    }
}
