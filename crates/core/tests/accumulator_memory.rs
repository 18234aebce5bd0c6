//! What happens when `buffer.memory` is used up: who waits, who is woken, and that nobody is forgotten.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]

mod world;

use milena_core::{Batch, Config, Record, Refusal, SendError, Ticket};
use std::sync::Arc;
use std::time::Duration;
use world::{Bell, TOPIC, World};

/// Room for four batches of one such record each, with what a batch costs beside it.
const VALUE: [u8; 3_000] = [b'v'; 3_000];
const MEMORY: usize = 4 * (3_000 + 1_000);

fn config() -> Config {
    Config { batch_size: 3_000, buffer_memory: MEMORY, linger: Duration::ZERO, ..Config::default() }
}

fn record(partition: i32) -> Record<'static> {
    Record::to(TOPIC).partition(partition).value(&VALUE)
}

/// A world with no memory left, and the batches that hold it.
fn full() -> (World, Vec<Batch>) {
    let mut world = World::new(10, config());
    let mut held = Vec::new();
    for partition in 0..5 {
        if let Err(refusal) = world.append(&record(partition)) {
            assert_eq!(refusal, Refusal::Full);
        }
        held.extend(world.due());
    }
    assert_eq!(held.len(), 4);
    (world, held)
}

/// Appends as one who waits, who must be refused; its ticket, and what will be rung.
fn waiter(world: &mut World) -> (Ticket, Arc<Bell>) {
    let refusal = world.append(&record(9)).unwrap_err();
    let bell = Arc::default();
    let parked = world.park(&refusal, &record(9), None, &bell, 60_000);
    (parked.ticket, bell)
}

#[test]
fn those_who_wait_are_served_first_come_first_served() {
    let (mut world, mut held) = full();
    let (first, first_bell) = waiter(&mut world);
    let (second, second_bell) = waiter(&mut world);
    world.finish(held.remove(0));
    assert_eq!((first_bell.rung(), second_bell.rung()), (1, 0));
    assert_eq!(world.append(&record(9)).unwrap_err(), Refusal::Full, "a newcomer takes nothing from under them");
    assert_eq!(world.append_as(&record(9), Some(second)).unwrap_err(), Refusal::Full);
    let _ = world.append_as(&record(9), Some(first)).unwrap();
    world.accumulator.unpark(first);
    assert_eq!(second_bell.rung(), 0, "there is no memory for the second yet");
    world.finish(held.remove(0));
    assert_eq!(second_bell.rung(), 1);
    let _ = world.append_as(&record(9), Some(second)).unwrap();
    world.accumulator.unpark(second);
    assert_eq!(world.accumulator.buffered().waiters, 0);
}

#[test]
fn memory_for_two_wakes_the_second_after_the_first() {
    let (mut world, mut held) = full();
    let (first, _bell) = waiter(&mut world);
    let (_second, second_bell) = waiter(&mut world);
    world.finish(held.remove(0));
    world.finish(held.remove(0));
    let _ = world.append_as(&record(8), Some(first)).unwrap();
    world.accumulator.unpark(first);
    assert_eq!(second_bell.rung(), 1);
}

#[test]
fn a_dropped_waiter_passes_its_wake_up_on() {
    let (mut world, mut held) = full();
    let (first, first_bell) = waiter(&mut world);
    let (_second, second_bell) = waiter(&mut world);
    world.finish(held.remove(0));
    assert_eq!((first_bell.rung(), second_bell.rung()), (1, 0));
    world.accumulator.unpark(first);
    assert_eq!(second_bell.rung(), 1);
}

#[test]
fn memory_that_comes_between_refusal_and_waiting_is_not_missed() {
    let (mut world, mut held) = full();
    let refusal = world.append(&record(9)).unwrap_err();
    world.finish(held.remove(0));
    let bell = Arc::default();
    let parked = world.park(&refusal, &record(9), None, &bell, 60_000);
    assert_eq!(bell.rung(), 1);
    let _ = world.append_as(&record(9), Some(parked.ticket)).unwrap();
}

#[test]
fn parking_again_keeps_the_place() {
    let (mut world, mut held) = full();
    let (first, _) = waiter(&mut world);
    let (_second, second_bell) = waiter(&mut world);
    let again = Arc::default();
    let parked = world.park(&Refusal::Full, &record(9), Some(first), &again, 60_000);
    assert_eq!(parked.ticket, first);
    world.finish(held.remove(0));
    assert_eq!((again.rung(), second_bell.rung()), (1, 0));
}

