//! How fast a partition's broker answers, and what follows from it for batches that are behind.
//!
//! Batches that wait cost twice: they hold memory, and when their turn comes they have left the processor's cache, so that
//! checksum and socket fetch every byte anew. On a long way that is worth it: what is in flight must fill the way. Where
//! answers come within a millisecond it is not: batches of 128 KiB fill a fast link, and a caller that waits for the next
//! answer is back before the link runs dry.

use std::time::Duration;

/// How long a caller waits for a partition that is behind, at most, before its full batch joins the line: once a batch.
pub(super) const HELD_BACK_MAX: Duration = Duration::from_millis(5);
/// Answers that come within this are fast: callers are held back.
const FAST_MAX_US: u32 = 10_000;
/// A batch that is behind grows to this at least.
const BEHIND_MIN: usize = 128 * 1024;
/// And by this for each microsecond that an answer takes: five in flight are 250 MB/s of one partition.
const BEHIND_PER_US: usize = 50;

/// The shortest time from request to answer that a partition's batches had lately, microseconds; `None` until one was answered.
/// The shortest, for all others waited for something else than the way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RoundTrip(Option<u32>);

impl RoundTrip {
    /// An answer took so long. A way that became longer is believed after some hundred answers, a shorter one at once.
    pub(super) fn answered(&mut self, took: Duration) {
        let took = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        self.0 = Some(self.0.map_or(took, |shortest| took.min(shortest.saturating_add(shortest / 64 + 1))));
    }

    /// How far a batch that is behind grows, bytes.
    pub(super) fn behind(self) -> usize {
        self.0.map_or(usize::MAX, |shortest| (shortest as usize).saturating_mul(BEHIND_PER_US).max(BEHIND_MIN))
    }

