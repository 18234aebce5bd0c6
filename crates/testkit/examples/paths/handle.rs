//! A record's way through the handle. All records go into one open batch that nobody takes: what is counted is the caller's
//! own work, and always the same.

use milena::serializers::{LongSerializer, StringSerializer};
use milena::{Hook, Producer, Record, Topic, TopicRecord, blocking};
use milena_testkit::{DevCluster, DevOptions};
use std::future::Future;
use std::hint::black_box;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Before anything is counted, so that the batch is there and the driver asleep.
const WARMUP: u64 = 1_000;

/// Goes one of the paths below `records` times.
pub(crate) fn run(path: &str, records: u64) {
    let cluster = DevCluster::start_blocking(DevOptions::brokers(1)).unwrap();
    let producer = Producer::builder()
        .set("bootstrap.servers", cluster.bootstrap_servers().as_str())
        .set("batch.size", "16777216")
        .set("linger.ms", "3600000")
        .set("delivery.timeout.ms", "7200000")
        .build()
        .unwrap();
    let blocking = blocking::Producer::from(producer.clone());
    blocking.partitions_for("orders").unwrap();
    let hook = producer.hook(|token, result| {
        black_box((token, result.is_ok()));
    });
    (0..WARMUP).try_for_each(|token| blocking.send_with(record(), &hook, token)).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let tokens = WARMUP..WARMUP + records;
    match path {
        "send_with" => send_with(&producer, &hook, tokens),
        "send" => send(&producer, tokens),
        "send_all_with" => send_all_with(&blocking, &hook, tokens),
        "topic_send_with" => topic_send_with(&producer.topic("orders"), &hook, tokens),
        "topic_send_all_with" => topic_send_all_with(&blocking.topic("orders"), &hook, tokens),
        "topic_typed" => {
            topic_typed(&producer.topic("orders").key(StringSerializer).value(LongSerializer), &hook, tokens);
        }
        other => panic!("no path is called {other}"),
    }
    // What was accepted is nobody's concern.
    std::process::exit(0);
}

fn record() -> Record<'static> {
    Record::to("orders").partition(0).value(black_box(&[b'v'; 100]))
}

#[inline(never)]
fn send_with(producer: &Producer, hook: &Hook, tokens: Range<u64>) {
    let mut context = Context::from_waker(Waker::noop());
    for token in tokens {
        let sending = pin!(producer.send_with(record(), hook, token));
        assert!(matches!(sending.poll(&mut context), Poll::Ready(Ok(()))), "there is room");
    }
}

#[inline(never)]
fn send(producer: &Producer, tokens: Range<u64>) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in tokens {
        let sending = pin!(producer.send(record()));
        assert!(matches!(sending.poll(&mut context), Poll::Ready(Ok(_))), "there is room");
    }
}

#[inline(never)]
fn send_all_with(producer: &blocking::Producer, hook: &Hook, tokens: Range<u64>) {
    let first = tokens.start;
    let sent = producer.send_all_with(tokens.map(|_| record()), hook, first);
    assert!(sent.is_ok(), "there is room");
}

fn topic_record() -> TopicRecord<'static, (), &'static [u8; 100]> {
    TopicRecord::new().partition(0).value(black_box(&[b'v'; 100]))
}

#[inline(never)]
fn topic_send_with(topic: &Topic, hook: &Hook, tokens: Range<u64>) {
    let mut context = Context::from_waker(Waker::noop());
    for token in tokens {
        let sending = pin!(topic.send_with(topic_record(), hook, token));
        assert!(matches!(sending.poll(&mut context), Poll::Ready(Ok(()))), "there is room");
    }
}

#[inline(never)]
fn topic_send_all_with(topic: &blocking::Topic, hook: &Hook, tokens: Range<u64>) {
    let first = tokens.start;
    let sent = topic.send_all_with(tokens.map(|_| topic_record()), hook, first);
    assert!(sent.is_ok(), "there is room");
}

/// Text stays where it is; the number is written into the thread's scratch buffer.
#[inline(never)]
fn topic_typed(topic: &Topic<StringSerializer, LongSerializer>, hook: &Hook, tokens: Range<u64>) {
    let mut context = Context::from_waker(Waker::noop());
    for token in tokens {
        let record = TopicRecord::new().partition(0).key(black_box("a key of 16 byte")).value(black_box(&7));
        let sending = pin!(topic.send_with(record, hook, token));
        assert!(matches!(sending.poll(&mut context), Poll::Ready(Ok(()))), "there is room");
    }
}