#[test]
fn a_deadline_wakes_its_waiter_and_frees_the_line() {
    let (mut world, mut held) = full();
    let refusal = world.append(&record(9)).unwrap_err();
    let (first_bell, second_bell) = (Arc::default(), Arc::default());
    let first = world.park(&refusal, &record(9), None, &first_bell, 50).ticket;
    let second = world.park(&refusal, &record(9), None, &second_bell, 60_000).ticket;
    assert_eq!(world.accumulator.next_due(), Some(world.now + Duration::from_millis(50)));
    world.pass(50);
    world.accumulator.handle_timeout(world.now);
    assert_eq!((first_bell.rung(), second_bell.rung()), (1, 0));
    let waited = Duration::from_millis(50);
    let error = world.accumulator.give_up(Refusal::Full, &record(9), waited);
    assert_eq!(error, SendError::Full { waited_ms: 50 });

    // The first has not left yet: its task is slow. That holds up nobody.
    world.finish(held.remove(0));
    assert_eq!(second_bell.rung(), 1);
    let _ = world.append_as(&record(9), Some(second)).unwrap();
    world.accumulator.unpark(second);
    world.accumulator.unpark(first);
    assert_eq!(world.accumulator.buffered().waiters, 0);
}

#[test]
fn linger_counts_as_over_while_somebody_waits() {
    let mut world = World::new(10, Config { linger: Duration::from_millis(500), ..config() });
    let small = Record::to(TOPIC).partition(0).value("small");
    let _ = world.append(&small).unwrap();
    for partition in 1.. {
        if world.append(&record(partition)).is_err() {
            break;
        }
    }
    let full = world.due().len();
    assert!(world.accumulator.going_to_sleep(Some(world.now + Duration::from_millis(500))));
    let parked = world.park(&Refusal::Full, &record(9), None, &Arc::default(), 60_000);
    assert!(parked.wake);
    let due = world.due();
    assert_eq!((full, due.len(), due[0].key().partition), (3, 1, 0));
}

#[test]
fn a_batch_that_cannot_grow_leaves_rather_than_sit_on_the_memory() {
    let config = Config { batch_size: 100_000, buffer_memory: 10_000, ..config() };
    let mut world = World::new(1, Config { linger: Duration::from_millis(500), ..config });
    let refused = (0..100).find_map(|_| world.append(&Record::to(TOPIC).value(&[0; 500])).err());
    assert_eq!(refused, Some(Refusal::Full));
    let mut due = world.due();
    assert!(!due.is_empty(), "its linger is not over, but nothing else can free memory");
    while let Some(batch) = due.pop() {
        world.finish(batch);
    }
    assert_eq!(world.accumulator.buffered().bytes, 0);
    let _ = world.append(&Record::to(TOPIC).value(&[0; 500])).unwrap();
}

#[test]
fn memory_runs_out_within_the_knob_however_small_the_batches() {
    let mut world = World::new(200, Config { batch_size: 16_384, ..config() });
    let taken =
        (0..200).take_while(|partition| world.append(&Record::to(TOPIC).partition(*partition).value("v")).is_ok());
    let taken = taken.count();
    let buffered = world.accumulator.buffered();
    assert!(buffered.bytes <= MEMORY);
    assert!((4..100).contains(&taken), "{taken} batches, each with a buffer and what a batch costs");
}

#[test]
fn a_record_that_never_fits_is_refused_at_once_with_the_knob() {
    let knob = |config: Config| {
        let mut world = World::new(1, config);
        let record = Record::to(TOPIC).value(&[0; 5_000]);
        match world.append(&record) {
            Err(Refusal::Never(SendError::TooLarge { knob, limit, size })) if size > limit => knob,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(knob(Config { max_request_size: 5_000, ..Config::default() }), "max.request.size");
    assert_eq!(knob(Config { buffer_memory: 5_000, ..Config::default() }), "buffer.memory");
}

#[test]
fn the_size_that_is_refused_is_javas_upper_bound() {
    // 61 header, 21 overhead, 1 null key, 2 value length, 1 header count.
    let bound = 61 + 21 + 1 + 2 + 1_000 + 1;
    let record = Record::to(TOPIC).value(&[0; 1_000]);
    let mut world = World::new(1, Config { max_request_size: bound, ..Config::default() });
    assert!(world.append(&record).is_ok());
    let mut world = World::new(1, Config { max_request_size: bound - 1, ..Config::default() });
    let limit = bound - 1;
    let too_large = SendError::TooLarge { size: bound, knob: "max.request.size", limit };
    assert_eq!(world.append(&record).unwrap_err(), Refusal::Never(too_large));
}

#[test]
fn the_largest_record_that_is_allowed_fits_into_an_empty_budget() {
    let mut world = World::new(1, config());
    let mut size = 1;
    while world.append(&Record::to(TOPIC).value(&vec![0; size])).is_ok() {
        for batch in world.due() {
            world.finish(batch);
        }
        size += 7;
    }
    assert!(size > MEMORY - 1_100);
    let refused = world.append(&Record::to(TOPIC).value(&vec![0; size])).unwrap_err();
    assert!(matches!(refused, Refusal::Never(SendError::TooLarge { .. })), "{refused:?}");
}

#[test]
fn closing_wakes_those_who_wait() {
    let (mut world, _held) = full();
    let (ticket, bell) = waiter(&mut world);
    world.accumulator.close(world.now);
    assert_eq!(bell.rung(), 1);
    assert_eq!(world.append_as(&record(9), Some(ticket)).unwrap_err(), Refusal::Never(SendError::Closed));
}
