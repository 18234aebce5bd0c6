//! Binding a topic's serializers: all at once, in time, with the reason of whoever was asked.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod dev;

use dev::{cluster, producer};
use milena::error::{BindError, TopicBindError};
use milena::serializer::{Bind, Side, Target};
use milena::serializers::{LongSerializer, StringSerializer};
use milena::{SendError, TopicRecord, blocking};
use milena_testkit::{ApiKey, Effect, Fault};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

/// Becomes a `LongSerializer` when somebody else, on another thread, says so.
struct Asks(Arc<Barrier>);

impl Bind for Asks {
    type Bound = LongSerializer;

    async fn bind(self, target: Target) -> Result<LongSerializer, BindError> {
        assert_eq!((&*target.topic, target.patience), ("orders", Duration::from_secs(60)));
        let (said, mut answer) = tokio::sync::oneshot::channel();
        let barrier = self.0;
        thread::spawn(move || {
            barrier.wait();
            said.send(()).unwrap();
        });
        poll_fn(|context| Pin::new(&mut answer).poll(context)).await.unwrap();
        Ok(LongSerializer)
    }
}

#[tokio::test]
async fn both_are_asked_at_the_same_time() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let barrier = Arc::new(Barrier::new(2));
    // Each hears only when both were asked.
    let draft = producer.topic("orders").key(Asks(Arc::clone(&barrier))).value(Asks(barrier));
    let orders = draft.bind().await.unwrap();
    let record = TopicRecord::new().key(&1).value(&2);
    let delivery = orders.try_send(record).expect("the layout is there: a send need not wait");
    delivery.await.unwrap();
    let log = cluster.with(|cluster| cluster.records("orders", 0));
    assert_eq!(log.first().unwrap().key.as_deref(), Some(1i64.to_be_bytes().as_slice()));
}

/// Never hears.
struct Deaf;

impl Bind for Deaf {
    type Bound = StringSerializer;

    async fn bind(self, _: Target) -> Result<StringSerializer, BindError> {
        pending().await
    }
}

#[tokio::test]
async fn who_does_not_answer_is_waited_for_no_longer_than_max_block() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).max_block(Duration::from_millis(150)).build().unwrap();
    let begun = Instant::now();
    let error = producer.topic("orders").value(Deaf).bind().await.unwrap_err();
    assert_eq!(error.to_string(), r#"the value serializer of topic "orders": not bound within max.block.ms = 150"#);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    let error = producer.topic("orders").key(Deaf).value(Deaf).bind().await.unwrap_err();
    assert!(matches!(error, TopicBindError::Serializer(BindError { side: Side::Key, .. })), "{error}");
    assert_eq!(producer.metrics().buffered.waiters, 0);
    // Whoever watches the time stands in nobody's way.
    let mut binding = Box::pin(producer.topic("orders").value(Deaf).bind());
    assert!(poll_fn(|context| Poll::Ready(binding.as_mut().poll(context).is_pending())).await);
    producer.topic("orders").send(TopicRecord::new().value("x")).await.unwrap().await.unwrap();
    drop(binding);
    assert_eq!(producer.metrics().buffered.waiters, 0);
}

/// Hears no.
struct Refused;

impl Bind for Refused {
    type Bound = StringSerializer;

    async fn bind(self, target: Target) -> Result<StringSerializer, BindError> {
        Err(BindError::new(&target, std::io::Error::other("no such subject")))
    }
}

#[tokio::test]
async fn the_reason_is_told() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let error = producer.topic("orders").key(Refused).value(Deaf).bind().await.unwrap_err();
    assert_eq!(error.to_string(), r#"the key serializer of topic "orders": no such subject"#);
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_told_as_a_send_tells_it() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::METADATA, Effect::Ignore).always()));
    let producer = producer(&cluster).max_block(Duration::from_millis(100)).build().unwrap();
    let error = producer.topic("orders").key(StringSerializer).bind().await.unwrap_err();
    assert!(matches!(error, TopicBindError::Topic(SendError::UnknownTopic { .. })), "{error}");
    assert_eq!(producer.metrics().buffered.waiters, 0);
}

#[tokio::test]
async fn a_producer_that_closes_ends_the_binding() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    producer.topic("orders").ready().await.unwrap();
    let binding = tokio::spawn(producer.topic("orders").value(Deaf).bind());
    tokio::time::sleep(Duration::from_millis(20)).await;
    producer.close(Duration::from_secs(10)).await.unwrap();
    let error = binding.await.unwrap().unwrap_err();
    assert!(matches!(error, TopicBindError::Topic(SendError::Closed)), "{error}");
}

#[test]
fn plain_threads_bind_and_send_the_same() {
    let cluster = cluster(1, 1);
    let producer: blocking::Producer = producer(&cluster).build().unwrap().into();
    let orders = producer.topic("orders").key(StringSerializer).value(LongSerializer).bind().unwrap();
    assert_eq!(orders.ready().unwrap().partition_count(), 1);
    orders.send(TopicRecord::new().key("a").value(&1)).unwrap().wait().unwrap();
    orders.post(TopicRecord::new().key("b")).unwrap();
    let values = [2, 3, 4];
    let records = || values.iter().map(|value| TopicRecord::new().key("c").value(value));
    assert_eq!(orders.send_all(records()).unwrap().len(), 3);
    assert_eq!(orders.post_all(records()).unwrap(), 3);
    assert_eq!(orders.shared().send_all([TopicRecord::new().key("d")]).unwrap().len(), 1);
    producer.close(Duration::from_secs(10)).unwrap();
    assert_eq!(cluster.with(|cluster| cluster.log_end("orders", 0)), 9);
}

#[test]
fn within_a_hook_nothing_waits() {
    let cluster = cluster(1, 1);
    let producer: blocking::Producer = producer(&cluster).build().unwrap().into();
    let orders = producer.topic("orders").key(StringSerializer).value(LongSerializer).bind().unwrap();
    let (heard, outcome) = mpsc::channel();
    let (known, unknown) = (orders.clone(), producer.topic("invoices"));
    let hook = milena::Producer::from(producer.clone()).hook(move |_, _| {
        let bound = unknown.clone().value(Deaf).bind().map(drop);
        let said = (known.send(TopicRecord::new().value(&7)).is_ok(), unknown.ready(), bound);
        heard.send(said).unwrap();
    });
    orders.send_with(TopicRecord::new().value(&1), &hook, 0).unwrap();
    let (sent, ready, bound) = outcome.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(sent);
    assert_eq!(ready.unwrap_err(), SendError::NotReady("invoices".into()));
    assert!(matches!(bound, Err(TopicBindError::Topic(SendError::NotReady(_)))));
    producer.close(Duration::from_secs(10)).unwrap();
    assert_eq!(cluster.with(|cluster| cluster.log_end("orders", 0)), 2);
}
