//! Every way of sending through a topic's handle, and what it says when it cannot.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, its helpers too")]

mod dev;

use dev::{cluster, producer};
use milena::error::TopicError;
use milena::serializer::{Datum, SerializedHeaders, Side};
use milena::{
    Header, Partitioner, Record, SendError, SerializeError, Serializer, Timestamp, Topic, TopicLayout, TopicRecord,
};
use milena_testkit::{ApiKey, DevCluster, Effect, Fault, ReadRecord};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;

/// Writes a number in decimal, with a header that says how often it ran. Negative ones are null; 13 does not fit.
#[derive(Clone, Default)]
struct Decimal {
    runs: Arc<AtomicUsize>,
}

impl Serializer<i64> for Decimal {
    fn serialize(
        &self,
        value: &i64,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        let runs = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        out.extend_from_slice(value.to_string().as_bytes());
        headers.push("run", Some(runs.to_string().into_bytes().into()));
        match value {
            13 => Err(SerializeError::new("unlucky").at_index(2).in_field("digits")),
            666 => panic!("a serializer's own"),
            ..0 => Ok(Datum::Null),
            _ => Ok(Datum::Bytes),
        }
    }
}

/// What the topic's partition 0 holds: key, value, headers.
fn log(cluster: &DevCluster) -> Vec<ReadRecord> {
    cluster.with(|cluster| cluster.records("orders", 0))
}

