//! Virtual time: microseconds since the cluster was made, an argument of every call that can depend on it.

use std::ops::Add;
use std::time::Duration;

/// A moment, microseconds since the cluster was made. Nobody here reads a clock: the caller says what time it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The moment the cluster was made.
    pub const ZERO: Self = Self(0);

    /// This many milliseconds after the cluster was made.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Whole milliseconds since the cluster was made.
    pub fn as_millis(self) -> i64 {
        i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX)
    }

    /// How long after `earlier` this is, zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}
