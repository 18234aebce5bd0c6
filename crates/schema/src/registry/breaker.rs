//! The circuit breaker: while the registry is down, a question costs nothing but now and then one.
//!
//! ```text
//!   Closed ──a call gave up──► Open(until) ──time──► one call probes ──answered──► Closed
//!                                 ▲                        │
//!                                 └────── gave up, twice as long, at most 30 s ─┘
//! ```

use super::error::RegistryError;
use std::time::{Duration, Instant};

/// How long the first pause is.
const FIRST: Duration = Duration::from_secs(1);

/// How long a pause can become: as long as a registry takes to start, so that its return is not missed by much.
const LONGEST: Duration = Duration::from_secs(30);

/// Whether questions go out.
#[derive(Debug)]
pub(crate) enum Breaker {
    /// They do.
    Closed,
    /// They do not, until a time.
    Open { until: Instant, pause: Duration, because: RegistryError },
    /// One does, and decides for the others.
    Probing { pause: Duration, because: RegistryError },
}

/// Why a call gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Every URL was tried in every round.
    Tried,
    /// The asker's time was over before.
    Late,
}

impl Breaker {
    /// Whether this call may go out; if not, the error that an earlier one ended with.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), RegistryError> {
        match self {
            Self::Closed => Ok(()),
            Self::Open { until, pause, because } if now >= *until => {
                *self = Self::Probing { pause: *pause, because: because.clone() };
                Ok(())
            }
            Self::Open { because, .. } | Self::Probing { because, .. } => {
                Err(because.clone().noting(" (not asked again: the registry was down a moment ago)"))
            }
        }
    }

    /// An admitted call had an answer, be it a refusal.
    pub(crate) fn answered(&mut self) {
        *self = Self::Closed;
    }

    /// An admitted call gave up.
    pub(crate) fn gave_up(&mut self, now: Instant, because: &RegistryError, why: Why) {
        let pause = match self {
            // Somebody was in a hurry: that says little of the registry.
            Self::Closed if why == Why::Late => return,
            Self::Closed => FIRST,
            Self::Open { pause, .. } => *pause,
            Self::Probing { pause, .. } => pause.saturating_mul(2).min(LONGEST),
        };
        *self = Self::Open { until: now + pause, pause, because: because.clone() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::error::RegistryErrorKind;

    fn down() -> RegistryError {
        RegistryError::new(RegistryErrorKind::Connection, "refused")
    }

    #[test]
    fn a_registry_that_is_down_is_probed_by_one_call_at_a_time() {
        let start = Instant::now();
        let mut breaker = Breaker::Closed;
        breaker.admit(start).unwrap();
        breaker.gave_up(start, &down(), Why::Late);
        breaker.admit(start).unwrap();
        breaker.gave_up(start, &down(), Why::Tried);
        let error = breaker.admit(start + FIRST / 2).unwrap_err();
        assert!(error.to_string().contains("refused") && error.to_string().contains("not asked again"), "{error}");
        breaker.admit(start + FIRST).unwrap();
        assert!(breaker.admit(start + FIRST).is_err(), "one probe is enough");
        breaker.answered();
        breaker.admit(start + FIRST).unwrap();
    }

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let mut now = Instant::now();
        let mut breaker = Breaker::Closed;
        breaker.gave_up(now, &down(), Why::Tried);
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            let pause = Duration::from_secs(pause);
            assert!(breaker.admit(now + pause - Duration::from_millis(1)).is_err(), "{pause:?}");
            now += pause;
            breaker.admit(now).unwrap();
            breaker.gave_up(now, &down(), Why::Tried);
        }
    }
}