    /// Whether callers are held back.
    pub(super) fn is_fast(self) -> bool {
        self.0.is_some_and(|shortest| shortest <= FAST_MAX_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accumulator::{Accumulator, Claim, Refusal};
    use crate::batch::Batch;
    use crate::config::Config;
    use crate::output::News;
    use crate::record::Record;
    use crate::time::{Time, Timestamp};
    use crate::topic::{PartitionKey, TopicIndex, TopicLayout};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    const KEY: PartitionKey = PartitionKey { topic: TopicIndex(0), partition: 0 };
    const VALUE: [u8; 10_000] = [0; 10_000];

    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Bell {
        fn rung(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// A partition that was answered after so long, once, by the time it is 1 s.
    struct Story {
        accumulator: Accumulator,
        now: Time,
    }

    impl Story {
        fn answered_after(took: Duration) -> Self {
            let config = Config { linger: Duration::ZERO, buffer_memory: 8 << 20, ..Config::default() };
            let mut accumulator = Accumulator::new(Arc::new(config), 1);
            let layout = TopicLayout { index: TopicIndex(0), name: "t".into(), available: vec![true] };
            accumulator.hear(News::Learned(Arc::new(layout)), Time::ZERO);
            let mut story = Self { accumulator, now: Time(1_000_000) };
            story.append().unwrap();
            for mut batch in story.due() {
                batch.meta.sent = Some(Time(1_000_000 - u64::try_from(took.as_micros()).unwrap()));
                story.release(batch);
            }
            story
        }

        fn append(&mut self) -> Result<(), Refusal> {
            let record = Record::to("t").value(&VALUE);
            self.accumulator.append(&record, Claim::Nothing, None, self.now, Timestamp(0)).map(drop)
        }

        /// Bytes that were taken until one more is refused.
        fn append_all(&mut self) -> (usize, Refusal) {
            let mut taken = 0;
            loop {
                match self.append() {
                    Ok(()) => taken += VALUE.len(),
                    Err(refusal) => return (taken, refusal),
                }
            }
        }

        fn due(&mut self) -> Vec<Batch> {
            let mut due = Vec::new();
            self.accumulator.take_due(self.now, &mut due);
            due
        }

        fn release(&mut self, batch: Batch) {
            self.accumulator.hear(News::Released(batch.meta.release(None)), self.now);
        }

        fn hungry(&mut self, hungry: bool) {
            self.accumulator.hear(News::Hungry(KEY, hungry), self.now);
        }

        fn park(&mut self, refusal: &Refusal) -> Arc<Bell> {
            let bell = Arc::<Bell>::default();
            let record = Record::to("t").value(&VALUE);
            let waker = Waker::from(Arc::clone(&bell));
            let _ = self.accumulator.park(refusal, &record, None, waker, self.now + Duration::from_secs(60));
            bell
        }
    }

    #[test]
    fn where_answers_are_fast_a_full_batch_that_is_behind_holds_its_callers_back() {
        let mut story = Story::answered_after(Duration::from_millis(1));
        story.hungry(false);
        let (taken, refusal) = story.append_all();
        assert_eq!(refusal, Refusal::Soon(KEY));
        assert!((110_000..=BEHIND_MIN).contains(&taken), "{taken}");
        let bell = story.park(&refusal);
        assert_eq!(bell.rung(), 0);
        story.hungry(true);
        assert_eq!(bell.rung(), 1, "as soon as there is room");
        assert_eq!(story.due().len(), 1, "what it filled is on its way");
        story.append().unwrap();
    }

    #[test]
    fn for_five_milliseconds_a_batch_and_no_longer() {
        let mut story = Story::answered_after(Duration::from_millis(1));
        story.hungry(false);
        for batches in 1..4 {
            let (_, refusal) = story.append_all();
            assert_eq!(refusal, Refusal::Soon(KEY));
            let bell = story.park(&refusal);
            assert!(story.due().is_empty());
            let due = story.accumulator.next_due().unwrap();
            assert_eq!(due, story.now + HELD_BACK_MAX, "the driver is up by then");
            story.now = due;
            story.accumulator.handle_timeout(due);
            assert_eq!(bell.rung(), 1);
            story.append().unwrap();
            assert_eq!(story.due().len(), 1, "batch {batches} joins the line");
        }
    }

    #[test]
    fn who_will_not_wait_goes_on_at_once() {
        let mut story = Story::answered_after(Duration::from_millis(1));
        story.hungry(false);
        assert_eq!(story.append_all().1, Refusal::Soon(KEY));
        story.accumulator.insist(KEY);
        story.append().unwrap();
    }

    #[test]
    fn a_batch_that_the_driver_has_not_taken_counts_as_behind() {
        let mut story = Story::answered_after(Duration::from_millis(1));
        let (taken, refusal) = story.append_all();
        assert_eq!(refusal, Refusal::Soon(KEY));
        assert!(taken <= Config::default().batch_size + BEHIND_MIN, "one closed, one open: {taken}");
        let bell = story.park(&refusal);
        assert_eq!(bell.rung(), 0);
        assert!(!story.due().is_empty());
        assert_eq!(bell.rung(), 1, "taken");
        story.append().unwrap();
    }

    #[test]
    fn where_answers_are_slow_batches_grow_and_memory_is_filled() {
        let mut slow = Story::answered_after(Duration::from_millis(50));
        slow.hungry(false);
        assert_eq!(slow.append_all().1, Refusal::Behind(KEY));
        let due = slow.due();
        assert!(!due.is_empty() && due.iter().all(|batch| batch.size() > 1_000_000));
    }

    #[test]
    fn before_the_drivers_first_turn_batches_grow_as_behind_it() {
        let mut story = Story::answered_after(Duration::from_millis(50));
        for _ in 0..300 {
            story.append().unwrap();
        }
        let taken: Vec<_> = story.due().iter().map(Batch::size).collect();
        // The first, of batch.size; two of max.request.size; and what is open by then, for nothing else keeps it.
        assert_eq!(taken.len(), 4, "{taken:?}");
        assert!(taken.get(1..3).is_some_and(|taken| taken.iter().all(|size| *size > 1_000_000)), "{taken:?}");
        assert_eq!(taken.iter().sum::<usize>() / VALUE.len(), 300);
    }

    #[test]
    fn a_way_that_became_longer_is_believed_after_some_hundred_answers() {
        let mut way = RoundTrip::default();
        assert!(!way.is_fast());
        way.answered(Duration::from_micros(300));
        assert_eq!((way.is_fast(), way.behind()), (true, BEHIND_MIN));
        way.answered(Duration::from_millis(50));
        assert!(way.is_fast(), "one answer may be late");
        let needed = (0..10_000).find(|_| {
            way.answered(Duration::from_millis(50));
            !way.is_fast()
        });
        assert!(needed.is_some_and(|needed| (100..400).contains(&needed)), "{needed:?}");
        way.answered(Duration::from_micros(300));
        assert!(way.is_fast(), "and a shorter one at once");
    }
}
