//! Nanoseconds an append takes: `cargo run --release -p milena-core --example append [records [rows that contain this]]`.
//!
//! One thread, no lock. A driver's turn every 1,000 records takes the batches that are due and finishes them, as a sender
//! would that is never behind; its time counts. The clock is read by nobody: the caller of an append brings its own. Where
//! Linux tells it, the figures are the thread's CPU time, which a busy machine disturbs less.

#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use milena_core::delivery::RunResult;
use milena_core::output::News;
use milena_core::{Accumulator, Claim, Config, Hook, Record, Time, Timestamp, TopicIndex, TopicLayout};
use std::hint::black_box;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

const PARTITIONS: usize = 16;
const TURN: usize = 1_000;
const ROUNDS: usize = 7;

/// What the caller asks back.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Nothing,
    Delivery,
    Hook,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let records = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(2_000_000);
    let only = arguments.next().unwrap_or_default();
    println!("100-byte values, {PARTITIONS} partitions, ns a record, best of {ROUNDS}");
    for batch_size in [16_384, 65_536] {
        for keyed in [false, true] {
            for wish in [Wish::Nothing, Wish::Delivery, Wish::Hook] {
                let key = if keyed { "keyed" } else { "keyless" };
                let label = format!("batch.size {batch_size:6}  {key:8} {:10}", format!("{wish:?}"));
                if label.contains(&only) {
                    let best = (0..ROUNDS).map(|_| round(batch_size, keyed, wish, records)).min().unwrap_or_default();
                    println!("{label} {:6.1}", best.as_nanos() as f64 / records as f64);
                }
            }
        }
    }
}

fn round(batch_size: usize, keyed: bool, wish: Wish, records: usize) -> Duration {
    let config = Config { batch_size, ..Config::default() };
    let mut accumulator = Accumulator::new(Arc::new(config), 1);
    let layout = TopicLayout { index: TopicIndex(0), name: "orders".into(), available: vec![true; PARTITIONS] };
    accumulator.hear(News::Learned(Arc::new(layout)), Time::ZERO);
    let hook: Hook = Arc::new(|token, result| {
        black_box((token, result.is_ok()));
    });
    let keys: Vec<String> = (0..1_024).map(|number| format!("key-{number}")).collect();
    let value = [b'v'; 100];
    let mut due = Vec::new();

    let start = cpu_time();
    for (number, key) in (0..records).zip(keys.iter().cycle()) {
        let now = Time(number as u64 / 10);
        let mut record = Record::to(black_box("orders")).value(black_box(&value));
        if keyed {
            record = record.key(key);
        }
        let claim = match wish {
            Wish::Nothing => Claim::Nothing,
            Wish::Delivery => Claim::Delivery,
            Wish::Hook => Claim::Hook(&hook, number as u64),
        };
        let appended =
            accumulator.append(&record, claim, None, now, Timestamp(1_700_000_000_000 + number as i64 / 10_000));
        drop(black_box(appended.expect("there is memory")));
        if number % TURN == 0 {
            turn(&mut accumulator, &mut due, now);
        }
    }
    cpu_time() - start
}

/// What this thread has used of the processor so far; where that is not known, the time since the first call.
fn cpu_time() -> Duration {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let first = *FIRST.get_or_init(Instant::now);
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let on_cpu = schedstat.split(' ').next().and_then(|ns| ns.parse().ok());
    on_cpu.map_or_else(|| first.elapsed(), Duration::from_nanos)
}

fn turn(accumulator: &mut Accumulator, due: &mut Vec<milena_core::Batch>, now: Time) {
    accumulator.take_due(now, due);
    for batch in due.drain(..) {
        let partition = batch.key().partition;
        let result = RunResult::Acknowledged { partition, base_offset: Some(0), append_time: None };
        let (release, hooks) = batch.finish(result);
        accumulator.hear(News::Released(release), now);
        hooks.run(|hook, token, result| hook(token, result));
    }
}