fn text(bytes: Option<&Vec<u8>>) -> Option<&str> {
    bytes.map(|bytes| std::str::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn every_way_of_sending_bytes() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let orders = producer.topic("orders");
    assert_eq!(orders.ready().await.unwrap().partition_count(), 1);
    let record = TopicRecord::new();
    let (heard, outcomes) = mpsc::channel();
    let then = heard.clone();
    let hook = producer.hook(move |token, result| heard.send((token, result.unwrap().offset.unwrap())).unwrap());

    assert_eq!(orders.send(record.value("0")).await.unwrap().await.unwrap().offset, Some(0));
    drop(orders.try_send(record.value(b"1")).unwrap());
    orders.post(record.value(&vec![b'2'])).await.unwrap();
    orders.try_post(record.value(Some("3"))).unwrap();
    orders.send_with(record.value("4"), &hook, 44).await.unwrap();
    orders.try_send_with(record.value("5"), &hook, 55).unwrap();
    orders
        .send_then(record.value("6"), move |ack| then.send((66, ack.unwrap().offset.unwrap())).unwrap())
        .await
        .unwrap();
    let values: Vec<_> = (7..207).map(|number| number.to_string()).collect();
    let records = || values.iter().map(|value| record.key("k").value(value));
    assert_eq!(orders.send_all(records()).await.unwrap().len(), 200);
    assert_eq!(orders.clone().post_all(records()).await.unwrap(), 200);
    assert_eq!(orders.send_all_with(records().take(2), &hook, 70).await.unwrap(), 2);
    producer.send(Record::to("orders").value("last")).await.unwrap().await.unwrap();
    producer.close(Duration::from_secs(10)).await.unwrap();

    let log = log(&cluster);
    let expected: Vec<_> = (0..207).chain(7..207).chain(7..9).map(|number: i32| number.to_string()).collect();
    let found: Vec<_> = log.iter().map(|record| text(record.value.as_ref()).unwrap()).collect();
    assert_eq!(found[..409], expected);
    assert_eq!(found[409..], ["last"]);
    assert_eq!(outcomes.try_iter().collect::<Vec<_>>(), [(44, 4), (55, 5), (66, 6), (70, 407), (71, 408)]);
}

#[tokio::test]
async fn key_value_headers_partition_and_timestamp_arrive() {
    let cluster = cluster(1, 3);
    let producer = producer(&cluster).build().unwrap();
    let orders = producer.topic("orders").key(Decimal::default()).value(Decimal::default());
    let own = [Header { key: "own", value: Some(b"1") }, Header { key: "own", value: None }];
    let at = TopicRecord::new().partition(0).timestamp(Timestamp(1_700_000_000_000));
    let ack = orders.send(at.key(&1).value(&2).headers(&own)).await.unwrap().await.unwrap();
    assert_eq!((ack.partition, ack.offset, ack.timestamp), (0, Some(0), Timestamp(1_700_000_000_000)));

    let records = [at.key(Some(&3)).value(Some(&4)), at.key(Some(&5)).value(None), at.key(None).value(Some(&-6))];
    let many = [Header { key: "many", value: Some(b"x") }; 20];
    let mut all = orders.send_all(records.map(|record| record.headers(&many))).await.unwrap();
    all.pop().unwrap().await.unwrap();
    orders.send(at.value(&7).headers(&many)).await.unwrap().await.unwrap();

    let log = log(&cluster);
    let seen: Vec<_> = log
        .iter()
        .map(|record| (text(record.key.as_ref()), text(record.value.as_ref()), record.headers.len()))
        .collect();
    let expected = [
        (Some("1"), Some("2"), 4),
        (Some("3"), Some("4"), 22),
        (Some("5"), None, 21),
        (None, None, 21),
        (None, Some("7"), 21),
    ];
    assert_eq!(seen, expected);
    assert_eq!(log[0].timestamp, 1_700_000_000_000);
    let header = |key: &str, value: Option<&str>| (key.to_owned(), value.map(|value| value.as_bytes().to_vec()));
    // The key's serializer runs first, and each of the two counts for itself.
    let behind = [header("own", Some("1")), header("own", None), header("run", Some("1")), header("run", Some("1"))];
    assert_eq!(log[0].headers, behind);
    assert_eq!(log[1].headers[19..], [header("many", Some("x")), header("run", Some("2")), header("run", Some("2"))]);
    assert_eq!(log[2].headers[20..], [header("run", Some("3"))], "no serializer runs for what is not there");
    assert_eq!(log[3].headers[20..], [header("run", Some("3"))]);
    assert_eq!(log[4].headers[20..], [header("run", Some("4"))]);
}

#[tokio::test]
async fn what_does_not_serialize_is_told_with_its_path_and_not_sent() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let orders = producer.topic("orders").key(Decimal::default()).value(Decimal::default());
    let error = orders.send(TopicRecord::new().key(&1).value(&13)).await.unwrap_err();
    assert_eq!(error.to_string(), "the value of a record for topic orders: digits[2]: unlucky");
    let error = orders.try_send(TopicRecord::new().key(&13).value(&1)).unwrap_err();
    let TopicError::Serialize { topic, side, source } = error else { panic!("{error:?}") };
    assert_eq!((&*topic, side, source.path(), source.reason()), ("orders", Side::Key, "digits[2]".into(), "unlucky"));

    let values: Vec<i64> = (100..200).map(|number| if number == 170 { 13 } else { number }).collect();
    let error = orders.send_all(values.iter().map(|value| TopicRecord::new().value(value))).await.unwrap_err();
    assert!(matches!(error.error, TopicError::Serialize { side: Side::Value, .. }), "{error}");
    assert_eq!(error.accepted.len(), 70);
    producer.close(Duration::from_secs(10)).await.unwrap();
    let found: Vec<i64> =
        log(&cluster).iter().map(|record| text(record.value.as_ref()).unwrap().parse().unwrap()).collect();
    assert_eq!(found, (100..170).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_serializer_that_panics_leaves_nothing_behind() {
    let cluster = cluster(1, 1);
    let producer = producer(&cluster).build().unwrap();
    let orders = producer.topic("orders").key(Decimal::default()).value(Decimal::default());
    orders.ready().await.unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| orders.try_send(TopicRecord::new().key(&1).value(&666)).is_ok()));
    assert!(panicked.is_err(), "the panic is the caller's");
    orders.try_send(TopicRecord::new().key(&2).value(&3)).unwrap().await.unwrap();
    let log = log(&cluster);
    assert_eq!((log.len(), text(log[0].key.as_ref()), text(log[0].value.as_ref())), (1, Some("2"), Some("3")));
    assert_eq!(log[0].headers.len(), 2);
}

/// Polls at most `polls` times, each after a wake-up. `None`: dropped while pending.
async fn polled_at_most<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A serializer of five thousand bytes.
#[derive(Clone, Default)]
struct Long {
    runs: Arc<AtomicUsize>,
}

impl Serializer<i64> for Long {
    fn serialize(
        &self,
        value: &i64,
        out: &mut Vec<u8>,
        headers: &mut SerializedHeaders,
    ) -> Result<Datum, SerializeError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        out.resize(out.len() + 5_000, b'x');
        headers.push("number", Some(value.to_be_bytes().as_slice().into()));
        Ok(Datum::Bytes)
    }
}

