//! How batches open, fill, linger and close, and what the driver is told.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]

mod world;

use milena_core::delivery::RunResult;
use milena_core::output::News;
use milena_core::{Appended, Claim, Config, Hook, Record, Refusal, SendError, Time, Timestamp};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;
use world::{Bell, TOPIC, World, key, values};

/// A record with this value takes 109 bytes while its number and its length are below 64: see `wire::record`.
const VALUE: [u8; 100] = [b'v'; 100];

fn config(batch_size: usize, linger_ms: u64) -> Config {
    Config { batch_size, linger: Duration::from_millis(linger_ms), max_request_size: 4_000, ..Config::default() }
}

#[test]
fn a_batch_is_closed_by_the_record_that_does_not_fit() {
    let mut world = World::new(1, config(61 + 3 * 109 + 108, 5));
    for _ in 0..3 {
        let _ = world.put(0, &VALUE);
    }
    let _ = world.put(0, b"fits");
    assert!(world.due().is_empty());
    let _ = world.put(0, &VALUE);
    let due = world.due();
    assert_eq!((due.len(), due[0].count()), (1, 4));
    assert_eq!(world.accumulator.buffered().records, 5);
}

#[test]
fn a_batch_that_is_exactly_full_is_closed_at_once() {
    let mut world = World::new(1, config(61 + 3 * 109, 5));
    for _ in 0..3 {
        assert!(world.due().is_empty());
        let _ = world.put(0, &VALUE);
    }
    let due = world.due();
    assert_eq!((due[0].count(), due[0].size()), (3, 3 * 109));
}

#[test]
fn batches_of_a_topic_that_compresses_well_are_full_when_they_are_compressed() {
    let mut world = World::new(1, config(61 + 3 * 109, 5));
    let compressed = |world: &mut World, after| {
        world.hear(News::Compressed { topic: key(0).topic, before: 1_000, after });
    };
    // Of the second batch from now: the first may be open already, and stays as it was meant.
    let count_of_next = |world: &mut World| {
        let mut counts = Vec::new();
        while counts.len() < 2 {
            let _ = world.put(0, &VALUE);
            counts.extend(world.due().iter().map(|batch| batch.count()));
        }
        counts[1]
    };
    assert_eq!(count_of_next(&mut world), 3);
    (0..200).for_each(|_| compressed(&mut world, 500));
    assert_eq!(count_of_next(&mut world), 6, "half as long on the wire, and a twentieth of caution");
    (0..200).for_each(|_| compressed(&mut world, 10));
    assert_eq!(count_of_next(&mut world), 27, "eight times `batch.size` at most");
    compressed(&mut world, 1_000);
    assert_eq!(count_of_next(&mut world), 3, "one that does not compress is enough");
}

#[test]
fn however_well_it_compresses_a_batch_is_no_longer_than_a_request() {
    let mut world = World::new(1, Config { max_request_size: 1_000, ..config(600, 5) });
    (0..1_000).for_each(|_| world.hear(News::Compressed { topic: key(0).topic, before: 1_000, after: 10 }));
    while world.due().is_empty() {
        let _ = world.put(0, &VALUE);
        assert!(world.accumulator.buffered().records < 10);
    }
}

#[test]
fn a_record_larger_than_a_batch_has_one_of_its_own() {
    let mut world = World::new(1, config(200, 5));
    let _ = world.put(0, b"before");
    let _ = world.put(0, &[b'x'; 1_000]);
    let counts: Vec<_> = world.due().iter().map(|batch| batch.count()).collect();
    assert_eq!(counts, [1, 1]);
}

#[test]
fn linger_counts_from_the_first_record() {
    let mut world = World::new(1, config(16_384, 5));
    let _ = world.put(0, b"first");
    let born = world.now;
    world.pass(4);
    let _ = world.put(0, b"second");
    assert!(world.due().is_empty());
    assert_eq!(world.accumulator.next_due(), Some(born + Duration::from_millis(5)));
    world.pass(1);
    assert_eq!(values(&world.due()[0]), [b"first".to_vec(), b"second".to_vec()]);
    assert_eq!(world.accumulator.next_due(), None);
}

#[test]
fn without_linger_a_record_is_due_at_once() {
    let mut world = World::new(1, config(16_384, 0));
    let _ = world.put(0, b"now");
    assert_eq!(world.due().len(), 1);
}

#[test]
fn a_partition_that_is_not_hungry_waits_past_its_linger_and_leaves_when_it_is() {
    let mut world = World::new(2, config(16_384, 5));
    world.hungry(0, false);
    let _ = world.put(0, b"behind");
    let _ = world.put(1, b"hungry");
    world.pass(5);
    let due = world.due();
    assert_eq!(due.iter().map(|batch| batch.key()).collect::<Vec<_>>(), [key(1)]);
    let _ = world.put(0, b"company");
    world.hungry(0, true);
    assert_eq!(values(&world.due()[0]), [b"behind".to_vec(), b"company".to_vec()]);
}

