//! Partitions that are behind, of a broker that is away, do not take all of `buffer.memory`: who sends to others goes on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]

mod world;

use milena_core::{Batch, Config, Record, Refusal};
use std::sync::Arc;
use std::time::Duration;
use world::{Bell, TOPIC, World, key};

const VALUE: [u8; 3_000] = [b'v'; 3_000];
/// Room for ten batches of one such record each, with what a batch costs beside it.
const MEMORY: usize = 10 * 3_600;

fn record(partition: i32) -> Record<'static> {
    Record::to(TOPIC).partition(partition).value(&VALUE)
}

/// Partitions 0 and 1 belong to a broker that is away, and hold all that they may; the batches that were handed over.
fn dead_broker(percent: usize) -> (World, Vec<Batch>) {
    let config = Config {
        batch_size: 3_000,
        buffer_memory: MEMORY,
        memory_behind_percent: percent,
        fill_behind: false,
        linger: Duration::ZERO,
        ..Config::default()
    };
    let mut world = World::new(4, config);
    let mut held = Vec::new();
    for partition in [0, 1] {
        world.hungry(partition, false);
    }
    for number in 0..20 {
        let _ = world.append(&record(number % 2));
        held.extend(world.due());
    }
    (world, held)
}

#[test]
fn a_dead_broker_leaves_memory_to_the_others() {
    let (mut world, held) = dead_broker(80);
    assert_eq!(world.append(&record(0)).unwrap_err(), Refusal::Behind(key(0)));
    assert!(world.accumulator.buffered().bytes <= MEMORY * 8 / 10, "{held:?}");
    let bell = Arc::<Bell>::default();
    let parked = world.park(&Refusal::Behind(key(0)), &record(0), None, &bell, 60_000);
    for round in 0..50 {
        let _ = world.append(&record(2 + round % 2)).expect("nobody in line holds up another partition");
        let due = world.due();
        due.into_iter().for_each(|batch| world.finish(batch));
    }
    assert_eq!(bell.rung(), 0, "and what they give back is not for those who are behind");
    world.accumulator.unpark(parked.ticket);
}

#[test]
fn at_a_hundred_percent_it_takes_all_as_in_java() {
    let (mut world, _held) = dead_broker(100);
    assert_eq!(world.append(&record(2)).unwrap_err(), Refusal::Full);
}

#[test]
fn who_waits_for_a_partition_that_is_behind_goes_on_when_one_of_them_gives_back() {
    let (mut world, mut held) = dead_broker(80);
    let bells: Vec<Arc<Bell>> = (0..3).map(|_| Arc::default()).collect();
    let park = |world: &mut World, partition, bell| {
        let refusal = world.append(&record(partition)).unwrap_err();
        world.park(&refusal, &record(partition), None, bell, 60_000).ticket
    };
    let first = park(&mut world, 1, &bells[0]);
    let second = park(&mut world, 0, &bells[1]);
    let third = park(&mut world, 1, &bells[2]);
    let rung = |bells: &[Arc<Bell>]| bells.iter().map(|bell| bell.rung()).collect::<Vec<_>>();
    world.finish(held.remove(0));
    assert_eq!(rung(&bells), [1, 0, 0], "first come, first served");
    assert_eq!(world.append_as(&record(1), Some(third)).unwrap_err(), Refusal::Behind(key(1)));
    let _ = world.append_as(&record(1), Some(first)).unwrap();
    held.extend(world.due());
    world.accumulator.unpark(first);
    assert_eq!(rung(&bells), [1, 0, 0], "there is no memory for the second yet");
    world.finish(held.remove(0));
    assert_eq!(rung(&bells), [1, 1, 0]);
    world.accumulator.unpark(second);
    assert_eq!(rung(&bells), [1, 1, 1], "who gives up passes it on");
    world.accumulator.unpark(third);
    assert_eq!(world.accumulator.buffered().waiters, 0);
}

#[test]
fn who_waits_goes_on_when_its_partition_is_behind_no_longer() {
    let (mut world, _held) = dead_broker(80);
    let bell = Arc::<Bell>::default();
    let refusal = world.append(&record(1)).unwrap_err();
    let parked = world.park(&refusal, &record(1), None, &bell, 60_000);
    world.hungry(1, true);
    assert_eq!(bell.rung(), 1, "the broker is back");
    let _ = world.append_as(&record(1), Some(parked.ticket)).unwrap();
    world.accumulator.unpark(parked.ticket);
}

#[test]
fn a_keyless_record_goes_where_there_is_memory_for_it() {
    let (mut world, _held) = dead_broker(80);
    for _ in 0..40 {
        let appended = world.append(&Record::to(TOPIC).value(&VALUE)).unwrap();
        assert!([2, 3].contains(&appended.partition));
        let due = world.due();
        due.into_iter().for_each(|batch| world.finish(batch));
    }
}
