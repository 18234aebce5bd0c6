//! How often the producer asks the allocator for memory, the broker being another process: at most once in ten records
//! whose hooks are told, and once a record whose delivery is awaited.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use milena::serializers::{LongSerializer, StringSerializer};
use milena::{Record, TopicRecord, blocking::Producer};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RECORDS: usize = 50_000;
const VALUE: [u8; 100] = [b'v'; 100];

/// `milena dev`, ended when it is dropped.
struct Broker(Child);

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn producer() -> (Broker, Producer) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milena"));
    let mut child = command.args(["dev", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let producer = milena::Producer::builder().set("bootstrap.servers", address.trim()).build().unwrap();
    (Broker(child), producer.into())
}

/// Allocations for each record of the second of two equal parts.
fn allocations_per_record(mut send: impl FnMut()) -> f64 {
    send();
    let region = Region::new(ALLOCATOR);
    send();
    let change = region.change();
    (change.allocations + change.reallocations) as f64 / RECORDS as f64
}

/// One test: another beside it would allocate too.
#[test]
fn a_record_costs_no_allocation() {
    let (_broker, producer) = producer();
    let handle = milena::Producer::from(producer.clone());
    let hook = handle.hook(|_, result| assert!(result.is_ok()));
    let with_hook = allocations_per_record(|| {
        for token in 0..RECORDS {
            producer.send_with(Record::to("orders").value(&VALUE), &hook, token as u64).unwrap();
        }
        producer.flush();
    });
    assert!(with_hook <= 0.1, "{with_hook} allocations a record with a hook");

    let topic = producer.topic("orders").key(StringSerializer).value(LongSerializer);
    let typed = allocations_per_record(|| {
        for token in 0..RECORDS {
            topic.send_with(TopicRecord::new().key("a key").value(&7), &hook, token as u64).unwrap();
        }
        producer.flush();
    });
    assert!(typed <= 0.1, "{typed} allocations a record that a topic's handle serializes");

    let mut deliveries = Vec::with_capacity(RECORDS);
    let awaited = allocations_per_record(|| {
        deliveries.extend((0..RECORDS).map(|_| producer.send(Record::to("orders").value(&VALUE)).unwrap()));
        for delivery in deliveries.drain(..) {
            delivery.wait().unwrap();
        }
    });
    assert!(awaited <= 1.0, "{awaited} allocations a record with a delivery");
    println!("allocations a record: {with_hook:.4} with a hook, {typed:.4} serialized, {awaited:.4} with a delivery");
}