#[test]
fn hunger_before_the_end_of_linger_does_not_cut_it_short() {
    let mut world = World::new(1, config(16_384, 5));
    world.hungry(0, false);
    let _ = world.put(0, b"behind");
    world.hungry(0, true);
    assert!(world.due().is_empty());
    world.pass(5);
    assert_eq!(world.due().len(), 1);
}

#[test]
fn a_partition_behind_keeps_filling_up_to_the_request_size() {
    let mut world = World::new(1, config(1_000, 0));
    world.hungry(0, false);
    for _ in 0..20 {
        let _ = world.put(0, &VALUE);
    }
    assert!(world.due().is_empty(), "2,000 bytes: more than a batch, less than a request");
    world.hungry(0, true);
    assert_eq!(world.due()[0].count(), 20);
    world.hungry(0, false);
    for _ in 0..50 {
        let _ = world.put(0, &VALUE);
    }
    let due = world.due();
    assert_eq!(due.len(), 1, "a request's worth is handed over, hungry or not");
    assert!((3_500..=4_000).contains(&(61 + due[0].size())));
}

#[test]
fn without_fill_behind_batches_keep_their_size() {
    let mut world = World::new(1, Config { fill_behind: false, ..config(1_000, 0) });
    world.hungry(0, false);
    for _ in 0..20 {
        let _ = world.put(0, &VALUE);
    }
    let due = world.due();
    assert_eq!(due.iter().map(|batch| batch.count()).collect::<Vec<_>>(), [8, 8]);
}

#[test]
fn a_partition_that_is_behind_for_the_delivery_timeout_leaves_all_the_same() {
    let mut world = World::new(1, config(16_384, 5));
    world.hungry(0, false);
    let _ = world.put(0, b"stuck");
    let patience = world.now + Config::default().delivery_timeout;
    world.pass(5);
    assert!(world.due().is_empty());
    assert_eq!(world.accumulator.next_due(), Some(patience));
    world.now = patience;
    assert_eq!(world.due().len(), 1);
}

#[test]
fn records_keep_their_order_and_their_timestamps() {
    let mut world = World::new(1, config(16_384, 0));
    for (value, timestamp) in [("a", 2_000), ("b", 1_000), ("c", 9_000)] {
        let record = Record::to(TOPIC).value(value).timestamp(Timestamp(timestamp));
        let _ = world.append(&record).unwrap();
    }
    let due = world.due();
    assert_eq!(values(&due[0]), [b"a", b"b", b"c"]);
    assert_eq!((due[0].base_timestamp(), due[0].max_timestamp()), (Timestamp(2_000), Timestamp(9_000)));
    let records = milena_wire::record::Records::new(due[0].records());
    assert_eq!(records.map(|record| record.unwrap().timestamp_delta).collect::<Vec<_>>(), [0, -1_000, 7_000]);
}

#[test]
fn a_clock_that_steps_back_reorders_nothing() {
    let mut world = World::new(2, config(16_384, 5));
    let _ = world.put(0, b"first");
    world.now = Time(world.now.0 - 3_000);
    let _ = world.put(1, b"second");
    world.pass(8);
    assert_eq!(world.due().len(), 2);
}

#[test]
fn the_sleeping_driver_is_woken_once() {
    let mut world = World::new(2, config(3_000, 5));
    assert!(!world.put(0, b"the driver is awake").wake);
    let until = world.accumulator.next_due();
    assert!(world.accumulator.going_to_sleep(until));
    assert!(!world.put(0, b"nothing new: it wakes in time").wake);
    assert!(!world.put(1, b"due later than that").wake);
    assert!(world.put(0, &[0; 3_800]).wake, "full");
    assert!(!world.put(1, &[0; 3_800]).wake, "told already");
}

#[test]
fn a_driver_that_sleeps_for_long_is_woken_by_the_first_record() {
    let mut world = World::new(2, config(16_384, 5));
    world.hungry(0, false);
    assert!(world.accumulator.going_to_sleep(Some(world.now + Duration::from_secs(60))));
    assert!(!world.put(0, b"nobody wants it now").wake);
    assert!(world.put(1, b"due in 5 ms").wake);
}

#[test]
fn a_driver_does_not_fall_asleep_over_work() {
    let mut world = World::new(1, config(100, 5));
    assert!(world.due().is_empty());
    let _ = world.put(0, &VALUE);
    assert!(!world.accumulator.going_to_sleep(None));
    assert_eq!(world.due().len(), 1);
    assert!(world.accumulator.going_to_sleep(None));
}

