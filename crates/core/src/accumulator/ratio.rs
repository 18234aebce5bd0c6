//! How well a topic's batches compress, so that they are full when they are compressed.
//!
//! `batch.size` is of bytes on the wire. Records are compressed when their batch is complete, so how many bytes of them make
//! a full one is estimated, as in Java's `CompressionRatioEstimator` (KIP-126): the estimate follows a worse ratio at once
//! and a better one in small steps, for a batch that is too long is worse than one that is too short.

/// Nobody has seen a batch yet: as if nothing were gained.
const UNKNOWN: f32 = 1.0;
/// How far the estimate follows a better ratio at a time.
const IMPROVING_STEP: f32 = 0.005;
/// A worse one it follows all the way, and by this at least.
const DETERIORATING_STEP: f32 = 0.05;
/// Java's margin for records that compress worse than those before.
const MARGIN: f32 = 1.05;
/// A batch may be so many times `batch.size` before compression: what its records hold of `buffer.memory` until then.
const GAIN_MAX: f32 = 8.0;

/// One topic's estimate: bytes after compression for each byte before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ratio(f32);

impl Default for Ratio {
    fn default() -> Self {
        Self(UNKNOWN)
    }
}

impl Ratio {
    /// A batch of so many bytes was compressed to so many.
    pub(super) fn observe(&mut self, before: usize, after: usize) {
        let seen = after as f32 / before.max(1) as f32;
        self.0 = if seen > self.0 {
            seen.max(self.0 + DETERIORATING_STEP).min(UNKNOWN)
        } else {
            seen.max(self.0 - IMPROVING_STEP)
        };
    }

    /// Bytes of records that are about `size` when they are compressed.
    pub(super) fn before(self, size: usize) -> usize {
        let gain = (1.0 / (self.0 * MARGIN)).clamp(1.0, GAIN_MAX);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and saturating")]
        let before = (size as f32 * gain) as usize;
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_nobody_has_seen_compressed_gains_nothing() {
        assert_eq!(Ratio::default().before(16_384), 16_384);
    }

    #[test]
    fn batches_that_shrink_to_a_quarter_may_be_nearly_four_times_as_long_after_a_while() {
        let mut ratio = Ratio::default();
        for _ in 0..10 {
            ratio.observe(16_000, 4_000);
        }
        assert!((16_384..17_500).contains(&ratio.before(16_384)), "in small steps: {}", ratio.before(16_384));
        for _ in 0..200 {
            ratio.observe(16_000, 4_000);
        }
        assert!((62_000..63_000).contains(&ratio.before(16_384)), "{}", ratio.before(16_384));
    }

    #[test]
    fn one_batch_that_compresses_badly_is_enough() {
        let mut ratio = Ratio::default();
        for _ in 0..200 {
            ratio.observe(16_000, 4_000);
        }
        ratio.observe(16_000, 15_000);
        assert!(ratio.before(16_384) < 17_000, "{}", ratio.before(16_384));
        ratio.observe(16_000, 16_010);
        assert_eq!(ratio.before(16_384), 16_384);
    }

    #[test]
    fn what_compresses_to_nothing_does_not_grow_without_end() {
        let mut ratio = Ratio::default();
        for _ in 0..1_000 {
            ratio.observe(16_000, 10);
        }
        assert_eq!(ratio.before(16_384), 8 * 16_384);
    }
}
