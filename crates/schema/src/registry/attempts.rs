//! Which URL is asked next, and when: every one once before any sleep, beginning with the one that was good last.
//!
//! ```text
//!   Try(good) ─fails─► Try(next) ─fails─► … every URL once ─fails─► Sleep(jitter) ─► next round ─► … ─► GiveUp
//! ```

use std::time::Duration;

/// How often, and how long between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Rounds over all URLs behind the first one.
    pub(crate) retries: u32,
    /// The longest sleep before the second round; it doubles with each.
    pub(crate) wait: Duration,
    /// The longest sleep.
    pub(crate) wait_max: Duration,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask this URL.
    Try(usize),
    /// Sleep, then ask this URL.
    Sleep(Duration, usize),
    /// No more.
    GiveUp,
}

/// The attempts of one call.
#[derive(Debug, Clone)]
pub(crate) struct Attempts {
    patience: Patience,
    urls: usize,
    first: usize,
    /// Of this round.
    tried: usize,
    round: u32,
}

impl Attempts {
    /// `good` is the URL that answered last, of `urls` ones; it is to be asked now.
    pub(crate) fn new(patience: Patience, urls: usize, good: usize) -> Self {
        Self { patience, urls, first: good, tried: 1, round: 0 }
    }

    /// The last one failed in a way that is worth another. `wanted`: how long the registry asked to be left alone;
    /// `random`: from 0 to 1.
    pub(crate) fn failed(&mut self, wanted: Option<Duration>, random: f64) -> Next {
        if self.tried < self.urls {
            let url = (self.first + self.tried) % self.urls;
            self.tried += 1;
            return Next::Try(url);
        }
        if self.round >= self.patience.retries {
            return Next::GiveUp;
        }
        let doubled = self.patience.wait.saturating_mul(2_u32.saturating_pow(self.round));
        let jittered = doubled.min(self.patience.wait_max).mul_f64(random.clamp(0.0, 1.0));
        let sleep = wanted.map_or(jittered, |wanted| wanted.max(jittered).min(self.patience.wait_max));
        self.round += 1;
        self.tried = 1;
        Next::Sleep(sleep, self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience =
        Patience { retries: 2, wait: Duration::from_millis(100), wait_max: Duration::from_millis(150) };

    #[test]
    fn every_url_is_tried_once_before_the_first_sleep() {
        let mut attempts = Attempts::new(PATIENCE, 3, 1);
        let next: Vec<_> = (0..9).map(|_| attempts.failed(None, 1.0)).collect();
        let expected = [
            Next::Try(2),
            Next::Try(0),
            Next::Sleep(Duration::from_millis(100), 1),
            Next::Try(2),
            Next::Try(0),
            Next::Sleep(Duration::from_millis(150), 1),
            Next::Try(2),
            Next::Try(0),
            Next::GiveUp,
        ];
        assert_eq!(next, expected);
    }

    #[test]
    fn the_registrys_own_wish_counts_up_to_the_limit() {
        let sleep = |wanted| Attempts::new(PATIENCE, 1, 0).failed(Some(Duration::from_millis(wanted)), 0.0);
        assert_eq!(sleep(120), Next::Sleep(Duration::from_millis(120), 0));
        assert_eq!(sleep(90_000), Next::Sleep(Duration::from_millis(150), 0));
    }
}