#[test]
fn a_flush_makes_due_what_was_there_and_nothing_later() {
    let mut world = World::new(2, config(16_384, 1_000));
    let _ = world.put(0, b"before");
    let flush = world.accumulator.flush(world.now);
    let _ = world.put(1, b"after");
    let bell = Arc::<Bell>::default();
    assert!(!world.accumulator.poll_flush(flush, Some(Waker::from(Arc::clone(&bell)))));
    let mut due = world.due();
    assert_eq!(due.iter().map(values).collect::<Vec<_>>(), [[b"before"]]);
    assert_eq!(bell.rung(), 0);
    world.finish(due.remove(0));
    assert_eq!(bell.rung(), 1);
    assert!(world.accumulator.poll_flush(flush, None));
    assert_eq!(world.accumulator.buffered().records, 1);
}

#[test]
fn a_flush_covers_batches_that_the_sender_has_already() {
    let mut world = World::new(1, config(16_384, 0));
    let _ = world.put(0, b"sent");
    let mut due = world.due();
    let flush = world.accumulator.flush(world.now);
    assert!(!world.accumulator.poll_flush(flush, None));
    world.finish(due.remove(0));
    assert!(world.accumulator.poll_flush(flush, None));
}

#[test]
fn a_flush_waits_for_the_partition_to_be_hungry() {
    let mut world = World::new(1, config(16_384, 1_000));
    world.hungry(0, false);
    let _ = world.put(0, b"before");
    let flush = world.accumulator.flush(world.now);
    assert!(world.due().is_empty());
    world.hungry(0, true);
    let mut due = world.due();
    world.finish(due.remove(0));
    assert!(world.accumulator.poll_flush(flush, None));
}

#[test]
fn a_closed_accumulator_takes_nothing_and_drains() {
    let mut world = World::new(1, config(16_384, 1_000));
    let _ = world.put(0, b"last");
    world.accumulator.close(world.now);
    let refused = world.append(&Record::to(TOPIC)).unwrap_err();
    assert_eq!(refused, Refusal::Never(SendError::Closed));
    assert!(!world.accumulator.is_drained());
    let mut due = world.due();
    world.finish(due.remove(0));
    assert!(world.accumulator.is_drained());
}

#[test]
fn a_failed_producer_hands_everything_over_to_be_failed() {
    let mut world = World::new(3, config(16_384, 1_000));
    world.hungry(0, false);
    world.hungry(1, false);
    let _ = world.put(0, b"ripe");
    world.pass(1_000);
    assert!(world.due().is_empty());
    let _ = world.put(1, b"lingering, not hungry");
    let _ = world.put(2, b"lingering");
    world.hear(News::Failed("fenced".into()));
    assert_eq!(world.due().len(), 3);
    assert_eq!(world.append(&Record::to(TOPIC)).unwrap_err(), Refusal::Never(SendError::Fatal("fenced".into())));
}

#[test]
fn every_claim_gets_its_own_records_result() {
    let mut world = World::new(1, config(16_384, 0));
    let seen: Arc<Mutex<Vec<(u64, i64)>>> = Arc::default();
    let hook: Hook = {
        let seen = Arc::clone(&seen);
        Arc::new(move |token, result| seen.lock().unwrap().push((token, result.unwrap().offset.unwrap())))
    };
    let mut deliveries = Vec::new();
    for claim in [Claim::Nothing, Claim::Delivery, Claim::Hook(&hook, 33), Claim::Delivery, Claim::Hook(&hook, 44)] {
        let record = Record::to(TOPIC).value("v");
        let Appended { delivery, .. } =
            world.accumulator.append(&record, claim, None, world.now, Timestamp(5)).unwrap();
        deliveries.extend(delivery);
    }
    let result = RunResult::Acknowledged { partition: 0, base_offset: Some(100), append_time: None };
    let (release, hooks) = world.due().remove(0).finish(result);
    world.hear(News::Released(release));
    hooks.run(|hook, token, result| hook(token, result));
    let offsets: Vec<_> = deliveries.into_iter().map(|delivery| delivery.wait().unwrap().offset).collect();
    assert_eq!(offsets, [Some(101), Some(103)]);
    assert_eq!(*seen.lock().unwrap(), [(33, 102), (44, 104)]);
    assert_eq!(world.accumulator.buffered(), milena_core::Buffered::default());
}

#[test]
fn a_batch_that_opens_behind_wakes_a_driver_that_would_sleep_past_its_delivery_timeout() {
    let timeout = Duration::from_secs(10);
    let config = Config { linger: Duration::ZERO, delivery_timeout: timeout, ..Config::default() };
    let mut world = World::new(1, config);
    world.hungry(0, false);
    assert!(world.accumulator.going_to_sleep(Some(world.now + Duration::from_secs(1))));
    assert!(!world.put(0, b"the driver is up before").wake);
    world.pass(10_000);
    assert_eq!(world.due().len(), 1, "given up");
    assert!(world.accumulator.going_to_sleep(None));
    assert!(world.put(0, b"nobody else would wake it").wake);
    assert!(!world.put(0, b"said once").wake);
    assert!(world.due().is_empty());
    assert_eq!(world.accumulator.next_due(), Some(world.now + timeout));
}
