//! Which partition a record goes to, and what happens while the topic is not there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]

mod world;

use milena_core::output::News;
use milena_core::partitioner::{murmur2, partition_of_key};
use milena_core::{Config, Record, Refusal, SendError};
use std::sync::Arc;
use std::time::Duration;
use world::{Bell, TOPIC, World};

fn config() -> Config {
    Config { batch_size: 1_000, linger: Duration::ZERO, ..Config::default() }
}

fn hex(text: &str) -> Vec<u8> {
    let digits = if text == "-" { "" } else { text };
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn keys_hash_as_javas_do() {
    let lines = include_str!("golden/murmur2.txt").lines().skip(1);
    let mut keys = 0;
    for line in lines {
        let fields: Vec<_> = line.split(' ').collect();
        let key = hex(fields[0]);
        assert_eq!(murmur2(&key).cast_signed(), fields[1].parse::<i32>().unwrap(), "{line}");
        assert_eq!(partition_of_key(&key, 12), fields[2].parse::<i32>().unwrap(), "{line}");
        assert_eq!(partition_of_key(&key, 1_000), fields[3].parse::<i32>().unwrap(), "{line}");
        keys += 1;
    }
    assert_eq!(keys, 928);
}

#[test]
fn known_keys_hash_as_known() {
    // The first six stand in Kafka's own UtilsTest.
    let known: [(&[u8], i32); 12] = [
        (b"21", -973_932_308),
        (b"foobar", -790_332_482),
        (b"a-little-bit-long-string", -985_981_536),
        (b"a-little-bit-longer-string", -1_486_304_829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        (b"abc", 479_470_107),
        (b"", 275_646_681),
        (b"user-42", 1_459_644_460),
        (&[0xff], -311_467_685),
        (&[0x80, 0x81, 0x82], -1_975_640_061),
        ("h\u{e9}llo".as_bytes(), 614_509_002),
        ("\u{30ad}\u{30fc}".as_bytes(), -443_984_012),
    ];
    for (key, hash) in known {
        assert_eq!(murmur2(key).cast_signed(), hash, "{key:?}");
    }
}

#[test]
fn a_key_goes_to_its_partition_leader_or_not() {
    let mut world = World::new(12, config());
    world.learn(&[false; 12]);
    let appended = world.append(&Record::to(TOPIC).key("user-42").value("v")).unwrap();
    assert_eq!(appended.partition, 1_459_644_460 % 12);
    let empty = world.append(&Record::to(TOPIC).key("").value("v")).unwrap();
    assert_eq!(empty.partition, 9, "an empty key is a key");
}

#[test]
fn the_records_own_partition_is_obeyed_or_waited_for() {
    let mut world = World::new(2, config());
    assert_eq!(world.append(&Record::to(TOPIC).key("user-42").partition(1)).unwrap().partition, 1);
    let negative = world.append(&Record::to(TOPIC).partition(-1)).unwrap_err();
    assert!(matches!(negative, Refusal::Never(SendError::InvalidRecord(_))), "{negative:?}");
    let record = Record::to(TOPIC).partition(3);
    let refusal = world.append(&record).unwrap_err();
    assert_eq!(refusal, Refusal::UnknownPartition { count: 2 });

    let bell = Arc::default();
    let ticket = world.park(&refusal, &record, None, &bell, 60_000).ticket;
    assert_eq!(wanted(&mut world), [TOPIC]);
    world.learn(&[true; 3]);
    assert_eq!(bell.rung(), 0, "three are not enough");
    assert_eq!(wanted(&mut world), [TOPIC], "it is asked for again");
    let error = world.accumulator.give_up(refusal, &record, Duration::from_millis(9));
    let expected = SendError::UnknownPartition { topic: TOPIC.into(), partition: 3, count: 2, waited_ms: 9 };
    assert_eq!(error, expected);
    world.learn(&[true; 4]);
    assert_eq!(bell.rung(), 1);
    assert_eq!(world.append_as(&record, Some(ticket)).unwrap().partition, 3);
    world.accumulator.unpark(ticket);
}

#[test]
fn a_negative_timestamp_is_refused() {
    let mut world = World::new(2, config());
    let refusal = world.append(&Record::to(TOPIC).timestamp(milena_core::Timestamp(-1))).unwrap_err();
    assert_eq!(refusal, Refusal::Never(SendError::InvalidRecord("negative timestamp")));
}

/// Bytes of values sent without key to each partition, while the sender takes every batch at once.
fn spread(world: &mut World, partitions: usize, records: usize, size: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut bytes = vec![0; partitions];
    for at in 0..records {
        let value = vec![0; size(at)];
        let partition = world.append(&Record::to(TOPIC).value(&value)).unwrap().partition;
        bytes[usize::try_from(partition).unwrap()] += value.len();
        for batch in world.due() {
            world.finish(batch);
        }
    }
    bytes
}

#[test]
fn keyless_records_spread_evenly_by_bytes_whatever_their_size() {
    for size in [|_| 30, |_| 990, |at: usize| 10 + at * 37 % 700] {
        let mut world = World::new(5, config());
        let bytes = spread(&mut world, 5, 40_000, size);
        let mean = bytes.iter().sum::<usize>() / 5;
        assert!(bytes.iter().all(|bytes| bytes.abs_diff(mean) < mean / 8), "{bytes:?}");
    }
}

#[test]
fn keyless_records_stay_until_the_batch_is_full() {
    let mut world = World::new(50, Config { linger: Duration::from_secs(1), ..config() });
    let mut due = Vec::new();
    for _ in 0..2_000 {
        let _ = world.append(&Record::to(TOPIC).value(&[0; 50])).unwrap();
        due.extend(world.due());
    }
    assert!(due.iter().all(|batch| batch.size() > 850), "linger is long: every batch that left was full");
    assert!(due.len() > 100);
}

#[test]
fn the_sticky_partition_does_not_wait_for_its_batch_for_ever() {
    // Nobody takes the first batch away and it never closes: after twice a batch's bytes the partition changes all the same.
    let mut world = World::new(50, Config { linger: Duration::from_secs(1), max_request_size: 10_000, ..config() });
    for partition in 0..50 {
        world.hungry(partition, false);
    }
    let partitions: Vec<_> =
        (0..200).map(|_| world.append(&Record::to(TOPIC).value(&[0; 50])).unwrap().partition).collect();
    let runs = partitions.chunk_by(|left, right| left == right).map(|run| run.len());
    assert!(runs.max().unwrap() <= 2 * 1_000 / 59 + 1);
}

#[test]
fn partitions_without_leader_are_not_chosen_when_others_have_one() {
    let mut world = World::new(4, config());
    world.learn(&[false, true, false, true]);
    let bytes = spread(&mut world, 4, 5_000, |_| 200);
    assert_eq!((bytes[0], bytes[2]), (0, 0));
    assert!(bytes[1] > 0 && bytes[3] > 0);
    world.learn(&[false; 4]);
    let bytes = spread(&mut world, 4, 5_000, |_| 200);
    assert!(bytes.iter().all(|bytes| *bytes > 0), "none has one: all are as good");
}

/// How often each partition is chosen while the first holds `batches` batches that nobody finishes.
fn chosen_beside_a_queue(config: Config, batches: usize) -> Vec<usize> {
    let mut world = World::new(4, config);
    let mut held = Vec::new();
    for _ in 0..batches {
        let _ = world.put(0, &[0; 939]);
        held.extend(world.due());
    }
    let mut chosen = vec![0; 4];
    for _ in 0..8_000 {
        let partition = world.append(&Record::to(TOPIC).value(&[0; 939])).unwrap().partition;
        chosen[usize::try_from(partition).unwrap()] += 1;
        for batch in world.due() {
            world.finish(batch);
        }
    }
    chosen
}

#[test]
fn longer_queues_are_chosen_less_by_javas_weights() {
    // Queues 3, 0, 0, 0: weights 1, 4, 4, 4.
    let chosen = chosen_beside_a_queue(config(), 3);
    assert!((520..=710).contains(&chosen[0]), "8,000 / 13 = 615: {chosen:?}");
    assert!(chosen[1..].iter().all(|chosen| (2_300..=2_620).contains(chosen)), "{chosen:?}");
}

#[test]
fn without_adaptation_the_queue_does_not_matter() {
    let chosen = chosen_beside_a_queue(Config { partitioner_adaptive: false, ..config() }, 3);
    assert!(chosen.iter().all(|chosen| (1_850..=2_150).contains(chosen)), "{chosen:?}");
}

#[test]
fn round_robin_takes_each_in_turn_and_skips_those_without_leader() {
    let mut world = World::new(4, Config { partitioner_round_robin: true, ..config() });
    world.learn(&[true, false, true, true]);
    let partitions: Vec<_> =
        (0..7).map(|_| world.append(&Record::to(TOPIC).key("same").value("v")).unwrap().partition).collect();
    assert_eq!(partitions, [0, 2, 3, 0, 2, 3, 0]);
}

#[test]
fn ignored_keys_go_to_the_sticky_partition() {
    let mut world = World::new(50, Config { partitioner_ignore_keys: true, ..config() });
    let mut partition = |key: &str| world.append(&Record::to(TOPIC).key(key)).unwrap().partition;
    let first = partition("a");
    assert!(["b", "c", "d"].into_iter().all(|key| partition(key) == first));
}

#[test]
fn the_same_seed_chooses_the_same_partitions() {
    let run = || spread(&mut World::new(7, config()), 7, 3_000, |at| at % 500);
    assert_eq!(run(), run());
}

fn wanted(world: &mut World) -> Vec<String> {
    let mut wanted = Vec::new();
    world.accumulator.take_wanted(&mut wanted);
    wanted.into_iter().map(|topic| topic.to_string()).collect()
}

/// Two who wait for the topic.
fn waiting(world: &mut World) -> [(milena_core::Ticket, Arc<Bell>); 2] {
    std::array::from_fn(|_| {
        let refusal = world.append(&Record::to(TOPIC)).unwrap_err();
        assert_eq!(refusal, Refusal::UnknownTopic);
        let bell = Arc::default();
        (world.park(&refusal, &Record::to(TOPIC), None, &bell, 60_000).ticket, bell)
    })
}

#[test]
fn an_unknown_topic_is_asked_for_once_and_wakes_all_when_it_is_learned() {
    let mut world = World::without_topic(config());
    let waiters = waiting(&mut world);
    assert_eq!(wanted(&mut world), [TOPIC]);
    assert!(wanted(&mut world).is_empty());
    let late = world.park(&Refusal::UnknownTopic, &Record::to(TOPIC), None, &Arc::default(), 60_000);
    assert_eq!(wanted(&mut world), [TOPIC], "who comes later counts as use");
    world.accumulator.unpark(late.ticket);
    world.learn(&[true]);
    for (ticket, bell) in waiters {
        assert_eq!(bell.rung(), 1);
        let _ = world.append_as(&Record::to(TOPIC), Some(ticket)).unwrap();
        world.accumulator.unpark(ticket);
    }
    assert_eq!(world.accumulator.layout(TOPIC).unwrap().partition_count(), 1);
}

#[test]
fn a_topic_that_is_wanted_wakes_the_sleeping_driver() {
    let mut world = World::without_topic(config());
    assert!(world.accumulator.going_to_sleep(None));
    let parked = world.park(&Refusal::UnknownTopic, &Record::to(TOPIC), None, &Arc::default(), 60_000);
    assert!(parked.wake);
    let mut world = World::without_topic(config());
    assert!(world.accumulator.going_to_sleep(None));
    assert!(world.accumulator.want(TOPIC), "also by who may not wait");
    assert_eq!(wanted(&mut world), [TOPIC]);
}

#[test]
fn a_refused_topic_fails_who_waits_and_may_be_asked_for_again() {
    let mut world = World::without_topic(config());
    let waiters = waiting(&mut world);
    let refused = SendError::InvalidRecord("stands for any refusal");
    world.hear(News::Refused(TOPIC.into(), refused.clone()));
    assert_eq!(world.append(&Record::to(TOPIC)).unwrap_err(), Refusal::Never(refused.clone()), "fresh in memory");
    world.pass(1_000);
    for (ticket, bell) in waiters {
        assert_eq!(bell.rung(), 1);
        let refusal = world.append_as(&Record::to(TOPIC), Some(ticket)).unwrap_err();
        assert_eq!(refusal, Refusal::Never(refused.clone()), "however late it comes");
        world.accumulator.unpark(ticket);
    }
    let _ = wanted(&mut world);
    let again = world.append(&Record::to(TOPIC)).unwrap_err();
    assert_eq!(again, Refusal::UnknownTopic);
    let _ = world.park(&again, &Record::to(TOPIC), None, &Arc::default(), 60_000);
    assert_eq!(wanted(&mut world), [TOPIC]);
    world.learn(&[true]);
    assert!(world.append(&Record::to(TOPIC)).is_ok());
}

#[test]
fn all_who_give_up_hear_the_last_reason() {
    let mut world = World::without_topic(config());
    let [(first, _), (second, _)] = waiting(&mut world);
    world.hear(News::Missing(TOPIC.into(), "no broker answers".into()));
    world.hear(News::Missing(TOPIC.into(), "leader not available".into()));
    world.pass(60_000);
    world.accumulator.handle_timeout(world.now);
    let waited = Duration::from_secs(60);
    let reason = Some("leader not available".into());
    let expected = SendError::UnknownTopic { topic: TOPIC.into(), waited_ms: 60_000, reason };
    for ticket in [first, second] {
        assert_eq!(world.accumulator.give_up(Refusal::UnknownTopic, &Record::to(TOPIC), waited), expected);
        world.accumulator.unpark(ticket);
    }
    let error = world.accumulator.give_up(Refusal::UnknownTopic, &Record::to(TOPIC), Duration::ZERO);
    assert_eq!(error, SendError::NotReady(TOPIC.into()), "nothing is kept for topics that nobody waits for");
}

#[test]
fn an_earlier_ticket_stays_earlier_when_it_changes_the_line() {
    let config = Config { batch_size: 900, buffer_memory: 3_500, max_request_size: 2_000, ..config() };
    let mut world = World::new(4, config);
    let mut held = Vec::new();
    let late = Record::to(TOPIC).partition(4).value(&[0; 900]);
    let late_bell = Arc::default();
    let refusal = world.append(&late).unwrap_err();
    let first = world.park(&refusal, &late, None, &late_bell, 60_000).ticket;
    let record = Record::to(TOPIC).value(&[0; 900]);
    while world.append(&record).is_ok() {
        held.extend(world.due());
    }
    let bell = Arc::default();
    let second = world.park(&Refusal::Full, &record, None, &bell, 60_000).ticket;
    world.learn(&[true; 5]);
    assert_eq!(late_bell.rung(), 1);
    let refusal = world.append_as(&late, Some(first)).unwrap_err();
    assert_eq!(refusal, Refusal::Full);
    let _ = world.park(&refusal, &late, Some(first), &late_bell, 60_000);
    world.finish(held.remove(0));
    assert_eq!((late_bell.rung(), bell.rung()), (2, 0));
    assert!(world.append_as(&record, Some(second)).is_err());
    assert!(world.append_as(&late, Some(first)).is_ok());
}
