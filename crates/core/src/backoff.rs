//! Exponential waiting with seeded jitter (KIP-580: ×2, ±20 %), for retries and for reconnecting.

use fastrand::Rng;
use std::time::Duration;

/// How waits grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    /// Before the first retry.
    pub(crate) initial: Duration,
    /// Never longer than this.
    pub(crate) max: Duration,
}

impl Backoff {
    /// The wait after `failures` failures in a row (at least one): `initial · 2^(failures−1)`, times 0.8 to 1.2, at most
    /// `max`. Where `max` is not above `initial` the wait is constant, as in Java's ExponentialBackoff.
    pub(crate) fn after(self, failures: u32, chance: &mut Rng) -> Duration {
        if self.max <= self.initial {
            return self.max;
        }
        // 2^20 ms is past every sensible maximum; the cap keeps the product finite.
        let doublings = failures.saturating_sub(1).min(20);
        let jitter = 0.8 + 0.4 * chance.f64();
        let wait = self.initial.as_secs_f64() * f64::from(1u32 << doublings) * jitter;
        Duration::from_secs_f64(wait.min(self.max.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_within_their_jitter_up_to_the_maximum() {
        let backoff = Backoff { initial: Duration::from_millis(100), max: Duration::from_millis(1000) };
        let mut chance = Rng::with_seed(7);
        for (failures, nominal) in [(1, 100), (2, 200), (3, 400), (4, 800), (9, 1000), (4_000_000_000, 1000)] {
            for _ in 0..100 {
                let wait = backoff.after(failures, &mut chance).as_millis();
                assert!(wait * 10 >= nominal * 8 && wait <= (nominal * 12 / 10).min(1000), "{failures}: {wait}");
            }
        }
    }

    #[test]
    fn a_maximum_below_the_first_wait_makes_it_constant() {
        let backoff = Backoff { initial: Duration::from_millis(100), max: Duration::from_millis(30) };
        assert_eq!(backoff.after(5, &mut Rng::with_seed(1)), Duration::from_millis(30));
    }
}