#[tokio::test]
async fn dropped_at_any_poll_a_record_is_accepted_or_nothing_and_serialized_once() {
    for polls in 0..6 {
        let cluster = cluster(1, 1);
        let producer = producer(&cluster).buffer_memory(40_000).linger(Duration::ZERO).build().unwrap();
        let long = Long::default();
        let orders = producer.topic("orders").value(long.clone());
        let (mut accepted, mut dropped) = (Vec::new(), 0);
        for number in 0..100i64 {
            match polled_at_most(polls, orders.send(TopicRecord::new().value(&number))).await {
                Some(delivery) => {
                    drop(delivery.unwrap());
                    accepted.push(number);
                }
                None => dropped += 1,
            }
        }
        assert!(polls > 0 || dropped == 100);
        assert_eq!(long.runs.load(Ordering::Relaxed), if polls == 0 { 0 } else { 100 });
        orders.send(TopicRecord::new().value(&1_000)).await.unwrap().await.unwrap();
        accepted.push(1_000);
        producer.close(Duration::from_secs(10)).await.unwrap();
        let log = log(&cluster);
        let number =
            |record: &ReadRecord| i64::from_be_bytes(record.headers[0].1.as_ref().unwrap()[..].try_into().unwrap());
        assert_eq!(log.iter().map(number).collect::<Vec<_>>(), accepted, "{polls} polls");
        assert!(log.iter().all(|record| record.value.as_ref().unwrap() == &[b'x'; 5_000]));
        assert_eq!(producer.metrics().buffered.waiters, 0);
    }
}

/// Takes turns, and so must not be asked twice for one record.
struct Turns(AtomicI32);

impl Partitioner for Turns {
    fn partition(&self, record: &Record<'_>, layout: &TopicLayout) -> i32 {
        assert_eq!(record.topic, "orders");
        let partitions = i32::try_from(layout.partition_count()).unwrap();
        self.0.fetch_add(1, Ordering::Relaxed) % partitions
    }
}

#[tokio::test]
async fn a_users_partitioner_is_asked_once_for_a_record_that_waits() {
    let cluster = cluster(1, 2);
    let builder = producer(&cluster).buffer_memory(20_000).linger(Duration::ZERO).partitioner(Turns(AtomicI32::new(0)));
    let producer = builder.build().unwrap();
    let orders = producer.topic("orders").value(Long::default());
    for number in 0..40 {
        drop(orders.send(TopicRecord::new().value(&number)).await.unwrap());
    }
    let numbers: Vec<i64> = (0..40).collect();
    drop(orders.send_all(numbers.iter().map(|number| TopicRecord::new().value(number))).await.unwrap());
    producer.close(Duration::from_secs(10)).await.unwrap();
    let ends = cluster.with(|cluster| [0, 1].map(|partition| cluster.log_end("orders", partition)));
    assert_eq!(ends, [40, 40]);
}

#[tokio::test]
async fn what_cannot_be_taken_is_told_as_the_producer_tells_it() {
    let cluster = cluster(1, 1);
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::METADATA, Effect::Ignore).always()));
    let producer = producer(&cluster).max_block(Duration::from_millis(100)).max_request_size(1_000).build().unwrap();
    let orders = producer.topic("orders");
    let record = TopicRecord::new().value("x");
    assert_eq!(orders.try_send(record).unwrap_err(), SendError::NotReady("orders".into()).into());
    for error in [orders.send(record).await.unwrap_err(), orders.ready().await.unwrap_err().into()] {
        assert!(matches!(error, TopicError::Send(SendError::UnknownTopic { .. })), "{error}");
    }
    let error = orders.send(record.value(&[0; 2_000])).await.unwrap_err();
    assert!(matches!(error, TopicError::Send(SendError::TooLarge { .. })), "{error}");
    producer.close(Duration::ZERO).await.unwrap();
    assert_eq!(orders.post(record.value("x")).await.unwrap_err(), SendError::Closed.into());
}

#[test]
fn a_handle_goes_to_any_thread() {
    fn anywhere<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send>(_: &T) {}
    anywhere::<Topic>();
    anywhere::<Topic<Decimal, Long>>();
    let cluster = cluster(1, 1);
    let orders = producer(&cluster).build().unwrap().topic("orders").value(Long::default());
    sent(&orders.send(TopicRecord::new().value(&1)));
    sent(&orders.send_all([TopicRecord::new().value(&1)]));
}
